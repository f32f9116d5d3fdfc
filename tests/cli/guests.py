"""signetctl and signet-blkd against scripted peers: what they say, what they make of answers, and what they refuse."""
import json
import os
import pty
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
import node as n  # noqa: E402
from blocks import FLUSH, READ, WRITE, block_answer_whole, block_request  # noqa: E402
from tap import expect, main  # noqa: E402

CTL, BLKD, PORTD = (str(Path("build", name).resolve()) for name in ("signetctl", "signet-blkd", "signet-portd"))


class Bed:
    """A scripted node, a folder, and signetctl pointed at both."""

    def __enter__(self):
        self.dir = Path(tempfile.mkdtemp(prefix="ctl-"))
        (self.dir / "disks").mkdir()
        self.node = n.Node(self.dir / "port")
        return self

    def __exit__(self, *_):
        self.node.close()
        shutil.rmtree(self.dir)

    def words(self, command, *words):
        disks = ["--disks", self.dir / "disks"] if command in ("create", "attach", "destroy") else []
        return [str(w) for w in (CTL, command, "--port", self.dir / "port", *disks, *words)]

    def run(self, *words, code=0, says=""):
        done = subprocess.run(self.words(*words), stdin=subprocess.DEVNULL, capture_output=True, check=False)
        text = (done.stdout + done.stderr).decode(errors="replace")
        expect(done.returncode == code, f"{words}: exit {done.returncode}, not {code}", text)
        expect(says in text, f"{words}: does not say '{says}'", text)
        return done.stdout

    def guest_file(self, *lines, kernel=b"kernel" * 20000):
        (self.dir / "vmlinuz").write_bytes(kernel)
        (self.dir / "initrd").write_bytes(b"initramfs")
        (self.dir / "data.img").write_bytes(bytes(8192))
        path = self.dir / "web.guest"
        path.write_text("name = web\nmemory = 64M\nkernel = vmlinuz\n" + "".join(f"{line}\n" for line in lines))
        return path


def a_guest_is_loaded_byte_for_byte():
    with Bed() as b:
        kernel = os.urandom(100_001)
        file = b.guest_file("vcpus = 2", "initramfs = initrd", "command-line = console=ttyS0 quiet", "disk = data.img",
                            f"disk = {b.dir}/data.img read-only", "net = 52:54:00:12:34:56", kernel=kernel)
        b.run("create", file, "--start", says="guest 1: web")
        g = b.node.guests[1]
        expect(g["parts"] == [kernel, b"initramfs", b"console=ttyS0 quiet"], "other bytes than the files'")
        expect(g["sizes"] == [len(p) for p in g["parts"]], f"other sizes announced: {g['sizes']}")
        expect((g["memory"], g["vcpus"], g["disks"], g["nets"]) == (64 << 20, 2, 2, 1), "another shape")
        expect(struct.unpack_from("<QIIQII", g["shape"], 80) == (16, 0, 0, 16, 1, 0), "other disks")
        expect(g["shape"][144:150] == bytes.fromhex("525400123456"), "another MAC address")
        expect(g["state"] == n.RUNNING, "not started")
        expect(os.readlink(b.dir / "disks/1/0") == str((b.dir / "data.img").resolve()), "no link to the disk")
        expect((b.dir / "disks/1/1.ro").is_symlink() and not (b.dir / "disks/1/1").exists(), "no read-only link")
        b.run("create", file, code=1, says="there already")
        b.run("destroy", "web", "--now")
        expect(not b.node.guests and not (b.dir / "disks/1").exists(), "something is left")


def a_guest_half_loaded_is_destroyed():
    for kind, status in ((n.LOAD, n.RANGE), (n.CREATE, n.FULL)):
        with Bed() as b:
            b.node.answers[kind] = lambda body, status=status: (status, b"")
            b.run("create", b.guest_file("disk = data.img"), code=1, says=f"(error {status})")
            expect(not b.node.guests and not list((b.dir / "disks").iterdir()), "something is left")
            expect((n.DESTROY in b.node.kinds()) == (kind == n.LOAD), f"{b.node.kinds()}")


