"""The operator's commands about operators, images, updates and the fleet as a whole."""
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from cryptography import x509  # noqa: E402
from cryptography.x509.oid import ExtendedKeyUsageOID  # noqa: E402
from fleet_bed import AUTHORITY, Bed, PAYLOAD, WEB1, WEB2, failure, keys, when  # noqa: E402
from fleet_server import PEM  # noqa: E402
from tap import expect, main  # noqa: E402


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
    ("an operator's key never leaves", an_operators_key_stays_here),
    ("operators are certified, or nothing is left", operators_are_certified_or_nothing_is_left),
    ("images are published by their heads, or whole", images_are_published_by_their_heads),
    ("updates are pushed and followed to their end", updates_are_pushed_and_followed),
    ("an update's words are checked before anything is sent", update_words_are_checked_first),
    ("the audit log's chain is walked", the_audit_log_is_chained),
    ("the fleet's status", the_fleets_status_is_shown),
])
