"""A machine in Bochs that goes on running while the test speaks with it from outside."""
import signal
import subprocess
import threading
import time

import machine
from bed import PATIENCE
from tap import Failed

# Seconds without a line: a hang is seen as one, a slow machine is not.
SILENCE = 600 * PATIENCE


class Live:
    """Runs until close(). Restarts of the guest are the same machine. Serial lines go to a file too."""

    def __init__(self, image, *options, serial, limit=3600 * PATIENCE):
        command = ["tools/run-bochs", str(image), "--seconds", str(limit), *map(str, options)]
        self.log, self.news, self.ended, self.spoke = machine.Log(), threading.Condition(), False, time.monotonic()
        self.serial = open(serial, "w", encoding="utf-8")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                        text=True, errors="replace", start_new_session=True)
        self.thread = threading.Thread(target=self._listen)
        self.thread.start()

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.thread.join()
        self.process.stderr.close()
        self.process.wait()
        self.serial.close()

    def _listen(self):
        for raw in self.process.stdout:
            with self.news:
                print(self.log.add(raw), file=self.serial, flush=True)
                self.spoke = time.monotonic()
                self.news.notify_all()
        with self.news:
            self.ended = True
            self.news.notify_all()

    def mark(self):
        """What was said so far lies before it."""
        with self.news:
            return len(self.log.lines)

    def until(self, pattern, start=0, silence=SILENCE):
        """The first line from start on that matches; more may be said meanwhile."""
        with self.news:
            while not (found := self.log.find(pattern, start)):
                left = self.spoke + silence - time.monotonic()
                if self.ended or left <= 0:
                    why = "the machine ended" if self.ended else f"nothing was said for {silence} s"
                    raise Failed(f"{why} before a line matched {pattern}", self.log.tail(60))
                self.news.wait(left)
            return found

    def refuse(self, pattern, start=0):
        with self.news:
            if found := self.log.find(pattern, start):
                raise Failed(f"a line that must not come: {found.string}", self.log.tail())

    def tail(self, n=60):
        with self.news:
            return self.log.tail(n)


def wait_for(what, test, machine_=None, limit=SILENCE, pause=1.0):
    """Asks until test() gives something; it may raise to fail at once."""
    end = time.monotonic() + limit
    while not (found := test()):
        if time.monotonic() > end or (machine_ and machine_.ended):
            raise Failed(f"waited in vain for {what}", machine_.tail() if machine_ else "")
        time.sleep(pause)
    return found
