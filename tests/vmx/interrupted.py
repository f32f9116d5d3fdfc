"""
One update of the real image in Bochs, interrupted wherever it can be: power fails in mid-download and in the trial, the verifier
is away through three starts. Started by BIOS, which is quicker and changes nothing about it.
"""
import os

from fleetbed import LEAF, FleetBed
from live import wait_for
from story import Story
from tap import expect

BULK = 16 << 20  # of the release and of no other one, so that it is downloaded


class InterruptedUpdate(Story):
    def __init__(self, folder):
        super().__init__()
        self.bed = FleetBed(folder / "interrupted", "interrupted", uefi=False)

    def prepare(self):
        bed = self.bed
        self.guest = bed.make(guest="web")
        bulk = bed.folder / "bulk"
        bulk.write_bytes(os.urandom(BULK))
        self.first, self.second = bed.release(1), bed.release(2, bed.initramfs_with("bulky", {"bulk": bulk}))
        bed.flash_image(self.first)

    def close(self):
        self.bed.close()

    def runs_a_guest(self):
        self.bed.switch_on()
        self.id = self.bed.joins(self.first)
        self.bed.operator("guest", "run", self.id, self.guest, "--autostart")
        self.bed.guest_serves(self.id, "web")

    def loses_power_in_mid_download(self):
        bed = self.bed
        self.update = bed.push(self.second, self.id)
        common = self.second.stat().st_size - BULK
        wait_for("a mark behind bytes that were downloaded", lambda: bed.marked("b") * LEAF > common, bed.machine)
        bed.switch_off()
        there = bed.marked("b")
        bed.switch_on()
        bed.machine.until(r"^signet: slot b: refused 10: ")
        bed.machine.until(r"^signet: starting slot a \(good\): release 1\.0 svn 1$")
        bed.machine.until(r"^signet: hypervisor: resetting$")
        share = bed.share(self.update)
        left = self.second.stat().st_size - there * LEAF
        expect(0 < share["fetched"] <= share["fetched"] + share["reused"] <= left, f"not resumed at leaf {there}: {share}",
               bed.tail())

    def loses_power_in_the_trial(self):
        self.bed.switch_on()
        machine = self.bed.machine
        machine.until(r"^signet: starting slot b \(trial\): release 2\.0 svn 2$")
        machine.until(r"^signet: node: on trial: ")
        machine.refuse(r"was found well")

    def outlasts_the_verifier(self):
        bed = self.bed
        bed.server.stop()
        for reason in ("trial", "unconfirmed", "unconfirmed"):
            bed.switch_on()
            bed.machine.until(rf"^signet: starting slot b \({reason}\): release 2\.0 svn 2$")
            bed.machine.until(r"fleet server: ")
            if reason == "trial":
                bed.machine.until(r"^signet: node: this release was found well$")
            bed.machine.refuse(r"is committed|^signet: guest \d+: runs$")

    def is_committed(self):
        bed = self.bed
        bed.server.come_back()
        bed.machine.until(r"^signet: node: this release is committed, minimum SVN 2$")
        bed.becomes("the commit", state="good", release="2.0", svn=2)
        bed.update_becomes(self.update, "committed")

    def guest_comes_back(self):
        self.bed.guest_serves(self.id, "web")

    def refuses_the_old(self):
        self.bed.refused(("update", "push", self.first, self.id), "minimum")

    STEPS = (
        ("a guest runs before an update that is interrupted everywhere", runs_a_guest),
        ("power cut in mid-download: the old release starts, and the download goes on where it was", loses_power_in_mid_download),
        ("power cut in the trial: one try is lost, and the next one starts", loses_power_in_the_trial),
        ("the verifier is away through three starts of it: no guest starts, and nothing is thrown away", outlasts_the_verifier),
        ("with the verifier back it is committed", is_committed),
        ("the guest runs again after the interrupted update", guest_comes_back),
        ("the release before the interrupted update is refused from then on", refuses_the_old),
    )


def scenarios(bed):
    return InterruptedUpdate(bed.folder).scenarios()
