"""The service VM on the machine's devices: network and disk, what it never gets, its death and its next life."""
import http.server
import re
import shutil
import subprocess
import threading
from functools import partial
from pathlib import Path

import bed as machine_bed
from guests import GREETING, KERNELS, SERVICE, SLOT_SIZE, Greeter, archive
from tap import Failed, expect
from world import Owner, signet, tool

HERE = Path(__file__).resolve().parent / "machine"
SECONDS = 1500
PORT = 8098
REFUSED = [
    "hypervisor's memory, carve-out, components", "TPM registers", "local APIC", "screen memory", "memory nobody has",
    "network card over the TPM", "network card over RAM", "host bridge: where RAM is", "ISA bridge",
    "power management: where its ports are", "DMA, timer, keyboard, screen, second serial line",
    "system management interrupt, the emulator's switch", "sleep", "output port of the keyboard controller",
    "firmware's settings in CMOS", "MSRs nobody told of", "microcode, voltage, clock, memory types", "feature control",
    "local APIC elsewhere",
]


def node_image(folder):
    """The release as it is built; the test comes after it in the initramfs."""
    owner = Owner(folder / "owner")
    owner.build_boot_files(SLOT_SIZE)
    root = folder / "root"
    (root / "bin").mkdir(parents=True)
    (root / "lib").mkdir()
    shutil.copy(HERE / "devices", root / "bin/signet-agent")
    tool("gcc", "-std=gnu17", "-Wall", "-Wextra", "-Werror", "-O1", "-static", HERE / "probe.c", "-o", root / "bin/probe")
    module, = (KERNELS / "generic/lib/modules").glob("*/kernel/arch/x86/kernel/msr.ko.xz")
    (root / "lib/msr.ko").write_bytes(subprocess.run(["xz", "-dc", module], capture_output=True, check=True).stdout)
    archive(root, folder / "test.cpio")
    release = (SERVICE / "initramfs").read_bytes()
    initramfs, image, fleet = folder / "initramfs", folder / "node.img", folder / "fleet"
    initramfs.write_bytes(release + bytes(-len(release) % 4) + (folder / "test.cpio").read_bytes())
    signet("fleet", "make", "--out", fleet, "--ungated", "--name", "test", "--service-arguments", "quiet")
    signet("image", "build", "--keys", owner.keys, "--release", "devices", "--svn", 1, "--component",
           "hypervisor=build/hv.bin", "--component", f"service-kernel={SERVICE / 'vmlinuz'}", "--component",
           f"service-initramfs={initramfs}", "--component", f"fleet-config={fleet}", "--output", image)
    signet("image", "sign", image, "--keys", owner.keys)
    flash = folder / "flash.img"
    signet("flash", "make", flash, "--boot", owner.boot, "--slot-size", SLOT_SIZE, "--slot-a", image, "--slot-b", image)
    return flash


class Run:
    """One boot, made by whoever asks first."""

    def __init__(self, bed):
        self.folder, self.lines, self.detail = bed.folder / "service", None, None

    def make(self):
        self.lines = ""  # of a boot that fails, for everybody
        self.folder.mkdir()
        disk = self.folder / "disk.img"
        tool("truncate", "-s", "16M", disk)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Greeter)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            log = machine_bed.boot(node_image(self.folder), ("--cpus", 2, "--snapshot", "--disk", disk),
                                   until=r"switching off, by order|^signet: stop \d+:|^signet: hypervisor: resetting",
                                   limit=SECONDS)
        except Failed as e:
            self.detail = f"{e}\n{e.detail}"
            return
        finally:
            server.shutdown()
        self.lines = "\n".join(m[1] for m in log.find_all(r"^signet: (?:service: test: |)(.*)"))
        self.detail = self.lines

    def seen(self, pattern, why):
        if self.lines is None:
            self.make()
        expect(re.search(pattern, self.lines, re.M | re.S), why, self.detail)


SEEN = [
    ("Debian's generic kernel reaches userland as the service VM", r"^life 1: [\d.]+\+deb13-amd64$"),
    ("its network card has an address", r"^life 1: address by DHCP$"),
    ("it reaches a server on the host", rf"^life 1: host says {GREETING}$"),
    ("its disk gives back what was written", r"^life 1: disk gave back what was written$"),
    ("network card and disk interrupt by I/O APIC pins",
     r"^life 1: interrupts \d+: +[1-9]\d* +IO-APIC +\d+-fasteoi .*eth\d$.*"
     r"^life 1: interrupts 14: +[1-9]\d* +IO-APIC +14-edge +ata_piix$"),
    ("BARs tell their size and stay", r"^life 1: probe: size of the card's registers 0x20000, back at 0xc0000000$"),
    ("killed, it comes back from its measured copy",
     r"^life 1: dies$.*^service VM: off: triple fault$.*^service VM: started again, 2 starts$.*^life 2: [\d.]+\+deb13"),
    ("its devices work in its next life",
     rf"^life 2: address by DHCP$.*^life 2: host says {GREETING}$.*^life 2: disk gave back what was written$"),
    ("it switches the machine off", r"^life 2: switches off$.*^hypervisor: switching off, by order of the service VM$"),
]


def scenarios(bed):
    run = Run(bed)
    wanted = SEEN + [(f"refused: {what}", rf"^life 1: probe: {re.escape(what)}: refused$") for what in REFUSED]
    return [(name, partial(run.seen, pattern, name + ": not seen")) for name, pattern in wanted]
