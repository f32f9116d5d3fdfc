"""
Nothing outlives the demo. Whoever starts a process ends it; but an interrupt may come between a start and the note of its id, so at
the end all that is still below this process is ended, by its id. What lost its parent on the way has come to us as its parent.
"""
import ctypes
import os
import signal
import time

from where import descendants

PR_SET_CHILD_SUBREAPER = 36
PATIENCE = 10  # seconds from the request to the order
PAUSE = 0.05


def adopt_orphans():
    """From now on a process below us whose parent ends becomes our child, and not the system's."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "cannot become a subreaper")


def _bury():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _send(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def end_all():
    """Asks first, so that tools can end theirs and remove their folders."""
    for number in signal.SIGTERM, signal.SIGKILL:
        _send(descendants(os.getpid()), number)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            _bury()
            if not descendants(os.getpid()):
                return
            time.sleep(PAUSE)
