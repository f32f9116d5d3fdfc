"""The operator's commands against a canned fleet server: what they ask, how they show answers, what they make of refusals."""
import base64
import hashlib
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from cryptography import x509  # noqa: E402
from cryptography.hazmat.primitives import serialization  # noqa: E402
from cryptography.x509.oid import ExtendedKeyUsageOID  # noqa: E402
from fleet_server import PEM, Authority, FleetServer  # noqa: E402
from tap import expect, main  # noqa: E402

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


def settings_come_from_somewhere_and_say_where():
    with Bed() as b:
        bare = {k: v for k, v in b.env.items() if not k.startswith("SIGNET_")}
        b.run("node", "list", code=2, env=bare, says=("where the fleet server is", "--server", "SIGNET_SERVER"))
        bare["SIGNET_SERVER"] = "nowhere:x"
        b.run("node", "list", "--operator", "me.pem", "--ca", "ca.pem", code=2, env=bare, says="SIGNET_SERVER names")
        b.run("node", "list", "--server", b.address, "--operator", "me.pem", "--ca", "ca.pem", env=bare)
        b.run("node", "list", "--operator", "none.pem", code=1, says=("none.pem", "signet operator add"))
        b.run("node", "list", "--ca", "none.pem", code=1, says=("none.pem", "fleet-ca.crt"))
        (b.dir / "me.pem").chmod(0o644)
        b.run("node", "list", code=1, says=("readable by others", "chmod 600"))


def connect_keeps_settings():
    with Bed() as b:
        b.answers["GET", "/v1/status"] = 200, {
            "version": "1", "fleet": "lab", "time": when(), "operators": {"valid": 1, "endingSoon": 0}, "expires": [],
            "nodes": dict.fromkeys(("total", "online", "pending", "good", "failed", "held"), 1)}
        bare = {k: v for k, v in b.env.items() if not k.startswith("SIGNET_")}
        ini = b.dir / "home/.config/signet/fleet.ini"
        b.run("fleet", "connect", "--server", "127.0.0.1:1", "--operator", "me.pem", "--ca", "ca.pem", code=3, env=bare)
        expect(not ini.exists(), "nothing is kept that does not work")
        b.run("fleet", "connect", "--server", b.address, "--operator", "me.pem", "--ca", "ca.pem", env=bare, says="fleet lab")
        expect(f"operator = {b.dir}/me.pem\n" in ini.read_text(), "paths are absolute", ini.read_text())
        subprocess.run([SIGNET, "node", "list"], env=bare, cwd="/", check=True, capture_output=True, timeout=SECONDS)
        b.run("node", "list", "--server", "127.0.0.1:1", code=3, env=bare, says="127.0.0.1 port 1")
        ini.write_text(ini.read_text() + "colour = red\n")
        b.run("node", "list", code=1, env=bare, says="line 4 of")


def names_are_looked_up():
    with Bed() as b:
        b.run("node", "list", "--server", f"localhost:{b.address.split(':')[1]}")
        b.run("node", "list", "--server", "no-such-host.invalid:1", code=3, says="no address is known by that name")


def strangers_are_not_believed():
    with Bed() as b:
        other = Authority()
        (b.dir / "other.pem").write_bytes(other.pem())
        b.run("node", "list", "--ca", "other.pem", code=3, says=("not the fleet's", "somebody else may be answering"))
        other.operator(b.dir / "stranger.pem")
        b.run("node", "list", "--operator", "stranger.pem", code=3)
        expect(not b.asked(), "nothing was asked of a stranger")


def refusals_have_their_exit_codes():
    with Bed() as b:
        for status, name, code in ((403, "role", 5), (403, "revoked", 5), (401, "who", 5), (409, "node-offline", 3),
                                   (504, "node-silent", 3), (404, "node-unknown", 1), (500, "internal", 1),
                                   (409, "no-ticket", 5), (409, "uncertified", 5)):
            b.answers["GET", "/v1/nodes"] = failure(status, name)
            b.run("node", "list", code=code, says=(f"message of {name} ({name})", f"advice for {name}"))
        b.server.lax = True
        for answer in (b"<html>", b"[1]", b"\xff\xfe", b'{"nodes": [', b""):
            b.answers["GET", "/v1/nodes"] = 200, answer
            b.run("node", "list", code=0 if answer == b"" else 1)
            b.answers["GET", "/v1/nodes"] = 502, answer
            b.run("node", "list", code=1, says="answered 502")
        for odd in ({"nodes": 5}, {"nodes": [5, None, {"id": 7}]}, {"nodes": [{"verdict": [], "online": "x"}]}):
            b.answers["GET", "/v1/nodes"] = 200, odd
            b.run("node", "list")


def nodes_are_listed():
    with Bed() as b:
        lines = b.run("node", "list").splitlines()
        expect(re.match(r"NODE +HOST +STATE +VERDICT +CLASS +RELEASE +SVN +SEEN$", lines[0]), "headings", lines[0])
        expect(re.match(r"a{12} +web1 +good +GOOD +r640 +1\.2 +7 +5 min ago$", lines[1]), "a row", lines[1])
        expect(lines[2].endswith("online"), "online", lines[2])
        expect(re.match(r"(cd){6} +db1 +pending +- +- +- +- +5 min ago$", lines[3]), "what is not known", lines[3])
        expect(len({line.index(word) for line, word in zip(lines[:3], ("HOST", "web1", "web2"))}) == 1, "aligned")
        expect(json.loads(b.run("node", "list", "--json")) == nodes(), "JSON is the answer")