def guest_files_are_refused_by_line():
    with Bed() as b:
        b.run("create", b.guest_file("vcpus = 0"), code=1, says="web.guest, line 4: vcpus is a number")
        b.run("create", b.guest_file("initramfs = nowhere"), code=1, says="names nowhere, which cannot be opened")
        b.run("create", b.guest_file(kernel=b""), code=1, says="cannot use")
        b.run("create", b.dir / "absent", code=1, says="cannot read")
        expect(n.CREATE not in b.node.kinds(), "the hypervisor was asked")


def the_gate_refuses_and_allows():
    with Bed() as b:
        b.node.add("web", n.NEW)
        b.node.answers[n.START] = lambda body: (n.GATE, b"")
        b.run("start", "web", code=5, says="(error 122)")
        del b.node.answers[n.START]
        b.run("start", "web")


def guests_go_by_name_and_id():
    with Bed() as b:
        for name in ("one", "two", "two"):
            b.node.add(name)
        b.run("stop", "one")
        b.run("stop", "three", code=1, says="there is no guest three")
        b.run("stop", "two", code=1, says="more than one guest")
        b.run("stop", "9", code=1, says="there is no guest 9")
        b.run("stop", "99999999999999999999", code=1, says="there is no guest")
        b.run("stop", "3", "--now")
        expect([g["state"] for g in b.node.guests.values()] == [n.OFF, n.RUNNING, n.OFF], "other guests were stopped")
        stops = [struct.unpack("<II", body) for kind, body in b.node.said if kind == n.STOP]
        expect(stops == [(1, 0), (3, 1)], f"{stops}")


def running_guests_are_not_destroyed_unasked():
    with Bed() as b:
        b.node.add("web")
        b.node.answers[n.DESTROY] = lambda body: (n.BUSY, b"")
        b.run("destroy", "web", code=1, says="was not destroyed")
        expect(n.STOP not in b.node.kinds(), "it was stopped")


def what_is_shown_is_what_was_said():
    with Bed() as b:
        b.node.add("web", reason="it's\x1b[2J")
        status = json.loads(b.run("status", "--json"))
        expect(status["session"] == "11" * 32 and status["ungated"] and not status["secureBoot"], f"{status}")
        expect((status["trialSecondsLeft"], status["serviceRestarts"], status["slot"]) == (540, 3, "b"), f"{status}")
        expect((status["ticketSequence"], status["leaseSecondsLeft"], status["ticketRule"], status["epoch"],
                status["ticketInForce"], status["leaseOver"]) == (12, 86000, "pause", 5, True, False), f"{status}")
        b.run("status", says="UNGATED: guests start without a ticket")
        expect(b"12, lease 86000 s more, then pause" in b.run("status"), "no ticket")
        guest, = json.loads(b.run("list", "--json"))
        expect((guest["name"], guest["state"], guest["exits"]) == ("web", "running", 1234), f"{guest}")
        expect(b"2.5 s" in b.run("list"), "no processor time")
        exits = json.loads(b.run("exits", "web", "--json"))
        kinds = re.findall(r'X\(\w+, "([a-z-]+)"\)', Path("lib/control/exit_kinds.h").read_text())
        expect(list(exits)[:len(kinds)] == kinds and exits["cpuid"] == 100 and exits["hlt"] == 110, f"{exits}")
        a, b_slot = json.loads(b.run("slots", "--json"))
        expect(a["state"] == "good" and not a["running"], f"{a}")
        expect((b_slot["state"], b_slot["tries"], b_slot["running"]) == ("trying", 2, True), f"{b_slot}")
        b.run("reboot")
        b.run("poweroff")
        orders = [struct.unpack("<II", body)[0] for kind, body in b.node.said if kind == n.POWER]
        expect(orders == [0, 1], f"{orders}")


def evidence_can_be_carried_by_hand():
    with Bed() as b:
        b.node.answers[n.CHALLENGE] = lambda body: (0, bytes(range(32)))
        b.node.answers[n.TICKET] = lambda body: (0, b"")
        expect(b.run("challenge") == bytes(range(32)).hex().encode() + b"\n", "another challenge")
        ticket = b.dir / "ticket"
        ticket.write_bytes(b"t" * 1304)
        b.run("ticket", ticket)
        expect(b.node.said[-1] == (n.TICKET, b"t" * 1304), "another ticket")
        b.node.answers[n.TICKET] = lambda body: (149, b"")
        b.run("ticket", ticket, code=5, says="(error 149)")
        for wrong in (1303, 1305):
            ticket.write_bytes(b"t" * wrong)
            b.run("ticket", ticket, code=1, says="the fleet server writes one")
        expect(b.node.kinds().count(n.TICKET) == 2, "what is no ticket was handed over")


