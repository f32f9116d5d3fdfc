"""
What a node and its fleet do not take, on the real image in Bochs: a boot by BIOS, a development image, tickets that are not for
this boot of this node, and releases that do not come up, which undo themselves and say why.
"""
import base64
import json
import re

import release as build
from fleetbed import CLASS, HYPERVISOR_READY, FleetBed
from live import wait_for
from story import Story
from tap import expect
from tickets import KEEP, PAUSE, STOP, make_ticket

TRIES = 3
LEASE = 30  # seconds of the node's time, of which a ticket's way there takes two or three
EXHAUSTED = "no try left and never healthy"
# In which order a policy of nothing finds fault with such a boot, and what is to be allowed to get past each.
FAULTS = {
    "PCR_VOID": "allow-bios",
    "IMAGE_DEVELOPMENT": "allow-development-image",
    "DMA": "allow-no-dma-protection",
    "BASELINE_NONE": "allow-no-baseline",
}


class RefusedStory(Story):
    def __init__(self, folder):
        super().__init__()
        self.bed = FleetBed(folder / "refused", "refused", uefi=False)

    def prepare(self):
        bed = self.bed
        self.guest = bed.make(allowed=(), guest="web")
        self.first = bed.release(1, bed.taken_over())
        self.asleep = bed.release(2, bed.initramfs_with("asleep", {"etc/signet/boot": build.HERE / "asleep"}))
        self.hanging = bed.release(3, hypervisor="build/payload.bin")
        bed.flash_image(self.first)

    def close(self):
        self.bed.close()

    # --- policy ---

    def finds_faults(self):
        bed = self.bed
        bed.switch_on()
        bed.machine.until(HYPERVISOR_READY)
        bed.becomes("the node's evidence", state="pending", verdict="PCR_VOID")
        self.id = bed.node()["id"]
        bed.operator("image", "publish", self.first)
        bed.operator("node", "enroll", self.id, "--keys", bed.owner.keys, "--class", CLASS, "--yes")
        bed.machine.until(r"^signet: node: provisioned$")
        for verdict, permission in FAULTS.items():
            bed.refused(("attest", "now", self.id), verdict)
            bed.refused(("guest", "run", self.id, self.guest), "no ticket")
            bed.server.reread({f"policy.{permission}": CLASS})

    def is_cleared(self):
        """What failed once is held until an approver clears it."""
        bed = self.bed
        bed.operator("attest", "now", self.id, status=None)
        bed.becomes("it to be held", state="held")
        bed.refused(("guest", "run", self.id, self.guest), "no ticket")
        bed.operator("attest", "clear", self.id, "--yes")
        bed.operator("attest", "now", self.id)
        bed.becomes("it to be good", state="good", verdict="GOOD")
        bed.operator("guest", "run", self.id, self.guest, "--autostart")
        bed.guest_serves(self.id, "web")

    # --- tickets, each signed as the fleet's CA would sign it ---

    def status(self):
        return json.loads(self.bed.inside("signetctl status --json"))

    def ticket(self, sequence, rule=KEEP, lease=3600, **other):
        """For this boot of this node and an open challenge, but for what `other` names."""
        status = self.status()
        binding = {what: bytes.fromhex(status[what]) for what in ("node", "session", "manifest")}
        binding["challenge"] = bytes.fromhex(self.bed.inside("signetctl challenge").strip())
        return make_ticket(self.bed.server.path("keys/fleet-ca.pem"), **{**binding, **other}, sequence=sequence, rule=rule,
                           lease=lease, epoch=max(1, status["epoch"]))

    def hand_over(self, ticket, error=None):
        encoded = base64.b64encode(ticket).decode()
        said = self.bed.inside(f"echo {encoded} | base64 -d >/run/ticket; signetctl ticket /run/ticket; echo status $?")
        wanted = f"error {error}" if error else "status 0"
        expect(wanted in said, f"a ticket: not {wanted}", said)

    def keeps_a_ticket(self):
        """Good in this boot, and not used in it."""
        self.kept = self.ticket(1000)

    def refuses_tickets(self):
        self.hand_over(self.kept, 147)
        self.hand_over(self.ticket(1000, node=bytes(range(32))), 146)
        self.hand_over(self.ticket(1000, manifest=bytes(range(48))), 148)
        self.hand_over(self.ticket(1000, challenge=bytes(range(32))), 149)
        self.hand_over(self.ticket(1, lease=3600), 150)
        good = self.ticket(1000)
        self.hand_over(good)
        self.hand_over(good, 149)

    def lease_ends(self, sequence, rule):
        """The state in which that leaves the guest; no other guest starts after it."""
        self.hand_over(self.ticket(sequence, rule, LEASE))
        said = self.bed.inside(f"""
            until signetctl status --json | tr -d ' ' | grep -q '"leaseOver":true'; do sleep 1; done
            kernel=$(find /store/blobs -type f -size +4096k | head -n 1)
            printf 'name = late\\nmemory = 64M\\nkernel = %s\\ncommand-line = console=ttyS0\\n' "$kernel" >/run/late
            signetctl create /run/late --start 2>&1
            signetctl destroy late --now 2>/dev/null
            signetctl list --json""")
        expect("error 151" in said, "a guest after the lease", said)
        state = re.search(r'"name": *"web".*?"state": *"(\w+)"', said, re.S)
        return state and state[1]

    def leases_end(self):
        states = {}
        for sequence, rule in enumerate((KEEP, PAUSE, STOP), 1001):
            states[rule] = self.lease_ends(sequence, rule)
        expect(states == {KEEP: "running", PAUSE: "paused", STOP: "off"}, f"the guest after each lease: {states}",
               self.bed.tail())
        shown = self.bed.operator("guest", "list", self.id)
        expect(re.search(r"web.*off", shown), "the operator does not see it", shown)

    # --- releases that do not come up ---

    def fails(self, image, release, ends, **options):
        """Every try of a release that was pushed; gives the update's number."""
        bed = self.bed
        update = bed.push(image, self.id)
        bed.machine.until(r"^signet: hypervisor: resetting$")
        for _ in range(TRIES):
            bed.switch_on(**options)
            bed.machine.until(rf"^signet: starting slot b \(trial\): release {release} ")
            bed.machine.until(ends)
        return update

    def falls_back(self, update, image):
        bed = self.bed
        bed.switch_on()
        bed.machine.until(r"^signet: starting slot a \(good\): release 1\.0 svn 1$")
        share = bed.update_becomes(update, "fallen-back")
        expect(share["reason"] == EXHAUSTED, f"the update's reason: {share}")
        # Evidence has told it; the node's own words, which are shown, come a little later.
        wait_for("the slot's reason", lambda: f"bad: {EXHAUSTED}" in bed.operator("node", "show", self.id), bed.machine)
        bed.becomes("the old release", state="good", release="1.0", svn=1)
        # Nothing goes out by itself, and a new order needs a word more.
        bed.operator("attest", "now", self.id)
        expect(bed.share(update)["state"] == "fallen-back", "it is pushed again")
        bed.refused(("update", "push", image, self.id), "fell back")

    def never_comes_up(self):
        update = self.fails(self.asleep, r"2\.0", r"^signet: hypervisor: trial: this release was not found well in time$",
                            net=False)
        self.falls_back(update, self.asleep)

    def hangs(self):
        update = self.fails(self.hanging, r"3\.0", r"^signet: payload: halting$")
        self.falls_back(update, self.hanging)

    def guest_serves(self):
        self.bed.guest_serves(self.id, "web")

    STEPS = (
        ("an image and a boot that the fleet's policy does not allow get no ticket: each by its name", finds_faults),
        ("allowed, it is held until an approver clears it", is_cleared),
        ("a ticket is made that this boot does not use", keeps_a_ticket),
        ("a release whose service VM never comes up undoes itself and says why", never_comes_up),
        ("a release that hangs is undone by switching off and on", hangs),
        ("the guest runs again after both", guest_serves),
        ("row 33: tickets of the last boot, another node, image, challenge, an old one and one again are refused", refuses_tickets),
        ("a lease that ends keeps, pauses or stops the guest, and starts none", leases_end),
    )


def scenarios(bed):
    return RefusedStory(bed.folder).scenarios()
