"""
The flash key in QEMU, which has Secure Boot (Bochs has not) and no VMX: verified up to the hypervisor, and refused when somebody
changed it. While this goes on, the server in Bochs is on its way through its firmware.
"""
import functools
import os
import shutil

import flashfile
from tampered import REFUSED_BY_FIRMWARE
from tap import expect
from world import Machine, Owner, record, signet, tool

STOPPED = r"^signet: stop \d+:"
TELLING = r"^signet: (slot|starting|stop|hypervisor: signet|firmware)|Access Denied"
NO_VMX, NOTHING_TO_START = 102, 60
MIDDLE_OF_HYPERVISOR = 5000
NODE = bytes(range(1, 33)).hex()  # any 32 bytes name a node here
NO_PCR7 = bytes(32).hex()


class Qemu:
    """Machines with the owner's keys in their firmware, each with its own copy of the flash key."""

    def __init__(self, place):
        self.place, self.folder = place, place.folder / "qemu"
        self.folder.mkdir(exist_ok=True)
        self.owner = place.bed.owner
        self.variables = None

    @functools.cached_property
    def stranger(self):
        """Somebody with the same tools: his keys are as good, and not the owner's."""
        return Owner(self.folder / "stranger")

    def machine(self, name, tpm=None):
        return Machine(self.folder / name, self.place.bed.flash, tpm, self.variables)

    def boot(self, machine, step, until):
        options = () if self.variables else ("--keys", self.owner.firmware)
        log = machine.boot(*options, until=f"{until}|{STOPPED}")
        self.variables = self.variables or machine.variables
        for line in log.lines:
            self.place.teller.console("qemu", line)
        step.show(*[match.string for match in log.find_all(TELLING)])
        return log


def expect_nothing_runs(log, reason):
    log.need(reason)
    log.need(rf"^signet: stop {NOTHING_TO_START}: ")
    log.refuse(r"starting slot|hypervisor:")


def play(place):
    teller = place.teller
    teller.scene("UEFI Secure Boot, in QEMU (meanwhile the server boots in Bochs)")
    qemu = Qemu(place)
    for component, text, show in SHOWS:
        with teller.step(component, text, usual=12, vital=False) as step:
            show(qemu, step)


def good(qemu, step):
    log = qemu.boot(qemu.machine("good"), step, STOPPED)
    log.need(r"^signet: starting slot a \(unprovisioned\): release 1\.0 svn 1$")
    log.need(rf"^signet: stop {NO_VMX}: ")


def flipped_component(qemu, step):
    machine = qemu.machine("flipped")
    offset, _ = flashfile.image_parts(machine.image, flashfile.partitions(machine.image)["signet-a"][0])["hypervisor"]
    flashfile.flip_bit(machine.image, offset + MIDDLE_OF_HYPERVISOR)
    expect_nothing_runs(qemu.boot(machine, step, STOPPED), r"^signet: slot a: refused 21: ")


def flipped_loader(qemu, step):
    machine = qemu.machine("flipped-loader")
    binary = machine.folder / "boot.efi"
    machine.take_efi(binary)
    flashfile.flip_bit(binary, binary.stat().st_size // 2)
    machine.put_efi(binary)
    expect_firmware_refuses(qemu.boot(machine, step, REFUSED_BY_FIRMWARE))


def foreign_loader(qemu, step):
    machine = qemu.machine("foreign-loader")
    binary = machine.folder / "boot.efi"
    qemu.stranger.sign_efi(qemu.owner.boot / "BOOTX64.unsigned.EFI", binary)
    machine.put_efi(binary)
    expect_firmware_refuses(qemu.boot(machine, step, REFUSED_BY_FIRMWARE))


def expect_firmware_refuses(log):
    log.need(REFUSED_BY_FIRMWARE)
    log.refuse("signet:")


def foreign_image(qemu, step):
    image, machine = qemu.folder / "foreign.img", qemu.machine("foreign-image")
    signet("image", "build", "--keys", qemu.stranger.keys, "--release", "1.1", "--svn", 9, "--component",
           "hypervisor=build/hv.bin", "--output", image)
    signet("image", "sign", image, "--keys", qemu.stranger.keys)
    write_slot(machine.image, "signet-a", image)
    expect_nothing_runs(qemu.boot(machine, step, STOPPED), r"^signet: slot a: refused 1[5-8]: ")


def write_slot(flash, partition, image):
    """As somebody would who has the key in his hand."""
    offset, length = flashfile.partitions(flash)[partition]
    data = image.read_bytes()
    expect(len(data) <= length, "the image is longer than the slot")
    with open(flash, "r+b") as f:
        f.seek(offset)
        f.write(data)


def old_release(qemu, step):
    """A TPM whose NV has seen release 2: as the node's will after its update."""
    authority, extensions, tpm = qemu.folder / "authority", qemu.folder / "pcr7", qemu.folder / "tpm-2"
    extensions.write_text("")
    signet("keys", "authorize", qemu.owner.keys, "--node-id", NODE, "--out", authority, "--pcr7", NO_PCR7)
    shutil.copytree(qemu.folder / "good/tpm", tpm)
    good_one = record("good", qemu.place.releases[1])
    tool("build/tests/nvtool", "provision", "--state", tpm, "--authority", authority, "--pcr7", extensions, "--slot-a", good_one,
         "--slot-b", good_one, "--image-floor", 2, "--key-floor", 1, "--owner-auth", os.urandom(32).hex(), "--lockout-auth",
         os.urandom(32).hex())
    expect_nothing_runs(qemu.boot(qemu.machine("old-release", tpm), step, STOPPED), r"^signet: slot a: refused 22: ")


SHOWS = (
    ("hypervisor", "the owner's keys in firmware verify the loader, the loader's stage the release; it starts, and misses VMX here", good),
    ("stage", "one bit of the hypervisor on the flash key flipped: nothing starts", flipped_component),
    ("firmware", "one bit of the loader flipped: firmware refuses it", flipped_loader),
    ("firmware", "a loader signed by a stranger: firmware refuses it", foreign_loader),
    ("stage", "a release signed by a stranger: nothing starts", foreign_image),
    ("stage", "a correctly signed release that is older than the TPM's minimum: nothing starts", old_release),
)
