"""The operator's commands about guests and their consoles."""
import base64
import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from fleet_bed import Bed, SECONDS, SIGNET, WEB1, Terminal, failure  # noqa: E402
from tap import expect, main  # noqa: E402

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


main([
    ("a guest runs from its file", a_guest_runs_from_its_file),
    ("guests' files are refused with their reason", guest_files_are_refused_with_their_reason),
    ("guests are listed, stopped, removed", guests_are_listed_stopped_removed),
    ("a console is the guest's until Ctrl-]", a_console_is_the_guests),
    ("a console gives the terminal back on every way out", a_console_is_left_on_every_way),
    ("a console through pipes", a_console_is_read_through_a_pipe),
])