def nodes_have_names():
    with Bed() as b:
        for word in ("web1", "aa", "aaaaaaaaaaaa", WEB1):
            b.answers["GET", f"/v1/nodes/{WEB1}"] = 200, node()
            b.run("node", "show", word, says=WEB1)
        b.run("node", "show", "a", code=2, says=(WEB1, WEB2, "more than one"))
        b.run("node", "show", "db2", code=1, says="no node is called 'db2'")
        b.run("node", "show", "", code=1)
        b.answers["GET", "/v1/nodes"] = 200, nodes(summary("ef" * 32, "web1"))
        b.run("node", "show", "web1", code=2, says=("ef" * 32, WEB1))


def a_node_is_shown():
    with Bed() as b:
        b.answers["GET", f"/v1/nodes/{WEB1}"] = 200, node(hostname="web\x1b[2J\u009b1")
        out = b.run("node", "show", "aa", says=("CN=TPM 42", "CN=TPM maker CA", "yes, by a configured CA", "SecureBoot is on",
                                                "2 of its class has it, since 20", "until 20", "GOOD: words of GOOD", "uptime"))
        expect("\x1b" not in out and "\u009b" not in out, "no control characters of outside text", out)
        b.answers["GET", f"/v1/nodes/{WEB1}"] = 200, node(ekCertificate=None, lease=None, appraisal=None, verdict=None, pcr7=None,
                                                         report=None)
        b.run("node", "show", "aa", says=("nobody certifies", "no new guest starts", "no evidence yet"))


def keys(b):
    b.run("keys", "init", "keys", "--development")


def enrolment_signs_the_write_authority():
    with Bed() as b:
        keys(b)
        b.answers["GET", f"/v1/nodes/{WEB1}"] = 200, node(state="pending")
        b.answers["POST", f"/v1/nodes/{WEB1}/enroll"] = 200, node(state="enrolled")
        b.run("node", "enroll", "web1", "--keys", "keys", code=2, says=("--yes", "CN=TPM 42", "Maker 1.3", "db: the owner's"))
        expect(not b.asked("POST"), "nothing is enrolled unasked")
        b.run("node", "enroll", "web1", "--keys", "keys", "--yes", "--class", "r640", says="Enrolled node web1")
        body = b.last()[2]
        b.run("keys", "authorize", "keys", "--node-id", WEB1, "--pcr7", "77" * 32, "--out", "authority")
        expect(base64.b64decode(body["authority"]) == (b.dir / "authority").read_bytes(), "the same as keys authorize signs")
        expect(base64.b64decode(body["policyKey"]) == (b.dir / "authority").read_bytes()[48:112], "its key")
        expect((body["class"], body["imageFloor"], body["keyFloor"], body["acceptUncertified"]) == ("r640", 7, 0, False),
               "the rest", str(body))
        b.run("node", "enroll", "web1", "--keys", "nokeys", "--yes", code=1, says="nokeys")
        b.run("node", "enroll", "web1", "--keys", "keys", "--yes", "--class", "a/b", code=2, says="--class takes")


def enrolment_refuses_what_nobody_vouches_for():
    with Bed() as b:
        keys(b)
        b.answers["POST", f"/v1/nodes/{WEB1}/enroll"] = 200, node(state="enrolled")
        uncertified = node(state="pending")
        uncertified["ekCertificate"]["trusted"] = False
        for doubtful in (uncertified, node(state="pending", ekCertificate=None)):
            b.answers["GET", f"/v1/nodes/{WEB1}"] = 200, doubtful
            b.run("node", "enroll", "web1", "--keys", "keys", "--yes", code=5, says=("no configured CA", "--accept-uncertified"))
            expect(not b.asked("POST"), "nothing is sent")
        b.run("node", "enroll", "web1", "--keys", "keys", "--yes", "--accept-uncertified")
        expect(b.last()[2]["acceptUncertified"] is True and b.last()[2]["class"] == "default", "accepted by name")
        b.answers["GET", f"/v1/nodes/{WEB1}"] = 200, node(pcr7=None, secureBoot=[])
        b.run("node", "enroll", "web1", "--keys", "keys", "--yes", code=1, says=("has shown no PCR 7", "node logs"))


def authority_approves_values_of_pcr7():
    with Bed() as b:
        keys(b)
        b.answers["GET", f"/v1/nodes/{WEB1}"] = 200, node()
        b.answers["POST", f"/v1/nodes/{WEB1}/authority"] = 200, {}
        b.run("node", "authority", "web1", "--keys", "keys", "--yes", "--pcr7", "78" * 32, says="2 values of PCR 7")
        b.run("keys", "authorize", "keys", "--node-id", WEB1, "--pcr7", "77" * 32, "--pcr7", "78" * 32, "--out", "authority")
        expect(base64.b64decode(b.last()[2]["authority"]) == (b.dir / "authority").read_bytes(), "both are signed")
        b.run("node", "authority", "web1", "--keys", "keys", "--yes", "--pcr7", "78", code=2, says="--pcr7 takes 64")


