#!/usr/bin/python3
"""The rig that stands for a node, by what an agent does with it. Prints TAP. usage: tests/tpm/rig.py"""
import fcntl
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/lib")]
from tickets import KEEP, PAUSE, make_ticket  # noqa: E402

PATIENCE = 60
NODE = bytes(range(1, 33))


def tool(*words, status=0):
    done = subprocess.run([str(w) for w in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                          stdin=subprocess.DEVNULL)
    if done.returncode != status:
        raise AssertionError(f"{' '.join(map(str, words))}: exit {done.returncode}, not {status}\n"
                             f"{done.stdout.decode()}{done.stderr.decode()}")
    return done.stdout


def signet(*words):
    return tool("build/signet", *words)


class Fleet:
    """Keys, boot files and images of one owner."""

    def __init__(self, folder):
        self.folder, self.keys, self.boot = folder, folder / "keys", folder / "boot"
        signet("keys", "init", self.keys, "--development")
        signet("keys", "export", self.keys, "--out", folder / "export")
        signet("boot", "build", "--keys", self.keys, "--out", self.boot, "--allow-development", "--slot-size", "64M",
               "--config", "secureboot/grub.cfg", "--modules", "secureboot/grub.modules")

    def image(self, name, svn, *fleet):
        config, image = self.folder / f"{name}.fleet", self.folder / f"{name}.img"
        signet("fleet", "make", "--out", config, "--ca", self.folder / "export/fleet-ca.crt", *fleet)
        signet("image", "build", "--keys", self.keys, "--release", name, "--svn", svn, "--component",
               "hypervisor=build/hv.bin", "--component", f"fleet-config={config}", "--output", image, "--development")
        signet("image", "sign", image, "--keys", self.keys)
        return image


class Rig:
    def __init__(self, folder, boot, image, *options):
        self.control, self.tpm, self.said, self.lock = (folder / name for name in ("control", "tpm", "said", "state/.lock"))
        with open(self.said, "w") as said:
            self.child = subprocess.Popen(
                [str(w) for w in ("build/tests/node-rig", "--swtpm", folder / "state", "--boot", boot, "--slot-a",
                                  image, "--control", self.control, "--tpm", self.tpm, *options)],
                stderr=said, stdout=said, stdin=subprocess.DEVNULL)
        self.need("rig: ready")

    def need(self, words):
        end = time.monotonic() + PATIENCE
        while words not in self.text():
            if self.child.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"no '{words}' in\n{self.text()}")
            time.sleep(0.02)

    def text(self):
        return self.said.read_text()

    def word(self, before):
        return self.text().split(before, 1)[1].split()[0]

    def ctl(self, *words, status=0):
        return tool("build/signetctl", *words, "--port", self.control, status=status)

    def end(self, status=0):
        if status == 0:
            self.child.send_signal(signal.SIGTERM)
        found = self.child.wait(PATIENCE)
        self.wait_for_tpm()
        assert found == status, f"the rig ended with {found}, not {status}\n{self.text()}"

    def __enter__(self):
        return self

    def wait_for_tpm(self):
        """Its swtpm dies with it, but a moment later: until then no other one starts on the same state."""
        end = time.monotonic() + PATIENCE
        while self.lock.exists():
            with open(self.lock, "r+") as lock:
                try:
                    return fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError as e:
                    if time.monotonic() > end:
                        raise AssertionError(f"the rig is gone, and its swtpm is not: {e}") from None
            time.sleep(0.02)

    def __exit__(self, *_):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()
        self.wait_for_tpm()


class Control:
    """The control port, by the layouts of lib/control/wire.h."""
    HEAD = struct.Struct("<IHHII")

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(str(path))
        self.tag = 0

    def take(self, n):
        data = b""
        while len(data) < n:
            piece = self.socket.recv(n - len(data))
            if not piece:
                raise AssertionError("the control port closed")
            data += piece
        return data

    def ask(self, kind, body=b""):
        """(status, body) of the answer; events are passed over."""
        self.tag += 1
        self.socket.sendall(self.HEAD.pack(self.HEAD.size + len(body), 1, kind, self.tag, 0) + body)
        while True:
            length, _, got, tag, status = self.HEAD.unpack(self.take(self.HEAD.size))
            rest = self.take(length - self.HEAD.size)
            if got == kind | 0x8000 and tag == self.tag:
                return status, rest


def boots(fleet, folder):
    """Status, challenge, event log, the TPM behind TPM2-TSS; a new session at each start; power."""
    image = fleet.image("one", 3, "--ungated")
    with Rig(folder, fleet.boot, image) as rig:
        session = rig.word("boot session ")
        assert session in rig.ctl("status").decode()
        status, challenge = Control(rig.control).ask(48)
        assert status == 0 and len(challenge) == 32 and any(challenge)
        tcti = f"cmd:build/tests/rig-tpm {rig.tpm}"
        pcr7 = tool("tpm2_pcrread", "-T", tcti, "sha256:7,12,14").decode()
        assert rig.word("rig: pcr7 ").upper() in pcr7, pcr7
        assert len(tool("tpm2_getrandom", "-T", tcti, "16")) == 16
        (folder / "log").write_bytes(rig.ctl("log"))
        replayed = tool("tpm2_eventlog", folder / "log").decode().lower()
        for line in pcr7.splitlines():
            if "0x" in line:
                assert line.split("0x")[1].lower() in replayed, f"{line}\n{replayed}"
        rig.end()
    with Rig(folder, fleet.boot, image) as rig:
        assert rig.word("boot session ") != session
        Control(rig.control).socket.sendall(Control.HEAD.pack(24, 1, 36, 1, 0) + struct.pack("<II", 0, 0))
        rig.end(10)


