"""
A fleet in small: an owner with keys, a maker of TPMs, a fleet server, one machine in Bochs with a flash key and a store, and an
operator, who does everything by `signet`. All of it is real but the machine.
"""
import hashlib
import json
import re
import shutil
import struct
import subprocess
import time
from pathlib import Path

import flashfile
import release as build
from host import PAGE, Host
from live import SILENCE, Live, wait_for
from signetd import Server
from tap import expect
from tpmmaker import TpmMaker
from world import Owner, signet

SLOT_SIZE = "48M"
# As most TPMs are delivered. Firmware hashes itself once for each active bank, and takes long over it in the emulator.
BANKS = "sha256"
# In seconds: where others keep the processors busy, an emulated node may be long over a TLS handshake.
PATIENCE = "300"
SERVICE = Path("build/service")
LEAF, MARK = 65536, b"SIGNETJ1"
CLASS = "bochs"
# What an emulator cannot be, said one by one: no Secure Boot keys, no VT-d; and the releases are development ones.
ALLOWED = ("allow-development-image", "allow-secure-boot-off", "allow-no-dma-protection")
# Where how it is started is not the point: a quarter of the time. That firmware measures nothing then.
BIOS_ALLOWED = (*ALLOWED, "allow-bios", "allow-no-baseline")
HYPERVISOR_READY = r"^signet: hypervisor: \d+ processors in VMX root mode$"


def mark_at(path, offset):
    """How far an interrupted transfer had come (docs/states.md), in leaves; 0 without a mark."""
    with open(path, "rb") as flash:
        flash.seek(offset)
        head = flash.read(24)
    return struct.unpack_from("<Q", head, 16)[0] if head[:8] == MARK else 0


