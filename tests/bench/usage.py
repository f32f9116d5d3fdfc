"""What a program took: seconds on the clock and on processors, and its peak of memory."""
import math
import os
import re
import subprocess
import time
from pathlib import Path

from tap import Failed

PAUSE = 0.005  # seconds between two looks at a program that runs


def status_kib(pid, name):
    """A field of /proc/PID/status in KiB; None when it is gone."""
    try:
        found = re.search(rf"^{name}:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.M)
    except (OSError, ProcessLookupError):
        return None
    return found and int(found[1])


class Usage:
    """Runs a program that must succeed. peak is in KiB; the kernel's VmHWM, since what wait4 tells counts the parent's too."""

    def __init__(self, *command, status=0, **more):
        begun = time.monotonic()
        words = [str(word) for word in command]
        child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
        self.peak = 0
        os.set_blocking(child.stdout.fileno(), False)
        output = b""
        while True:
            output += child.stdout.read() or b""
            self.peak = max(self.peak, status_kib(child.pid, "VmHWM") or 0)
            pid, ended, taken = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            time.sleep(PAUSE)
        self.seconds = time.monotonic() - begun
        child.returncode = os.waitstatus_to_exitcode(ended)
        self.output = (output + (child.stdout.read() or b"")).decode(errors="replace")
        child.stdout.close()
        self.processor = taken.ru_utime + taken.ru_stime
        if child.returncode != status:
            raise Failed(f"{' '.join(words)}: exit {child.returncode}, not {status}", self.output[-2000:])


def share_of(values, share):
    """The value that this share of them does not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
