"""What the node decides and measures: its event log against the TPM, the gate, enrolment, the TPM port."""
import base64
import textwrap
from functools import partial

import bed as machine_bed
import eventlog
import report
from tap import expect
from world import NODE, record

BANKS = ("sha256", "sha384")
HALTED = r"^signet: payload: halting|^signet: stop \d+:|^signet: panic"
STEPS = ("admit", "stage-early", "provision-other-key", "provision-no-authority", "provision", "healthy",
         "writing", "staged", "stage-running")
FLAGS = {"ungated": 1, "development": 2, "provisioned": 4, "writable": 8}


def node_image(bed, name, *fleet):
    return bed.image(name, None, "build/hv-node.bin", fleet)


def started(bed, name, *fleet, cpus=2):
    image = node_image(bed, name, *fleet)
    return machine_bed.boot(bed.flash(name, image, image), ["--cpus", cpus], until=HALTED)


def records(log, pcr):
    """Our records in a PCR: (kind, digest, first, second, text)."""
    return [event.record() for event in eventlog.parse(report.event_log(log)) if event.pcr == pcr]


def expect_replays(log):
    events = eventlog.parse(report.event_log(log))
    for bank in BANKS:
        values, found = eventlog.replay(events, bank), report.pcrs(log, bank)
        for pcr in (12, 13, 14):
            value = values.get(pcr, bytes(len(found[pcr])))
            expect(value == found[pcr], f"PCR{pcr} of {bank} does not replay", log.tail())


def answers(log):
    return {m[1]: (int(m[2]), int(m[3], 16)) for m in
            log.find_all(r"^signet: payload: port (\S+) bytes=(\d+) code=(0x[0-9a-f]+)$")}


def outcome(log, step):
    return int(log.need(rf"^signet: payload: {step} error=(\d+)$").group(1))


def lives(bed):
    """One boot from factory-new to enrolled: every step, the log, the TPM port."""
    log = started(bed, "node", "--ungated")
    status = report.fields(log, "status")
    session = status["session"]
    log.need(rf"^signet: node: boot session {session}$")
    log.need(r"^signet: node: UNGATED: guests start without a ticket$")
    log.need(r"^signet: node: NO DMA PROTECTION: ")
    expect_replays(log)
    decided = records(log, 14)
    expect([kind for kind, *_ in decided] == [16, 17, 18, 32, 35, 34, 33, 36, 37], f"PCR14: {decided}")
    expect(decided[3][1].hex() == session + "00" * 16, f"boot session: {decided[3]}")
    expect(decided[6][2:] == (1, 1, "UNGATED: guests start without a ticket"), f"gate: {decided[6]}")
    expect(records(log, 13) == [(48, bytes([0x11, 0x22]) + bytes(46), 1, 0, "guest one")], "PCR13")
    found = {step: outcome(log, step) for step in STEPS}
    expect(found == {"admit": 0, "stage-early": 49, "provision-other-key": 5, "provision-no-authority": 51,
                     "provision": 0, "healthy": 70, "writing": 0, "staged": 0, "stage-running": 5}, f"steps: {found}")
    expect(status["node"] == NODE and int(status["flags"]) == sum(FLAGS.values()), f"status: {status}")
    expect((status["slot-a"], status["slot-b"]) == ("5", "2"), f"slots: {status}")
    asked = answers(log)
    expect({what: code for what, (_, code) in asked.items()} ==
           {"random": 0, "extend": 0x143, "clear": 0x143, "session": 0, "short": 0x142}, f"TPM port: {asked}")
    expect(asked["random"][0] == 20 and asked["extend"][0] == 10, f"TPM port: {asked}")


# SubjectPublicKeyInfo of P-384's base point: the key that hv_node_ticket.c signs with.
BASE_POINT = """-----BEGIN PUBLIC KEY-----
%s
-----END PUBLIC KEY-----
"""
BASE_POINT_DER = bytes.fromhex(
    "3076301006072a8648ce3d020106052b8104002203620004"
    "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7"
    "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f")
