"""Who has the service VM, the network or the flash key in his hands, and what he gets: nothing that only the fleet may give."""
import base64
import shutil

import evidence
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from place import GUEST
from secureboot_scene import STOPPED, Qemu, expect_nothing_runs, write_slot
from signetd import ask_on, openssl
from tap import expect
from tickets import make_ticket

TPM_COMMANDS = ("extend", "nv write", "nv undefine", "clear")
NO_SUCH_COMMAND = "00000143"  # TPM_RC_COMMAND_CODE, by the hypervisor
NOT_OF_THE_TICKET, OTHER_BOOT = "error 152", "error 147"
LATE = 1000  # a sequence number above all that were used
OLD_IMAGE = r"^signet: slot {}: refused 22: "


def play(place):
    place.teller.scene("Attacks")
    from_the_service_vm(place)
    over_the_network(place)
    with_an_old_image(place)


def from_the_service_vm(place):
    teller = place.teller
    with teller.step("hypervisor", "root in the service VM kills the agent and asks for a guest of his own: refused", usual=15) as step:
        found = place.bed.attack()
        expect(NOT_OF_THE_TICKET in found["guest"], "a guest that no ticket names", str(found))
        step.show(f"guest: {found['guest']}")
    with teller.step("hypervisor", "he may not extend PCRs, write or remove NV state, or clear the TPM", vital=False) as step:
        codes = {what: found[what] for what in TPM_COMMANDS}
        expect(set(codes.values()) == {NO_SUCH_COMMAND}, "the TPM's commands", str(codes))
        step.show(*[f"{what}: TPM response {code}" for what, code in codes.items()])
    with teller.step("hypervisor", "his forged ticket, and a ticket of the last boot, signed by the fleet: refused", usual=8,
                     vital=False) as step:
        expect("error 14" in found["forged ticket"], "a forged ticket", str(found))
        said = place.bed.inside(hand_over(ticket_of(place, place.evidences[1])))
        expect(OTHER_BOOT in said, "a ticket of another boot", said)
        step.show(f"forged: {found['forged ticket']}", f"of the last boot: {said}")
    with teller.step("hypervisor", "meanwhile the guest runs on; the agent comes back, and the node is good", usual=15) as step:
        expect(f'"name":"{GUEST}"' in found["guests"] and '"state":"running"' in found["guests"], "the guest", str(found))
        before = place.bed.machine.mark()
        place.bed.inside("rm /run/taken; echo gone")
        place.until(step, r"signet-agent: attested: good", before)
        step.show(found["guests"])


def ticket_of(place, data):
    """As the fleet signs them, for the boot that this evidence is of."""
    claim = evidence.sections(data)[evidence.CLAIM]
    node, session, challenge, manifest = (claim[part] for part in (evidence.NODE, evidence.SESSION, evidence.CHALLENGE, evidence.MANIFEST))
    return make_ticket(place.bed.server.path("keys/fleet-ca.pem"), node, session, challenge, manifest, sequence=LATE)


def hand_over(ticket):
    return f"echo {base64.b64encode(ticket).decode()} | base64 -d >/run/old-ticket\nsignetctl ticket /run/old-ticket 2>&1\n"


# --- who stands between node and fleet server, with evidence that he has seen ---


class Forger:
    """Speaks as a node does, with a TLS key of his own."""

    def __init__(self, place):
        self.place, self.folder = place, place.folder / "forger"
        self.folder.mkdir()
        self.key = ec.generate_private_key(ec.SECP256R1())
        pem, certificate = self.folder / "key.pem", self.folder / "certificate.pem"
        pem.touch(0o600)
        pem.write_bytes(self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                               serialization.NoEncryption()))
        openssl("req", "-new", "-x509", "-key", str(pem), "-subj", "/CN=node", "-days", "2", "-out", str(certificate))
        context = place.bed.server.trust()
        context.load_cert_chain(certificate, pem)
        self.connection = place.bed.server.client("nodes", context)
        spki = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        digest = hashes.Hash(hashes.SHA256())
        digest.update(spki)
        self.channel = digest.finalize()

    def sign(self, attested):
        r, s = decode_dss_signature(self.key.sign(attested, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def nonce(self):
        status, answer = ask_on(self.connection, "POST", "/node/v1/nonce", {"node": self.place.node})
        expect(status == 200, f"no nonce: {status}", str(answer))
        return bytes.fromhex(answer["nonce"])

    def shows(self, data):
        """What the fleet server makes of it."""
        status, answer = ask_on(self.connection, "POST", "/node/v1/evidence", data)
        expect(status == 200 and answer["ticket"] is None, f"evidence: {status}", str(answer))
        return answer["verdict"]


def over_the_network(place):
    with place.teller.step("signetd", "evidence of the boot before, shown again; then a forged quote: refused, and nothing changes by "
                           "it", vital=False) as step:
        forger, before = Forger(place), place.about_node()
        replayed = place.evidences[1]
        forger.nonce()
        verdicts = [forger.shows(replayed)]
        verdicts.append(forger.shows(evidence.forged(place.last_evidence(), forger.nonce(), forger.channel, forger.sign)))
        expect([v["name"] for v in verdicts] == ["NONCE", "SIGNATURE"], "the verdicts", str(verdicts))
        expect(place.about_node()["state"] == before["state"] == "good", "the node's state changed by it")
        step.show(*[f"{v['name']}: {v['text']}" for v in verdicts])


# --- the release that was good yesterday ---


def with_an_old_image(place):
    with place.teller.step("signetd", "release 1, correctly signed, is pushed again: below the minimum", vital=False) as step:
        said = place.bed.operator("update", "push", place.releases[1], place.node, status=None)
        expect("minimum" in said, "an old release was not refused", said)
        step.show(*said.splitlines())
    with place.teller.step("stage", "release 1 is written onto the flash key by hand: this node's TPM remembers, nothing starts",
                           usual=15, vital=False) as step:
        replay_on_flash(place, step)


def replay_on_flash(place, step):
    """In QEMU, on copies of the node's flash key and of its TPM: neither is touched while it runs."""
    folder = place.folder / "replay"
    folder.mkdir()
    tpm = folder / "tpm"
    tpm.mkdir()
    for state in place.bed.tpm.glob("*.permall"):
        shutil.copy(state, tpm)
    qemu = Qemu(place)
    machine = qemu.machine("replay", tpm)
    for slot in "ab":
        write_slot(machine.image, f"signet-{slot}", place.releases[1])
    log = qemu.boot(machine, step, STOPPED)
    for slot in "ab":
        expect_nothing_runs(log, OLD_IMAGE.format(slot))

