"""The fleet server and its nodes, over real TLS: enrolment, attestation, tickets, failures, guests, results."""
import base64
import hashlib
import json
import os
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from signetd import error_of
from simnode import NO_TICKET, Fleet, join_of, join_other, same, verdict
from tap import expect, main

def enrols_and_attests():
    with Fleet() as fleet:
        node = fleet.node(1)
        same(node.attest()["status"], 404, "a node that nobody knows")
        node.join()
        listed = fleet.ask("GET", "/v1/nodes")["nodes"]
        same([(n["id"], n["state"], n["hostname"]) for n in listed], [(node.id, "pending", "simulated")], "the list")
        shown = fleet.ask("GET", f"/v1/nodes/{node.id}")
        same((shown["pcr7"], shown["ekCertificate"]), (node.pcr7, None), "what the approver sees")
        fleet.enroll(node, status=409, acceptUncertified=False)
        fleet.enroll(node, status=409, pcr7="11" * 32)
        fleet.enroll(node)
        same(fleet.state(node), "enrolled", "enrolled")
        same(node.serve_one("provision"), ["provision"], "what a new node is told")
        fleet.until(lambda: fleet.ask("GET", f"/v1/nodes/{node.id}")["provisioned"], "provisioned")
        same(verdict(node.attest()), "BASELINE_NONE", "no baseline")
        fleet.approve(node)
        for sequence in (1, 2):
            answer = node.attest()
            same((verdict(answer), answer["ticket"], answer["sequence"]), ("GOOD", 0, sequence), "a ticket")
        node.tell("boot")
        answer = node.attest()
        same((verdict(answer), answer["ticket"], answer["sequence"]), ("GOOD", 0, 1), "the next boot's")
        same(fleet.state(node), "good", "its state")


def activation_is_judged():
    """ATTACKS 27."""
    with Fleet() as fleet:
        node = fleet.node(1)
        same(error_of(node.tell("enroll wrong")["body"]), "activation-wrong", "a wrong activation")
        same(fleet.ask("GET", "/v1/nodes")["nodes"], [], "nobody is known by it")
        node = join_of(fleet, 2)
        answer = node.tell("enroll other-ak")
        same((answer["status"], error_of(answer["body"])), (409, "enrolled-otherwise"), "another AK of an enrolled EK")
        same(node.tell("enroll")["body"]["state"], "good", "its own AK again")
        same(node.tell("enroll other-ak")["status"], 409, "once more")
        log = json.dumps(fleet.ask("GET", "/v1/audit"))
        same(log.count("node-enrolled-otherwise"), 1, "the audit log tells of it, and is not filled by it")


def the_pending_have_little():
    """Anybody can make a TPM of his own, and get as far as pending."""
    with Fleet() as fleet:
        node = fleet.node(1)
        node.join()
        same(node.tell("enroll")["body"]["state"], "pending", "an agent that lost its notes")
        same(node.attest()["body"]["state"], "pending", "attests as before")
        blob = f"/node/v1/blobs/{'00' * 48}"
        same(node.tell("get " + blob)["status"], 403, "what the server keeps is for its nodes")
        same(join_of(fleet, 2).tell("get " + blob)["status"], 404, "and those may ask")


def who_is_away_makes_place():
    """TPMs of software: they wait as long as nobody else needs the place, or they are there."""
    with Fleet(settings={"tpm.pending-uncertified": "3", "tpm.pending-per-address": "3"}) as fleet:
        nodes = [fleet.node(seed) for seed in range(1, 6)]
        for node in nodes[:3]:
            node.join()
        answer = nodes[3].tell("enroll")
        same((answer["status"], error_of(answer["body"])), (503, "too-many-pending"), "more of one address")
        same(fleet.server.figures()["signetd_pending_refused_total"], 1, "counted")
        # The server has forgotten whence they came, and nobody is there.
        fleet.restart()
        nodes[0].tell("rekey")
        nodes[0].attest()
        nodes[0].send_poll()
        nodes[4].join()
        known = {n["id"] for n in fleet.ask("GET", "/v1/nodes")["nodes"]}
        expect(nodes[0].id in known and nodes[4].id in known and len(known) == 3, "who is there stays", str(known))
        same(fleet.server.figures()["signetd_pending_dropped_total"], 1, "counted")