NEW, RUNNING, OFF, PAUSED = 0, 2, 3, 4


def started_under_tickets(bed, cpus=2):
    ca = bed.folder / "base-point.pem"
    ca.write_text(BASE_POINT % "\n".join(textwrap.wrap(base64.b64encode(BASE_POINT_DER).decode(), 64)))
    return started(bed, "ticket", "--name", "ticket", "--ca", ca, "--epoch", 1, cpus=cpus)


def tickets(bed):
    """A guest that runs, through three leases; others that want to start."""
    log = started_under_tickets(bed)
    found = {m[1]: int(m[2]) for m in log.find_all(r"^signet: payload: ((?:start|ticket)-\S+) error=(\d+)$")}
    expect(found == {"start-without": 122, "ticket-keep": 0, "start-under": 0, "ticket-again": 149, "start-kept": 151,
                     "ticket-pause": 0, "start-paused": 151, "ticket-stop": 0, "start-ended": 151}, f"steps: {found}")
    looks = {m[1]: (int(m[2]), int(m[3])) for m in
             log.find_all(r"^signet: payload: look (\S+) state=(\d+) grows=(\d)$")}
    expect(looks == {"under": (RUNNING, 1), "kept": (RUNNING, 1), "runs-on": (RUNNING, 1), "paused": (PAUSED, 0),
                     "goes-on": (RUNNING, 1), "ended": (OFF, 0)}, f"the guest: {looks}")
    log.need(r"^signet: guest 2: off: no ticket allows it$")
    expect([kind for kind, *_ in records(log, 14)][-7:] == [37, 38, 39, 38, 39, 38, 39], "PCR14", log.tail())
    expect([record[2:4] for record in records(log, 14)][-6:] == [(1, 4), (1, 1), (2, 4), (2, 2), (3, 4), (3, 3)], "PCR14")
    expect(len(records(log, 13)) == 1, "PCR13")
    expect_replays(log)


def gated(bed):
    """Without `ungated` nothing starts, and what was refused is in no PCR."""
    log = started(bed, "gated")
    log.need(r"^signet: node: a guest needs a ticket$")
    expect(outcome(log, "admit") == 122, "the gate", log.tail())
    expect(records(log, 13) == [], "PCR13")
    expect(records(log, 14)[6][2:] == (0, 1, "a guest needs a ticket"), "PCR14")
    expect_replays(log)


def misconfigured(bed, name):
    """An image with text in the configuration's place."""
    image, config = bed.folder / f"{name}.img", bed.folder / f"fleet-{name}"
    config.write_text("ungated=1\n")
    bed.build(image, name, "build/hv-node.bin", config)
    return image


def refuses_no_configuration(bed):
    image = misconfigured(bed, "text")
    log = machine_bed.boot(bed.flash("text", image, image), ["--cpus", 2], until=HALTED)
    log.need(r"^signet: stop 120: ")


def stops_on_trial(bed):
    """A release that the hypervisor itself cannot go on with: nobody has to come and switch the machine off."""
    image = misconfigured(bed, "unfit")
    state = bed.provision("unfit", record("good", bed.good), record("staged", image))
    log = machine_bed.boot(bed.flash("unfit", bed.good, image), ["--cpus", 2, "--tpm", state], until=r"^signet: payload: halting")
    boots = machine_bed.each_boot(log)
    expect(len(boots) == 4, f"{len(boots)} boots", log.tail())
    for boot in boots[:3]:
        boot.need(r"^signet: stop 120: ")
        boot.need(r"^signet: hypervisor: resetting$")
    boots[1].need(r"^signet: hypervisor: the last run ended by: the fleet configuration is malformed$")
    after = bed.nv_state(state)
    found = (after["slot-a"], after["slot-b"], after["slot-b-cause"])
    expect(found == ("GOOD", "BAD", "1"), f"the slots' records after it: {found}")


