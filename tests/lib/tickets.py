"""Tickets as a fleet's CA could make them (docs/attestation.md): for whatever node, boot session, challenge and image a test names."""
import hashlib
import struct
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

TICKET_ROLE, ANY_GUEST = 1, 1
KEEP, PAUSE, STOP = 1, 2, 3


def openssl(*words):
    return subprocess.run(["openssl", *map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, check=True).stdout


def der_halves(der):
    """The two numbers of an ECDSA signature, 48 bytes each."""
    halves, at = b"", 2 if der[1] < 0x80 else 3
    for _ in range(2):
        n = der[at + 1]
        halves += int.from_bytes(der[at + 2:at + 2 + n], "big").to_bytes(48, "big")
        at += 2 + n
    return halves


def signed(key, domain, body):
    """body, and behind it the signature of this key (a PEM file)."""
    with TemporaryDirectory() as folder:
        digest = Path(folder) / "digest"
        digest.write_bytes(hashlib.sha384(domain.ljust(16, b"\0") + body).digest())
        return body + der_halves(openssl("pkeyutl", "-sign", "-inkey", key, "-in", digest))


def leaf(key, epoch):
    """The CA's key as its own leaf."""
    point = openssl("pkey", "-in", key, "-pubout", "-outform", "DER")[-96:]
    return signed(key, b"signet leaf 1", b"SIGNETL1" + struct.pack("<II", TICKET_ROLE, epoch) + point + bytes(32))


def make_ticket(key, node, session, challenge, manifest, *, sequence, rule=KEEP, lease=3600, epoch=1):
    """For any guests, four at most, under the CA's key."""
    body = b"SIGNETT1" + struct.pack("<II", 1, rule) + node + session + challenge + manifest
    body += struct.pack("<QQIIQII", sequence, lease, 4, 4, 1 << 30, 0, ANY_GUEST) + bytes(16 * 48) + leaf(key, epoch)
    return signed(key, b"signet ticket 1", body)
