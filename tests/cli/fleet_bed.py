"""A canned fleet server with what it answers, and the operator's command run against it."""
import hashlib
import os
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from fleet_server import Authority, FleetServer  # noqa: E402
from tap import expect  # noqa: E402

SIGNET, PAYLOAD = (str(Path("build", name).resolve()) for name in ("signet", "payload.bin"))
WEB1, WEB2, DB1 = "aa" * 32, "ab" * 32, "cd" * 32
NOW = time.time()
SECONDS = 60

AUTHORITY = Authority()


def when(seconds_ago=0):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW - seconds_ago))


def verdict(code=0, name="GOOD"):
    return {"code": code, "name": name, "text": f"words of {name}", "advice": f"advice for {name}"}


def summary(node, hostname, **more):
    return {"id": node, "hostname": hostname, "state": "good", "class": "r640", "release": "1.2", "svn": 7,
            "verdict": verdict(), "lastSeen": when(300), "online": False, **more}


def nodes(*more):
    return {"nodes": [summary(WEB1, "web1"), summary(WEB2, "web2", online=True), summary(DB1, "db1", state="pending",
                      release=None, svn=None, verdict=None, **{"class": None}), *more]}


def event(index, pcr, text):
    return {"index": index, "pcr": pcr, "type": 0x80000001, "typeName": "EV_EFI_VARIABLE_DRIVER_CONFIG",
            "digest": hashlib.sha256(text.encode()).hexdigest(), "text": text}


def appraisal(node=WEB1, number=12, name="GOOD", code=0, **more):
    return {"number": number, "time": when(120), "verdict": verdict(code, name), "release": "1.2", "svn": 7, "node": node,
            "nonce": "11" * 32, "tlsKey": "22" * 32, "state": "good" if not code else "failed", "ticket": not code,
            "baseline": 2, "difference": None, **more}


DIFFERS = {"index": 14, "pcr": 0, "expected": "ee" * 32, "found": "ff" * 32, "expectedText": "firmware version 1.3",
           "foundText": "firmware version 1.4"}


def node(node_id=WEB1, hostname="web1", **more):
    return {**summary(node_id, hostname), "ek": "AAAA", "ak": "AAAA", "policyKey": None, "pcr7": "77" * 32,
            "secureBoot": [event(3, 7, "SecureBoot is on"), event(5, 7, "db: the owner's certificate")],
            "ekCertificate": {"subject": "CN=TPM 42", "issuer": "CN=TPM maker CA", "notAfter": when(-86400 * 400),
                              "trusted": True},
            "firmware": "Maker 1.3", "baseline": {"number": 2, "since": when(86400)}, "floors": {"image": 5, "key": 1}, "lease": {"seconds": 86400, "until": when(-3600)},
            "appraisal": appraisal(node_id), "report": {"uptime": 60, "reason": "newest"}, **more}


def failure(status, code):
    return status, {"error": {"code": code, "message": f"message of {code}", "advice": f"advice for {code}"}}


class Bed:
    """A folder with an operator's file and the CA's, and a server."""

    def __enter__(self):
        self.dir = Path(tempfile.mkdtemp(prefix="op-"))
        AUTHORITY.operator(self.dir / "me.pem")
        self.server = FleetServer(self.dir, AUTHORITY)
        self.answers = self.server.answers
        self.answers["GET", "/v1/nodes"] = 200, nodes()
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        self.env = {**os.environ, "HOME": str(self.dir / "home"), "SIGNET_SERVER": self.address,
                    "SIGNET_OPERATOR": str(self.dir / "me.pem"), "SIGNET_CA": str(self.dir / "ca.pem")}
        self.env.pop("XDG_CONFIG_HOME", None)
        return self

    def __exit__(self, kind, *_):
        self.server.close()
        shutil.rmtree(self.dir)
        if kind is None:
            expect(not self.server.wrong, "requests and answers are those of api.yaml", "\n".join(self.server.wrong))

    def run(self, *words, code=0, says=(), env=None):
        """Standard output; says: what either output must hold, in this order of words."""
        done = subprocess.run([SIGNET, *map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, check=False,
                              env=env or self.env, cwd=self.dir, timeout=SECONDS)
        out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        expect(done.returncode == code, f"{words}: exit {done.returncode}, not {code}", out + err)
        for line in err.splitlines():
            expect(line.startswith("signet: "), f"{words}: a line without prefix", err)
        for text in [says] if isinstance(says, str) else says:
            expect(text in out + err, f"{words}: does not say '{text}'", out + err)
        return out

    def asked(self, method=None):
        return [a for a in self.server.asked if method in (None, a[0])]

    def last(self):
        return self.server.asked[-1]


class Terminal:
    """A command on a terminal of its own."""

    def __init__(self, b, *words):
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen([SIGNET, *words], stdin=self.slave, stdout=self.slave, stderr=self.slave, env=b.env,
                                        cwd=b.dir, close_fds=True)
        self.seen = b""

    def until(self, text):
        deadline = time.monotonic() + SECONDS
        while text not in self.seen and time.monotonic() < deadline:
            if select.select([self.master], [], [], 1)[0]:
                self.seen += os.read(self.master, 4096)
        expect(text in self.seen, f"the terminal never shows {text}", self.seen.decode(errors="replace"))

    def type(self, data):
        os.write(self.master, data)

    def is_raw(self):
        return not termios.tcgetattr(self.slave)[3] & (termios.ICANON | termios.ISIG | termios.ECHO)

    def until_raw(self):
        deadline = time.monotonic() + SECONDS
        while not self.is_raw() and time.monotonic() < deadline:
            time.sleep(0.02)
        expect(self.is_raw(), "the terminal is raw")

    def end(self):
        code = self.process.wait(SECONDS)
        after = termios.tcgetattr(self.slave)
        while select.select([self.master], [], [], 0.2)[0]:
            self.seen += os.read(self.master, 4096)
        os.close(self.master)
        os.close(self.slave)
        expect(after == self.before, "the terminal is as it was")
        return code


def keys(b):
    b.run("keys", "init", "keys", "--development")
