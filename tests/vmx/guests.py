"""Guests as an operator has them: made by signetctl in the service VM, with disks and network, while servers die."""
import hashlib
import http.server
import random
import re
import shutil
import subprocess
import threading
from functools import partial
from pathlib import Path

import bed as machine_bed
from tap import Failed, expect
from world import Owner, signet, tool

HERE = Path(__file__).resolve().parent / "service"
KERNELS = Path("/usr/src/signet/kernels")
SERVICE = Path("build/service")
SLOT_SIZE = "32M"
SECONDS = 1500
PORT = 8099
MODULES = ["virtio/virtio_mmio", "block/virtio_blk", "net/net_failover", "net/virtio_net", "../net/core/failover"]
GREETING = "a server on the host"
GUESTS = {
    "worker": ("work address=10.0.2.77", "disk = disk.img\ndisk = other.img read-only\nnet = 52:54:00:00:00:07"),
    "writer": ("write", "disk = scratch.img"),
    "refused": ("work", "disk = nowhere.img"),
}


def archive(folder, output):
    """An initramfs of what is in the folder, all of it root's."""
    names = sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))
    packed = subprocess.run(["cpio", "--quiet", "-o", "-H", "newc", "-R", "0:0"], cwd=folder, capture_output=True,
                            input=("\n".join(names) + "\n").encode(), check=True)
    output.write_bytes(packed.stdout)


def guest_initramfs(folder):
    root = folder / "guest-root"
    for name in ("bin", "dev", "proc", "sys", "modules"):
        (root / name).mkdir(parents=True)
    shutil.copy("/bin/busybox", root / "bin/busybox")
    for applet in tool("busybox", "--list").split():
        if applet != "busybox":
            (root / "bin" / applet).symlink_to("busybox")
    shutil.copy(HERE / "guest", root / "init")
    modules, = (KERNELS / "cloud/lib/modules").glob("*")
    for module in MODULES:
        packed = (modules / "kernel/drivers" / f"{module}.ko.xz").resolve()
        (root / "modules" / f"{Path(module).name}.ko").write_bytes(
            subprocess.run(["xz", "-dc", packed], capture_output=True, check=True).stdout)
    archive(root, folder / "guest.cpio")
    return folder / "guest.cpio"


def file_system(source, path, size, label):
    tool("truncate", "-s", size, path)
    tool("mke2fs", "-q", "-t", "ext4", "-L", label, "-d", source, path)


def guest_disk(folder):
    """A file system with a file and its sum."""
    content, source = random.Random(7).randbytes(3 << 20), folder / "disk-root"
    source.mkdir()
    (source / "file").write_bytes(content)
    (source / "sums").write_text(f"{hashlib.sha256(content).hexdigest()}  file\n")
    file_system(source, folder / "disk.img", "16M", "guest")
    return folder / "disk.img"


def store(folder):
    """The disk with the guests' files."""
    root = folder / "store-root"
    place = root / "operator"
    place.mkdir(parents=True)
    (root / "host.html").write_text(GREETING)
    shutil.copy(KERNELS / "cloud/vmlinuz", place / "vmlinuz")
    shutil.copy(guest_initramfs(folder), place / "guest.cpio")
    shutil.copy(guest_disk(folder), place / "disk.img")
    (place / "other.img").write_bytes(random.Random(8).randbytes(1 << 20))
    (place / "scratch.img").write_bytes(bytes(1 << 20))
    for name, (task, devices) in GUESTS.items():
        (place / f"{name}.guest").write_text(f"name = {name}\nmemory = 128M\nvcpus = 1\nkernel = vmlinuz\ninitramfs = "
                                             f"guest.cpio\ncommand-line = console=ttyS0 panic=-1 t={task}\n{devices}\n")
    file_system(root, folder / "store.img", "96M", "signet-store")
    return folder / "store.img"


