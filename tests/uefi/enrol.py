"""What `signet keys export` writes for firmware, enrolled by firmware's own SetVariable (tests/payload/enrol.c)."""
import copy
import hashlib
import shutil
import struct
import threading
from functools import partial

import flashfile
import machine
from ordinary import expect_good
from tampered import expect_firmware_refuses
from tap import expect
from world import Machine, signet, tool

PROGRAM = "build/enrol.efi"
END = r"^signet: enrol: done|^signet: enrol: .*: status="
SUCCESS, SECURITY_VIOLATION = 0, 1 << 63 | 26
NAMES = ("db", "KEK", "PK")
SET_UP, USER = ("1", "0"), ("0", "1")  # SetupMode, SecureBoot
VOLUME_SIZE = 8 << 20
TIME_SIZE, YEAR_HIGH, CONTENT_END = 16, 1, -1  # places in an .auth file


def export(keys, folder):
    signet("keys", "export", keys, "--out", folder)
    return folder


def auth_files(folder):
    return {name: folder / f"{name}.auth" for name in NAMES}


def volume(path, program, files):
    """A USB key as an owner would make it: the program as the only system on it, and .auth files beside it."""
    with open(path, "wb") as f:
        f.truncate(VOLUME_SIZE)
    tool("mformat", "-i", path, "::")
    tool("mmd", "-i", path, "::EFI", "::EFI/BOOT")
    tool("mcopy", "-i", path, program, "::EFI/BOOT/BOOTX64.EFI")
    for name, file in files.items():
        tool("mcopy", "-i", path, file, f"::{name}.auth")
    return path


class Enrolment:
    """One boot of the program; variables is firmware's file, which it changes."""

    def __init__(self, folder, program, files, variables):
        image = volume(folder / "usb.img", program, files)
        self.log = machine.boot(image, ["--no-tpm", "--vars", variables], until=END)
        self.log.need(r"^signet: enrol: done")
        answers = self.log.find_all(r"^signet: enrol: write (\S+) status=0x([0-9a-f]+)$")
        self.answers = {match[1]: int(match[2], 16) for match in answers}
        holds = self.log.find_all(r"^signet: enrol: holds (\S+) ([0-9a-f]{64})$")
        self.holds = {match[1]: match[2] for match in holds}

    def expect(self, before, answer, after, holds):
        """All files given the same answer, the mode at both ends, and the lists the variables hold in the end."""
        self.expect_mode("before", before)
        expect(self.answers == dict.fromkeys(NAMES, answer), f"firmware's answers: {self.answers}", self.log.tail())
        expect(self.holds == holds, f"the variables hold {self.holds}, wanted {holds}", self.log.tail())
        self.expect_mode("after", after)

    def expect_mode(self, when, wanted):
        found = self.log.need(rf"^signet: enrol: {when} setup-mode=(\d+) secure-boot=(\d+)$").groups()
        expect(found == wanted, f"SetupMode and SecureBoot {when}: {found}, wanted {wanted}", self.log.tail())


def lists(folder):
    """What the variables hold when everything exported to folder is enrolled."""
    return {name: hashlib.sha256((folder / f"{name}.esl").read_bytes()).hexdigest() for name in NAMES}


NOTHING = dict.fromkeys(NAMES, hashlib.sha256(b"").hexdigest())


class Enrolled:
    """Firmware variables that began empty and hold the owner's keys from .auth files alone; made on first use."""

    def __init__(self, world):
        self.world, self.lock, self.enrolment = world, threading.Lock(), None
        self.folder = world.folder / "enrol"
        self.variables = self.folder / "vars.fd"

    def make(self):
        with self.lock:
            if not self.enrolment:
                self.folder.mkdir(exist_ok=True)
                files = auth_files(self.world.owner.firmware)
                self.enrolment = Enrolment(self.folder, PROGRAM, files, self.variables)
            return self.enrolment

    def copy(self, name):
        """A folder of its own for a scenario, with its own copy of the variables."""
        self.make()
        folder = self.world.folder / "run" / name
        folder.mkdir(parents=True)
        shutil.copy(self.variables, folder / "vars.fd")
        return folder


def set_up(world, enrolled):
    enrolled.make().expect(SET_UP, SUCCESS, USER, lists(world.owner.firmware))


def set_up_damaged(world, _):
    """Even in set-up mode PK must be signed by its own key: otherwise firmware stays open."""
    folder = world.folder / "run" / "enrol-set-up-damaged"
    folder.mkdir(parents=True)
    files = {"PK": damaged(world.owner.firmware / "PK.auth", folder, CONTENT_END)}
    enrolment = Enrolment(folder, PROGRAM, files, folder / "vars.fd")
    expect(enrolment.answers == {"PK": SECURITY_VIOLATION}, f"firmware's answers: {enrolment.answers}")
    expect(enrolment.holds == NOTHING, f"the variables hold {enrolment.holds}", enrolment.log.tail())
    enrolment.expect_mode("after", SET_UP)


