"""
The core of it: the image is signed and right, and the firmware is not the one that was approved. The node boots, gets no ticket and
no commit; the event is named, a person decides, and the very same boot goes on.
"""
from arrival_scene import BOOT
from fleetbed import CLASS, HYPERVISOR_READY
from live import wait_for
from tap import expect
from update_scene import update_of

CPUS = 2  # one more than before: another ACPI table, which firmware measures into PCR 1
FOUND_WELL = r"this release was found well$"


def play(place):
    place.teller.scene("Changed firmware under a signed release")
    tries(place)
    is_refused(place)
    is_accepted(place)


def tries(place):
    teller = place.teller
    place.switch_on(CPUS)
    with teller.step("stage", "release 2 is on trial in slot B; its signature is right, so it starts", BOOT, place.powered) as step:
        place.until(step, r"^signet: starting slot b \(trial\): release 2\.0 svn 2$")
        place.until(step, HYPERVISOR_READY)
    with teller.step("hypervisor", "the node is up and well by its own word: no try is lost", BOOT, place.powered) as step:
        place.until(step, FOUND_WELL)


def is_refused(place):
    bed, teller = place.bed, place.teller
    with teller.step("signetd", "one firmware event differs: no ticket, and release 2 is not committed", usual=15) as step:
        bed.becomes("its new evidence", verdict="BASELINE_DIFFERS")
        about = place.about_node()
        expect(about["floors"]["image"] < 2, f"the minimum has risen without good evidence: {about['floors']}")
        place.keep_boot("boot 3: changed firmware")
        step.show(*bed.operator("node", "list").splitlines())
    with teller.step("hypervisor", "the same guest as before is refused", usual=10) as step:
        place.refused(step, ("guest", "run", place.node, place.guest), "no ticket")
    with teller.step("signet", "explain names the event, what was expected and what was found") as step:
        said = bed.operator("attest", "explain", place.node)
        expect("BASELINE_DIFFERS" in said and "expected" in said.lower() and "found" in said.lower(), "the event is not named", said)
        step.show(*said.splitlines())


def is_accepted(place):
    bed, teller = place.bed, place.teller
    with teller.step("signetd", "the approver, who added a processor, accepts the event: the same boot is good", usual=8) as step:
        step.show(*bed.operator("baseline", "approve", CLASS, place.node, "--yes").splitlines()[-8:])
        place.attests_well(release="2.0")
    with teller.step("hypervisor", "takes the fleet's commit verdict: release 2 stays, the minimum rises to 2", usual=8) as step:
        place.until(step, r"^signet: node: this release is committed, minimum SVN 2$")
        bed.becomes("the commit", state="good", release="2.0", svn=2)
        wait_for("the update's end", lambda: update_of(place)["state"] == "committed", bed.machine)
    with teller.step("hypervisor", "and the guest starts, and fetches its page", usual=50) as step:
        place.run_guest(step)
        place.keep_boot("boot 3: accepted")
