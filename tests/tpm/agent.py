#!/usr/bin/python3
"""signet-agent against a node's real hypervisor code and TPM (node-rig) and a fleet server that the test plays: what goes over the
wire, in which order, and what becomes of it when either side is lost. Prints TAP. usage: tests/tpm/agent.py"""
import base64
import hashlib
import http.server
import json
import os
import shutil
import signal
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/lib"), str(ROOT / "tests/tpm")]
from rig import Fleet, Rig, signet, tool  # noqa: E402
from tpmmaker import TpmMaker  # noqa: E402

PATIENCE = 60
SECRET = bytes(range(32))
KERNEL = "/usr/src/signet/kernels/cloud/vmlinuz"


def b64(data):
    return base64.b64encode(data).decode()


def wait_for(what, test):
    end = time.monotonic() + PATIENCE
    while True:
        found = test()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"waited for: {what}")
        time.sleep(0.02)


def section(evidence, kind):
    at = 16
    while at < len(evidence):
        found, length = struct.unpack_from("<II", evidence, at)
        if found == kind:
            return evidence[at + 8:at + 8 + length]
        at += 8 + (length + 7) // 8 * 8
    raise AssertionError(f"no section {kind}")


class Server:
    """Plays signetd: one node, scripted verdicts, commands by hand."""

    def __init__(self, folder, fleet, port=0):
        self.folder, self.lock = folder, threading.Condition()
        self.known, self.proved = None, False
        self.nonces, self.evidence, self.results, self.reports, self.commands = set(), [], {}, [], []
        self.next_id, self.blobs, self.cuts, self.given = 1, {}, 0, 0
        self.connections, self.ranges, self.along = 0, [], {}
        self.overdue, self.hold = 0, lambda: None
        self.again, self.state = 64800, "pending"
        self.answers = {"enroll": self.enroll, "activate": self.activate, "nonce": self.nonce,
                        "evidence": self.evidence_came, "poll": self.poll}
        self.make_certificate(folder, fleet)
        self.start(port)

    def make_certificate(self, folder, fleet):
        ca = fleet.folder / "export/fleet-ca.crt"
        (folder / "names").write_text("subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
        tool("openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
             folder / "server.key", "-out", folder / "server.csr", "-subj", "/CN=fleet server")
        tool("openssl", "x509", "-req", "-in", folder / "server.csr", "-CA", ca, "-CAkey", fleet.keys / "fleet-ca.pem",
             "-sha384", "-days", "1", "-extfile", folder / "names", "-out", folder / "server.crt")

    def start(self, port=0):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self, status, body, kind="application/json", **fields):
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                for name, value in fields.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(data)

            def do_POST(self):
                data = self.rfile.read(int(self.headers["Content-Length"]))
                outer.answers[self.path.removeprefix("/node/v1/")](self, data)

            def do_GET(self):
                outer.blob(self)

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(self.folder / "server.crt", self.folder / "server.key")

        class Listener(http.server.ThreadingHTTPServer):
            daemon_threads, allow_reuse_address = True, True
            alive = []

            def get_request(self):
                connection, address = super().get_request()
                connection.settimeout(PATIENCE)
                outer.connections += 1
                self.alive.append(connection)
                return connection, address

            def finish_request(self, request, address):
                try:
                    outer.hold()
                    with context.wrap_socket(request, server_side=True) as tls:
                        self.alive.append(tls)
                        super().finish_request(tls, address)
                except (OSError, ValueError):
                    pass

            def handle_error(self, *_):
                pass

        self.listener = Listener(("127.0.0.1", port), Handler)
        self.port = self.listener.server_address[1]
        self.thread = threading.Thread(target=self.listener.serve_forever, args=(0.05,))
        self.thread.start()

    def stop(self):
        """Gone from one moment to the next, connections and all."""
        self.listener.shutdown()
        self.listener.server_close()
        for connection in self.listener.alive:
            try:
                connection.shutdown(2)
                connection.close()
            except OSError:
                pass
        with self.lock:
            self.lock.notify_all()
        self.thread.join()

    def refuse(self, request, status, code):
        request.answer(status, {"error": {"code": code, "message": f"{code}, says the test", "advice": "none"}})

    # node requests

    def enroll(self, request, data):
        body = json.loads(data)
        ek, ak = base64.b64decode(body["ek"]), base64.b64decode(body["ak"])
        for name, public in ("ek", ek), ("ak", ak):
            (self.folder / f"{name}.pub").write_bytes(struct.pack(">H", len(public)) + public)
        (self.folder / "secret").write_bytes(SECRET)
        tool("build/tests/credtool", "make", self.folder / "ek.pub", self.folder / "ak.pub", self.folder / "secret",
             self.folder / "credential")
        node = tool("build/tests/credtool", "node", self.folder / "ek.pub").decode().split()[0]
        made = (self.folder / "credential").read_bytes()
        length, = struct.unpack_from(">H", made, 8)
        seed, = struct.unpack_from(">H", made, 10 + length)
        with self.lock:
            self.asked, self.ak = body, ak
            self.pending = node
        request.answer(200, {"node": node, "credential": b64(made[10:10 + length]),
                             "secret": b64(made[12 + length:12 + length + seed])})

    def activate(self, request, data):
        body = json.loads(data)
        if base64.b64decode(body["activation"]) != SECRET or body["node"] != self.pending:
            return self.refuse(request, 403, "activation-wrong")
        with self.lock:
            self.known = self.pending
            self.lock.notify_all()
        return request.answer(200, {"node": self.known, "state": "pending"})

    def nonce(self, request, data):
        if json.loads(data)["node"] != self.known:
            return self.refuse(request, 404, "node-unknown")
        nonce = os.urandom(32)
        with self.lock:
            self.nonces.add(nonce)
        return request.answer(200, {"nonce": nonce.hex(), "seconds": 120})

    def evidence_is_right(self, evidence):
        claim, quote = section(evidence, 1), section(evidence, 3)
        length, = struct.unpack_from("<I", quote)
        attest = quote[4:4 + length]
        with self.lock:
            self.nonces.remove(claim[:32])
        assert any(claim[32:64]), "no challenge"
        assert claim[64:96].hex() == self.known
        assert hashlib.sha256(b"signet evidence 1" + claim).digest() in attest
        assert hashlib.sha256(section(evidence, 4)).digest() in attest, "PCR values are not the quoted ones"
        assert section(evidence, 2) == self.ak
        assert section(evidence, 6)[:7] == b"SIGNET1"
        assert b"Spec ID Event03" in section(evidence, 7)
        self.check_signature(attest, quote[4 + length:4 + length + 64])

    def check_signature(self, attest, signature):
        def integer(value):
            value = value.lstrip(b"\0")
            value = b"\0" + value if value[0] & 0x80 else value
            return b"\x02" + bytes([len(value)]) + value
        both = integer(signature[:32]) + integer(signature[32:])
        head = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")
        point = b"\4" + self.ak[-66:-34] + self.ak[-32:]
        for name, content in ("signed", attest), ("signature", b"\x30" + bytes([len(both)]) + both), ("key.der", head + point):
            (self.folder / name).write_bytes(content)
        tool("openssl", "dgst", "-sha256", "-verify", self.folder / "key.der", "-keyform", "DER", "-signature",
             self.folder / "signature", self.folder / "signed")

    def evidence_came(self, request, data):
        self.evidence_is_right(data)
        with self.lock:
            self.evidence.append(data)
            self.proved = True
            self.lock.notify_all()
        request.answer(200, {"verdict": {"code": 71, "name": "BASELINE_NONE", "text": "no baseline", "advice": "approve one"},
                             "difference": None, "state": self.state, "ticket": None, "commit": None,
                             "leaseSeconds": 86400, "attestAgainSeconds": self.again})

    def poll(self, request, data):
        body = json.loads(data)
        assert set(body) == {"node", "results", "running", "report"}, body
        with self.lock:
            if not self.proved:
                return self.refuse(request, 401, "attest-first")
            for result in body["results"]:
                if result["id"] not in self.results:
                    self.commands += self.along.get(result["id"], [])
                self.results.setdefault(result["id"], result)
            if body["report"]:
                self.reports.append(body["report"])
            self.lock.notify_all()
            me = self.listener

            def due():
                return [c for c in self.commands if c["id"] not in self.results and c["id"] not in body["running"]]
            self.overdue += not self.lock.wait_for(lambda: due() or self.listener is not me, timeout=50)
            found = due()
            self.given += len(found)
        return request.answer(200, {"commands": found})

    def blob(self, request):
        data = self.blobs.get(request.path.rsplit("/", 1)[1])
        if data is None:
            return self.refuse(request, 404, "blob-unknown")
        first = 0
        if request.headers["Range"]:
            first = int(request.headers["Range"].removeprefix("bytes=").split("-")[0])
        with self.lock:
            cut, self.cuts = self.cuts > 0, max(0, self.cuts - 1)
            self.ranges.append(first)
        rest = data[first:]
        if not cut:
            fields = {"Content_Range": f"bytes {first}-{len(data) - 1}/{len(data)}"} if first else {}
            return request.answer(206 if first else 200, rest, "application/octet-stream", **fields)
        request.send_response(200)
        request.send_header("Content-Length", str(len(rest)))
        request.end_headers()
        request.wfile.write(rest[:len(rest) // 2])
        request.wfile.flush()
        request.connection.shutdown(2)
        return None

    # what tests do

    def order(self, kind, wait=True, **arguments):
        with self.lock:
            number, self.next_id = self.next_id, self.next_id + 1
            self.commands.append({"id": number, "kind": kind, "arguments": arguments})
            self.lock.notify_all()
        return self.result(number) if wait else number

    def result(self, number):
        with self.lock:
            assert self.lock.wait_for(lambda: number in self.results, timeout=PATIENCE), f"no answer to {number}"
            return self.results[number]

    def good(self, kind, **arguments):
        result = self.order(kind, **arguments)
        assert result["ok"], result
        return result["value"]

    def bad(self, code, kind, **arguments):
        result = self.order(kind, **arguments)
        assert not result["ok"] and result["error"]["code"] == code, result

    def attested(self, count):
        with self.lock:
            assert self.lock.wait_for(lambda: len(self.evidence) >= count, timeout=PATIENCE), "no evidence"


class Agent:
    def __init__(self, folder, rig):
        for name in "run", "store", "parts", "disks":
            (folder / name).mkdir(exist_ok=True)
        self.folder, self.said = folder, folder / "agent.said"
        self.child = subprocess.Popen(
            [str(w) for w in ("build/signet-agent", "--control", rig.control, "--tcti", f"cmd:build/tests/rig-tpm {rig.tpm}",
                              "--parts", folder / "parts", "--store", folder / "store", "--run", folder / "run", "--disks",
                              folder / "disks")],
            stderr=open(self.said, "a"), stdin=subprocess.DEVNULL)

    def need(self, words, count=1):
        def found():
            assert self.child.poll() is None, f"the agent has ended\n{self.said.read_text()}"
            return self.said.read_text().count(words) >= count
        try:
            wait_for(words, found)
        except AssertionError as e:
            raise AssertionError(f"{e}\n{self.said.read_text()}") from None

    def kill(self):
        self.child.send_signal(signal.SIGKILL)
        self.child.wait(PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child.poll() is None:
            self.kill()


class Bed:
    """A fleet server, a node, and what the node's image says of the server."""

    def __init__(self, fleet, folder, certificate=False):
        self.fleet, self.folder = fleet, folder
        self.server = Server(folder, fleet)
        self.image = fleet.image(folder.name, 3, "--ungated", "--address", f"127.0.0.1:{self.server.port}")
        if certificate:
            TpmMaker(folder / "maker").make(folder / "state")

    def rig(self):
        (self.folder / "parts").mkdir(exist_ok=True)
        shutil.copy(self.image, self.folder / "parts/signet-a")
        (self.folder / "parts/signet-authority").write_bytes(bytes(65536))
        return Rig(self.folder, self.fleet.boot, self.image)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.stop()


def enrols_and_attests(fleet, folder):
    with Bed(fleet, folder, certificate=True) as bed, bed.rig() as rig, Agent(folder, rig) as agent:
        server = bed.server
        server.attested(1)
        agent.need("waits for an approver to enrol this node")
        assert base64.b64decode(server.asked["ekCertificate"])[:2] == b"\x30\x82", "no EK certificate"
        assert server.asked["hostname"]
        assert server.good("attest") == {"verdict": "BASELINE_NONE"}
        assert len(server.evidence) == 2
        session = rig.word("boot session ")
        assert section(server.evidence[1], 1)[96:128].hex() == session
        assert server.reports[0]["slot"] == "a" and server.reports[0]["svn"] == 3, server.reports
        assert "node: fleet" in server.good("logs", source="hypervisor", offset=0)["text"]
        own = server.good("logs", source="agent", offset=0)
        assert "enrolment asked for: node " + server.known in own["text"] and own["end"] > 100
        server.bad("command-unknown", "make-coffee")
        server.bad("arguments", "logs", source="agent")
        server.bad("arguments", "guest-stop", name="web", later=True)
        server.bad("source-unknown", "logs", source="kernel", offset=0)


def without_certificate(fleet, folder):
    """The ECC EK, no certificate; the same node after a restart of everything."""
    with Bed(fleet, folder) as bed:
        server = bed.server
        for count in 1, 2:
            with bed.rig() as rig, Agent(folder, rig) as agent:
                server.attested(count)
                assert server.asked["ekCertificate"] is None
                agent.need("WITHOUT an EK certificate" if count == 1 else "attested: pending")
                rig.end()


def attests_again_by_itself(fleet, folder):
    with Bed(fleet, folder) as bed, bed.rig() as rig:
        bed.server.again, bed.server.state = 1, "good"
        with Agent(folder, rig):
            bed.server.attested(3)


def runs_guests(fleet, folder):
    with Bed(fleet, folder) as bed, bed.rig() as rig, Agent(folder, rig):
        server, kernel = bed.server, Path(KERNEL).read_bytes()
        digest = hashlib.sha384(kernel).hexdigest()
        disk = folder / "store" / "disk.img"
        disk.write_bytes(bytes(1 << 20))
        guest = {"name": "web", "memory": 256 << 20, "vcpus": 1, "kernel": digest, "initramfs": None,
                 "commandLine": "console=ttyS0", "disks": [{"path": str(disk.resolve()), "readOnly": True}],
                 "nets": ["52:54:00:12:34:56"], "autostart": False}
        any_digest = "00" * 48
        server.bad("blob-unknown", "guest-run", guest=guest, digest=any_digest)
        # Half of it comes, then the rest of it; nothing is fetched twice.
        server.blobs[digest], server.cuts = kernel, 1
        assert server.good("guest-run", guest=guest, digest=any_digest)["id"] >= 1
        assert server.ranges == [0, len(kernel) // 2], server.ranges
        shown, = server.good("guest-list")["guests"]
        assert shown["name"] == "web" and shown["state"] == "running" and shown["vcpus"] == 1
        assert shown["digest"] != any_digest
        assert os.readlink(folder / f"disks/{shown['id']}/0.ro") == str(disk.resolve())
        server.bad("guest-runs", "guest-run", guest=guest, digest=any_digest)
        output = server.good("guest-console", name="web", offset=0, input=b64(b"x"), waitMs=500)
        assert b"this guest runs nothing" in base64.b64decode(output["output"]), output
        server.good("guest-stop", name="web")
        wait_for("the guest's end", lambda: server.good("guest-list")["guests"][0]["state"] == "off")
        del server.blobs[digest]
        assert server.good("guest-run", guest=guest, digest=any_digest)["id"] > shown["id"]
        server.good("guest-remove", name="web")
        assert server.good("guest-list")["guests"] == []
        server.bad("guest-unknown", "guest-stop", name="web")
        # A blob that is another than its name.
        other = hashlib.sha384(b"other").hexdigest()
        server.blobs[other] = kernel
        server.bad("error-21", "guest-run", guest=dict(guest, kernel=other), digest=any_digest)
        # More than the guest's memory holds is not fetched.
        large = bytes(33 << 20)
        name = hashlib.sha384(large).hexdigest()
        server.blobs[name] = large
        server.bad("error-187", "guest-run", guest=dict(guest, kernel=name, memory=32 << 20), digest=any_digest)
        assert not [p for p in (folder / "store/blobs").iterdir() if p.name.startswith(name) and p.stat().st_size > 32 << 20]
        server.bad("definition", "guest-run", guest=dict(guest, memory=30 << 20), digest=any_digest)
        server.bad("definition", "guest-run", guest=dict(guest, disks=[{"path": "a"}]), digest=any_digest)
        # What the service VM stands on is no disk, and a guest's name is no path.
        for other in "/usr/bin/env", "/dev/zero", str(disk) + "/../blobs/" + digest, str(disk) + ".none":
            server.bad("disk", "guest-run", guest=dict(guest, disks=[{"path": other}]), digest=any_digest)
        server.good("guest-remove", name="../disk.img")
        assert disk.exists()


def answers_while_it_connects(fleet, folder):
    """One answer breaks the poll off; the next one comes while the agent is still connecting for that."""
    with Bed(fleet, folder) as bed, bed.rig() as rig, Agent(folder, rig):
        server = bed.server
        server.attested(1)
        server.good("guest-list")
        count = len(server.evidence)

        def until_attested():
            server.attested(count + 1)
            time.sleep(1)  # for the agent to note the verdict, which it was given over another connection

        server.hold = until_attested
        number = server.order("attest", wait=False)
        assert server.good("guest-list") == {"guests": []}
        assert server.result(number)["ok"]
        assert server.overdue == 0, "an answer waited for the end of a poll"


def tells_of_changes(fleet, folder):
    """With what a quick command answers, and over the connection that there is."""
    with Bed(fleet, folder) as bed, bed.rig() as rig, Agent(folder, rig):
        server = bed.server
        server.attested(1)
        server.good("guest-list")
        assert server.reports[-1]["guests"] == 0, server.reports
        connections = server.connections
        (folder / "guest").write_text(f"name = web\nmemory = 256M\nvcpus = 1\nkernel = {KERNEL}\n")
        rig.ctl("create", folder / "guest")
        for _ in range(4):
            server.good("guest-list")
        wait_for("the guest in a report", lambda: server.reports[-1]["guests"] == 1)
        assert server.connections == connections, "a command cost a connection"


def outlives_the_network(fleet, folder):
    with Bed(fleet, folder) as bed, bed.rig() as rig, Agent(folder, rig) as agent:
        server = bed.server
        server.attested(1)
        server.good("guest-list")
        server.stop()
        number = server.order("guest-list", wait=False)
        time.sleep(1)
        server.start(server.port)
        assert server.result(number)["ok"]
        # A server that has lost what it knew of this connection wants evidence first.
        server.proved = False
        server.stop()
        server.start(server.port)
        server.attested(2)
        assert server.good("guest-list") == {"guests": []}
        # One that has forgotten the node is asked to know it again.
        server.stop()
        server.known, server.proved = None, False
        server.start(server.port)
        server.attested(3)
        agent.need("enrolment asked for", 2)


def carries_out_once(fleet, folder):
    with Bed(fleet, folder) as bed, bed.rig() as rig:
        server = bed.server
        with Agent(folder, rig) as agent:
            server.attested(1)
            number = server.order("guest-list", wait=False)
            server.result(number)
            agent.need(f"command {number}, guest-list", 1)
        with Agent(folder, rig) as agent:
            server.attested(2)
            with server.lock:
                del server.results[number]
                server.lock.notify_all()
            server.good("guest-list")
            assert server.result(number)["ok"]
            time.sleep(0.5)
            assert agent.said.read_text().count(f"command {number}, guest-list") == 1
            # One that was amid when the agent died is not begun anew.
            (folder / "run/commands/77").write_text("")
        with Agent(folder, rig):
            server.attested(3)
            with server.lock:
                server.commands.append({"id": 77, "kind": "reboot", "arguments": {"drainSeconds": 0}})
                server.lock.notify_all()
            assert server.result(77)["error"]["code"] == "interrupted"


def restarts_the_node(fleet, folder):
    with Bed(fleet, folder) as bed, bed.rig() as rig, Agent(folder, rig):
        bed.server.attested(1)
        assert bed.server.good("reboot", drainSeconds=5) == {}
        rig.end(10)


def provision(fleet, folder, bed, rig):
    """Returns the write authority's file, which the next boot takes."""
    signet("keys", "authorize", fleet.keys, "--node", bed.server.known, "--pcr7", rig.word("rig: pcr7 "), "--out",
           folder / "authority")
    policy = (fleet.folder / "export/policy-key.bin").read_bytes()
    bed.server.good("provision", ownerAuth=b64(b"\x11" * 32), lockoutAuth=b64(b"\x22" * 32), imageFloor=3, keyFloor=1,
                    policyKey=b64(policy), authority=b64((folder / "authority").read_bytes()))
    return folder / "authority"


def takes_an_update_back_at_last(fleet, folder):
    """Cancelled with the arrival of the answer that it is done: the node does not restart."""
    with Bed(fleet, folder) as bed:
        server, second, slot = bed.server, fleet.image(folder.name + "-second", 4), folder / "parts/signet-b"
        with bed.rig() as rig, Agent(folder, rig):
            server.attested(1)
            authority = provision(fleet, folder, bed, rig)
            rig.end()
        slot.write_bytes(bytes(32 << 20))
        before = len(server.evidence)
        with Rig(folder, fleet.boot, bed.image, "--slot-b", slot, "--authority", authority) as rig, Agent(folder, rig) as agent:
            server.attested(before + 1)
            rig.ctl("update", "apply", second, "--parts", folder / "parts")
            image = json.loads(rig.ctl("slots", "--json"))[1]["manifest"]
            server.along[server.next_id] = [{"id": 99, "kind": "update-cancel", "arguments": {"image": image}}]
            server.good("update", image=image, blob="00" * 48, length=1, leaves="00" * 48, drain="now")
            assert server.result(99)["ok"]
            agent.need("does not restart")
            assert json.loads(rig.ctl("slots", "--json"))[1]["state"] == "writing"
            server.good("guest-list")


def provisions(fleet, folder):
    with Bed(fleet, folder) as bed:
        server = bed.server
        with bed.rig() as rig, Agent(folder, rig) as agent:
            server.attested(1)
            server.bad("error-51", "authority", authority=b64(b"x" * 200))
            authority = provision(fleet, folder, bed, rig).read_bytes()
            server.attested(2)
            assert (folder / "parts/signet-authority").read_bytes()[:len(authority)] == authority
            status = json.loads(rig.ctl("status", "--json"))
            assert status["node"] == server.known, status
            # All four indices are certified now but the state record that was never written.
            nv, sizes, at = section(server.evidence[-1], 5), [], 0
            while at < len(nv):
                sizes.append(struct.unpack_from("<I", nv, at)[0])
                at += 4 + sizes[-1] + 64
            assert len(sizes) == 4 and sizes[2] and sizes[3] and (sizes[0] or sizes[1]), sizes
            agent.need("command")
            rig.end()
        with Rig(folder, fleet.boot, bed.image, "--authority", folder / "authority") as rig, Agent(folder, rig):
            server.attested(3)


CASES = {
    "enrols, attests, answers": enrols_and_attests,
    "does without an EK certificate, and stays the same node": without_certificate,
    "attests again before the lease ends": attests_again_by_itself,
    "runs guests": runs_guests,
    "answers while it connects for the answer before": answers_while_it_connects,
    "tells of changes over the connection that there is": tells_of_changes,
    "outlives network and fleet server": outlives_the_network,
    "carries a command out once": carries_out_once,
    "restarts the node once the answer has arrived": restarts_the_node,
    "takes an update back until it restarts": takes_an_update_back_at_last,
    "provisions": provisions,
}


def main():
    os.chdir(ROOT)
    only = os.environ.get("ONLY", "")
    base = Path(tempfile.mkdtemp(prefix="agent-", dir="build/tests"))
    cases = {name: case for name, case in CASES.items() if only in name}
    failures = 0
    try:
        fleet = Fleet(base)
        for number, (name, case) in enumerate(cases.items(), 1):
            folder = base / str(number)
            folder.mkdir()
            try:
                case(fleet, folder)
                print(f"ok {number} - {name}", flush=True)
            except AssertionError as e:
                failures += 1
                print(f"not ok {number} - {name}")
                said = folder / "agent.said"
                text = f"{e}\n{said.read_text() if said.exists() else ''}"
                print("\n".join(f"# {line}" for line in text.splitlines()), flush=True)
    finally:
        shutil.rmtree(base)
    print(f"1..{len(cases)}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
