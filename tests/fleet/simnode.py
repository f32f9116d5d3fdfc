"""Simulated nodes (tests/fleet/simnode.c) and the small fleet that their tests need: anchor, image, policy key."""
import base64
import json
import os
import subprocess
import time

from signetd import PATIENCE, Server
from tap import expect

SIMNODE = os.environ.get("SIMNODE", "build/tests/fleet/simnode")
SIGNET = os.environ.get("SIGNET", "build/signet")
POLICY_KEY_AT = 48  # docs/format.md, write authority
NO_TICKET = -1


class Fleet:
    """A server that trusts the simulated nodes' image, and the keys to authorize them."""

    def __init__(self, settings=None):
        self.server = Server("--name", "test", "--host", "localhost,127.0.0.1", "--approver", "approver",
                             settings={"images.anchor": "anchor.bin", "limits.requests-per-second": "100000",
                                       "limits.request-burst": "100000", "limits.connections-per-peer": "4096",
                                       "limits.handshakes-per-second": "100000", "limits.handshake-burst": "100000",
                                       "limits.handshakes-per-second-in-all": "100000",
                                       **(settings or {})})
        self.nodes = []
        self.image = self.server.path("image")
        run(SIMNODE, "--anchor", self.server.path("anchor.bin"), self.image)
        self.keys = self.server.path("owner")
        run(SIGNET, "keys", "init", self.keys, "--development")

    def __enter__(self):
        self.server.start()
        return self

    def __exit__(self, *_):
        for node in self.nodes:
            node.close()
        self.server.__exit__()

    def restart(self):
        self.server.stop()
        self.restart_stopped()

    def restart_stopped(self):
        """At the ports that nodes know."""
        self.server.configure({f"listen.{name}": f"127.0.0.1:{port}" for name, port in self.server.ports.items()})
        self.server.start()

    def node(self, seed):
        node = Node(self, seed)
        self.nodes.append(node)
        return node

    def ask(self, method, path, body=None, status=200):
        found, document = self.server.ask(method, path, body)
        expect(found == status, f"{method} {path}: status {found}, not {status}", str(document))
        return document

    def until(self, holds, what):
        end = time.monotonic() + PATIENCE
        while not holds():
            expect(time.monotonic() < end, f"never: {what}", self.server.log())
            time.sleep(0.02)

    def state(self, node):
        return self.ask("GET", f"/v1/nodes/{node.id}")["state"]

    def authority(self, node, pcr7):
        path = self.server.path(f"authority-{node}")
        if os.path.exists(path):
            os.unlink(path)
        run(SIGNET, "keys", "authorize", self.keys, "--node-id", node, "--pcr7", pcr7, "--out", path)
        with open(path, "rb") as f:
            return f.read()

    def enroll(self, node, **changes):
        """The approver's part; policy key and PCR7 as the node has them."""
        authority = self.authority(node.id, changes.pop("pcr7", node.pcr7))
        key = authority[POLICY_KEY_AT:POLICY_KEY_AT + 64]
        node.policy_key = key
        status = changes.pop("status", 200)
        body = {"authority": base64.b64encode(authority).decode(), "policyKey": base64.b64encode(key).decode(),
                "class": "rack", "imageFloor": 10, "keyFloor": 1, "acceptUncertified": True, **changes}
        return self.ask("POST", f"/v1/nodes/{node.id}/enroll", body, status)

    def good_node(self, seed):
        """Enrolled, provisioned, its firmware approved: ready for a ticket."""
        node = self.node(seed)
        node.join()
        self.enroll(node)
        node.serve_one("provision")
        self.until(lambda: self.ask("GET", f"/v1/nodes/{node.id}")["provisioned"], "provisioned")
        return node

    def good_nodes(self, seeds):
        """The same of many, all of them at once."""
        nodes = [self.node(seed) for seed in seeds]
        for line in "enroll", "attest":
            for node in nodes:
                node.send(line)
            for node in nodes:
                answer = node.receive()
                expect(answer["status"] == 200 and answer["body"]["state"] == "pending", f"{line} of many", str(answer))
        for node in nodes:
            self.enroll(node)
            node.send_poll()
        for node in nodes:
            node.carry_out(node.take_poll()[0])
            node.send("brief " + node.poll_line())
        for node in nodes:
            node.receive()
        return nodes

    def approve(self, node, class_="rack", number=None, status=200):
        number = number or self.ask("GET", f"/v1/nodes/{node.id}/history")["appraisals"][0]["number"]
        return self.ask("POST", f"/v1/baselines/{class_}", {"node": node.id, "appraisal": number}, status)


