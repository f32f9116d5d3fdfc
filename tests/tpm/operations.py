#!/usr/bin/python3
"""docs/operations.md, run: every block of the page, in its order, by the real `signet`, signetd and signet-agent, on two nodes whose
stage, hypervisor decisions and TPM are real (node-rig over swtpm). Played are systemd, the package manager, firmware set-up, and
the hand that carries the flash key. Prints TAP. usage: tests/tpm/operations.py"""
import json
import os
import re
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/lib"), str(ROOT / "tests/tpm")]
import flashfile  # noqa: E402
from agent_bed import Agent, wait_for  # noqa: E402
from rig import Rig  # noqa: E402
from signetd import BINARY, Server  # noqa: E402
from story import Story  # noqa: E402
from tap import Failed, expect, run  # noqa: E402
from tpmmaker import TpmMaker  # noqa: E402

PAGE = ROOT / "docs/operations.md"
PATIENCE = 600
LISTENERS = ("nodes", "operators", "metrics")
RESTART, REFUSED, PARTLY, UNREACHABLE = 10, 5, 4, 3
# What the page's reader has and a test has not, each by what stands in for it.
PLAYED = ("apt-get", "make", "systemctl", "systemd-sysusers", "systemd-tmpfiles", "runuser")
ASKING = r"^signet (node enroll|node remove|node authority|baseline approve|baseline revoke|attest clear) .*$"
SHIM = """#!/usr/bin/python3
import json, os, socket, sys
words = [os.path.basename(sys.argv[0]), *sys.argv[1:]]
if words[0] == "runuser":
    assert words[1:4] == ["-u", "signetd", "--"], words
    os.execvp(words[4], words[4:])
s = socket.socket(socket.AF_UNIX)
s.connect(os.environ["PLAYED"])
f = s.makefile("rw")
print(json.dumps(words), file=f, flush=True)
sys.exit(json.loads(f.readline()))
"""


def sections(text):
    """Title to the section's indented blocks."""
    found = {}
    for part in re.split(r"^## ", text, flags=re.M)[1:]:
        title, body = part.split("\n", 1)
        found[title] = [re.sub(r"^    ", "", block, flags=re.M).strip() for block in
                        re.findall(r"(?:^    .*\n)+", body, re.M)]
    return found


class Served(Server):
    """The fleet server of the page's own --init, where systemctl starts it."""

    def __init__(self, scratch, folder):
        self.binary, self.environment, self.process = BINARY, dict(os.environ), None
        self.scratch, self.folder, self.log_path = str(scratch), str(folder), str(scratch / "signetd.log")
        # Known before the first start: the page's first images name them.
        held = [socket.create_server(("127.0.0.1", 0)) for _ in LISTENERS]
        self.ports = {name: s.getsockname()[1] for name, s in zip(LISTENERS, held)}
        for s in held:
            s.close()

    def up(self):
        self.configure({f"listen.{name}": f"127.0.0.1:{port}" for name, port in self.ports.items()})
        self.start()

    def systemctl(self, words):
        if words[0] in ("stop", "restart"):
            expect(self.stop() == 0, "the server ended badly", self.log())
        if words[0] != "stop":
            self.up()


