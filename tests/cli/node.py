"""A scripted hypervisor behind a Unix socket, after docs/control.md; its layouts are not taken from the code."""
import socket
import struct
import threading

REPLY, EVENT = 0x8000, 64
HELLO, STATUS, LOG, MESSAGES, GUESTS, EXITS = 1, 2, 3, 4, 5, 6
CREATE, LOAD, START, STOP, DESTROY, CONSOLE_READ, CONSOLE_WRITE = 16, 17, 18, 19, 20, 21, 22
SLOTS, POWER, CHALLENGE, TICKET, WAITS, FLEET, ADDRESS = 32, 36, 48, 49, 51, 52, 53
RANGE, FULL, BUSY, GATE = 3, 2, 131, 122
NEW, STARTING, RUNNING, OFF = 0, 1, 2, 3


def exactly(connection, n):
    data = b""
    while len(data) < n:
        piece = connection.recv(n - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


class Node:
    """Guests are dicts. Anything a scenario wants otherwise it puts into `answers`: kind to a function of the body that
    gives (status, body) or the bytes of whole frames."""

    def __init__(self, path):
        self.guests, self.said, self.answers = {}, [], {}
        self.later = {}  # kind: answered, without holding the others up, when this event is set
        self.messages, self.console = b"", {}
        self.event_before_answers = False
        self.typed, self.lock = b"", threading.Condition()
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(path))
        self.listener.listen(4)
        self.path = path
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.converse, args=(connection,), daemon=True).start()

    def converse(self, connection):
        try:
            while True:
                length, version, kind, tag, status = struct.unpack("<IHHII", exactly(connection, 16))
                assert version == 1 and status == 0 and 16 <= length <= 32768 and tag, "a malformed request"
                body = exactly(connection, length - 16)
                with self.lock:
                    self.said.append((kind, body))
                    answer = self.answer(kind, body)
                    self.lock.notify_all()
                if self.event_before_answers:
                    connection.sendall(struct.pack("<IHHIIII", 24, 1, EVENT, 0, 0, 1, 0))
                if isinstance(answer, bytes):
                    frame = answer.replace(b"TAG!", struct.pack("<I", tag))
                else:
                    code, reply = answer
                    frame = struct.pack("<IHHII", 16 + len(reply), 1, kind | REPLY, tag, code) + reply
                if kind in self.later:
                    threading.Thread(target=self.send_later, args=(connection, self.later[kind], frame), daemon=True).start()
                else:
                    connection.sendall(frame)
        except (EOFError, OSError):
            pass
        finally:
            connection.close()

    @staticmethod
    def send_later(connection, event, frame):
        event.wait()
        connection.sendall(frame)

    def kinds(self):
        return [kind for kind, _ in self.said]

    def answer(self, kind, body):
        if kind in self.answers:
            return self.answers[kind](body)
        return {HELLO: self.hello, STATUS: self.status, MESSAGES: self.read_messages, GUESTS: self.next_guest,
                EXITS: self.exits, CREATE: self.create, LOAD: self.load, START: self.start, STOP: self.stop,
                DESTROY: self.destroy, CONSOLE_READ: self.read_console, CONSOLE_WRITE: self.write_console,
                SLOTS: self.slots, POWER: lambda body: (0, b""), WAITS: lambda body: (0, b""),
                ADDRESS: lambda body: (0, b""),
                # No fleet configuration.
                FLEET: lambda body: self.piece(b"", 0)}[kind](body)

    def hello(self, _):
        return 0, struct.pack("<II", 1, 1)

    def status(self, _):
        flags = 1 | 2 | 128
        return 0, struct.pack("<32s32s48sIIIIQQQQIIIIQQQII64s64s64s", b"\x11" * 32, bytes(32), b"\x22" * 48, 1, 2, 7, flags,
                              61_500_000_000, 540, 1 << 30, 1 << 29, 2, len(self.guests), 3, 5, 12, 86000, 0, 2, 0,
                              b"signet", b"1.2", b"trial")

    def add(self, name, state=RUNNING, **more):
        number = len(self.guests) + 1
        self.guests[number] = {"name": name, "state": state, "vcpus": 1, "memory": 2 << 20, "disks": 0, "nets": 0,
                               "reason": "", **more}
        self.console.setdefault(number, b"")
        return number

    def next_guest(self, body):
        wanted, _ = struct.unpack("<II", body)
        number = min((n for n in self.guests if n >= wanted), default=None)
        if number is None:
            return RANGE, b""
        g = self.guests[number]
        return 0, struct.pack("<IIIIIIQQQQ48s32s64s", number, g["state"], g["vcpus"], g["disks"], g["nets"], 0,
                              g["memory"], 2_500_000_000, 1234, len(self.console[number]), b"\x33" * 48,
                              g["name"].encode(), g["reason"].encode())

    def exits(self, _):
        return 0, struct.pack("<II32Q", 29, 0, *(n * 10 for n in range(32)))

    def create(self, body):
        name, memory, vcpus, disks, nets, _, kernel, initramfs, line = struct.unpack_from("<32sQIIIIQQQ", body)
        number = self.add(name.rstrip(b"\0").decode(), NEW, vcpus=vcpus, memory=memory, disks=disks, nets=nets,
                          sizes=[kernel, initramfs, line], parts=[b"", b"", b""], shape=body)
        return 0, struct.pack("<II", number, 0)

    def load(self, body):
        number, part, offset = struct.unpack_from("<IIQ", body)
        g = self.guests[number]
        assert offset == len(g["parts"][part]), "a gap"
        g["parts"][part] += body[16:]
        return 0, b""

    def start(self, body):
        self.guests[struct.unpack_from("<I", body)[0]]["state"] = RUNNING
        return 0, b""

    def stop(self, body):
        self.guests[struct.unpack_from("<I", body)[0]]["state"] = OFF
        return 0, b""

    def destroy(self, body):
        del self.guests[struct.unpack_from("<I", body)[0]]
        return 0, b""

    @staticmethod
    def piece(data, offset):
        bytes_ = data[offset:offset + 4000]
        return 0, struct.pack("<QQII", offset, len(data), len(bytes_), 0) + bytes_

    def read_messages(self, body):
        return self.piece(self.messages, struct.unpack("<Q", body)[0])

    def read_console(self, body):
        number, _, offset = struct.unpack("<IIQ", body)
        return self.piece(self.console[number], offset)

    def write_console(self, body):
        self.typed += body[8:]
        self.console[struct.unpack_from("<I", body)[0]] += b"echo " + body[8:]
        return 0, b""

    def slots(self, _):
        return 0, struct.pack("<IIQQ", 1, 1, 3, 1) + b"".join(
            struct.pack("<48sIIII", bytes([n]) * 48, state, tries, 7, 0) for n, state, tries in ((1, 5, 0), (2, 3, 2)))

    def wait(self, condition, seconds=60):
        with self.lock:
            assert self.lock.wait_for(condition, seconds), "nothing came"
