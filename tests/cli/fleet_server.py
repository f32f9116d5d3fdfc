"""A fleet server that answers as it is told, over real TLS with certificates of its own fleet CA. What it is told to answer and
what it is asked are both held to docs/api.yaml, so that neither a test nor a command drifts from it."""
import datetime
import json
import re
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

project = Path(__file__).resolve().parents[2]
API = yaml.safe_load((project / "docs/api.yaml").read_text())
PEM, NONE = serialization.Encoding.PEM, serialization.NoEncryption()


def key_pem(key):
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, NONE)


class Authority:
    """A fleet CA, on P-384 as `signet keys init` makes it."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP384R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test fleet CA")])
        self.certificate = self.sign(self.name, self.key.public_key(), x509.BasicConstraints(True, None))

    def sign(self, subject, public, *extensions):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(public)
                   .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
                   .not_valid_after(now + datetime.timedelta(days=30)))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=True)
        return builder.sign(self.key, hashes.SHA384())

    def issue(self, common_name, unit, public, usage, *extensions):
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name),
                             *([x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit)] if unit else [])])
        return self.sign(subject, public, x509.ExtendedKeyUsage([usage]), *extensions)

    def pem(self):
        return self.certificate.public_bytes(PEM)

    def operator(self, path, role="approver"):
        key = ec.generate_private_key(ec.SECP384R1())
        certificate = self.issue("alice", role, key.public_key(), ExtendedKeyUsageOID.CLIENT_AUTH)
        path.write_bytes(key_pem(key) + certificate.public_bytes(PEM))
        path.chmod(0o600)

    def server(self, path):
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
        certificate = self.issue("signetd", None, key.public_key(), ExtendedKeyUsageOID.SERVER_AUTH, names)
        path.write_bytes(key_pem(key) + certificate.public_bytes(PEM))


def resolved(schema):
    while "$ref" in schema:
        at = API
        for word in schema["$ref"].removeprefix("#/").split("/"):
            at = at[word]
        schema = at
    return schema


KINDS = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "null": type(None)}


def is_kind(value, name):
    return isinstance(value, KINDS[name]) and not (name == "integer" and isinstance(value, bool))


def members(schema):
    """Properties of an object, those of what it builds on too."""
    schema = resolved(schema)
    all_of = {}
    for base in schema.get("allOf", []):
        all_of.update(members(base))
    return {**all_of, **schema.get("properties", {})}


def misfit(value, schema, where="body"):
    """What is wrong with value, by the part of JSON Schema that api.yaml uses; None when nothing is."""
    schema = resolved(schema)
    if "oneOf" in schema:
        wrong = [misfit(value, s, where) for s in schema["oneOf"]]
        return None if None in wrong else "; ".join(wrong)
    for base in schema.get("allOf", []):
        if wrong := misfit(value, base, where):
            return wrong
    if "enum" in schema and value not in schema["enum"]:
        return f"{where}: {value!r} is none of {schema['enum']}"
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(is_kind(value, k) for k in kinds):
        return f"{where}: {value!r} is no {kinds}"
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        return f"{where}: {value!r} does not fit {schema['pattern']}"
    if isinstance(value, int) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        return f"{where}: {value} is out of range"
    if isinstance(value, list):
        return next((w for i, v in enumerate(value) if (w := misfit(v, schema.get("items", {}), f"{where}[{i}]"))), None)
    if isinstance(value, dict):
        if missing := set(schema.get("required", [])) - value.keys():
            return f"{where}: no {missing}"
        known = members(schema)
        if schema.get("additionalProperties") is False and (more := value.keys() - known.keys()):
            return f"{where}: unknown {more}"
        return next((w for k, v in value.items() if k in known and (w := misfit(v, known[k], f"{where}.{k}"))), None)
    return None


def operation_of(method, path):
    for pattern, item in API["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path) and method.lower() in item:
            return item[method.lower()]
    return None


def json_schema(content):
    return content.get("content", {}).get("application/json", {}).get("schema", {})


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def body_of(self, operation):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionError("the client ended in the middle of its request")
        described = resolved(operation.get("requestBody", {"content": {}})) if operation else {"content": {}}
        if bool(body) != bool(described["content"]):
            self.server.wrong.append(f"{self.path}: a body where none belongs, or none where one does")
        if body and self.headers["Content-Type"] not in described["content"]:
            self.server.wrong.append(f"{self.path}: body of type {self.headers['Content-Type']}")
        if self.headers.get("Content-Type") == "application/json":
            body = json.loads(body)
            if wrong := misfit(body, json_schema(described)):
                self.server.wrong.append(f"{self.path}: {wrong}")
        return body

    def serve(self):
        parts = urlsplit(self.path)
        operation = operation_of(self.command, parts.path)
        if not operation:
            self.server.wrong.append(f"{self.command} {self.path} is not in api.yaml")
        body = self.body_of(operation)
        self.server.asked.append((self.command, self.path, body))
        status, answer = self.server.answer(self.command, self.path, body)
        if isinstance(answer, dict) and operation and not self.server.lax:
            schema = json_schema(resolved(operation["responses"].get(str(status), operation["responses"]["default"])))
            if wrong := misfit(answer, schema, "answer"):
                self.server.wrong.append(f"{self.command} {self.path}: {wrong}")
        self.send(status, answer)

    def send(self, status, answer):
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/octet-stream" if isinstance(answer, bytes) else "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_DELETE = serve  # noqa: N815 - as http.server wants them


class FleetServer(ThreadingHTTPServer):
    """answers: (method, path with query) to (status, answer), or to a function of the body that gives both."""

    daemon_threads = True

    def __init__(self, folder, authority):
        super().__init__(("127.0.0.1", 0), Handler)
        authority.server(folder / "server.pem")
        (folder / "ca.pem").write_bytes(authority.pem())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(folder / "server.pem")
        context.load_verify_locations(folder / "ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        self.context = context
        self.answers, self.asked, self.wrong, self.lax = {}, [], [], False
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def finish_request(self, request, client_address):
        """TLS belongs into the connection's thread: a client that fails must not hold others up."""
        try:
            with self.context.wrap_socket(request, server_side=True) as tls:
                super().finish_request(tls, client_address)
        except OSError:
            pass

    def answer(self, method, path, body):
        there = self.answers.get((method, path))
        if there is None:
            return 404, {"error": {"code": "unknown", "message": f"nothing is at {path}", "advice": "look elsewhere"}}
        return there(body) if callable(there) else there

    def close(self):
        self.shutdown()
        self.server_close()