def node_image(folder):
    """The release as it is built, and the operator before it in the initramfs: what is not compressed comes first."""
    owner = Owner(folder / "node-owner")
    owner.build_boot_files(SLOT_SIZE)
    root = folder / "operator-root"
    (root / "bin").mkdir(parents=True)
    shutil.copy(HERE / "operator", root / "bin/signet-agent")
    archive(root, folder / "operator.cpio")
    initramfs, image, fleet = folder / "initramfs", folder / "node.img", folder / "fleet"
    initramfs.write_bytes((folder / "operator.cpio").read_bytes() + (SERVICE / "initramfs").read_bytes())
    signet("fleet", "make", "--out", fleet, "--ungated", "--name", "test")
    signet("image", "build", "--keys", owner.keys, "--release", "guests", "--svn", 1, "--component",
           "hypervisor=build/hv.bin", "--component", f"service-kernel={SERVICE / 'vmlinuz'}", "--component",
           f"service-initramfs={initramfs}", "--component", f"fleet-config={fleet}", "--output", image)
    signet("image", "sign", image, "--keys", owner.keys)
    flash = folder / "node-disk.img"
    signet("flash", "make", flash, "--boot", owner.boot, "--slot-size", SLOT_SIZE, "--slot-a", image, "--slot-b", image)
    return flash


class Greeter(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(GREETING.encode())

    def log_message(self, *_):
        pass


class Run:
    """One boot, made by whoever asks first: what its operator saw."""

    def __init__(self, bed):
        self.folder, self.lock = bed.folder / "guests", threading.Lock()
        self.lines, self.detail = None, None

    def make(self):
        self.lines = ""  # of a boot that fails, for everybody
        self.folder.mkdir()
        server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Greeter)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            log = machine_bed.boot(node_image(self.folder), ("--snapshot", "--disk", store(self.folder)),
                                   until=r"operator: done|^signet: stop \d+:|^signet: hypervisor: resetting",
                                   limit=SECONDS)
        except Failed as e:
            self.detail = f"{e}\n{e.detail}"
            return
        finally:
            server.shutdown()
        self.lines = "\n".join(m[1] for m in log.find_all(r"operator: (.*)"))
        self.detail = self.lines or log.tail()

    def seen(self, pattern, why):
        with self.lock:
            if self.lines is None:
                self.make()
        expect(re.search(pattern, self.lines, re.M | re.S), why, self.detail)


SEEN = [
    ("the service VM has the ports by name", r"^ports: block control tpm$"),
    ("status, slots, event log and messages come through the control port",
     r"^log: [1-9]\d{2,} bytes\n.*^messages: [1-9]\d+ lines$"),
    ("the service VM reads its disk", r"^store is read$"),
    ("a guest whose disk is not there is not made", r"^.*nowhere\.img"),
    ("Debian's cloud kernel reaches userland as a guest", r"^worker: guest: userland, 1 cpus, [\d.]+.*cloud"),
    ("a guest's file system keeps its sums", r"^worker: guest: disk: the sums hold\n.*disk: copied\n.*the copy holds$"),
    ("a read-only disk is read-only, and all of it is there",
     r"^worker: guest: disk: sectors 2048, read-only 1\n.*no writing to the other\n"
     r"[^\n]*disk: (\w{64}) .*^read-only disk: \1"),
    ("a guest reaches the service VM", r"^worker: guest: net: 3 packets received$"),
    ("a guest reaches a server on the host through the uplink", rf"^worker: guest: net: host says {GREETING}$"),
    ("what is typed on a guest's console gets there, and a guest ends itself",
     r"^worker: off$.*^worker: heard what was typed$"),
    ("a guest writes on when the block server dies", r"^block server killed\n.*^writer: wrote on$"),
    ("a guest writes on when the service VM dies, and loses nothing",
     r"^service VM goes\n.*^attached\n.*^writer: no turn lost\n"
     r"after the restart: writer running, \"serviceRestarts\": ?1$"),
    ("what is destroyed is gone", r"^left: \[\]$"),
]


def scenarios(bed):
    run = Run(bed)
    return [(name, partial(run.seen, pattern, name + ": not seen")) for name, pattern in SEEN]
