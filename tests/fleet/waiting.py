"""What takes its time: large uploads and orders to nodes. Others are served meanwhile, and the audit log knows of it if the server dies."""
import json
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))

from signetd import PATIENCE
from simnode import SIGNET, Fleet, run
from tap import expect, main

LARGE = 256 << 20


def large_image(fleet):
    """An image of 256 MiB under an anchor of its own, which the server is told to trust."""
    path = fleet.server.path
    run(SIGNET, "boot", "build", "--allow-development", "--keys", fleet.keys, "--out", path("boot"))
    os.replace(path("boot/anchor.bin"), path("anchor.bin"))
    with open(path("large"), "wb") as f:
        f.truncate(LARGE)
    run(SIGNET, "image", "build", "--keys", fleet.keys, "--release", "1.0", "--svn", "1", "--created", "2026-01-01", "--component",
        "hypervisor=build/payload.bin", "--component", "service-initramfs=" + path("large"), "--output", path("large.img"))
    run(SIGNET, "image", "sign", path("large.img"), "--key", os.path.join(fleet.keys, "release-1.pem"))
    return path("large.img")


class Upload(threading.Thread):
    """PUT of a file, beside everything else."""

    def __init__(self, fleet, target, path):
        super().__init__(daemon=True)
        self.fleet, self.target, self.path = fleet, target, path
        self.answer = None
        self.start()

    def run(self):
        client = self.fleet.server.client()
        with open(self.path, "rb") as f:
            client.request("PUT", self.target, f, {"Content-Length": str(os.path.getsize(self.path))})
        try:
            answer = client.getresponse()
        except OSError:
            return  # the server ended
        self.answer = answer.status, json.loads(answer.read())
        client.close()


def an_image_that_is_checked_keeps_nobody_waiting():
    fleet = Fleet(settings={"limits.body-seconds": "600"})
    image = large_image(fleet)
    with fleet:
        node = fleet.node(1)
        node.join()
        upload = Upload(fleet, "/v1/images", image)
        fleet.until(lambda: fleet.server.figures()["signetd_parked"] or not upload.is_alive(), "the image is checked")
        expect(upload.is_alive(), "the image was checked while everybody waited", str(upload.answer))
        expect(node.attest()["status"] == 200, "a node is not served meanwhile")
        expect(fleet.server.ask("GET", "/healthz", listener="metrics")[0] == 200, "not healthy meanwhile")
        expect(upload.is_alive(), "the node was served after the image", str(upload.answer))
        upload.join(4 * PATIENCE)
        expect(upload.answer and upload.answer[0] == 200, "the image is refused", str(upload.answer))
        expect(upload.answer[1]["whole"], "not whole", str(upload.answer))


def who_leaves_while_his_image_is_checked_publishes_nothing():
    fleet = Fleet(settings={"limits.body-seconds": "600"})
    image = large_image(fleet)
    with fleet:
        client = fleet.server.client()
        with open(image, "rb") as f:
            client.request("PUT", "/v1/images", f, {"Content-Length": str(os.path.getsize(image))})
        fleet.until(lambda: fleet.server.figures()["signetd_parked"], "the image is checked")
        client.close()
        fleet.until(lambda: fleet.server.figures()["signetd_parked"] == 0, "the server notices")
        expect(fleet.server.stop() == 0, "the end waits for the thread", fleet.server.log())
        expect(os.listdir(fleet.server.path("blobs")) == [], "its bytes stay on the disk")
        fleet.server.start()
        expect(fleet.ask("GET", "/v1/images")["images"] == [], "published")
        expect(outcome_of(fleet, "PUT /v1/images").get("code") == "caller-gone", "the audit log tells of it")


def the_end_does_not_wait_for_a_check():
    fleet = Fleet(settings={"limits.body-seconds": "600"})
    image = large_image(fleet)
    with fleet:
        upload = Upload(fleet, "/v1/images", image)
        fleet.until(lambda: fleet.server.figures()["signetd_parked"] or not upload.is_alive(), "the image is checked")
        expect(fleet.server.stop() == 0, "the end", fleet.server.log())
        expect(os.listdir(fleet.server.path("blobs")) == [], "it was checked to its end, or left its bytes")
        fleet.server.start()
        expect(fleet.ask("GET", "/v1/images")["images"] == [], "published")
        expect(outcome_of(fleet, "PUT /v1/images").get("code") == "caller-gone", "the audit log tells of it")


def entries(fleet):
    return [json.loads(e["content"]) | {"number": e["number"]} for e in fleet.ask("GET", "/v1/audit")["entries"]]


def begun_of(fleet, subject):
    """The entry of a request that began, or None."""
    return next((e for e in entries(fleet) if e["kind"] == "begun" and e["subject"] == subject), None)


def outcome_of(fleet, subject):
    """The entry of how it ended, or None; it names the one of its begin."""
    begun = begun_of(fleet, subject)
    expect(begun, f"no begin of {subject}", str(entries(fleet)))
    return next((e for e in entries(fleet) if e.get("begun") == begun["number"]), None)


def an_order_is_in_the_log_before_the_node_has_it():
    """The server dies between order and answer: the node carries out what the log tells of."""
    with Fleet() as fleet:
        node = fleet.good_node(1)
        subject = f"POST /v1/nodes/{node.id}/attest"
        node.attest()
        waiting = threading.Thread(target=lambda: ask_and_lose(fleet, subject), daemon=True)
        node.send_poll()
        waiting.start()
        commands = node.take_poll()
        expect([c["kind"] for c in commands] == ["attest"], "the node has the order", str(commands))
        fleet.server.process.kill()
        fleet.server.process.wait()
        waiting.join(PATIENCE)
        fleet.server.start()
        begun = begun_of(fleet, subject)
        expect(begun and begun["who"] == "approver" and "status" not in begun, "the log does not know of it", str(entries(fleet)))
        expect(outcome_of(fleet, subject) is None, "an outcome that nobody saw")


def ask_and_lose(fleet, subject):
    try:
        fleet.server.ask(*subject.split(" "))
    except (ConnectionError, OSError):
        pass


def an_answered_order_names_its_begin():
    with Fleet() as fleet:
        node = fleet.good_node(1)
        subject = f"POST /v1/nodes/{node.id}/attest"
        waiting = threading.Thread(target=lambda: fleet.server.ask(*subject.split(" ")), daemon=True)
        node.attest()
        waiting.start()
        node.serve_one("attest")
        waiting.join(PATIENCE)
        outcome = outcome_of(fleet, subject)
        expect(outcome and outcome["status"] == 200 and outcome["kind"] == "request", "its outcome", str(entries(fleet)))


SCENARIOS = [(f.__name__.replace("_", " "), f) for f in (
    an_image_that_is_checked_keeps_nobody_waiting, who_leaves_while_his_image_is_checked_publishes_nothing,
    the_end_does_not_wait_for_a_check,
    an_order_is_in_the_log_before_the_node_has_it, an_answered_order_names_its_begin)]

if __name__ == "__main__":
    main(SCENARIOS)
