"""Updates: installing beside its own floor and swupdate, verifying beside rauc, downloading beside zchunk, power cuts."""
import hashlib
import os
import random
import re
import shutil
import subprocess
from pathlib import Path

from tap import Failed
from usage import Usage
from world import Owner, signet, tool

MIB = 1 << 20
LARGE = 256 * MIB
CHANGES, CHANGED, INSERTED = 16, 65536, 4096
ROUNDS = 3
FLOOR_SHARE = 0.8
KERNELS = Path("/usr/src/signet/kernels/generic")
PROGRAMS = ("signet-agent", "signet-blkd", "signet-portd", "signetctl")


class Pair:
    """A release and the next one, signed by one owner."""

    def __init__(self, folder, owner, name, parts, next_parts):
        self.folder, self.owner, self.name = folder / name.replace(" ", "-"), owner, name
        self.folder.mkdir()
        self.old, self.new = self._image("old", 1, parts), self._image("new", 2, next_parts)
        self.length = self.new.stat().st_size
        self.target, self.running = self.folder / "target", self.folder / "running"
        # Both with an image in them, as slots have, and with more room than it takes: nobody's file grows.
        for slot in self.target, self.running:
            shutil.copy(self.old, slot)
            os.truncate(slot, self.length + 8 * MIB & -MIB)

    def _image(self, name, svn, parts):
        image = self.folder / f"{name}.img"
        signet("image", "build", "--keys", self.owner.keys, "--release", name, "--svn", svn,
               *(word for kind, file in parts.items() for word in ("--component", f"{kind}={file}")), "--output", image)
        signet("image", "sign", image, "--keys", self.owner.keys)
        return image


