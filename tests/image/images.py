"""Building, judging and showing images."""
import json
import os
import resource
from pathlib import Path

from rig import (FAILED, PAYLOAD, REFUSED, USAGE, Parts, development, digest, expect, fleet, folder, main, release, run,
                 signet)


def same_inputs_same_image():
    images = []
    for name in ("here", "some/where/else"):
        place = folder(f"reproducible-{name.replace('/', '-')}/{name}")
        (place / "payload").write_bytes(PAYLOAD.read_bytes())
        (place / "kernel").write_bytes(b"kernel" * 5000)
        fleet().build("out.img", components={"hypervisor": "payload", "service-kernel": "kernel"}, cwd=place)
        images.append(place / "out.img")
    expect(digest(images[0]) == digest(images[1]), "two builds differ")
    other = images[1].parent / "other.img"
    fleet().build(other, "--svn", "6", components={"hypervisor": images[1].parent / "payload"})
    expect(digest(other) != digest(images[0]), "another SVN gives the same image")


def time_of_creation():
    place = folder("created")
    fleet().build(place / "epoch", "--created", "2020-01-01")
    words = ["image", "build", "--component", f"hypervisor={PAYLOAD}", "--release", "1.0", "--svn", "5", "--keys",
             fleet().keys]
    signet(*words, "--output", place / "env", env={"SOURCE_DATE_EPOCH": "1577836800"})
    expect(digest(place / "epoch") == digest(place / "env"), "SOURCE_DATE_EPOCH and --created disagree")
    signet(*words, "--output", place / "now", says="created now")
    signet(*words, "--output", place / "bad", env={"SOURCE_DATE_EPOCH": "soon"}, code=USAGE, says="SOURCE_DATE_EPOCH")


def signed_is_accepted_unsigned_is_not():
    place = folder("signed")
    image = place / "image"
    fleet().build(image)
    fleet().verify(image, code=REFUSED, says="(error 16)")
    fleet().sign(image, 1)
    fleet().verify(image, code=REFUSED, says="(error 16)")
    fleet().sign(image, 3)
    fleet().verify(image, says="accepted")


def every_part_is_judged():
    place = folder("flips")
    kernel = place / "kernel"
    kernel.write_bytes(os.urandom(200000))
    image = fleet().image(place / "image", components={"hypervisor": PAYLOAD, "service-kernel": kernel})
    parts = Parts(image)
    hypervisor, kernel_part = parts.components[1], parts.components[2]
    cases = {
        "version": (12, "(error 11)"),
        "manifest": (parts.manifest + 80, "(error 15)"),
        "signature": (parts.signatures + 8 + 40, "(error 15)"),
        "keys": (parts.keys + 60, "(error 1"),
        "gap": (parts.manifest + parts.manifest_length + 1, "(error 11)"),
        "first byte": (hypervisor[0], "hypervisor: a component differs"),
        "last byte": (kernel_part[0] + kernel_part[1] - 1, "service-kernel: a component differs"),
        "padding": (kernel_part[0] + kernel_part[1], "(error 21)"),
    }
    for name, (offset, says) in cases.items():
        fleet().verify(parts.flipped(offset, place / "flipped"), code=REFUSED, says=says)
    fleet().verify(image, says="accepted")


def length_of_the_file():
    place = folder("length")
    whole = release().read_bytes()
    for name, content in (("short", whole[:-1]), ("long", whole + b"\0"), ("empty", b""), ("header", whole[:4096])):
        (place / name).write_bytes(content)
        fleet().verify(place / name, code=REFUSED)
    fleet().verify(place / "absent", code=FAILED, says="No such file")
    signet("image", "inspect", place, code=FAILED, says="Is a directory")


