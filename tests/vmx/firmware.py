"""The test bed itself: the boot chain on a machine that has VMX, and its TPM through resets."""
from functools import partial

import bed as machine_bed
import eventlog
import report
from tap import expect
from world import record

BANKS = ("sha256", "sha384")
TRIES = 3
HALTED = r"^signet: payload: (halting|exception)|^signet: stop \d+:"


def expect_fields(log, prefix, **wanted):
    told = report.fields(log, prefix)
    found = {key: told.get(key) for key in wanted}
    expect(found == wanted, f"{prefix}: handed over {found}, wanted {wanted}", log.tail())


def expect_pcr12(bed, log, image):
    foretold = bed.foretold(image)
    for bank in BANKS:
        value, found = foretold[bank], report.pcrs(log, bank)[12].hex()
        expect(found == value, f"PCR12 of {bank}: foretold {value}, TPM {found}", log.tail())


def boot_well(bed, name, firmware, measured, *options):
    """An ordinary boot of two processors, whose log replays to the PCRs named."""
    log = machine_bed.boot(bed.flash(name, bed.good, bed.good), ["--cpus", 2, *options])
    expect_fields(log, "platform", **{"firmware": firmware, "secure-boot": "0", "tpm": "tis"})
    expect_fields(log, "nv", state="unprovisioned")
    expect_fields(log, "image", release="good")
    expect_fields(log, "done", faults="0")
    log.need(r"^signet: payload: rsdp address=\S+ good")
    expect_pcr12(bed, log, bed.good)
    events = eventlog.parse(report.event_log(log))
    for bank in BANKS:
        for pcr in measured:
            expect(eventlog.replay(events, bank)[pcr] == report.pcrs(log, bank)[pcr], f"PCR{pcr} of {bank} does not replay")


def bios(bed):
    boot_well(bed, "bios", "bios", (12, 14))


def uefi(bed):
    boot_well(bed, "uefi", "uefi", (*range(8), 12, 14), "--uefi")


def resets(bed):
    """A release that resets the machine is tried three times: each time PCRs start over, while NV keeps count."""
    state = bed.provision("resets", record("good", bed.good), record("staged", bed.failing))
    flash = bed.flash("resets", bed.good, bed.failing)
    log = machine_bed.boot(flash, ["--tpm", state], until=HALTED)
    boots = machine_bed.each_boot(log)
    slots = [report.fields(boot, "stage")["slot"] for boot in boots]
    expect(slots == ["b"] * TRIES + ["a"], f"slots started: {slots}", log.tail())
    for boot, image in zip(boots, [bed.failing] * TRIES + [bed.good]):
        expect_fields(boot, "nv", state="provisioned", writable="1")
        expect_pcr12(bed, boot, image)
    after = bed.nv_state(state)
    found = (after["slot-a"], after["slot-b"], after["slot-b-cause"])
    expect(found == ("GOOD", "BAD", "1"), f"the slots' records after it: {found}")


def no_tpm(bed):
    log = machine_bed.boot(bed.flash("no-tpm", bed.good, bed.good), ["--no-tpm"])
    log.need(r"^signet: stop 40: ")
    log.refuse(r"payload: started")


def scenarios(bed):
    cases = {
        "the flash image boots by UEFI where there is VMX, measured from the firmware on": uefi,
        "the flash image boots by BIOS, and its PCRs are as foretold": bios,
        "a reset starts the TPM over, and NV stays": resets,
        "without a TPM it stops": no_tpm,
    }
    return [(name, partial(function, bed)) for name, function in cases.items()]