def long_texts_are_copied_whole():
    with Bed() as b:
        b.node.messages = os.urandom(30_000)
        b.node.event_before_answers = True
        expect(b.run("messages") == b.node.messages, "other messages")


def confused_hypervisors_are_given_up():
    header = struct.Struct("<IHH4sI")
    bad = [header.pack(15, 1, n.STATUS | n.REPLY, b"TAG!", 0), header.pack(5000, 1, n.STATUS | n.REPLY, b"TAG!", 0),
           header.pack(16, 9, n.STATUS | n.REPLY, b"TAG!", 0), header.pack(16, 1, n.STATUS, b"TAG!", 0),
           header.pack(20, 1, n.STATUS | n.REPLY, b"TAG!", 0) + bytes(4)]
    for frame in bad:
        with Bed() as b:
            b.node.answers[n.STATUS] = lambda body, frame=frame: frame
            b.run("status", code=3, says="the control port failed")
    with Bed() as b:
        b.node.answers[n.HELLO] = lambda body: (0, struct.pack("<II", 2, 3))
        b.run("status", code=3, says="(error 130)")
        del b.node.answers[n.HELLO]
        # An answer to somebody else's request is not ours.
        b.node.answers[n.POWER] = lambda body: header.pack(16, 1, n.POWER | n.REPLY, b"\1\0\0\0", 3) + header.pack(
            16, 1, n.POWER | n.REPLY, b"TAG!", 0)
        b.run("reboot")
    with Bed() as b:
        b.node.add("web")
        b.node.answers[n.GUESTS] = lambda body: b.node.next_guest(struct.pack("<II", 1, 0))
        b.run("list", code=1, says="cannot list guests")


def no_port_no_table_no_option():
    with Bed() as b:
        b.node.close()
        os.unlink(b.dir / "port")
        b.run("status", code=3, says="is this the service VM of a node?")
        for words in (["frobnicate"], ["status", "--frobnicate"], ["start"], ["start", "a", "b"], []):
            done = subprocess.run([CTL, *words], capture_output=True, check=False)
            expect(done.returncode == 2 and done.stderr, f"{words}: exit {done.returncode}")
        for command in ("status", "create", "console"):
            done = subprocess.run([CTL, command, "--help"], capture_output=True, check=False)
            expect(done.returncode == 0 and f"usage: signetctl {command} ".encode() in done.stdout, command)


def read_until(fd, wanted):
    data = b""
    while wanted not in data:
        data += os.read(fd, 4096)
    return data


def the_console_is_the_guests():
    with Bed() as b:
        b.node.add("web")
        b.node.console[1] = b"login: " + b"x" * 9000 + b"END"
        control, terminal = pty.openpty()
        before = termios.tcgetattr(terminal)
        user = subprocess.Popen(b.words("console", "web"), stdin=terminal, stdout=terminal, stderr=terminal)
        shown = read_until(control, b"END")
        expect(b.node.console[1] in shown, "output was lost")
        full = iter([(n.FULL, b"")] * 3)
        b.node.answers[n.CONSOLE_WRITE] = lambda body: next(full, None) or b.node.write_console(body)
        # Ctrl-C is the guest's in there.
        os.write(control, b"ls\x03")
        read_until(control, b"echo ls\x03")
        os.write(control, b"more\x1dnever")
        b.node.wait(lambda: b"more" in b.node.typed)
        expect(user.wait(60) == 0, "it did not leave")
        expect(b.node.typed == b"ls\x03more", f"{b.node.typed}")
        expect(termios.tcgetattr(terminal) == before, "the terminal is left raw")
        os.close(control)
        os.close(terminal)