def a_number_means_one_appraisal():
    """What an approver has looked at is what he approves, whoever went and came again meanwhile."""
    with Fleet(settings={"tpm.pending-uncertified": "1"}) as fleet:
        first = fleet.node(1)
        first.join()
        seen = fleet.ask("GET", f"/v1/nodes/{first.id}")["appraisal"]["number"]
        # It goes away, another drops it, goes away too, and it is back with another firmware.
        fleet.restart()
        fleet.node(2).join()
        fleet.restart()
        first.tell("boot firmware=another")
        first.join()
        same(fleet.server.figures()["signetd_pending_dropped_total"], 1, "dropped, and the other for it")
        fleet.approve(first, number=seen, status=404)
        now = fleet.ask("GET", f"/v1/nodes/{first.id}")["appraisal"]["number"]
        expect(now > seen, "numbered on", f"{now} after {seen}")
        # The same of one that an approver removed.
        fleet.ask("DELETE", f"/v1/nodes/{first.id}")
        first.tell("rekey")
        first.join()
        fleet.approve(first, number=now, status=404)


def forgeries_are_nobodys():
    """ATTACKS 26, 27, 28, 32 through the server: refused by name, and they do the node no harm."""
    with Fleet() as fleet:
        node = join_of(fleet)
        other = join_other(fleet, 2)
        same(verdict(node.tell("again")), "NONCE", "a nonce twice")
        same(verdict(node.attest("zero-nonce")), "NONCE", "a nonce that nobody issued")
        same(verdict(node.attest("stranger")), "SIGNATURE", "another key's signature")
        same(verdict(other.attest()), "GOOD", "the neighbour")
        before = fleet.ask("GET", f"/v1/nodes/{node.id}/history")["appraisals"]
        same([a["verdict"]["name"] for a in before], ["GOOD", "BASELINE_NONE", "UNPROVISIONED"], "what is kept")
        same((fleet.state(node), verdict(node.attest())), ("good", "GOOD"), "unharmed")
        refused = fleet.ask("GET", f"/v1/nodes/{node.id}")["refused"]
        same((refused["count"], refused["verdict"]["name"]), (3, "SIGNATURE"), "what was shown in its name")


def an_order_to_attest_is_answered_by_new_evidence_alone():
    """ATTACKS 26, 30: a node's word is no verdict, and an old verdict is not told as a new one."""
    with Fleet() as fleet:
        node = join_of(fleet)
        path = f"/v1/nodes/{node.id}/attest"
        node.flush()
        node.tell("brief " + node.poll_line())

        def order(status, act):
            answer = in_background(lambda: fleet.ask("POST", path, status=status))
            commands = []
            while not commands:
                commands = node.poll()
            same([c["kind"] for c in commands], ["attest"], "the order")
            act()
            node.answer(commands[0], {"verdict": "GOOD"})
            node.flush()
            return answer()

        same(order(200, node.attest)["verdict"]["name"], "GOOD", "a node that attests")
        same(error_of(order(409, lambda: None)), "no-evidence", "one that only says so")
        same(error_of(order(409, lambda: node.tell("again"))), "no-evidence", "one that shows what it showed before")
        same(error_of(order(409, lambda: node.attest("stranger"))), "no-evidence", "one that shows what another signed")
        same(order(200, lambda: node.attest("cut-log"))["verdict"]["name"], "LOG_REPLAY", "one that shows a bad boot")


def failures_stick():
    """ATTACKS 30: FAIL, then nothing, then PASS."""
    with Fleet() as fleet:
        node = join_of(fleet)
        same(verdict(node.attest("cut-log")), "LOG_REPLAY", "a log that was cut")
        same(fleet.state(node), "failed", "failed")
        node.tell("rekey")
        answer = node.attest()
        same((verdict(answer), answer["body"]["state"], answer["ticket"]), ("GOOD", "held", NO_TICKET), "held")
        fleet.restart()
        answer = node.attest()
        same((answer["body"]["state"], answer["ticket"]), ("held", NO_TICKET), "held through a restart")
        node.tell("boot")
        same(node.attest()["body"]["state"], "held", "held through a reboot")
        fleet.ask("POST", f"/v1/nodes/{node.id}/clear")
        answer = node.attest()
        same((answer["body"]["state"], answer["ticket"]), ("good", 0), "cleared")
        node.attest("cut-log")
        fleet.ask("DELETE", f"/v1/nodes/{node.id}")
        same(node.attest()["status"], 404, "forgotten")


