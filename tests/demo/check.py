"""check-demo: what the demo is made of, and that Ctrl-C at any point leaves nothing behind. The demo itself is `make demo`. Prints TAP."""
import io
import os
import pty
import re
import select
import shutil
import signal
import sys
import time
import uuid
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parent.parent / folder) for folder in ("demo", "lib", "vmx", "uefi", "tpm")]

import arrival_scene
import attack_scene
import desk_scene
import evidence
import firmware_scene
import page
import tap
import update_scene
from rehearsal import RehearsalPlace
from tap import expect
from teller import OK, Ended, Teller

PATIENCE = 900  # seconds; a machine with others to serve is slow
CTRL_C = b"\x03"
INTERRUPTED = 130
MARK = "SIGNET_DEMO_CHECK"
FOLDER = "build/demo-check"


# --- the report ---


class Reader(HTMLParser):
    """What a browser would have to fetch or run, and whether each element is closed by its own end."""
    VOID = ("meta", "rect", "path", "line")

    def __init__(self):
        super().__init__()
        self.open, self.wrong, self.outside, self.text = [], [], [], []

    def handle_starttag(self, tag, attrs):
        if tag in ("script", "link", "img", "iframe", "object", "base"):
            self.outside.append(tag)
        self.outside += [value for name, value in attrs if name in ("src", "href") or name.startswith("on")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in self.VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data):
        self.text.append(data)


def told():
    """A teller after one step that held and one that did not."""
    stream = io.StringIO()
    teller = Teller(stream)
    teller.scene("Scene <one>")
    with teller.step("stage", "what is & stays") as step:
        step.show("<script>alert(1)</script>")
    with teller.step("firmware", "what fails", vital=False):
        raise tap.Failed("it did not hold", "because of <b>")
    return teller, stream.getvalue()


def sample():
    return page.Findings(real=["<real>"], emulated=["emulated"], facts=[("name", "<value>")], commands="$ signet <x>", boots=[
        page.Boot("one", {1: bytes(32)}, [(1, "kind", "<words>", "00" * 32)]),
        page.Boot("two", {1: bytes([1]) * 32}, [(1, "kind", "others", "01" * 32)])])


def expect_whole(text):
    reader = Reader()
    reader.feed(text)
    expect(not reader.outside, f"the report needs {reader.outside}")
    expect(not reader.wrong and not reader.open, f"not closed: {reader.open}, closed wrongly: {reader.wrong}")
    expect("@import" not in text and "url(" not in text.replace("url(#head)", ""), "its style needs something outside")
    return reader


def report_is_whole():
    for findings in page.Findings(), sample():
        text = page.render(told()[0], findings, 75, ("2 cores", "of the machine"))
        reader = expect_whole(text)
        expect("<script>alert(1)</script>" in "".join(reader.text), "what was said is not shown as text")


def report_says_what_failed():
    teller, _ = told()
    text = page.render(teller, sample(), 75, ("2 cores", "of the machine"))
    expect("Not all of it held." in text and "it did not hold" in text and "1 of 2" in text, "a failed step is not told", text)
    expect(text.count('class="changed"') == 2, "the changed PCR and event are not marked", text)


# --- telling ---


def lines_are_whole():
    teller, said = told()
    expect([step.verdict for step in teller.steps] == [OK, "FAILED"] and not teller.held(), "the verdicts")
    expect("\x1b" not in said and "\r" not in said, "a pipe is written to as if it were a terminal", repr(said))
    expect(re.search(r"^  ok +\d+\.\d s  stage +what is & stays$", said, re.M), "a step's line", said)
    expect(re.search(r"^  FAILED +\d+\.\d s  firmware", said, re.M) and "      | because of <b>" in said, "a failed step's lines", said)


def vital_steps_end_it():
    teller = Teller(io.StringIO())
    try:
        with teller.step("stage", "fails"):
            raise KeyError("a mistake of the demo's own")
    except Ended:
        expect(teller.steps[0].verdict == "FAILED" and "KeyError" in teller.steps[0].detail, "how it ended")
        expect(not teller.held(), "it held")
        return
    expect(False, "a vital step failed, and it went on")


def nothing_told_is_not_held():
    expect(not Teller(io.StringIO()).held(), "nothing was shown, and all of it held")


# --- evidence ---


