"""Baselines of firmware, over real TLS: compared, approved, several at once, revoked; what they forgive and what not."""
import base64
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))

from signetd import error_of
from simnode import NO_TICKET, Fleet, join_of, join_other, same, verdict
from tap import expect, main


def firmware_is_explained_and_approved():
    with Fleet() as fleet:
        node = join_of(fleet)
        node.tell("boot firmware=firmware 1.1")
        answer = node.attest()
        same((verdict(answer), answer["ticket"]), ("BASELINE_DIFFERS", NO_TICKET), "another firmware")
        shown = fleet.ask("GET", f"/v1/nodes/{node.id}")["appraisal"]
        difference = shown["difference"]
        same(difference["pcr"], 0, "the PCR")
        expect("firmware 1.1" in difference["foundText"], "what was found", str(difference))
        expect("firmware" in difference["advice"], "what to do", str(difference))
        diff = fleet.ask("GET", f"/v1/baselines/rack/diff?node={node.id}")
        added = [e for e in diff["events"] if e["change"] != "same"]
        same([(e["change"], e["pcr"], e["found"]["text"]) for e in added], [("added", 0, "firmware 1.1")], "the diff")
        same(node.attest()["ticket"], NO_TICKET, "still none")
        fleet.approve(node)
        answer = node.attest()
        same((answer["body"]["state"], answer["ticket"]), ("good", 0), "approved")
        same(fleet.ask("GET", f"/v1/baselines/rack/diff?node={node.id}")["same"], True, "nothing differs")
        for baseline in fleet.ask("GET", "/v1/baselines/rack")["baselines"]:
            same((baseline["approvedBy"], baseline["count"]), ("approver", len(baseline["events"])), "the baseline")
            same(fleet.ask("GET", f"/v1/baselines/rack/{baseline['number']}"), baseline, "by its number")
        fleet.ask("DELETE", "/v1/baselines/rack")
        same(verdict(node.attest()), "BASELINE_NONE", "revoked")
        fleet.ask("GET", "/v1/baselines/rack", status=404)
        fleet.ask("DELETE", "/v1/baselines/rack", status=404)
        fleet.ask("GET", f"/v1/baselines/rack/diff?node={node.id}", status=404)
        fleet.approve(node, number=99, status=404)


def needs(fleet):
    """Of each baseline, how many nodes matched it last."""
    return {b["number"]: b["nodes"] for b in fleet.ask("GET", "/v1/baselines")["baselines"]}


def several_firmwares_are_good_at_once():
    """A rolling update: the approver's new baseline takes nothing from those that have the old firmware."""
    with Fleet() as fleet:
        canary = join_of(fleet)
        other = join_other(fleet, 2)
        same(needs(fleet), {1: 2}, "one for both")
        began = fleet.ask("GET", f"/v1/nodes/{other.id}")["baseline"]
        same(fleet.ask("GET", "/v1/baselines/rack/1")["since"], fleet.ask("GET", f"/v1/nodes/{canary.id}")["baseline"]["since"], "since")
        canary.tell("boot firmware=firmware 1.1")
        same(verdict(canary.attest()), "BASELINE_DIFFERS", "the new firmware")
        same(fleet.ask("GET", f"/v1/nodes/{canary.id}")["appraisal"]["baseline"], 1, "from which it differs")
        diff = fleet.ask("GET", f"/v1/baselines/rack/diff?node={canary.id}")
        same((diff["number"], diff["reason"], diff["same"]), (1, "matched-last", False), "compared with which, and why")
        approved = fleet.approve(canary)
        same((approved["number"], approved["added"]), (2, True), "one more")
        diff = fleet.ask("GET", f"/v1/baselines/rack/diff?node={canary.id}")
        same((diff["number"], diff["reason"], diff["same"]), (2, "accepts", True), "compared with what accepts it")
        for node, number in ((canary, 2), (other, 1), (canary, 2), (other, 1)):
            answer = node.attest()
            same((verdict(answer), answer["body"]["state"], answer["ticket"]), ("GOOD", "good", 0), "old and new")
            shown = fleet.ask("GET", f"/v1/nodes/{node.id}")
            same((shown["appraisal"]["baseline"], shown["baseline"]["number"]), (number, number), "by which")
        same(fleet.ask("GET", f"/v1/nodes/{other.id}")["baseline"], began, "as long as before")
        same(needs(fleet), {1: 1, 2: 1}, "one each")
        node = fleet.ask("GET", f"/v1/nodes/{canary.id}/result")["ear"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(node + "=" * (-len(node) % 4)))["submods"]["node"]
        same(claims["signet_baseline"], 2, "the result says which")
        other.tell("boot firmware=firmware 1.1")
        same((verdict(other.attest()), fleet.state(other)), ("GOOD", "good"), "updated, and never held")
        same(needs(fleet), {1: 0, 2: 2}, "nobody needs the old one")
        fleet.restart()
        same(needs(fleet), {1: 0, 2: 2}, "kept")