def the_console_ends_with_the_guest():
    with Bed() as b:
        b.node.add("web", n.OFF)
        b.node.console[1] = b"Power down\n"
        expect(b.run("console", "web", says="has ended") == b.node.console[1], "other output")
        b.node.guests[1]["state"] = n.RUNNING
        expect(b.run("console", "web", "--no-follow") == b.node.console[1], "other output")


class SharedBed(Bed):
    """signet-portd stands between signetctl and the node."""

    def __enter__(self):
        super().__enter__()
        (self.dir / "port").rename(self.dir / "device")
        self.server = subprocess.Popen([PORTD, str(self.dir / "device"), str(self.dir / "port")], stderr=subprocess.PIPE)
        while not (self.dir / "port").exists() and self.server.poll() is None:
            os.sched_yield()
        return self

    def __exit__(self, *rest):
        self.server.terminate()
        self.server.wait(60)
        self.server.stderr.close()
        super().__exit__(*rest)

    def raw(self):
        while self.server.poll() is None:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                connection.connect(str(self.dir / "port"))
                connection.settimeout(60)
                return connection
            except ConnectionRefusedError:
                connection.close()
                os.sched_yield()
        raise AssertionError("the server has ended")


def programs_share_the_port():
    with SharedBed() as b:
        b.raw().close()
        b.node.add("web")
        kernel = os.urandom(100_001)
        go_on = threading.Event()
        b.node.later[n.START] = go_on
        console = subprocess.Popen(b.words("console", "web"), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        file = b.guest_file(kernel=kernel)
        file.write_text(file.read_text().replace("name = web", "name = big"))
        creator = subprocess.Popen(b.words("create", file, "--start"), stdout=subprocess.DEVNULL)
        b.node.wait(lambda: n.START in b.node.kinds())
        # One waits for its guest's start, one listens on a console: both leave the others their turn.
        expect(b"running" in b.run("list"), "no list")
        expect(b.node.guests[2]["parts"][0] == kernel, "other bytes than the file's")
        console.stdin.write(b"typed")
        console.stdin.flush()
        b.node.wait(lambda: b.node.typed == b"typed")
        go_on.set()
        expect(creator.wait(60) == 0, "the start's answer did not come")
        b.node.guests[1]["state"] = n.OFF
        expect(console.communicate(timeout=60)[0] == b"echo typed", "other output")


def who_leaves_is_owed_nothing():
    with SharedBed() as b:
        b.raw().close()
        b.node.add("web")
        go_on = threading.Event()
        b.node.later[n.START] = go_on
        for count in range(12):
            gone = b.raw()
            gone.sendall(struct.pack("<IHHIIII", 24, 1, n.START, 5, 0, 1, 0))
            b.node.wait(lambda count=count: b.node.kinds().count(n.START) > count)
            gone.close()
        go_on.set()
        expect(b"web" in b.run("list"), "no list")
        for bad in (struct.pack("<IHHII", 15, 1, n.STATUS, 1, 0), struct.pack("<IHHII", 32769, 1, n.STATUS, 1, 0)):
            with b.raw() as wild:
                wild.sendall(bad)
                expect(wild.recv(1) == b"", "it was taken")
        expect(b"web" in b.run("list"), "no list")


def sharing_ends_with_the_port():
    with SharedBed() as b:
        b.raw().close()
        b.node.answers[n.STATUS] = lambda body: struct.pack("<IHHII", 8, 1, n.STATUS | n.REPLY, 0, 0)
        b.run("status", code=3, says="the control port failed")
        expect(b.server.wait(60) == 1 and b"unknown kind" in b.server.stderr.read(), "it went on")


class Blocks:
    """The hypervisor's side of signet-blkd, over a socket."""

    def __enter__(self):
        self.dir = Path(tempfile.mkdtemp(prefix="blk-"))
        (self.dir / "1").mkdir()
        self.content = os.urandom(64 * 512)
        (self.dir / "image").write_bytes(self.content + b"less than a sector")
        os.symlink(self.dir / "image", self.dir / "1/0")
        os.symlink(self.dir / "image", self.dir / "1/1.ro")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(self.dir / "port"))
        listener.listen(1)
        self.server = subprocess.Popen([BLKD, str(self.dir / "port"), str(self.dir)], stderr=subprocess.PIPE)
        self.port, _ = listener.accept()
        self.port.settimeout(60)
        listener.close()
        return self

    def __exit__(self, *_):
        self.port.close()
        self.server.wait(60)
        self.server.stderr.close()
        shutil.rmtree(self.dir)

    def answer(self):
        return block_answer_whole(lambda count: n.exactly(self.port, count))

    def do(self, *request, **more):
        self.port.sendall(block_request(*request, **more))
        (_, _, _, status), data = self.answer()
        return status, data


