"""The server in Bochs: its first boot, enrolment, attestation, and a guest that starts only with a ticket."""
import json

import evidence
from fleetbed import CLASS, HYPERVISOR_READY
from place import GUEST
from tap import expect
from world import signet

BOOT = 110  # seconds on a quiet machine, for the bars; so the others
TPM_MAKER = "swtpm-localca"
LOADER_PCR, STAGE_PCR, GUEST_PCR = 4, 12, 13


def play(place):
    place.teller.scene("The server, in Bochs: from firmware to hypervisor")
    boots(place)
    place.teller.scene("Enrolment and attestation")
    enrols(place)
    place.teller.scene("A guest")
    runs_a_guest(place)


def boots(place):
    teller, begun = place.teller, place.powered
    with teller.step("firmware", "measures itself, and starts the one signed file from the flash key", BOOT, begun) as step:
        place.until(step, r"^BdsDxe: starting Boot")
    with teller.step("stage", "verifies release 1, measures each component, starts it", BOOT, begun) as step:
        place.until(step, r"^signet: slot a: release 1\.0 svn 1: good$")
        place.until(step, r"^signet: starting slot a \(unprovisioned\): release 1\.0 svn 1$")
    with teller.step("hypervisor", "has all processors in VMX root mode; a guest needs a ticket", BOOT, begun) as step:
        place.until(step, HYPERVISOR_READY)
        place.until(step, r"^signet: node: a guest needs a ticket$")
    with teller.step("service VM", "a Debian kernel owns the devices, and starts the agent", BOOT, begun) as step:
        place.until(step, r"service VM is up")


def enrols(place):
    bed, teller = place.bed, place.teller
    with teller.step("signetd", "the node makes itself known by its TPM's certificate, and waits", usual=15) as step:
        bed.becomes("the node's evidence", state="pending", verdict="IMAGE_DEVELOPMENT")
        place.node = bed.node()["id"]
        step.show(*bed.operator("node", "list").splitlines())
    with teller.step("hypervisor", "a guest is refused before there is a ticket", usual=8) as step:
        place.refused(step, ("guest", "run", place.node, place.guest), "no ticket")
    with teller.step("signet", "an approver sees who certifies the TPM and enrols it; its NV state is made", usual=5) as step:
        bed.operator("image", "publish", place.releases[1])
        said = bed.operator("node", "enroll", place.node, "--keys", bed.owner.keys, "--class", CLASS, "--yes")
        expect(TPM_MAKER in said and "PCR 7" in said, "it does not say what is trusted by that", said)
        step.show(*said.splitlines())
        place.until(step, r"^signet: node: provisioned$")
    with teller.step("signetd", "its firmware is unknown: no good verdict, no ticket", usual=8) as step:
        place.refused(step, ("attest", "now", place.node), "BASELINE_NONE")
    with teller.step("signetd", "an approver accepts its firmware's events: good, and it gets its ticket", usual=8) as step:
        step.show(*bed.operator("baseline", "approve", CLASS, place.node, "--yes").splitlines()[-6:])
        place.attests_well(release="1.0")
        place.keep_boot("boot 1: approved")
    with teller.step("signetd", "the TPM signed just what the files foretold: loader in PCR 4, release in PCR 12", vital=False) as step:
        foretold(place, step)


def foretold(place, step):
    """`signet image pcrs` knows nothing but the files."""
    forecasts = json.loads(signet("image", "pcrs", place.releases[1], "--boot", place.bed.owner.boot, "--json"))["pcrs"]
    wanted = {forecast["pcr"]: forecast["value"]["sha256"] for forecast in forecasts}
    found = {pcr: value.hex() for pcr, value in evidence.pcrs(place.evidences[-1]).items()}
    for pcr in (LOADER_PCR, STAGE_PCR):
        expect(wanted[pcr] == found[pcr], f"PCR{pcr}: foretold {wanted[pcr]}, quoted {found[pcr]}")
        step.show(f"PCR {pcr}  {found[pcr]}")


def runs_a_guest(place):
    with place.teller.step("hypervisor", "an unmodified Debian kernel starts under the ticket, and fetches a page from the host through "
                           "the uplink", usual=45) as step:
        place.run_guest(step)
    with place.teller.step("signetd", "the next evidence shows the guest in PCR 13, by its launch measurement", usual=8) as step:
        place.attests_well()
        launched = [row for row in evidence.rows(place.last_evidence()) if row[0] == GUEST_PCR]
        expect([words for _, _, words, _ in launched] == [GUEST], f"PCR13 has {launched}")
        step.show(*[f"PCR {pcr}  {words}  {digest}" for pcr, _, words, digest in launched])
