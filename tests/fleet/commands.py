"""The operator's commands against the real fleet server and simulated nodes. What the server answers is held to docs/api.yaml."""
import json
import os
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "cli"))
from fleet_server import json_schema, misfit, operation_of, resolved  # noqa: E402
from signetd import PATIENCE  # noqa: E402
from simnode import SIGNET, Fleet  # noqa: E402
from tap import expect, main  # noqa: E402


class Desk:
    """A fleet and its first approver at his terminal."""

    def __enter__(self):
        self.fleet = Fleet().__enter__()
        server = self.fleet.server
        self.env = {**os.environ, "SIGNET_SERVER": f"127.0.0.1:{server.port('operators')}",
                    "SIGNET_OPERATOR": server.path("approver.pem"), "SIGNET_CA": server.path("fleet-ca.crt")}
        return self

    def __exit__(self, *trouble):
        self.fleet.__exit__(*trouble)

    def run(self, *words, code=0, says=(), **env):
        done = subprocess.run([SIGNET, *words], env={**self.env, **env}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=PATIENCE, check=False)
        expect(done.returncode == code, f"{words}: exit {done.returncode}, not {code}", done.stdout + done.stderr)
        for text in [says] if isinstance(says, str) else says:
            expect(text in done.stdout + done.stderr, f"{words}: does not say '{text}'", done.stdout + done.stderr)
        return done.stdout

    def with_node(self, node, kind, *words, **expected):
        """The same while the node carries out a command of this kind."""
        serving = threading.Thread(target=node.serve_one, args=(kind,), daemon=True)
        serving.start()
        out = self.run(*words, **expected)
        serving.join(PATIENCE)
        expect(not serving.is_alive(), f"the node got no {kind}")
        return out

    def fits(self, method, path, text, status=200):
        """A server's answer against api.yaml."""
        operation = operation_of(method, path)
        expect(operation, f"{method} {path} is in api.yaml")
        wrong = misfit(json.loads(text), json_schema(resolved(operation["responses"][str(status)])), "answer")
        expect(not wrong, f"{method} {path} answers as api.yaml says: {wrong}", text)

    def enrolled(self):
        node = self.fleet.node(1)
        node.join()
        self.with_node(node, "provision", "node", "enroll", node.id[:8], "--keys", self.fleet.keys, "--class", "rack",
                       "--image-floor", "10", "--key-floor", "1", "--accept-uncertified", "--yes", says="Enrolled node")
        self.fleet.until(lambda: self.fleet.ask("GET", f"/v1/nodes/{node.id}")["provisioned"], "provisioned")
        return node


def a_node_is_enrolled_by_sight():
    with Desk() as d:
        node = d.fleet.node(1)
        node.join()
        d.run("node", "list", says=(node.id[:12], "pending"))
        d.run("node", "enroll", node.id[:8], "--keys", d.fleet.keys, "--yes", code=5, says="--accept-uncertified")
        d.run("node", "enroll", node.id[:8], "--keys", d.fleet.keys, "--accept-uncertified", code=2, says=(node.pcr7, "--yes"))
        d.with_node(node, "provision", "node", "enroll", node.id[:8], "--keys", d.fleet.keys, "--accept-uncertified", "--yes")
        d.run("node", "show", node.id[:8], says="default")
        d.run("node", "enroll", node.id[:8], "--keys", d.fleet.keys, "--accept-uncertified", "--yes", code=1, says="(enrolled)")
        d.run("node", "remove", node.id[:8], "--yes", says="Removed")
        d.run("node", "show", node.id, code=1, says="(node-unknown)")


