"""Frames of the block port, after docs/control.md."""
import struct

READ, WRITE, FLUSH = 0, 1, 4


def block_request(kind, disk, sector, size, data=b"", tag=7, guest=1):
    return struct.pack("<IIIIIIQ", 32 + len(data), guest, disk, tag, kind, size, sector) + data


def block_answer_whole(exactly):
    """exactly(n) gives the next n bytes."""
    length, guest, disk, tag, status, _ = struct.unpack("<IIIIII", exactly(24))
    return (guest, disk, tag, status), exactly(length - 24)


def block_answer(exactly):
    (_, _, _, status), data = block_answer_whole(exactly)
    return status, data
