"""
A node as its operator has it, in one boot: the service VM on the machine's devices, what it never gets, guests made by
signetctl with disks and network, the death of the block server and of the service VM, and its next life.
"""
import http.server
import re
import threading
from functools import partial

import bed as machine_bed
import release
from release import GREETING
from tap import Failed, expect

SECONDS = 900  # far above what it takes
PORT = 8098
ENDED = r"switching off, by order|operator: life \d+: gives up|^signet: stop \d+:|^signet: hypervisor: resetting"
REFUSED = [
    "hypervisor's memory, carve-out, components", "TPM registers", "local APIC", "screen memory", "memory nobody has",
    "network card over the TPM", "network card over RAM", "host bridge: where RAM is", "ISA bridge",
    "power management: where its ports are", "DMA, timer, keyboard, screen, second serial line",
    "system management interrupt, the emulator's switch", "sleep", "output port of the keyboard controller",
    "firmware's settings in CMOS", "MSRs nobody told of", "microcode, voltage, clock, memory types", "feature control",
    "local APIC elsewhere",
]


class Greeter(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(GREETING.encode())

    def log_message(self, *_):
        pass


class Run:
    """One boot, made by whoever asks first: what the hypervisor said, and what its operator saw."""

    def __init__(self, bed):
        self.bed, self.lock = bed, threading.Lock()
        self.lines, self.detail = None, None

    def make(self):
        self.lines = ""  # of a boot that fails, for everybody
        folder = self.bed.folder / "service"
        folder.mkdir()
        server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Greeter)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            log = machine_bed.boot(release.flash(self.bed, folder),
                                   ("--cpus", 2, "--snapshot", "--disk", release.store(folder)), until=ENDED, limit=SECONDS)
        except Failed as e:
            self.detail = f"{e}\n{e.detail}"
            return
        finally:
            server.shutdown()
        self.lines = "\n".join(m[1] for m in log.find_all(r"^signet: (?:service: operator: |)(.*)"))
        self.detail = self.lines

    def seen(self, pattern, why):
        with self.lock:
            if self.lines is None:
                self.make()
        expect(re.search(pattern, self.lines, re.M | re.S), why, self.detail)


SEEN = [
    ("Debian's generic kernel reaches userland as the service VM", r"^life 1: [\d.]+\+deb13-amd64$"),
    ("its network card has an address", r"^life 1: address by DHCP$"),
    ("it has that shown on the screen", r"^service VM: 10\.0\.2\.15/24, by DHCP$"),
    ("it reaches a server on the host", rf"^life 1: host says {GREETING}$"),
    ("its disk gives back what was written", r"^life 1: disk gave back what was written$"),
    ("network card and disk interrupt by I/O APIC pins",
     r"^life 1: interrupts \d+: +[1-9]\d* +IO-APIC +\d+-fasteoi .*eth\d$.*"
     r"^life 1: interrupts 14: +[1-9]\d* +IO-APIC +14-edge +ata_piix$"),
    ("BARs tell their size and stay", r"^life 1: probe: size of the card's registers 0x20000, back at 0xc0000000$"),
    ("it has the hypervisor's ports by name", r"^life 1: ports: block control tpm$"),
    ("status, slots, event log and messages come through the control port",
     r"^life 1: session +[0-9a-f]{64}$.*^life 1: slot a: .*^life 1: log: [1-9]\d{2,} bytes\n.*^life 1: messages: [1-9]\d+ lines$"),
    ("a guest whose disk is not there is not made", r"^life 1: .*nowhere\.img"),
    ("Debian's cloud kernel reaches userland as a guest", r"^life 1: worker: guest: userland, 1 cpus, [\d.]+.*cloud"),
    ("a guest's file system keeps its sums",
     r"^life 1: worker: guest: disk: the sums hold\n.*disk: copied\n.*the copy holds$"),
    ("a read-only disk is read-only, and all of it is there",
     r"^life 1: worker: guest: disk: sectors 2048, read-only 1\n.*no writing to the other\n"
     r".*worker: guest: disk: (\w{64}) .*^life 1: read-only disk: \1"),
    ("a guest reaches the service VM", r"^life 1: worker: guest: net: 3 packets received$"),
    ("a guest reaches a server on the host through the uplink", rf"^life 1: worker: guest: net: host says {GREETING}$"),
    ("what is typed on a guest's console gets there, and a guest ends itself",
     r"^life 1: worker: off$.*^life 1: worker: heard what was typed$"),
    # A byte of its console is an exit.
    ("exits are counted under their names", r"^life 1: exits: cpuid +[1-9].*^life 1: exits: io +[1-9]\d{3,}$"),
    ("a guest writes on when the block server dies", r"^life 1: block server killed\n.*^life 1: writer: wrote on$"),
    ("killed, the service VM comes back from its measured copy",
     r"^life 1: dies$.*^service VM: off: triple fault$.*^service VM: started again, 2 starts$.*^life 2: [\d.]+\+deb13"),
    ("its devices work in its next life",
     rf"^life 2: address by DHCP$.*^life 2: host says {GREETING}$.*^life 2: disk gave back what was written$"),
    ("a guest writes on when the service VM dies, and loses nothing",
     r"^life 2: writer: wrote on$.*^life 2: writer: running, no turn lost, \"serviceRestarts\": ?1$"),
    ("what is destroyed is gone", r"^life 2: left: \[\]$"),
    ("it switches the machine off", r"^life 2: switches off$.*^hypervisor: switching off, by order of the service VM$"),
]


def scenarios(bed):
    run = Run(bed)
    wanted = SEEN + [(f"a service VM is refused: {what}", rf"^life 1: probe: {re.escape(what)}: refused$") for what in REFUSED]
    return [(name, partial(run.seen, pattern, name + ": not seen")) for name, pattern in wanted]
