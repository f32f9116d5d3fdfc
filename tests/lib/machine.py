"""A machine under test: tools/run-qemu with its serial line, and QEMU's monitor where a test needs it."""
import json
import os
import re
import signal
import socket
import subprocess

from tap import Failed

LIMIT = 240  # seconds; far above what any run takes, since nothing here measures time

ESCAPES = re.compile(r"\x1b(?:\[[=?0-9;]*[A-Za-z]|[()][0-9A-B])|\r|\x00")

# Of a loader that found no configuration, or whose configuration failed. A prompt ends no line.
PROMPT = re.compile(r"(grub|rescue)>\s*$")

# What ends an ordinary boot, well or badly.
END = r"^signet: stop \d+:|^signet: payload: (halting|exception)|^signet: nvprobe: done"


class Log:
    """Serial lines, without terminal control sequences."""

    def __init__(self):
        self.lines = []

    def add(self, raw):
        self.lines.append(ESCAPES.sub("", raw.rstrip("\n")))
        return self.lines[-1]

    def find(self, pattern, start=0):
        """The first match from line start on, or None."""
        return next(iter(self.find_all(pattern, start)), None)

    def find_all(self, pattern, start=0):
        return [m for line in self.lines[start:] if (m := re.search(pattern, line))]

    def need(self, pattern):
        match = self.find(pattern)
        if not match:
            raise Failed(f"no serial line matches: {pattern}", self.tail())
        return match

    def index(self, pattern):
        """The number of the first line that matches."""
        return self.lines.index(self.need(pattern).string)

    def refuse(self, pattern):
        if match := self.find(pattern):
            raise Failed(f"a serial line that must not come: {match.string}", self.tail())

    def tail(self, n=40):
        """The last lines that say something to a person: no dumps."""
        return "\n".join([line for line in self.lines if not re.search("payload: (log|pcr) ", line)][-n:])


class Monitor:
    """QEMU's QMP, for questions only."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LIMIT)
        self.socket.connect(path)
        self.file = self.socket.makefile("rw")
        self.file.readline()
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        self.file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if "event" not in answer:
                return answer["return"]


def boot(image, options=(), until=END, monitor=None, at_end=None):
    """
    Boots image until a line matches, then ends the machine; returns the Log. With monitor, the path for its socket,
    at_end(Monitor) comes last. Fails when the machine ended or time was over before.
    """
    command = ["tools/run-qemu", str(image), "--seconds", str(LIMIT), *map(str, options)]
    if monitor:
        command += ["--monitor", str(monitor)]
    log = Log()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                               text=True, errors="replace")
    try:
        ended = _follow(process.stdout, log, until, monitor and (lambda: Monitor(str(monitor))), at_end)
    finally:
        process.send_signal(signal.SIGTERM)
        rest, complaints = process.communicate()
        for line in rest.splitlines():
            log.add(line)
    if not ended:
        raise Failed(f"no serial line matched {until} (status {process.returncode})", complaints + log.tail())
    return log


def _lines(serial, log):
    """Serial lines as they come. A prompt is never answered: waiting for its line to end would take all the time there is."""
    rest = ""
    while chunk := os.read(serial.fileno(), 65536):
        *lines, rest = (rest + chunk.decode(errors="replace")).split("\n")
        yield from lines
        if PROMPT.search(ESCAPES.sub("", rest)):
            raise Failed("the loader offers a prompt", log.tail())
    if rest:
        yield rest


def _follow(serial, log, until, connect, at_end):
    pattern, link = re.compile(until), None
    for raw in _lines(serial, log):
        if connect and not link:
            link = connect()
        if pattern.search(log.add(raw)):
            if at_end:
                at_end(link)
            return True
    return False