def revoked_baselines_accept_nothing():
    with Fleet() as fleet:
        old = join_of(fleet)
        new = join_other(fleet, 2)
        new.tell("boot firmware=firmware 1.1")
        new.attest()
        fleet.approve(new)
        same(verdict(new.attest()), "GOOD", "approved")
        fleet.ask("DELETE", "/v1/baselines/rack/1")
        fleet.ask("DELETE", "/v1/baselines/rack/1", status=404)
        for number in "0", "x", "3":
            fleet.ask("DELETE", f"/v1/baselines/rack/{number}", status=404)
        same(needs(fleet), {2: 1}, "what is left")
        answer = old.attest()
        same((verdict(answer), answer["ticket"]), ("BASELINE_DIFFERS", NO_TICKET), "who needed it")
        same(verdict(new.attest()), "GOOD", "who did not")
        diff = fleet.ask("GET", f"/v1/baselines/rack/diff?node={old.id}")
        same((diff["number"], diff["reason"]), (2, "nearest"), "the one that it matched is gone")
        # Its own events again: under a number of their own, and forgiven.
        same(fleet.approve(old)["number"], 3, "no number comes twice")
        same((verdict(old.attest()), fleet.state(old)), ("GOOD", "good"), "approved again")
        notes = [json.loads(e["content"]).get("detail", "") for e in fleet.ask("GET", "/v1/audit")["entries"] if "DELETE" in e["content"]]
        expect("baseline 1 of class rack" in notes, "the audit log says which was revoked", str(notes))


def baselines_are_bounded():
    with Fleet() as fleet:
        node = join_of(fleet)
        first = fleet.ask("GET", f"/v1/nodes/{node.id}")["appraisal"]["number"]
        for version in range(2, 9):
            node.tell(f"boot firmware=firmware {version}")
            node.attest()
            same(fleet.approve(node)["number"], version, "one more")
        again = fleet.approve(node, number=first)
        same((again["number"], again["added"]), (1, False), "the same events are not added twice")
        same(sorted(needs(fleet)), list(range(1, 9)), "eight")
        node.tell("boot firmware=firmware 9")
        same(verdict(node.attest()), "BASELINE_DIFFERS", "a ninth")
        refused = fleet.approve(node, status=409)
        same(error_of(refused), "too-many-baselines", "not a ninth")
        expect("signet baseline list" in refused["error"]["advice"], "what to do", str(refused))
        same(verdict(node.attest()), "BASELINE_DIFFERS", "nothing was changed by it")
        number = fleet.ask("GET", f"/v1/nodes/{node.id}/history")["appraisals"][0]["number"]
        body = {"node": node.id, "appraisal": number, "replace": True}
        replaced = fleet.ask("POST", "/v1/baselines/rack", body)
        same((replaced["number"], replaced["added"]), (9, True), "in the others' place")
        same((verdict(node.attest()), needs(fleet)), ("GOOD", {9: 1}), "the only one")
        same(fleet.ask("POST", "/v1/baselines/rack", body)["added"], False, "the same again")
        same(needs(fleet), {9: 1}, "stays")


def a_baseline_forgives_firmware_alone():
    """ATTACKS 30: a failure that hides behind one that will be approved."""
    with Fleet() as fleet:
        node = join_of(fleet)
        node.tell("boot firmware=firmware 1.1")
        same(verdict(node.attest()), "BASELINE_DIFFERS", "another firmware")
        same(verdict(node.attest("cut-log")), "LOG_REPLAY", "and then a log that was cut")
        same(verdict(node.attest()), "BASELINE_DIFFERS", "the firmware again")
        fleet.approve(node)
        answer = node.attest()
        same((verdict(answer), answer["body"]["state"], answer["ticket"]), ("GOOD", "held", NO_TICKET), "held")
        same(fleet.ask("GET", f"/v1/nodes/{node.id}")["held"]["name"], "LOG_REPLAY", "what for")
        failed = [e for e in fleet.ask("GET", "/v1/audit")["entries"] if "node-failed" in e["content"]]
        same(len(failed), 3, "each hold is in the audit log")


def logs_that_prove_nothing_are_no_baseline():
    with Fleet() as fleet:
        node = fleet.good_node(1)
        same(verdict(node.attest("cut-log")), "LOG_REPLAY", "cut")
        fleet.approve(node, status=409)


SCENARIOS = [(f.__name__.replace("_", " "), f) for f in (
    firmware_is_explained_and_approved, several_firmwares_are_good_at_once, revoked_baselines_accept_nothing,
    baselines_are_bounded, a_baseline_forgives_firmware_alone, logs_that_prove_nothing_are_no_baseline)]

if __name__ == "__main__":
    main(SCENARIOS)
