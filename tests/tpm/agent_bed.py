"""A fleet server that a test plays, and signet-agent beside a node's real hypervisor code and TPM (node-rig)."""
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
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/lib"), str(ROOT / "tests/tpm")]
from rig import Rig, tool  # noqa: E402
from tpmmaker import TpmMaker  # noqa: E402

PATIENCE = 60
SECRET = bytes(range(32))


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
