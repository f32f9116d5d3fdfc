"""Nodes whose boot state stands in TPM NV: minimum SVN, trials, and a TPM that was changed by hand."""
from functools import partial

import report
from ordinary import expect_good
from tampered import expect_refused, expect_stop
from tap import expect
from world import record, tool

TRIES = 3


def provisioned(world):
    m = world.node("provisioned")
    before = world.nv_state(m)
    log = m.boot()
    expect_good(log, state="provisioned", writable=1, slot="a", reason=3, image_floor=2, key_floor=1)
    expect(world.nv_state(m) == before, "an ordinary boot wrote to NV", log.tail())


def floor(world):
    """Both releases are older than the minimum."""
    m = world.node("floor", image_floor=4)
    log = m.boot()
    expect_refused(log, a=22, b=22)


def floor_met(world):
    """The neighbour: a release exactly at the minimum boots, the one below it does not."""
    m = world.node("floor-met", image_floor=3)
    log = m.boot()
    log.need(r"^signet: slot b: refused 22: ")
    expect_good(log, slot="a", image_floor=3)


def pending_trial(world, name):
    """A release that resets the machine as soon as it runs is staged in slot B."""
    return world.node(name, world.failing_flash, slot_b=record("staged", world.failing))


def expect_slot_b(state, name, tries, cause):
    found = (state["slot-b"], state["slot-b-tries"], state["slot-b-cause"])
    expect(found == (name, str(tries), str(cause)), f"slot B's record: {found}")


def trial(world):
    """A release that never gets healthy is started as often as allowed, then left for the good one."""
    m = pending_trial(world, "trial")
    log = m.boot(until=r"^signet: payload: halting|^signet: stop")
    slots = [match[1] for match in log.find_all(r"^signet: payload: stage .* slot=([ab]) ")]
    expect(slots == ["b"] * TRIES + ["a"], f"slots started: {slots}", log.tail())
    log.need(r"^signet: slot b: .*no try left")
    expect_slot_b(world.nv_state(m), "BAD", tries=0, cause=1)


def trial_healthy_neighbour(world):
    """The first start of that trial, looked at alone: it is the trial that boots, and its try is counted."""
    m = pending_trial(world, "trial-counted")
    log = m.boot(until=r"^signet: payload: (resetting|halting)|^signet: stop")
    expect_good(log, slot="b", reason=1, writable=1)
    expect_slot_b(world.nv_state(m), "TRYING", tries=TRIES - 1, cause=0)


def trial_not_writable(world):
    """A try that cannot be counted is not started."""
    m = pending_trial(world, "trial-read-only")
    before = world.nv_state(m)
    certificate = m.folder / "stranger.pem"
    tool("openssl", "x509", "-inform", "DER", "-in", world.stranger.firmware / "db.cer", "-out", certificate)
    tool("virt-fw-vars", "--inplace", m.variables, "--add-db", "5b1f2f3a-7c0e-4b57-9d5e-5a1d6e67e771", certificate)
    log = m.boot()
    expect(report.pcrs(log, "sha256")[7] != report.pcrs(world.first_log, "sha256")[7], "PCR7 did not change")
    expect_good(log, slot="a", reason=3, writable=0, state="provisioned", secure_boot=1)
    expect(world.nv_state(m) == before, "a boot that may not write changed NV", log.tail())


def index_gone(world):
    """Somebody with the owner's authorization took one of the four away."""
    m = world.node("index-gone")
    world.nvtool(m, "undefine", "--index", 2, "--owner-auth", m.owner_auth)
    expect_stop(m.boot(), 46)


def cleared(world):
    """TPM2_Clear takes the state away: the node boots as on its first day and says so, and a verifier sees it."""
    m = world.node("cleared")
    world.nvtool(m, "clear")
    log = m.boot()
    log.need(r"^signet: not provisioned: ")
    expect_good(log, slot="a", state="unprovisioned", reason=4)


def scenarios(world):
    cases = {
        "a provisioned node boots its good slot and writes no NV": provisioned,
        "releases below the minimum SVN: refused 22, stop 60": floor,
        "a release at the minimum SVN boots": floor_met,
        "a trial that fails is tried three times, falls back, and says why": trial,
        "a trial is started and its try counted": trial_healthy_neighbour,
        "a trial that could not be counted is not started": trial_not_writable,
        "one NV index is gone: stop 46": index_gone,
        "a cleared TPM: the node boots as unprovisioned and says so": cleared,
    }
    return [(name, partial(function, world)) for name, function in cases.items()]