class Node:
    """One machine: its flash key's partitions, its TPM, at most one rig and one agent at a time."""

    def __init__(self, story, name):
        self.story, self.folder, self.parts = story, story.folder / name, story.folder / name / "parts"
        self.rig = self.agent = None
        self.firmware = ()
        self.folder.mkdir()
        self.parts.mkdir()
        story.tpms[name].rename(self.folder / "state")
        for part, (offset, length) in flashfile.partitions(story.flash).items():
            if part in ("signet-a", "signet-b", "signet-authority"):
                with open(story.flash, "rb") as f:
                    f.seek(offset)
                    (self.parts / part).write_bytes(f.read(length))

    def switch_on(self, agent=True):
        shutil.rmtree(self.folder / "run", ignore_errors=True)
        self.rig = Rig(self.folder, self.story.home / "signet/boot", self.parts / "signet-a", "--slot-b", self.parts / "signet-b",
                       "--authority", self.parts / "signet-authority", *self.firmware)
        if agent:
            self.agent = Agent(self.folder, self.rig)

    def switch_off(self):
        for each in self.agent, self.rig:
            if each:
                each.__exit__()
        self.agent = self.rig = None

    def ends(self):
        """By itself, when what was ordered has got so far."""
        end = time.monotonic() + PATIENCE
        while self.rig.child.poll() is None:
            if self.story.pushed or time.monotonic() > end:
                raise Failed(f"the node does not restart: {self.story.pushed}", f"{self.agent.said.read_text()}\n{self.rig.text()}")
            time.sleep(0.05)
        self.rig.end(RESTART)
        self.switch_off()

    def restarts(self):
        self.ends()
        self.switch_on()

    def starts_anew(self, *firmware):
        """By hand, perhaps with another firmware, until the server has seen this boot."""
        before = self.show()["appraisal"]["number"]
        self.switch_off()
        self.firmware = firmware
        self.switch_on()
        self.waits_for("its new evidence", lambda: self.show()["appraisal"]["number"] > before)

    def clear(self):
        """The firmware set-up's item "clear TPM": TPM2_Clear by the platform."""
        tcti = f"swtpm:path={self.folder / 'clear'}"
        words = ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.folder / 'state'}", "--server",
                 f"type=unixio,path={self.folder / 'clear'}", "--ctrl", f"type=unixio,path={self.folder / 'clear.ctrl'}",
                 "--flags", "not-need-init,startup-clear"]
        swtpm = subprocess.Popen(words, stdin=subprocess.DEVNULL)

        def serves():
            nonlocal swtpm
            # The one before may hold the state for a moment, killed or not: then this one ends at once.
            if swtpm.poll() is not None:
                swtpm = subprocess.Popen(words, stdin=subprocess.DEVNULL)
            return (self.folder / "clear").exists()

        try:
            wait_for("swtpm", serves)
            subprocess.run(["tpm2_clear", "-T", tcti, "-c", "p"], check=True, stdin=subprocess.DEVNULL)
            subprocess.run(["swtpm_ioctl", "-s", "--unix", self.folder / "clear.ctrl"], check=True)
        finally:
            swtpm.wait(PATIENCE)

    def show(self):
        return json.loads(self.story.signet("node", "show", self.id, "--json"))

    def becomes(self, **wanted):
        def there():
            found = self.show()
            found["verdict"] = (found.get("verdict") or {}).get("name")
            return all(found.get(key) == value for key, value in wanted.items())
        self.waits_for(f"the node to be {wanted}", there)

    def waits_for(self, what, there):
        try:
            wait_for(what, there)
        except AssertionError as e:
            raise Failed(str(e), f"{self.show()}\n{self.agent.said.read_text() if self.agent else ''}\n{self.rig.text()}") from None


