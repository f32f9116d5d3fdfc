"""A maker of TPMs: swtpm's local CA in a folder of its own, and TPMs whose EK certificates it signed."""
import shutil
from pathlib import Path

from world import tool

OPTIONS = "--platform-manufacturer Test\n--platform-version 1\n--platform-model Bench\n"


class TpmMaker:
    def __init__(self, folder):
        self.folder = Path(folder).resolve()
        self.folder.mkdir()
        settings, options = self.folder / "localca.conf", self.folder / "localca.options"
        settings.write_text(f"statedir = {self.folder}\nsigningkey = {self.folder}/key.pem\n"
                            f"issuercert = {self.folder}/ca.pem\ncertserial = {self.folder}/serial\n")
        options.write_text(OPTIONS)
        (self.folder / "setup.conf").write_text(f"create_certs_tool = /usr/bin/swtpm_localca\ncreate_certs_tool_config = "
                                                f"{settings}\ncreate_certs_tool_options = {options}\n")

    def make(self, state, banks="sha256,sha384"):
        """A new TPM in a folder that is not there yet."""
        state = Path(state).resolve()
        state.mkdir()
        tool("swtpm_setup", "--tpm2", "--tpm-state", state, "--pcr-banks", banks, "--create-ek-cert", "--config",
             self.folder / "setup.conf")
        return state

    def export(self, folder):
        """The maker's certificates, root and issuer: what a fleet that trusts it is given."""
        folder.mkdir()
        for certificate in self.folder.glob("*.pem"):
            if b"BEGIN CERTIFICATE" in certificate.read_bytes():
                shutil.copy(certificate, folder)
        return folder
