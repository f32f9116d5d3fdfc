"""Three bare-metal VMs with four vCPUs on two processors: all advance, none takes another's share, nothing is left behind."""
from functools import partial
import re

import bed as machine_bed
from tap import expect

ENDED = r"pages passed the audit|^signet: stop \d+:|^signet: hypervisor: resetting"
ROUNDS = 2
# Of two processors, three vCPUs that always want one get two thirds each but for what the sleeper and root mode take.
FAIR = range(58, 68)


def share(bed):
    image = bed.image("machine", "halt", "build/hv-machine.bin")
    log = machine_bed.boot(bed.flash("machine", image, image), ("--cpus", 2), until=ENDED)
    lines = [line.split("machine test: ", 1)[1] for line in log.lines if "machine test: " in line]
    shares = [[int(n) for n in re.findall(r"\d+", line)] for line in lines if line.startswith("shares")]
    others = [line for line in lines if not line.startswith("shares")]
    # By round: 768 small pages each, walked by the audit; counters of every kind of interrupt; no page lost.
    round_ = ["made, 2304 mapped", "all counted; vCPU 1 came up 1 times", "destroyed, 0 pages missing, 0 mapped"]
    expect(others == round_ * ROUNDS + ["done"], "the VMs did not do what they should", log.tail())
    expect(all(s in FAIR for three in shares for s in three[:3]), f"unfair shares: {shares}", log.tail())
    expect(all(three[3] < 20 for three in shares), f"the sleeper did not sleep: {shares}", log.tail())
    log.refuse(r"stopped: |passed the audit")
    log.need(r"^signet: audit: of 1 VMs number 0 reaches 0x[0-9a-f]+, 4096 bytes, at 0x0$")
    log.need(r"^signet: panic: a VM reaches memory that is not its own$")


def scenarios(bed):
    name = "VMs share processors fairly and leave nothing behind; the audit finds one that reaches too far"
    return [(name, partial(share, bed))]
