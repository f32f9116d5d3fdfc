"""
Tells the person who watches what is shown, one line a step: verdict, time, the component that proves it, what is proved.
On a terminal a step under way has a line of its own that is written over; in a pipe there are finished lines alone. With
consoles, what the machines print stands between the lines. Keeps all steps for the report.
"""
import contextlib
import os
import sys
import threading
import time
import traceback
from dataclasses import dataclass, field

from tap import Failed

OK, FAILED, UNDER_WAY = "ok", "FAILED", "under way"
PAUSE = 0.25  # seconds between two looks at a step under way
BAR = 12
DETAIL_LINES = 25
COLOURS = {OK: "32", FAILED: "31"}


@dataclass
class Step:
    scene: str
    component: str
    text: str
    begun: float
    took: float = 0.0
    verdict: str = UNDER_WAY
    shown: list = field(default_factory=list)  # evidence: lines that machines or programs said
    detail: str = ""

    def show(self, *lines):
        """What of what was said is the evidence."""
        self.shown += [str(line).strip() for line in lines]


class Ended(Exception):
    """A step failed without which those after it mean nothing."""


def clock(seconds):
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


class Teller:
    def __init__(self, stream=sys.stdout, consoles=False):
        self.stream, self.consoles = stream, consoles
        self.on_terminal = stream.isatty() and os.environ.get("TERM") != "dumb"
        self.start = time.monotonic()
        self.steps, self.scenes, self.lock = [], [], threading.Lock()
        self.progress = None  # what the line under way shows
        self.watch = lambda: ""  # last word of what runs

    # --- lines ---

    def say(self, text=""):
        with self.lock:
            self._wipe()
            print(text, file=self.stream, flush=True)

    def console(self, source, line):
        if self.consoles:
            self.say(f"      {source} | {line}")

    def _wipe(self):
        if self.on_terminal and self.progress:
            self.stream.write("\r\x1b[K")

    def _paint(self, verdict):
        word = f"{verdict:6}"
        return f"\x1b[{COLOURS[verdict]}m{word}\x1b[0m" if self.on_terminal else word

    def elapsed(self):
        return time.monotonic() - self.start

    def scene(self, title):
        self.scenes.append(title)
        self.say(f"\n{clock(self.elapsed()):>5}  {title}")

    # --- steps ---

    @contextlib.contextmanager
    def step(self, component, text, usual=0, begun=None, vital=True):
        """
        Fails when the block raises Failed; then the story ends, unless the step is not vital. usual: seconds that it takes on a
        quiet machine, for the bar; begun: when what it waits for was begun, if earlier.
        """
        step = Step(self.scenes[-1] if self.scenes else "", component, text, self.elapsed() if begun is None else begun)
        self.steps.append(step)
        ticker = self._ticking(step, usual)
        try:
            yield step
            step.verdict = OK
        except Failed as e:
            step.verdict, step.detail = FAILED, f"{e}\n{e.detail}".strip()
        except Exception:  # of the demo's own making: no less a step that did not hold
            step.verdict, step.detail = FAILED, traceback.format_exc()
        finally:
            step.took = self.elapsed() - step.begun
            ticker()
        self._finished(step)
        if step.verdict == FAILED and vital:
            raise Ended(text)

    def _finished(self, step):
        self.say(f"  {self._paint(step.verdict)} {step.took:5.1f} s  {step.component:<11} {step.text}")
        if step.verdict == FAILED:
            reason, *rest = step.detail.splitlines() or [""]
            for line in [reason, *rest[-DETAIL_LINES:]]:
                self.say(f"      | {line}")

    def _ticking(self, step, usual):
        """Keeps the line under way true until the function it gives is called."""
        if not self.on_terminal:
            return lambda: None
        over = threading.Event()

        def tick():
            while not over.wait(PAUSE):
                with self.lock:
                    self._wipe()
                    self.progress = self._line_under_way(step, usual)
                    self.stream.write(self.progress)
                    self.stream.flush()

        thread = threading.Thread(target=tick, daemon=True)
        thread.start()

        def end():
            over.set()
            thread.join()
            with self.lock:
                self._wipe()
                self.progress = None

        return end

    def _line_under_way(self, step, usual):
        took = self.elapsed() - step.begun
        full = min(BAR, int(BAR * took / usual)) if usual else 0
        bar = f"[{'#' * full}{'.' * (BAR - full)}] " if usual else ""
        line = f"  {'...':6} {took:5.1f} s  {step.component:<11} {bar}{step.text}"
        word = self.watch()
        if word:
            line += f" · {word}"
        width = os.get_terminal_size(self.stream.fileno()).columns
        return line[:max(20, width - 1)]

    # --- the end ---

    def held(self):
        return bool(self.steps) and all(step.verdict == OK for step in self.steps)
