"""
The whole way on one real flash image: firmware to enrolment and attestation, a guest behind a ticket, an attested update,
firmware that changed, and a service VM that was taken over.

One machine in Bochs, started by OVMF, and a real fleet server; what the operator does, `signet` does.
"""
from fleetbed import CLASS, HYPERVISOR_READY, FleetBed
from story import Story
from tap import expect


class FleetStory(Story):
    def __init__(self, folder):
        super().__init__()
        self.bed = FleetBed(folder / "fleet", "story")

    def prepare(self):
        bed = self.bed
        bed.make()
        self.releases = {1: bed.release(1), 2: bed.release(2, bed.taken_over())}
        bed.flash_image(self.releases[1])
        self.guest = bed.guest_file("web", "fetch address=10.0.2.77")

    def close(self):
        self.bed.close()

    def boots(self):
        self.bed.switch_on()
        machine = self.bed.machine
        machine.until(HYPERVISOR_READY)
        machine.until(r"^signet: node: a guest needs a ticket$")
        machine.until(r"service VM is up")

    def makes_itself_known(self):
        self.bed.becomes("the node's evidence", state="pending", verdict="IMAGE_DEVELOPMENT")
        self.id = self.bed.node()["id"]
        self.bed.refused(("guest", "run", self.id, self.guest), "no ticket")

    def enrols(self):
        self.bed.operator("image", "publish", self.releases[1])
        said = self.bed.operator("node", "enroll", self.id, "--keys", self.bed.owner.keys, "--class", CLASS, "--yes")
        expect("swtpm-localca" in said and "PCR 7" in said, "it does not say what is trusted by that", said)
        self.bed.machine.until(r"^signet: node: provisioned$")

    def needs_a_baseline(self):
        self.bed.refused(("attest", "now", self.id), "BASELINE_NONE")
        self.bed.refused(("guest", "run", self.id, self.guest), "no ticket")

    def attests(self):
        self.bed.operator("baseline", "approve", CLASS, self.id, "--yes")
        self.bed.operator("attest", "now", self.id)
        self.bed.becomes("it to be good", state="good", verdict="GOOD")

    def runs_a_guest(self):
        self.bed.operator("guest", "run", self.id, self.guest, "--autostart")
        self.guest_serves()

    def guest_serves(self):
        self.bed.guest_serves(self.id, "web")

    def updates(self):
        self.bed.operator("update", "push", self.releases[2], self.id, "--drain", "now", "--no-wait")
        self.bed.machine.until(r"^signet: hypervisor: resetting$")
        self.bed.switch_on()
        machine = self.bed.machine
        machine.until(r"^signet: starting slot b \(trial\): release 2\.0 svn 2$")
        machine.until(r"^signet: node: this release was found well$")
        machine.until(r"^signet: node: this release is committed, minimum SVN 2$")
        self.bed.becomes("the commit", state="good", release="2.0", svn=2)

    def refuses_the_old(self):
        self.bed.refused(("update", "push", self.releases[1], self.id), "minimum")

    def sees_changed_firmware(self):
        """One processor less is another ACPI table: an event of PCR 1."""
        self.bed.switch_on(cpus=1)
        self.bed.machine.until(HYPERVISOR_READY)
        self.bed.becomes("its new evidence", verdict="BASELINE_DIFFERS")
        said = self.bed.operator("attest", "explain", self.id)
        expect("expected" in said.lower() and "found" in said.lower(), "the event is not named", said)
        self.bed.refused(("guest", "run", self.id, self.guest), "no ticket")

    def is_approved(self):
        self.bed.operator("baseline", "approve", CLASS, self.id, "--yes")
        self.bed.operator("attest", "now", self.id)
        self.bed.operator("guest", "run", self.id, self.guest)
        self.guest_serves()

    def is_taken_over(self):
        found = self.bed.attack()
        said = str(found)
        expect("error 152" in found["guest"], "a guest without a ticket", said)
        expect("error 14" in found["forged ticket"], "a forged ticket", said)
        # TPM_RC_COMMAND_CODE, by the hypervisor.
        codes = {what: found[what] for what in ("extend", "nv write", "nv undefine", "clear")}
        expect(set(codes.values()) == {"00000143"}, "the TPM's commands", said)
        expect('"name":"web"' in found["guests"] and '"state":"running"' in found["guests"], "the guest", said)

    STEPS = (
        ("firmware, stage and hypervisor start the service VM; guests need a ticket", boots),
        ("a node makes itself known with its TPM's certificate; pending, it gets no ticket", makes_itself_known),
        ("an approver enrols it: its NV state is made under the owner's policy", enrols),
        ("an unknown firmware is named, and no guest starts", needs_a_baseline),
        ("with its firmware approved it attests and gets its ticket", attests),
        ("a stock Debian kernel, ordered by the operator, fetches a page through the uplink", runs_a_guest),
        ("release 2 is pushed, tried, attested and committed", updates),
        ("the guest comes back by itself after the update", guest_serves),
        ("release 1 is refused from then on", refuses_the_old),
        ("changed firmware gets no ticket, and the event is named", sees_changed_firmware),
        ("approved, the same boot gets its ticket, and the guest runs", is_approved),
        ("row 34: root in the service VM ends the agent and asks the hypervisor and the TPM itself: refused", is_taken_over),
    )


def scenarios(bed):
    return FleetStory(bed.folder).scenarios()
