"""Slow and hostile clients: each is refused or closed in its time, and an honest client is served all the while."""
import datetime
import socket
import ssl
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from signetd import PATIENCE, Server, ask_on, error_of, is_closed, read_answer, status_of
from tap import expect

QUICK = {"limits.head-seconds": "2", "limits.body-seconds": "2", "limits.answer-seconds": "2", "limits.idle-seconds": "4",
         "limits.requests-per-second": "10000", "limits.request-burst": "10000", "limits.handshake-burst": "10000"}
HEAD = b"POST /v1/operators HTTP/1.1\r\nHost: a\r\n"


def serves(server):
    expect(server.ask("GET", "/v1/status")[0] == 200, "an honest client is not served")


def raw(server, listener):
    return socket.create_connection(("127.0.0.1", server.port(listener)), PATIENCE)


def closes_in_time(server, connection, what):
    serves(server)
    expect(is_closed(connection), f"{what}: the connection is kept")
    serves(server)


def half_open_connections_are_closed():
    with Server(settings=QUICK) as s:
        s.start()
        silent = [raw(s, "nodes") for _ in range(20)]
        started = raw(s, "operators")
        started.sendall(b"\x16\x03\x01\x02\x00")
        for connection in [*silent, started]:
            closes_in_time(s, connection, "half-open")
            connection.close()
        expect(s.figures()['signetd_timeouts_total{listener="nodes"}'] == 20, "not counted")


def a_slow_head_has_its_time_and_no_more():
    with Server(settings=QUICK) as s:
        s.start()
        with s.connect("metrics") as c:
            c.sendall(b"GET / HTTP/1.1\r\n")
            begin = time.monotonic()
            try:
                while time.monotonic() - begin < PATIENCE:
                    c.sendall(b"a: b\r\n")
                    c.settimeout(0.2)
                    try:
                        if not c.recv(1):
                            break
                    except TimeoutError:
                        pass
            except ConnectionError:
                pass
            took = time.monotonic() - begin
            expect(took < PATIENCE, "a head may drip for ever")
        serves(s)


def a_silent_or_dripping_body_is_given_up():
    with Server(settings=QUICK) as s:
        s.start()
        with s.connect() as c:
            c.sendall(HEAD + b"Content-Length: 60000\r\n\r\n{")
            closes_in_time(s, c, "a silent body")
        with s.connect() as c:
            c.sendall(HEAD + b"Content-Length: 60000\r\n\r\n")
            begin, closed = time.monotonic(), False
            while not closed and time.monotonic() - begin < PATIENCE:
                try:
                    c.sendall(b" ")
                    c.settimeout(0.2)
                    closed = not c.recv(1)
                except TimeoutError:
                    pass
                except (ConnectionError, ssl.SSLError):
                    closed = True
            expect(closed, "a dripping body is waited for")
        serves(s)