def disks_are_read_and_written():
    with Blocks() as b:
        expect(b.do(READ, 0, 3, 1024) == (0, b.content[1536:2560]), "other bytes")
        data = os.urandom(4096)
        expect(b.do(WRITE, 0, 8, 4096, data) == (0, b""), "not written")
        expect(b.do(FLUSH, 0, 0, 0) == (0, b""), "not flushed")
        expect(b.do(READ, 1, 8, 4096) == (0, data), "the other disk on the same file has other bytes")
        expect((b.dir / "image").read_bytes()[4096:8192] == data, "other bytes in the file")
        largest = 245760
        with open(b.dir / "image", "ab") as image:
            image.truncate(1 << 20)
        os.symlink(b.dir / "image", b.dir / "1/2")
        big = os.urandom(largest)
        expect(b.do(WRITE, 2, 16, largest, big) == (0, b"") and b.do(READ, 2, 16, largest) == (0, big), "a large one")


def disks_are_bounded():
    with Blocks() as b:
        expect(b.do(READ, 0, 63, 512)[0] == 0, "the last sector")
        for request in ((READ, 0, 64, 512), (READ, 0, 63, 1024), (READ, 0, (1 << 64) - 1, 512), (READ, 0, 1 << 55, 512),
                        (READ, 0, 0, 100), (READ, 5, 0, 512), (WRITE, 0, 64, 512, bytes(512)),
                        (WRITE, 1, 0, 512, bytes(512)), (FLUSH, 5, 0, 0)):
            expect(b.do(*request) == (1, b""), f"{request}")
        expect(b.do(READ, 0, 0, 512, guest=2) == (1, b""), "another guest's disk")
        expect(b.do(99, 0, 0, 0) == (2, b""), "an unknown kind")
        expect((b.dir / "image").read_bytes()[:len(b.content)] == b.content, "something was written")


def requests_come_in_pieces_and_together():
    with Blocks() as b:
        request = block_request(WRITE, 0, 0, 512, b"y" * 512, tag=1)
        for at in range(0, len(request), 100):
            b.port.sendall(request[at:at + 100])
        expect(b.answer() == ((1, 0, 1, 0), b""), "in pieces")
        b.port.sendall(b"".join(block_request(READ, 0, 0, 512, tag=t) for t in range(20)))
        answers = sorted(b.answer() for _ in range(20))
        expect(answers == [((1, 0, t, 0), b"y" * 512) for t in range(20)], "together")


def a_lost_stream_ends_the_server():
    for frame in (struct.pack("<IIIIIIQ", 31, 1, 0, 1, READ, 0, 0), struct.pack("<IIIIIIQ", 33, 1, 0, 1, READ, 0, 0),
                  struct.pack("<IIIIIIQ", 32, 1, 0, 1, READ, 245760 + 512, 0)):
        with Blocks() as b:
            b.port.sendall(frame)
            expect(b.server.wait(60) == 1, "it went on")
            expect(b"unknown kind" in b.server.stderr.read(), "without a reason")


main([(f.__name__.replace("_", " "), f) for f in (
    a_guest_is_loaded_byte_for_byte, a_guest_half_loaded_is_destroyed, guest_files_are_refused_by_line,
    the_gate_refuses_and_allows, guests_go_by_name_and_id, running_guests_are_not_destroyed_unasked,
    what_is_shown_is_what_was_said, evidence_can_be_carried_by_hand, long_texts_are_copied_whole, confused_hypervisors_are_given_up,
    no_port_no_table_no_option, the_console_is_the_guests, the_console_ends_with_the_guest,
    programs_share_the_port, who_leaves_is_owed_nothing, sharing_ends_with_the_port, disks_are_read_and_written,
    disks_are_bounded, requests_come_in_pieces_and_together, a_lost_stream_ends_the_server)])
