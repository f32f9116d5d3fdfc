"""Init, configuration, TLS, operators and their roles."""
import os
import shutil
import signal
import ssl
import stat
import subprocess

from signetd import Server, ask_on, error_of, openssl, read_answer, status_of
from tap import expect


def refuses_handshake(server, listener, context):
    """TLS 1.3 lets a client finish before the server has judged it: only reading tells."""
    try:
        with server.connect(listener, context) as connection:
            connection.sendall(b"GET /v1/status HTTP/1.1\r\nHost: a\r\n\r\n")
            return not read_answer(connection)
    except (ssl.SSLError, ConnectionError):
        return True


def init_makes_a_private_folder():
    with Server("--name", "north", "--host", "fleet.example,192.0.2.7") as s:
        for folder, _, names in os.walk(s.folder):
            for path in [folder, *(os.path.join(folder, n) for n in names)]:
                mode = stat.S_IMODE(os.stat(path).st_mode)
                public = path.endswith(".crt")
                expect(not mode & 0o077 or public, f"{path} has mode {mode:o}")
        text = openssl("x509", "-in", s.path("keys/tls-1.crt"), "-noout", "-ext", "subjectAltName,extendedKeyUsage")
        for words in ["DNS:fleet.example", "IP Address:192.0.2.7", "TLS Web Server Authentication"]:
            expect(words in text, f"no {words} in the certificate", text)
        openssl("verify", "-x509_strict", "-CAfile", s.path("fleet-ca.crt"), s.path("keys/tls-1.crt"), s.path("approver.crt"))
        subject = openssl("x509", "-in", s.path("approver.crt"), "-noout", "-subject")
        expect("CN = approver" in subject.replace("CN=approver", "CN = approver") and "approver" in subject, subject)


def limited(server, soft, hard):
    """A program that is the server with so many open files allowed."""
    path = os.path.join(server.scratch, "limited")
    with open(path, "w", encoding="utf-8") as f:
        f.write(f'#!/bin/sh\nexec prlimit --nofile={soft}:{hard} "{os.path.abspath(server.binary)}" "$@"\n')
    os.chmod(path, 0o755)
    return path


def a_lost_database_is_no_empty_fleet():
    with Server() as s:
        os.unlink(s.path("signetd.db"))
        done = s.command(s.folder)
        expect(done.returncode == 1 and "bring the folder back from a backup" in done.stderr, "it starts", done.stderr)
        expect(not os.path.exists(s.path("signetd.db")), "it made another")


def open_files_suffice_or_it_does_not_start():
    with Server(settings={"limits.connections": "1000"}) as s:
        real = s.binary
        s.binary = limited(s, 200, 2000)
        done = s.command(s.folder)
        expect(done.returncode == 1 and "needs 4024 open files, the system allows 2000: raise LimitNOFILE" in done.stderr,
               "it starts with too few", done.stderr)
        s.binary = real
        s.binary = limited(s, 200, 5000)
        s.start()
        with open(f"/proc/{s.process.pid}/limits", encoding="utf-8") as f:
            row = next(line for line in f if line.startswith("Max open files"))
        expect(row.split()[3] == "4024", "the limit is not raised", row)
        s.configure({"limits.connections": "2000"})
        s.signal(signal.SIGHUP)
        s.wait_log("stays as it was")


def init_touches_no_folder_in_use():
    with Server() as s:
        before = sorted(os.listdir(s.folder)), sorted(os.listdir(s.scratch))
        done = s.command("--init", s.folder)
        expect(done.returncode == 1, "it was made again", done.stderr)
        expect((sorted(os.listdir(s.folder)), sorted(os.listdir(s.scratch))) == before, "something was left or changed")
        for wrong in (["--init"], ["--init", "--name", "a,b", s.folder + "2"], ["--init", "--ca-key", "x", s.folder + "2"],
                      ["--init", "--host", "", s.folder + "2"],
                      ["--what"], [], ["a", "b"]):
            done = s.command(*wrong)
            expect(done.returncode == 2 and done.stderr, f"{wrong}: {done.returncode}", done.stderr)
            expect(not os.path.exists(s.folder + "2"), f"{wrong} made a folder")


