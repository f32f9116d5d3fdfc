"""check-uefi: the real flash image on an emulated server. Prints TAP."""
import os
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

import enrol
import hypervisor
import intruder
import ordinary
import provisioned
import real_release
import runner
import tampered
import tap
from world import World

FOLDER = Path("build/uefi/check").resolve()


def main():
    try:
        world = World(FOLDER)
    except tap.Failed as e:
        # Without it nothing can be shown, and nothing counts as shown.
        name, failure = "keys, images and flash image are made, and boot once", e
        sys.exit(tap.run([(name, lambda: tap.expect(False, str(failure), failure.detail))], only=""))
    groups = (ordinary, tampered, real_release, provisioned, intruder, enrol, hypervisor, runner)
    status = tap.run([case for group in groups for case in group.scenarios(world)])
    if not status:
        # Disks are large; those of a run with a failure stay, to be looked at.
        shutil.rmtree(FOLDER)
    sys.exit(status)


if __name__ == "__main__":
    os.umask(0o077)
    main()