def flash_boots(world, enrolled):
    enrolled.make()
    m = Machine(world.folder / "run" / "enrol-flash", world.flash, world.shop.tpm, enrolled.variables)
    expect_good(m.boot(), firmware="uefi", secure_boot=1, slot="a", release="newer")


def unsigned(world, enrolled):
    """What set-up mode let run, user mode does not. The signed one runs: see the rotation."""
    expect_program_refused(world, enrolled.copy("enrol-unsigned"), PROGRAM)


def expect_program_refused(world, folder, program):
    image = volume(folder / "refused.img", program, {})
    expect_firmware_refuses(Machine(folder / "machine", image, world.shop.tpm, folder / "vars.fd"))


def signed(owner, path):
    owner.sign_efi(PROGRAM, path)
    return path


def rotated(world, enrolled):
    """All three keys are made anew. Firmware takes them from the old holders, and then knows the new ones alone."""
    folder = enrolled.copy("enrol-rotated")
    owner, variables = copy.copy(world.owner), folder / "vars.fd"
    owner.keys = folder / "keys"
    shutil.copytree(world.owner.keys, owner.keys)
    for role in ("pk", "kek", "db"):
        signet("keys", "rotate", owner.keys, "--role", role)
    new = export(owner.keys, folder / "firmware")
    files = {**auth_files(new), "PK": new / "PK-from-pk-1.auth"}
    first = Enrolment(folder, signed(world.owner, folder / "old.efi"), files, variables)
    first.expect(USER, SUCCESS, USER, lists(new))
    # The program itself now starts by the new db key alone.
    second = Enrolment(folder, signed(owner, folder / "new.efi"), auth_files(world.owner.firmware), variables)
    second.expect(USER, SECURITY_VIOLATION, USER, lists(new))
    expect_program_refused(world, folder, folder / "old.efi")


def renewed(world, enrolled):
    """A later export of the same keys is an update; the earlier one then is a replay, refused for its time alone."""
    folder = enrolled.copy("enrol-renewed")
    new, variables = export(world.owner.keys, folder / "firmware"), folder / "vars.fd"
    program = signed(world.owner, folder / "enrol.efi")
    Enrolment(folder, program, auth_files(new), variables).expect(USER, SUCCESS, USER, lists(new))
    replay = Enrolment(folder, program, auth_files(world.owner.firmware), variables)
    replay.expect(USER, SECURITY_VIOLATION, USER, lists(new))


def refused(world, enrolled, name, files_from):
    """The neighbour of the renewal: later files too, but not as the holder of the key signed them."""
    folder = enrolled.copy(f"enrol-{name}")
    files = files_from(world, folder)
    program = signed(world.owner, folder / "enrol.efi")
    enrolment = Enrolment(folder, program, files, folder / "vars.fd")
    enrolment.expect(USER, SECURITY_VIOLATION, USER, lists(world.owner.firmware))


def strangers(world, folder):
    return auth_files(export(world.stranger.keys, folder / "firmware"))


def damaged(path, folder, offset, bit=0):
    target = folder / f"damaged-{path.name}"
    shutil.copy(path, target)
    flashfile.flip_bit(target, offset % target.stat().st_size, bit)
    return target


def all_damaged(world, folder):
    """In each another thing that the signature covers, or the signature; the time is moved on, by 2,048 years."""
    new = auth_files(export(world.owner.keys, folder / "firmware"))
    signature_length, = struct.unpack_from("<I", new["db"].read_bytes(), TIME_SIZE)
    return {
        "PK": damaged(new["PK"], folder, CONTENT_END),
        "KEK": damaged(new["KEK"], folder, YEAR_HIGH, bit=3),
        "db": damaged(new["db"], folder, TIME_SIZE + signature_length - 1),
    }


def scenarios(world):
    enrolled = Enrolled(world)
    cases = {
        "set-up mode: the exported .auth files are taken, and the machine is in user mode": set_up,
        "set-up mode: a PK with one flipped bit is refused, and the machine stays there": set_up_damaged,
        "under keys enrolled so, the flash image boots with Secure Boot on": flash_boots,
        "under keys enrolled so, the unsigned program that enrolled them is refused": unsigned,
        "user mode: rotated PK, KEK and db are taken from the old holders, and the old files then refused": rotated,
        "user mode: a later export of the same keys is taken, and an earlier one then refused": renewed,
        "user mode: a stranger's .auth files are refused": partial(refused, name="stranger", files_from=strangers),
        "user mode: .auth files with one flipped bit are refused": partial(refused, name="damaged",
                                                                           files_from=all_damaged),
    }
    return [(name, partial(function, world, enrolled)) for name, function in cases.items()]
