"""The operator's commands about nodes, appraisals and baselines: what they ask, how they show answers, what they make of refusals."""
import base64
import json
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from fleet_bed import (  # noqa: E402
    Bed, DIFFERS, SECONDS, SIGNET, WEB1, WEB2, Terminal, appraisal, event, failure, keys, node, nodes, summary, when)
from fleet_server import Authority  # noqa: E402
from tap import expect, main  # noqa: E402


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
])
