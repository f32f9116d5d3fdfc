"""The boot chain: what the stage costs, what it takes, and what an ordinary boot writes."""
import os
import re
import shutil
import struct
import subprocess
from pathlib import Path

import bed
import report
from world import Machine, Owner, digest_of, signet, tool

MIB = 1 << 20
IMAGE_SIZE = 32 * MIB
PT_LOAD = 1
STAGE_LIMIT = 160 * 1024
HYPERVISOR_LIMIT = 256 * 1024
RELEASE_LIMIT = 32 * MIB
TIME_LIMIT = 1.3
BAD_HEADER_LIMIT = 1.0  # per cent


def loaded_size(elf):
    """Bytes of memory that GRUB gives the stage: everything from its first to its last page's end."""
    data = elf.read_bytes()
    table, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    segments = [struct.unpack_from("<IIQQQQQQ", data, table + size * i) for i in range(count)]
    loads = [(s[3], s[3] + s[6]) for s in segments if s[0] == PT_LOAD]
    return max(end for _, end in loads) - min(start for start, _ in loads)


def make_image(folder, owner):
    """A release of 32 MiB: the payload, a kernel and an initramfs."""
    hypervisor = Path("build/payload.bin")
    parts = {"hypervisor": hypervisor}
    left = IMAGE_SIZE - hypervisor.stat().st_size
    for name, size in {"service-kernel": left // 4, "service-initramfs": left - left // 4}.items():
        parts[name] = folder / name
        parts[name].write_bytes(os.urandom(size))
    path = folder / "release.img"
    signet("image", "build", "--keys", owner.keys, "--release", "bench", "--svn", 1,
           *(word for kind, file in parts.items() for word in ("--component", f"{kind}={file}")), "--output", path)
    signet("image", "sign", path, "--keys", owner.keys)
    return path


class Boot:
    """One ordinary boot by one firmware: what it writes, and what memory it takes."""

    def __init__(self, folder, name, flash, *options):
        self.name = name
        m = Machine(folder / name, flash)
        before = digest_of(m.image)
        log = m.boot(*options, at_end=self._count_writes)
        self.changed = digest_of(m.image) != before
        self.memory = int(report.fields(log, "memory")["stage"])
        self.components = sum(int(c[1]) for c in log.find_all(r"payload: component .* memory=(\d+) "))
        shutil.rmtree(m.folder)

    def _count_writes(self, monitor):
        self.written = {d["device"]: d["stats"]["wr_bytes"] for d in monitor.ask("query-blockstats")}["key"]

    def add_to(self, table):
        table.add(f"memory at hand-over beyond the image's own, {self.name}", (self.memory - self.components) / 1024,
                  "KiB")
        table.add(f"written to the flash in an ordinary boot, {self.name}", max(self.written, int(self.changed)), "bytes",
                  most=0)


def add_stage_time(table, name, flash, *options):
    """In Bochs the time stamp counter counts instructions, so that other work on this machine is not the stage's."""
    log = bed.boot(flash, ("--snapshot", "--no-net", *options), until=r"payload: done")
    stage = int(log.need(r"payload: stage ticks=(\d+)")[1])
    # The payload hashes each component but itself, with the same library.
    once = sum(int(c[1]) for c in log.find_all(r"payload: component .* ticks=(\d+) good"))
    table.add(f"stage's own time for a 32 MiB image, {name}", stage / 1e6, "million instructions")
    table.add(f"stage's own time, {name}, against hashing it once", stage / once, "times", most=TIME_LIMIT)


def add_costs(table, owner, image):
    lines = tool("build/tests/verify_cost", owner.boot / "anchor.bin", image).splitlines()
    cost = {name: int(value) for name, value in (line.split() for line in lines)}
    table.add("verifying a 32 MiB image against hashing it once, on this host", cost["good"] / cost["hash"], "times",
              most=TIME_LIMIT)
    table.add("a bad header, of the cost of a good image", 100 * cost["malformed"] / cost["good"], "%",
              most=BAD_HEADER_LIMIT)
    table.add("a bad signature, of the cost of a good image", 100 * cost["forged"] / cost["good"], "%")


def measure_sizes(table, folder, _tell):
    owner = Owner(folder / "owner")
    owner.build_boot_files("48M")
    table.add("stage with crypto, loaded", loaded_size(owner.boot / "stage.elf"), "bytes", most=STAGE_LIMIT)
    table.add("hypervisor, loaded", Path("build/hv.bin").stat().st_size, "bytes", most=HYPERVISOR_LIMIT)
    table.add("release: hypervisor, service VM, configuration", Path("build/dev/release-1.img").stat().st_size, "bytes",
              most=RELEASE_LIMIT)
    # It fails where a budget is not kept, and tells either way.
    counts = subprocess.run(["tools/loc"], capture_output=True, text=True, check=False).stdout
    for name, lines, budget in re.findall(r"^(root mode|stage):.* (\d+) of +(\d+)", counts, re.M):
        table.add(f"code lines of the TCB, {name}", int(lines), "lines", most=int(budget))


def measure(table, folder, tell):
    owner = Owner(folder / "owner")
    owner.build_boot_files("48M")
    image, flash = make_image(folder, owner), folder / "flash.img"
    signet("flash", "make", flash, "--boot", owner.boot, "--slot-a", image)
    tell("the stage in Bochs, by BIOS and by UEFI")
    add_stage_time(table, "BIOS", flash)
    add_stage_time(table, "UEFI", flash, "--uefi")
    tell("an ordinary boot in QEMU, by each")
    Boot(folder, "UEFI", flash, "--keys", owner.firmware).add_to(table)
    Boot(folder, "BIOS", flash, "--bios").add_to(table)
    add_costs(table, owner, image)