def forgery_fits_but_for_its_signature():
    claim = bytes(range(208))
    attested = b"TPMS" + evidence.hashlib.sha256(evidence.QUALIFYING_DOMAIN + claim).digest() + b"rest"
    parts = {evidence.CLAIM: claim, evidence.QUOTE: len(attested).to_bytes(4, "little") + attested + bytes(64), evidence.LOG: b"log"}
    honest = evidence.join(parts)
    expect(evidence.sections(honest) == parts, "what was joined does not come apart")
    forged = evidence.sections(evidence.forged(honest, b"n" * 32, b"c" * 32, lambda said: evidence.hashlib.sha512(said).digest()))
    claim = forged[evidence.CLAIM]
    expect((claim[:32], claim[176:], claim[32:176]) == (b"n" * 32, b"c" * 32, parts[evidence.CLAIM][32:176]), "the claim")
    said = forged[evidence.QUOTE][4:-64]
    expect(evidence.hashlib.sha256(evidence.QUALIFYING_DOMAIN + claim).digest() in said, "the quote does not name the claim")
    expect(forged[evidence.QUOTE][-64:] == evidence.hashlib.sha512(said).digest(), "the signature is not the forger's")


# --- the scenes ---


def rehearse():
    """But those that need a machine: Secure Boot is check-uefi's, and root in the service VM check-vmx's."""
    folder, said = Path(FOLDER).resolve(), io.StringIO()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    teller = Teller(said)
    place = RehearsalPlace(folder, teller)
    try:
        desk_scene.play(place)
        place.switch_on(1)
        for scene in arrival_scene, update_scene, firmware_scene:
            scene.play(place)
        attack_scene.over_the_network(place)
        attack_scene.with_an_old_image(place)
    except Ended:
        pass
    finally:
        place.close()
    expect(teller.held(), "not all of it held", said.getvalue())
    expect([boot.title[:6] for boot in place.findings.boots] == ["boot 1", "boot 2", "boot 3", "boot 3"], "boots of the report")
    expect_whole(page.render(teller, place.findings, teller.elapsed(), ("2 cores", "of the machine")))


# --- Ctrl-C ---


def marked(mark):
    """Ids of processes that were started with this mark in their environment."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in environment.read_bytes():
                found.append(int(environment.parent.name))
        except OSError:
            continue  # it has ended
    return found


def read_until(terminal, pattern, heard, end):
    while not re.search(pattern, heard):
        expect(time.monotonic() < end, f"the demo never says {pattern}", heard[-2000:])
        if select.select([terminal], [], [], 1)[0]:
            try:
                heard += os.read(terminal, 65536).decode(errors="replace")
            except OSError:
                return heard  # the other side is closed
    return heard


def interrupted(pattern, children):
    """On a terminal of its own, as a person would: until it says the pattern and runs these programs; then Ctrl-C."""
    mark, end = f"{MARK}={uuid.uuid4()}", time.monotonic() + PATIENCE
    pid, terminal = pty.fork()
    if pid == 0:
        # Whoever runs this in the background has it ignored, and a person's terminal has not.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        name, value = mark.split("=")
        os.execve("tools/demo", ["tools/demo", FOLDER], {**os.environ, name: value, "TERM": "xterm"})
    heard = read_until(terminal, pattern, "", end)
    while not children <= {name_of(child) for child in marked(mark)}:
        expect(time.monotonic() < end, f"{children} never run", heard[-2000:])
        heard = read_until(terminal, "", heard, end)
        time.sleep(0.05)
    os.write(terminal, CTRL_C)
    read_until(terminal, "(?!)", heard, end)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(terminal)
    left = [f"{child} {name_of(child)}" for child in marked(mark)]
    expect(status == INTERRUPTED, f"exit {status} after Ctrl-C", heard[-2000:])
    expect(not left, f"processes stayed behind: {left}")


def name_of(pid):
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="ascii").strip()
    except OSError:
        return ""


# What it has said, and who must run by then: each is a place of its own where it can be hit.
PLACES = (("in its opening", "Plan: ", set()), ("while keys are made", "Keys, releases", set()),
          ("with fleet server, Bochs and QEMU running", "UEFI Secure Boot", {"signetd", "bochs-bin", "swtpm", "qemu-system-x86"}))


def main():
    cases = {
        "the report needs nothing beside it, and shows what was said as text": report_is_whole,
        "the report says what failed, and marks what changed": report_says_what_failed,
        "in a pipe there are whole lines alone": lines_are_whole,
        "a vital step that fails ends it, whatever it failed with": vital_steps_end_it,
        "where nothing was told, nothing held": nothing_told_is_not_held,
        "a forged quote fits in all but its signature": forgery_fits_but_for_its_signature,
        "rehearsed on a node without a machine, every scene holds": rehearse,
    }
    cases |= {f"Ctrl-C {where} ends it and all it started": partial(interrupted, pattern, children) for where, pattern, children in PLACES}
    # One at a time: they have one folder.
    sys.exit(tap.run(list(cases.items()), workers=1))


if __name__ == "__main__":
    main()