def nodes_are_ordered_about():
    with Bed() as b:
        b.answers["DELETE", f"/v1/nodes/{WEB1}"] = 200, {}
        b.answers["POST", f"/v1/nodes/{WEB1}/reboot"] = 200, {}
        b.run("node", "remove", "web1", code=2, says="no terminal to ask on: say --yes")
        expect(not b.asked("DELETE"), "nothing is removed unasked")
        b.run("node", "remove", "web1", "--yes", says="Removed node web1")
        b.run("node", "reboot", "web1", "--drain", "5", says="5 s to stop")
        expect(b.last()[2] == {"drainSeconds": 5}, "seconds")
        b.run("node", "reboot", "web1")
        expect(b.last()[2] == {"drainSeconds": 60}, "by default")


def logs_are_printed_to_their_end():
    with Bed() as b:
        path = f"/v1/nodes/{WEB1}/logs?source=agent&offset="
        b.answers["GET", path + "0"] = 200, {"offset": 100, "end": 112, "text": "one\ntw"}
        b.answers["GET", path + "106"] = 200, {"offset": 106, "end": 112, "text": "o\x1b[2J\n"[:6]}
        out = b.run("node", "logs", "web1", says="100 bytes before this are no longer kept")
        expect(out == "one\ntwo?[2J\n"[:len(out)] and "\x1b" not in out, "pieces in order", out)
        b.answers["GET", path + "7"] = 200, {"offset": 7, "end": 70, "text": ""}
        expect(b.run("node", "logs", "web1", "--offset", "7") == "", "an empty piece is the end")
        b.run("node", "logs", "web1", "--source", "kernel", code=2)


def attesting_shows_the_verdict():
    with Bed() as b:
        path = f"/v1/nodes/{WEB1}/attest"
        b.answers["POST", path] = 200, appraisal()
        b.run("attest", "now", "web1", says=("GOOD: words of GOOD", "2 of its class", "Ticket             yes"))
        b.answers["POST", path] = 200, appraisal(name="BASELINE_DIFFERS", code=71, difference=DIFFERS, state="held")
        b.run("attest", "now", "web1", code=5, says=(
            "BASELINE_DIFFERS: words", "event 14 of the log, PCR 0", "firmware version 1.3", "firmware version 1.4",
            "advice for BASELINE_DIFFERS", "signet baseline diff", "signet attest clear", "no new guest starts"))
        b.answers["POST", path] = failure(409, "node-offline")
        b.run("attest", "now", "web1", code=3)


def appraisals_are_explained():
    with Bed() as b:
        base = f"/v1/nodes/{WEB1}"
        b.answers["GET", base + "/history"] = 200, {"appraisals": []}
        b.run("attest", "explain", "web1", code=1, says=("has not been appraised", "signet attest now"))
        b.answers["GET", base + "/history"] = 200, {"appraisals": [
            {k: appraisal(number=n)[k] for k in ("number", "time", "verdict", "release", "svn")} for n in (12, 11)]}
        lines = b.run("attest", "history", "web1").splitlines()
        expect(re.match(r" +12  20\S+Z \(2 min ago\) +GOOD +1\.2 +7$", lines[1]), "a row", lines[1])
        b.answers["GET", base + "/appraisals/12"] = 200, appraisal(name="BASELINE_DIFFERS", code=71, difference=DIFFERS)
        b.answers["GET", base + "/appraisals/11"] = 200, appraisal(number=11)
        b.run("attest", "explain", "web1", says="event 14 of the log, PCR 0")
        b.run("attest", "explain", "web1", "--appraisal", "11", says="11, 20")
        missing = {**DIFFERS, "expected": None, "expectedText": None}
        b.answers["GET", base + "/appraisals/12"] = 200, appraisal(name="BASELINE_DIFFERS", code=71, difference=missing)
        b.run("attest", "explain", "web1", says="nothing more")
        b.answers["POST", base + "/clear"] = 200, {}
        b.run("attest", "clear", "web1", "--yes", says="no longer held")


BASELINE = {"class": "r640", "number": 2, "node": WEB1, "appraisal": 12, "approvedBy": "bob", "approvedAt": when(86400 * 3),
            "count": 2, "nodes": 5, "since": when(86400 * 2), "events": [event(0, 0, "firmware version 1.3"), event(1, 7, "SecureBoot is on")]}


def diff(*changes, reason="matched-last"):
    return {"class": "r640", "number": 2, "reason": reason, "node": WEB1, "appraisal": 12, "same": all(c[0] == "same" for c in changes),
            "events": [{"change": c, "pcr": 0, "type": 8, "typeName": "EV_S_CRTM_VERSION", "expected": e and event(0, 0, e),
                        "found": f and event(0, 0, f)} for c, e, f in changes]}


