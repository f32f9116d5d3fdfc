"""Bochs as the machine under test, and what it boots: one owner's keys, images and flash image."""
import json
import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

import machine
import where
from tap import Failed
from world import NODE, Owner, signet, tool

LIMIT = 300  # seconds; far above what any boot takes, since nothing here measures time
PATIENCE = int(os.environ.get("PATIENCE") or 1)  # times all limits; for a machine that has others to serve
LOOK_BEFORE = 20  # seconds: for a look at where a machine is that does not come to its end
SLOT_SIZE = "2M"
NO_PCR7 = bytes(32).hex()  # BIOS firmware measures nothing


def follow(process, kept, log, until, times):
    """How many of `times` lines that match were missing when the serial line ended."""
    begun = time.monotonic()
    for raw in process.stdout:
        line = log.add(raw)
        kept.write(f"{time.monotonic() - begun:6.1f} {line}\n")
        times -= bool(re.search(until, line))
        if not times:
            break
    return times


def look(process, found):
    """Where a machine is that will soon have had all the time it gets."""
    try:
        found.extend(where.where(where.bochs_below(process.pid)))
    except (OSError, ValueError, TypeError, KeyError, subprocess.CalledProcessError) as e:
        found.append(f"where its processors were could not be seen: {e!r}")


def boot(image, options=(), until=machine.END, times=1, limit=LIMIT):
    """
    Boots image in Bochs until `times` lines match, then ends it; gives the Log. The serial line also goes to a file beside
    the image as it comes, each line behind its second: one can look while it runs, and see where it hangs.
    """
    limit *= PATIENCE
    command = ["tools/run-bochs", str(image), "--seconds", str(limit), *map(str, options)]
    log, places = machine.Log(), []
    # Its own session: a signal for the tool is not one for us, and the other way round.
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                               text=True, errors="replace", start_new_session=True)
    last_look = threading.Timer(limit - LOOK_BEFORE, look, (process, places))
    last_look.start()
    try:
        with Path(image).with_suffix(".serial").open("w", buffering=1, encoding="utf-8") as kept:
            left = follow(process, kept, log, until, times)
    finally:
        last_look.cancel()
        process.send_signal(signal.SIGTERM)
        _, complaints = process.communicate()
    if left:
        detail = "\n".join([complaints + log.tail(), *places])
        raise Failed(f"{left} of {times} lines did not match {until} (status {process.returncode})", detail)
    return log


def each_boot(log):
    """One Log for each time the stage was started."""
    boots = []
    for line in log.lines:
        if re.search(r"^signet: stage \d+, started by ", line):
            boots.append(machine.Log())
        if boots:
            boots[-1].add(line)
    return boots


class Bed:
    def __init__(self, folder):
        self.folder = folder
        self.owner = Owner(folder / "owner")
        self.owner.build_boot_files(SLOT_SIZE)
        self.good = self.image("good", "halt")
        self.failing = self.image("failing", "reset")
        self.authority, self.extensions = folder / "authority", folder / "pcr7"
        self.extensions.write_text("")
        signet("keys", "authorize", self.owner.keys, "--node-id", NODE, "--out", self.authority, "--pcr7", NO_PCR7)

    def image(self, name, action, hypervisor="build/payload.bin", fleet=("--ungated",)):
        """A payload ends with action; anything else gets the fleet configuration that these options make."""
        path, config = self.folder / f"{name}.img", self.folder / f"fleet-{name}"
        if hypervisor == "build/payload.bin":
            config.write_text(f"action={action}\n")
        else:
            signet("fleet", "make", "--out", config, *fleet)
        self.build(path, name, hypervisor, config)
        return path

    def build(self, path, release, hypervisor, config):
        signet("image", "build", "--keys", self.owner.keys, "--release", release, "--svn", 2, "--component",
               f"hypervisor={hypervisor}", "--component", f"fleet-config={config}", "--output", path)
        signet("image", "sign", path, "--keys", self.owner.keys)

    def flash(self, name, slot_a, slot_b):
        path = self.folder / f"{name}-disk.img"
        signet("flash", "make", path, "--boot", self.owner.boot, "--slot-size", SLOT_SIZE, "--slot-a", slot_a,
               "--slot-b", slot_b, "--authority", self.authority)
        return path

    def nvtool(self, command, state, *options):
        return tool("build/tests/nvtool", command, "--state", state, "--authority", self.authority, "--pcr7",
                    self.extensions, *options)

    def provision(self, name, slot_a, slot_b):
        """A TPM whose NV holds these slots' records; gives its folder."""
        state = self.folder / f"{name}-tpm"
        state.mkdir()
        tool("swtpm_setup", "--tpm2", "--tpm-state", state, "--pcr-banks", "sha256,sha384")
        self.nvtool("provision", state, "--slot-a", slot_a, "--slot-b", slot_b, "--image-floor", 2, "--key-floor", 1,
                    "--owner-auth", os.urandom(32).hex(), "--lockout-auth", os.urandom(32).hex())
        return state

    def nv_state(self, state):
        return dict(line.split(" ", 1) for line in self.nvtool("show", state).splitlines())

    def foretold(self, image):
        """PCR12 by `signet image pcrs`: bank to value."""
        forecasts = json.loads(signet("image", "pcrs", image, "--boot", self.owner.boot, "--json"))["pcrs"]
        return next(f["value"] for f in forecasts if f["pcr"] == 12)
