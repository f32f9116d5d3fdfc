"""A fleet server for tests: made with --init, started on free ports of the loopback, spoken to with Python's own TLS."""
import http.client
import json
import os
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

from tap import expect

BINARY = os.environ.get("SIGNETD", "build/signetd")
PATIENCE = 60


class Server:
    """One data folder and at most one running server. Use as a context: everything is ended and removed."""

    def __init__(self, *init, settings=None, binary=BINARY, environment=None):
        self.binary = binary
        self.environment = {**os.environ, **(environment or {})}
        self.scratch = tempfile.mkdtemp(prefix="signetd-", dir="build")
        self.folder = os.path.join(self.scratch, "data")
        self.log_path = os.path.join(self.scratch, "log")
        self.process = None
        done = self.command("--init", *init, self.folder)
        expect(done.returncode == 0, "--init failed", done.stderr)
        self.configure({"listen.nodes": "127.0.0.1:0", "listen.operators": "127.0.0.1:0",
                        "listen.metrics": "127.0.0.1:0", **(settings or {})})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def command(self, *arguments):
        return subprocess.run([self.binary, *arguments], capture_output=True, text=True, timeout=PATIENCE,
                              env=self.environment, check=False)

    def path(self, name):
        return os.path.join(self.folder, name)

    def configure(self, settings):
        """settings: {"section.name": value}; replaces what --init wrote."""
        with open(self.path("signetd.ini"), encoding="utf-8") as f:
            lines = f.read().splitlines()
        for key, value in settings.items():
            section, name = key.split(".", 1)
            at = lines.index(f"[{section}]")
            row = next(i for i in range(at, len(lines)) if re.match(rf";?{name} = ", lines[i]))
            lines[row] = f"{name} = {value}"
        with open(self.path("signetd.ini"), "w", encoding="utf-8") as f:
            f.write("\n".join(lines) + "\n")

    def start(self, *arguments):
        """Waits until it listens; raises with its log when it does not."""
        with open(self.log_path, "ab") as log:
            before = log.tell()
            self.process = subprocess.Popen([self.binary, *arguments, self.folder], stderr=log, env=self.environment)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            text = self.log()[before:]
            if re.search(r"^<5>ready$", text, re.M):
                self.ports = dict(re.findall(r"listening for (\w+) on 127\.0\.0\.1:(\d+)", text))
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        expect(False, "the server did not start", self.log())
        return self

    def log(self):
        with open(self.log_path, encoding="utf-8") as f:
            return f.read()

    def wait_log(self, words):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if re.search(words, self.log()):
                return
            time.sleep(0.02)
        expect(False, f"the log never says {words}", self.log())

    def signal(self, number):
        self.process.send_signal(number)

    def reread(self, settings):
        """Changes settings under the running server; they are in force afterwards."""
        said = "configuration read again"
        before = self.log().count(said)
        self.configure(settings)
        self.signal(signal.SIGHUP)
        self.wait_log(f"(?s)({said}.*){{{before + 1}}}")

    def come_back(self):
        """Starts again where it listened before it was stopped: its nodes know no other address."""
        self.configure({f"listen.{name}": f"127.0.0.1:{port}" for name, port in self.ports.items()})
        self.start()

    def stop(self):
        """SIGTERM; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def port(self, listener):
        return int(self.ports[listener])

    def trust(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.path("fleet-ca.crt"))
        return context

    def identity(self, name="approver"):
        """A context with an operator's certificate, NAME.crt and NAME.pem of the data folder."""
        context = self.trust()
        context.load_cert_chain(self.path(name + ".crt"), self.path(name + ".pem"))
        return context

    def connect(self, listener="operators", context=None, timeout=PATIENCE):
        """A raw connection: TLS for nodes and operators."""
        raw = socket.create_connection(("127.0.0.1", self.port(listener)), timeout)
        if listener == "metrics":
            return raw
        context = context or (self.identity() if listener == "operators" else self.trust())
        return context.wrap_socket(raw, server_hostname="127.0.0.1")

    def client(self, listener="operators", context=None):
        """An http.client connection that stays open over requests."""
        if listener == "metrics":
            return http.client.HTTPConnection("127.0.0.1", self.port(listener), timeout=PATIENCE)
        context = context or (self.identity() if listener == "operators" else self.trust())
        return http.client.HTTPSConnection("127.0.0.1", self.port(listener), context=context, timeout=PATIENCE)

    def ask(self, method, path, body=None, listener="operators", context=None):
        """(status, document) of one request."""
        connection = self.client(listener, context)
        try:
            return ask_on(connection, method, path, body)
        finally:
            connection.close()

    def figures(self):
        """/metrics as {name{labels}: number}."""
        connection = self.client("metrics")
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        rows = [line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#")]
        return {name: int(value) for name, value in rows}

    def make_operator(self, name, role):
        """A key, a request, and the certificate the server answers with; the record."""
        key = self.path(name + ".pem")
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384", "-out", key)
        request = openssl("req", "-new", "-key", key, "-subj", "/CN=whoever")
        status, record = self.ask("POST", "/v1/operators", {"name": name, "role": role, "csr": request})
        expect(status == 201, f"no certificate for {name}", str(record))
        with open(self.path(name + ".crt"), "w", encoding="utf-8") as f:
            f.write(record["certificate"])
        return record


def ask_on(connection, method, path, body=None):
    raw = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    connection.request(method, path, raw)
    answer = connection.getresponse()
    content = answer.read()
    is_json = answer.headers.get("Content-Type") == "application/json"
    return answer.status, json.loads(content) if is_json else content


def error_of(document):
    return document["error"]["code"]


def openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False)
    expect(done.returncode == 0, f"openssl {arguments[0]}", done.stderr)
    return done.stdout


def read_answer(connection):
    """Everything until the peer closes or one answer with its Content-Length is there; b"" for none."""
    data = b""
    while True:
        try:
            piece = connection.recv(65536)
        except (ConnectionResetError, ssl.SSLError):
            return data
        if not piece:
            return data
        data += piece
        head, end, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        if end and length and len(body) >= int(length[1]):
            return data


def status_of(answer):
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def is_closed(connection, patience=PATIENCE):
    """Waits until the peer has closed."""
    raw_end = time.monotonic() + patience
    connection.settimeout(patience)
    while time.monotonic() < raw_end:
        try:
            if not connection.recv(65536):
                return True
        except (ConnectionResetError, BrokenPipeError, ssl.SSLError):
            return True
        except (TimeoutError, socket.timeout):
            return False
    return False


def readable(connection):
    return bool(select.select([connection], [], [], 0)[0])
