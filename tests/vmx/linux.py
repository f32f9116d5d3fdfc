"""Stock Linux as guests, straight from an image: Debian's generic and cloud kernels, alone and beside bad neighbours."""
import hashlib
import re
import struct
from functools import partial
from pathlib import Path

import bed as machine_bed
from tap import expect
from world import signet, tool

KERNELS = Path("/usr/src/signet/kernels")
SLOT_SIZE = "16M"
SECONDS = 900  # far above what any of these takes
MEMORY = 120  # MiB; four of them fit into half of what Bochs has
ENDED = r"linux test: done|^signet: stop \d+:|^signet: hypervisor: resetting"
CONSOLE = "console=ttyS0"
# What a processor without newer microcode makes Linux say; none of it is about the machine we model.
ABOUT_PROCESSOR = r"RETBleed|Spectre|MDS|MMIO Stale"


class Linux:
    """Images of one kernel; a list of guests makes another one."""

    def __init__(self, bed, kind):
        self.bed, self.kind = bed, kind
        self.kernel, self.initramfs = KERNELS / kind / "vmlinuz", bed.folder / f"initramfs-{kind}"
        self.boot = bed.folder / "linux-boot"
        if not self.boot.exists():
            signet("boot", "build", "--keys", bed.owner.keys, "--out", self.boot, "--serial", "0x3f8,115200",
                   "--allow-development", "--slot-size", SLOT_SIZE, "--config", "secureboot/grub.cfg", "--modules",
                   "secureboot/grub.modules")
        if not self.initramfs.exists():
            tool("tests/vmx/linux/initramfs", KERNELS / kind, self.initramfs)

    def flash(self, name, guests):
        """guests: vCPUs, network devices, command line."""
        path, listed = self.bed.folder / f"{name}.img", self.bed.folder / f"{name}.list"
        listed.write_text("".join(f"{vcpus} {MEMORY} {nets} {words}\n" for vcpus, nets, words in guests))
        components = {"hypervisor": "build/hv-linux.bin", "service-kernel": self.kernel,
                      "service-initramfs": self.initramfs, "microcode": listed}
        words = [word for kind, file in components.items() for word in ("--component", f"{kind}={file}")]
        signet("image", "build", "--keys", self.bed.owner.keys, "--release", name, "--svn", 2, *words, "--output", path)
        signet("image", "sign", path, "--keys", self.bed.owner.keys)
        disk = self.bed.folder / f"{name}-disk.img"
        signet("flash", "make", disk, "--boot", self.boot, "--slot-a", path)
        return disk

    def run(self, name, guests, until=ENDED):
        log = machine_bed.boot(self.flash(name, guests), ("--cpus", 2), until=until, limit=SECONDS)
        log.refuse(r"^signet: (stop|panic)")
        return log

    def digest(self, vcpus, nets, words):
        """The launch measurement by docs/measurements.md."""
        parts = self.kernel.read_bytes(), self.initramfs.read_bytes(), words.encode()
        record = b"SIGNET guest launch 1".ljust(32, b"\0") + b"".join(hashlib.sha384(p).digest() for p in parts)
        return hashlib.sha384(record + struct.pack("<QIIII", MEMORY << 20, vcpus, 0, nets, 0)).hexdigest()


def said(log, number):
    """What a guest told, without what it and its kernel print besides."""
    prefix = f"signet: [{number}] guest: "
    return [line[len(prefix):] for line in log.lines if line.startswith(prefix)]


def ended(log, number, how):
    log.need(rf"^signet: guest {number}: off: {how}$")


def expect_sound(log, number, vcpus, version):
    lines = said(log, number)
    complaints = [line for line in lines if line.startswith("complaint: ") and not re.search(ABOUT_PROCESSOR, line)]
    expect(not complaints, f"guest {number} complains: {complaints}", log.tail())
    wanted = [rf"userland, {vcpus} cpus, {version}", "clock tsc", r"slept [23]", "knows the time of day", "copied",
              "random numbers", "waits for the button", "button pressed", "done"]
    found = [line for line in lines if not line.startswith("complaint: ")]
    expect(len(found) == len(wanted) and all(re.fullmatch(w, f) for w, f in zip(wanted, found)),
           f"guest {number} told {found}", log.tail())
    ended(log, number, "switched itself off")


def userland(bed, kind, version):
    linux = Linux(bed, kind)
    guests = [(1, 0, f"{CONSOLE} t=checks"), (2, 0, f"{CONSOLE} quiet t=checks")]
    log = linux.run(f"userland-{kind}", guests)
    for number, (vcpus, nets, words) in enumerate(guests, 1):
        expect_sound(log, number, vcpus, version)
        log.need(rf"^signet: linux test: guest {number} measured {linux.digest(vcpus, nets, words)}$")
    log.need(r"^signet: linux test: done, 0 pages not given back$")


def neighbours(bed):
    """On two processors; the third guest gets its work done."""
    words = f"{CONSOLE} quiet cryptomgr.notests"
    guests = [(1, 0, f"{words} t=spin"), (1, 0, f"{words} t=flood"), (1, 0, f"{words} t=progress")]
    log = Linux(bed, "cloud").run("neighbours", guests, until=r"^signet: guest 3: off:")
    expect("spinning" in said(log, 1) and "flooding" in said(log, 2), "the neighbours did not behave badly", log.tail())
    expect(said(log, 3)[1:] == [f"progress {step}" for step in range(1, 6)], f"guest 3 told {said(log, 3)}", log.tail())
    ended(log, 3, "switched itself off")


def crashes_and_network(bed):
    words = f"{CONSOLE} quiet cryptomgr.notests"
    guests = [(1, 1, f"{words} t=net address=10.9.0.1 peer=10.9.0.2"),
              (1, 1, f"{words} t=net address=10.9.0.2 peer=10.9.0.1"),
              (1, 0, f"{words} reboot=t t=reset"), (1, 0, f"{words} t=reset")]
    log = Linux(bed, "cloud").run("crashes", guests)
    for number in (1, 2):
        expect(any(re.match("3 packets transmitted, 3 packets received", line) for line in said(log, number)),
               f"guest {number} told {said(log, number)}", log.tail())
        ended(log, number, "switched itself off")
    expect("heard the last word" in said(log, 1), f"guest 1 told {said(log, 1)}", log.tail())
    ended(log, 3, "triple fault")
    ended(log, 4, "reset itself")
    log.need(r"^signet: linux test: done, 0 pages not given back$")


def scenarios(bed):
    return [("Debian's cloud kernel reaches userland with one and two vCPUs, measured as foretold",
             partial(userland, bed, kind="cloud", version=r"6\.12\.\d+\+deb13-cloud-amd64"))]


def long_scenarios(bed):
    cases = {
        "Debian's generic kernel reaches userland with one and two vCPUs, measured as foretold":
            partial(userland, kind="generic", version=r"6\.12\.\d+\+deb13-amd64"),
        "a spinning guest and one that floods exits leave a third its share": neighbours,
        "guests reach each other; one that crashes is reported and gone, and so is one that resets itself":
            crashes_and_network,
    }
    return [(name, partial(function, bed)) for name, function in cases.items()]