def trials_are_committed():
    with Fleet() as fleet:
        node = join_of(fleet)
        same(node.attest()["commit"], -1, "no verdict without a trial")
        node.tell("boot unconfirmed")
        answer = node.attest()
        same((verdict(answer), answer["commit"]), ("GOOD", 0), "the trial's verdict, as root mode judges it")
        node.tell("boot unconfirmed firmware=other")
        same(node.attest()["commit"], -1, "a failed boot's trial")


KERNEL = b"a kernel" * 1000


def definition(name="web", **changes):
    return {"name": name, "memory": 1 << 28, "vcpus": 2, "kernel": hashlib.sha384(KERNEL).hexdigest(),
            "initramfs": None, "commandLine": "console=ttyS0", "disks": [], "nets": [], "autostart": True, **changes}


def in_background(function):
    import threading
    box = {}

    def work():
        try:
            box["value"] = function()
        except Exception as e:  # told to whoever waits
            box["error"] = e

    thread = threading.Thread(target=work)
    thread.start()

    def wait():
        thread.join()
        if "error" in box:
            raise box["error"]
        return box["value"]

    return wait


def guests_run_on_order():
    with Fleet() as fleet:
        node = join_of(fleet)
        path = f"/v1/nodes/{node.id}/guests"
        same(error_of(fleet.ask("POST", path, definition(), 404)), "blob-unknown", "a kernel that is not there")
        digest = definition()["kernel"]
        fleet.ask("PUT", f"/v1/blobs/{'00' * 48}", KERNEL, 409)
        fleet.ask("PUT", f"/v1/blobs/{digest}", KERNEL)
        node.flush()
        node.tell("brief " + node.poll_line())
        answer = in_background(lambda: fleet.ask("POST", path, definition()))
        kinds = node.serve_one("guest-run")
        same(kinds, ["attest", "guest-run"], "a ticket first, then the guest")
        same(answer()["state"], "running", "the answer")
        same(node.tell(f"get /node/v1/blobs/{digest}"), {"status": 200, "length": len(KERNEL)}, "the kernel")
        same(node.attest()["guests"], 1, "the ticket lists it")
        # It starts again by itself in the next boot, once.
        node.tell("boot")
        same(node.attest()["ticket"], 0, "a ticket of the next boot")
        same(node.serve_one("guest-run"), ["guest-run"], "autostart")
        node.tell("brief " + node.poll_line())
        other = hashlib.sha384(b"nobody's").hexdigest()
        fleet.ask("PUT", f"/v1/blobs/{other}", b"nobody's")
        fleet.restart()
        node.attest()
        same(node.tell("brief " + node.poll_line())["status"], 0, "nothing more to do after a restart")
        same(fleet.ask("GET", f"/v1/blobs/{digest}")["length"], len(KERNEL), "what a guest names stays")
        same(error_of(fleet.ask("GET", f"/v1/blobs/{other}", status=404)), "blob-unknown", "what nothing names goes")


def bad_definitions_are_refused():
    with Fleet() as fleet:
        node = join_of(fleet)
        for change in ({"name": "../x"}, {"memory": 5}, {"vcpus": 0}, {"vcpus": 33}, {"kernel": "00"},
                       {"disks": [{"path": "/a/../b", "readOnly": True}]}, {"nets": ["52-54"]}, {"more": 1},
                       {"commandLine": "a\nb"}, {"disks": [{"path": "/d", "readOnly": True}] * 5}):
            body = fleet.ask("POST", f"/v1/nodes/{node.id}/guests", definition(**change), 400)
            same(error_of(body), "body", str(change))


