"""Stock Linux as guests, straight from an image: Debian's generic and cloud kernels, alone and beside bad neighbours."""
import hashlib
import re
import struct
import threading
from functools import partial
from pathlib import Path

import bed as machine_bed
from release import FAST
from tap import Failed, expect
from world import signet, tool

KERNELS = Path("/usr/src/signet/kernels")
SLOT_SIZE = "16M"
SECONDS = 900  # far above what any of these takes
# MiB of a guest: seven fit into half of the most that Bochs has.
MEMORY = {"generic": 120, "cloud": 104}
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
        """guests: vCPUs, network devices, whether it never ends by itself, command line."""
        path, listed = self.bed.folder / f"{name}.img", self.bed.folder / f"{name}.list"
        listed.write_text("".join(f"{vcpus} {MEMORY[self.kind]} {nets} {endless:d} {words}\n" for vcpus, nets, endless, words in guests))
        components = {"hypervisor": "build/hv-linux.bin", "service-kernel": self.kernel,
                      "service-initramfs": self.initramfs, "microcode": listed}
        words = [word for kind, file in components.items() for word in ("--component", f"{kind}={file}")]
        signet("image", "build", "--keys", self.bed.owner.keys, "--release", name, "--svn", 2, *words, "--output", path)
        signet("image", "sign", path, "--keys", self.bed.owner.keys)
        disk = self.bed.folder / f"{name}-disk.img"
        signet("flash", "make", disk, "--boot", self.boot, "--slot-a", path)
        return disk

    def run(self, name, guests):
        log = machine_bed.boot(self.flash(name, guests), ("--cpus", 2, "--memory", 2048, "--no-net"), until=ENDED,
                               limit=SECONDS)
        log.refuse(r"^signet: (stop|panic)")
        log.need(r"^signet: linux test: done, 0 pages not given back$")
        return log

    def digest(self, vcpus, nets, words):
        """The launch measurement by docs/measurements.md."""
        parts = self.kernel.read_bytes(), self.initramfs.read_bytes(), words.encode()
        record = b"SIGNET guest launch 1".ljust(32, b"\0") + b"".join(hashlib.sha384(p).digest() for p in parts)
        return hashlib.sha384(record + struct.pack("<QIIII", MEMORY[self.kind] << 20, vcpus, 0, nets, 0)).hexdigest()


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


CHECKS = [(1, 0, False, f"{CONSOLE} t=checks"), (2, 0, False, f"{CONSOLE} quiet t=checks")]
CLOUD_VERSION = r"6\.12\.\d+\+deb13-cloud-amd64"
PROGRESS, NET_1, NET_2, SPIN, FLOOD = range(3, 8)
COMPANY = CHECKS + [
    (1, 0, False, f"{CONSOLE} {FAST} t=progress"),
    (1, 1, False, f"{CONSOLE} {FAST} t=net address=10.9.0.1 peer=10.9.0.2"),
    (1, 1, False, f"{CONSOLE} {FAST} reboot=t t=net address=10.9.0.2 peer=10.9.0.1"),
    # Last, so that they take nothing from the others until those wait for them.
    (1, 0, True, f"{CONSOLE} {FAST} t=spin"), (1, 0, True, f"{CONSOLE} {FAST} t=flood")]


class Run:
    """One boot of one kernel's guests, made by whoever asks first."""

    def __init__(self, bed, kind, version, guests):
        self.bed, self.kind, self.version, self.guests = bed, kind, version, guests
        self.lock, self.linux, self.log, self.failure = threading.Lock(), None, None, None

    def ran(self):
        with self.lock:
            if not (self.log or self.failure):
                self.linux = Linux(self.bed, self.kind)
                try:
                    self.log = self.linux.run(f"guests-{self.kind}", self.guests)
                except Failed as e:
                    self.failure = e
        if self.failure:
            raise self.failure
        return self.log


def userland(run):
    log = run.ran()
    for number, (vcpus, nets, _, words) in enumerate(CHECKS, 1):
        expect_sound(log, number, vcpus, run.version)
        log.need(rf"^signet: linux test: guest {number} measured {run.linux.digest(vcpus, nets, words)}$")


def neighbours(run):
    """On two processors; the third guest gets its work done while the others are at theirs."""
    log = run.ran()
    begun = [log.index(rf"^signet: \[{number}\] guest: never ends$") for number in (SPIN, FLOOD)]
    told = said(log, PROGRESS)
    expect(told[1:] == ["waits for the button", "button pressed", *(f"progress {step}" for step in range(1, 6))],
           f"guest {PROGRESS} told {told}", log.tail())
    first = log.index(rf"^signet: \[{PROGRESS}\] guest: progress 1$")
    expect(max(begun) < first, "it had no neighbours yet", log.tail())
    for number in (SPIN, FLOOD):
        ended(log, number, "stopped by order")


def network(run):
    log = run.ran()
    for number in (NET_1, NET_2):
        expect(any(re.match("3 packets transmitted, 3 packets received", line) for line in said(log, number)),
               f"guest {number} told {said(log, number)}", log.tail())
    expect("heard the last word" in said(log, NET_1), f"it told {said(log, NET_1)}", log.tail())


def ends(run):
    """Each as its command line has it."""
    for number, how in {PROGRESS: "reset itself", NET_1: "switched itself off", NET_2: "triple fault"}.items():
        ended(run.ran(), number, how)


def generic(bed):
    run = Run(bed, "generic", r"6\.12\.\d+\+deb13-amd64", CHECKS)
    name = "Debian's generic kernel reaches userland with one and two vCPUs, measured as foretold"
    return [(name, partial(userland, run))]


def cloud(bed):
    run = Run(bed, "cloud", CLOUD_VERSION, CHECKS)
    name = "Debian's cloud kernel reaches userland with one and two vCPUs, measured as foretold"
    return [(name, partial(userland, run))]


def company(bed):
    """All in one boot."""
    run = Run(bed, "cloud", CLOUD_VERSION, COMPANY)
    cases = {
        "Debian's cloud kernel reaches userland among others": userland,
        "a spinning guest and one that floods exits leave a third its share, and end by order": neighbours,
        "guests reach each other": network,
        "a guest that crashes is reported and gone, and so is one that resets itself": ends,
    }
    return [(name, partial(function, run)) for name, function in cases.items()]
