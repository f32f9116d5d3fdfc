"""check-uefi: the real flash image on an emulated server. Prints TAP."""
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

import ordinary
import provisioned
import tampered
import tap
from world import World

FOLDER = Path("build/uefi/check").resolve()


def main():
    try:
        world = World(FOLDER)
    except tap.Failed as e:
        # Without it nothing can be shown, and nothing counts as shown.
        tap.main([("keys, images and flash image are made, and boot once", lambda: tap.expect(False, str(e), e.detail))])
    tap.main(ordinary.scenarios(world) + tampered.scenarios(world) + provisioned.scenarios(world))


if __name__ == "__main__":
    os.umask(0o077)
    main()