class FleetBed:
    """make() makes all but releases and the flash image; close() ends whatever runs, however far that came."""
    host_address = "10.0.2.2"  # of this host, as the machine sees it

    def __init__(self, folder, name, uefi=True, slot_size=SLOT_SIZE):
        self.folder, self.name, self.uefi, self.slot_size = folder, name, uefi, slot_size
        self.machine = self.server = self.host = None
        self.starts = 0

    # --- what there is before the machine is switched on ---

    def make(self, allowed=None, guest=None):
        """
        allowed: what the policy permits the node's class; all that an emulator cannot do without. guest: the name of one that
        fetches the page; its file, where its parts lie in the store already.
        """
        self.make_keys()
        self.make_tpm()
        self.start_server(allowed)
        made = guest and self.guest_file(guest, "fetch address=10.0.2.77")
        self.make_store([made.parent / part for part in ("vmlinuz", "guest.cpio")] if made else [])
        return made

    def make_keys(self):
        self.folder.mkdir()
        self.owner = Owner(self.folder / "owner")
        self.owner.build_boot_files(self.slot_size)
        self.flash = self.folder / "flash.img"

    def make_tpm(self):
        self.maker = TpmMaker(self.folder / "maker")
        self.tpm = self.maker.make(self.folder / "tpm", BANKS)

    def start_server(self, allowed=None):
        """The fleet server, and the host that guests reach."""
        if allowed is None:
            allowed = ALLOWED if self.uefi else BIOS_ALLOWED
        self.host = Host()
        self.server = Server("--name", self.name, "--host", "localhost,127.0.0.1,10.0.2.2", settings={
            "tpm.ek-authorities": self.maker.export(self.folder / "ek"), "images.anchor": (self.owner.boot / "anchor.bin").resolve(),
            "limits.head-seconds": PATIENCE, "limits.body-seconds": PATIENCE, "limits.answer-seconds": PATIENCE,
            **{f"policy.{permission}": CLASS for permission in allowed}})
        self.server.start()

    def make_store(self, parts=()):
        """The machine's second disk. It holds these parts of guests already; others are fetched from the fleet server."""
        blobs, self.store = self.folder / "store/blobs", self.folder / "store.img"
        blobs.mkdir(parents=True)
        for part in parts:
            shutil.copy(part, blobs / hashlib.sha384(part.read_bytes()).hexdigest())
        build.file_system(self.folder / "store", self.store, "128M", "signet-store")

    def initramfs_with(self, name, files):
        """The release's initramfs and behind it these: {path in it: file}; later ones replace earlier ones."""
        root, output = self.folder / f"{name}-root", self.folder / f"initramfs-{name}"
        for path, source in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, root / path)
        build.archive(root, self.folder / f"{name}.cpio")
        plain = (SERVICE / "initramfs").read_bytes()
        output.write_bytes(plain + bytes(-len(plain) % 4) + (self.folder / f"{name}.cpio").read_bytes())
        return output

    def taken_over(self):
        """The release's initramfs with an intruder in the agent's place: see inside()."""
        where = self.folder / "intruder"
        where.write_text(f"http://{self.host_address}:{self.host.server_port}\n")
        return self.initramfs_with("taken-over", {
            "bin/signet-agent.release": SERVICE / "signet-agent", "bin/signet-agent": build.HERE / "intruder",
            "etc/intruder": where})

    def release(self, number, initramfs=SERVICE / "initramfs", hypervisor="build/hv.bin"):
        """A signed image, whose security version is its number."""
        fleet, image = self.folder / f"fleet-{number}", self.folder / f"release-{number}.img"
        signet("fleet", "make", "--out", fleet, "--name", self.name, "--ca", self.server.path("fleet-ca.crt"), "--address",
               f"{self.host_address}:{self.server.port('nodes')}", "--service-arguments", build.FAST)
        signet("image", "build", "--keys", self.owner.keys, "--release", f"{number}.0", "--svn", number, "--component",
               f"hypervisor={hypervisor}", "--component", f"service-kernel={SERVICE / 'vmlinuz'}", "--component",
               f"service-initramfs={initramfs}", "--component", f"fleet-config={fleet}", "--output", image)
        signet("image", "sign", image, "--keys", self.owner.keys)
        return image

    def flash_image(self, slot_a):
        signet("flash", "make", self.flash, "--boot", self.owner.boot, "--slot-size", self.slot_size, "--slot-a", slot_a)

    def guest_file(self, name, task):
        """A guest of Debian's cloud kernel that does the task (tests/vmx/service/guest)."""
        place = self.folder / "guest"
        place.mkdir()
        shutil.copy(build.KERNELS / "cloud/vmlinuz", place / "vmlinuz")
        shutil.copy(build.guest_initramfs(self.folder), place / "guest.cpio")
        path = place / f"{name}.guest"
        path.write_text(f"name = {name}\nmemory = 128M\nvcpus = 1\nkernel = vmlinuz\ninitramfs = guest.cpio\ncommand-line = "
                        f"console=ttyS0 {build.FAST} panic=-1 page={self.host.server_port} t={task}\n"
                        "net = 52:54:00:00:00:07\n")
        return path

    # --- the machine ---

    def switch_on(self, cpus=None, net=True):
        """
        Off first, as when power fails. Never by a reset within the emulator: its timers do not follow a time stamp counter that
        was reset. Without network no time passes while the machine idles: for what does nothing but wait.
        """
        self.switch_off()
        self.starts += 1
        size = ["--uefi", "--cpus", cpus or 2, "--memory", 2048] if self.uefi else ["--cpus", cpus or 1]
        self.machine = Live(self.flash, *size, *([] if net else ["--no-net"]), "--tpm", self.tpm, "--disk", self.store,
                            serial=self.folder / f"serial-{self.starts}")

    def switch_off(self):
        if self.machine:
            self.machine.close()
        self.machine = None

    def inside(self, script):
        """What the script says to root in a service VM that was taken over."""
        self.host.scripts.put(script)
        return wait_for("the intruder's answer", self.host.answer_of, self.machine)

    def attack(self):
        """Everything that root in there tries by himself, row 34: what he was told, by what he asked for."""
        return {m[1]: m[2] for m in re.finditer(r"^([a-z ]+): (.*)$", self.inside((build.HERE / "attack").read_text()), re.M)}

    # --- the operator ---

    def identity(self):
        """The first approver's key and certificate in one file, as `signet` wants them."""
        path = self.folder / "approver.pem"
        if not path.exists():
            path.touch(0o600)
            path.write_bytes(b"".join(Path(self.server.path(f"approver.{kind}")).read_bytes() for kind in ("pem", "crt")))
        return path

    def ordered(self, words):
        """(exit status, both streams) of `signet` with the first approver's key."""
        command = ["build/signet", *words, "--server", f"127.0.0.1:{self.server.port('operators')}", "--operator",
                   self.identity(), "--ca", self.server.path("fleet-ca.crt")]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=1800)
        said = done.stdout + done.stderr
        with open(self.folder / "operator", "a", encoding="utf-8") as log:
            log.write(f"$ signet {' '.join(words)}\n{said}[{done.returncode}]\n")
        return done.returncode, said

    def operator(self, *words, status=0):
        """
        What `signet` says to this, when it ends with that status; None: with any. Where the node did not answer in time it is
        asked again, as an operator would: emulated, it may have to wait for others. A guest is ordered once; whether it came
        shows afterwards.
        """
        words, end = [*map(str, words)], time.monotonic() + SILENCE
        once = words[:2] == ["guest", "run"]
        unanswered = "node-offline" if once else "node-(offline|silent)"
        found, said = self.ordered(words)
        while re.search(unanswered, said) and time.monotonic() < end:
            found, said = self.ordered(words)
        good = status is None or found == status or (once and "node-silent" in said)
        expect(good, f"signet {' '.join(words[:2])}: exit {found}", said + self.tail())
        return said

    def refused(self, words, reason):
        """Refused by policy, with that reason at the operator's terminal. What was refused may be asked for again, a guest too."""
        end = time.monotonic() + SILENCE
        said = self.operator(*words, status=None)
        while "node-silent" in said and time.monotonic() < end:
            said = self.operator(*words, status=None)
        expect(reason in said, f"signet {' '.join(map(str, words[:2]))} does not say {reason}", said + self.tail())
        return said

    def tail(self):
        return self.machine.tail(30) if self.machine else ""

    def node(self):
        nodes = json.loads(self.operator("node", "list", "--json"))["nodes"]
        return nodes[0] if nodes else None

    def becomes(self, what, **wanted):
        """Waits until the fleet server knows these of the node; a verdict by its name."""
        def there():
            node = self.node() or {}
            found = {**node, "verdict": (node.get("verdict") or {}).get("name")}
            return all(found.get(key) == value for key, value in wanted.items())
        wait_for(what, there, self.machine)

    def joins(self, image):
        """A node that was never seen becomes one of the fleet's, with this image running; its id."""
        node = wait_for("the node's evidence", lambda: (node := self.node()) and node["verdict"] and node["id"], self.machine)
        self.operator("image", "publish", image)
        self.operator("node", "enroll", node, "--keys", self.owner.keys, "--class", CLASS, "--yes")
        self.machine.until(r"^signet: node: provisioned$")
        self.operator("attest", "now", node)
        self.becomes("it to be good", state="good", verdict="GOOD")
        return node

    def push(self, image, node, *options):
        """Ordered, and not waited for; the update's number."""
        return json.loads(self.operator("update", "push", image, node, "--drain", "now", "--no-wait", "--json", *options))["id"]

    def share(self, update):
        """How far an update is on the one node."""
        return json.loads(self.operator("update", "status", update, "--json"))["nodes"][0]

    def marked(self, slot):
        """Leaves of an image that a mark in this slot of the flash key says are there, or 0."""
        return mark_at(self.flash, flashfile.partitions(self.flash)[f"signet-{slot}"][0])

    def update_becomes(self, update, state):
        return wait_for(f"update {update} to be {state}",
                        lambda: (share := self.share(update))["state"] == state and share, self.machine)

    def guest_serves(self, node, name):
        """Waits until that guest has its page, by its console."""
        wait_for("the guest's page", lambda: f"net: host says {PAGE}" in
                 self.operator("guest", "console", node, name, "--no-follow", status=None), self.machine, pause=3)

    def close(self):
        self.switch_off()
        if self.host:
            self.host.close()
        if self.server:
            shutil.copy(self.server.log_path, self.folder / "signetd.log")
            self.server.__exit__()
