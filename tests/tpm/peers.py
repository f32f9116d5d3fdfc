#!/usr/bin/python3
"""Our Names, policies and NV indices against independent peers: tpm2-tools and OpenSSL on the same TPM. Prints TAP.
usage: tests/tpm/peers.py NVTOOL"""
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time

NVTOOL = os.path.abspath(sys.argv[1])
NODE_ID = bytes(range(32))
OUR_BOOT = [hashlib.sha256(b).hexdigest() for b in (b"SecureBoot=1", b"PK", b"KEK", b"db", b"dbx")]
OTHER_BOOT = [hashlib.sha256(b"SecureBoot=0").hexdigest()]
DIGEST = "a1" * 48
# Response codes with the parameter or session they blame.
VALUE, POLICY_FAIL, BAD_AUTH, AUTH_FAIL = 0x1C4, 0x99D, 0x9A2, 0x98E


def run(*words, status=0):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != status:
        raise AssertionError(f"{' '.join(words)}: exit {done.returncode}, not {status}\n{done.stdout}{done.stderr}")
    return done.stdout


def refused(code, *words):
    """The TPM says no, with this response code."""
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode != 0 and f"(0x{code:08x})" in done.stdout, done.stdout


def write(name, content):
    with open(name, "wb") as f:
        f.write(content)


def read(name):
    with open(name, "rb") as f:
        return f.read()


def values(text):
    return dict(line.split(" ", 1) for line in text.splitlines())


def extensions(name, digests):
    write(name, "".join(d + "\n" for d in digests).encode())


def nvtool(command, *words, boot="our.pcr7", status=0):
    return values(run(NVTOOL, command, "--state", "state", "--authority", "authority", "--pcr7", boot, *words,
                      status=status))


class Swtpm:
    """One that tpm2-tools can talk to, on the state directory that nvtool uses too."""

    def __init__(self, boot):
        self.boot = boot

    def __enter__(self):
        self.child = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--server", "type=unixio,path=tpm", "--ctrl", "type=unixio,path=tpm.ctrl",
             "--tpmstate", "dir=state", "--flags", "not-need-init,startup-clear"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not os.path.exists("tpm.ctrl"):
            if self.child.poll() is not None:
                raise AssertionError("swtpm did not start")
            time.sleep(0.01)
        os.environ["TPM2TOOLS_TCTI"] = "swtpm:path=" + os.path.abspath("tpm")
        for digest in self.boot:
            run("tpm2_pcrextend", "7:sha256=" + digest)

    def __exit__(self, *_):
        run("tpm2_shutdown", "--clear")
        self.child.terminate()
        self.child.wait()
        for name in ("tpm", "tpm.ctrl"):
            if os.path.exists(name):
                os.unlink(name)


def raw_signature(der):
    """r || s out of DER: SEQUENCE { INTEGER, INTEGER }."""
    def integer(at):
        assert der[at] == 2
        length = der[at + 1]
        return int.from_bytes(der[at + 2:at + 2 + length], "big").to_bytes(32, "big"), at + 2 + length
    r, at = integer(2)
    s, _ = integer(at)
    return r + s


def openssl_authority():
    """The authority blob as docs/format.md describes it, made without a line of ours."""
    public = run_binary("openssl", "ec", "-in", "policy.pem", "-pubout", "-outform", "DER")[-64:]
    approved = bytes.fromhex(nvtool_pcr7()["policy"])
    write("approval", approved + NODE_ID)
    run("openssl", "dgst", "-sha256", "-sign", "policy.pem", "-out", "approval.sig", "approval")
    write("authority", b"SIGNETP1" + (1).to_bytes(4, "little") + (1).to_bytes(4, "little") + NODE_ID + public + approved +
          raw_signature(read("approval.sig")))
    write("approved", approved)


def run_binary(*words):
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def nvtool_pcr7():
    return values(run(NVTOOL, "pcr7", "--state", "state", "--pcr7", "our.pcr7"))


def load_policy_key():
    run("openssl", "ec", "-in", "policy.pem", "-pubout", "-out", "policy.pub")
    run("tpm2_loadexternal", "-C", "o", "-G", "ecc256:ecdsa-sha256", "-a", "sign|userwithauth", "-u", "policy.pub", "-c",
        "key.ctx", "-n", "key.name")
    run("tpm2_verifysignature", "-c", "key.ctx", "-g", "sha256", "-m", "approval", "-s", "approval.sig", "-f", "ecdsa", "-t",
        "ticket")


def peer_session():
    run("tpm2_startauthsession", "--policy-session", "-S", "session.ctx")
    run("tpm2_policypcr", "-S", "session.ctx", "-l", "sha256:7", "-L", "pcr.policy")


