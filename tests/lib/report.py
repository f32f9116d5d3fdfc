"""What the test payload printed (tests/payload), as values."""
import re

from tap import Failed


def fields(log, prefix):
    """key=value pairs of the one payload line that begins with prefix."""
    line = log.need(rf"^signet: payload: {prefix}( .*)$").group(1)
    return {key: value.strip('"') for key, value in re.findall(r'([a-z0-9-]+)=("[^"]*"|\S+)', line)}


def pcrs(log, bank):
    return {int(m[1]): bytes.fromhex(m[2])
            for m in log.find_all(rf"^signet: payload: pcr {bank} (\d+) ([0-9a-f]{{2,}})$")}


def event_log(log):
    length = int(log.need(r"^signet: payload: log begin address=\S+ length=(\d+)$").group(1))
    log.need(r"^signet: payload: log end$")
    data = b"".join(bytes.fromhex(m[1]) for m in log.find_all(r"^signet: payload: log ([0-9a-f]{2,})$"))
    if len(data) != length:
        raise Failed(f"the dumped event log has {len(data)} bytes of {length}")
    return data


def manifest_digest(log):
    return bytes.fromhex(log.need(r"^signet: payload: manifest ([0-9a-f]{96})$").group(1))
