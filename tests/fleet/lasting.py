"""The audit log, renewal with a moved clock, signals, restarts."""
import hashlib
import json
import os
import re
import signal
import socket
import sqlite3
import ssl
import struct
import time

from signetd import PATIENCE, Server, ask_on, openssl
from tap import expect

MOVED = "build/tests/fleet/signetd-moved"
DAY = 86400


class Moved(Server):
    """A server whose clock is moved by days."""

    def __init__(self, *init, settings=None):
        self.clock = os.path.join("build", f"clock-{os.getpid()}-{id(self)}")
        self.set_days(0)
        super().__init__(*init, settings=settings, binary=MOVED,
                         environment={"SIGNET_TEST_CLOCK": self.clock})

    def __exit__(self, *arguments):
        super().__exit__(*arguments)
        os.unlink(self.clock)

    def trust(self):
        """Python's clock is not moved: validity is the server's to judge here (X509_V_FLAG_NO_CHECK_TIME)."""
        context = super().trust()
        context.verify_flags |= 0x200000
        return context

    def set_days(self, days):
        with open(self.clock + ".new", "w", encoding="utf-8") as f:
            f.write(str(days * DAY))
        os.rename(self.clock + ".new", self.clock)


def chain_of(entries):
    """Number of the first entry that does not follow; as docs/signetd.md describes the chain."""
    before, number = bytes(48), 0
    for e in entries:
        content = e["content"].encode()
        number += 1
        made = hashlib.sha384(b"signet audit 1".ljust(16, b"\0") + before + struct.pack("<QQ", number, len(content)) + content)
        if e["number"] != number or made.hexdigest() != e["hash"]:
            return e["number"]
        before = made.digest()
    return 0


def whole_log(server):
    entries = []
    while True:
        page = server.ask("GET", f"/v1/audit?after={len(entries)}")[1]["entries"]
        if not page:
            return entries
        entries += page


def every_change_is_in_the_chained_log():
    with Server() as s:
        s.start()
        record = s.make_operator("bob", "viewer")
        s.ask("DELETE", "/v1/operators/" + record["serial"])
        s.ask("POST", "/v1/operators", {"name": "x\u2028\"<script>"})
        s.stop()
        s.start()
        entries = whole_log(s)
        expect(chain_of(entries) == 0, "the chain does not fit its description", str(entries))
        log = [json.loads(e["content"]) for e in entries]
        expect([e["kind"] for e in log] == ["fleet-made", "request", "request", "request"], str(log))
        expect([e.get("status") for e in log[1:]] == [201, 200, 400], str(log))
        expect(log[1]["subject"] == "POST /v1/operators" and log[1]["who"] == "approver", str(log[1]))
        expect(record["serial"] in log[1]["detail"] and record["serial"] in log[2]["subject"], str(log))


def many_entries_come_in_pages():
    with Server(settings={"limits.requests-per-second": "10000", "limits.request-burst": "10000"}) as s:
        s.start()
        client = s.client()
        for _ in range(450):
            ask_on(client, "POST", "/v1/operators", {})
        entries = whole_log(s)
        expect(len(entries) == 451 and chain_of(entries) == 0, f"{len(entries)} entries")


def a_tampered_log_stops_the_start():
    with Server() as s:
        s.start()
        s.make_operator("bob", "viewer")
        s.stop()
        with sqlite3.connect(s.path("signetd.db")) as db:
            db.execute("DROP TRIGGER audit_stays")
            db.execute("UPDATE audit SET content = replace(content, 'bob', 'eve') WHERE number = 2")
        db.close()
        done = s.command(s.folder)
        expect(done.returncode == 1 and "entry 2 does not follow" in done.stderr, "it starts", done.stderr)
        s.start("--accept-broken-audit")
        entries = whole_log(s)
        expect(chain_of(entries) == 2, "the break is hidden")
        expect("audit-broken-accepted" in entries[-1]["content"], "the log does not tell of it")
        s.stop()
        expect(s.command(s.folder).returncode == 1, "it need not be told again")


def a_newer_database_stops_the_start():
    with Server() as s:
        with sqlite3.connect(s.path("signetd.db")) as db:
            db.execute("UPDATE schema SET version = 99 WHERE topic = 'audit'")
        db.close()
        done = s.command(s.folder)
        expect(done.returncode == 1 and "newer release" in done.stderr, "it starts", done.stderr)


def served_serial(server, listener):
    with server.connect(listener, server.trust() if listener == "nodes" else None) as c:
        return ssl.DER_cert_to_PEM_cert(c.getpeercert(True))


def leaves_and_certificate_renew_themselves():
    with Moved() as s:
        s.start()
        first = served_serial(s, "operators")
        held = s.client()
        expect(ask_on(held, "GET", "/v1/status")[0] == 200, "no status")
        s.set_days(21)
        s.wait_log(r"new ticket leaf, epoch 2")
        s.wait_log(r"new ear leaf, epoch 2")
        s.wait_log(r"new commit leaf, epoch 2")
        expect(served_serial(s, "operators") == first, "the certificate was renewed too early")
        s.set_days(61)
        s.wait_log(r"new server certificate 2")
        s.wait_log(r"new ticket leaf, epoch 3")
        end = time.monotonic() + PATIENCE
        while served_serial(s, "operators") == first or served_serial(s, "nodes") == first:
            expect(time.monotonic() < end, "the old certificate is still shown")
        expect(ask_on(held, "GET", "/v1/status")[0] == 200, "an old connection was cut")
        expect(sorted(os.listdir(s.path("keys"))) == ["commit-3.pem", "ear-3.pem", "fleet-ca.crt", "fleet-ca.pem",
                                                     "ticket-3.pem", "tls-2.crt", "tls-2.pem"], str(os.listdir(s.path("keys"))))
        s.stop()
        s.start()
        expect(s.log().count("epoch 3") == 3, "a restart renewed again", s.log())


