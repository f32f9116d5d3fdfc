"""
A fleet in small: an owner with keys, a maker of TPMs, a fleet server, one machine in Bochs with a flash key and a store, and an
operator, who does everything by `signet`. All of it is real but the machine.
"""
import http.server
import json
import shutil
import subprocess
import threading
from pathlib import Path

import release as build
from live import Live, wait_for
from signetd import Server
from tap import expect
from tpmmaker import TpmMaker
from world import Owner, signet

SLOT_SIZE = "48M"
SERVICE = Path("build/service")
CLASS = "bochs"
# What an emulator cannot be, said one by one: no Secure Boot keys, no VT-d; and the releases are development ones.
ALLOWED = ("allow-development-image", "allow-secure-boot-off", "allow-no-dma-protection")
PAGE = "a page on the host"
HYPERVISOR_READY = r"^signet: hypervisor: \d+ processors in VMX root mode$"


class Host(http.server.ThreadingHTTPServer):
    """The page that guests fetch, and the word that an intruder waits for."""

    def __init__(self):
        outer, self.order = self, "none"

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write((outer.order if self.path == "/order" else PAGE).encode())

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()


class FleetBed:
    """make() makes all but releases and the flash image; close() ends whatever runs, however far that came."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.machine = self.server = self.host = None
        self.starts = 0

    # --- what there is before the machine is switched on ---

    def make(self, allowed=ALLOWED):
        self.folder.mkdir()
        self.host = Host()
        self.owner = Owner(self.folder / "owner")
        self.owner.build_boot_files(SLOT_SIZE)
        maker = TpmMaker(self.folder / "maker")
        self.tpm = maker.make(self.folder / "tpm")
        self.server = Server("--name", self.name, "--host", "localhost,127.0.0.1,10.0.2.2", settings={
            "tpm.ek-authorities": maker.export(self.folder / "ek"), "images.anchor": (self.owner.boot / "anchor.bin").resolve(),
            **{f"policy.{permission}": CLASS for permission in allowed}})
        self.server.start()
        self.flash, self.store = self.folder / "flash.img", self.folder / "store.img"
        (self.folder / "store").mkdir()
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

    def release(self, number, initramfs=SERVICE / "initramfs"):
        """A signed image, whose security version is its number."""
        fleet, image = self.folder / f"fleet-{number}", self.folder / f"release-{number}.img"
        signet("fleet", "make", "--out", fleet, "--name", self.name, "--ca", self.server.path("fleet-ca.crt"), "--address",
               f"10.0.2.2:{self.server.port('nodes')}", "--service-arguments", build.FAST)
        signet("image", "build", "--keys", self.owner.keys, "--release", f"{number}.0", "--svn", number, "--component",
               "hypervisor=build/hv.bin", "--component", f"service-kernel={SERVICE / 'vmlinuz'}", "--component",
               f"service-initramfs={initramfs}", "--component", f"fleet-config={fleet}", "--output", image)
        signet("image", "sign", image, "--keys", self.owner.keys)
        return image

    def flash_image(self, slot_a):
        signet("flash", "make", self.flash, "--boot", self.owner.boot, "--slot-size", SLOT_SIZE, "--slot-a", slot_a)

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

    def switch_on(self, cpus=2, *options):
        """Off first. Never by a reset within the emulator: its timers do not follow a time stamp counter that was reset."""
        self.switch_off()
        self.starts += 1
        self.machine = Live(self.flash, *(options or ("--uefi",)), "--cpus", cpus, "--memory", 2048, "--tpm", self.tpm, "--disk",
                            self.store, serial=self.folder / f"serial-{self.starts}")

    def switch_off(self):
        if self.machine:
            self.machine.close()
        self.machine = None

    # --- the operator ---

    def identity(self):
        """The first approver's key and certificate in one file, as `signet` wants them."""
        path = self.folder / "approver.pem"
        if not path.exists():
            path.touch(0o600)
            path.write_bytes(b"".join(Path(self.server.path(f"approver.{kind}")).read_bytes() for kind in ("pem", "crt")))
        return path

    def operator(self, *words, status=0):
        """`signet` with the first approver's key; gives what it said, both streams. status None: whatever it ends with."""
        command = ["build/signet", *map(str, words), "--server", f"127.0.0.1:{self.server.port('operators')}", "--operator",
                   self.identity(), "--ca", self.server.path("fleet-ca.crt")]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=1800)
        said = done.stdout + done.stderr
        with open(self.folder / "operator", "a", encoding="utf-8") as log:
            log.write(f"$ signet {' '.join(map(str, words))}\n{said}[{done.returncode}]\n")
        expect(status is None or done.returncode == status, f"signet {' '.join(map(str, words[:2]))}: exit {done.returncode}",
               said + self.tail())
        return said

    def refused(self, words, reason):
        """Refused by policy, with that reason at the operator's terminal."""
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