def baselines_are_approved_by_sight():
    with Bed() as b:
        summary_of = {k: v for k, v in BASELINE.items() if k != "events"}
        unused = {**summary_of, "number": 1, "nodes": 0, "since": None}
        b.answers["GET", "/v1/baselines"] = 200, {"baselines": [unused, summary_of, {**summary_of, "class": "r650", "nodes": 9}]}
        lines = b.run("baseline", "list", says=("r640", "bob", "3 days ago")).splitlines()
        expect(re.match(r"CLASS +NUMBER +NODES +SINCE +EVENTS +APPROVED BY +WHEN +FROM NODE +APPRAISAL$", lines[0]), "headings", lines[0])
        expect(re.match(r"r640 +1 +0 +- +2 +bob ", lines[1]), "one that no node needs", lines[1])
        expect(re.match(r"r640 +2 +5 +20\S+Z \(2 days ago\) +2 +bob ", lines[2]), "one that is needed", lines[2])
        b.answers["GET", "/v1/baselines/r640"] = 200, {"baselines": [{**unused, "events": []}, BASELINE]}
        out = b.run("baseline", "show", "r640", says=("firmware version 1.3", "bob", "5 matched it last, the first since 20"))
        expect(re.findall(r"^Number +(\d)$", out, re.M) == ["1", "2"], "both", out)
        b.answers["GET", "/v1/baselines/r640/2"] = 200, BASELINE
        expect(re.findall(r"^Number +(\d)$", b.run("baseline", "show", "r640", "2"), re.M) == ["2"], "one by its number")
        for bad in ("0", "x", "+1", "1" * 19, "1/../2"):
            b.run("baseline", "show", "r640", bad, code=2, says="a baseline has a number")
        path = f"/v1/baselines/r640/diff?node={WEB1}"
        b.answers["GET", path] = 200, diff(("same", "a", "a"), ("changed", "old", "fresh"), ("missing", "less", None), ("added", None, "more"))
        out = b.run("baseline", "diff", "r640", "web1", code=1)
        seen = re.findall(r"^([-+ ]) PCR 0 +EV_EFI_VARIABLE_DRIVER_CONFIG +(\w+) ", out, re.M)
        expect(seen == [("-", "old"), ("+", "fresh"), ("-", "less"), ("+", "more")], "what differs, and nothing else", out)
        expect(len(b.run("baseline", "diff", "r640", "web1", "--all", code=1).splitlines()) == 6, "all of it")
        expect(re.match(r"Compared with +baseline 2 of class r640, which the node matched last\n", out), "with which", out)
        b.answers["GET", f"/v1/nodes/{WEB1}/history"] = 200, {"appraisals": [appraisal()]}
        b.answers["POST", "/v1/baselines/r640"] = 200, {**BASELINE, "added": True}
        b.run("baseline", "approve", "r640", "web1", code=2, says=("fresh", "--yes"))
        b.run("baseline", "approve", "r640", "web1", "--yes", says="is now its baseline 2")
        expect(b.last()[2] == {"node": WEB1, "appraisal": 12}, "the last appraisal's events")
        b.answers["POST", "/v1/baselines/r640"] = 200, {**BASELINE, "added": False}
        b.run("baseline", "approve", "r640", "web1", "--yes", "--replace", says="was already its baseline 2")
        expect(b.last()[2] == {"node": WEB1, "appraisal": 12, "replace": True}, "in the others' place")
        b.answers["POST", "/v1/baselines/r640"] = failure(409, "too-many-baselines")
        b.run("baseline", "approve", "r640", "web1", "--yes", code=1, says="(too-many-baselines)")
        b.answers["GET", path] = 200, diff(("same", "a", "a"), reason="accepts")
        b.run("baseline", "diff", "r640", "web1", says="baseline 2 of class r640, which accepts it, event by event")
        b.answers["GET", path] = 200, diff(("missing", "a", None), reason="nearest")
        b.run("baseline", "diff", "r640", "web1", code=1, says="baseline 2 of class r640, the nearest one")


def baselines_are_revoked_by_number_or_all():
    with Bed() as b:
        of = {k: v for k, v in BASELINE.items() if k != "events"}
        b.answers["GET", "/v1/baselines"] = 200, {"baselines": [{**of, "number": 1, "nodes": 3}, of, {**of, "class": "r650"}]}
        for words, asked in ((["1"], (b"baseline 1 of class r640", b"3 matched it last")),
                             ([], (b"every baseline of class r640", b"8 matched it last"))):
            b.run("baseline", "revoke", "r640", *words, code=2, says="--yes")
            terminal = Terminal(b, "baseline", "revoke", "r640", *words)
            terminal.until(b"[y/N]")
            terminal.type(b"n\n")
            expect(terminal.end() == 5 and all(text in terminal.seen for text in asked), "who needs it", terminal.seen.decode())
        expect(not b.asked("DELETE"), "nothing is revoked unasked")
        b.answers["DELETE", "/v1/baselines/r640/1"] = 200, {}
        b.run("baseline", "revoke", "r640", "1", "--yes", says="Revoked baseline 1 of class r640")
        b.answers["DELETE", "/v1/baselines/r640/7"] = failure(404, "baseline-unknown")
        b.run("baseline", "revoke", "r640", "7", "--yes", code=1, says="(baseline-unknown)")
        b.answers["DELETE", "/v1/baselines/r640"] = 200, {}
        b.run("baseline", "revoke", "r640", "--yes", says="Revoked every baseline of class r640")
        b.run("baseline", "revoke", "r640", "one", code=2, says="a baseline has a number")
        b.run("baseline", "show", "../nodes", code=2)