def locked_ca(server):
    """A key with a passphrase: refused with what to do, or unlocked once."""
    keys, passphrase = os.path.join(server.scratch, "locked"), os.path.join(server.scratch, "passphrase")
    for path, words in ((passphrase, "correct horse"), (passphrase + ".wrong", "other")):
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as f:
            f.write(words + "\n")
    done = subprocess.run(["build/signet", "keys", "init", keys, "--passphrase-file", passphrase], capture_output=True, text=True,
                          check=False)
    expect(done.returncode == 0, "signet keys init", done.stderr)
    ca = os.path.join(keys, "fleet-ca")
    words = ("--ca-key", ca + ".pem", "--ca-cert", ca + ".crt")
    for more, says in (((), "--ca-passphrase-file unlocks it"), (("--ca-passphrase-file", passphrase + ".wrong"), "passphrase is wrong")):
        done = server.command("--init", *words, *more, server.folder + "2")
        expect(done.returncode == 1 and says in done.stderr and not os.path.exists(server.folder + "2"), f"not {says}", done.stderr)
    with Server(*words, "--ca-passphrase-file", passphrase) as s:
        expect(s.start().ask("GET", "/v1/status")[0] == 200, "no status with an unlocked CA")


def init_takes_a_fleet_ca():
    with Server() as other:
        keys = os.path.join(other.scratch, "keys")
        done = subprocess.run(["build/signet", "keys", "init", keys, "--development"], capture_output=True, text=True, check=False)
        expect(done.returncode == 0, "signet keys init", done.stderr)
        ca = os.path.join(keys, "fleet-ca")
        with Server("--ca-key", ca + ".pem", "--ca-cert", ca + ".crt") as s:
            with open(ca + ".crt", "rb") as a, open(s.path("fleet-ca.crt"), "rb") as b:
                expect(a.read() == b.read(), "another CA is in the folder")
            expect(s.start().ask("GET", "/v1/status")[0] == 200, "no status")
        done = other.command("--init", "--ca-key", ca + ".pem", "--ca-cert", other.path("fleet-ca.crt"), other.folder + "2")
        expect(done.returncode == 1 and not os.path.exists(other.folder + "2"), "a key of another CA was taken", done.stderr)
        expect(ca + ".pem" in done.stderr and other.path("fleet-ca.crt") in done.stderr and ".new-" not in done.stderr,
               "it is not told by the user's own names", done.stderr)
        locked_ca(other)
        os.chmod(ca + ".pem", 0o640)
        done = other.command("--init", "--ca-key", ca + ".pem", "--ca-cert", ca + ".crt", other.folder + "2")
        expect(done.returncode == 1 and f"chmod 600 {ca}.pem" in done.stderr, "a key that others read was taken", done.stderr)


def a_wrong_configuration_is_named_by_line():
    with Server() as s:
        expect(s.command("--check-config", s.folder).returncode == 0, "its own configuration is refused")
        with open(s.path("signetd.ini"), "a", encoding="utf-8") as f:
            f.write("[limits]\nspeed = 3\n")
        with open(s.path("signetd.ini"), encoding="utf-8") as f:
            line = len(f.readlines())
        for arguments in (["--check-config", s.folder], [s.folder]):
            done = s.command(*arguments)
            expect(done.returncode == 1 and f"signetd.ini: line {line}: \"speed\"" in done.stderr, "no line", done.stderr)


def what_the_configuration_names_is_checked():
    with Server() as s:
        for setting, path in (("images.anchor", "gone.bin"), ("tpm.ek-authorities", "gone")):
            s.configure({setting: path})
            done = s.command("--check-config", s.folder)
            expect(done.returncode == 1 and s.path(path) in done.stderr, f"{setting} was not looked for", done.stderr)
        done = s.command("--check-config", s.folder + "2")
        expect(done.returncode == 1 and "signetd --init" in done.stderr, "not what to do without a folder", done.stderr)


def keys_that_others_read_stop_it():
    with Server() as s:
        for name in ("fleet-ca", "tls-1", "ticket-1", "ear-1", "commit-1"):
            path = s.path(f"keys/{name}.pem")
            os.chmod(path, 0o644)
            done = s.command(s.folder)
            expect(done.returncode == 1 and "readable by others" in done.stderr, f"{name} did not stop it", done.stderr)
            os.chmod(path, 0o600)
        s.start()


def a_leaf_of_another_fleet_stops_it():
    with Server() as s, Server() as other:
        shutil.copy(other.path("keys/ticket-1.pem"), s.path("keys/ticket-1.pem"))
        done = s.command(s.folder)
        expect(done.returncode == 1 and "ticket leaf" in done.stderr, "a foreign key was taken", done.stderr)