def uefi(bed):
    """Firmware's log, the stage's events in it, then the hypervisor's. Its PCR7 is none that the fleet approved."""
    image = node_image(bed, "node-uefi", "--ungated")
    log = machine_bed.boot(bed.flash("node-uefi", image, image), ["--cpus", 2, "--uefi"], until=HALTED)
    expect_replays(log)
    expect([kind for kind, *_ in records(log, 14)] == [16, 17, 18, 32, 35, 34, 33, 36], "PCR14", log.tail())
    found = {step: outcome(log, step) for step in ("admit", "provision", "writing")}
    expect(found == {"admit": 0, "provision": 47, "writing": 49}, f"steps: {found}")


def trial(bed):
    """An enrolled node tries a release: nothing is installed meanwhile, nobody enrols it again, and it is found well."""
    image = node_image(bed, "trial", "--ungated")
    state = bed.provision("trial", record("good", bed.good), record("staged", image))
    log = machine_bed.boot(bed.flash("trial", bed.good, image), ["--cpus", 2, "--tpm", state], until=HALTED)
    log.need(r"^signet: node: on trial: 10 minutes to be found well$")
    found = {step: outcome(log, step) for step in STEPS}
    expect(found == {"admit": 0, "stage-early": 70, "provision-other-key": 5, "provision-no-authority": 51,
                     "provision": 43, "healthy": 0, "writing": 0, "staged": 0, "stage-running": 5}, f"steps: {found}")
    status = report.fields(log, "status")
    expect((status["slot-a"], status["slot-b"], status["trial"]) == ("2", "4", "0"), f"status: {status}")
    expect_replays(log)
    after = bed.nv_state(state)
    expect((after["slot-a"], after["slot-b"]) == ("STAGED", "UNCONFIRMED"), f"the slots' records after it: {after}")


def hangs(bed):
    """A release that nobody finds well loses its tries, one each time, and the good one comes back."""
    image = node_image(bed, "idle", "--name", "idle")
    state = bed.provision("idle", record("good", bed.good), record("staged", image))
    log = machine_bed.boot(bed.flash("idle", bed.good, image), ["--tpm", state], until=r"^signet: payload: halting")
    boots = machine_bed.each_boot(log)
    expect(len(boots) == 4, f"{len(boots)} boots", log.tail())
    for boot in boots[:3]:
        boot.need(r"^signet: hypervisor: trial: this release was not found well in time$")
    for boot in boots[1:3]:
        boot.need(r"^signet: .*trial: this release was not found well in time$")
    sessions = {boot.need(r"^signet: node: boot session ([0-9a-f]{64})$").group(1) for boot in boots[:3]}
    expect(len(sessions) == 3, f"boot sessions: {sessions}")
    after = bed.nv_state(state)
    found = (after["slot-a"], after["slot-b"], after["slot-b-cause"])
    expect(found == ("GOOD", "BAD", "1"), f"the slots' records after it: {found}")


def keeps_console(bed):
    image = node_image(bed, "console", "--ungated", "--console-port", "0x2e8", "--console-baud", "9600")
    log = machine_bed.boot(bed.flash("console", image, image), until=rf"NO DMA PROTECTION|{HALTED}")
    log.need(r"^signet: node: no UART answers at port 0x2e8: the console stays$")
    log.need(r"NO DMA PROTECTION")


def scenarios(bed):
    cases = {
        "a node's log replays to its PCRs from boot session to enrolment; the TPM port lets through what it may": lives,
        "by UEFI the log goes on where firmware and stage left it; an unapproved firmware enrols nobody": uefi,
        "a trial is found well; meanwhile nothing is installed and nobody enrols the node again": trial,
        "a trial that nobody finds well is ended, each boot with a session of its own; the good release comes back": hangs,
        "a guest is refused before the ticket, runs under it, and is kept, paused and ended with a lease; none starts "
        "after it": tickets,
        "a gated node refuses a guest, and does not measure it": gated,
        "a console port of the fleet's with no UART behind it is left": keeps_console,
        "a fleet configuration that is none stops the boot": refuses_no_configuration,
        "a trial that stops starts the machine anew, until the good release comes back": stops_on_trial,
    }
    return [(name, partial(function, bed)) for name, function in cases.items()]