def too_much_is_refused_with_words():
    with Server(settings=QUICK) as s:
        s.start()
        for request, status in ((b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 20000 + b"\r\n\r\n", 431),
                                (b"GET /" + b"a" * 3000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
                                (HEAD + b"Content-Length: 65537\r\n\r\n", 413),
                                (HEAD + b"Content-Length: 99999999999999999999999\r\n\r\n", 400),
                                (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", 411),
                                (b"\x00\x01\x02\x03\r\n\r\n", 400)):
            with s.connect() as c:
                c.sendall(request)
                answer = read_answer(c)
                expect(status_of(answer) == status and b'"advice"' in answer, f"{status} expected", repr(answer[:200]))
                expect(is_closed(c), f"{status}: the connection stays open")
        serves(s)


def an_answer_reaches_who_still_sends():
    """Ten megabytes after a refusal: the answer must not be lost in a reset."""
    with Server(settings=QUICK) as s:
        s.start()
        with s.connect() as c:
            c.sendall(HEAD + b"Content-Length: 10000000\r\n\r\n")
            try:
                for _ in range(100):
                    c.sendall(b"x" * 16384)
            except (ConnectionError, ssl.SSLError):
                pass
            expect(status_of(read_answer(c)) == 413, "the refusal was lost")
        serves(s)


def an_answer_that_nobody_reads_is_given_up():
    with Server(settings=QUICK) as s:
        s.start()
        with s.connect("metrics") as c:
            c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            c.settimeout(1)
            try:
                while True:
                    c.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n" * 100)
            except (TimeoutError, ConnectionError):
                pass
            end = time.monotonic() + PATIENCE
            while s.figures()['signetd_timeouts_total{listener="metrics"}'] == 0:
                expect(time.monotonic() < end, "it waits for ever")
                time.sleep(0.1)
        serves(s)


def renegotiation_and_noise_end_the_connection():
    """TLS 1.3 knows no renegotiation: a ClientHello in the clear after the handshake is noise, and ends it."""
    with Server(settings=QUICK) as s:
        s.start()
        hello = bytes.fromhex("16030100350100003103030000000000000000000000000000000000000000000000000000000000000000000000021301010000060000000000")
        for noise in (hello, b"\x17\x03\x03\x00\x20" + b"\x00" * 32, b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 20000):
            plain = raw(s, "operators")
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = s.identity().wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    plain.sendall(outgoing.read())
                    incoming.write(plain.recv(65536))
            plain.sendall(outgoing.read() + noise)
            closes_in_time(s, plain, "noise")
            plain.close()


def long_chain(path, certificates):
    """A client's certificate and key, under authorities of its own making, about 1 KiB each."""
    def name(number):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"authority {number}")])
    key = ec.generate_private_key(ec.SECP256R1())
    day = datetime.datetime(2020, 1, 1)
    filling = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), bytes(600))
    with open(path, "wb") as f:
        for i in range(certificates):
            made = x509.CertificateBuilder(name(i + 1), name(i), key.public_key(), i + 1, day, day.replace(year=2090))
            made = made.add_extension(x509.BasicConstraints(i > 0, None), True).add_extension(filling, False)
            f.write(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        f.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                  serialization.NoEncryption()))


def chains_that_cost_are_not_verified():
    with Server(settings=QUICK) as s:
        s.start()
        for certificates, served in (1, True), (4, False):
            context = s.trust()
            long_chain(s.path("chain.pem"), certificates)
            context.load_cert_chain(s.path("chain.pem"))
            connection = s.connect("nodes", context)
            try:
                connection.sendall(b"GET /none HTTP/1.1\r\nHost: a\r\n\r\n")
            except OSError:
                pass
            expect((status_of(read_answer(connection)) == 404) == served, f"a chain of {certificates}")
            connection.close()
        serves(s)


def connections_of_one_address_are_limited():
    with Server(settings={**QUICK, "limits.connections-per-peer": "20", "limits.head-seconds": "60"}) as s:
        s.start()
        held = [raw(s, "nodes") for _ in range(20)]
        with raw(s, "nodes") as more:
            expect(is_closed(more), "one more was taken")
        expect(s.figures()['signetd_connections_refused_total{listener="nodes"}'] >= 1, "not counted")
        # Each listener has its own limit: nodes cannot lock operators out.
        serves(s)
        for connection in held:
            connection.close()
        end = time.monotonic() + PATIENCE
        while s.figures()['signetd_connections{listener="nodes"}']:
            expect(time.monotonic() < end, "closed connections are still counted")
            time.sleep(0.05)
        with s.connect("nodes"):
            pass


def handshakes_of_one_address_are_limited():
    with Server(settings={**QUICK, "limits.handshakes-per-second": "1", "limits.handshake-burst": "5"}) as s:
        s.start()
        held = s.client()
        expect(ask_on(held, "GET", "/v1/status")[0] == 200, "no connection")
        done = 0
        for _ in range(20):
            try:
                with s.connect("nodes"):
                    done += 1
            except (OSError, ssl.SSLError):
                pass
        refused = s.figures()['signetd_handshakes_refused_total{listener="nodes"}']
        expect(done >= 5 and done + refused == 20 and refused, f"{done} done, {refused} refused")
        # Nodes cannot lock operators out, and connections that are there go on.
        serves(s)
        expect(ask_on(held, "GET", "/v1/status")[0] == 200, "the connection that was there")
        expect(s.figures()['signetd_handshakes_refused_total{listener="operators"}'] == 0, "operators are limited")
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                s.connect("nodes").close()
                return
            except (OSError, ssl.SSLError):
                time.sleep(0.2)
        expect(False, "it never lets in again")