def what_nobody_renews_is_warned_of():
    with Moved() as s:
        s.start()
        s.set_days(340)
        s.wait_log(r'<4>the certificate of approver "approver" ends')
        expect(s.figures()["signetd_operators_ending"] == 1, "no figure")
        expect(s.ask("GET", "/v1/status")[1]["operators"]["endingSoon"] == 1, "no status")
        s.set_days(366)
        end = time.monotonic() + PATIENCE
        while s.figures()["signetd_operators"]:
            expect(time.monotonic() < end, "an expired certificate is still counted")
            time.sleep(0.1)
        try:
            status = s.ask("GET", "/v1/status")[0]
        except (ssl.SSLError, ConnectionError):
            status = 0
        expect(status == 0, f"an expired certificate was let in: {status}")
        s.set_days(20 * 365)
        s.wait_log(r"<4>fleet-ca ends")


def who_is_locked_out_comes_back():
    """Every approver's certificate is over: who has the data folder makes another."""
    with Moved() as s:
        s.start()
        done = s.command("--new-approver", "eve", s.folder)
        expect(done.returncode == 1 and "another signetd" in done.stderr, "beside a running server", done.stderr)
        s.set_days(366)
        s.stop()
        done = s.command("--new-approver", "eve", s.folder)
        expect(done.returncode == 1 and "is there already" in done.stderr, "over an approver's key", done.stderr)
        for kind in "pem", "crt":
            os.unlink(s.path(f"approver.{kind}"))
        expect(s.command("--new-approver", "a,b", s.folder).returncode == 2, "a name that no certificate can hold")
        expect(s.command("--new-approver", "anna", s.folder).returncode == 0, "no new approver")
        s.start()
        expect(s.ask("GET", "/v1/operators")[0] == 200, "the new approver is not let in")
        last = json.loads(whole_log(s)[-1]["content"])
        expect(last["kind"] == "approver-made" and "anna" in last["detail"], "not in the audit log", str(last))


def hup_reads_the_configuration_again():
    with Server(settings={"tls.hosts": "127.0.0.1"}) as s:
        s.start()
        s.configure({"fleet.name": "renamed", "listen.nodes": "127.0.0.1:1", "tls.hosts": "127.0.0.1,new.example"})
        s.signal(signal.SIGHUP)
        s.wait_log(r'<4>signetd.ini: a change of "nodes" takes a restart')
        s.wait_log("new server certificate 2")
        expect(s.ask("GET", "/v1/status")[1]["fleet"] == "renamed", "the new name is not used")
        names = openssl("x509", "-in", s.path("keys/tls-2.crt"), "-noout", "-ext", "subjectAltName")
        expect("new.example" in names, names)
        s.configure({"limits.json": "much"})
        s.signal(signal.SIGHUP)
        s.wait_log(r"<3>.*signetd.ini: line \d+: json")
        s.wait_log("stays as it was")
        expect(s.ask("GET", "/v1/status")[1]["fleet"] == "renamed", "a wrong file changed something")


def term_ends_cleanly_with_connections_open():
    with Server() as s:
        s.start()
        held = [s.connect("nodes") for _ in range(5)] + [socket.create_connection(("127.0.0.1", s.port("operators")))]
        begin = time.monotonic()
        expect(s.stop() == 0, "exit status", s.log())
        expect(time.monotonic() - begin < 30, "it took too long")
        expect(re.search(r"<5>ended\n$", s.log()), "no last word", s.log())
        for c in held:
            c.close()
        s.start()


def a_kill_loses_nothing_acknowledged():
    with Server(settings={"limits.requests-per-second": "10000", "limits.request-burst": "10000"}) as s:
        for _ in range(3):
            s.start()
            record = s.make_operator(f"o{len(s.log())}", "viewer")
            s.process.kill()
            s.process.wait()
            s.start()
            listed = [o["serial"] for o in s.ask("GET", "/v1/operators")[1]["operators"]]
            expect(record["serial"] in listed, "an issued certificate is forgotten")
            expect(chain_of(whole_log(s)) == 0, "the chain is broken by a kill")
            s.stop()


SCENARIOS = [
    ("every change is in the chained log, as documented", every_change_is_in_the_chained_log),
    ("a long log comes in pages", many_entries_come_in_pages),
    ("a tampered log stops the start, unless told", a_tampered_log_stops_the_start),
    ("a newer database stops the start", a_newer_database_stops_the_start),
    ("leaves and certificate renew themselves, epochs rise", leaves_and_certificate_renew_themselves),
    ("what nobody renews is warned of, what is over lets nobody in", what_nobody_renews_is_warned_of),
    ("when every approver's certificate is over, one is made at the folder", who_is_locked_out_comes_back),
    ("SIGHUP reads the configuration again, and only a good one", hup_reads_the_configuration_again),
    ("SIGTERM ends cleanly with connections open", term_ends_cleanly_with_connections_open),
    ("a kill loses nothing that was acknowledged", a_kill_loses_nothing_acknowledged),
]