def one_folder_one_server():
    with Server() as s:
        s.start()
        done = s.command(s.folder)
        expect(done.returncode == 1 and "another signetd" in done.stderr, "a second one started", done.stderr)
        expect(s.ask("GET", "/v1/status")[0] == 200, "the first one is disturbed")


def only_tls_1_3_and_only_its_own_certificates():
    with Server() as s, Server() as other:
        s.start()
        old = s.identity()
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        expect(refuses_handshake(s, "operators", old), "TLS 1.2 was spoken")
        expect(refuses_handshake(s, "operators", s.trust()), "nobody was let in")
        foreign = s.trust()
        foreign.load_cert_chain(other.path("approver.crt"), other.path("approver.pem"))
        expect(refuses_handshake(s, "operators", foreign), "another fleet's approver was let in")
        server = s.trust()
        server.load_cert_chain(s.path("keys/tls-1.crt"), s.path("keys/tls-1.pem"))
        expect(refuses_handshake(s, "operators", server), "a server's certificate passed for an operator's")
        with s.connect() as connection:
            expect(connection.version() == "TLSv1.3", connection.version())
        expect(s.figures()['signetd_handshakes_failed_total{listener="operators"}'] == 4, "not counted")


def a_certificate_of_the_ca_that_nobody_issued_is_refused():
    with Server() as s:
        s.start()
        key, crt = s.path("forged.pem"), s.path("forged.crt")
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out", key)
        with open(s.path("csr"), "w", encoding="utf-8") as f:
            f.write(openssl("req", "-new", "-key", key, "-subj", "/CN=mallory/OU=approver"))
        openssl("x509", "-req", "-in", s.path("csr"), "-CA", s.path("fleet-ca.crt"), "-CAkey", s.path("keys/fleet-ca.pem"),
                "-days", "10", "-out", crt)
        status, document = s.ask("GET", "/v1/status", context=s.identity("forged"))
        expect((status, error_of(document)) == (403, "operator-unknown"), str(document))


def nodes_need_no_certificate_and_reach_nothing_of_operators():
    with Server() as s:
        s.start()
        key, crt = s.path("node.pem"), s.path("node.crt")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                "-out", crt, "-subj", "/CN=node", "-days", "1")
        own = s.trust()
        own.load_cert_chain(crt, key)
        for context in (s.trust(), own):
            for method, path in (("GET", "/v1/status"), ("GET", "/v1/operators"), ("GET", "/metrics")):
                status, document = s.ask(method, path, listener="nodes", context=context)
                expect((status, error_of(document)) == (404, "path"), f"{method} {path}: {status}")


def roles_are_kept():
    with Server() as s:
        s.start()
        for role in ("viewer", "operator"):
            record = s.make_operator(role, role)
            context = s.identity(role)
            expect(s.ask("GET", "/v1/operators", context=context)[0] == 200, f"a {role} cannot read")
            for method, path, body in (("POST", "/v1/operators", {}), ("DELETE", "/v1/operators/" + record["serial"], None)):
                status, document = s.ask(method, path, body, context=context)
                expect((status, error_of(document)) == (403, "role"), f"{role}: {method}: {status}")
        entries = s.ask("GET", "/v1/audit")[1]["entries"]
        refused = [e for e in entries if '"code":"role"' in e["content"]]
        expect(len(refused) == 4, "refusals are not in the audit log", str(entries))


def revocation_counts_at_once():
    with Server() as s:
        s.start()
        record = s.make_operator("eve", "operator")
        connection = s.client(context=s.identity("eve"))
        expect(ask_on(connection, "GET", "/v1/status")[0] == 200, "eve is not let in")
        expect(s.ask("DELETE", "/v1/operators/" + record["serial"])[0] == 200, "not revoked")
        status, document = ask_on(connection, "GET", "/v1/status")
        expect((status, error_of(document)) == (403, "revoked"), "the open connection lives on")
        expect(s.ask("GET", "/v1/status", context=s.identity("eve"))[0] == 403, "a new one is let in")
        listed = {o["serial"]: o for o in s.ask("GET", "/v1/operators")[1]["operators"]}
        expect(listed[record["serial"]]["revoked"], "it is not listed as revoked")
        own = next(o for o in listed.values() if o["name"] == "approver")
        status, document = s.ask("DELETE", "/v1/operators/" + own["serial"])
        expect((status, error_of(document)) == (409, "own-certificate"), "an approver locked himself out")
        expect(s.ask("DELETE", "/v1/operators/" + "0" * 32)[0] == 404, "an unknown one was revoked")
        s.stop()
        s.start()
        expect(s.ask("GET", "/v1/status", context=s.identity("eve"))[0] == 403, "a restart forgot it")


