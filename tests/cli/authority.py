#!/usr/bin/env python3
"""authority.py FILE NODE PCR7 PCR7 KEY.pem: the write authority of docs/format.md holds exactly these approvals; policy digests are
computed here by the TPM specification's words, signatures are judged by openssl."""
import hashlib
import os
import struct
import subprocess
import sys
import tempfile

POLICY_PCR = 0x17F


def sha256(data):
    return hashlib.sha256(data).digest()


def approved(pcr7):
    selection = struct.pack(">IHB", 1, 0x000B, 3) + bytes([1 << 7, 0, 0])
    return sha256(bytes(32) + struct.pack(">I", POLICY_PCR) + selection + sha256(pcr7))


def integer(raw):
    raw = raw.lstrip(b"\0") or b"\0"
    raw = b"\0" + raw if raw[0] & 0x80 else raw
    return bytes([2, len(raw)]) + raw


def verify(public, message, signature):
    body = integer(signature[:32]) + integer(signature[32:])
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, n) for n in ("public", "message", "signature")]
        for path, data in zip(paths, (public, message, bytes([0x30, len(body)]) + body)):
            with open(path, "wb") as f:
                f.write(data)
        subprocess.run(["openssl", "dgst", "-sha256", "-verify", paths[0], "-signature", paths[2], paths[1]], check=True)


def main(path, node, first, second, key):
    with open(path, "rb") as f:
        blob = f.read()
    node = bytes.fromhex(node)
    public = subprocess.run(["openssl", "pkey", "-in", key, "-pubout"], check=True, capture_output=True).stdout
    point = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], check=True,
                           capture_output=True).stdout[-64:]
    assert blob[:16] == b"SIGNETP1" + struct.pack("<II", 1, 2), "header"
    assert blob[16:48] == node and blob[48:112] == point and len(blob) == 112 + 2 * 96, "node, key, length"
    entries = [blob[at:at + 96] for at in (112, 208)]
    wanted = sorted(approved(bytes.fromhex(value)) for value in (first, second))
    assert [entry[:32] for entry in entries] == wanted, "approved digests, ascending"
    for entry in entries:
        # openssl hashes the message itself: aHash is SHA-256 over these bytes.
        verify(public, entry[:32] + node, entry[32:])


main(*sys.argv[1:])
