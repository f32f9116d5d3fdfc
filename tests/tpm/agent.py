#!/usr/bin/python3
"""signet-agent against a node's real hypervisor code and TPM (node-rig) and a fleet server that the test plays: what goes over the
wire, in which order, and what becomes of it when either side is lost. Prints TAP. usage: tests/tpm/agent.py"""
import base64
import hashlib
import json
import os
import struct
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/lib"), str(ROOT / "tests/tpm")]
from agent_bed import Agent, Bed, b64, section, wait_for  # noqa: E402
from rig import Fleet, Rig, run_cases, signet  # noqa: E402

KERNEL = "/usr/src/signet/kernels/cloud/vmlinuz"


def enrols_and_attests(fleet, folder):
    with Bed(fleet, folder, certificate=True) as bed, bed.rig() as rig, Agent(folder, rig) as agent:
        server = bed.server
        server.attested(1)
        agent.need("waits for an approver to enrol this node")
        assert base64.b64decode(server.asked["ekCertificate"])[:2] == b"\x30\x82", "no EK certificate"
        assert server.asked["hostname"]
        assert server.good("attest") == {"verdict": "BASELINE_NONE"}
        assert len(server.evidence) == 2
        session = rig.word("boot session ")
        assert section(server.evidence[1], 1)[96:128].hex() == session
        assert server.reports[0]["slot"] == "a" and server.reports[0]["svn"] == 3, server.reports
        assert "node: fleet" in server.good("logs", source="hypervisor", offset=0)["text"]
        own = server.good("logs", source="agent", offset=0)
        assert "enrolment asked for: node " + server.known in own["text"] and own["end"] > 100
        server.bad("command-unknown", "make-coffee")
        server.bad("arguments", "logs", source="agent")
        server.bad("arguments", "guest-stop", name="web", later=True)
        server.bad("source-unknown", "logs", source="kernel", offset=0)


def without_certificate(fleet, folder):
    """The ECC EK, no certificate; the same node after a restart of everything."""
    with Bed(fleet, folder) as bed:
        server = bed.server
        for count in 1, 2:
            with bed.rig() as rig, Agent(folder, rig) as agent:
                server.attested(count)
                assert server.asked["ekCertificate"] is None
                agent.need("WITHOUT an EK certificate" if count == 1 else "attested: pending")
                rig.end()


def attests_again_by_itself(fleet, folder):
    with Bed(fleet, folder) as bed, bed.rig() as rig:
        bed.server.again, bed.server.state = 1, "good"
        with Agent(folder, rig):
            bed.server.attested(3)