def baselines_begin_somewhere():
    with Bed() as b:
        b.answers["GET", "/v1/baselines/new"] = failure(404, "baseline-unknown")
        b.answers["GET", f"/v1/nodes/{WEB1}/history"] = 200, {"appraisals": [appraisal()]}
        b.answers["POST", "/v1/baselines/new"] = 200, {**BASELINE, "class": "new", "number": 1, "added": True}
        b.run("baseline", "approve", "new", "web1", "--yes")
        b.answers["GET", "/v1/baselines/new"] = failure(403, "role")
        b.run("baseline", "approve", "new", "web1", "--yes", code=5)


GUEST = """name = web
memory = 64M
vcpus = 2
kernel = parts/vmlinuz
initramfs = parts/initrd
command-line = console=ttyS0 root=/dev/vda
disk = /store/web.img
disk = /dev/disk/shared read-only
net = 52:54:00:AB:34:56
"""


def guest_files(b):
    (b.dir / "parts").mkdir()
    kernel, initrd = os.urandom(300_001), b"initramfs"
    (b.dir / "parts/vmlinuz").write_bytes(kernel)
    (b.dir / "parts/initrd").write_bytes(initrd)
    (b.dir / "web.guest").write_text(GUEST)
    return kernel, initrd


def guest(definition, state="running"):
    return {"name": definition["name"], "definition": definition, "state": state, "digest": "99" * 48,
            "cpuTime": 2_500_000_000, "exits": 9, "reason": ""}


def a_guest_runs_from_its_file():
    with Bed() as b:
        kernel, initrd = guest_files(b)
        blobs = {}

        def blob_paths(data):
            digest = hashlib.sha384(data).hexdigest()
            path = f"/v1/blobs/{digest}"
            there = {"digest": digest, "length": len(data)}
            b.answers["GET", path] = lambda _: (200, there) if digest in blobs else failure(404, "blob-unknown")

            def put(body):
                blobs[digest] = body
                return 200, there

            b.answers["PUT", path] = put
            return digest

        digests = [blob_paths(kernel), blob_paths(initrd)]
        b.answers["POST", f"/v1/nodes/{WEB1}/guests"] = lambda body: (200, guest(body))
        b.run("guest", "run", "web1", "web.guest", says="Guest web runs on node web1")
        expect(blobs == dict(zip(digests, (kernel, initrd))), "both parts are there, byte for byte")
        expect(b.last()[2] == {
            "name": "web", "memory": 64 << 20, "vcpus": 2, "kernel": digests[0], "initramfs": digests[1],
            "commandLine": "console=ttyS0 root=/dev/vda", "nets": ["52:54:00:ab:34:56"], "autostart": False,
            "disks": [{"path": "/store/web.img", "readOnly": False}, {"path": "/dev/disk/shared", "readOnly": True}],
        }, "the definition", str(b.last()[2]))
        b.run("guest", "run", "web1", "web.guest", "--autostart", "--json")
        expect(len(b.asked("PUT")) == 2 and b.last()[2]["autostart"], "nothing is uploaded twice")
        b.answers["POST", f"/v1/nodes/{WEB1}/guests"] = failure(403, "guest-refused")
        b.run("guest", "run", "web1", "web.guest", code=5, says="message of guest-refused")


def guest_files_are_refused_with_their_reason():
    with Bed() as b:
        guest_files(b)
        for old, new, says in (("vcpus = 2", "vcpus = x", "line 3: vcpus is"), ("disk = /store/", "disk = ", "the node's own"),
                               ("parts/vmlinuz", "parts/none", "cannot use kernel"), ("parts/initrd", "/dev/null", "initramfs")):
            (b.dir / "bad.guest").write_text(GUEST.replace(old, new))
            b.run("guest", "run", "web1", "bad.guest", code=1, says=says)
        b.run("guest", "run", "web1", "none.guest", code=1, says="none.guest")
        expect(not b.asked("POST"), "nothing is sent")


def guests_are_listed_stopped_removed():
    with Bed() as b:
        base = f"/v1/nodes/{WEB1}/guests"
        definition = {"name": "web", "memory": 64 << 20, "vcpus": 2, "kernel": "ab" * 48, "initramfs": None, "commandLine": "",
                      "disks": [], "nets": [], "autostart": True}
        b.answers["GET", base] = 200, {"guests": [guest(definition), {**guest(definition), "definition": None, "name": "old"}]}
        out = b.run("guest", "list", "web1")
        expect(re.search(r"^web +running +2 +64\.0 MiB +yes +2\.5 s +9{12} +-$", out, re.M), "a row", out)
        b.answers["POST", base + "/web/stop"] = 200, {}
        b.run("guest", "stop", "web1", "web", says="Pressed the power button")
        expect(b.last()[2] == {"now": False}, "asked")
        b.run("guest", "stop", "web1", "web", "--now", says="Ended")
        expect(b.last()[2] == {"now": True}, "not asked")
        b.answers["DELETE", base + "/web"] = 200, {}
        b.run("guest", "remove", "web1", "web", code=2)
        b.run("guest", "remove", "web1", "web", "--yes", says="Removed")
        b.run("guest", "stop", "web1", "a/b", code=2)


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


