"""
The demo's scenes on a node without a machine (tests/tpm/rig): what stage and hypervisor decide, TPM, agent and fleet server are real;
firmware is played, and a guest runs no instruction. It shows that the scenes hold together, in a minute and without Bochs.
"""
import re
import shutil
import signal
import threading
import time

import machine
from agent_bed import Agent
from fleetbed import BANKS, FleetBed, mark_at
from place import Place
from rig import Rig
from tap import Failed
from tpmmaker import TpmMaker

PATIENCE = 300  # seconds
SLOT, AUTHORITY = 24 << 20, 65536
RESTART = 10  # how the rig ends when it is to start again
LOOK = 0.001  # seconds between two looks at a transfer, which here takes a fraction of one
# What a machine would say besides.
PLAYED = ("BdsDxe: starting Boot0001 (played)", "signet: hypervisor: 1 processors in VMX root mode", "service VM is up (played)")


class Node:
    """In the place of a machine that runs (tests/vmx/live.py)."""
    ended = False

    def __init__(self, bed, firmware):
        folder, options = bed.folder, ("--firmware-event", firmware) if firmware else ()
        self.said = folder / "agent.said"
        self.resumed = mark_at(bed.parts / "signet-b", 0)
        self.before = len(self.said.read_text()) if self.said.exists() else 0
        # Memory of the boot before.
        shutil.rmtree(folder / "run", ignore_errors=True)
        self.rig = Rig(folder, bed.owner.boot, bed.parts / "signet-a", "--slot-b", bed.parts / "signet-b", "--authority",
                       bed.parts / "signet-authority", *options)
        self.agent = Agent(folder, self.rig)
        self.over = threading.Event()
        self.watch = threading.Thread(target=self.freeze, args=(bed.parts / "signet-b",), daemon=True)
        self.watch.start()

    def freeze(self, slot):
        """Holds a transfer at its first mark, so that whoever looks now and then comes before its end. Resumed, it runs on."""
        while not self.over.wait(LOOK):
            if mark_at(slot, 0):
                if not self.resumed:
                    self.agent.child.send_signal(signal.SIGSTOP)
                return

    @property
    def log(self):
        log = machine.Log()
        log.lines = [*PLAYED, *self.rig.text().splitlines(), *self.said.read_text()[self.before:].splitlines()]
        if self.rig.child.poll() == RESTART:
            log.lines.append("signet: hypervisor: resetting")
        return log

    def tail(self, n=60):
        return self.log.tail(n)

    def until(self, pattern, _start=0):
        end = time.monotonic() + PATIENCE
        # A line of the hypervisor's console; the rig says it without the name before it.
        while not (found := next((m for line in self.log.lines for m in (re.search(pattern, line), re.search(pattern, f"signet: {line}"))
                                  if m), None)):
            if time.monotonic() > end:
                raise Failed(f"no line matched {pattern}", self.tail())
            time.sleep(0.1)
        return found

    def close(self):
        self.over.set()
        self.watch.join()
        self.agent.kill()
        if self.rig.child.poll() is None:
            self.rig.child.kill()
        self.rig.child.wait()


class RehearsalBed(FleetBed):
    host_address = "127.0.0.1"

    def make_tpm(self):
        self.maker = TpmMaker(self.folder / "maker")
        self.tpm = self.maker.make(self.folder / "state", BANKS)

    def flash_image(self, slot_a):
        """And its partitions as files, from which the rig starts."""
        super().flash_image(slot_a)
        self.parts = self.folder / "parts"
        self.parts.mkdir()
        for name, size in {"signet-a": SLOT, "signet-b": SLOT, "signet-authority": AUTHORITY}.items():
            (self.parts / name).write_bytes(bytes(size))
        with open(self.parts / "signet-a", "r+b") as slot:
            slot.write(slot_a.read_bytes())

    def switch_on(self, cpus=None, net=True):
        self.switch_off()
        self.starts += 1
        self.machine = Node(self, f"firmware for {cpus} processors" if cpus and cpus > 1 else "")

    def marked(self, slot):
        return mark_at(self.parts / f"signet-{slot}", 0)


class RehearsalPlace(Place):
    def __init__(self, folder, teller):
        super().__init__(folder, teller, RehearsalBed)

    def run_guest(self, step):
        step.show(self.bed.operator("guest", "run", self.node, self.guest))
