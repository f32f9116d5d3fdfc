"""Boots that must go well, and what they leave in log and PCRs."""
import json
import re
from functools import partial

import eventlog
import report
from tap import expect
from world import signet, tool

MEASURED = (0, 1, 2, 3, 4, 5, 6, 7, 12, 14)
BANKS = ("sha256", "sha384")
UNUSED_BY_STAGE = 13


def expect_good(log, **wanted):
    """The payload ran, found nothing wrong, and was told what we want it to have been told."""
    told = {**report.fields(log, "stage"), **report.fields(log, "platform"), **report.fields(log, "nv"),
            **report.fields(log, "image"), **report.fields(log, "done")}
    wanted = {"faults": "0", **{key.replace("_", "-"): str(value) for key, value in wanted.items()}}
    found = {key: told.get(key) for key in wanted}
    expect(found == wanted, f"handed over {found}, wanted {wanted}", log.tail())


def first_boot(world):
    expect_good(world.first_log, firmware="uefi", secure_boot=1, slot="a", release="newer", svn=3, flags=1)


def unprovisioned(world):
    expect_good(world.first_log, state="unprovisioned", writable=0, reason=4)
    world.first_log.need(r"^signet: not provisioned: ")


def nothing_written(world):
    written = world.first_written
    expect(written["rd_bytes"] > 0, "QEMU counted no reads, so its counters say nothing")
    expect(written["wr_bytes"] == 0, f"{written['wr_bytes']} bytes were written to the flash")
    expect(not world.first_changed, "the flash image file changed")


def computed_by_tool(path):
    """PCRs as tpm2_eventlog replays them: bank to number to value."""
    found, bank = {}, None
    for line in tool("tpm2_eventlog", path).partition("\npcrs:\n")[2].splitlines():
        if match := re.fullmatch(r"  (sha\d+):", line):
            bank = found.setdefault(match[1], {})
        elif match := re.fullmatch(r"    (\d+) *: 0x([0-9a-f]+)", line):
            bank[int(match[1])] = bytes.fromhex(match[2])
    return found


def check_replay(log, folder):
    path = folder / "event.log"
    path.write_bytes(report.event_log(log))
    foreign, events = computed_by_tool(path), eventlog.parse(path.read_bytes())
    for bank in BANKS:
        read, ours = report.pcrs(log, bank), eventlog.replay(events, bank)
        expect(set(MEASURED) < set(read), f"the payload could not read the {bank} bank", log.tail())
        for pcr in MEASURED:
            what = f"PCR{pcr} of {bank}: TPM {read[pcr].hex()}, "
            expect(foreign[bank].get(pcr) == read[pcr], what + f"tpm2_eventlog {foreign[bank].get(pcr, b'').hex()}")
            expect(ours.get(pcr) == read[pcr], what + f"our replay {ours.get(pcr, b'').hex()}")
        expect(not any(read[UNUSED_BY_STAGE]), "PCR13 is the hypervisor's, yet something was measured into it")


def log_replays(world):
    check_replay(world.first_log, world.shop.folder)


def foretold(world):
    """What `signet image pcrs` says before the boot is what the TPM holds after it."""
    text = signet("image", "pcrs", world.newer, "--boot", world.owner.boot, "--json")
    values = {forecast["pcr"]: forecast["value"] for forecast in json.loads(text)["pcrs"]}
    for pcr in (4, 12):
        for bank in BANKS:
            value = values[pcr][bank]
            read = report.pcrs(world.first_log, bank)[pcr].hex()
            expect(value == read, f"PCR{pcr} of {bank}: foretold {value}, TPM {read}")


def decisions_logged(world):
    records = [r for e in eventlog.parse(report.event_log(world.first_log)) if e.pcr == 14 and (r := e.record())]
    expect([r[0] for r in records] == [16, 17, 18], f"PCR14 has events {records}")
    slot, nv, firmware = records
    expect(slot[1] == report.manifest_digest(world.first_log), "the slot event names another manifest")
    expect(slot[2:4] == (0, 4), f"slot event {slot}")
    expect(nv[4].startswith("unprovisioned"), f"NV event {nv}")
    expect(firmware[2:4] == (1, 1), f"firmware event {firmware}")


def crb(world):
    m = world.machine("crb")
    log = m.boot("--tpm-model", "crb")
    expect_good(log, firmware="uefi", slot="a", tpm="crb")
    check_replay(log, m.folder)


def secure_boot_off(world):
    """Nothing here depends on Secure Boot being on: the stage says and measures that it is not."""
    m = world.machine("secure-boot-off")
    m.variables.unlink()
    log = m.boot()
    expect_good(log, firmware="uefi", secure_boot=0, slot="a")
    check_replay(log, m.folder)


def bios(world):
    m = world.machine("bios")
    log = m.boot("--bios")
    expect_good(log, firmware="bios", secure_boot=0, slot="a", release="newer")
    log.need(r"^signet: .*firmware is not measured")
    check_replay_bios(log, m.folder, world)


def check_replay_bios(log, folder, world):
    """Firmware measured nothing, so its PCRs are not ours to replay: only 12 and 14 are."""
    path = folder / "event.log"
    path.write_bytes(report.event_log(log))
    foreign, events = computed_by_tool(path), eventlog.parse(path.read_bytes())
    for bank in BANKS:
        read, first = report.pcrs(log, bank), report.pcrs(world.first_log, bank)
        for pcr in (12, 14):
            expect(foreign[bank].get(pcr) == read[pcr], f"PCR{pcr} of {bank} does not replay by tpm2_eventlog")
            expect(eventlog.replay(events, bank).get(pcr) == read[pcr], f"PCR{pcr} of {bank} does not replay")
        expect(read[12] == first[12], "PCR12 follows from image and stage alone, yet differs from a UEFI boot's")
        expect(read[14] != first[14], "PCR14 does not tell a BIOS boot from a UEFI boot")


def scenarios(world):
    cases = {
        "an ordinary boot reaches the payload of the newer slot": first_boot,
        "an unprovisioned node boots and says so": unprovisioned,
        "an ordinary boot writes nothing to the flash": nothing_written,
        "firmware's log joined with ours replays to the PCRs": log_replays,
        "PCR4 and PCR12 are as foretold": foretold,
        "PCR14's events tell slot, NV state and firmware": decisions_logged,
        "a TPM behind CRB registers serves as well": crb,
        "a boot without Secure Boot is told and measured as such": secure_boot_off,
        "the same image boots by BIOS, and is told and measured as such": bios,
    }
    return [(name, partial(function, world)) for name, function in cases.items()]
