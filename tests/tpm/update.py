#!/usr/bin/python3
"""Updates end to end: the real `signet`, signetd and signet-agent, and a node whose stage, hypervisor decisions and TPM are real
(node-rig over swtpm). The rig starts from the partitions' files that the agent writes, so that a restart starts what was
installed. Numbers are those of ATTACKS.md. Prints TAP. usage: tests/tpm/update.py"""
import json
import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/lib"), str(ROOT / "tests/tpm")]
from agent_bed import Agent, wait_for  # noqa: E402
from rig import Control, Rig, run_cases, signet, start_guest, state_of  # noqa: E402
from signetd import Server  # noqa: E402

PATIENCE = 60
SLOT, BULK = 32 << 20, 24 << 20
RESTART = 10
STOP, STOP_NOW, RUNNING = 19, 1, 2


class Fleet:
    """Keys and boot files of one owner, and his fleet server."""

    def __init__(self, folder):
        self.folder, self.keys, self.boot = folder, folder / "keys", folder / "boot"
        signet("keys", "init", self.keys, "--development")
        signet("boot", "build", "--keys", self.keys, "--out", self.boot, "--allow-development", "--slot-size", "32M",
               "--config", "secureboot/grub.cfg", "--modules", "secureboot/grub.modules")
        (folder / "bulk").write_bytes(os.urandom(BULK))

    def serve(self):
        server = Server("--name", "test", "--host", "localhost,127.0.0.1", "--approver", "approver",
                        settings={"images.anchor": str(self.boot.resolve() / "anchor.bin"), "policy.allow-development-image": "*",
                                  "policy.allow-no-baseline": "*", "policy.allow-no-dma-protection": "*",
                                  "policy.allow-debug-image": "*", "policy.allow-ungated": "*", "limits.requests-per-second": "100000",
                                  "limits.request-burst": "100000"})
        server.start()
        return server