class Console:
    """Echoes what is typed, in capitals."""

    def __init__(self, b, name="web"):
        self.output, self.typed = b"login: ", b""
        self.path = f"/v1/nodes/{WEB1}/guests/{name}/console"
        self.broken = None
        b.answers["POST", self.path] = self.answer

    def answer(self, body):
        if self.broken:
            return self.broken
        data = base64.b64decode(body["input"])
        self.typed += data
        self.output += data.upper()
        time.sleep(min(body["waitMs"], 20) / 1000)
        piece = self.output[body["offset"]:body["offset"] + 5]
        return 200, {"offset": body["offset"], "end": len(self.output), "output": base64.b64encode(piece).decode()}


def a_console_is_the_guests():
    with Bed() as b:
        c = Console(b)
        t = Terminal(b, "guest", "console", "web1", "web")
        t.until(b"login: ")
        t.until_raw()
        t.type(b"root\x03\x04\r")
        t.until(b"ROOT\x03\x04\r")
        t.type(b"bye\x1dnot this")
        expect(t.end() == 0, "Ctrl-] leaves", t.seen.decode(errors="replace"))
        expect(c.typed == b"root\x03\x04\rbye", "every key is the guest's", str(c.typed))


def a_console_is_left_on_every_way():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        with Bed() as b:
            Console(b)
            t = Terminal(b, "guest", "console", "web1", "web")
            t.until(b"login: ")
            t.until_raw()
            t.process.send_signal(number)
            expect(t.end() == -number, f"ended by signal {number}")
    with Bed() as b:
        c = Console(b)
        t = Terminal(b, "guest", "console", "web1", "web")
        t.until(b"login: ")
        t.until_raw()
        c.broken = failure(409, "node-offline")
        expect(t.end() == 3, "the node is gone")
        expect(b"advice for node-offline\r\n" in t.seen, "and says so on lines of its own", str(t.seen))


def a_console_is_read_through_a_pipe():
    with Bed() as b:
        c = Console(b)
        c.output = b"hello\x1b[0m there\r\n"
        expect(b.run("guest", "console", "web1", "web", "--no-follow") == "hello\x1b[0m there\r\n", "all there is")
        done = subprocess.run([SIGNET, "guest", "console", "web1", "web"], input=b"echo\n", capture_output=True, env=b.env,
                              timeout=SECONDS, check=False)
        expect(done.returncode == 0 and done.stdout.endswith(b"ECHO\n") and c.typed == b"echo\n", "a pipe's input", str(done))


def certify(body, serial="0a1b"):
    csr = x509.load_pem_x509_csr(body["csr"].encode())
    expect(csr.is_signature_valid, "the request is signed by its key")
    certificate = AUTHORITY.issue(body["name"], body["role"], csr.public_key(), ExtendedKeyUsageOID.CLIENT_AUTH)
    return 201, {"serial": serial, "name": body["name"], "role": body["role"], "issued": when(), "expires": when(-86400),
                 "revoked": None, "issuer": "alice", "certificate": certificate.public_bytes(PEM).decode()}


def an_operators_key_stays_here():
    with Bed() as b:
        b.answers["POST", "/v1/operators"] = certify
        b.run("operator", "add", "Bob B.", "--role", "viewer", "--out", "bob.pem", says="0a1b")
        file = b.dir / "bob.pem"
        expect(file.stat().st_mode & 0o777 == 0o600, "nobody else reads it")
        expect("PRIVATE" not in str(b.server.asked) and "PRIVATE" in file.read_text(), "the key went nowhere")
        expect(b.last()[2]["name"] == "Bob B." and b.last()[2]["role"] == "viewer", "name and role")
        b.run("node", "list", "--operator", "bob.pem")
        b.run("operator", "add", "Bob", "--role", "viewer", "--out", "bob.pem", code=1, says="there already")
        (b.dir / "pass").write_text("secret\n")
        (b.dir / "pass").chmod(0o600)
        b.run("operator", "add", "Eve", "--role", "operator", "--out", "eve.pem", "--passphrase-file", "pass")
        b.run("node", "list", "--operator", "eve.pem", code=1, says="--operator-passphrase-file")
        b.run("node", "list", "--operator", "eve.pem", "--operator-passphrase-file", "pass")


def operators_are_certified_or_nothing_is_left():
    with Bed() as b:
        b.answers["POST", "/v1/operators"] = failure(403, "role")
        b.run("operator", "add", "Bob", "--role", "viewer", "--out", "bob.pem", code=5)
        expect(not list(b.dir.glob("bob*")), "no key that nobody certified")
        b.run("operator", "add", "Bob", "--role", "boss", "--out", "bob.pem", code=2, says="--role takes")
        b.run("operator", "add", "a=b", "--role", "viewer", "--out", "bob.pem", code=2, says="NAME has")
        b.answers["POST", "/v1/operators"] = certify
        subprocess.run("openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout own.key -out own.csr -subj "
                       "/CN=own".split(), cwd=b.dir, check=True, capture_output=True)
        b.run("operator", "add", "Own", "--role", "viewer", "--csr", "own.csr", "--out", "own.crt")
        expect("PRIVATE" not in (b.dir / "own.crt").read_text(), "the certificate alone")
        x509.load_pem_x509_certificate((b.dir / "own.crt").read_bytes())
        b.answers["GET", "/v1/operators"] = 200, {"operators": [
            {k: v for k, v in certify({**b.last()[2], "name": name})[1].items() if k != "certificate"} | more
            for name, more in (("Bob", {}), ("Eve", {"revoked": when(60)}))]}
        expect(re.search(r"Eve +viewer .* revoked +alice", b.run("operator", "list")), "revoked")
        b.answers["DELETE", "/v1/operators/0a1b"] = 200, {}
        b.run("operator", "revoke", "0a1b", code=2, says="no terminal to ask on: say --yes")
        b.run("operator", "revoke", "0a1b", "--yes", says="Revoked")
        b.run("operator", "revoke", "../nodes", "--yes", code=2)


