"""A small guest under VMX: what each of its steps gets, from two processors, and that it cannot keep one."""
from functools import partial

import bed as machine_bed
from tap import expect

ENDED = r"guest test: done|^signet: stop \d+:|^signet: hypervisor: resetting"

# By line: what the guest wrote where, and what became of its turns.
STEPS = [
    "port+0, size 4: 6e676953",  # CPUID
    "port+0, size 4: 12340001",  # IN
    "port+0, size 4: abcd",  # RDMSR
    "port+0, size 4: 8",  # a load from device memory, of two bytes,
    "memory+4, size 4: 55",  # and a store
    "port+0, size 4: 20",  # CR4: PAE alone, whatever the processor runs with
    "port+0, size 4: c0000031",  # CR0: CD as written
    "port+0, size 4: 3",  # XCR0
    "processor 0: state 1, no report",  # HLT
    "port+0, size 4: 77",  # and on, on the other processor
]
ENDS = [
    "processor 1: state 3, triple fault",  # VMCALL is undefined, and there is no IDT
    "processor 0: state 0, no report",  # a guest that spins
    "done, 1 exits by the timer",
]


def runs(bed):
    image = bed.image("guest", "halt", "build/hv-guest.bin")
    log = machine_bed.boot(bed.flash("guest", image, image), ("--cpus", 2), until=ENDED)
    lines = [line.split("guest test: ", 1)[1] for line in log.lines if "guest test: " in line]
    # Between them stands how long CPUID takes, which is the processor's affair.
    expect(lines[:len(STEPS)] == STEPS and lines[-len(ENDS):] == ENDS and len(lines) == len(STEPS) + len(ENDS) + 1,
           "the guest's steps differ", log.tail())


def scenarios(bed):
    return [("a guest gets what it should, moves between processors, and leaves when its time is over", partial(runs, bed))]