def who_only_connects_takes_no_handshake():
    with Server(settings={**QUICK, "limits.handshakes-per-second": "1", "limits.handshake-burst": "5", "limits.head-seconds": "60"}) as s:
        s.start()
        silent = [raw(s, "nodes") for _ in range(20)]
        with s.connect("nodes"):
            pass
        figures = s.figures()
        expect(figures['signetd_handshakes_refused_total{listener="nodes"}'] == 0, "silence was taken for handshakes")
        expect(figures['signetd_connections{listener="nodes"}'] >= 20, "the silent ones are not held")
        # The first byte makes a handshake of it.
        for connection in silent:
            connection.sendall(b"\x16")
        end = time.monotonic() + PATIENCE
        while s.figures()['signetd_handshakes_refused_total{listener="nodes"}'] < 10:
            expect(time.monotonic() < end, "twenty handshakes were begun at once")
            time.sleep(0.05)
        for connection in silent:
            connection.close()


def requests_of_one_address_are_limited():
    with Server(settings={"limits.requests-per-second": "1", "limits.request-burst": "5"}) as s:
        s.start()
        client = s.client()
        codes = []
        for _ in range(10):
            client.request("GET", "/v1/status")
            answer = client.getresponse()
            answer.read()
            codes.append(answer.status)
            expect(answer.status != 429 or answer.headers["Retry-After"], "429 without Retry-After")
        expect(codes[:5] == [200] * 5 and 429 in codes, str(codes))
        end = time.monotonic() + PATIENCE
        while s.ask("GET", "/v1/status")[0] == 429:
            expect(time.monotonic() < end, "it never lets in again")
            time.sleep(0.2)


def five_hundred_idle_connections_cost_little():
    with Server(settings={**QUICK, "limits.connections-per-peer": "600", "limits.head-seconds": "60",
                          "limits.idle-seconds": "600"}) as s:
        s.start()
        context = s.trust()

        def memory():
            with open(f"/proc/{s.process.pid}/status", encoding="utf-8") as f:
                return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))

        before = memory()
        held = [s.connect("nodes", context) for _ in range(500)]
        begin = time.monotonic()
        for _ in range(10):
            serves(s)
        took = time.monotonic() - begin
        each = (memory() - before) / 500
        print(f"# 500 idle TLS connections: {each:.0f} KiB each; 10 honest connections beside them took {took:.2f} s", flush=True)
        expect(each < 128, f"{each:.0f} KiB a connection")
        for connection in held:
            connection.close()


def wrong_paths_and_queries_have_codes():
    with Server() as s:
        s.start()
        for method, path, expected in (("GET", "/v1/none", (404, "path")), ("PUT", "/v1/status", (405, "method")),
                                       ("GET", "/v1/audit?after=x", (400, "query")), ("GET", "/v1/audit?after=%00", (400, "path")),
                                       ("GET", "/v1/operators/", (404, "path"))):
            status, document = s.ask(method, path)
            expect((status, error_of(document)) == expected, f"{method} {path}: {status} {document}")
        status, document = s.ask("GET", "/v1/status", {})
        expect((status, error_of(document)) == (400, "body"), "a body for a request without")
        for body, code in ((b"[]", "json"), (b"{", "json"), (b"\xff", "json"), (b'{"a":1}', "body"), (b"", "body")):
            status, document = s.ask("POST", "/v1/operators", body)
            expect((status, error_of(document)) == (400, code), f"{body}: {status} {document}")


SCENARIOS = [
    ("half-open connections are closed in their time", half_open_connections_are_closed),
    ("a slow head has its time and no more", a_slow_head_has_its_time_and_no_more),
    ("a silent or dripping body is given up", a_silent_or_dripping_body_is_given_up),
    ("giant heads, giant and endless bodies are refused with words", too_much_is_refused_with_words),
    ("a refusal reaches who still sends", an_answer_reaches_who_still_sends),
    ("an answer that nobody reads is given up", an_answer_that_nobody_reads_is_given_up),
    ("renegotiation and noise end the connection", renegotiation_and_noise_end_the_connection),
    ("chains that cost are not verified", chains_that_cost_are_not_verified),
    ("connections of one address are limited", connections_of_one_address_are_limited),
    ("handshakes of one address are limited", handshakes_of_one_address_are_limited),
    ("who only connects takes no handshake", who_only_connects_takes_no_handshake),
    ("requests of one address are limited", requests_of_one_address_are_limited),
    ("500 idle connections cost little", five_hundred_idle_connections_cost_little),
    ("wrong paths, queries and bodies have their codes", wrong_paths_and_queries_have_codes),
]
