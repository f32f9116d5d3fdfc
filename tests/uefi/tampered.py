"""The flash image changed by somebody: one bit in each part, in one slot or in both, and what the firmware verifies."""
from functools import partial

import flashfile
import machine
from ordinary import expect_good
from screen import Screen
from tap import expect

# Part of a signed image: which byte of it is hit, and the number it must be refused with (docs/stops.md).
PARTS = {
    "magic": ("header", 0, 10),
    "header": ("header", 12, 11),
    "key manifest": ("keys", 60, 18),
    "manifest": ("manifest", 50, 15),
    "signature": ("signatures", 8 + 40 + 5, 15),
    "hypervisor": ("hypervisor", 5_000, 21),
    "service kernel": ("service-kernel", 1_500_000, 21),
    "service initramfs": ("service-initramfs", 65_536, 21),
    "fleet configuration": ("fleet-config", 0, 21),
}
REASON, OTHER_REASON = "signet: stop 40: no TPM answers", "signet: stop 44: no TPM answers"
REFUSED_BY_FIRMWARE = r"^BdsDxe: failed to load .*: Access Denied"


def flip(image, slot, part):
    region, at, number = PARTS[part]
    offset, length = flashfile.image_parts(image, flashfile.partitions(image)[f"signet-{slot}"][0])[region]
    assert at < length
    flashfile.flip_bit(image, offset + at)
    return number


def refused(slot, number):
    return rf"^signet: slot {slot}: refused {number}: "


def expect_stop(log, number):
    log.need(rf"^signet: stop {number}: ")
    log.refuse("payload")


def expect_refused(log, **numbers):
    """Each slot for its own reason, and nothing runs."""
    for slot, number in numbers.items():
        log.need(refused(slot, number))
    expect_stop(log, 60)


def one_slot(world, part):
    """The other slot boots, and the reason is said."""
    m = world.machine(f"one-{part.replace(' ', '-')}")
    number = flip(m.image, "a", part)
    log = m.boot()
    log.need(refused("a", number))
    log.refuse(r"^signet: slot b: refused")
    expect_good(log, slot="b", release="older")


def both_slots(world, part):
    m = world.machine(f"both-{part.replace(' ', '-')}")
    number = flip(m.image, "a", part)
    flip(m.image, "b", part)
    expect_refused(m.boot(), a=number, b=number)


def efi_bit(world):
    m = world.machine("efi-bit")
    binary = m.folder / "boot.efi"
    m.take_efi(binary)
    flashfile.flip_bit(binary, binary.stat().st_size // 2)
    m.put_efi(binary)
    expect_firmware_refuses(m)


def efi_other_key(world):
    m = world.machine("efi-other-key")
    binary = m.folder / "boot.efi"
    world.stranger.sign_efi(world.owner.boot / "BOOTX64.unsigned.EFI", binary)
    m.put_efi(binary)
    expect_firmware_refuses(m)


def efi_signed_again(world):
    """The neighbour of the two above: the same steps, the right key, and it boots."""
    m = world.machine("efi-signed-again")
    binary = m.folder / "boot.efi"
    world.owner.sign_efi(world.owner.boot / "BOOTX64.unsigned.EFI", binary)
    m.put_efi(binary)
    expect_good(m.boot(), firmware="uefi", secure_boot=1, slot="a")


def no_configuration(world):
    """Signed by the owner, and GRUB does not find its configuration all the same: it asks for a user, and has none."""
    m = world.machine("no-configuration")
    bare, binary = m.folder / "bare.efi", m.folder / "boot.efi"
    content = (world.owner.boot / "BOOTX64.unsigned.EFI").read_bytes()
    name, other = b"boot/grub/grub.cfg\0", b"boot/grub/grub.cfh\0"
    expect(content.count(name) == 1, "the memory disk's configuration is not where it is looked for")
    bare.write_bytes(content.replace(name, other))
    world.owner.sign_efi(bare, binary)
    m.put_efi(binary)
    log = m.boot(until=r"Enter username|grub>|rescue>|signet:")
    log.refuse(r"grub>|rescue>|signet:")


def expect_firmware_refuses(m):
    log = m.boot(until=f"{REFUSED_BY_FIRMWARE}|{machine.END}")
    log.need(REFUSED_BY_FIRMWARE)
    log.refuse("signet:")


def on_screen(world, name, cell, *options):
    """A server's screen shows the reason too; characters are as large as this firmware draws them."""
    m = world.machine(name)
    picture, shown = m.folder / "screen.ppm", []

    def look(monitor):
        monitor.ask("screendump", filename=str(picture))
        screen = Screen(picture)
        shown.extend(screen.shows_line(text, cell) for text in (REASON, OTHER_REASON))

    # The advice is printed once the line before it stands everywhere.
    log = m.boot("--no-tpm", *options, until=r"^signet: what to do", at_end=look)
    expect_stop(log, 40)
    expect(shown == [True, False], f"on the screen: '{REASON}' {shown[0]}, '{OTHER_REASON}' {shown[1]}", log.tail())


def no_tpm(world):
    expect_stop(world.machine("no-tpm").boot("--no-tpm"), 40)


def no_tpm_bios(world):
    expect_stop(world.machine("no-tpm-bios").boot("--no-tpm", "--bios"), 40)


def scenarios(world):
    cases = [(f"one flipped bit in slot A's {part}: slot B boots", partial(one_slot, world, part)) for part in PARTS]
    cases += [(f"one flipped bit in both slots' {part}: stop 60", partial(both_slots, world, part)) for part in PARTS]
    cases += [
        ("one flipped bit in the EFI binary: firmware refuses it", partial(efi_bit, world)),
        ("an EFI binary signed by another key: firmware refuses it", partial(efi_other_key, world)),
        ("a loader without its configuration offers no prompt", partial(no_configuration, world)),
        ("the same EFI binary signed by the owner's key boots", partial(efi_signed_again, world)),
        ("no TPM: stop 40", partial(no_tpm, world)),
        ("no TPM, by BIOS: stop 40", partial(no_tpm_bios, world)),
        ("the reason of a stop stands on the screen", partial(on_screen, world, "screen", (8, 19))),
        ("the reason of a stop stands on the screen, by BIOS",
         partial(on_screen, world, "screen-bios", (9, 16), "--bios")),
    ]
    return cases
