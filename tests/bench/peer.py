"""The peer: Debian's kernel with its own KVM in the same Bochs, as a host for the same program as our root mode."""
import struct
import subprocess
from pathlib import Path

import bed
from tap import Failed
from world import tool

KERNEL = Path("/usr/src/signet/kernels/generic")
GRUB = Path("/usr/lib/grub/i386-pc")
GRUB_MODULES = "biosdisk part_msdos fat linux serial terminal"
MODULES = ("virt/lib/irqbypass", "arch/x86/kvm/kvm", "arch/x86/kvm/kvm-intel")
# Bochs' HPET and its idea of the TSC's rate are not what Linux expects; the rest is a kernel as Debian starts it.
COMMAND_LINE = "console=ttyS0,115200 quiet tsc=reliable hpet=disable tsc_early_khz=100000 panic=0"
SECTOR, MIB = 512, 1 << 20
DISK_SIZE = 48 * MIB
SECONDS = 600


def make_initramfs(folder):
    """The VMM as the first process, and KVM's modules."""
    root = folder / "root"
    (root / "dev").mkdir(parents=True)
    tool("install", "-m", "755", "build/tests/kvm-peer", root / "init")
    for module in MODULES:
        path, = (KERNEL / "lib/modules").glob(f"*/kernel/{module}.ko.xz")
        (root / f"{path.name.removesuffix('.xz')}").write_bytes(
            subprocess.run(["xz", "-dc", path], capture_output=True, check=True).stdout)
    names = "\n".join(str(path.relative_to(root)) for path in sorted(root.rglob("*")))
    archive = subprocess.run(["cpio", "--quiet", "-o", "-H", "newc", "-R", "0:0"], input=names.encode(), cwd=root,
                             capture_output=True, check=True).stdout
    (folder / "initramfs").write_bytes(archive)
    return folder / "initramfs"


def make_core(folder):
    config = folder / "grub.cfg"
    config.write_text(f"linux (hd0,msdos1)/vmlinuz {COMMAND_LINE}\ninitrd (hd0,msdos1)/initramfs\nboot\n")
    tool("grub-mkimage", "-O", "i386-pc", "-d", GRUB, "-p", "(hd0,msdos1)/", "-c", config, "-o", folder / "core.img",
         *GRUB_MODULES.split())
    return (folder / "core.img").read_bytes()


def make_disk(folder):
    """GRUB in the gap before the one partition, as it is made to run from the disk's second sector on."""
    disk, first = folder / "kvm.img", MIB // SECTOR
    entry = struct.pack("<B3sB3sII", 0x80, bytes(3), 0x0C, bytes(3), first, DISK_SIZE // SECTOR - first)
    sector = (GRUB / "boot.img").read_bytes()[:446] + entry + bytes(48) + b"\x55\xAA"
    with open(disk, "wb") as f:
        f.write(sector + make_core(folder))
        f.truncate(DISK_SIZE)
    partition = f"{disk}@@{MIB}"
    tool("mformat", "-i", partition, "-F", "-T", str(DISK_SIZE // SECTOR - first), "::")
    tool("mcopy", "-i", partition, KERNEL / "vmlinuz", "::vmlinuz")
    tool("mcopy", "-i", partition, make_initramfs(folder), "::initramfs")
    return disk


def costs(log, prefix=""):
    """Name to instructions of one exit, as the program in tests/guest told; compute: the two figures it told."""
    found = {m[1]: int(m[3], 16) // int(m[2], 16)
             for m in log.find_all(rf"^{prefix}cost (.*) ([0-9a-f]+) ([0-9a-f]+)$")}
    if not found:
        raise Failed("the program told of no cost", log.tail())
    compute = log.need(rf"^{prefix}compute ([0-9a-f]+) ([0-9a-f]+)$")
    return found, (int(compute[1], 16), int(compute[2], 16))


def measure(folder):
    """costs() under KVM."""
    folder.mkdir(parents=True)
    log = bed.boot(make_disk(folder), ("--snapshot", "--no-net", "--no-tpm"), until=r"^kvm: ", limit=SECONDS)
    log.need(r"^kvm: done")
    return costs(log)
