"""check-vmx: the real flash image where there is VMX. Prints TAP."""
import os
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))

import exits
import firmware
import fleet
import ground
import guest
import interrupted
import linux
import node
import refused
import service
import tap
import vms
from bed import Bed

FOLDER = Path("build/vmx/check").resolve()
# The longest first, so that both workers come to an end together.
GROUPS = (fleet.scenarios, linux.cloud, firmware.scenarios, ground.scenarios, guest.scenarios, vms.scenarios, node.scenarios, exits.scenarios)
# Minutes each, in which Linux does most of the work: for `make check-vmx-long`.
LONG_GROUPS = (refused.scenarios, interrupted.scenarios, service.scenarios, linux.company, linux.generic)


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    try:
        bed = Bed(FOLDER)
    except tap.Failed as e:
        # Without it nothing can be shown, and nothing counts as shown.
        sys.exit(tap.run([("keys, images and boot files are made", lambda: tap.expect(False, str(e), e.detail))]))
    groups = [scenarios(bed) for scenarios in (LONG_GROUPS if os.environ.get("LONG") else GROUPS)]
    # One of each first: those of one boot wait for each other, and nobody else should. For the same reason the rest of the
    # longest comes last.
    rest = [scenario for group in reversed(groups) for scenario in group[1:]]
    status = tap.run([group[0] for group in groups] + rest)
    if not status:
        # Disks are large; those of a run with a failure stay, to be looked at.
        shutil.rmtree(FOLDER)
    sys.exit(status)


if __name__ == "__main__":
    os.umask(0o077)
    main()
