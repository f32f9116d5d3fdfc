"""
Where the processors of a running Bochs are, from outside: how often each instruction was the current one. For a machine
that hangs. As a program: python3 tests/lib/where.py PID. Offsets are those of tools/bochs-plugins/exceptions.c.
"""
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

INSTRUCTION_POINTER = 0xE0
SAMPLES, PAUSE, SHOWN = 200, 0.01, 6  # number, seconds, lines of each processor


def descendants(pid):
    """Ids of all processes below this one."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue  # it has ended
    found = {pid}
    for _ in parents:
        found |= {child for child, parent in parents.items() if parent in found}
    return found - {pid}


def bochs_below(pid):
    """The emulator that a tool of ours has started, or None."""
    for child in descendants(pid):
        try:
            if Path(f"/proc/{child}/comm").read_text().strip() == "bochs-bin":
                return child
        except OSError:
            continue
    return None


class Memory:
    """Another process's memory, and the addresses of what its program exports."""

    def __init__(self, pid):
        self.file = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
        maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
        base = min(int(line.split("-")[0], 16) for line in maps if line.endswith("/bochs-bin"))
        names = subprocess.run(["nm", "-D", f"/proc/{pid}/exe"], capture_output=True, text=True, check=True).stdout
        self.symbols = {w[-1]: base + int(w[0], 16) for w in map(str.split, names.splitlines()) if len(w) == 3}

    def number(self, address, size):
        return int.from_bytes(os.pread(self.file, size, address), "little")


def where(pid):
    memory = Memory(pid)
    count, array = memory.number(memory.symbols["bx_cpu_count"], 1), memory.number(memory.symbols["bx_cpu_array"], 8)
    places = [memory.number(array + 8 * i, 8) + INSTRUCTION_POINTER for i in range(count)]
    seen = [Counter() for _ in places]
    for _ in range(SAMPLES):
        for counter, place in zip(seen, places):
            counter[memory.number(place, 8)] += 1
        time.sleep(PAUSE)
    return [f"processor {i}: {100 * n // SAMPLES:3} % at {address:#x}"
            for i, counter in enumerate(seen) for address, n in counter.most_common(SHOWN)]


if __name__ == "__main__":
    print("\n".join(where(int(sys.argv[1]))))