def bad_requests_for_certificates_are_refused():
    with Server() as s:
        s.start()
        key = s.path("k.pem")
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out", key)
        good = openssl("req", "-new", "-key", key, "-subj", "/CN=a")
        body = good.splitlines()
        row = body[-3]
        body[-3] = row[:20] + ("A" if row[20] != "A" else "B") + row[21:]
        forged = "\n".join(body) + "\n"
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024", "-out", s.path("weak.pem"))
        weak = openssl("req", "-new", "-key", s.path("weak.pem"), "-subj", "/CN=a")
        for name, role, csr, code in (("a", "viewer", forged, "csr"), ("a", "viewer", weak, "csr"), ("a", "viewer", "x", "csr"),
                                      ("a", "root", good, "role"), ("a,OU=approver", "viewer", good, "name"),
                                      ("a" * 64, "viewer", good, "body")):
            status, document = s.ask("POST", "/v1/operators", {"name": name, "role": role, "csr": csr})
            expect((status, error_of(document)) == (400, code), f"{name} {role}: {status} {document}")
        expect(len(s.ask("GET", "/v1/operators")[1]["operators"]) == 1, "one was issued")


def requests_are_answered_in_order_on_one_connection():
    with Server() as s:
        s.start()
        with s.connect() as c:
            one = b"GET /v1/status HTTP/1.1\r\nHost: a\r\n\r\n"
            two = b"GET /none HTTP/1.1\r\nHost: a\r\n\r\n"
            c.sendall(one + two + one)
            data = b""
            while data.count(b"HTTP/1.1 ") < 3 or not data.endswith(b"}"):
                data += c.recv(65536)
            expect([part[:3] for part in data.split(b"HTTP/1.1 ")[1:]] == [b"200", b"404", b"200"], "order", repr(data))
            c.sendall(b"POST /v1/operators HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            expect(c.recv(100).startswith(b"HTTP/1.1 100 "), "no 100 Continue")
            c.sendall(b"{}")
            expect(status_of(read_answer(c)) == 400, "no answer after it")
            c.sendall(b"GET /v1/status HTTP/1.0\r\n\r\n")
            expect(b"Connection: close" in read_answer(c) and c.recv(1) == b"", "HTTP/1.0 stays open")


SCENARIOS = [
    ("a lost database does not become an empty fleet", a_lost_database_is_no_empty_fleet),
    ("open files suffice, or it does not start", open_files_suffice_or_it_does_not_start),
    ("--init makes a folder that nobody else reads", init_makes_a_private_folder),
    ("--init touches no folder in use, and says what is wrong", init_touches_no_folder_in_use),
    ("--init takes a fleet CA of `signet keys init`, and only a matching pair", init_takes_a_fleet_ca),
    ("a wrong configuration is named by file and line", a_wrong_configuration_is_named_by_line),
    ("--check-config looks for the anchor and the TPM makers that are named", what_the_configuration_names_is_checked),
    ("private keys that others read stop the start", keys_that_others_read_stop_it),
    ("a leaf's key that is not the recorded one stops the start", a_leaf_of_another_fleet_stops_it),
    ("one folder, one server", one_folder_one_server),
    ("only TLS 1.3, only certificates of the fleet CA for operators", only_tls_1_3_and_only_its_own_certificates),
    ("a certificate of the CA that the server did not issue is refused", a_certificate_of_the_ca_that_nobody_issued_is_refused),
    ("nodes need no certificate, and reach nothing of the operators'", nodes_need_no_certificate_and_reach_nothing_of_operators),
    ("roles are kept, and refusals are in the audit log", roles_are_kept),
    ("a revocation counts at once, on open connections too", revocation_counts_at_once),
    ("bad requests for certificates are refused", bad_requests_for_certificates_are_refused),
    ("pipelined requests, 100-continue, HTTP/1.0", requests_are_answered_in_order_on_one_connection),
]
