"""
The whole way on one real flash image: firmware to enrolment and attestation, a guest behind a ticket, an attested update,
firmware that changed, and a service VM that was taken over.

One machine in Bochs, started by OVMF, and a real fleet server; what the operator does, `signet` does. Steps rely on the ones
before them: the first that fails ends the story, and all that come after it fail with it.
"""
import http.server
import json
import os
import shutil
import subprocess
import threading
from functools import partial
from pathlib import Path

import release as build
from live import Live, wait_for
from signetd import Server
from tap import Failed, expect
from world import Owner, signet, tool

SLOT_SIZE = "48M"
SERVICE = Path("build/service")
CLASS = "bochs"
# What an emulator cannot be, said one by one: no Secure Boot keys, no VT-d; and the release is a development one.
ALLOWED = ("allow-development-image", "allow-secure-boot-off", "allow-no-dma-protection")
PORT = 8097
PAGE = "a page on the host"
HYPERVISOR_READY = r"^signet: hypervisor: \d+ processors in VMX root mode$"


class Host(http.server.ThreadingHTTPServer):
    """The page that guests fetch, and the word that an intruder waits for."""

    def __init__(self):
        outer, self.order = self, "none"

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write((outer.order if self.path == "/order" else PAGE).encode())

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", PORT), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Story:
    """Everybody in it, made once; steps are run in order by whoever asks first."""

    def __init__(self, folder):
        self.folder, self.lock, self.told, self.reached = folder / "fleet", threading.Lock(), False, "what it is made of"
        self.machine = self.server = self.host = None
        self.starts = 0
        self.results = {}

    # --- what there is before the machine is switched on ---

    def prepare(self):
        self.folder.mkdir()
        self.host = Host()
        self.owner = Owner(self.folder / "owner")
        self.owner.build_boot_files(SLOT_SIZE)
        self.tpm = self.folder / "tpm"
        self.make_tpm()
        self.server = Server("--name", "story", "--host", "localhost,127.0.0.1,10.0.2.2", settings={
            "tpm.ek-authorities": self.folder / "ek", "images.anchor": (self.owner.boot / "anchor.bin").resolve(),
            **{f"policy.{name}": CLASS for name in ALLOWED}})
        self.server.start()
        self.releases = {1: self.release(1, SERVICE / "initramfs"), 2: self.release(2, self.taken_over())}
        self.flash = self.folder / "flash.img"
        signet("flash", "make", self.flash, "--boot", self.owner.boot, "--slot-size", SLOT_SIZE, "--slot-a", self.releases[1])
        (self.folder / "store").mkdir()
        build.file_system(self.folder / "store", self.folder / "store.img", "128M", "signet-store")
        self.guest = self.guest_file("web", "fetch address=10.0.2.77")

    def make_tpm(self):
        """With an EK certificate of a maker that the fleet trusts."""
        maker = self.folder / "maker"
        for folder in maker, self.tpm, self.folder / "ek":
            folder.mkdir()
        (maker / "localca.conf").write_text(f"statedir = {maker}\nsigningkey = {maker}/key.pem\nissuercert = {maker}/ca.pem\n"
                                            f"certserial = {maker}/serial\n")
        (maker / "options").write_text("")
        (maker / "setup.conf").write_text(f"create_certs_tool = /usr/bin/swtpm_localca\ncreate_certs_tool_config = "
                                          f"{maker}/localca.conf\ncreate_certs_tool_options = {maker}/options\n")
        tool("swtpm_setup", "--tpm2", "--tpm-state", self.tpm, "--pcr-banks", "sha256,sha384", "--create-ek-cert",
             "--config", maker / "setup.conf")
        for certificate in maker.glob("*.pem"):
            if b"BEGIN CERTIFICATE" in certificate.read_bytes():
                shutil.copy(certificate, self.folder / "ek")

    def taken_over(self):
        """The release's initramfs with somebody in the agent's place."""
        root, output = self.folder / "intruder/bin", self.folder / "initramfs-2"
        root.mkdir(parents=True)
        shutil.copy(SERVICE / "signet-agent", root / "signet-agent.release")
        shutil.copy(build.HERE / "intruder", root / "signet-agent")
        build.archive(root.parent, self.folder / "intruder.cpio")
        plain = (SERVICE / "initramfs").read_bytes()
        output.write_bytes(plain + bytes(-len(plain) % 4) + (self.folder / "intruder.cpio").read_bytes())
        return output

    def release(self, number, initramfs):
        fleet, image = self.folder / f"fleet-{number}", self.folder / f"release-{number}.img"
        signet("fleet", "make", "--out", fleet, "--name", "story", "--ca", self.server.path("fleet-ca.crt"), "--address",
               f"10.0.2.2:{self.server.port('nodes')}", "--service-arguments", build.FAST)
        signet("image", "build", "--keys", self.owner.keys, "--release", f"{number}.0", "--svn", number, "--component",
               "hypervisor=build/hv.bin", "--component", f"service-kernel={SERVICE / 'vmlinuz'}", "--component",
               f"service-initramfs={initramfs}", "--component", f"fleet-config={fleet}", "--output", image)
        signet("image", "sign", image, "--keys", self.owner.keys)
        return image

    def guest_file(self, name, task):
        place = self.folder / "guest"
        place.mkdir()
        shutil.copy(build.KERNELS / "cloud/vmlinuz", place / "vmlinuz")
        shutil.copy(build.guest_initramfs(self.folder), place / "guest.cpio")
        path = place / f"{name}.guest"
        path.write_text(f"name = {name}\nmemory = 128M\nvcpus = 1\nkernel = vmlinuz\ninitramfs = guest.cpio\ncommand-line = "
                        f"console=ttyS0 {build.FAST} panic=-1 page={PORT} t={task}\nnet = 52:54:00:00:00:07\n")
        return path

    # --- the operator ---

    def operator(self, *words, status=0):
        """`signet` with the first approver's key; gives what it said, both streams. status None: whatever it ends with."""
        identity = self.folder / "approver.pem"
        if not identity.exists():
            identity.touch(0o600)
            identity.write_bytes(b"".join(Path(self.server.path(f"approver.{kind}")).read_bytes() for kind in ("pem", "crt")))
        command = ["build/signet", *map(str, words), "--server", f"127.0.0.1:{self.server.port('operators')}", "--operator",
                   str(identity), "--ca", self.server.path("fleet-ca.crt")]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=1800)
        said = done.stdout + done.stderr
        with open(self.folder / "operator", "a", encoding="utf-8") as log:
            log.write(f"$ signet {' '.join(map(str, words))}\n{said}[{done.returncode}]\n")
        expect(status is None or done.returncode == status, f"signet {' '.join(map(str, words[:2]))}: exit {done.returncode}",
               said + self.machine.tail(30))
        return said

    def refused(self, words, reason):
        """Refused by policy, with that reason at the operator's terminal."""
        said = self.operator(*words, status=None)
        expect(reason in said, f"signet {' '.join(map(str, words[:2]))} does not say {reason}", said + self.machine.tail(30))
        return said

    def node(self):
        nodes = json.loads(self.operator("node", "list", "--json"))["nodes"]
        return nodes[0] if nodes else None

    def becomes(self, what, **wanted):
        """Waits until the fleet server knows these of the node; a verdict by its name."""
        def there():
            node = self.node() or {}
            found = {**node, "verdict": (node.get("verdict") or {}).get("name")}
            return all(found.get(key) == value for key, value in wanted.items())
        wait_for(what, there, self.machine)

    # --- steps ---

    def switch_on(self, cpus):
        """Off first. Never by a reset within the emulator: its timers do not follow a time stamp counter that was reset."""
        self.starts += 1
        if self.machine:
            self.machine.close()
        self.machine = Live(self.flash, "--uefi", "--cpus", cpus, "--memory", 2048, "--tpm", self.tpm, "--disk",
                            self.folder / "store.img", serial=self.folder / f"serial-{self.starts}")

    def boots(self):
        self.switch_on(2)
        self.machine.until(HYPERVISOR_READY)
        self.machine.until(r"^signet: node: a guest needs a ticket$")
        self.machine.until(r"service VM is up")

    def makes_itself_known(self):
        self.becomes("the node's evidence", state="pending", verdict="IMAGE_DEVELOPMENT")
        self.id = self.node()["id"]
        self.refused(("guest", "run", self.id, self.guest), "no ticket")

    def enrols(self):
        self.operator("image", "publish", self.releases[1])
        said = self.operator("node", "enroll", self.id, "--keys", self.owner.keys, "--class", CLASS, "--yes")
        expect("swtpm-localca" in said and "PCR 7" in said, "it does not say what is trusted by that", said)
        self.machine.until(r"^signet: node: provisioned$")

    def needs_a_baseline(self):
        self.refused(("attest", "now", self.id), "BASELINE_NONE")
        self.refused(("guest", "run", self.id, self.guest), "no ticket")

    def attests(self):
        self.operator("baseline", "approve", CLASS, self.id, "--yes")
        self.operator("attest", "now", self.id)
        self.becomes("it to be good", state="good", verdict="GOOD")

    def runs_a_guest(self):
        self.operator("guest", "run", self.id, self.guest, "--autostart")
        self.guest_serves()

    def guest_serves(self):
        wait_for("the guest's page", lambda: f"net: host says {PAGE}" in
                 self.operator("guest", "console", self.id, "web", "--no-follow", status=None), self.machine, pause=3)

    def updates(self):
        self.operator("update", "push", self.releases[2], self.id, "--drain", "now", "--no-wait")
        self.machine.until(r"^signet: hypervisor: resetting$")
        self.switch_on(2)
        self.machine.until(r"^signet: starting slot b \(trial\): release 2\.0 svn 2$")
        self.machine.until(r"^signet: node: this release was found well$")
        self.machine.until(r"^signet: node: this release is committed, minimum SVN 2$")
        self.becomes("the commit", state="good", release="2.0", svn=2)

    def refuses_the_old(self):
        self.refused(("update", "push", self.releases[1], self.id), "minimum")

    def sees_changed_firmware(self):
        """One processor less is another ACPI table: an event of PCR 1."""
        self.switch_on(1)
        self.machine.until(HYPERVISOR_READY)
        self.becomes("its new evidence", verdict="BASELINE_DIFFERS")
        said = self.operator("attest", "explain", self.id)
        expect("expected" in said.lower() and "found" in said.lower(), "the event is not named", said)
        self.refused(("guest", "run", self.id, self.guest), "no ticket")

    def is_approved(self):
        self.operator("baseline", "approve", CLASS, self.id, "--yes")
        self.operator("attest", "now", self.id)
        self.operator("guest", "run", self.id, self.guest)
        self.guest_serves()

    def is_taken_over(self):
        start = self.machine.mark()
        self.host.order = "attack"
        self.machine.until(r"intruder: done$", start)
        found = {m[1]: m[2] for m in self.machine.log.find_all(r"intruder: ([a-z ]+): (.*)$", start)}
        expect("error 152" in found["guest"], "a guest without a ticket", str(found))
        expect("error 14" in found["forged ticket"], "a forged ticket", str(found))
        # TPM_RC_COMMAND_CODE, by the hypervisor.
        codes = {what: found[what] for what in ("extend", "nv write", "nv undefine", "clear")}
        expect(set(codes.values()) == {"00000143"}, "the TPM's commands", str(codes))
        expect('"name":"web"' in found["guests"] and '"state":"running"' in found["guests"], "the guest", str(found))

    STEPS = (
        ("firmware, stage and hypervisor start the service VM; guests need a ticket", boots),
        ("a node makes itself known with its TPM's certificate; pending, it gets no ticket", makes_itself_known),
        ("an approver enrols it: its NV state is made under the owner's policy", enrols),
        ("an unknown firmware is named, and no guest starts", needs_a_baseline),
        ("with its firmware approved it attests and gets its ticket", attests),
        ("a stock Debian kernel, ordered by the operator, fetches a page through the uplink", runs_a_guest),
        ("release 2 is pushed, tried, attested and committed", updates),
        ("the guest comes back by itself after the update", guest_serves),
        ("release 1 is refused from then on", refuses_the_old),
        ("changed firmware gets no ticket, and the event is named", sees_changed_firmware),
        ("approved, the same boot gets its ticket, and the guest runs", is_approved),
        ("row 34: root in the service VM ends the agent and asks the hypervisor and the TPM itself: refused", is_taken_over),
    )

    # --- telling it ---

    def tell(self):
        """Runs all steps; what each came to stands in results, None for well."""
        try:
            self.prepare()
            for name, step in self.STEPS:
                self.reached = name
                step(self)
                self.results[name] = None
        except (Failed, KeyError, subprocess.TimeoutExpired) as e:
            self.results[self.reached] = e if isinstance(e, Failed) else Failed(repr(e))
        finally:
            self.end()

    def end(self):
        if self.machine:
            self.machine.close()
        if self.host:
            self.host.shutdown()
        if self.server:
            shutil.copy(self.server.log_path, self.folder / "signetd.log")
            self.server.__exit__()

    def seen(self, name):
        with self.lock:
            if not self.told:
                self.told = True
                self.tell()
        if name not in self.results:
            raise Failed(f"not reached: before it failed '{self.reached}'")
        if self.results[name]:
            raise self.results[name]


def scenarios(bed):
    story = Story(bed.folder)
    return [(name, partial(story.seen, name)) for name, _ in Story.STEPS]