def runs_guests(fleet, folder):
    with Bed(fleet, folder) as bed, bed.rig() as rig, Agent(folder, rig):
        server, kernel = bed.server, Path(KERNEL).read_bytes()
        digest = hashlib.sha384(kernel).hexdigest()
        disk = folder / "store" / "disk.img"
        disk.write_bytes(bytes(1 << 20))
        guest = {"name": "web", "memory": 256 << 20, "vcpus": 1, "kernel": digest, "initramfs": None,
                 "commandLine": "console=ttyS0", "disks": [{"path": str(disk.resolve()), "readOnly": True}],
                 "nets": ["52:54:00:12:34:56"], "autostart": False}
        any_digest = "00" * 48
        server.bad("blob-unknown", "guest-run", guest=guest, digest=any_digest)
        # Half of it comes, then the rest of it; nothing is fetched twice.
        server.blobs[digest], server.cuts = kernel, 1
        assert server.good("guest-run", guest=guest, digest=any_digest)["id"] >= 1
        assert server.ranges == [0, len(kernel) // 2], server.ranges
        shown, = server.good("guest-list")["guests"]
        assert shown["name"] == "web" and shown["state"] == "running" and shown["vcpus"] == 1
        assert shown["digest"] != any_digest
        assert os.readlink(folder / f"disks/{shown['id']}/0.ro") == str(disk.resolve())
        server.bad("guest-runs", "guest-run", guest=guest, digest=any_digest)
        output = server.good("guest-console", name="web", offset=0, input=b64(b"x"), waitMs=500)
        assert b"this guest runs nothing" in base64.b64decode(output["output"]), output
        server.good("guest-stop", name="web")
        wait_for("the guest's end", lambda: server.good("guest-list")["guests"][0]["state"] == "off")
        del server.blobs[digest]
        assert server.good("guest-run", guest=guest, digest=any_digest)["id"] > shown["id"]
        server.good("guest-remove", name="web")
        assert server.good("guest-list")["guests"] == []
        server.bad("guest-unknown", "guest-stop", name="web")
        # A blob that is another than its name.
        other = hashlib.sha384(b"other").hexdigest()
        server.blobs[other] = kernel
        server.bad("error-21", "guest-run", guest=dict(guest, kernel=other), digest=any_digest)
        # More than the guest's memory holds is not fetched.
        large = bytes(33 << 20)
        name = hashlib.sha384(large).hexdigest()
        server.blobs[name] = large
        server.bad("error-187", "guest-run", guest=dict(guest, kernel=name, memory=32 << 20), digest=any_digest)
        assert not [p for p in (folder / "store/blobs").iterdir() if p.name.startswith(name) and p.stat().st_size > 32 << 20]
        server.bad("definition", "guest-run", guest=dict(guest, memory=30 << 20), digest=any_digest)
        server.bad("definition", "guest-run", guest=dict(guest, disks=[{"path": "a"}]), digest=any_digest)
        # What the service VM stands on is no disk, and a guest's name is no path.
        for other in "/usr/bin/env", "/dev/zero", str(disk) + "/../blobs/" + digest, str(disk) + ".none":
            server.bad("disk", "guest-run", guest=dict(guest, disks=[{"path": other}]), digest=any_digest)
        server.good("guest-remove", name="../disk.img")
        assert disk.exists()


def answers_while_it_connects(fleet, folder):
    """One answer breaks the poll off; the next one comes while the agent is still connecting for that."""
    with Bed(fleet, folder) as bed, bed.rig() as rig, Agent(folder, rig):
        server = bed.server
        server.attested(1)
        server.good("guest-list")
        count = len(server.evidence)

        def until_attested():
            server.attested(count + 1)
            time.sleep(1)  # for the agent to note the verdict, which it was given over another connection

        server.hold = until_attested
        number = server.order("attest", wait=False)
        assert server.good("guest-list") == {"guests": []}
        assert server.result(number)["ok"]
        assert server.overdue == 0, "an answer waited for the end of a poll"


def tells_of_changes(fleet, folder):
    """With what a quick command answers, and over the connection that there is."""
    with Bed(fleet, folder) as bed, bed.rig() as rig, Agent(folder, rig):
        server = bed.server
        server.attested(1)
        server.good("guest-list")
        assert server.reports[-1]["guests"] == 0, server.reports
        connections = server.connections
        (folder / "guest").write_text(f"name = web\nmemory = 256M\nvcpus = 1\nkernel = {KERNEL}\n")
        rig.ctl("create", folder / "guest")
        for _ in range(4):
            server.good("guest-list")
        wait_for("the guest in a report", lambda: server.reports[-1]["guests"] == 1)
        assert server.connections == connections, "a command cost a connection"


def outlives_the_network(fleet, folder):
    with Bed(fleet, folder) as bed, bed.rig() as rig, Agent(folder, rig) as agent:
        server = bed.server
        server.attested(1)
        server.good("guest-list")
        server.stop()
        number = server.order("guest-list", wait=False)
        time.sleep(1)
        server.start(server.port)
        assert server.result(number)["ok"]
        # A server that has lost what it knew of this connection wants evidence first.
        server.proved = False
        server.stop()
        server.start(server.port)
        server.attested(2)
        assert server.good("guest-list") == {"guests": []}
        # One that has forgotten the node is asked to know it again.
        server.stop()
        server.known, server.proved = None, False
        server.start(server.port)
        server.attested(3)
        agent.need("enrolment asked for", 2)


def carries_out_once(fleet, folder):
    with Bed(fleet, folder) as bed, bed.rig() as rig:
        server = bed.server
        with Agent(folder, rig) as agent:
            server.attested(1)
            number = server.order("guest-list", wait=False)
            server.result(number)
            agent.need(f"command {number}, guest-list", 1)
        with Agent(folder, rig) as agent:
            server.attested(2)
            with server.lock:
                del server.results[number]
                server.lock.notify_all()
            server.good("guest-list")
            assert server.result(number)["ok"]
            time.sleep(0.5)
            assert agent.said.read_text().count(f"command {number}, guest-list") == 1
            # One that was amid when the agent died is not begun anew.
            (folder / "run/commands/77").write_text("")
        with Agent(folder, rig):
            server.attested(3)
            with server.lock:
                server.commands.append({"id": 77, "kind": "reboot", "arguments": {"drainSeconds": 0}})
                server.lock.notify_all()
            assert server.result(77)["error"]["code"] == "interrupted"


def restarts_the_node(fleet, folder):
    with Bed(fleet, folder) as bed, bed.rig() as rig, Agent(folder, rig):
        bed.server.attested(1)
        assert bed.server.good("reboot", drainSeconds=5) == {}
        rig.end(10)


def provision(fleet, folder, bed, rig):
    """Returns the write authority's file, which the next boot takes."""
    signet("keys", "authorize", fleet.keys, "--node", bed.server.known, "--pcr7", rig.word("rig: pcr7 "), "--out",
           folder / "authority")
    policy = (fleet.folder / "export/policy-key.bin").read_bytes()
    bed.server.good("provision", ownerAuth=b64(b"\x11" * 32), lockoutAuth=b64(b"\x22" * 32), imageFloor=3, keyFloor=1,
                    policyKey=b64(policy), authority=b64((folder / "authority").read_bytes()))
    return folder / "authority"


def takes_an_update_back_at_last(fleet, folder):
    """Cancelled with the arrival of the answer that it is done: the node does not restart."""
    with Bed(fleet, folder) as bed:
        server, second, slot = bed.server, fleet.image(folder.name + "-second", 4), folder / "parts/signet-b"
        with bed.rig() as rig, Agent(folder, rig):
            server.attested(1)
            authority = provision(fleet, folder, bed, rig)
            rig.end()
        slot.write_bytes(bytes(32 << 20))
        before = len(server.evidence)
        with Rig(folder, fleet.boot, bed.image, "--slot-b", slot, "--authority", authority) as rig, Agent(folder, rig) as agent:
            server.attested(before + 1)
            rig.ctl("update", "apply", second, "--parts", folder / "parts")
            image = json.loads(rig.ctl("slots", "--json"))[1]["manifest"]
            server.along[server.next_id] = [{"id": 99, "kind": "update-cancel", "arguments": {"image": image}}]
            server.good("update", image=image, blob="00" * 48, length=1, leaves="00" * 48, drain="now")
            assert server.result(99)["ok"]
            agent.need("does not restart")
            assert json.loads(rig.ctl("slots", "--json"))[1]["state"] == "writing"
            server.good("guest-list")


def provisions(fleet, folder):
    with Bed(fleet, folder) as bed:
        server = bed.server
        with bed.rig() as rig, Agent(folder, rig) as agent:
            server.attested(1)
            server.bad("error-51", "authority", authority=b64(b"x" * 200))
            authority = provision(fleet, folder, bed, rig).read_bytes()
            server.attested(2)
            assert (folder / "parts/signet-authority").read_bytes()[:len(authority)] == authority
            status = json.loads(rig.ctl("status", "--json"))
            assert status["node"] == server.known, status
            # All four indices are certified now but the state record that was never written.
            nv, sizes, at = section(server.evidence[-1], 5), [], 0
            while at < len(nv):
                sizes.append(struct.unpack_from("<I", nv, at)[0])
                at += 4 + sizes[-1] + 64
            assert len(sizes) == 4 and sizes[2] and sizes[3] and (sizes[0] or sizes[1]), sizes
            agent.need("command")
            rig.end()
        with Rig(folder, fleet.boot, bed.image, "--authority", folder / "authority") as rig, Agent(folder, rig):
            server.attested(3)


CASES = {
    "enrols, attests, answers": enrols_and_attests,
    "does without an EK certificate, and stays the same node": without_certificate,
    "attests again before the lease ends": attests_again_by_itself,
    "runs guests": runs_guests,
    "answers while it connects for the answer before": answers_while_it_connects,
    "tells of changes over the connection that there is": tells_of_changes,
    "outlives network and fleet server": outlives_the_network,
    "carries a command out once": carries_out_once,
    "restarts the node once the answer has arrived": restarts_the_node,
    "takes an update back until it restarts": takes_an_update_back_at_last,
    "provisions": provisions,
}


if __name__ == "__main__":
    sys.exit(run_cases("agent", Fleet, CASES, lambda fleet, folder, case: case(fleet, folder)))
