"""Runs scenarios, two at a time, and prints TAP. A scenario is a function that raises to fail."""
import os
import re
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor


class Failed(Exception):
    """A scenario's own verdict; detail is what a person wants to see next."""

    def __init__(self, text, detail=""):
        super().__init__(text)
        self.detail = detail


def expect(condition, text, detail=""):
    if not condition:
        raise Failed(text, detail)


def _attempt(name, function, number, lock):
    try:
        function()
        report = f"ok {number} - {name}"
        good = True
    except Failed as e:
        lines = [str(e), *e.detail.splitlines()]
        report = "\n".join([f"not ok {number} - {name}", *(f"# {line}" for line in lines)])
        good = False
    except Exception:  # a broken harness is a failure too, with its own trace
        lines = traceback.format_exc().splitlines()
        report = "\n".join([f"not ok {number} - {name}", *(f"# {line}" for line in lines)])
        good = False
    with lock:
        print(report, flush=True)
    return good


def run(scenarios, workers=2, only=os.environ.get("ONLY") or ""):
    """scenarios: (name, function). ONLY in the environment picks by regular expression. Returns an exit status."""
    chosen = [(name, function) for name, function in scenarios if re.search(only, name)]
    if scenarios and not chosen:
        print("1..0 # SKIP no scenario matches ONLY", flush=True)
        return 0
    print(f"1..{len(chosen)}", flush=True)
    lock = threading.Lock()
    with ThreadPoolExecutor(workers) as pool:
        futures = [
            pool.submit(_attempt, name, function, number, lock) for number, (name, function) in enumerate(chosen, 1)
        ]
        verdicts = [f.result() for f in futures]
    return 0 if verdicts and all(verdicts) else 1


def main(scenarios):
    sys.exit(run(scenarios))