class Bed:
    """One node of it: partitions, TPM, at most one rig and one agent at a time."""

    def __init__(self, fleet, folder):
        self.fleet, self.folder, self.parts, self.keys = fleet, folder, folder / "parts", fleet.keys
        self.rig = self.agent = None
        self.server = fleet.serve()
        self.env = {**os.environ, "SIGNET_SERVER": f"127.0.0.1:{self.server.port('operators')}",
                    "SIGNET_OPERATOR": self.server.path("approver.pem"), "SIGNET_CA": self.server.path("fleet-ca.crt")}
        self.parts.mkdir()
        for slot in "ab":
            (self.parts / f"signet-{slot}").write_bytes(bytes(SLOT))
        (self.parts / "signet-authority").write_bytes(bytes(65536))
        self.first = self.image("first", 1)
        with open(self.parts / "signet-a", "r+b") as f:
            f.write(self.first.read_bytes())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for each in self.agent, self.rig, self.server:
            if each:
                each.__exit__()

    def image(self, name, svn, *options, bulk=None, sign=True):
        """Signed for this fleet; the bulk is the same in all of them unless it is given."""
        config, image = self.folder / "fleet.config", self.folder / f"{name}.img"
        signet("fleet", "make", "--out", config, "--ca", self.server.path("fleet-ca.crt"), "--ungated", "--address",
               f"127.0.0.1:{self.server.port('nodes')}")
        signet("image", "build", "--keys", self.keys, "--release", name, "--svn", svn, "--component",
               "hypervisor=build/hv.bin", "--component", f"fleet-config={config}", "--component",
               f"service-initramfs={bulk or self.fleet.folder / 'bulk'}", "--output", image, "--development", *options)
        if sign:
            signet("image", "sign", image, "--keys", self.keys)
        return image

    def fresh_bulk(self, name):
        """Nothing of it is in the running slot, so that it is downloaded."""
        (self.folder / name).write_bytes(os.urandom(BULK))
        return self.folder / name

    # the operator

    def run(self, *words, code=0):
        done = subprocess.run([str(w) for w in ("build/signet", *words)], env=self.env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=4 * PATIENCE, check=False)
        assert done.returncode == code, f"{words}: exit {done.returncode}, not {code}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def push(self, image, *options, code=0):
        """Ordered, and not waited for."""
        made = self.run("update", "push", image, self.node, "--no-wait", "--json", *options, code=code)
        return json.loads(made)["id"]

    def share(self, update):
        answer = json.loads(self.run("update", "status", update, "--json"))
        return answer["nodes"][0]

    def until(self, update, *states):
        seen = []

        def reached():
            seen.append(self.share(update))
            return seen[-1]["state"] in states and seen[-1]
        try:
            return wait_for(f"update {update} to be {states}", reached)
        except AssertionError as e:
            raise AssertionError(f"{e}\nit is {seen[-1]}\n{self.server.log()}") from None

    def refused(self, image, code, *options):
        """Refused with this code before a byte of it was downloaded."""
        share = self.share(self.push(image, *options))
        assert share["state"] == "refused" and share["code"] == code and share["advice"], share
        assert share["reason"] and share["fetched"] == 0, share
        return share

    # the node

    def boot(self, agent=True):
        """Starts the machine: what the last boot kept in memory is gone."""
        shutil.rmtree(self.folder / "run", ignore_errors=True)
        self.rig = Rig(self.folder, self.fleet.boot, self.parts / "signet-a", "--slot-b", self.parts / "signet-b",
                       "--authority", self.parts / "signet-authority")
        if agent:
            self.start_agent()

    def start_agent(self):
        said = self.folder / "agent.said"
        self.begun = len(said.read_text()) if said.exists() else 0
        self.agent = Agent(self.folder, self.rig)

    def heard(self):
        """Kinds of the commands that the agent carried out since it was started last."""
        return re.findall(r"command \d+, ([\w-]+)", self.agent.said.read_text()[self.begun:])

    def stop_agent(self):
        if self.agent:
            self.agent.kill()
        self.agent = None

    def power_off(self):
        self.stop_agent()
        self.rig.child.kill()
        self.rig.child.wait()

    def restarts(self, agent=True):
        """The machine ends by itself, and comes up again."""
        self.rig.end(RESTART)
        self.stop_agent()
        self.boot(agent)

    def join(self):
        self.boot()
        self.agent.need("waits for an approver")
        nodes = json.loads(self.run("node", "list", "--json"))["nodes"]
        self.node = nodes[0]["id"]
        self.run("node", "enroll", self.node, "--keys", self.fleet.keys, "--accept-uncertified", "--yes")
        wait_for("provisioned", lambda: self.show()["provisioned"])
        # The first start with its boot state: it passes.
        self.power_off()
        self.boot()
        wait_for("a good first release", lambda: self.show()["state"] == "good")

    def show(self):
        return json.loads(self.run("node", "show", self.node, "--json"))

    def slot(self, name):
        return json.loads(self.rig.ctl("slots", "--json"))["ab".index(name)]

    def commits(self, update, release):
        share = self.until(update, "committed")
        wait_for("its release", lambda: self.show()["release"] == release)
        return share


def commits(bed):
    """11, 12: an older release after a newer one, with all its signatures right, is refused before it is downloaded."""
    bed.join()
    second = bed.image("second", 2)
    update = bed.push(second, "--drain", "now")
    bed.restarts()
    share = bed.commits(update, "second")
    # What the two have in common came from the running slot.
    assert share["reused"] >= BULK - 65536 and share["fetched"] < 4 << 20, share
    assert share["written"] >= BULK, share
    wait_for("the floors", lambda: bed.show()["floors"]["image"] == 2)
    share = bed.refused(bed.first, "below-minimum")
    assert "security version" in share["reason"], share
    assert "below the minimum" in bed.run("update", "push", bed.first, bed.node, code=1)
    bed.refused(second, "runs-already")


