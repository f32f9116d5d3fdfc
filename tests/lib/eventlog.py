"""TCG crypto-agile event logs: enough to find events and to replay them without anybody else's parser."""
import hashlib
import struct

ALGORITHMS = {0x04: "sha1", 0x0B: "sha256", 0x0C: "sha384", 0x0D: "sha512"}
EV_NO_ACTION = 3
TAG = 0x544E4753  # docs/measurements.md
RECORD_SIZE = 256


class Event:
    def __init__(self, pcr, kind, digests, data):
        self.pcr, self.kind, self.digests, self.data = pcr, kind, digests, data

    def record(self):
        """Our own record (kind, sha384, two values, text), or None for anybody else's event."""
        if len(self.data) != 8 + RECORD_SIZE or struct.unpack_from("<II", self.data) != (TAG, RECORD_SIZE):
            return None
        magic, kind, length, digest, first, second, text = struct.unpack("<8sII48sQQ176s", self.data[8:])
        assert magic == b"SIGNETE1" and length == RECORD_SIZE, "a tagged event that is not ours"
        return kind, digest, first, second, text.rstrip(b"\0").decode("ascii")


def _specification(log):
    """Digest sizes from the first event, and where the second one begins."""
    pcr, kind, _, size = struct.unpack_from("<II20sI", log)
    data = log[32:32 + size]
    assert pcr == 0 and kind == EV_NO_ACTION and data[:16] == b"Spec ID Event03\0", "no Spec ID event"
    count, = struct.unpack_from("<I", data, 24)
    return dict(struct.unpack_from("<HH", data, 28 + 4 * i) for i in range(count)), 32 + size


def parse(log):
    sizes, at = _specification(log)
    events = []
    while at < len(log):
        pcr, kind, count = struct.unpack_from("<III", log, at)
        at += 12
        digests = {}
        for _ in range(count):
            algorithm, = struct.unpack_from("<H", log, at)
            digests[ALGORITHMS[algorithm]] = log[at + 2:at + 2 + sizes[algorithm]]
            at += 2 + sizes[algorithm]
        size, = struct.unpack_from("<I", log, at)
        assert at + 4 + size <= len(log), "the last event is cut off"
        events.append(Event(pcr, kind, digests, log[at + 4:at + 4 + size]))
        at += 4 + size
    return events


def replay(events, bank):
    """PCR number to value, for PCRs that some event extends."""
    values = {}
    for event in events:
        if event.kind == EV_NO_ACTION:
            continue
        old = values.get(event.pcr, bytes(hashlib.new(bank).digest_size))
        values[event.pcr] = hashlib.new(bank, old + event.digests[bank]).digest()
    return values
