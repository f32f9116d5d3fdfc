"""Release 2 is pushed, the power fails in the middle, and the transfer goes on where it was."""
from arrival_scene import BOOT
from fleetbed import LEAF
from live import wait_for
from tap import expect

PAUSE = 0.2
CPUS = 1


def play(place):
    place.teller.scene("An update, and a power cut in the middle")
    there = is_cut(place)
    comes_back(place)
    goes_on(place, there)


def update_of(place):
    """How the only update goes on the only node."""
    updates = place.ask("/v1/updates")["updates"]
    return updates[0]["nodes"][0]


def is_cut(place):
    with place.teller.step("agent", "release 2 is pushed, and the power fails while it is written", usual=15) as step:
        place.bed.operator("update", "push", place.releases[2], place.node, "--drain", "now", "--no-wait")
        there = wait_for("a mark on the flash key", lambda: place.bed.marked("b"), place.bed.machine, pause=PAUSE)
        place.bed.switch_off()
        node = update_of(place)
        expect(node["state"] in ("waiting", "writing"), f"the transfer was over before the power cut: {node}")
        step.show(f"power cut: {there * LEAF} bytes are marked as written on the flash key")
    return there


def comes_back(place):
    teller = place.teller
    place.switch_on(CPUS)
    with teller.step("stage", "the half-written slot is none: release 1 starts again, without a person", BOOT, place.powered) as step:
        place.until(step, r"^signet: slot b: ")
        place.until(step, r"^signet: starting slot a .*: release 1\.0 svn 1$")
    with teller.step("signetd", "the next boot attests by itself: same firmware, same release, good", BOOT, place.powered) as step:
        place.until(step, r"signet-agent: attested: good")
        place.keep_boot("boot 2: after the power cut")


def goes_on(place, there):
    with place.teller.step("agent", "the transfer goes on where it was; all of it is read back, then staged", usual=30) as step:
        place.until(step, r"^signet: hypervisor: resetting$")
        place.bed.switch_off()
        node = update_of(place)
        carried, left = node["fetched"] + node["reused"], node["total"] - there * LEAF
        expect(node["state"] in ("staged", "draining", "trying"), f"the update is {node['state']}", str(node))
        expect(0 < carried <= left, f"not resumed at leaf {there}", str(node))
        step.show(f"{there * LEAF} bytes were there; then {node['reused']} came out of the running slot, {node['fetched']} over the network")
