#!/usr/bin/python3
"""Enrolment against real TPMs and independent peers: EKs of every template, certificates of swtpm's local CA, credentials
that TPM2_ActivateCredential opens. Prints TAP. usage: tests/tpm/credential.py CREDTOOL"""
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "lib")]
from tpmmaker import TpmMaker  # noqa: E402

TOOL = os.path.abspath(sys.argv[1])
POLICY_B_256 = "ca3d0a99a2b93906f7a3342414efcfb3a385d44cd1fd459089d19b5071c0b7a0"
POLICY_B_384 = ("b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419ca"
                "cb47ba09699646150f9fc000f3f80e12")
HIGH = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|adminwithpolicy|restricted|decrypt"
AK = "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|sign"
SECRET = bytes(range(32))


def run(*words, status=0):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120)
    if done.returncode != status:
        raise AssertionError(f"{' '.join(words)}: exit {done.returncode}, not {status}\n{done.stdout}{done.stderr}")
    return done.stdout


def write(name, content):
    with open(name, "wb") as f:
        f.write(content)


def read(name):
    with open(name, "rb") as f:
        return f.read()


class Swtpm:
    """One on Unix sockets in the working directory, its state made by swtpm_setup."""

    def __init__(self, state):
        where = os.getcwd()
        self.process = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={where}/{state}", "--flags", "not-need-init,startup-clear",
             "--server", f"type=unixio,path={where}/{state}.sock",
             "--ctrl", f"type=unixio,path={where}/{state}.sock.ctrl"], stderr=subprocess.DEVNULL)
        limit = time.monotonic() + 60
        while not os.path.exists(f"{state}.sock"):
            assert time.monotonic() < limit and self.process.poll() is None, "swtpm does not start"
            time.sleep(0.05)
        os.environ["TPM2TOOLS_TCTI"] = f"swtpm:path={where}/{state}.sock"

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.process.terminate()
        self.process.wait(timeout=60)


def flush():
    for kind in ("-t", "-s"):
        run("tpm2_flushcontext", kind)


def make_ek_low(kind):
    """The templates without a hash of more than 256 bits."""
    run("tpm2_createek", "-c", "ek.ctx", "-G", kind, "-u", "ek.pub")


def make_ek_high(kind, hash_name, policy):
    write("policy", bytes.fromhex(policy))
    run("tpm2_createprimary", "-C", "e", "-g", hash_name, "-G", kind, "-L", "policy", "-a", HIGH, "-c", "ek.ctx")
    run("tpm2_readpublic", "-c", "ek.ctx", "-o", "ek.pub")


TEMPLATES = {
    "rsa 2048": lambda: make_ek_low("rsa"),
    "ecc p256": lambda: make_ek_low("ecc"),
    "rsa 2048 high": lambda: make_ek_high("rsa2048:null:aes128cfb", "sha256", POLICY_B_256),
    "ecc p256 high": lambda: make_ek_high("ecc256:null:aes128cfb", "sha256", POLICY_B_256),
    "rsa 3072 high": lambda: make_ek_high("rsa3072:null:aes256cfb", "sha384", POLICY_B_384),
    "ecc p384 high": lambda: make_ek_high("ecc384:null:aes256cfb", "sha384", POLICY_B_384),
}


def make_ak(name="ak"):
    run("tpm2_createprimary", "-C", "o", "-g", "sha256", "-G", "ecc256:ecdsa-sha256:null", "-a", AK, "-c",
        f"{name}.ctx")
    run("tpm2_readpublic", "-c", f"{name}.ctx", "-o", f"{name}.pub", "-n", f"{name}.name")


def activate(credential, high, ak="ak", status=0):
    """As the agent does: the EK is used under PolicySecret, or under the high templates by its empty authorization."""
    flush()
    words = ["tpm2_activatecredential", "-c", f"{ak}.ctx", "-C", "ek.ctx", "-i", credential, "-o", "opened"]
    if not high:
        run("tpm2_startauthsession", "--policy-session", "-S", "session")
        run("tpm2_policysecret", "-S", "session", "-c", "e")
        words += ["-P", "session:session"]
    run(*words, status=status)
    flush()
    return read("opened") if status == 0 else None


def names_agree():
    for name, make in TEMPLATES.items():
        make()
        run("tpm2_readpublic", "-c", "ek.ctx", "-n", "ek.name")
        node, ek_name = run(TOOL, "node", "ek.pub").split()
        assert bytes.fromhex(ek_name) == read("ek.name"), name
        assert len(node) == 64, name
        flush()


def credentials_open():
    make_ak()
    flush()
    write("secret", SECRET)
    for name, make in TEMPLATES.items():
        make()
        run(TOOL, "make", "ek.pub", "ak.pub", "secret", "credential")
        assert activate("credential", "high" in name) == SECRET, name


def the_peer_makes_the_same_kind():
    """tpm2_makecredential and we are interchangeable: same TPM, same AK, same lengths."""
    make_ak()
    flush()
    write("secret", SECRET)
    make_ek_low("ecc")
    run("tpm2_makecredential", "-T", "none", "-u", "ek.pub", "-s", "secret", "-n", read("ak.name").hex(), "-o",
        "peers")
    run(TOOL, "make", "ek.pub", "ak.pub", "secret", "ours")
    assert len(read("peers")) == len(read("ours"))
    assert activate("peers", False) == activate("ours", False) == SECRET