def image(b):
    keys(b)
    (b.dir / "component").write_bytes(os.urandom(200_000))
    b.run("image", "build", "--keys", "keys", "--release", "1.3", "--svn", "8", "--component", f"hypervisor={PAYLOAD}",
          "--component", "service-kernel=component", "--output", "unsigned")
    b.run("image", "sign", "unsigned", "--keys", "keys", "--output", "image")


def published(b, digest, whole):
    return {"digest": digest, "product": "signet", "release": "1.3", "svn": 8, "flags": ["development"], "expiry": None,
            "whole": whole, "published": when()}


def images_are_published_by_their_heads():
    with Bed() as b:
        image(b)
        whole = (b.dir / "image").read_bytes()
        b.answers["PUT", "/v1/images"] = lambda body: (200, published(b, "ab" * 48, len(body) == len(whole)))
        b.run("image", "publish", "image", says=("signet 1.3, SVN 8, its head", "ab" * 48))
        head = b.last()[2]
        expect(whole.startswith(head) and len(head) < len(whole) - 200_000, "its head alone", str(len(head)))
        b.run("image", "sign", "image", "--request-out", "request")
        expect(head == (b.dir / "request").read_bytes(), "what a signing request holds")
        b.run("image", "publish", "request", says="its head")
        b.run("image", "publish", "image", "--whole", says="whole: nodes can be updated")
        expect(b.last()[2] == whole, "all of it")
        b.run("image", "publish", "request", "--whole", code=1, says="no payload")
        b.run("image", "publish", "component", code=1)
        b.answers["GET", "/v1/images"] = 200, {"images": [published(b, "ab" * 48, False)]}
        expect(re.search(r"^(ab){6} +1\.3 +8 +development +never +head$", b.run("image", "list"), re.M), "a row")


def update(states, digest="ab" * 48, **more):
    return {"id": 3, "image": digest, "release": "1.3", "drain": "when-idle", "started": when(5), "by": "alice",
            "cancelled": False, "nodes": [{"node": n, "hostname": h, "state": s, "done": 50 if s == "writing" else 100,
                                           "total": 100, "written": 50, "fetched": 25, "reused": 25,
                                           "code": "does-not-fit" if s == "refused" else "",
                                           "advice": "make room" if s == "refused" else "",
                                           "reason": "no room" if s in ("refused", "failed") else ""}
                                          for (n, h), s in zip(((WEB1, "web1"), (WEB2, "web2")), states)], **more}


def follows(b, *steps):
    left = list(steps)
    b.answers["GET", "/v1/updates"] = lambda _: (200, {"updates": [update(left.pop(0) if len(left) > 1 else left[0])]})


def updates_are_pushed_and_followed():
    with Bed() as b:
        image(b)
        digest = hashlib.sha384(manifest_of((b.dir / "image").read_bytes())).hexdigest()
        here = []
        b.answers["GET", "/v1/images"] = lambda _: (200, {"images": [published(b, digest, True)] if here else []})

        def put(body):
            here.append(body)
            return 200, published(b, digest, True)

        b.answers["PUT", "/v1/images"] = put
        b.answers["POST", "/v1/updates"] = lambda body: (200, update(("waiting",) * len(body["nodes"]), body["image"]))
        follows(b, ("waiting", "writing"), ("writing", "committed"), ("committed", "committed"))
        b.run("update", "push", "image", "web1", "web2", "aa", says=("web2 (abababababab): writing", "web1 (aaaaaaaaaaaa): committed"))
        order = next(a[2] for a in b.asked("POST"))
        expect(order == {"image": digest, "nodes": [WEB1, WEB2], "drain": "when-idle"}, "the order, each node once", str(order))
        expect(len(here) == 1, "uploaded")
        follows(b, ("committed", "refused"))
        out = b.run("update", "push", "image", "--all", "--drain", "30", code=4, says="web2 (abababababab): refused: no room")
        expect(b.asked("POST")[-1][2]["drain"] == 30 and b.asked("POST")[-1][2]["nodes"] == [WEB1, WEB2], "all but pending ones")
        expect(len(here) == 1 and re.search(r"web2 +refused +100 % +no room", out), "uploaded once", out)
        follows(b, ("failed", "fallen-back"))
        b.run("update", "push", digest, "web1", "web2", code=1)
        b.run("update", "push", digest, "web1", "--no-wait", says="Update 3 has begun")


def manifest_of(data):
    """docs/format.md: where the manifest lies is in the header."""
    offset, length = (int.from_bytes(data[at:at + 8], "little") for at in (32, 40))
    return data[offset:offset + length]