class Operations(Story):
    def __init__(self, folder):
        super().__init__()
        self.folder, self.home, self.dest = folder, folder / "home", folder / "dest"
        self.var, self.backups, self.flash = folder / "signetd", folder / "backups", folder / "flash.img"
        self.blocks = sections(PAGE.read_text())
        self.server = Served(folder, self.var / "fleet")
        self.nodes, self.used, self.pushed = [], set(), None

    def prepare(self):
        for each in self.home, self.var, self.folder / "bin":
            each.mkdir()
        for name in PLAYED:
            (self.folder / "bin" / name).write_text(SHIM)
            (self.folder / "bin" / name).chmod(0o755)
        self.maker = TpmMaker(self.folder / "maker")
        self.tpms = {name: self.maker.make(self.folder / f"tpm-{name}") for name in ("one", "two")}
        self.listen()

    def close(self):
        for node in self.nodes:
            node.switch_off()
        if self.server.process and self.server.process.poll() is None:
            self.server.process.kill()
            self.server.process.wait()
        if hasattr(self, "host"):
            self.host.shutdown()
            self.host.server_close()

    # --- the machine that the desk stands on ---

    def listen(self):
        story = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                words = json.loads(self.rfile.readline())
                try:
                    status = story.played(words)
                except Failed as e:
                    print(f"# {words}: {e}\n# {e.detail}", file=sys.stderr)
                    status = 1
                self.wfile.write(json.dumps(status).encode() + b"\n")

        self.host = socketserver.ThreadingUnixStreamServer(str(self.folder / "played"), Handler)
        threading.Thread(target=self.host.serve_forever, daemon=True).start()

    def played(self, words):
        name, *rest = words
        if name == "apt-get":
            packages = [w for w in rest if not w.startswith("-")][1:]
            return subprocess.run(["dpkg", "-s", *packages], stdout=subprocess.DEVNULL, check=False).returncode
        if name == "make":
            # Built it is already; a test's own folder takes the place of /usr/local.
            command = ["make", "-s", "NATIVE=1", "install", f"DESTDIR={self.dest}"]
            return 0 if not rest else subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode
        if name == "systemctl":
            expect(rest[-1] == "signetd", f"{words}")
            self.server.systemctl([w for w in rest if w != "--now"])
        return 0

    def translated(self, block):
        """Names and places of the page in the test's own."""
        ports = self.server.ports
        changes = {"fleet.example.org:7443": f"127.0.0.1:{ports['nodes']}", "fleet.example.org:7444": f"127.0.0.1:{ports['operators']}",
                   "fleet.example.org": "localhost,127.0.0.1", "/var/lib/signetd": self.var, "/var/backups/signetd": self.backups,
                   "/usr/local": self.dest / "usr/local", "/dev/sdX": self.flash}
        for number, name in enumerate(("NODE", "OTHER")):
            if len(self.nodes) > number:
                changes[rf"\b{name}\b"] = self.nodes[number].id[:12] if hasattr(self.nodes[number], "id") else name
        for old, new in changes.items():
            block = re.sub(old if old.startswith(r"\b") else re.escape(old), str(new), block)
        return re.sub(ASKING, lambda m: m[0].replace(" || :", "") + " --yes" + (" || :" if m[0].endswith("|| :") else ""), block, flags=re.M)

    def environment(self):
        path = f"{self.folder / 'bin'}:{self.dest / 'usr/local/bin'}:{os.environ['PATH']}"
        return {**os.environ, "HOME": str(self.home), "PATH": path, "PLAYED": str(self.folder / "played")}

    def block(self, title, number, status=0):
        """Runs one block of the page as it stands there; what it said, both streams."""
        self.used.add((title, number))
        script = self.translated(self.blocks[title][number])
        done = subprocess.run(["bash", "-e"], input=script, capture_output=True, text=True, check=False, timeout=PATIENCE,
                              env=self.environment())
        said = done.stdout + done.stderr
        expect(done.returncode == status, f"{title}, block {number + 1}: exit {done.returncode}, not {status}",
               f"{script}\n{said}\n{self.server.log()[-2000:] if self.server.process else ''}")
        return said

    def signet(self, *words, status=0):
        done = subprocess.run(["signet", *map(str, words)], capture_output=True, text=True, check=False, timeout=PATIENCE,
                              stdin=subprocess.DEVNULL, env=self.environment())
        expect(status is None or done.returncode == status, f"signet {' '.join(map(str, words))}: exit {done.returncode}",
               done.stdout + done.stderr)
        return done.stdout + (done.stderr if status else "")

    def run_settings(self, text):
        """A block of signetd.ini."""
        section, changes = "", {}
        for line in text.splitlines():
            if line.startswith("["):
                section = line.strip("[]")
            else:
                name, value = line.split(" = ")
                changes[f"{section}.{name}"] = value
        self.server.configure(changes)

    def node_comes(self, name):
        """A new machine with the flash key in it, switched on; the desk sees it pending."""
        node = Node(self, name)
        node.switch_on()
        node.agent.need("waits for an approver to enrol this node")
        known = {n.id for n in self.nodes}
        node.id, = (n["id"] for n in json.loads(self.signet("node", "list", "--json"))["nodes"] if n["id"] not in known)
        self.nodes.append(node)
        return node

    # --- the page ---

    def fleet_server(self):
        title = "Day 1: the fleet server"
        self.block(title, 0)
        self.block(title, 1)
        for certificate in self.maker.export(self.folder / "ek").iterdir():
            shutil.copy(certificate, self.var / "fleet/ek")
        self.used.add((title, 2))
        self.run_settings(self.blocks[title][2])
        expect("north" in self.block(title, 3), "no status")

    def release(self):
        self.block("Day 1: a release", 0)

    def node(self):
        title = "Day 1: a node"
        node = self.node_comes("one")
        expect("pending" in self.block(title, 0), "it is not pending")
        node.becomes(provisioned=True)
        self.signet("attest", "now", node.id, status=REFUSED)
        self.block(title, 1)
        node.becomes(state="good", verdict="GOOD")
        expect("running" in self.block(title, 2), "the guest does not run")

    def routine(self):
        title, node = "Routine work", self.nodes[0]
        expect("POST /v1/nodes" in self.block(title, 0), "the audit log does not tell")
        expect("bert" in self.block(title, 1), "no new operator")
        self.pushes(title, 2, node)
        node.becomes(state="good", release="1.1")
        expect("GOOD" in self.block(title, 3), "saved evidence is not good")

    def pushes(self, title, number, *nodes):
        """The operator waits at his terminal, until these nodes have restarted and committed."""
        def wait():
            try:
                self.block(title, number)
            except (Failed, subprocess.TimeoutExpired) as e:
                self.pushed = f"{e}\n{getattr(e, 'detail', '')}"
        waiting = threading.Thread(target=wait)
        waiting.start()
        for node in nodes:
            node.restarts()
        waiting.join(PATIENCE)
        expect(not waiting.is_alive() and not self.pushed, "the push", str(self.pushed))

    def backup(self):
        title, node = "Backup and restore", self.nodes[0]
        self.block(title, 0)
        # What the copy does not know: three more tickets, and a second node.
        node.becomes(online=True)
        for _ in range(3):
            self.signet("attest", "now", node.id)
        other = self.node_comes("two")
        self.signet("node", "enroll", other.id, "--keys", self.home / "signet/keys", "--class", "rack-a", "--yes")
        other.becomes(provisioned=True)
        self.signet("attest", "now", other.id)
        self.block(title, 1)
        node.agent.need("the ticket is no newer than the last one")
        node.becomes(online=True)
        self.block(title, 2)
        node.restarts()
        node.becomes(state="good", verdict="GOOD", online=True)
        # Its owner's secret is lost.
        other.agent.need("waits for an approver", 2)
        self.signet("node", "enroll", other.id, "--keys", self.home / "signet/keys", "--class", "rack-a", "--yes")
        self.server.wait_log("provisioning failed: .*the TPM refused a command")
        expect(not other.show()["provisioned"], "it was provisioned under another owner")
        other.switch_off()
        other.clear()
        other.switch_on()
        script = self.translated(self.blocks[title][3])
        remove, enroll = script.replace(self.nodes[0].id[:12], other.id[:12]).splitlines()
        self.used.add((title, 3))
        self.shell(remove)
        wait_for("it to be pending anew", lambda: any(n["id"] == other.id and n["state"] == "pending" for n in
                                                      json.loads(self.signet("node", "list", "--json"))["nodes"]))
        self.shell(enroll)
        other.becomes(provisioned=True)
        self.signet("attest", "now", other.id)
        other.becomes(state="good")

    def shell(self, line):
        done = subprocess.run(["bash", "-e"], input=line, capture_output=True, text=True, check=False, env=self.environment())
        expect(done.returncode == 0, line, done.stdout + done.stderr)

    def firmware(self):
        title, (node, other) = "Firmware update day", self.nodes
        node.starts_anew("--firmware-event", "version 2")
        node.becomes(verdict="BASELINE_DIFFERS", state="failed", online=True)
        said = self.block(title, 0)
        expect("version 2" in said or "expected" in said.lower(), "the event is not named", said)
        node.becomes(state="good")
        self.signet("attest", "now", other.id)
        other.becomes(verdict="GOOD", state="good")
        self.needed({1: 1, 2: 1})
        # Good when it comes up, and never held.
        other.starts_anew("--firmware-event", "version 2")
        other.becomes(verdict="GOOD", state="good", online=True)
        self.needed({1: 0, 2: 2})
        said = self.block(title, 1)
        expect("Revoked baseline 1" in said, "the old one is not revoked", said)
        self.needed({2: 2})
        other.starts_anew()
        other.becomes(verdict="BASELINE_DIFFERS", state="failed", online=True)
        expect(other.show()["appraisal"]["baseline"] == 2, "not compared with what it matched last", str(other.show()["appraisal"]))
        other.starts_anew("--firmware-event", "version 2")
        other.becomes(verdict="GOOD", state="held", online=True)
        self.block(title, 2)
        other.becomes(state="good")
        self.revocation(title, node)

    def needed(self, numbers):
        found = {b["number"]: b["nodes"] for b in json.loads(self.signet("baseline", "list", "--json"))["baselines"]}
        expect(found == numbers, f"who needs which baseline: {found}, not {numbers}")

    def revocation(self, title, node):
        node.starts_anew("--firmware-event", "version 2", "--revoked", "a broken loader")
        node.becomes(verdict="BASELINE_DIFFERS", online=True)
        self.block(title, 3)
        node.agent.need("authority: done")
        self.nodes[1].starts_anew(*node.firmware)
        self.nodes[1].becomes(state="good", online=True)
        self.signet("node", "authority", self.nodes[1].id, "--keys", self.home / "signet/keys", "--yes")
        self.nodes[1].agent.need("authority: done")  # which is a moment later
        for each in self.nodes:
            each.starts_anew(*each.firmware)
            each.becomes(state="good", online=True)
            expect("read-only" not in each.rig.text(), "its boot state cannot be written", each.rig.text())

    def server_down(self):
        title, node = "Bad day: the fleet server is down", self.nodes[0]
        self.server.stop()
        self.signet("node", "list", status=UNREACHABLE)
        expect("running" in node.rig.ctl("list").decode(), "the guest ended with the server")
        self.server.up()
        wait_for("the node's return", lambda: node.show()["online"])
        self.server.process.kill()
        self.server.process.wait()
        self.server.up()
        wait_for("the node's return", lambda: node.show()["online"])
        self.block_down(title)

    def block_down(self, title):
        """The restart breaks the node's poll: it is asked for once it is back."""
        *before, last = self.blocks[title][0].splitlines()
        self.blocks[title][0] = "\n".join(before)
        self.block(title, 0)
        wait_for("the node's return", lambda: self.nodes[0].show()["online"])
        self.shell(self.translated(last))

    def build(self, release, svn):
        """As the page does, of another number."""
        lines = self.blocks["Routine work"][2].split("\n")[:-1]
        self.shell(self.translated("\n".join(lines).replace("1.1", release).replace("--svn 2", f"--svn {svn}")))

    def update_fails(self):
        title, (node, other) = "Bad day: an update fails on some nodes", self.nodes
        self.build("1.2", 3)
        image = self.home / "signet/release-1.2.img"
        update = json.loads(self.signet("update", "push", image, "--all", "--drain", "now", "--no-wait", "--json"))["id"]
        node.restarts()
        other.ends()
        for _ in range(3):
            other.switch_on(agent=False)
            expect("release 1.2" in other.rig.text(), "not on trial", other.rig.text())
            other.switch_off()
        other.switch_on()

        def states():
            return sorted(n["state"] for n in json.loads(self.signet("update", "status", update, "--json"))["nodes"])
        wait_for("its end", lambda: states() == ["committed", "fallen-back"])
        self.signet("update", "status", update, "--follow", status=PARTLY)
        other.becomes(release="1.0", online=True)
        said = self.block(title, 0)
        expect("no try left and never healthy" in said, "it does not say why", said)
        self.pushes(title, 1, other)
        other.becomes(release="1.2", state="good")

    def stolen_key(self):
        title = "Bad day: a release key was stolen"
        self.build("1.4", 5)
        stolen = self.home / "signet/release-1.4.img"
        self.pushes(title, 0, *self.nodes)
        for node in self.nodes:
            node.becomes(release="1.3", state="good")
            wait_for("the key floor", lambda n=node: n.show()["floors"]["key"] == 2)
        said = self.signet("update", "push", stolen, self.nodes[0].id, "--no-wait", "--json")
        update = json.loads(said)["id"]
        share, = json.loads(self.signet("update", "status", update, "--json"))["nodes"]
        expect(share["state"] == "refused" and share["code"] == "keys-revoked", "the old key still counts", str(share))

    def certificates(self):
        title = "Bad day: certificates end"
        said = self.block(title, 0)
        expect("anna-2" in said or "Certified" in said, "no new approver", said)
        # All but her own, which the desk then names no more.
        for operator in json.loads(self.signet("operator", "list", "--json"))["operators"]:
            if operator["name"] != "anna":
                self.signet("operator", "revoke", operator["serial"], "--yes")
        (self.home / "signet/anna.pem").unlink()
        self.block(title, 1)
        self.signet("node", "list")
        unused = {(t, n) for t, blocks in self.blocks.items() for n in range(len(blocks))} - self.used
        expect(not unused, f"blocks of the page that nobody ran: {sorted(unused)}")

    STEPS = (("day 1: the fleet server", fleet_server), ("day 1: a release", release), ("day 1: a node, and a guest on it", node),
             ("routine work", routine), ("backup and restore: late tickets, and a node that the copy does not know", backup),
             ("firmware update day: two baselines, and the old one revoked", firmware), ("the fleet server is down", server_down),
             ("an update fails on some nodes", update_fails), ("a release key was stolen", stolen_key),
             ("certificates end; every block of the page was run", certificates))


if __name__ == "__main__":
    os.chdir(ROOT)
    base = Path(tempfile.mkdtemp(prefix="operations-", dir="build/tests")).resolve()
    try:
        sys.exit(run(Operations(base).scenarios(), workers=1))
    finally:
        shutil.rmtree(base)
