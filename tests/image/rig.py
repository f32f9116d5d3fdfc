"""What the tests of images share: the program, keys and images made once, folders of their own for everybody."""
import atexit
import hashlib
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
from tap import Failed, expect, main  # noqa: E402,F401 (for those who import this)

SIGNET = str(Path("build/signet").resolve())
PAYLOAD = Path("build/payload.bin").resolve()
STAGE = Path("build/stage.elf").resolve()
CREATED = "2026-01-02T03:04:05Z"
REFUSED, FAILED, USAGE = 5, 1, 2

ROOT = Path(tempfile.mkdtemp(prefix="image-", dir="build")).resolve()
atexit.register(shutil.rmtree, ROOT, True)


def run(*words, code=0, cwd=None, env=None, says=None, limit=None):
    """Runs a program; fails unless it exits with code and says something. Gives what it printed on standard output."""
    plain = {k: v for k, v in os.environ.items() if k != "SOURCE_DATE_EPOCH"}
    done = subprocess.run([str(w) for w in words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                          cwd=cwd, env={**plain, **(env or {})}, preexec_fn=limit)
    command = " ".join(map(str, words))
    expect(done.returncode == code, f"{command}: exit {done.returncode}, not {code}", done.stdout + done.stderr)
    if says:
        expect(says in done.stdout + done.stderr, f"{command}: does not say '{says}'", done.stdout + done.stderr)
    return done.stdout


def signet(*words, **how):
    return run(SIGNET, *words, **how)


def folder(name):
    path = ROOT / name
    path.mkdir(parents=True)
    return path


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


class Fleet:
    """Keys of one owner. Production: three release keys, two must sign."""

    def __init__(self, name, *options):
        self.keys = ROOT / name
        signet("keys", "init", self.keys, *options)
        self.manifest = self.keys / "manifest-1.bin"

    def release(self, n):
        return self.keys / f"release-{n}.pem"

    def build(self, path, *options, components=None, **how):
        names = components or {"hypervisor": PAYLOAD}
        words = [w for kind, file in names.items() for w in ("--component", f"{kind}={file}")]
        given = {o for o in options if str(o).startswith("--")}
        for option, value in (("--release", "1.0"), ("--svn", "5"), ("--created", CREATED), ("--keys", self.keys)):
            if option not in given and not (option == "--keys" and "--keys-chain" in given):
                words += [option, value]
        return signet("image", "build", *words, "--output", path, *options, **how)

    def sign(self, path, *numbers):
        words = [w for n in numbers or (1, 2) for w in ("--key", self.release(n))]
        return signet("image", "sign", path, *words)

    def image(self, path, *options, **how):
        self.build(path, *options, **how)
        self.sign(path)
        return path

    def verify(self, path, *options, **how):
        return signet("image", "verify", path, "--keys", self.keys, *options, **how)


class Parts:
    """Where the parts of an image file stand (docs/format.md)."""

    def __init__(self, path):
        self.bytes = bytearray(Path(path).read_bytes())
        self.path = Path(path)
        (self.keys, self.keys_length, self.manifest, self.manifest_length, self.signatures, self.signatures_length,
         self.payload, self.payload_length, self.length) = struct.unpack_from("<9Q", self.bytes, 16)
        count, = struct.unpack_from("<I", self.bytes, self.manifest + 12)
        entries = [struct.unpack_from("<IIQQQQ48s", self.bytes, self.manifest + 288 + 96 * i) for i in range(count)]
        self.components = {e[0]: (e[2], e[3]) for e in entries}
        self.component_digests = [(e[0], e[3], e[6]) for e in entries]

    def flipped(self, offset, to):
        """A copy with one bit changed."""
        changed = bytearray(self.bytes)
        changed[offset] ^= 0x10
        Path(to).write_bytes(changed)
        return to


def once(make):
    """Calls make at its first use only; tests run two at a time, so they take turns."""
    lock, made = threading.Lock(), []

    def get():
        with lock:
            if not made:
                made.append(make())
        return made[0]
    return get


fleet = once(lambda: Fleet("fleet"))
development = once(lambda: Fleet("development", "--development"))


def _boot_files(name, owner, *options):
    out = ROOT / name
    signet("boot", "build", "--keys", owner.keys, "--stage", STAGE, "--config", "secureboot/grub.cfg", "--modules",
           "secureboot/grub.modules", "--slot-size", "2M", "--out", out, *options)
    return out


boot_files = once(lambda: _boot_files("boot", fleet()))
release = once(lambda: fleet().image(ROOT / "release.img"))