def large_pair(folder, owner):
    """Bytes that nobody can compress: some of them changed where they are, and some inserted late."""
    noise, kernel = random.Random(5), folder / "kernel"
    kernel.write_bytes(noise.randbytes(LARGE // 4))
    content = bytearray(noise.randbytes(LARGE - LARGE // 4 - 2 * MIB))
    old, new = folder / "initramfs", folder / "initramfs-next"
    old.write_bytes(content)
    for _ in range(CHANGES):
        at = noise.randrange(len(content) - CHANGED)
        content[at:at + CHANGED] = noise.randbytes(CHANGED)
    late = len(content) * 3 // 4
    content[late:late] = noise.randbytes(INSERTED)
    new.write_bytes(content)
    parts = {"hypervisor": "build/payload.bin", "service-kernel": kernel}
    return Pair(folder, owner, "256 MiB", {**parts, "service-initramfs": old}, {**parts, "service-initramfs": new})


def next_initramfs(folder):
    """The service VM's, built as it always is, with an agent that differs."""
    for program in PROGRAMS:
        shutil.copy(Path("build/service") / program, folder / program)
    with open(folder / "signet-agent", "ab") as f:
        f.write(b"the next release's agent")
    made = (folder / "initramfs").relative_to(Path.cwd())
    tool("agent/initramfs/make", KERNELS, made, *(folder / program for program in PROGRAMS))
    return made


def release_pair(folder, owner):
    """Our own: hypervisor linked anew, another agent, the same kernel."""
    place = folder / "service"
    place.mkdir()
    parts = {"hypervisor": "build/hv.bin", "service-kernel": "build/service/vmlinuz",
             "service-initramfs": "build/service/initramfs"}
    return Pair(folder, owner, "next release", parts,
                {**parts, "hypervisor": "build/hv-handoff.bin", "service-initramfs": next_initramfs(place)})


class Swupdate:
    """The same file by swupdate, as a signed raw image that it writes to a file while it comes."""

    def __init__(self, pair):
        self.folder, self.target = pair.folder / "swu", pair.folder / "swupdate-target"
        self.folder.mkdir()
        os.link(pair.new, self.folder / "image")
        shutil.copy(pair.old, self.target)
        certificate(self.folder)
        with open(pair.new, "rb") as f:
            digest = hashlib.file_digest(f, "sha256").hexdigest()
        (self.folder / "sw-description").write_text(
            'software = { version = "1.0"; hardware-compatibility: [ "1.0" ]; images: ( { filename = "image"; type = "raw"; '
            f'device = "{self.target}"; sha256 = "{digest}"; installed-directly = true; }} ); }}')
        tool("openssl", "cms", "-sign", "-in", self.folder / "sw-description", "-out", self.folder / "sw-description.sig",
             "-signer", self.folder / "cert.pem", "-inkey", self.folder / "key.pem", "-outform", "DER", "-nosmimecap",
             "-binary")
        tool("sh", "-c", f"cd {self.folder} && printf '%s\\n' sw-description sw-description.sig image | "
             "cpio --quiet -o -H crc -L >update.swu")

    def install(self):
        tool("sh", "-c", f"cat {self.folder}/update.swu >/dev/null")
        usage = Usage("swupdate", "-l", "2", "-H", "bench:1.0", "-k", self.folder / "cert.pem", "-i", self.folder / "update.swu")
        flush = Usage("sync", self.target)
        usage.seconds += flush.seconds
        return usage


def certificate(folder):
    tool("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "key.pem", "-out",
         folder / "cert.pem", "-subj", "/CN=bench", "-days", "2", "-addext", "extendedKeyUsage=emailProtection,codeSigning")


def same_start(path, other, length):
    with open(path, "rb") as a, open(other, "rb") as b:
        return all(a.read(MIB) == b.read(MIB) for _ in range(length // MIB))


def figures(text):
    return {name: int(value) for name, value in (line.split() for line in text.splitlines())}


def add_install(table, pair):
    ours, floors, peers, peer = [], [], [], Swupdate(pair)
    anchor = pair.owner.boot / "anchor.bin"
    for _ in range(ROUNDS):
        floors.append(figures(Usage("build/tests/install_cost", "floor", pair.new, pair.target).output))
        run = Usage("build/tests/install_cost", "install", anchor, pair.new, pair.running, pair.target)
        ours.append((figures(run.output), run.peak))
        peers.append(peer.install())
    for target in pair.target, peer.target:
        if not same_start(pair.new, target, pair.length):
            raise Failed(f"{target} does not hold the image")
    seconds = min(found["wall"] for found, _ in ours) / 1e9
    counted = ours[0][0]
    table.add(f"{pair.name}: installing", seconds, "s", peer=min(p.seconds for p in peers),
              note="peer: swupdate, which reads nothing back; process start and fsync counted for it")
    table.add(f"{pair.name}: floor of installing, of its time", min(f["wall"] for f in floors) / 1e9 / seconds, "of it",
              least=FLOOR_SHARE, note="write, flush, uncached read-back, two SHA-384 of the same library; ours flushes at each mark, "
              "and hashes once more where it looks in the running slot in vain")
    table.add(f"{pair.name}: the same in processor time", min(f["processor"] for f in floors) /
              min(found["processor"] for found, _ in ours), "of it", note="what a busy machine changes least")
    table.add(f"{pair.name}: peak memory of installing", max(peak for _, peak in ours) / 1024, "MiB",
              peer=max(p.peak for p in peers) / 1024, note="peer: swupdate")
    table.add(f"{pair.name}: written to the slot", counted["written"] / MIB, "MiB", peer=counted["length"] / MIB,
              note="peer: the image itself; the rest is marks, and the header twice")
    return counted


class Bundle:
    """The same file as a bundle of rauc's whose one signature is over all of it."""

    def __init__(self, pair):
        content, self.path, self.folder = pair.folder / "bundle", pair.folder / "update.raucb", pair.folder
        content.mkdir()
        os.link(pair.new, content / "image.img")
        certificate(pair.folder)
        (content / "manifest.raucm").write_text("[update]\ncompatible=bench\nversion=2\n\n[bundle]\nformat=plain\n\n"
                                                "[image.rootfs]\nfilename=image.img\n")
        tool("rauc", "bundle", f"--cert={pair.folder}/cert.pem", f"--key={pair.folder}/key.pem",
             "--mksquashfs-args=-noD -noF -noI -noX -no-progress -quiet", content, self.path)

    def info(self):
        return Usage("rauc", "info", f"--keyring={self.folder}/cert.pem", self.path)


def add_verify(table, pair):
    bundle, ours, peers = Bundle(pair), [], []
    for _ in range(ROUNDS):
        ours.append(Usage("build/signet", "image", "verify", pair.new, "--boot", pair.owner.boot, "--allow-development"))
        peers.append(bundle.info())
    table.add(f"{pair.name}: verifying it", min(u.processor for u in ours), "s", peer=min(u.processor for u in peers),
              note="processor time; peer: rauc info of a plain bundle: one SHA-256, by OpenSSL's SHA instructions where there are")


def add_download(table, pair, counted):
    packed = {}
    for name, image in ("old", pair.old), ("new", pair.new):
        packed[name] = pair.folder / f"{name}.zck"
        tool("zck", "-o", packed[name], image)
    said = tool("zck_delta_size", packed["old"], packed["new"])
    wanted = re.search(r"Would download in total (\d+) of \d+ bytes", said)
    if not wanted:
        raise Failed("zck_delta_size tells no size", said)
    table.add(f"{pair.name}: downloaded", counted["fetched"] / MIB, "MiB", peer=int(wanted[1]) / MIB,
              note="peer: zchunk, whose chunks follow content that moves")


def measure(make, table, folder, tell):
    owner = Owner(folder / "owner")
    owner.build_boot_files("512M")
    tell("a release and the next one are made")
    pair = make(folder, owner)
    tell(f"installed, {ROUNDS} times each way")
    counted = add_install(table, pair)
    tell("verified, and packed for zchunk")
    add_verify(table, pair)
    add_download(table, pair, counted)


def measure_large(table, folder, tell):
    measure(large_pair, table, folder, tell)


def measure_release(table, folder, tell):
    measure(release_pair, table, folder, tell)


def measure_cuts(table, _folder, tell):
    """The simulator's own words (tests/sim): a scenario is not ok when a cut left a node that does not come up."""
    tell("power cuts in the simulator")
    said = subprocess.run("build/tests/sim/sim", capture_output=True, text=True, check=False).stdout
    found = re.search(r"^# (\d+) operations cut in (\d+) ways, and (\d+) times again in the recovery$", said, re.M)
    if not found:
        raise Failed("the simulator tells no sum", said[-2000:])
    table.add("flash and NV operations, each cut", int(found[1]), "operations")
    table.add("power cuts tried, with those in recoveries", int(found[2]) + int(found[3]), "cuts")
    table.add("scenarios with a brick", len(re.findall(r"^not ok", said, re.M)), "scenarios", most=0)