def policy():
    image = folder("policy") / "image"
    fleet().image(image, "--svn", "7", "--expiry", "2026-06-01", "--hardware-class", "rack-7", "--min-stage-version", "3",
                  "--development", "--debug")
    good = {"--floor": "7", "--key-floor": "1", "--stage-version": "3", "--hardware-class": "rack-7",
            "--now": "2026-05-31T23:59:59Z", "--allow-development": None, "--allow-debug": None}

    def verify(changes, **how):
        words = [w for k, v in {**good, **changes}.items() if v is not False for w in ([k] if v is None else [k, v])]
        fleet().verify(image, *words, **how)

    verify({}, says="accepted")
    for changes, error in (({"--floor": "8"}, 22), ({"--key-floor": "2"}, 19), ({"--stage-version": "2"}, 24),
                           ({"--hardware-class": "rack-8"}, 25), ({"--allow-development": False}, 26),
                           ({"--allow-debug": False}, 27), ({"--now": "2026-06-01"}, 29), ({"--now": "2025-01-01"}, 29)):
        verify(changes, code=REFUSED, says=f"(error {error})")
    leap = image.parent / "leap"
    fleet().image(leap, "--svn", "1030")
    fleet().verify(leap, "--floor", "6", says="accepted")
    fleet().verify(leap, "--floor", "5", code=REFUSED, says="(error 23)")


def other_keys_and_rotation():
    image = release()
    development().verify(image, "--allow-development", code=REFUSED, says="(error 18)")
    signet("image", "verify", image, "--anchor", fleet().manifest, says="accepted")
    signet("image", "verify", image, code=USAGE, says="whom to trust")
    signet("image", "verify", image, "--anchor", fleet().manifest, "--keys", fleet().keys, code=USAGE, says="one of")
    signet("image", "verify", image, "--anchor", PAYLOAD, code=FAILED, says="(error 65)")
    product = folder("product") / "image"
    fleet().image(product, "--product", "other")
    fleet().verify(product, code=REFUSED, says="(error 30)")


def development_keys_mark_their_images():
    place = folder("development-marks")
    image = place / "image"
    development().build(image)
    signet("image", "sign", image, "--keys", development().keys)
    development().verify(image, code=REFUSED, says="(error 26)")
    development().verify(image, "--allow-development", says="accepted")
    development().build(place / "plain", "--keys-chain", development().manifest)
    signet("image", "sign", place / "plain", "--keys", development().keys, code=REFUSED, says="not marked")


def json_output():
    facts = json.loads(fleet().verify(release(), "--json"))
    expect(facts["accepted"] and facts["release"] == "1.0" and facts["svn"] == 5, "JSON of verify", str(facts))
    refused = json.loads(fleet().verify(release(), "--floor", "6", "--json", code=REFUSED))
    expect(not refused["accepted"] and refused["error"] == 22, "JSON of a refusal", str(refused))
    shown = json.loads(signet("image", "inspect", release(), "--json"))
    expect(shown["verdict"] is None and [s["worth"] for s in shown["signatures"]] == [None, None], "claims validity",
           str(shown))
    expect(shown["length"] == release().stat().st_size and shown["components"][0]["kind"] == "hypervisor", "JSON of inspect")


def inspect_claims_nothing_by_itself():
    bare = signet("image", "inspect", release(), says="not judged")
    expect("valid" not in bare and "verdict: none" in bare, "validity without keys", bare)
    expect("2026-01-02T03:04:05Z" in bare and " KiB" in bare, "not made for people", bare)
    judged = signet("image", "inspect", release(), "--keys", fleet().keys)
    expect(judged.count("  valid") == 2 and "signatures hold" in judged, "signatures not judged", judged)
    parts = Parts(release())
    wrong = parts.flipped(parts.signatures + 8 + 40 + 3, folder("wrong") / "image")
    signet("image", "inspect", wrong, "--keys", fleet().keys, says="WRONG")
    stranger = signet("image", "inspect", release(), "--keys", development().keys, says="refused")
    expect("  valid" not in stranger, "a stranger's keys make it valid", stranger)


def large_components_in_little_memory():
    place = folder("large")
    kernel = place / "kernel"
    with open(kernel, "wb") as f:
        f.truncate(192 << 20)
    small = 96 << 20

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (small, small))

    image = place / "image"
    fleet().build(image, components={"hypervisor": PAYLOAD, "service-kernel": kernel}, limit=limit)
    fleet().sign(image)
    fleet().verify(image, says="accepted", limit=limit)


