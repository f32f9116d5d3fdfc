"""The release as it is built, an operator of ours in its initramfs, and a store with guests for it."""
import hashlib
import random
import shutil
import subprocess
from pathlib import Path

from world import signet, tool

HERE = Path(__file__).resolve().parent / "service"
KERNELS = Path("/usr/src/signet/kernels")
SERVICE = Path("build/service")
SLOT_SIZE = "24M"
GUEST_MODULES = ["virtio/virtio_mmio", "block/virtio_blk", "net/net_failover", "net/virtio_net", "../net/core/failover"]
GREETING = "a server on the host"
# By place in the store. What lies in guests/ is started with the service VM, and gets its disks back with it.
GUESTS = {
    "operator/worker": ("work address=10.0.2.77", "disk = disk.img\ndisk = other.img read-only\nnet = 52:54:00:00:00:07"),
    "operator/refused": ("work", "disk = nowhere.img"),
    "guests/writer": ("write", "disk = ../operator/scratch.img"),
}
# For kernels that others than themselves are to be seen with: half of their start is their tests of their cryptography and
# certificates, and a second set of page tables. Bochs takes long over each byte of a repeated move: who knows of none
# moves words.
FAST = ("quiet nopti clearcpuid=erms,rep_good cryptomgr.notests initcall_blacklist="
        "jent_mod_init,load_system_certificate_list,crypto_kdf108_init,init_encrypted")


def archive(folder, output):
    """An initramfs of what is in the folder, all of it root's."""
    names = sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))
    packed = subprocess.run(["cpio", "--quiet", "-o", "-H", "newc", "-R", "0:0"], cwd=folder, capture_output=True,
                            input=("\n".join(names) + "\n").encode(), check=True)
    output.write_bytes(packed.stdout)


def unpacked_module(kind, path):
    packed, = (KERNELS / kind / "lib/modules").glob(f"*/kernel/{path}.ko.xz")
    return subprocess.run(["xz", "-dc", packed], capture_output=True, check=True).stdout


def guest_initramfs(folder):
    root = folder / "guest-root"
    for name in ("bin", "dev", "proc", "sys", "modules"):
        (root / name).mkdir(parents=True)
    shutil.copy("/bin/busybox", root / "bin/busybox")
    for applet in tool("busybox", "--list").split():
        if applet != "busybox":
            (root / "bin" / applet).symlink_to("busybox")
    shutil.copy(HERE / "guest", root / "init")
    for module in GUEST_MODULES:
        (root / "modules" / f"{Path(module).name}.ko").write_bytes(unpacked_module("cloud", f"drivers/{module}"))
    archive(root, folder / "guest.cpio")
    return folder / "guest.cpio"


def file_system(source, path, size, label):
    tool("truncate", "-s", size, path)
    tool("mke2fs", "-q", "-t", "ext4", "-L", label, "-d", source, path)


def guest_disk(folder):
    """A file system with a file and its sum."""
    content, source = random.Random(7).randbytes(1 << 20), folder / "disk-root"
    source.mkdir()
    (source / "file").write_bytes(content)
    (source / "sums").write_text(f"{hashlib.sha256(content).hexdigest()}  file\n")
    file_system(source, folder / "disk.img", "16M", "guest")
    return folder / "disk.img"


def store(folder):
    """The machine's second disk, with the guests' files."""
    root = folder / "store-root"
    place = root / "operator"
    place.mkdir(parents=True)
    (root / "guests").mkdir()
    shutil.copy(KERNELS / "cloud/vmlinuz", place / "vmlinuz")
    shutil.copy(guest_initramfs(folder), place / "guest.cpio")
    shutil.copy(guest_disk(folder), place / "disk.img")
    (place / "other.img").write_bytes(random.Random(8).randbytes(1 << 20))
    (place / "scratch.img").write_bytes(bytes(1 << 20))
    for path, (task, devices) in GUESTS.items():
        (root / f"{path}.guest").write_text(
            f"name = {Path(path).name}\nmemory = 128M\nvcpus = 1\nkernel = ../operator/vmlinuz\ninitramfs = "
            f"../operator/guest.cpio\ncommand-line = console=ttyS0 {FAST} "
            f"panic=-1 t={task}\n{devices}\n")
    file_system(root, folder / "store.img", "96M", "signet-store")
    return folder / "store.img"


def flash(bed, folder):
    """Only what the operator brings comes after the release's own initramfs."""
    root, boot = folder / "root", folder / "boot"
    (root / "bin").mkdir(parents=True)
    (root / "lib").mkdir()
    shutil.copy(HERE / "operator", root / "bin/signet-agent")
    tool("gcc", "-std=gnu17", "-Wall", "-Wextra", "-Werror", "-O1", "-static", HERE / "probe.c", "-o", root / "bin/probe")
    (root / "lib/msr.ko").write_bytes(unpacked_module("generic", "arch/x86/kernel/msr"))
    archive(root, folder / "operator.cpio")
    release = (SERVICE / "initramfs").read_bytes()
    initramfs, image, fleet = folder / "initramfs", folder / "node.img", folder / "fleet"
    initramfs.write_bytes(release + bytes(-len(release) % 4) + (folder / "operator.cpio").read_bytes())
    signet("fleet", "make", "--out", fleet, "--ungated", "--name", "test", "--service-arguments", FAST)
    signet("image", "build", "--keys", bed.owner.keys, "--release", "service", "--svn", 1, "--component",
           "hypervisor=build/hv.bin", "--component", f"service-kernel={SERVICE / 'vmlinuz'}", "--component",
           f"service-initramfs={initramfs}", "--component", f"fleet-config={fleet}", "--output", image)
    signet("image", "sign", image, "--keys", bed.owner.keys)
    bed.owner.build_boot_files(SLOT_SIZE, boot)
    signet("flash", "make", folder / "flash.img", "--boot", boot, "--slot-size", SLOT_SIZE, "--slot-a", image)
    return folder / "flash.img"
