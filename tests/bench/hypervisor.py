"""Root mode, in Bochs, whose time stamp counter counts instructions: exits beside KVM's, computing, start, tickets."""
from pathlib import Path

import bed
import node
import peer
import release
from world import Owner, signet

# Instructions in root mode from an exit to the next entry, the emulator's own few included.
EXIT_LIMITS = {"CPUID": 150, "RDMSR": 150, "IN": 150, "OUT": 150, "EPT-MMIO load": 600, "EPT-MMIO store": 600}
# What KVM answers in its user's program is no peer of ours: there is no eventfd for reads.
NO_PEERS = {"IN", "IN from nobody", "EPT-MMIO load"}
PEER_SHARE = 0.5
COMPUTE_LIMIT = 1.0  # per cent


def costs_of_exits(folder):
    """One processor, one guest: it takes the time of several at once, less what the loop around them takes."""
    owner, image, flash, config = Owner(folder / "owner"), folder / "exits.img", folder / "exits-flash.img", folder / "fleet"
    owner.build_boot_files(bed.SLOT_SIZE)
    config.write_text("action=halt\n")
    signet("image", "build", "--keys", owner.keys, "--release", "exits", "--svn", 1, "--component",
           "hypervisor=build/hv-tests.bin", "--component", f"fleet-config={config}", "--output", image)
    signet("image", "sign", image, "--keys", owner.keys)
    signet("flash", "make", flash, "--boot", owner.boot, "--slot-a", image, "--slot-size", bed.SLOT_SIZE)
    log = bed.boot(flash, ("--snapshot", "--no-net"), until=r"guest tests: done")
    return peer.costs(log, r".*guest costs: ")


def lost(undisturbed, measured):
    return 100 * (measured - undisturbed) / undisturbed


def measure_exits(table, folder, tell):
    tell("exits of a guest of ours")
    ours = costs_of_exits(folder)
    tell("the same guest under Debian's KVM")
    theirs = peer.measure(folder / "kvm")
    for name, cost in ours[0].items():
        limit = EXIT_LIMITS.get(name)
        if name in NO_PEERS:
            table.add(f"exit: {name}", cost, "instructions", most=limit, note="KVM answers it in its user's program only")
        else:
            table.add(f"exit: {name}", cost, "instructions", most=limit, peer=theirs[0][name], peer_at_most=PEER_SHARE,
                      note="peer: KVM; at most half")
    table.add("guest's computing, with 250 interrupts a second: lost", lost(*ours[1]), "%", most=COMPUTE_LIMIT,
              peer=lost(*theirs[1]), note="against the same instructions outside VMX, undisturbed")


def release_flash(folder, hypervisor):
    """The release as it is, on flash, with this in the hypervisor's place."""
    owner, image, flash, config = Owner(folder / "owner"), folder / "release.img", folder / "flash.img", folder / "fleet"
    owner.build_boot_files(release.SLOT_SIZE)
    signet("fleet", "make", "--out", config, "--ungated", "--name", "bench")
    parts = {"hypervisor": hypervisor, "service-kernel": release.SERVICE / "vmlinuz",
             "service-initramfs": release.SERVICE / "initramfs", "fleet-config": config}
    signet("image", "build", "--keys", owner.keys, "--release", "bench", "--svn", 1,
           *(word for kind, file in parts.items() for word in ("--component", f"{kind}={file}")), "--output", image)
    signet("image", "sign", image, "--keys", owner.keys)
    signet("flash", "make", flash, "--boot", owner.boot, "--slot-size", release.SLOT_SIZE, "--slot-a", image)
    return flash


def measure_start(table, folder, tell):
    tell("from the stage's jump to the service VM's first instruction")
    flash = release_flash(folder, Path("build/hv-handoff.bin"))
    for name, cpus in ("one processor", 1), ("two processors", 2):
        log = bed.boot(flash, ("--snapshot", "--no-net", "--cpus", cpus), until=r"handoff: ")
        table.add(f"hand-off to the service VM's first instruction, {name}",
                  int(log.need(r"handoff: (\d+) instructions")[1]) / 1e6, "million instructions",
                  note="20 ms of it calibrate the clock")
    tell("tickets in root mode")
    (folder / "tickets").mkdir()
    log = node.started_under_tickets(bed.Bed(folder / "tickets"), cpus=1)
    ticket, signature = min((int(m[1]), int(m[2])) for m in
                            log.find_all(r"payload: ticket took (\d+), a signature (\d+) instructions"))
    table.add("a ticket in root mode", ticket / 1e6, "million instructions", note="two signatures, one event to the TPM")
    table.add("a ticket, against the two signatures in it", ticket / (2 * signature), "times")