def component_rules():
    place = folder("components")
    header = bytearray(PAYLOAD.read_bytes())
    for name, offset in (("magic", 0), ("version", 8), ("length", 16)):
        changed = bytearray(header)
        changed[offset] ^= 1
        (place / name).write_bytes(changed)
        fleet().build(place / "out", components={"hypervisor": place / name}, code=FAILED, says="(error 31)")
    (place / "empty").touch()
    kernel = {"hypervisor": PAYLOAD, "service-kernel": place / "empty"}
    fleet().build(place / "out", components=kernel, code=FAILED, says="empty")
    (place / "empty").write_bytes(b"x" * 4097)
    fleet().build(place / "out", "--memory-length", "service-kernel=4K", components=kernel, code=FAILED)
    expect(list(place.glob("out*")) == [], "something half-made stays")
    fleet().build(place / "out", "--memory-length", "service-kernel=8K", "--load-address", "service-kernel=0x1000000",
                  components=kernel)
    shown = json.loads(signet("image", "inspect", place / "out", "--json"))["components"][1]
    expect(shown["memoryLength"] == 8192 and shown["loadAddress"] == 0x1000000, "placement lost", str(shown))


def usage_errors():
    place = folder("usage")
    good = ["--component", f"hypervisor={PAYLOAD}", "--release", "1", "--svn", "1", "--created", "1", "--keys", fleet().keys,
            "--output", place / "out"]
    cases = [
        (["--component", "kernel=x"], "known kind"), (["--component", f"hypervisor={PAYLOAD}"], "twice"),
        (["--memory-length", "hypervisor=1M"], "its own header"), (["--load-address", "microcode=1"], "that is given"),
        (["--load-address", "hypervisor=0x1000"], "multiple of 2048 KiB"),
        (["--product", "x" * 33], "32 characters"), (["--product", ""], "characters"), (["--product", "a\nb"], "printable"),
        (["--svn", "1"], "twice"), (["--expiry", "2026-02-30"], "--expiry"), (["--expiry", "+0d"], "--expiry"),
        (["--expiry", "1"], "before it was created"), (["--build-id", "abc"], "hexadecimal"),
        (["--min-stage-version", "4294967296"], "number"), (["--keys-chain", "x"], "exclude"), (["extra"], "too many"),
        (["--nonsense"], "unknown option"),
    ]
    for words, says in cases:
        signet("image", "build", *good, *words, code=USAGE, says=says)
    signet("image", "build", *good[2:], code=USAGE, says="--component")
    signet("image", "build", "--component", f"stage={PAYLOAD}", *good[2:], code=USAGE, says="needs a hypervisor")
    signet("image", "build", *good[:4], "--svn", str(1 << 24), *good[6:], code=USAGE, says="number from 0")
    signet("image", "verify", release(), "--keys", fleet().keys, "--now", "noon", code=USAGE, says="--now")
    signet("image", "inspect", code=USAGE, says="too few")
    expect(not (place / "out").exists(), "a usage error leaves a file")
    signet("image", "build", *good)


def outputs_are_whole_or_absent():
    place = folder("atomic")
    (place / "out").write_text("precious")
    fleet().build(place / "out", components={"hypervisor": place / "absent"}, code=FAILED, says="No such file")
    expect((place / "out").read_text() == "precious" and len(list(place.iterdir())) == 1, "the old file is gone")
    fleet().build(place / "no/such/folder/out", code=FAILED, says="No such file")


def help_and_man():
    for group in ("image", "boot", "flash"):
        text = run("build/signet", group, "--help")
        expect(text.strip(), f"{group} has no help")


def damaged_key_chain():
    place = folder("chain")
    manifest = bytearray(Path(fleet().manifest).read_bytes())
    manifest[-200] ^= 1
    (place / "bad").write_bytes(manifest[:100])
    fleet().build(place / "out", "--keys-chain", place / "bad", code=FAILED, says="(error 17)")
    fleet().build(place / "out", "--keys-chain", development().manifest, "--keys-chain", fleet().manifest, code=REFUSED,
                  says="(error 18)")
    fleet().build(place / "out", "--keys-chain", fleet().manifest)


main([(f.__name__.replace("_", " "), f) for f in (
    same_inputs_same_image, time_of_creation, signed_is_accepted_unsigned_is_not, every_part_is_judged, length_of_the_file,
    policy, other_keys_and_rotation, development_keys_mark_their_images, json_output, inspect_claims_nothing_by_itself,
    large_components_in_little_memory, component_rules, usage_errors, outputs_are_whole_or_absent, help_and_man,
    damaged_key_chain)])
