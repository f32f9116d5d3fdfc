"""The service VM's kernel, initramfs and programs as they are, on QEMU's devices and before a scripted hypervisor, whose
ports have the names that the scripts go by."""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import node as n  # noqa: E402
from blocks import READ, WRITE, block_answer, block_request  # noqa: E402
from tap import expect, main  # noqa: E402

SERVICE = Path("build/service").resolve()
SECONDS = 240


def run(*words, data=None):
    subprocess.run([str(w) for w in words], check=True, capture_output=True, input=data)


class Machine:
    """disks: QEMU options. line: what is added to the command line."""

    def __init__(self, line="", node=None, devices=()):
        self.dir = Path(tempfile.mkdtemp(prefix="vm-"))
        self.node = node or n.Node(self.dir / "control")
        self.blocks = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.blocks.bind(str(self.dir / "block"))
        self.blocks.listen(1)
        self.said, self.news = b"", threading.Condition()
        self.devices, self.line = devices, line

    def __enter__(self):
        ports = []
        for name, back in (("control", f"socket,path={self.node.path}"), ("tpm", "null"),
                           ("block", f"socket,path={self.dir}/block")):
            ports += ["-chardev", f"{back},id={name}", "-device", f"virtserialport,chardev={name},name=signet.{name}"]
        self.process = subprocess.Popen(
            ["timeout", "-k", "5", str(SECONDS), "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-machine",
             "q35,accel=tcg", "-cpu", "max,la57=off", "-m", "512", "-display", "none", "-serial", "stdio", "-no-reboot",
             "-kernel", str(SERVICE / "vmlinuz"), "-initrd", str(SERVICE / "initramfs"), "-append",
             # A busy host lets QEMU's timer interrupts come too late for the kernel's check.
             f"console=ttyS0 quiet no_timer_check {self.line}", "-device", "virtio-serial-pci", *ports, *map(str, self.devices)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        threading.Thread(target=self.listen, daemon=True).start()
        self.block_port, _ = self.blocks.accept()
        self.block_port.settimeout(SECONDS)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        for file in (self.process.stdin, self.block_port, self.blocks, self.node):
            file.close()
        shutil.rmtree(self.dir)

    def listen(self):
        while piece := os.read(self.process.stdout.fileno(), 4096):
            with self.news:
                self.said += piece
                self.news.notify_all()
        with self.news:
            self.said += b"\n[ended]"
            self.news.notify_all()

    def until(self, pattern):
        wanted = re.compile(pattern.encode())
        with self.news:
            self.news.wait_for(lambda: wanted.search(self.said) or b"[ended]" in self.said)
            found = wanted.search(self.said)
        expect(found, f"it never said {pattern}", self.said.decode(errors="replace"))
        return found

    def type(self, text):
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def block(self, kind, sector, size, data=b"", guest=1):
        self.block_port.sendall(block_request(kind, 0, sector, size, data, guest=guest))
        return block_answer(lambda count: n.exactly(self.block_port, count))


def store(folder):
    """A disk with a guest on it; the guest's parts."""
    tree = folder / "tree"
    (tree / "guests").mkdir(parents=True)
    parts = os.urandom(300_000), os.urandom(1000), os.urandom(128 * 512)
    for name, data in zip(("vmlinuz", "initrd", "disk"), parts):
        (tree / name).write_bytes(data)
    (tree / "guests/web.guest").write_text("name = web\nmemory = 64M\nkernel = ../vmlinuz\ninitramfs = ../initrd\n"
                                           "command-line = console=ttyS0\ndisk = ../disk\n")
    run("mke2fs", "-q", "-t", "ext4", "-L", "signet-store", "-d", tree, folder / "store.img", "8M")
    return folder / "store.img", parts


def settings(folder, text):
    """A disk with the partition signet-data, which holds these node settings."""
    (folder / "data").mkdir()
    (folder / "data/node.conf").write_text(text)
    run("mke2fs", "-q", "-t", "ext4", "-d", folder / "data", folder / "part.img", "4M")
    image = folder / "flash.img"
    image.write_bytes(bytes(8 << 20))
    run("sfdisk", "-q", image, data=b"label: gpt\nstart=2048, size=8192, name=signet-data\n")
    with open(image, "r+b") as file:
        file.seek(1 << 20)
        file.write((folder / "part.img").read_bytes())
    return image


def drive(name, image, device):
    return ["-drive", f"if=none,id={name},format=raw,file={image}", "-device", f"{device},drive={name}"]


def guests_on_the_store_run():
    folder = Path(tempfile.mkdtemp(prefix="vm-"))
    image, (kernel, initramfs, disk) = store(folder)
    flash = settings(folder, "hostname = rack-7\n")
    net = ["-netdev", "user,id=net,restrict=on", "-device", "e1000,netdev=net"]
    devices = [*drive("store", image, "ide-hd,bus=ide.0"), *drive("flash", flash, "ide-hd,bus=ide.1"), *net]
    with Machine(devices=devices) as m:
        m.until("guests' files from sd[ab]")
        m.node.wait(lambda: n.START in m.node.kinds(), SECONDS)
        g = m.node.guests[1]
        expect(g["parts"] == [kernel, initramfs, b"console=ttyS0"], "other bytes than the files'")
        expect(m.block(READ, 8, 4096) == (0, disk[4096:8192]), "the guest's disk has other bytes")
        data = os.urandom(8192)
        expect(m.block(WRITE, 16, 8192, data) == (0, b"") and m.block(READ, 16, 8192) == (0, data), "not written")
        expect(m.block(READ, 128, 512)[0] == 1 and m.block(READ, 0, 512, guest=2)[0] == 1, "beyond its disk")
        m.until("network: br0 joins eth0")
        m.until("network: address 10.0.2.15/24 on br0 by DHCP")
        m.node.wait(lambda: (n.ADDRESS, b"10.0.2.15/24, by DHCP") in m.node.said, SECONDS)
        # In production nobody can log in.
        m.type(b"\n\necho $((6 * 7))\n")
        m.until("service VM is up")
        expect(b"42" not in m.said.split(b"service VM is up")[1], "a shell answered", m.said.decode(errors="replace"))
    shutil.rmtree(folder)


def guests_that_still_run_get_their_disks_back():
    folder = Path(tempfile.mkdtemp(prefix="vm-"))
    image, (_, _, disk) = store(folder)
    flash = settings(folder, "hostname = $(reboot)\naddress = 10.0.2.77/24\ngateway = 10.0.2.2\nvlan = 12\n")
    net = ["-netdev", "user,id=net,restrict=on", "-device", "e1000e,netdev=net"]
    usb = ["-device", "qemu-xhci"]
    node = n.Node(folder / "control")
    node.add("old", n.OFF)
    node.add("web", n.RUNNING, disks=1)
    with Machine("signet.development signet.shell signet.vlan=30", node,
                 [*drive("store", image, "virtio-blk-pci"), *usb, *drive("flash", flash, "usb-storage"), *net]) as m:
        m.until("node settings from sda1")
        m.until("hostname is not usable, ignored")
        m.until("network: br0 joins eth0.30\\s")
        m.until("network: address 10.0.2.77/24 on eth0.12\\s")
        m.node.wait(lambda: (n.ADDRESS, b"10.0.2.77/24") in m.node.said, SECONDS)
        expect(m.block(READ, 0, 4096, guest=2) == (0, disk[:4096]), "the guest's disk has other bytes")
        m.until("DEVELOPMENT: a shell without a password")
        m.until("~ # ")
        m.type(b"echo $(hostname) $((6 * 7)); signetctl list; signetctl create /store/guests/web.guest\n")
        m.until("signet 42")
        m.until("web +running")
        m.until("a guest called web is there already")
        expect(n.CREATE not in m.node.kinds(), "it was made a second time")
    shutil.rmtree(folder)


main([(f.__name__.replace("_", " "), f) for f in (
    guests_on_the_store_run, guests_that_still_run_get_their_disks_back)])
