#!/usr/bin/python3
"""The rig that stands for a node, by what an agent does with it. Prints TAP. usage: tests/tpm/rig.py"""
import hashlib
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
        self.control, self.tpm, self.said = folder / "control", folder / "tpm", folder / "said"
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
        assert found == status, f"the rig ended with {found}, not {status}\n{self.text()}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait()


class Control:
    """The control port, by the layouts of hv/control/wire.h."""
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


CASES = {"starts a signed image, answers, is restarted": boots}


def main():
    os.chdir(ROOT)
    base = Path(tempfile.mkdtemp(prefix="rig-", dir="build/tests"))
    failures = 0
    try:
        fleet = Fleet(base)
        for number, (name, case) in enumerate(CASES.items(), 1):
            folder = base / str(number)
            folder.mkdir()
            try:
                case(fleet, folder)
                print(f"ok {number} - {name}")
            except AssertionError as e:
                failures += 1
                print(f"not ok {number} - {name}")
                print("\n".join(f"# {line}" for line in str(e).splitlines()))
    finally:
        shutil.rmtree(base)
    print(f"1..{len(CASES)}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
