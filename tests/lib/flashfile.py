"""Finds the parts of a flash image file, so that tests can damage exactly one of them (docs/format.md)."""
import struct

SECTOR = 512
COMPONENT_KINDS = {1: "hypervisor", 2: "service-kernel", 3: "service-initramfs", 4: "fleet-config"}


def partitions(path):
    """Name to (offset, length) in bytes, from the primary GPT."""
    with open(path, "rb") as f:
        f.seek(SECTOR)
        header = f.read(92)
        assert header[:8] == b"EFI PART", "no GPT"
        table, count, size = struct.unpack_from("<QII", header, 72)
        f.seek(table * SECTOR)
        entries = [f.read(size) for _ in range(count)]
    found = {}
    for entry in entries:
        first, last = struct.unpack_from("<QQ", entry, 32)
        if any(entry[:16]):
            name = entry[56:128].decode("utf-16-le").rstrip("\0")
            found[name] = (first * SECTOR, (last - first + 1) * SECTOR)
    return found


def image_parts(path, slot_offset):
    """Name to (offset, length) in the file, of every part of the signed image at slot_offset."""
    with open(path, "rb") as f:
        f.seek(slot_offset)
        head = f.read(4096 + 3 * 65536)
    assert head[:8] == b"SIGNET1\0", "no image in the slot"
    fields = struct.unpack_from("<9Q", head, 16)
    parts = {"header": (0, 88), "keys": fields[0:2], "manifest": fields[2:4], "signatures": fields[4:6]}
    manifest = fields[2]
    count, = struct.unpack_from("<I", head, manifest + 12)
    for i in range(count):
        kind, _, offset, length = struct.unpack_from("<IIQQ", head, manifest + 288 + 96 * i)
        parts[COMPONENT_KINDS[kind]] = (offset, length)
    return {name: (slot_offset + offset, length) for name, (offset, length) in parts.items()}


def flip_bit(path, offset, bit=0):
    with open(path, "r+b") as f:
        f.seek(offset)
        byte = f.read(1)[0]
        f.seek(offset)
        f.write(bytes([byte ^ 1 << bit]))
