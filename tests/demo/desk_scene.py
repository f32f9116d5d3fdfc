"""Before any machine is on: keys, a fleet server, two releases, a flash key."""
import shutil
import subprocess
from pathlib import Path

import flashfile
from place import GUEST
from tap import expect
from world import signet

REFUSED = 5
FLIPPED = 5000  # bytes into the hypervisor


def play(place):
    bed, teller = place.bed, place.teller
    teller.scene("Keys, releases, flash key")
    with teller.step("signet", "keys of every role are made on the spot; firmware, loader, stage and root keys become one signed file"):
        bed.make_keys()
    with teller.step("signetd", "a fleet server with a CA of its own; a server's TPM with its maker's certificate"):
        bed.make_tpm()
        bed.start_server()
    with teller.step("signet", "releases 1 and 2 are built and signed, and verify as the stage will do it") as step:
        make_releases(place, step)
    with teller.step("signet", "one flipped bit in a release is refused on the desk already", vital=False) as step:
        refuse_flipped(place, step)
    with teller.step("signet", "the flash key: release 1 in slot A, nothing in slot B"):
        bed.flash_image(place.releases[1])
    with teller.step("signet", "a guest of Debian's own kernel; its parts lie in the server's store, known by their digests alone"):
        place.guest = bed.guest_file(GUEST, "fetch address=10.0.2.77")
        bed.make_store(place.guest.parent / part for part in ("vmlinuz", "guest.cpio"))


def make_releases(place, step):
    initramfs = place.bed.taken_over()
    place.releases = {number: place.bed.release(number, initramfs) for number in (1, 2)}
    for number, image in place.releases.items():
        step.show(*signet("image", "verify", image, "--boot", place.bed.owner.boot).splitlines())
        place.findings.facts.append((f"release {number}, bytes", str(image.stat().st_size)))


def refuse_flipped(place, step):
    forged = place.folder / "flipped.img"
    shutil.copy(place.releases[1], forged)
    flashfile.flip_bit(forged, flashfile.image_parts(forged, 0)["hypervisor"][0] + FLIPPED)
    done = subprocess.run(["build/signet", "image", "verify", str(forged), "--boot", str(place.bed.owner.boot)], text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False)
    expect(done.returncode == REFUSED, f"exit {done.returncode} for a changed image", done.stdout + done.stderr)
    step.show(*done.stderr.splitlines())
    Path(forged).unlink()