class Node:
    """One simulated node; each call is one line to it and one line back, but for poll, which may wait."""

    def __init__(self, fleet, seed):
        self.process = subprocess.Popen(
            [SIMNODE, "127.0.0.1", fleet.server.ports["nodes"], fleet.server.path("fleet-ca.crt"), "-", str(seed)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.policy_key = None
        self.results, self.running, self.report = [], [], None
        self.tell("id")

    def close(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE)
        self.process.stdout.close()

    def send(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def receive(self):
        line = self.process.stdout.readline()
        expect(line, "the simulated node has died")
        return json.loads(line)

    def tell(self, line):
        self.send(line)
        answer = self.receive()
        if "pcr7" in answer:
            self.id, self.pcr7 = answer["node"], answer["pcr7"]
        return answer

    def attest(self, words=""):
        return self.tell(f"attest {words}".strip())

    def join(self):
        """Up to where an approver has to decide."""
        answer = self.tell("enroll")
        expect(answer["status"] == 200 and answer["body"]["state"] == "pending", "no enrolment", str(answer))
        answer = self.attest()
        expect(answer["body"]["state"] == "pending" and answer["ticket"] == -1, "no pending evidence", str(answer))

    def poll(self):
        """Sends what there is to say, and waits for commands."""
        self.send_poll()
        return self.take_poll()

    def poll_line(self):
        body = {"node": self.id, "results": self.results, "running": self.running, "report": self.report}
        self.results = []
        return "/node/v1/poll " + json.dumps(body)

    def send_poll(self):
        self.send("post " + self.poll_line())

    def take_poll(self):
        return self.took(self.receive())

    def took(self, answer):
        if answer["status"] != 200:
            return answer
        commands = answer["body"]["commands"]
        self.running += [c["id"] for c in commands]
        return commands

    def answer(self, command, value=None, error=None):
        self.running.remove(command["id"])
        result = {"id": command["id"], "ok": error is None}
        if error is None:
            result["value"] = value or {}
        else:
            result["error"] = {"code": error, "message": f"because of {error}", "advice": "none"}
        self.results.append(result)

    def carry_out(self, command):
        """What an agent does."""
        if command["kind"] == "provision":
            key = base64.b64decode(command["arguments"]["policyKey"])
            self.tell("provision " + key.hex())
            self.answer(command)
        elif command["kind"] == "attest":
            verdict = self.attest()["body"]["verdict"]["name"]
            self.answer(command, {"verdict": verdict})
        elif command["kind"] == "guest-run":
            self.answer(command, {"id": 1})
        else:
            self.answer(command)

    def serve_one(self, kind):
        """Polls until a command of this kind came, carries out all, and tells how it went."""
        kinds = []
        while kind not in kinds:
            commands = self.poll()
            expect(isinstance(commands, list), "no commands", str(commands))
            kinds += [c["kind"] for c in commands]
            for command in commands:
                self.carry_out(command)
        self.flush()
        return kinds

    def flush(self):
        """Tells results and breaks the poll off; commands that came meanwhile are carried out too."""
        while self.results:
            commands = self.took(self.tell("brief " + self.poll_line()))
            for command in commands if isinstance(commands, list) else []:
                self.carry_out(command)


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False)
    expect(done.returncode == 0, " ".join(words), done.stdout + done.stderr)
    return done.stdout


def same(found, expected, what):
    expect(found == expected, what, f"found {found!r}, expected {expected!r}")


def verdict(answer):
    expect(answer["status"] == 200, "no verdict", str(answer))
    return answer["body"]["verdict"]["name"]


def join_of(fleet, seed=1):
    """A node with a ticket."""
    node = fleet.good_node(seed)
    same(verdict(node.attest()), "BASELINE_NONE", "before a baseline is approved")
    fleet.approve(node)
    answer = node.attest()
    same((verdict(answer), answer["body"]["state"], answer["ticket"], answer["sequence"]), ("GOOD", "good", 0, 1), "good")
    return node


def join_other(fleet, seed):
    """One more of a class whose baseline is approved."""
    node = fleet.good_node(seed)
    same(verdict(node.attest()), "GOOD", "one canary's approval serves the class")
    return node
