"""Attestation: appraisals beside their bare signatures and tpm2_checkquote, the fleet server under load, a node's part."""
import os
import struct
import time
from pathlib import Path

import update as node_bed
from simnode import Fleet
from tap import Failed
from usage import Usage, share_of, status_kib
from world import tool

APPRAISAL_SHARE = 0.8  # of an appraisal's time, the bare signatures'
PROCESSES = 20
NODES = (1, 50, 200)
# A node may attest 64 times in two minutes, over all counts.
FIRST_ROUNDS, ROUNDS = 40, 8
BANK, DIGEST, DIGEST_ROOM, LIST = 0x000B, 32, 64, 8
KERNEL = "/usr/src/signet/kernels/cloud/vmlinuz"


def tools_pcrs(values, mask):
    """PCR values as tpm2-tools keep them: their selection, and lists of eight digests each, as in memory."""
    digests = [values[at:at + DIGEST] for at in range(0, len(values), DIGEST)]
    lists = [digests[at:at + LIST] for at in range(0, len(digests), LIST)]
    chosen = struct.pack("<IHBI", 1, BANK, 3, mask) + bytes(1 + 15 * 8)
    return chosen + struct.pack("<I", len(lists)) + b"".join(
        struct.pack("<I", len(some)) + b"".join(struct.pack("<H", DIGEST) + d.ljust(DIGEST_ROOM, b"\0") for d in some) +
        bytes((2 + DIGEST_ROOM) * (LIST - len(some))) for some in lists)


def measure_appraisal(table, folder, tell):
    tell("appraisals in process, and tpm2_checkquote")
    found = dict(line.split(" ", 1) for line in tool("build/tests/appraise_cost", folder).splitlines())
    ours, bare = int(found["appraisal"]) / 1e9, int(found["bare"]) / 1e9
    (folder / "pcrs").write_bytes(tools_pcrs((folder / "values").read_bytes(), int(found["pcrs"])))
    check = ["tpm2_checkquote", "-u", "public", "-m", "message", "-s", "signature", "-f", "pcrs", "-g", "sha256", "-q",
             found["qualifying"]]
    theirs = min(Usage(*check, cwd=folder).processor for _ in range(PROCESSES))
    table.add("appraisals a second and core, in process", 1 / ours, "1/s", peer=1 / theirs,
              note=f"{found['signatures']} signatures each; peer: tpm2_checkquote, one signature, its process start counted")
    table.add("bare signature verifications, of an appraisal's time", bare / ours, "of it", least=APPRAISAL_SHARE,
              note="the same library's; groups and keys loaded before")


def processor_of(pid):
    """Seconds that it ran so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Load:
    """So many nodes of one fleet, all of them good, each a process with a software key."""

    def __init__(self, fleet):
        self.fleet, self.nodes = fleet, [fleet.good_node(1)]
        self.nodes[0].attest()
        fleet.approve(self.nodes[0])

    def grow(self, count):
        self.nodes += self.fleet.good_nodes(range(len(self.nodes) + 1, count + 1))

    def attest(self, rounds):
        """All at once, again and again: milliseconds that each waited for the server, the server's own of a processor."""
        waited, before = [], processor_of(self.fleet.server.process.pid)
        for _ in range(rounds):
            for node in self.nodes:
                node.send("attest")
            for node in self.nodes:
                answer = node.receive()
                if answer["status"] != 200 or answer["ticket"] != 0:
                    raise Failed("a good node got no ticket", str(answer))
                waited.append(answer["waited"] / 1000)
        return waited, 1000 * (processor_of(self.fleet.server.process.pid) - before) / len(waited)

    def memory(self):
        return status_kib(self.fleet.server.process.pid, "VmRSS")


def measure_fleet(table, _folder, tell):
    with Fleet(settings={"tpm.pending-uncertified": "256", "tpm.pending-per-address": "256"}) as fleet:
        load, first = Load(fleet), None
        for count in NODES:
            tell(f"signetd with {count} nodes")
            load.grow(count)
            waited, own = load.attest(ROUNDS if count > 1 else FIRST_ROUNDS)
            name = f"signetd over TLS, {count} node{'s all at once' if count > 1 else ''}"
            table.add(f"{name}: attestation p50", share_of(waited, 0.5), "ms",
                      note="nonce, evidence, ticket; the simulated nodes share the processors" if count > 1 else "")
            table.add(f"{name}: attestation p99", share_of(waited, 0.99), "ms")
            table.add(f"{name}: signetd's processor time for one", own, "ms")
            first = first or load.memory()
        table.add("signetd's memory with one node", first / 1024, "MiB")
        table.add("signetd's memory for each node more", (load.memory() - first) / (NODES[-1] - 1), "KiB",
                  note="connection open, evidence kept in the database")


def quote_times(bed):
    bed.stop_agent()
    said = tool("build/tests/quote_cost", f"cmd:build/tests/rig-tpm {bed.rig.tpm}").splitlines()
    bed.start_agent()
    return {name: [int(line.split()[1]) / 1e6 for line in said if line.startswith(name + " ")] for name in ("quote", "evidence")}


def order_times(bed, rounds):
    """Seconds from the operator's order to the answer that the guest runs."""
    path, seconds = bed.folder / "web.guest", []
    path.write_text(f"name = web\nmemory = 128M\nvcpus = 1\nkernel = {KERNEL}\n")
    for _ in range(rounds):
        begun = time.monotonic()
        bed.run("guest", "run", bed.node, path)
        seconds.append(time.monotonic() - begun)
        bed.run("guest", "stop", bed.node, "web", "--now")
        bed.run("guest", "remove", bed.node, "web", "--yes")
    return seconds


def measure_node(table, folder, tell):
    note = "swtpm, a software TPM, behind the node rig; no VMX"
    tell("a node on swtpm: quotes, and orders to run a guest")
    (folder / "node").mkdir()
    try:
        with node_bed.Bed(node_bed.Fleet(folder), folder / "node") as bed:
            bed.join()
            times = quote_times(bed)
            table.add("quote, p50", share_of(times["quote"], 0.5), "ms", note=note)
            table.add("quote, PCR values and NV certificates, p50", share_of(times["evidence"], 0.5), "ms", note=note)
            orders = order_times(bed, 5)
            table.add("order to running guest, p50", share_of(orders, 0.5), "s",
                      note=f"{note}: attested anew, ticket, {Path(KERNEL).stat().st_size >> 20} MiB kernel fetched and measured")
    except AssertionError as e:
        raise Failed("the node rig", str(e)) from None
