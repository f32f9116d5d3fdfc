"""
Another system on the machine, with the node's write authority in its hands, wants to write our NV
(tests/payload/nvprobe.c).
"""
from functools import partial

from ordinary import expect_good
from tampered import expect_stop
from tap import expect

INDEXES = 4
# What it tries on each index, and the answer it must get on a provisioned node: the TPM's own words for "no".
ANSWERS = {
    "write-by-password": 0x12F,  # the index knows no password
    "write-as-owner": 0x9A2,  # the owner's authorization is not empty
    "write-as-platform": 0x9A2,  # nor is the platform's: firmware made one up
    "undefine-as-platform": 0x9A2,
    "undefine": 0x9A2,
    "define": 0x9A2,
    "authorize": 0x1C4,  # the digest approved is not that of this PCR7
    "write-by-policy": 0x99D,  # and so the session has no policy behind it
}
MARK = b"nvprobe-loot\0\0\0\0"
AUTHORITY_HEADER, AUTHORITY_ENTRY, AUTHORITY_COUNT = 112, 96, slice(12, 16)


def loaded_probe(world):
    """The probe with what it stole."""
    blank, loot = open("build/nvprobe.efi", "rb").read(), world.authority.read_bytes()
    loot = loot[:AUTHORITY_HEADER + AUTHORITY_ENTRY * int.from_bytes(loot[AUTHORITY_COUNT], "little")]
    at = blank.index(MARK) + len(MARK)
    return blank[:at] + loot + blank[at + len(loot):]


def probe(world, m, owner):
    """Starts it on a machine whose firmware holds this owner's keys; gives its answers by attempt and index."""
    binary, signed = m.folder / "probe.efi", m.folder / "probe.signed.efi"
    binary.write_bytes(loaded_probe(world))
    owner.sign_efi(binary, signed)
    m.put_efi(signed)
    m.variables.unlink()
    log = m.boot("--keys", owner.firmware)
    log.need(r"^signet: nvprobe: done")
    lines = log.find_all(r"^signet: nvprobe: (\S+) 0x(\S+) rc=0x([0-9a-f]+) (.*)$")
    answers = {(line[1], line[2]): (int(line[3], 16), line[4]) for line in lines}
    expect(len(answers) == INDEXES * len(ANSWERS), f"{len(answers)} attempts", log.tail())
    return answers, log


def let_through(answers):
    return {attempt for (attempt, _), (code, words) in answers.items() if not code or words == "DONE"}


def stranger(world):
    m = world.node("stranger")
    before = world.nv_state(m)
    answers, log = probe(world, m, world.stranger)
    for (attempt, index), (code, _) in answers.items():
        expect(code == ANSWERS[attempt], f"{attempt} {index}: response code {code:#x}, wanted {ANSWERS[attempt]:#x}",
               log.tail())
    expect(world.nv_state(m) == before, "NV changed", log.tail())


def owner(world):
    """The neighbour: the same program under the owner's keys gets through, by policy and by nothing else."""
    answers, log = probe(world, world.node("owner"), world.owner)
    through = let_through(answers)
    expect(through == {"authorize", "write-by-policy"}, f"the TPM let through: {through}", log.tail())


def squatter(world):
    """On a node not yet enrolled anybody can define our indices. They are then not taken for ours."""
    m = world.machine("squatter")
    ours, variables = m.folder / "ours.efi", m.variables.read_bytes()
    m.take_efi(ours)
    answers, log = probe(world, m, world.stranger)
    expect("define" in let_through(answers), "the indices could not be defined", log.tail())
    m.put_efi(ours)
    m.variables.write_bytes(variables)
    expect_stop(m.boot(), 45)


def returned(world):
    """The neighbour of that: the same way there and back, but nothing was defined, and the node boots."""
    m = world.node("returned")
    ours, variables = m.folder / "ours.efi", m.variables.read_bytes()
    m.take_efi(ours)
    probe(world, m, world.stranger)
    m.put_efi(ours)
    m.variables.write_bytes(variables)
    expect_good(m.boot(), slot="a", state="provisioned", writable=1, reason=3)


def scenarios(world):
    cases = {
        "another system on the machine cannot write our NV": stranger,
        "a system under the owner's keys can, by policy alone": owner,
        "NV indices at our handles that are not ours: stop 45": squatter,
        "after another system's vain attempts the node boots as before": returned,
    }
    return [(name, partial(function, world)) for name, function in cases.items()]
