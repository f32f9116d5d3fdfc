"""Figures of the boot chain and of exits, each against its target. Fails only when it cannot measure."""
import json
import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

for folder in ("lib", "vmx"):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / folder))

import bed
import peer
import report
import tap
from world import Machine, Owner, digest_of, signet, tool

FOLDER = Path("build/bench").resolve()
RESULT = Path("build/bench.json")
MIB = 1 << 20
IMAGE_SIZE = 32 * MIB
PT_LOAD = 1

# Instructions in root mode from an exit to the next entry, the emulator's own few included.
EXIT_LIMITS = {"CPUID": 150, "RDMSR": 150, "IN": 150, "OUT": 150, "EPT-MMIO load": 600, "EPT-MMIO store": 600}
# What KVM answers in its user's program is no peer of ours: there is no eventfd for reads.
NO_PEERS = {"IN", "IN from nobody", "EPT-MMIO load"}
PEER_SHARE = 0.5
COMPUTE_LIMIT = 1.0  # per cent
STAGE_LIMIT = 160 * 1024
HYPERVISOR_LIMIT = 256 * 1024
TIME_LIMIT = 1.3
BAD_HEADER_LIMIT = 1.0  # per cent


class Table:
    """One row a figure: what it is here, its limit, its peer's, and whether it was held."""

    def __init__(self):
        self.rows = []

    def add(self, name, ours, unit, limit=None, peer=None, share=None):
        """Held: within the limit, and within that share of the peer's."""
        checks = [ours <= limit] * (limit is not None) + [ours <= share * peer] * (share is not None)
        against = peer or limit
        self.rows.append({"name": name, "ours": round(ours, 4), "limit": limit, "peer": peer and round(peer, 4),
                          "ratio": round(ours / against, 4) if against else None, "unit": unit,
                          "held": all(checks) if checks else None})

    def __str__(self):
        held = {None: "", True: "held", False: "MISSED"}
        rows = [("figure", "ours", "limit", "peer", "ratio", "unit", "")]
        rows += [(*("" if row[key] is None else f"{row[key]}" for key in ("name", "ours", "limit", "peer", "ratio", "unit")),
                  held[row["held"]]) for row in self.rows]
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
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
        table.add(f"memory at hand-over beyond the image's own, {self.name}", (self.memory - self.components) / 1024,
                  "KiB")
        table.add(f"written to the flash in an ordinary boot, {self.name}", max(self.written, int(self.changed)), "bytes",
                  limit=0)


def add_stage_time(table, name, flash, *options):
    """In Bochs the time stamp counter counts instructions, so that other work on this machine is not the stage's."""
    log = bed.boot(flash, ("--snapshot", "--no-net", *options), until=r"payload: done")
    stage = int(log.need(r"payload: stage ticks=(\d+)")[1])
    # The payload hashes each component but itself, with the same library.
    once = sum(int(c[1]) for c in log.find_all(r"payload: component .* ticks=(\d+) good"))
    table.add(f"stage's own time for a 32 MiB image, {name}", stage / 1e6, "million instructions")
    table.add(f"stage's own time, {name}, against hashing it once", stage / once, "times", limit=TIME_LIMIT)


def add_costs(table, owner, image):
    lines = tool("build/tests/verify_cost", owner.boot / "anchor.bin", image).splitlines()
    cost = {name: int(value) for name, value in (line.split() for line in lines)}
    table.add("verifying a 32 MiB image against hashing it once, on this host", cost["good"] / cost["hash"], "times",
              limit=TIME_LIMIT)
    table.add("a bad header, of the cost of a good image", 100 * cost["malformed"] / cost["good"], "%",
              limit=BAD_HEADER_LIMIT)
    table.add("a bad signature, of the cost of a good image", 100 * cost["forged"] / cost["good"], "%")


def measure_exits(owner):
    """One processor, one guest: it takes the time of several at once, less what the loop around them takes."""
    image, flash = FOLDER / "exits.img", FOLDER / "exits-flash.img"
    config = FOLDER / "fleet-exits"
    config.write_text("action=halt\n")
    signet("image", "build", "--keys", owner.keys, "--release", "exits", "--svn", 1, "--component",
           "hypervisor=build/hv-tests.bin", "--component", f"fleet-config={config}", "--output", image)
    signet("image", "sign", image, "--keys", owner.keys)
    signet("flash", "make", flash, "--boot", owner.boot, "--slot-a", image)
    log = bed.boot(flash, ("--snapshot", "--no-net"), until=r"guest tests: done")
    return peer.costs(log, r".*guest costs: ")


def lost(bare, measured):
    return 100 * (measured - bare) / bare


def add_exits(table, ours, theirs):
    """costs() of both, of the same program."""
    for name, cost in ours[0].items():
        if name in NO_PEERS:
            table.add(f"exit: {name}", cost, "instructions", limit=EXIT_LIMITS.get(name))
        else:
            table.add(f"exit: {name}", cost, "instructions", EXIT_LIMITS.get(name), theirs[0][name], PEER_SHARE)
    table.add("guest's computing, with 250 interrupts a second: lost", lost(*ours[1]), "%", COMPUTE_LIMIT,
              lost(*theirs[1]))


def add_sizes(table, owner):
    table.add("stage with crypto, loaded", loaded_size(owner.boot / "stage.elf"), "bytes", limit=STAGE_LIMIT)
    table.add("hypervisor, loaded", Path("build/hv.bin").stat().st_size, "bytes", limit=HYPERVISOR_LIMIT)
    # It fails where a budget is not kept, and tells either way.
    counts = subprocess.run(["tools/loc"], capture_output=True, text=True, check=False).stdout
    for name, lines, budget in re.findall(r"^(root mode|stage):.* (\d+) of +(\d+)", counts, re.M):
        table.add(f"code lines of the TCB, {name}", int(lines), "lines", limit=int(budget))


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    owner = Owner(FOLDER / "owner")
    owner.build_boot_files("48M")
    image, flash = make_image(owner), FOLDER / "flash.img"
    signet("flash", "make", flash, "--boot", owner.boot, "--slot-a", image)
    table = Table()
    add_sizes(table, owner)
    add_stage_time(table, "BIOS", flash)
    add_stage_time(table, "UEFI", flash, "--uefi")
    Boot("UEFI", flash, "--keys", owner.firmware).add_to(table)
    Boot("BIOS", flash, "--bios").add_to(table)
    add_costs(table, owner, image)
    add_exits(table, measure_exits(owner), peer.measure(FOLDER / "kvm"))
    print(table)
    RESULT.write_text(json.dumps(table.rows, indent=1) + "\n")


if __name__ == "__main__":
    os.umask(0o077)
    try:
        main()
    except tap.Failed as e:
        sys.exit(f"bench: cannot measure: {e}\n{e.detail}")