def transfer_is_amid(bed):
    """A mark stands in the other slot: 4 MiB of the image are there, and the rest is not."""
    def marked():
        with open(bed.parts / "signet-b", "rb") as f:
            return f.read(8) == b"SIGNETJ1"
    wait_for("a mark in slot b", marked)


def resumes(bed):
    """20: the agent is killed in mid-transfer; the next one goes on at the mark."""
    bed.join()
    update = bed.push(bed.image("second", 2, bulk=bed.fresh_bulk("other")), "--drain", "now")
    transfer_is_amid(bed)
    bed.stop_agent()
    assert bed.share(update)["state"] in ("waiting", "writing")
    bed.start_agent()
    bed.restarts()
    share = bed.commits(update, "second")
    assert 0 < share["fetched"] <= BULK - (4 << 20) + (2 << 20), share


def outlives_power_cut(bed):
    """19: power goes in mid-download; the node comes up with its old release, and the download goes on."""
    bed.join()
    update = bed.push(bed.image("second", 2, bulk=bed.fresh_bulk("other")), "--drain", "now")
    transfer_is_amid(bed)
    bed.power_off()
    bed.boot()
    assert "first" in bed.rig.text()
    bed.restarts()
    share = bed.commits(update, "second")
    assert share["fetched"] < BULK - (2 << 20), share


def outlives_the_server(bed):
    """30: the fleet server goes in mid-transfer, and again while the release is on trial, over three starts of the node: it
    is not thrown away, and committed once the server is back."""
    bed.join()
    update = bed.push(bed.image("second", 2, bulk=bed.fresh_bulk("other")), "--drain", "now")
    transfer_is_amid(bed)
    bed.server.stop()
    assert bed.slot("b")["state"] == "writing", "it was over before the server went"
    bed.server.come_back()
    bed.rig.end(RESTART)
    bed.stop_agent()
    bed.server.stop()
    for _ in range(3):
        bed.boot()
        bed.agent.need("fleet server: ")
        wait_for("unconfirmed", lambda: bed.slot("b")["state"] == "unconfirmed")
        bed.power_off()
    bed.server.come_back()
    bed.boot()
    bed.commits(update, "second")
    assert bed.slot("b")["state"] == "good"


def falls_back(bed):
    """A release that never becomes healthy undoes itself, says why, and is not pushed again by itself."""
    bed.join()
    second = bed.image("second", 2)
    update = bed.push(second, "--drain", "now")
    bed.rig.end(RESTART)
    bed.stop_agent()
    for _ in range(3):
        bed.boot(agent=False)
        assert "second" in bed.rig.text(), bed.rig.text()
        bed.power_off()
    bed.boot()
    share = bed.until(update, "fallen-back")
    assert share["reason"] == "no try left and never healthy", share
    assert "no try left and never healthy" in bed.run("update", "status", update)
    assert "bad: no try left and never healthy" in bed.run("node", "show", bed.node)
    assert bed.show()["release"] == "first" and bed.show()["floors"]["image"] == 1
    # Neither now, nor after another start.
    bed.power_off()
    bed.boot()
    bed.run("attest", "now", bed.node)
    assert "update" not in bed.heard(), bed.agent.said.read_text()
    assert bed.share(update)["state"] == "fallen-back" and bed.slot("b")["state"] == "bad"
    bed.refused(second, "fell-back")
    again = bed.push(second, "--drain", "now", "--force")
    bed.restarts()
    bed.commits(again, "second")


