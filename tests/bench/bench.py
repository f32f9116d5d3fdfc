"""Figures of the boot chain and of exits, each against its target. Fails only when it cannot measure."""
import os
import shutil
import struct
import sys
from pathlib import Path

for folder in ("lib", "vmx"):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / folder))

import bed
import report
import tap
from world import Machine, Owner, digest_of, signet, tool

FOLDER = Path("build/bench").resolve()
MIB = 1 << 20
IMAGE_SIZE = 32 * MIB
PT_LOAD = 1

# Instructions in root mode from an exit to the next entry, the emulator's own few included.
EXIT_TARGETS = {"CPUID": 150, "RDMSR": 150, "IN": 150, "OUT": 150, "EPT-MMIO load": 600, "EPT-MMIO store": 600}
STAGE_TARGET = 160 * 1024
TIME_TARGET = 1.3
BAD_HEADER_TARGET = 0.01


class Table:
    """Rows of figure, measured, target, and whether it was met."""

    def __init__(self):
        self.rows = []

    def add(self, name, measured, target, met):
        self.rows.append((name, measured, target, "-" if met is None else "met" if met else "MISSED"))

    def __str__(self):
        rows = [("figure", "measured", "target", ""), *self.rows]
        widths = [max(len(row[i]) for row in rows) for i in range(4)]
        return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def loaded_size(elf):
    """Bytes of memory that GRUB gives the stage: everything from its first to its last page's end."""
    data = elf.read_bytes()
    table, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    segments = [struct.unpack_from("<IIQQQQQQ", data, table + size * i) for i in range(count)]
    loads = [(s[3], s[3] + s[6]) for s in segments if s[0] == PT_LOAD]
    return max(end for _, end in loads) - min(start for start, _ in loads)


def make_image(owner):
    """A release of 32 MiB: the payload, a kernel and an initramfs."""
    hypervisor = Path("build/payload.bin")
    parts = {"hypervisor": hypervisor}
    left = IMAGE_SIZE - hypervisor.stat().st_size
    for name, size in {"service-kernel": left // 4, "service-initramfs": left - left // 4}.items():
        parts[name] = FOLDER / name
        parts[name].write_bytes(os.urandom(size))
    path = FOLDER / "release.img"
    signet("image", "build", "--keys", owner.keys, "--release", "bench", "--svn", 1,
           *(word for kind, file in parts.items() for word in ("--component", f"{kind}={file}")), "--output", path)
    signet("image", "sign", path, "--keys", owner.keys)
    return path


class Boot:
    """One ordinary boot by one firmware: what it writes, and what memory it takes."""

    def __init__(self, name, flash, *options):
        self.name = name
        m = Machine(FOLDER / name, flash)
        before = digest_of(m.image)
        log = m.boot(*options, at_end=self._count_writes)
        self.changed = digest_of(m.image) != before
        self.memory = int(report.fields(log, "memory")["stage"])
        self.components = sum(int(c[1]) for c in log.find_all(r"payload: component .* memory=(\d+) "))
        shutil.rmtree(m.folder)

    def _count_writes(self, monitor):
        self.written = {d["device"]: d["stats"]["wr_bytes"] for d in monitor.ask("query-blockstats")}["key"]

    def add_to(self, table):
        table.add(f"memory at hand-over beyond the image's own, {self.name}",
                  f"{(self.memory - self.components) / 1024:.0f} KiB", "-", None)
        table.add(f"bytes written to the flash in an ordinary boot, {self.name}", str(self.written), "0",
                  self.written == 0 and not self.changed)


def add_stage_time(table, name, flash, *options):
    """In Bochs the time stamp counter counts instructions, so that other work on this machine is not the stage's."""
    log = bed.boot(flash, ("--snapshot", "--no-net", *options), until=r"payload: done")
    stage = int(log.need(r"payload: stage ticks=(\d+)")[1])
    # The payload hashes each component but itself, with the same library.
    once = sum(int(c[1]) for c in log.find_all(r"payload: component .* ticks=(\d+) good"))
    ratio = stage / once
    table.add(f"stage's own time for a 32 MiB image, {name}, against hashing it once",
              f"{stage / 1e6:.0f} M / {once / 1e6:.0f} M instructions = {ratio:.2f}", f"{TIME_TARGET}",
              ratio <= TIME_TARGET)


def add_costs(table, owner, image):
    lines = tool("build/tests/verify_cost", owner.boot / "anchor.bin", image).splitlines()
    cost = {name: int(value) for name, value in (line.split() for line in lines)}
    table.add("verifying a 32 MiB image against hashing it once, on this host", f"{cost['good'] / cost['hash']:.2f}",
              f"{TIME_TARGET}", cost["good"] <= TIME_TARGET * cost["hash"])
    share = cost["malformed"] / cost["good"]
    table.add("a bad header, of the cost of a good image", f"{100 * share:.4f} %", f"{100 * BAD_HEADER_TARGET:.0f} %",
              share < BAD_HEADER_TARGET)
    table.add("a bad signature, of the cost of a good image", f"{100 * cost['forged'] / cost['good']:.1f} %", "-", None)


def add_exits(table, owner):
    """One processor, one guest: it takes the time of a hundred at once, less what the loop around them takes."""
    image, flash = FOLDER / "exits.img", FOLDER / "exits-flash.img"
    config = FOLDER / "fleet-exits"
    config.write_text("action=halt\n")
    signet("image", "build", "--keys", owner.keys, "--release", "exits", "--svn", 1, "--component",
           "hypervisor=build/hv-tests.bin", "--component", f"fleet-config={config}", "--output", image)
    signet("image", "sign", image, "--keys", owner.keys)
    signet("flash", "make", flash, "--boot", owner.boot, "--slot-a", image)
    log = bed.boot(flash, ("--snapshot", "--no-net"), until=r"guest tests: done")
    for found in log.find_all(r"guest costs: cost (.*) ([0-9a-f]+) ([0-9a-f]+)$"):
        cost, target = int(found[3], 16) // int(found[2], 16), EXIT_TARGETS.get(found[1])
        table.add(f"exit: {found[1]}", f"{cost} instructions", str(target or "-"), cost <= target if target else None)


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    owner = Owner(FOLDER / "owner")
    owner.build_boot_files("48M")
    image, flash = make_image(owner), FOLDER / "flash.img"
    signet("flash", "make", flash, "--boot", owner.boot, "--slot-a", image)
    table = Table()
    size = loaded_size(owner.boot / "stage.elf")
    table.add("stage with crypto, loaded", f"{size} bytes", f"{STAGE_TARGET} bytes", size <= STAGE_TARGET)
    add_stage_time(table, "BIOS", flash)
    add_stage_time(table, "UEFI", flash, "--uefi")
    Boot("UEFI", flash, "--keys", owner.firmware).add_to(table)
    Boot("BIOS", flash, "--bios").add_to(table)
    add_costs(table, owner, image)
    add_exits(table, owner)
    print(table)


if __name__ == "__main__":
    os.umask(0o077)
    try:
        main()
    except tap.Failed as e:
        sys.exit(f"bench: cannot measure: {e}\n{e.detail}")
