"""A release as it is built, hypervisor and service VM, in both slots: one changed bit of a component, and none of it runs."""
import threading
from functools import partial
from pathlib import Path

import flashfile
from tap import expect
from world import signet, tool

SLOT_SIZE = "24M"
COMPONENTS = {"hypervisor": "build/hv.bin", "service-kernel": "build/service/vmlinuz",
              "service-initramfs": "build/service/initramfs"}
# What is hit in slot A, and what in slot B.
PAIRS = [("hypervisor", "service-kernel"), ("service-initramfs", "fleet-config")]
ENDED = r"^signet: stop \d+:|^signet: panic"
LACKS_FEATURE = 102
making = threading.Lock()


def flash(world):
    """Made by whoever asks first."""
    folder = world.folder / "real-release"
    disk = folder / "disk.img"
    with making:
        if not disk.exists():
            folder.mkdir()
            fleet, image, boot = folder / "fleet", folder / "release.img", folder / "boot"
            signet("fleet", "make", "--out", fleet, "--ungated", "--name", "real")
            files = {name: Path(path) for name, path in COMPONENTS.items()} | {"fleet-config": fleet}
            words = [word for kind, file in files.items() for word in ("--component", f"{kind}={file}")]
            signet("image", "build", "--keys", world.owner.keys, "--release", "real", "--svn", 3, *words, "--output", image)
            signet("image", "sign", image, "--keys", world.owner.keys)
            world.owner.build_boot_files(SLOT_SIZE, boot)
            signet("flash", "make", folder / "made.img", "--boot", boot, "--slot-size", SLOT_SIZE, "--slot-a", image,
                   "--slot-b", image)
            tool("mv", folder / "made.img", disk)
    return disk


def flip(image, slot, component):
    start = flashfile.partitions(image)[f"signet-{slot}"][0]
    offset, length = flashfile.image_parts(image, start)[component]
    flashfile.flip_bit(image, offset + length // 2)


def tampered(world, pair):
    m = world.machine("real-" + "-".join(pair), flash(world))
    for slot, component in zip("ab", pair):
        flip(m.image, slot, component)
    log = m.boot(until=ENDED)
    for slot in "ab":
        log.need(rf"^signet: slot {slot}: refused 21: ")
    log.need(r"^signet: stop 60: ")
    log.refuse(r"starting slot|hypervisor:")


def as_built(world):
    """The neighbour of those above: unchanged it is started, and says what this machine lacks."""
    log = world.machine("real-release-whole", flash(world)).boot(until=ENDED)
    log.need(r"^signet: hypervisor: signet real svn 3, slot a, ")
    log.need(rf"^signet: stop {LACKS_FEATURE}: ")
    expect(not log.find("refused"), "a slot was refused", log.tail())


def scenarios(world):
    cases = [(f"a real release with a changed {a} in slot A and {b} in slot B: nothing runs", partial(tampered, world, (a, b)))
             for a, b in PAIRS]
    return cases + [("the same release unchanged is started", partial(as_built, world))]
