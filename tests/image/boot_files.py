"""Boot files: the same each time but for the signature, signed by the right key, and made of the right parts."""
import os
import shutil

from rig import (FAILED, STAGE, USAGE, boot_files, development, digest, expect, fleet, folder, main, release, run, signet)

UNSIGNED = ("BOOTX64.unsigned.EFI", "core.img", "boot.img", "anchor.bin", "stage.elf", "grub.cfg")
COMMON = ["--config", os.path.abspath("secureboot/grub.cfg"), "--modules", os.path.abspath("secureboot/grub.modules")]


def build(out, *options, **how):
    return signet("boot", "build", "--keys", fleet().keys, "--stage", STAGE, *COMMON, "--out", out, *options, **how)


def same_inputs_same_files():
    first, second = folder("same/a"), folder("same/some/where/b")
    build("out", cwd=first)
    build("out", cwd=second)
    for name in UNSIGNED:
        expect(digest(first / "out" / name) == digest(second / "out" / name), f"{name} differs")
    build(first / "debug", "--allow-debug", "--unsigned")
    expect(digest(first / "debug/core.img") != digest(first / "out/core.img"), "another anchor, the same core image")
    expect(sorted(p.name for p in (first / "out").iterdir()) == sorted((*UNSIGNED, "BOOTX64.EFI")), "files left behind")


def signed_by_the_owner():
    efi = boot_files() / "BOOTX64.EFI"
    run("sbverify", "--cert", fleet().keys / "db.crt", efi, says="Signature verification OK")
    run("sbverify", "--cert", development().keys / "db.crt", efi, code=1)
    place = folder("unsigned")
    build(place / "out", "--unsigned")
    run("sbverify", "--cert", fleet().keys / "db.crt", place / "out/BOOTX64.EFI", code=1)
    expect(digest(place / "out/BOOTX64.EFI") == digest(place / "out/BOOTX64.unsigned.EFI"), "--unsigned changes the binary")


def the_anchor_goes_in():
    place = folder("anchor")
    build(place / "out", "--serial", "0x2f8,57600", "--hardware-class", "rack-7", "--allow-debug", "--unsigned")
    anchor = (place / "out/anchor.bin").read_bytes()
    stage = (place / "out/stage.elf").read_bytes()
    efi = (place / "out/BOOTX64.EFI").read_bytes()
    expect(anchor[12:24] == b"\x02\0\0\0\xf8\x02\0\0\0\xe1\0\0", "flags or serial line", anchor[:64].hex())
    expect(anchor[32:64].rstrip(b"\0") == b"rack-7", "hardware class")
    expect(stage.count(anchor) == 1 and efi.count(stage) == 1, "stage.elf or its anchor is not in the EFI binary")
    expect(len(stage) == STAGE.stat().st_size and stage.replace(anchor, b"SIGNETA1" + bytes(16376)) == STAGE.read_bytes(),
           "more than the anchor changed")
    signet("image", "verify", release(), "--boot", place / "out", says="accepted")
    signet("boot", "build", "--keys", fleet().keys, "--stage", place / "out/stage.elf", *COMMON, "--out", place / "again",
           code=FAILED, says="no free place")


def slot_size():
    place = folder("slot-size")
    build(place / "out", "--slot-size", "5M", "--unsigned")
    config = (place / "out/grub.cfg").read_text()
    expect("\nset slot_sectors=10240\n" in config, "the size is not in GRUB's configuration", config)
    expect(config.encode() in (place / "out/BOOTX64.EFI").read_bytes(), "another configuration is in the EFI binary")
    for name, content in (("none", "halt\n"), ("two", "\nset slot_sectors=1\nset slot_sectors=2\n")):
        (place / name).write_text(content)
        signet("boot", "build", "--keys", fleet().keys, "--stage", STAGE, "--config", place / name, *COMMON[2:], "--out",
               place / "bad", "--slot-size", "4M", code=FAILED, says=name)
    for size in ("0", "1K", "5G", "big", "3000000"):
        build(place / "bad", "--slot-size", size, code=USAGE, says="--slot-size")


def files_beside_the_stage():
    place = folder("beside")
    for file in (STAGE, "secureboot/grub.cfg", "secureboot/grub.modules"):
        shutil.copy(file, place)
    signet("boot", "build", "--keys", fleet().keys, "--stage", place / "stage.elf", "--out", place / "out")
    expect(digest(place / "out/core.img") != "", "nothing made")
    (place / "grub.cfg").unlink()
    signet("boot", "build", "--keys", fleet().keys, "--stage", place / "stage.elf", "--out", place / "out", code=FAILED,
           says="grub.cfg")


def missing_tools():
    place = folder("tools")
    build(place / "out", env={"PATH": str(place)}, code=FAILED, says="Debian package grub-common")
    build(place / "out", "--grub-dir", place, code=FAILED, says="Debian package grub-efi-amd64-bin")
    tools = folder("tools/bin")
    os.symlink(shutil.which("grub-mkimage"), tools / "grub-mkimage")
    build(place / "out", env={"PATH": str(tools)}, code=FAILED, says="Debian package sbsigntool")
    expect(not (place / "out/memdisk.tar").exists(), "the memory disk stays behind")


def a_tool_that_fails_halfway():
    place = folder("halfway")
    build(place / "out")
    before = digest(place / "out/core.img")
    tools = folder("halfway/bin")
    (tools / "grub-mkimage").write_text('#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\necho half >"$2"\nexit 1\n')
    (tools / "grub-mkimage").chmod(0o755)
    build(place / "out", env={"PATH": str(tools)}, code=FAILED, says="its own words stand above")
    expect(digest(place / "out/core.img") == before, "half an output took the place of a whole one")
    names = {f.name for f in (place / "out").iterdir()}
    expect(names == {*UNSIGNED, "BOOTX64.EFI"}, f"something stays behind: {names}")


def stages_that_are_none():
    place = folder("stages")
    whole = STAGE.read_bytes()
    at = whole.index(b"SIGNETA1" + bytes(100))
    no_magic = bytearray(whole)
    no_magic[at] ^= 1
    cases = {"garbage": b"no stage", "cut": whole[:len(whole) // 2], "no-magic": bytes(no_magic), "empty": b""}
    for name, content in cases.items():
        (place / name).write_bytes(content)
        signet("boot", "build", "--keys", fleet().keys, "--stage", place / name, *COMMON, "--out", place / "out", code=FAILED)
    expect(not (place / "out/BOOTX64.EFI").exists(), "something bootable was made")


def usage_errors():
    for options, says in ((["--serial", "com1"], "--serial"), (["--serial", "0x3f8"], "--serial"),
                          (["--serial", "0x3f8,7"], "--serial"), (["--serial", "0,9600"], "--serial"),
                          (["--hardware-class", "x" * 33], "32 characters"), (["--hardware-class", ""], "characters")):
        build("build/never", *options, code=USAGE, says=says)
    signet("boot", "build", "--keys", fleet().keys, code=USAGE, says="--out")
    signet("boot", "build", "--keys", "/nonexistent", "--out", "build/never", code=FAILED)
    expect(not os.path.exists("build/never"), "a usage error leaves files")


main([(f.__name__.replace("_", " "), f) for f in (
    same_inputs_same_files, signed_by_the_owner, the_anchor_goes_in, slot_size, files_beside_the_stage, missing_tools,
    a_tool_that_fails_halfway, stages_that_are_none, usage_errors)])
