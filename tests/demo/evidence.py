"""
A node's evidence (docs/attestation.md) as the report shows it: PCR values as quoted, and the event log with a word on each
event. Evidence that the fleet server has appraised, so nothing is judged here; and what a forger makes of it.
"""
import hashlib
import struct

import eventlog

MAGIC, HEADER = b"SIGNETV1", 16
CLAIM, KEY, QUOTE, PCRS, NV, HEAD, LOG = range(1, 8)
QUOTED = (0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14)
DIGEST = 32
NONCE, CHALLENGE, NODE, SESSION, MANIFEST, CHANNEL = (slice(0, 32), slice(32, 64), slice(64, 96), slice(96, 128),
                                                      slice(128, 176), slice(176, 208))
QUALIFYING_DOMAIN = b"signet evidence 1"
SIGNATURE_SIZE = 64

EVENT_TYPES = {
    0x00000001: "POST_CODE", 0x00000003: "NO_ACTION", 0x00000004: "SEPARATOR", 0x00000005: "ACTION",
    0x00000006: "EVENT_TAG", 0x00000007: "S_CRTM_CONTENTS", 0x00000008: "S_CRTM_VERSION", 0x0000000A: "PLATFORM_CONFIG_FLAGS",
    0x0000000D: "IPL", 0x80000001: "EFI_VARIABLE_DRIVER_CONFIG", 0x80000002: "EFI_VARIABLE_BOOT",
    0x80000003: "EFI_BOOT_SERVICES_APPLICATION", 0x80000004: "EFI_BOOT_SERVICES_DRIVER", 0x80000006: "EFI_GPT_EVENT",
    0x80000007: "EFI_ACTION", 0x80000008: "EFI_PLATFORM_FIRMWARE_BLOB", 0x80000009: "EFI_HANDOFF_TABLES",
    0x8000000A: "EFI_PLATFORM_FIRMWARE_BLOB2", 0x8000000B: "EFI_HANDOFF_TABLES2", 0x8000000C: "EFI_VARIABLE_BOOT2",
    0x800000E0: "EFI_VARIABLE_AUTHORITY",
}
VARIABLES = (0x80000001, 0x80000002, 0x8000000C, 0x800000E0)
BLOBS = (0x8000000A, 0x8000000B)


def sections(data):
    """Kind to bytes, in order."""
    magic, version, length = struct.unpack_from("<8sII", data)
    assert (magic, version, length) == (MAGIC, 1, len(data)), "not evidence"
    found, at = {}, HEADER
    while at < len(data):
        kind, size = struct.unpack_from("<II", data, at)
        found[kind] = data[at + 8:at + 8 + size]
        at += 8 + (size + 7) // 8 * 8
    return found


def join(parts):
    body = b"".join(struct.pack("<II", kind, len(part)) + part + bytes(-len(part) % 8) for kind, part in parts.items())
    return struct.pack("<8sII", MAGIC, 1, HEADER + len(body)) + body


def pcrs(data):
    values = sections(data)[PCRS]
    return {pcr: values[i * DIGEST:(i + 1) * DIGEST] for i, pcr in enumerate(QUOTED)}


def events(data):
    return eventlog.parse(sections(data)[LOG])


def words(event):
    """What an event is about, for a person."""
    record = event.record()
    if record:
        return record[4]
    if event.kind in VARIABLES and len(event.data) >= 32:
        length = struct.unpack_from("<Q", event.data, 16)[0]
        return "variable " + event.data[32:32 + 2 * length].decode("utf-16-le", "replace")
    if event.kind in BLOBS and event.data:
        return _text(event.data[1:1 + event.data[0]])
    return _text(event.data)


def _text(data):
    for encoding in "ascii", "utf-16-le":
        try:
            text = data.decode(encoding).rstrip("\0")
        except UnicodeDecodeError:
            continue
        if text and text.isascii() and text.isprintable():
            return text
    return ""


def kind_of(event):
    return "signet" if event.record() else EVENT_TYPES.get(event.kind, f"{event.kind:#x}")


def rows(data):
    """(PCR, type, words, sha256) of each event that extends something."""
    return [(e.pcr, kind_of(e), words(e), e.digests["sha256"].hex()) for e in events(data) if e.kind != eventlog.EV_NO_ACTION]


def replays(data):
    """The log leads to the values that the TPM signed."""
    replayed = eventlog.replay(events(data), "sha256")
    return all(replayed.get(pcr, bytes(DIGEST)) == value for pcr, value in pcrs(data).items())


def forged(data, nonce, channel, sign):
    """
    Honest evidence of before, made to answer another nonce over a forger's connection. All fits but the signature: sign(bytes) gives
    64 bytes under a key that the TPM does not have.
    """
    parts = sections(data)
    claim = bytearray(parts[CLAIM])
    claim[NONCE], claim[CHANNEL] = nonce, channel
    before, after = (hashlib.sha256(QUALIFYING_DOMAIN + bytes(c)).digest() for c in (parts[CLAIM], claim))
    n, = struct.unpack_from("<I", parts[QUOTE])
    attested = parts[QUOTE][4:4 + n]
    assert attested.count(before) == 1, "the quote does not name this claim"
    attested = attested.replace(before, after)
    parts |= {CLAIM: bytes(claim), QUOTE: struct.pack("<I", n) + attested + sign(attested)}
    return join(parts)