def is_cancelled(bed):
    """Before it is tried an update can be given up: in mid-transfer, and while it waits for guests."""
    bed.join()
    guest, started = start_guest(Control(bed.rig.control), "busy")
    assert started == 0, started
    update = bed.push(bed.image("second", 2, bulk=bed.fresh_bulk("other")))
    transfer_is_amid(bed)
    bed.run("update", "cancel", update)
    assert bed.share(update)["state"] == "cancelled"
    wait_for("a slot that starts nothing", lambda: bed.slot("b")["state"] == "writing" and "update-cancel" in bed.heard())
    update = bed.push(bed.image("third", 3))
    bed.until(update, "draining")
    assert bed.slot("b")["state"] == "staged"
    bed.run("update", "cancel", update)
    wait_for("the slot taken back", lambda: bed.slot("b")["state"] == "writing")
    bed.run("update", "cancel", update, code=1)
    bed.run("update", "cancel", 99, code=1)
    # When the last guest has ended, it starts by itself.
    update = bed.push(bed.image("fourth", 4))
    bed.until(update, "draining")
    assert bed.rig.child.poll() is None and state_of(Control(bed.rig.control), guest) == RUNNING
    Control(bed.rig.control).ask(STOP, struct.pack("<II", guest, STOP_NOW))
    bed.restarts()
    bed.commits(update, "fourth")


def refuses(bed):
    """10, 12, 13, 14, 21, 22: each refusal by its own name, before anything is downloaded."""
    bed.join()
    assert "fewer valid signatures" in bed.run("update", "push", bed.image("unsigned", 2, sign=False), bed.node, code=5)
    bed.refused(bed.image("old", 0), "below-minimum")
    bed.refused(bed.image("leap", 4000), "svn-leap")
    bed.refused(bed.image("stage", 2, "--min-stage-version", "9"), "stage-too-old")
    bed.refused(bed.first, "runs-already")
    bed.refused(bed.image("other", 2, "--hardware-class", "laptop"), "other-hardware")
    big = bed.folder / "big"
    big.write_bytes(os.urandom(SLOT))
    share = bed.until(bed.push(bed.image("big", 2, bulk=big)), "refused")
    assert share["code"] == "does-not-fit" and share["fetched"] == 0, share
    assert bed.slot("b")["state"] == "empty"
    bed.server.reread({"policy.allow-development-image": ""})
    good = bed.image("good", 2)
    bed.refused(good, "development-image")
    bed.server.reread({"policy.allow-development-image": "*"})
    # A node that is away takes it up later; a second one must wait.
    bed.power_off()
    update = bed.push(good, "--drain", "now")
    assert bed.share(update)["state"] == "waiting"
    bed.refused(bed.image("another", 3), "under-way")
    bed.boot()
    bed.restarts()
    bed.commits(update, "good")


def revokes(bed):
    """Revoked keys reach a node by the same push; what they signed is refused from then on."""
    bed.join()
    late = bed.image("late", 3)
    keys = bed.folder / "keys"
    shutil.copytree(bed.fleet.keys, keys)
    bed.keys = keys
    signet("keys", "rotate", keys, "--role", "release")
    update = bed.push(bed.image("second", 2), "--drain", "now")
    bed.restarts()
    bed.commits(update, "second")
    wait_for("the floors", lambda: bed.show()["floors"]["key"] == 2)
    bed.refused(late, "keys-revoked")


CASES = {
    "1 to 2, attested commit, floors; 1 again is refused (11, 12)": commits,
    "agent killed in mid-transfer: resumed at the mark (20)": resumes,
    "power cut in mid-download: the old release starts, the download goes on (19)": outlives_power_cut,
    "fleet server away in mid-transfer and through three starts of a trial: commits (30)": outlives_the_server,
    "never healthy: falls back, says why, is not pushed again by itself": falls_back,
    "cancelled in mid-transfer and while it waits for guests": is_cancelled,
    "each refusal by its name (10, 12, 21, 22)": refuses,
    "revoked keys reach the node by the same push": revokes,
}


def attempt(fleet, folder, case):
    with Bed(fleet, folder) as bed:
        try:
            case(bed)
        except (AssertionError, subprocess.TimeoutExpired) as e:
            e.add_note(bed.rig.text() if bed.rig else "")
            raise


if __name__ == "__main__":
    sys.exit(run_cases("update", Fleet, CASES, attempt))
