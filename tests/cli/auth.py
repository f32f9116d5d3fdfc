#!/usr/bin/env python3
"""auth.py FILE.auth VARIABLE FILE.esl SIGNER.crt: an authenticated variable as firmware reads it (UEFI 8.2.2): checks the
header and, with openssl, that SIGNER signed exactly this variable and content."""
import os
import struct
import subprocess
import sys
import tempfile
import uuid

PKCS7 = uuid.UUID("4aafd29d-68df-49ee-8aa9-347d375665a7").bytes_le
GLOBAL = uuid.UUID("8be4df61-93ca-11d2-aa0d-00e098032b8c").bytes_le
DATABASE = uuid.UUID("d719b2cb-3d3a-4596-a3bc-dad00e67656f").bytes_le
ATTRIBUTES = 0x27  # non-volatile, boot and runtime access, time-based authentication
SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")


def der(tag, content):
    n = len(content)
    length = bytes([n]) if n < 128 else bytes([0x82]) + struct.pack(">H", n)
    return bytes([tag]) + length + content


def main(auth_path, name, esl_path, certificate):
    with open(auth_path, "rb") as f:
        auth = f.read()
    with open(esl_path, "rb") as f:
        esl = f.read()
    time, (length, revision, kind) = auth[:16], struct.unpack_from("<IHH", auth, 16)
    # Firmware refuses nanoseconds, time zone, daylight and padding in the time stamp.
    assert time[7] == 0 and time[8:] == bytes(8), "time stamp"
    assert (revision, kind) == (0x0200, 0x0EF1) and auth[24:40] == PKCS7, "certificate header"
    signature, content = auth[40:16 + length], auth[16 + length:]
    assert content == esl, "content"
    guid = GLOBAL if name in ("PK", "KEK") else DATABASE
    message = name.encode("utf-16-le") + guid + struct.pack("<I", ATTRIBUTES) + time + esl
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, n) for n in ("signature", "message")]
        for path, data in zip(paths, (der(0x30, SIGNED_DATA + der(0xA0, signature)), message)):
            with open(path, "wb") as f:
                f.write(data)
        subprocess.run(["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", paths[0], "-content", paths[1],
                        "-CAfile", certificate, "-purpose", "any", "-out", os.devnull], check=True)


main(*sys.argv[1:])