def update_words_are_checked_first():
    with Bed() as b:
        b.run("update", "push", "ab" * 48, code=2, says="either NODE... or --all")
        b.run("update", "push", "ab" * 48, "web1", "--all", code=2)
        b.run("update", "push", "ab" * 48, "web1", "--drain", "soon", code=2, says="--drain takes")
        b.run("update", "push", "ab" * 48, "nobody", code=1)
        b.run("update", "push", "none.img", "web1", code=1, says="none.img")
        follows(b, ("writing", "committed"))
        expect(re.search(r"^ *3 +1\.3 .* 2 +goes on$", b.run("update", "status"), re.M), "a row")
        b.run("update", "status", "3", says="50 %")
        b.run("update", "status", "4", code=1, says="no update 4")
        b.run("update", "status", "x", code=2)
        b.answers["DELETE", "/v1/updates/3"] = 200, {}
        b.run("update", "cancel", "3", says="Cancelled")


def audit_entry(previous, number, **content):
    text = json.dumps(content)
    chained = hashlib.sha384(b"signet audit 1".ljust(16, b"\0") + previous + number.to_bytes(8, "little") +
                             len(text).to_bytes(8, "little") + text.encode()).digest()
    return {"number": number, "hash": chained.hex(), "content": text}


def the_audit_log_is_chained():
    with Bed() as b:
        entries, previous = [], bytes(48)
        for number in range(1, 5):
            entries.append(audit_entry(previous, number, time=when(), kind="request", who="alice", subject=f"POST /v1/{number}",
                                       status=200, detail="done"))
            previous = bytes.fromhex(entries[-1]["hash"])

        def serve():
            for after in range(0, 5):
                page = entries[after:after + 2]
                b.answers["GET", f"/v1/audit?after={after}"] = 200, {"entries": page, "next": after + len(page)}

        serve()
        out = b.run("fleet", "audit")
        expect(len(out.splitlines()) == 5 and re.search(r"^ +4 +20\S+ +alice +POST /v1/4 +200 +done$", out, re.M), "all pages", out)
        expect(len(b.run("fleet", "audit", "--after", "2").splitlines()) == 3, "from there on")
        entries[2] = {**entries[2], "content": entries[2]["content"].replace("alice", "mallory")}
        serve()
        b.run("fleet", "audit", code=5, says="entry 3 does not follow")


def the_fleets_status_is_shown():
    with Bed() as b:
        b.answers["GET", "/v1/status"] = 200, {
            "version": "0.1", "fleet": "lab", "time": when(), "operators": {"valid": 2, "endingSoon": 1},
            "nodes": {"total": 9, "online": 7, "pending": 1, "good": 6, "failed": 1, "held": 1},
            "expires": [{"what": "server certificate", "when": when(-86400 * 10), "renewsItself": True, "warning": False},
                        {"what": "fleet CA", "when": when(-86400 * 5), "renewsItself": False, "warning": True}]}
        b.run("fleet", "status", says=("lab", "7 online", "server certificate", "fleet CA", "WARNING", "(in 4 days)"))


main([
    ("settings come from options, environment or file, and errors say which", settings_come_from_somewhere_and_say_where),
    ("connect keeps settings that work", connect_keeps_settings),
    ("a static program looks names up", names_are_looked_up),
    ("a server or an operator of another CA is no one", strangers_are_not_believed),
    ("refusals have their exit codes, and no answer is believed to be well-formed", refusals_have_their_exit_codes),
    ("nodes are listed in columns, and as JSON", nodes_are_listed),
    ("a node is an id, the beginning of one, or a host name", nodes_have_names),
    ("a node is shown without its control characters", a_node_is_shown),
    ("enrolment shows what is trusted and signs the write authority", enrolment_signs_the_write_authority),
    ("enrolment refuses what nobody vouches for", enrolment_refuses_what_nobody_vouches_for),
    ("a write authority takes more values of PCR 7", authority_approves_values_of_pcr7),
    ("nodes are removed and rebooted", nodes_are_ordered_about),
    ("logs are printed to their end", logs_are_printed_to_their_end),
    ("attest now shows the verdict, and its exit code", attesting_shows_the_verdict),
    ("appraisals are listed, explained and cleared", appraisals_are_explained),
    ("baselines are compared before they are approved", baselines_are_approved_by_sight),
    ("baselines are revoked by their number, or all of them", baselines_are_revoked_by_number_or_all),
    ("a class's first baseline", baselines_begin_somewhere),
    ("a guest runs from its file", a_guest_runs_from_its_file),
    ("guests' files are refused with their reason", guest_files_are_refused_with_their_reason),
    ("guests are listed, stopped, removed", guests_are_listed_stopped_removed),
    ("a console is the guest's until Ctrl-]", a_console_is_the_guests),
    ("a console gives the terminal back on every way out", a_console_is_left_on_every_way),
    ("a console through pipes", a_console_is_read_through_a_pipe),
    ("an operator's key never leaves", an_operators_key_stays_here),
    ("operators are certified, or nothing is left", operators_are_certified_or_nothing_is_left),
    ("images are published by their heads, or whole", images_are_published_by_their_heads),
    ("updates are pushed and followed to their end", updates_are_pushed_and_followed),
    ("an update's words are checked before anything is sent", update_words_are_checked_first),
    ("the audit log's chain is walked", the_audit_log_is_chained),
    ("the fleet's status", the_fleets_status_is_shown),
])