def silent_nodes_are_told_of():
    with Fleet() as fleet:
        node = join_of(fleet)
        fleet.restart()
        same(error_of(fleet.ask("POST", f"/v1/nodes/{node.id}/reboot", {"drainSeconds": 0}, 409)), "node-offline", "away")
        answer = node.tell("post /node/v1/poll " + json.dumps({"node": node.id, "results": [], "running": [], "report": None}))
        same((answer["status"], error_of(answer["body"])), (401, "attest-first"), "a connection that is nobody's own")
        node.attest()
        answer = in_background(lambda: fleet.ask("POST", f"/v1/nodes/{node.id}/reboot", {"drainSeconds": 3}))
        commands = node.poll()
        same([(c["kind"], c["arguments"]) for c in commands], [("reboot", {"drainSeconds": 3})], "the order")
        # Lost on its way: given again under its id, until the node says that it has it.
        node.running = []
        again = node.poll()
        same([c["id"] for c in again], [commands[0]["id"]], "the same order")
        node.answer(again[0])
        node.flush()
        same(answer(), {}, "done")
        wait = in_background(lambda: fleet.ask("POST", f"/v1/nodes/{node.id}/reboot", {"drainSeconds": 3}, 409))
        command = node.poll()[0]
        expect(command["id"] > commands[0]["id"], "ids rise", str(command))
        node.answer(command, error="busy")
        node.flush()
        same(error_of(wait()), "busy", "the node's own reason")


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def open_ear(fleet, ear):
    """By another implementation: python's cryptography (OpenSSL)."""
    head, claims, signature = ear.split(".")
    header = json.loads(decode(head))
    same((header["alg"], header["typ"]), ("ES256", "JWT"), "the header")
    keys = {k["kid"]: k for k in fleet.ask("GET", "/.well-known/jwks.json")["keys"]}
    key = keys[header["kid"]]
    numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(decode(key["x"]), "big"),
                                            int.from_bytes(decode(key["y"]), "big"), ec.SECP256R1())
    raw = decode(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    numbers.public_key().verify(der, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    return json.loads(decode(claims))


def results_are_verified_by_others():
    with Fleet() as fleet:
        node = join_of(fleet)
        path = f"/v1/nodes/{node.id}/result"
        claims = open_ear(fleet, fleet.ask("GET", path)["ear"])
        same((claims["eat_profile"], claims["sub"]), ("tag:ietf.org,2026:rats/ear#04", node.id), "the claims")
        expect(claims["exp"] - claims["iat"] == 86400, "its time", str(claims))
        same(claims["submods"]["node"]["ear_status"], "affirming", "good")
        node.attest("cut-log")
        claims = open_ear(fleet, fleet.ask("GET", path)["ear"])
        same(claims["submods"]["node"]["ear_status"], "contraindicated", "failed")
        fresh = fleet.good_node(2)
        claims = open_ear(fleet, fleet.ask("GET", f"/v1/nodes/{fresh.id}/result")["ear"])
        same(claims["submods"]["node"]["ear_status"], "none", "not appraised")


def images_are_verified():
    with Fleet() as fleet:
        with open(fleet.image, "rb") as f:
            image = f.read()
        known = fleet.ask("PUT", "/v1/images", image)
        same((known["release"], known["svn"], known["whole"]), ("1.0 test", 12, True), "published")
        same([i["digest"] for i in fleet.ask("GET", "/v1/images")["images"]], [known["digest"]], "listed")
        changed = bytearray(image)
        changed[-5000] ^= 1
        same(error_of(fleet.ask("PUT", "/v1/images", bytes(changed), 409)), "image-refused", "a byte of the payload")
        changed = bytearray(image)
        changed[image.index(b"1.0 test")] ^= 1
        same(error_of(fleet.ask("PUT", "/v1/images", bytes(changed), 409)), "image-refused", "a byte of the head")
        head = image[:-12288]
        same(fleet.ask("PUT", "/v1/images", head)["whole"], True, "a head takes nothing away")
        same(error_of(fleet.ask("PUT", "/v1/images", image[:-1], 409)), "image-refused", "a byte less")


def restarts_lose_nothing():
    """Between any two steps of a node's way."""
    with Fleet() as fleet:
        node = fleet.node(1)
        fleet.restart()
        node.join()
        fleet.restart()
        same(fleet.state(node), "pending", "pending")
        node.attest()
        fleet.enroll(node)
        fleet.restart()
        node.attest()
        commands = node.poll()
        same([c["kind"] for c in commands], ["provision"], "provisioning is due")
        first = commands[0]
        # The node has it, and the server forgets: given anew, with the authorizations that were escrowed.
        fleet.restart()
        node.running = []
        node.attest()
        second = node.poll()[0]
        expect(second["id"] > first["id"], "an id of its own", str(second))
        same(second["arguments"], first["arguments"], "the same authorizations")
        node.carry_out(second)
        node.flush()
        fleet.until(lambda: fleet.ask("GET", f"/v1/nodes/{node.id}")["provisioned"], "provisioned")
        fleet.restart()
        node.attest()
        fleet.approve(node)
        fleet.restart()
        same(node.attest()["sequence"], 1, "its first ticket")
        fleet.restart()
        same(node.attest()["sequence"], 2, "its second")
        evidence = fleet.ask("GET", f"/v1/nodes/{node.id}/appraisals/1/evidence")
        expect(evidence[:8] == b"SIGNETV1", "evidence is kept")


def a_copy_brought_back_gives_no_id_twice():
    """To an id that it knows a node would repeat its old answer, and carry nothing out."""
    with Fleet() as fleet:
        node = fleet.node(1)
        node.join()
        fleet.server.stop()
        copy = fleet.server.folder + ".copy"
        shutil.copytree(fleet.server.folder, copy)
        fleet.restart_stopped()
        node.attest()
        fleet.enroll(node)
        first = node.poll()[0]
        fleet.server.stop()
        # A block of ids belongs to a second; each restart within one takes the next second's, and runs ahead of the
        # clock by as much. Nobody brings a copy back before the clock has caught up.
        fleet.until(lambda: time.time() > first["id"] // 1000 + 1, "the clock to pass the ids that were given")
        shutil.rmtree(fleet.server.folder)
        os.rename(copy, fleet.server.folder)
        fleet.restart_stopped()
        node.running = []
        node.attest()
        fleet.enroll(node)
        second = node.poll()[0]
        expect(second["id"] > first["id"], "an id that was not given before", f"{first['id']}, {second['id']}")


def empty_policies_accept_nothing():
    """ATTACKS 30: an image that nobody trusts, a class that nobody allowed anything."""
    with Fleet(settings={"images.anchor": ""}) as fleet:
        node = fleet.good_node(1)
        same(verdict(node.attest()), "IMAGE_SIGNATURE", "no anchor")


def old_appraisals_go():
    with Fleet(settings={"policy.history": "5"}) as fleet:
        node = join_of(fleet)
        for _ in range(10):
            node.attest()
        kept = [a["number"] for a in fleet.ask("GET", f"/v1/nodes/{node.id}/history")["appraisals"]]
        same(kept, [13, 12, 11, 10, 9], "the newest")


def two_hundred_at_once():
    with Fleet(settings={"tpm.pending-uncertified": "256", "tpm.pending-per-address": "256"}) as fleet:
        first = join_of(fleet, 1000)
        everybody = [first, *fleet.good_nodes(range(1001, 1200))]
        for node in everybody:
            node.send("attest")
        for node in everybody:
            answer = node.receive()
            same((verdict(answer), answer["ticket"]), ("GOOD", 0), "all at once")
        before = {node.id: fleet.ask("GET", f"/v1/nodes/{node.id}")["appraisal"]["number"] for node in everybody}
        for node in everybody:
            node.send("attest")
        fleet.restart()
        answers = [node.receive() for node in everybody]
        for node, answer in zip(everybody, answers):
            # Who was cut off asks again, as an agent does; whoever had its answer is on record.
            if answer["status"] != 200 or verdict(answer) != "GOOD":
                answer = node.attest()
            same((verdict(answer), answer["ticket"]), ("GOOD", 0), "through a restart")
            number = fleet.ask("GET", f"/v1/nodes/{node.id}")["appraisal"]["number"]
            expect(number > before[node.id], "nothing lost", node.id)
        same(fleet.ask("GET", "/v1/status")["nodes"]["good"], 200, "all good")


SCENARIOS = [(f.__name__.replace("_", " "), f) for f in (
    enrols_and_attests, activation_is_judged, the_pending_have_little, who_is_away_makes_place, a_number_means_one_appraisal,
    forgeries_are_nobodys, an_order_to_attest_is_answered_by_new_evidence_alone, failures_stick,
    trials_are_committed, guests_run_on_order, bad_definitions_are_refused, silent_nodes_are_told_of,
    results_are_verified_by_others, images_are_verified, restarts_lose_nothing, a_copy_brought_back_gives_no_id_twice,
    empty_policies_accept_nothing, old_appraisals_go, two_hundred_at_once)]

if __name__ == "__main__":
    main(SCENARIOS)