AUTHORIZE = ("tpm2_policyauthorize", "-S", "session.ctx", "-L", "authorized.policy", "-i", "approved", "-q", "node.id",
             "-n", "key.name", "-t", "ticket")
WRITE_FLOOR = ("tpm2_nvwrite", "0x01805102", "-C", "0x01805102", "-P", "session:session.ctx", "-i", "floor")


def pcr7_and_its_policy_agree():
    ours = nvtool_pcr7()
    with Swtpm(OUR_BOOT):
        peer_session()
        run("tpm2_pcrread", "sha256:7", "-o", "pcr7.value")
        assert read("pcr7.value").hex() == ours["pcr7"]
        assert read("pcr.policy").hex() == ours["policy"]


def indices_carry_the_peers_policy():
    nvtool("provision", "--image-floor", "5", "--key-floor", "2", "--slot-a", "good:" + DIGEST)
    with Swtpm(OUR_BOOT):
        load_policy_key()
        peer_session()
        run(*AUTHORIZE)
        policy = read("authorized.policy").hex().upper()
        for index in range(0x01805100, 0x01805104):
            public = run("tpm2_nvreadpublic", hex(index))
            assert "authorization policy: " + policy in public, public
            assert "friendly: policywrite|authread|no_da|written" in public or index == 0x01805101, public


def the_state_reads_as_written():
    shown = nvtool("show")
    assert (shown["nv"], shown["writable"], shown["image-floor"], shown["key-floor"]) == ("provisioned", "1", "5", "2")
    assert (shown["slot-a"], shown["slot-a-digest"], shown["slot-b"]) == ("GOOD", DIGEST, "EMPTY")
    nvtool("set-state", "--slot-b", "trying:2:" + "b2" * 48, "--image-floor", "4")
    shown = nvtool("show")
    assert (shown["slot-b"], shown["slot-b-tries"], shown["image-floor"]) == ("TRYING", "2", "4")
    assert (shown["slot-a"], shown["key-floor"]) == ("GOOD", "2")


def a_peer_under_our_pcr7_may_write():
    write("floor", (9).to_bytes(8, "little") + ((1 << 64) - 1 - 9).to_bytes(8, "little"))
    with Swtpm(OUR_BOOT):
        load_policy_key()
        peer_session()
        run(*AUTHORIZE)
        run(*WRITE_FLOOR)
    assert nvtool("show")["image-floor"] == "9"


def a_peer_under_another_pcr7_may_not():
    with Swtpm(OTHER_BOOT):
        load_policy_key()
        peer_session()
        refused(VALUE, *AUTHORIZE)
        refused(POLICY_FAIL, *WRITE_FLOOR)
        refused(BAD_AUTH, "tpm2_nvundefine", "0x01805102", "-C", "o")
        refused(AUTH_FAIL, "tpm2_clear")
    assert nvtool("show")["image-floor"] == "9"


def nvtool_tells_a_denied_write():
    nvtool("set-state", "--slot-b", "empty", boot="other.pcr7", status=5)
    assert nvtool("show", boot="other.pcr7")["writable"] == "0"
    assert nvtool("show")["slot-b"] == "TRYING"


def nvtool_refuses_what_it_does_not_understand():
    nvtool("set-state", "--slot-b", "good:b2", status=2)
    nvtool("set-state", "--slot-b", "bad:9:" + DIGEST, status=1)
    nvtool("set-state", "--slot-b", "bad:2:" + DIGEST)
    assert (nvtool("show")["slot-b"], nvtool("show")["slot-b-cause"]) == ("BAD", "2")


def set_up():
    extensions("our.pcr7", OUR_BOOT)
    extensions("other.pcr7", OTHER_BOOT)
    write("node.id", NODE_ID)
    run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "policy.pem")
    openssl_authority()


TESTS = [
    pcr7_and_its_policy_agree,
    indices_carry_the_peers_policy,
    the_state_reads_as_written,
    a_peer_under_our_pcr7_may_write,
    a_peer_under_another_pcr7_may_not,
    nvtool_tells_a_denied_write,
    nvtool_refuses_what_it_does_not_understand,
]


def main():
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    failures = 0
    try:
        set_up()
        for number, test in enumerate(TESTS, 1):
            try:
                test()
                print("ok", number, test.__name__)
            except AssertionError as problem:
                failures += 1
                print("not ok", number, test.__name__)
                print("#", str(problem).replace("\n", "\n# "))
    finally:
        os.chdir("/")
        shutil.rmtree(folder)
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