def other_keys_open_nothing():
    """ATTACKS 27: another AK than the one the credential names, and a credential with one bit changed."""
    make_ak()
    flush()
    run("tpm2_createprimary", "-C", "n", "-g", "sha256", "-G", "ecc256:ecdsa-sha256:null", "-a", AK, "-c", "other.ctx")
    flush()
    write("secret", SECRET)
    make_ek_low("rsa")
    run(TOOL, "make", "ek.pub", "ak.pub", "secret", "credential")
    activate("credential", False, ak="other", status=1)
    changed = bytearray(read("credential"))
    changed[12] ^= 1
    write("changed", bytes(changed))
    activate("changed", False, status=1)
    assert activate("credential", False) == SECRET


def other_templates_are_refused():
    make_ak()
    flush()
    run(TOOL, "node", "ak.pub", status=1)
    run("tpm2_createprimary", "-C", "e", "-g", "sha256", "-G", "ecc256:null:aes128cfb", "-a",
        "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|decrypt", "-c", "loose.ctx")
    flush()
    run("tpm2_readpublic", "-c", "loose.ctx", "-o", "loose.pub")
    run(TOOL, "node", "loose.pub", status=1)
    flush()


def certificate(handle, name):
    run("tpm2_nvread", "-C", "o", handle, "-o", name)


def local_ca_is_judged():
    """swtpm's local CA: a critical SAN with a directoryName, a root and an intermediate."""
    for handle, make in (("0x01c00002", TEMPLATES["rsa 2048"]), ("0x01c00016", TEMPLATES["ecc p384 high"])):
        make()
        certificate(handle, "ek.der")
        assert run(TOOL, "judge", "cas", "ek.der", "ek.pub") == "certified by a configured TPM maker\n", handle
        os.makedirs("none", exist_ok=True)
        assert "does not chain" in run(TOOL, "judge", "none", "ek.der", "ek.pub")
        os.makedirs("root-only", exist_ok=True)
        shutil.copy("cas/swtpm-localca-rootca-cert.pem", "root-only")
        assert "does not chain" in run(TOOL, "judge", "root-only", "ek.der", "ek.pub")
        write("padded.der", read("ek.der") + bytes(100))
        assert "certified by" in run(TOOL, "judge", "cas", "padded.der", "ek.pub")
        write("cut.der", read("ek.der")[:-1])
        assert "unreadable" in run(TOOL, "judge", "cas", "cut.der", "ek.pub")
        write("empty.der", b"")
        assert "no EK certificate" in run(TOOL, "judge", "cas", "empty.der", "ek.pub")
        flush()
    make_ek_low("ecc")
    assert "another key" in run(TOOL, "judge", "cas", "ek.der", "ek.pub")
    flush()


PCRS = "sha256:0,1,2,3,4,5,6,7,12,13,14"


def quote(pcrs, nonce):
    run("tpm2_quote", "-c", "ak.ctx", "-l", pcrs, "-q", nonce.hex(), "-m", "message", "-s", "signature", "-o", "pcrs", "-g", "sha256")
    run("tpm2_pcrread", PCRS, "-o", "values")
    write("nonce", nonce)
    flush()


def both(ours, peer=None):
    """Our verdict; and whether tpm2_checkquote takes the same quote, which peer tells where it is not our GOOD."""
    verdict = run(TOOL, "quote", "ak.pub", "message", "signature", "values", "nonce").strip()
    assert verdict == ours, f"{verdict}, not {ours}"
    done = subprocess.run(["tpm2_checkquote", "-u", "ak.pub", "-m", "message", "-s", "signature", "-f", "pcrs",
                           "-q", read("nonce").hex(), "-g", "sha256"], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=120)
    expected = (ours == "GOOD") if peer is None else peer
    assert (done.returncode == 0) == expected, f"{ours}: tpm2_checkquote: exit {done.returncode}\n{done.stdout}"


def flipped(content, at):
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1:]


def quotes_are_judged_alike():
    """By tpm2_checkquote and by us: good, other nonce, one bit of message, signature and values, and another key's."""
    make_ak()
    flush()
    nonce = bytes(range(20))
    quote(PCRS, nonce)
    both("GOOD")
    write("nonce", nonce[:-1])
    both("QUALIFYING")
    write("nonce", nonce)
    for name, ours in (("message", "SIGNATURE"), ("signature", "SIGNATURE")):
        good = read(name)
        write(name, flipped(good, len(good) - 1))
        both(ours)
        write(name, good)
    values, pcrs = read("values"), read("pcrs")
    write("values", flipped(values, 0))
    write("pcrs", flipped(pcrs, pcrs.index(values[:32])))
    both("PCR_DIGEST")
    # Authentic, but over fewer PCRs than are judged: the peer takes what the caller asked for, we one selection alone.
    quote("sha256:0,1,2,3,4,5,6,7", nonce)
    both("SELECTION", peer=True)


TESTS = [quotes_are_judged_alike, names_agree, credentials_open, the_peer_makes_the_same_kind, other_keys_open_nothing, other_templates_are_refused,
         local_ca_is_judged]


def prepare():
    maker = TpmMaker("ca")
    maker.make("state")
    maker.export(Path("cas"))


def main():
    where = tempfile.mkdtemp(prefix="signet-credential.")
    os.chdir(where)
    failed = 0
    try:
        prepare()
        print(f"1..{len(TESTS)}")
        with Swtpm("state"):
            for i, test in enumerate(TESTS):
                try:
                    flush()
                    test()
                    print(f"ok {i + 1} - {test.__name__}", flush=True)
                except (AssertionError, subprocess.TimeoutExpired) as e:
                    failed += 1
                    print(f"not ok {i + 1} - {test.__name__}", flush=True)
                    print("# " + str(e).replace("\n", "\n# "), flush=True)
    finally:
        os.chdir("/")
        shutil.rmtree(where)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
