"""The hypervisor's own ground: it takes the machine over, and ends in order when it finds itself wrong."""
from functools import partial

import bed as machine_bed
from tap import expect
from world import tool

READY = r"^signet: hypervisor: \d+ processors in VMX root mode$"
TRACE = r"^signet: panic:   image\+(0x[0-9a-f]+)$"
ENDED = rf"{READY}|^signet: stop \d+:|^signet: hypervisor: resetting"


def started(bed, name, binary, until, options=("--cpus", 2), times=1):
    image = bed.image(name, "halt", binary)
    return machine_bed.boot(bed.flash(name, image, image), options, until=until, times=times)


def takes_over(bed):
    log = started(bed, "hypervisor", "build/hv.bin", ENDED)
    log.need(r"^signet: hypervisor: \S+ hypervisor svn 2, slot a, unprovisioned$")
    log.need(r"^signet: hypervisor: TSC (9999\d|1000\d\d) kHz by PM timer$")  # Bochs is told 100 MHz, and says otherwise in CPUID
    log.need(r"^signet: hypervisor: processors: 2 up, 0 siblings parked, 0 silent, 0 left out$")
    log.need(READY)


def refuses_without_memory(bed):
    """Of 64 MiB no half is left for guests."""
    log = started(bed, "small", "build/hv.bin", ENDED, ("--memory", 64))
    log.need(r"^signet: stop 62: ")


def functions(log, variant, pattern):
    """Of addresses that a report tells, by the ELF file that the image was made of."""
    addresses = [m[1] for m in log.find_all(pattern)]
    return tool("addr2line", "-f", "-e", f"build/{variant}.elf", *addresses).splitlines()[::2]


def panics(bed):
    """Before that its page tables are walked; and the next boot's log says why the last run ended."""
    log = started(bed, "panic", "build/hv-panic.bin", r"^signet: hypervisor: processors: ", times=2)
    log.need(r"^signet: panic test: a port with nothing behind it is left, a UART is taken$")
    log.need(r"^signet: audit: page tables: [1-9]\d+ pages, executable [1-9]\d* KiB, broken 0, guards 12, mapped guards 0$")
    log.refuse(r"code was written to")
    # A write, to a page that is there, by ring 0.
    told = r"exception 14, error 3, CR2 \S+, at image\+(0x[0-9a-f]+)$"
    expect(functions(log, "hv-panic", rf"^signet: panic: {told}")[0].startswith("write_to_code"), "another place", log.tail())
    expect("start_processors" in functions(log, "hv-panic", TRACE), "the way there is not told", log.tail())
    log.need(r"^signet: hypervisor: resetting$")
    boots = machine_bed.each_boot(log)
    expect(len(boots) == 2, "the machine did not start anew", log.tail())
    boots[0].refuse(r"the last run ended")
    boots[1].need(rf"^signet: hypervisor: the last run ended by: {told}")


def overruns(bed):
    """The guard below the stack leaves no room to report on: it is told from a stack kept for that."""
    log = started(bed, "overrun", "build/hv-overrun.bin", ENDED)
    log.refuse(r"came back")
    log.need(r"^signet: panic: exception 8, ")
    expect("descend" in functions(log, "hv-overrun", TRACE), "the way there is not told", log.tail())
    log.need(r"^signet: hypervisor: resetting$")


def scenarios(bed):
    cases = {
        "the hypervisor takes over every processor": takes_over,
        "without room for guests it refuses": refuses_without_memory,
        "its page tables pass the audit; a write to its own code ends in a back trace and a reset": panics,
        "another processor's stack overrun is caught by its guard page": overruns,
    }
    return [(name, partial(function, bed)) for name, function in cases.items()]