def firmware_is_approved_and_explained():
    with Desk() as d:
        node = d.enrolled()
        d.with_node(node, "attest", "attest", "now", node.id, code=5, says=("BASELINE_NONE", "signet baseline approve"))
        d.run("attest", "explain", node.id, says="BASELINE_NONE")
        d.run("baseline", "approve", "rack", node.id, "--yes", says="is now its baseline 1")
        d.run("attest", "clear", node.id, "--yes")
        d.with_node(node, "attest", "attest", "now", node.id, says="GOOD")
        d.run("baseline", "diff", "rack", node.id, says="baseline 1 of class rack, which accepts it, event by event")
        d.run("baseline", "list", says="rack        1      1  20")
        d.run("node", "show", node.id, says="1 of its class has it, since 20")
        for words, path in ((("node", "list"), "/v1/nodes"), (("node", "show", node.id), f"/v1/nodes/{node.id}"),
                            (("attest", "history", node.id), f"/v1/nodes/{node.id}/history"),
                            (("attest", "explain", node.id), f"/v1/nodes/{node.id}/appraisals/1"),
                            (("baseline", "list"), "/v1/baselines"), (("baseline", "show", "rack"), "/v1/baselines/rack"),
                            (("baseline", "show", "rack", "1"), "/v1/baselines/rack/1"),
                            (("baseline", "diff", "rack", node.id), "/v1/baselines/rack/diff"),
                            (("fleet", "status"), "/v1/status"), (("image", "list"), "/v1/images")):
            d.fits("GET", path, d.run(*words, "--json"))
        d.fits("POST", "/v1/baselines/rack", d.run("baseline", "approve", "rack", node.id, "--yes", "--json"))
        d.run("baseline", "approve", "rack", node.id, "--yes", says="was already its baseline 1")
        d.run("baseline", "revoke", "rack", "2", "--yes", code=1, says="(baseline-unknown)")
        d.run("baseline", "revoke", "rack", "1", "--yes", says="Revoked baseline 1")
        d.run("baseline", "show", "rack", code=1, says="(baseline-unknown)")
        d.run("baseline", "revoke", "rack", "--yes", code=1, says="(baseline-unknown)")


def evidence_is_saved():
    with Desk() as d:
        node = d.enrolled()
        d.run("baseline", "approve", "rack", node.id, "--yes")
        d.with_node(node, "attest", "attest", "now", node.id)
        path = d.fleet.server.path("evidence")
        d.run("attest", "save", node.id, "--out", path, says="signet attest verify")
        with open(path + ".json", encoding="utf-8") as f:
            record = json.load(f)
        expect(record["node"] == node.id and [b["number"] for b in record["baselines"]] == [1], "its record", str(record))
        os.mkdir(d.fleet.server.path("boot"))
        os.link(d.fleet.server.path("anchor.bin"), d.fleet.server.path("boot/anchor.bin"))
        words = ("attest", "verify", path, "--boot", d.fleet.server.path("boot"))
        out = json.loads(d.run(*words, "--json"))
        expect(out["verdict"]["name"] == "GOOD" and out["unvouched"] == [] and out["baseline"] == 1, "appraised as the server did", str(out))
        several = json.loads(json.dumps(record))
        several["baselines"].append({**several["baselines"][0], "number": 4})
        several["baselines"][0]["events"] = several["baselines"][0]["events"][1:]
        for change, name, number in ((several, "GOOD", 4), ({**several, "baselines": several["baselines"][:1]}, "BASELINE_DIFFERS", 1),
                                     ({**several, "baselines": []}, "BASELINE_NONE", None)):
            with open(path + ".json", "w", encoding="utf-8") as f:
                json.dump(change, f)
            out = json.loads(d.run(*words, "--json", code=0 if name == "GOOD" else 5))
            expect((out["verdict"]["name"], out["baseline"]) == (name, number), "by whichever is in the record", str(out))
        with open(path + ".json", "w", encoding="utf-8") as f:
            json.dump(record, f)
        with open(path, "r+b") as f:
            f.seek(40)
            f.write(b"\xff" * 8)
        d.run(*words, code=5, says="QUALIFYING")
        record["baselines"][0]["events"][0]["digest"] = "00" * 32
        with open(path + ".json", "w", encoding="utf-8") as f:
            json.dump({**record, "ak": "AAAA"}, f)
        d.run(*words, code=5, says="AK_UNKNOWN")


def operators_come_and_go():
    with Desk() as d:
        file = d.fleet.server.path("vera.pem")
        made = d.run("operator", "add", "Vera", "--role", "viewer", "--out", file, "--json")
        d.fits("POST", "/v1/operators", made, 201)
        d.run("node", "list", SIGNET_OPERATOR=file)
        d.run("baseline", "revoke", "rack", "--yes", code=5, says="(role)", SIGNET_OPERATOR=file)
        d.fits("GET", "/v1/operators", d.run("operator", "list", "--json"))
        serial = json.loads(made)["serial"]
        d.run("operator", "revoke", serial, "--yes", says="Revoked")
        d.run("node", "list", code=5, says="(revoked)", SIGNET_OPERATOR=file)
        d.run("operator", "list", says="revoked")
        out = d.run("fleet", "audit")
        expect("DELETE /v1/operators/" + serial in out and "approver" in out, "it is in the audit log", out)


if __name__ == "__main__":
    main([
        ("a node is enrolled by who looked at it", a_node_is_enrolled_by_sight),
        ("firmware is approved, and verdicts are explained", firmware_is_approved_and_explained),
        ("evidence is saved, and appraised without the server", evidence_is_saved),
        ("operators come and go", operators_come_and_go),
    ])
