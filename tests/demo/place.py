"""Who and what is in the demo: the fleet in small of the tests (tests/vmx/fleetbed.py), how it is told, and what is found on the way."""
import threading

import evidence
from fleetbed import FleetBed
from host import PAGE
from live import wait_for
from page import Boot, Findings
from tap import expect

GUEST = "web"
SLOT_SIZE = "24M"  # the loader reads both whole
PAUSE = 0.2  # seconds between two looks at a console


class Place:
    def __init__(self, folder, teller, bed=FleetBed):
        self.folder, self.teller = folder, teller
        self.bed = bed(folder / "fleet", "demo", slot_size=SLOT_SIZE)
        self.findings = Findings()
        self.node = None
        self.powered = 0.0
        self.evidences = []
        self.followed = threading.Event()
        teller.watch = self.last_word

    # --- the machine ---

    def switch_on(self, cpus):
        """Begins a boot; what waits for it counts its time from here."""
        self.powered = self.teller.elapsed()
        self.bed.switch_on(cpus)
        if self.teller.consoles:
            threading.Thread(target=self._follow, args=(self.bed.machine,), daemon=True).start()

    def _follow(self, machine):
        told = 0
        while not (machine.ended and told == len(machine.log.lines)):
            lines = machine.log.lines[told:]
            for line in lines:
                self.teller.console("node", line)
            told += len(lines)
            self.followed.wait(PAUSE)

    def last_word(self):
        """Of the machine's serial line, for the line under way."""
        machine = self.bed.machine
        lines = machine.log.lines[-20:] if machine else []
        return next(("server: " + line.removeprefix("signet: ") for line in reversed(lines) if line.strip()), "")

    def until(self, step, pattern, start=0):
        """Waits for a serial line, which is then the step's evidence."""
        found = self.bed.machine.until(pattern, start)
        step.show(found.string)
        return found

    # --- the fleet server ---

    def refused(self, step, words, reason):
        said = self.bed.refused(words, reason)
        step.show(f"$ signet {' '.join(str(word).rsplit('/', maxsplit=1)[-1] for word in words)}", *said.splitlines())
        return said

    def ask(self, path):
        status, answer = self.bed.server.ask("GET", path)
        expect(status == 200, f"GET {path}: {status}", str(answer))
        return answer

    def about_node(self):
        return self.ask(f"/v1/nodes/{self.node}")

    def attests_well(self, **wanted):
        self.bed.operator("attest", "now", self.node)
        self.bed.becomes("good evidence", state="good", verdict="GOOD", **wanted)

    def last_evidence(self):
        number = self.ask(f"/v1/nodes/{self.node}/history")["appraisals"][0]["number"]
        return self.ask(f"/v1/nodes/{self.node}/appraisals/{number}/evidence")

    def keep_boot(self, title):
        """The last evidence, for the report; it must lead to the values that the TPM signed."""
        data = self.last_evidence()
        expect(evidence.replays(data), "the event log does not lead to the quoted PCRs")
        self.findings.boots.append(Boot(title, evidence.pcrs(data), evidence.rows(data)))
        self.evidences.append(data)
        return data

    # --- guests and images ---

    def run_guest(self, step):
        """Until it says on its console what it fetched."""
        served = self.bed.host.served
        self.bed.operator("guest", "run", self.node, self.guest)
        # Each answer costs an emulated node seconds: it is asked once the page was fetched.
        wait_for("the guest's request", lambda: self.bed.host.served > served, self.bed.machine)
        said = wait_for("the guest's word of it", self._console, self.bed.machine)
        step.show(*[line for line in said.splitlines() if line.startswith("guest: ")])

    def _console(self):
        said = self.bed.operator("guest", "console", self.node, GUEST, "--no-follow", status=None)
        return said if f"net: host says {PAGE}" in said else ""

    def close(self):
        self.followed.set()
        self.bed.close()
        log = self.bed.folder / "operator"
        if log.exists():
            self.findings.commands = log.read_text(encoding="utf-8")

