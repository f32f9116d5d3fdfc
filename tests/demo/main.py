"""
The main job, on real input, for a person to watch: `make demo`. Says what is real and what is not, plays the scenes, writes the
report, and ends whatever it started. usage: main.py [FOLDER]; build/demo. Exit status 0: all of it held; 1: not all; 130: interrupted.
"""
import fcntl
import os
import shutil
import signal
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("demo", "lib", "vmx", "uefi")]

import arrival_scene  # noqa: E402
import attack_scene  # noqa: E402
import children  # noqa: E402
import desk_scene  # noqa: E402
import firmware_scene  # noqa: E402
import keep  # noqa: E402
import page  # noqa: E402
import secureboot_scene  # noqa: E402
import update_scene  # noqa: E402
from place import Place  # noqa: E402
from teller import Ended, Teller, clock  # noqa: E402

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else "build/demo")
INTERRUPTED = 130
REAL = ("every key, signature, certificate and image, and the flash key, byte for byte as it would go onto a stick",
        "UEFI firmware (OVMF), GRUB, the stage, the hypervisor with VMX and EPT, a Debian kernel in service VM and guest",
        "signetd, the fleet server, with TLS; whatever the operator does, he does with signet")
EMULATED = ("the processor with VMX is Bochs', some twenty times slower than life; no VT-d in it, so DMA protection is off, and said so",
            "the TPM 2.0 is swtpm; its maker is made up here, and trusted by this fleet alone",
            "Secure Boot runs in QEMU, where there is no VMX; Bochs boots the same flash key without it",
            "no Intel TXT; a restart is done by switching the machine off and on",
            "both releases carry an intruder in their service VM, who sleeps until he is told: a stand-in for a break-in")
PLAN = ("keys, releases, flash key; then the server boots in Bochs, and meanwhile Secure Boot is shown in QEMU: 3 minutes",
        "enrolment, attestation, a guest: 1 to 2 minutes", "an update with a power cut, second boot: 2 minutes",
        "changed firmware, third boot: 2 to 3 minutes", "attacks: 1 minute")
FIRST_CPUS = 1


def opening(teller):
    teller.say("Signet: a server that proves what it runs, and runs no guest before it has.\n\nReal:")
    for line in REAL:
        teller.say(f"  - {line}")
    teller.say("Emulated, or left out:")
    for line in EMULATED:
        teller.say(f"  - {line}")
    teller.say("Plan: under ten minutes on two quiet cores, three full boots:")
    for line in PLAN:
        teller.say(f"  - {line}")


def play(place):
    desk_scene.play(place)
    place.switch_on(FIRST_CPUS)
    secureboot_scene.play(place)
    arrival_scene.play(place)
    update_scene.play(place)
    firmware_scene.play(place)
    attack_scene.play(place)


def tell_facts(place, whole):
    findings = place.findings
    findings.real, findings.emulated = REAL, EMULATED
    findings.release = "release 2.0" if whole else "release 1.0"
    findings.states = {"node": "this node: good" if whole else "", "guest": "Debian kernel" if whole else ""}
    if place.node:
        findings.facts.insert(0, ("node id: SHA-256 of the Name of its TPM's endorsement key", place.node))


def finish(place, teller):
    """The verdict, and the report."""
    total, held = teller.elapsed(), teller.held()
    load = f"{os.cpu_count()} cores, load {os.getloadavg()[1]:.1f}", "of the machine, over five minutes"
    tell_facts(place, held)
    path = FOLDER / "report.html"
    path.write_text(page.render(teller, place.findings, total, load), encoding="utf-8")
    failed = [step for step in teller.steps if step.verdict != "ok"]
    words = f"All {len(teller.steps)} steps held." if held else f"{len(failed)} of {len(teller.steps)} steps did not hold."
    teller.say(f"\n{clock(total)}  {words} {load[0]}. The report, with the chain, PCRs and event logs: {path}")
    return held


def interrupt(*_):
    raise KeyboardInterrupt


def tell(place, teller):
    held = False
    try:
        opening(teller)
        play(place)
        held = finish(place, teller)
        if os.environ.get("KEEP"):
            keep.run(place)
    except Ended:
        held = finish(place, teller)
    return 0 if held else 1


def take_folder():
    """One demo at a time in it; a new one begins with an empty one. Gives what holds it."""
    lock = open(FOLDER.with_suffix(".lock"), "w", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit(f"demo: another one runs in {FOLDER}: wait for its end, or end it")
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    return lock


def main():
    for number in signal.SIGTERM, signal.SIGHUP:
        signal.signal(number, interrupt)
    children.adopt_orphans()
    lock = take_folder()
    teller = Teller(consoles=bool(os.environ.get("V")))
    place = Place(FOLDER.resolve(), teller)
    try:
        return tell(place, teller)
    except KeyboardInterrupt:
        teller.say("\ndemo: interrupted; ending what was started")
        return INTERRUPTED
    finally:
        # Whoever presses Ctrl-C again may not keep what is ending from its end.
        for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
            signal.signal(number, signal.SIG_IGN)
        try:
            place.close()
        finally:
            children.end_all()
            lock.close()


if __name__ == "__main__":
    os.umask(0o077)
    sys.exit(main())