def ticket_for(fleet, control, sequence, rule, lease):
    """For the challenge that is asked for with it."""
    status = control.ask(2)[1]
    return make_ticket(fleet.keys / "fleet-ca.pem", status[32:64], status[:32], control.ask(48)[1], status[64:112],
                       sequence=sequence, rule=rule, lease=lease)


def enrol(fleet, folder, rig, control):
    """Writes the authority that the next boots find on flash, too."""
    signet("keys", "authorize", fleet.keys, "--node-id", NODE.hex(), "--out", folder / "authority", "--pcr7",
           rig.word("rig: pcr7 "))
    authority = (folder / "authority").read_bytes()
    assert authority[16:48] == NODE
    order = b"o" * 32 + b"l" * 32 + NODE + struct.pack("<II", 3, 1) + authority[48:112]
    assert control.ask(35, order + authority)[0] == 0


def kernel():
    """What Linux' boot protocol wants of a kernel's head."""
    head = bytearray(4096)
    for at, form, value in ((0x1F1, "<B", 1), (0x1FE, "<H", 0xAA55), (0x201, "<B", 0x66), (0x202, "<I", 0x53726448),
                            (0x206, "<H", 0x20F), (0x211, "<B", 1), (0x22C, "<I", 0x7FFFFFFF), (0x230, "<I", 1 << 21),
                            (0x234, "<B", 1), (0x236, "<H", 1), (0x238, "<I", 2047), (0x258, "<Q", 1 << 24),
                            (0x260, "<I", 1 << 22)):
        struct.pack_into(form, head, at, value)
    return bytes(head)


def start_guest(control, name):
    """(id, how the start ended)."""
    shape = name.encode().ljust(32, b"\0") + struct.pack("<QIIIIQQQ", 32 << 20, 1, 0, 0, 0, 4096, 0, 0) + bytes(80)
    status, made = control.ask(16, shape)
    assert status == 0, f"create: {status}"
    guest = struct.unpack("<II", made)[0]
    assert control.ask(17, struct.pack("<IIQ", guest, 0, 0) + kernel())[0] == 0
    return guest, control.ask(18, struct.pack("<II", guest, 0))[0]


def state_of(control, guest):
    return struct.unpack_from("<II", control.ask(5, struct.pack("<II", guest, 0))[1])[1]


def ticketed(fleet, folder):
    """Enrolled, a guest before and under a ticket, a lease's end, and tickets that are none for this boot."""
    image = fleet.image("two", 3, "--epoch", "1")
    running, paused = 2, 4
    with Rig(folder, fleet.boot, image) as rig:
        control = Control(rig.control)
        assert control.ask(49, bytes(1304))[0] in (140, 141), "zeros are a ticket"
        enrol(fleet, folder, rig, control)
        assert start_guest(control, "early")[1] == 122
        ticket = folder / "ticket"
        ticket.write_bytes(ticket_for(fleet, control, 1, PAUSE, 8))
        rig.ctl("ticket", ticket)
        guest, outcome = start_guest(control, "one")
        assert outcome == 0 and state_of(control, guest) == running
        rig.ctl("ticket", ticket, status=5)
        rig.need("paused: no ticket allows it")
        assert state_of(control, guest) == paused and start_guest(control, "late")[1] == 151
        ticket.write_bytes(ticket_for(fleet, control, 2, KEEP, 3600))
        rig.ctl("ticket", ticket)
        assert state_of(control, guest) == running
        kept = ticket_for(fleet, control, 3, KEEP, 3600)
        assert control.ask(51, b"the fleet server")[0] == 0
        rig.need("service VM: the fleet server")
        rig.end()
    with Rig(folder, fleet.boot, image, "--authority", folder / "authority") as rig:
        control = Control(rig.control)
        assert "minimum svn 3" in rig.text()
        assert control.ask(48)[0] == 0 and control.ask(49, kept)[0] == 147
        assert start_guest(control, "early")[1] == 122
        rig.end()


CASES = {"starts a signed image, answers, is restarted": boots,
         "enrols, takes tickets, pauses with a lease": ticketed}


def run_cases(name, make_fleet, cases, attempt):
    """
    Each case by itself in a folder below one fleet's, in order, told in TAP; ONLY picks by a part of the name. What a failed one is
    known by: its words, notes and the agent's. Returns an exit status.
    """
    os.chdir(ROOT)
    only = os.environ.get("ONLY", "")
    base = Path(tempfile.mkdtemp(prefix=f"{name}-", dir="build/tests"))
    chosen = {title: case for title, case in cases.items() if only in title}
    failures = 0
    try:
        fleet = make_fleet(base)
        for number, (title, case) in enumerate(chosen.items(), 1):
            folder = base / str(number)
            folder.mkdir()
            try:
                attempt(fleet, folder, case)
                print(f"ok {number} - {title}", flush=True)
            except (AssertionError, subprocess.TimeoutExpired) as e:
                failures += 1
                said = folder / "agent.said"
                text = "\n".join([str(e), said.read_text() if said.exists() else "", *getattr(e, "__notes__", [])])
                print(f"not ok {number} - {title}\n" + "\n".join(f"# {line}" for line in text.splitlines()), flush=True)
    finally:
        shutil.rmtree(base)
    print(f"1..{len(chosen)}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(run_cases("rig", Fleet, CASES, lambda fleet, folder, case: case(fleet, folder)))
