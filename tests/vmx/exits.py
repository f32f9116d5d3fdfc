"""Bare-metal guests against the hypervisor: ATTACKS rows 35 to 38, one guest after the other, beside one that must not notice."""
import re
import threading
from functools import partial
from pathlib import Path

import bed as machine_bed
from tap import expect

ENDED = r"guest tests: done|^signet: stop \d+:|^signet: hypervisor: resetting"
CASE = re.compile(r"CASE\((\w+), (\d+), \w+, (.*)\)")
booting = threading.Lock()
# By name: its attack row and whether it may end as chance has it. The guests' own list, so that none is forgotten.
CASES = {name: (int(row), end == "ANY") for name, row, end in CASE.findall(Path("tests/guest/cases.h").read_text())
         if name not in ("steady", "costs")}


def ran(bed, logs):
    """One boot for all cases, whichever asks first."""
    with booting:
        if not logs:
            image = bed.image("tests", "halt", "build/hv-tests.bin")
            logs.append(machine_bed.boot(bed.flash("tests", image, image), ("--cpus", 2, "--no-net"), until=ENDED))
    return logs[0]


def case(bed, logs, name, row, chance):
    log = ran(bed, logs)
    ends = log.find_all(rf"guest tests: row {row}, {name}: (.*); (.*); neighbour runs; [1-9]\d* exits$")
    expect(ends, "it did not end in order", log.tail())
    expect(all(chance or end[2] == "as expected" for end in ends), "another end", "\n".join(end[1] for end in ends))
    differ = log.find_all(rf"guest {name}: tried, differ ([1-9a-f][0-9a-f]*) (\w+)$")
    expect(ends[0][1] != "done" or chance or differ and differ[0][2] == "0", "what it found differs",
           "\n".join(line for line in log.lines if f"guest {name}: " in line))


def neighbour(bed, logs):
    ran(bed, logs).need(r"guest tests: neighbour: many rounds, 0 surprises$")


def scenarios(bed):
    logs = []
    cases = [(f"row {row}: {name.replace('_', ' ')}", partial(case, bed, logs, name, row, chance))
             for name, (row, chance) in CASES.items()]
    return cases + [("row 38: a neighbour of all these keeps its share and its state", partial(neighbour, bed, logs))]
