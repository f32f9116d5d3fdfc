"""What the scenarios share, made once: owners' keys and boot files, images, a flash image, firmware variables, TPMs."""
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import eventlog
import flashfile
import machine
import report
from tap import Failed

SLOT_SIZE = "8M"
NODE = bytes(range(1, 33)).hex()  # any 32 bytes name a node here
TAIL = 2000


def tool(*command):
    """Runs a program that must succeed; gives its output."""
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False)
    if done.returncode:
        raise Failed(f"{' '.join(map(str, command))}: exit {done.returncode}", (done.stdout + done.stderr)[-TAIL:])
    return done.stdout


def signet(*command):
    return tool("build/signet", *command)


class Owner:
    """Keys of one owner, and what firmware is given of them."""

    def __init__(self, folder):
        self.keys, self.firmware, self.boot = folder / "keys", folder / "firmware", folder / "boot"
        folder.mkdir()
        signet("keys", "init", self.keys, "--development")
        signet("keys", "export", self.keys, "--out", self.firmware)

    def build_boot_files(self, slot_size, folder=None):
        signet("boot", "build", "--keys", self.keys, "--out", folder or self.boot, "--serial", "0x3f8,115200",
               "--allow-development", "--slot-size", slot_size, "--config", "secureboot/grub.cfg", "--modules",
               "secureboot/grub.modules")

    def sign_efi(self, source, target):
        tool("sbsign", "--key", self.keys / "db.pem", "--cert", self.keys / "db.crt", "--output", target, source)


class Machine:
    """One scenario's machine: its own copies of flash image, TPM state and firmware variables, or new ones."""

    def __init__(self, folder, image, tpm=None, variables=None):
        self.folder = folder
        self.image, self.tpm, self.variables = folder / "flash.img", folder / "tpm", folder / "vars.fd"
        folder.mkdir(parents=True)
        tool("cp", "--sparse=always", image, self.image)
        if tpm:
            shutil.copytree(tpm, self.tpm)
        if variables:
            shutil.copy(variables, self.variables)

    def boot(self, *options, until=machine.END, at_end=None):
        """Boots it; a second boot finds what the first one left. options come last, and so win."""
        monitor = self.folder / "monitor" if at_end else None
        options = ["--tpm", self.tpm, "--vars", self.variables, *options]
        return machine.boot(self.image, options, until, monitor, at_end)

    def esp(self):
        """The EFI system partition, as mtools names it."""
        return f"{self.image}@@{flashfile.partitions(self.image)['signet-esp'][0]}"

    def take_efi(self, path):
        tool("mcopy", "-n", "-o", "-i", self.esp(), "::EFI/BOOT/BOOTX64.EFI", path)

    def put_efi(self, path):
        tool("mcopy", "-o", "-i", self.esp(), path, "::EFI/BOOT/BOOTX64.EFI")


class World:
    def __init__(self, folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.folder = folder
        self.owner = Owner(folder / "owner")
        self.owner.build_boot_files(SLOT_SIZE)
        self.components = self._components()
        self.newer = self.signed_image("newer", svn=3)
        self.older = self.signed_image("older", svn=2)
        self.flash = self.flash_image("flash", self.newer, self.older)
        self.shop = self._leave_the_shop()
        self.authority = self._approve_writes()
        self.failing = self.signed_image("failing", svn=3, action="reset")
        self.failing_flash = self.flash_image("failing", self.newer, self.failing, "--authority", self.authority)
        self.stranger = Owner(folder / "stranger")

    def _components(self):
        paths = {"hypervisor": Path("build/payload.bin")}
        # Of no round size: the last bytes count too.
        for name, size in {"service-kernel": 1_500_001, "service-initramfs": 700_003}.items():
            paths[name] = self.folder / name
            paths[name].write_bytes(os.urandom(size))
        return paths

    def signed_image(self, name, svn, action="halt", hypervisor=None):
        """Its payload ends with action; a hypervisor of its own has no use for that."""
        path, config = self.folder / f"{name}.img", self.folder / f"fleet-{name}"
        config.write_text(f"action={action}\n")
        components = {**self.components, "fleet-config": config}
        if hypervisor:
            components["hypervisor"] = hypervisor
        words = [word for kind, file in components.items() for word in ("--component", f"{kind}={file}")]
        signet("image", "build", "--keys", self.owner.keys, "--release", name, "--svn", svn, *words, "--output", path)
        signet("image", "sign", path, "--keys", self.owner.keys)
        return path

    def flash_image(self, name, slot_a, slot_b, *options):
        path = self.folder / f"{name}-disk.img"
        signet("flash", "make", path, "--boot", self.owner.boot, "--slot-size", SLOT_SIZE, "--slot-a", slot_a,
               "--slot-b", slot_b, *options)
        return path

    def _leave_the_shop(self):
        """First boot of a new machine under the owner's keys. Others start from the TPM and variables it leaves."""
        first = Machine(self.folder / "first", self.flash)
        before = digest_of(first.image)
        self.first_log = first.boot("--keys", self.owner.firmware, at_end=self._ask_what_was_written)
        self.first_changed = digest_of(first.image) != before
        return first

    def _ask_what_was_written(self, monitor):
        self.first_written = {d["device"]: d["stats"] for d in monitor.ask("query-blockstats")}["key"]

    def _approve_writes(self):
        """The owner approves the PCR7 of that boot: from now on it may write its state."""
        authority, self.extensions = self.folder / "authority", self.folder / "pcr7"
        events = eventlog.parse(report.event_log(self.first_log))
        self.extensions.write_text("".join(f"{e.digests['sha256'].hex()}\n" for e in events
                                           if e.pcr == 7 and e.kind != eventlog.EV_NO_ACTION))
        signet("keys", "authorize", self.owner.keys, "--node-id", NODE, "--out", authority,
               "--pcr7", report.pcrs(self.first_log, "sha256")[7].hex())
        signet("flash", "authority", self.flash, authority)
        return authority

    def machine(self, name, image=None):
        """One that has booted before, and is not provisioned."""
        return Machine(self.folder / "run" / name, image or self.flash, self.shop.tpm, self.shop.variables)

    def node(self, name, image=None, slot_a=None, slot_b=None, image_floor=2):
        """A provisioned one. Slots are records as nvtool takes them; both are good unless told otherwise."""
        m = self.machine(name, image)
        m.owner_auth = os.urandom(32).hex()
        self.nvtool(m, "provision", "--slot-a", slot_a or record("good", self.newer), "--slot-b",
                    slot_b or record("good", self.older), "--image-floor", image_floor, "--key-floor", 1,
                    "--owner-auth", m.owner_auth, "--lockout-auth", os.urandom(32).hex())
        return m

    def nvtool(self, m, command, *options):
        """What a host can see and do of a switched-off machine's TPM, as if under the owner's firmware."""
        return tool("build/tests/nvtool", command, "--state", m.tpm, "--authority", self.authority, "--pcr7",
                    self.extensions, *options)

    def nv_state(self, m):
        return dict(line.split(" ", 1) for line in self.nvtool(m, "show").splitlines())


def record(state, image):
    """A slot's record that speaks of the image in this file."""
    offset, length = flashfile.image_parts(image, 0)["manifest"]
    manifest = image.read_bytes()[offset:offset + length]
    return f"{state}:{hashlib.sha384(manifest).hexdigest()}"


def digest_of(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").digest()
