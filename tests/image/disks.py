"""Flash disks in image files: what stands where, that it is the same each time, and what is refused."""
import json
import os
import shutil
from pathlib import Path

from rig import (FAILED, PAYLOAD, REFUSED, ROOT, USAGE, Parts, boot_files, digest, expect, fleet, folder, main, once, release, run,
                 signet)

MIB = 1 << 20
NAMES = ["signet-esp", "signet-bios", "signet-a", "signet-b", "signet-authority", "signet-data"]


def make(target, *options, **how):
    given = [] if "--slot-a" in options else ["--slot-a", release()]
    return signet("flash", "make", target, "--boot", boot_files(), *given, *options, **how)


def _disk():
    make(ROOT / "disk.img")
    return ROOT / "disk.img"


disk = once(_disk)


def partitions(path):
    """Name to (offset, length), as sfdisk reads them."""
    table = json.loads(run("sfdisk", "-J", path))["partitiontable"]
    expect(table["label"] == "gpt", "no GPT")
    return {p["name"]: (p["start"] * 512, p["size"] * 512) for p in table["partitions"]}


def content(path, name, length=None):
    offset, size = partitions(path)[name]
    with open(path, "rb") as f:
        f.seek(offset)
        return f.read(length or size)


def partition_table():
    found = partitions(disk())
    expect(list(found) == NAMES, "names or order", str(found))
    sizes = {"signet-esp": 64 * MIB, "signet-a": 2 * MIB, "signet-b": 2 * MIB, "signet-authority": 65536}
    for name, size in sizes.items():
        expect(found[name][1] == size, f"size of {name}", str(found))
    expect(all(offset % MIB == 0 for offset, _ in found.values()), "alignment", str(found))
    run("sfdisk", "--verify", disk(), says="No errors detected")
    types = {p["name"]: p["type"] for p in json.loads(run("sfdisk", "-J", disk()))["partitiontable"]["partitions"]}
    expect(types["signet-esp"] == "C12A7328-F81F-11D2-BA4B-00A0C93EC93B", "type of the EFI system partition")
    expect(types["signet-bios"] == "21686148-6449-6E6F-744E-656564454649", "type of the BIOS boot partition")


def backup_table():
    """sfdisk must find the same disk when the primary table is gone."""
    copy = folder("backup") / "disk"
    run("cp", "--sparse=always", disk(), copy)
    with open(copy, "r+b") as f:
        f.seek(512)
        f.write(bytes(512 * 33))
    expect(partitions(copy) == partitions(disk()), "the backup table says something else")


def efi_system_partition():
    place = folder("esp")
    image = f"{disk()}@@{partitions(disk())['signet-esp'][0]}"
    run("mcopy", "-n", "-i", image, "::EFI/BOOT/BOOTX64.EFI", place / "efi")
    expect(digest(place / "efi") == digest(boot_files() / "BOOTX64.EFI"), "another EFI binary")
    run("mdir", "-/", "-i", image, "::", says="BOOTX64  EFI")
    # A volume another system can go on working with: a second file, then both are whole.
    copy = place / "disk"
    run("cp", "--sparse=always", disk(), copy)
    image = f"{copy}@@{partitions(copy)['signet-esp'][0]}"
    run("mcopy", "-i", image, boot_files() / "core.img", "::EFI/second")
    for name, original in (("EFI/second", "core.img"), ("EFI/BOOT/BOOTX64.EFI", "BOOTX64.EFI")):
        run("mcopy", "-n", "-o", "-i", image, f"::{name}", place / "back")
        expect(digest(place / "back") == digest(boot_files() / original), f"{name} is damaged")


def slots():
    both = folder("slots") / "disk"
    second = both.parent / "second"
    fleet().image(second, "--svn", "6")
    make(both, "--slot-b", second)
    for name, image in (("signet-a", release()), ("signet-b", second)):
        whole = image.read_bytes()
        expect(content(both, name)[:len(whole)] == whole, f"content of {name}")
    expect(content(disk(), "signet-b") == bytes(2 * MIB), "slot B is not empty")


def same_inputs_same_disk():
    first, second = folder("same/a"), folder("same/other/b")
    make("disk", cwd=first)
    make("disk", cwd=second, env={"TZ": "Asia/Tokyo", "SOURCE_DATE_EPOCH": "1"})
    expect(digest(first / "disk") == digest(second / "disk"), "two disks differ")
    image = first / "other-image"
    fleet().image(image, "--svn", "8")
    make(first / "other", "--slot-a", image)
    ids = [json.loads(run("sfdisk", "-J", p))["partitiontable"]["id"] for p in (first / "disk", first / "other")]
    expect(ids[0] != ids[1], "two different disks have one GUID")


def sizes():
    place = folder("sizes")
    make(place / "disk", "--size", "200M")
    expect((place / "disk").stat().st_size == 200 * MIB, "size of the file")
    expect((place / "disk").stat().st_blocks * 512 < 20 * MIB, "the file is not sparse")
    make(place / "small", "--size", "70M", code=FAILED, says="too small")
    # 1 table + 64 ESP + 1 BIOS + 2 + 2 slots + 1 authority + 1 data + 1 table
    make(place / "smaller", "--size", "72M", code=FAILED, says="73.0 MiB are needed")
    make(place / "least", "--size", "73M")
    make(place / "odd", "--size", "1000", code=USAGE, says="--size")
    make(place / "other", "--slot-size", "4M", code=USAGE, says="boot build --slot-size")
    expect(not any((place / n).exists() for n in ("small", "smaller", "odd", "other")), "a refused disk was made")


def images_are_judged_first():
    place = folder("judged")
    fleet().build(place / "unsigned")
    make(place / "disk", "--slot-a", place / "unsigned", code=REFUSED, says="(error 16)")
    (place / "big").write_bytes(os.urandom(2 * MIB))
    fleet().image(place / "large", components={"hypervisor": PAYLOAD, "service-kernel": place / "big"})
    make(place / "disk", "--slot-b", place / "large", code=REFUSED, says="(error 12)")
    parts = Parts(release())
    make(place / "disk", "--slot-a", parts.flipped(parts.payload, place / "flipped"), code=REFUSED, says="(error 21)")
    fleet().image(place / "debug", "--debug")
    make(place / "disk", "--slot-a", place / "debug", code=REFUSED, says="(error 27)")
    expect(not (place / "disk").exists(), "a disk was made all the same")
    (place / "disk").write_text("precious")
    make(place / "disk", "--slot-a", place / "unsigned", code=REFUSED)
    expect((place / "disk").read_text() == "precious", "the file before is gone")


def boot_files_are_checked():
    place = folder("boot-files")
    for file in boot_files().iterdir():
        (place / file.name).write_bytes(file.read_bytes())
    for name, content_of in (("core.img", b"x" * 2000), ("boot.img", b"x" * 512), ("anchor.bin", b"x" * 16384),
                             ("grub.cfg", b"halt\n")):
        good = (place / name).read_bytes()
        (place / name).write_bytes(content_of)
        signet("flash", "make", place / "disk", "--boot", place, "--slot-a", release(), code=FAILED)
        (place / name).write_bytes(good)
    signet("flash", "make", place / "disk", "--boot", place, "--slot-a", release())
    signet("flash", "make", place / "disk2", "--boot", folder("nothing"), "--slot-a", release(), code=FAILED, says="boot build")


def bios_boot():
    core = (boot_files() / "core.img").read_bytes()
    start = partitions(disk())["signet-bios"][0] // 512
    placed = content(disk(), "signet-bios", len(core))
    sectors = (len(core) + 511) // 512
    expect(placed[512:] == core[512:] and placed[:500] == core[:500], "core.img is changed beyond its blocklist")
    expect(placed[500:510] == (start + 1).to_bytes(8, "little") + (sectors - 1).to_bytes(2, "little"), "blocklist")
    with open(disk(), "rb") as f:
        mbr = f.read(512)
    expect(mbr[0x5c:0x64] == start.to_bytes(8, "little") and mbr[510:] == b"\x55\xaa", "boot sector")
    expect(mbr[450] == 0xEE and mbr[446] == 0, "protective MBR")


def one_slot():
    place = folder("one-slot")
    run("cp", "--sparse=always", disk(), place / "disk")
    target, second = place / "disk", place / "second"
    fleet().image(second, "--svn", "9")
    before = target.read_bytes()
    fleet().build(place / "unsigned")
    trust = ["--boot", boot_files()]
    signet("flash", "slot", target, "b", place / "unsigned", *trust, code=REFUSED, says="(error 16)")
    signet("flash", "slot", target, "c", second, *trust, code=USAGE, says="a or b")
    signet("flash", "slot", target, "b", second, code=USAGE, says="whom to trust")
    signet("flash", "slot", second, "b", second, *trust, code=FAILED, says="no Signet flash disk")
    expect(target.read_bytes() == before, "a refused image changed the disk")
    signet("flash", "slot", target, "b", second, *trust)
    whole = second.read_bytes()
    start = partitions(target)["signet-b"][0]
    expect(target.read_bytes() == before[:start] + whole + before[start + len(whole):], "more or less than slot B changed")


def what_lies_in_the_slots_is_shown():
    place = folder("inspected")
    target, second = place / "disk", place / "second"
    fleet().image(second, "--svn", "9")
    make(target, "--slot-b", second)
    before = digest(target)
    for word in "slot a: accepted", "slot b: accepted", "SVN              9", "boots: slot b first", "write authority: none":
        signet("flash", "inspect", target, "--boot", boot_files(), says=word)
    signet("flash", "inspect", target, says="slot a: not judged")
    seen = json.loads(signet("flash", "inspect", target, "--boot", boot_files(), "--json"))
    expect(seen["boots"] == ["b", "a"] and [s["svn"] for s in seen["slots"]][1] == 9, "both, the newest first", str(seen))
    expect(json.loads(signet("flash", "inspect", target, "--json"))["boots"] == [], "an order of what nobody judged")
    expect(digest(target) == before, "looking changes the disk")
    start = partitions(target)
    with open(target, "r+b") as f:
        f.seek(start["signet-b"][0] + second.stat().st_size - 1)
        f.write(b"?")
        f.seek(start["signet-a"][0])
        f.write(bytes(4096))
    seen = json.loads(signet("flash", "inspect", target, "--boot", boot_files(), "--json"))
    expect([s["state"] for s in seen["slots"]] == ["empty", "refused"] and seen["boots"] == [], "a damaged slot", str(seen))
    with open(target, "r+b") as f:
        f.seek(start["signet-a"][0])
        f.write(b"noise")
    signet("flash", "inspect", target, says="slot a: no image")
    signet("flash", "inspect", second, code=FAILED, says="no Signet flash disk")
    signet("flash", "inspect", place / "none", code=FAILED, says="cannot open")


def authority():
    place = folder("authority")
    target = place / "disk"
    signet("keys", "authorize", fleet().keys, "--node-id", "11" * 32, "--pcr7", "22" * 32, "--out", place / "one")
    make(target, "--authority", place / "one")
    one = (place / "one").read_bytes()
    expect(content(target, "signet-authority")[:len(one)] == one, "the write authority is not there")
    signet("keys", "authorize", fleet().keys, "--node-id", "11" * 32, "--pcr7", "33" * 32, "--out", place / "two")
    before = target.read_bytes()
    (place / "bad").write_bytes(b"no authority")
    signet("flash", "authority", target, place / "bad", code=FAILED, says="(error 51)")
    make(place / "other", "--authority", place / "bad", code=FAILED, says="(error 51)")
    expect(target.read_bytes() == before and not (place / "other").exists(), "a bad authority changed something")
    signet("flash", "authority", target, place / "two")
    start = partitions(target)["signet-authority"][0]
    two = (place / "two").read_bytes().ljust(65536, b"\0")
    expect(target.read_bytes() == before[:start] + two + before[start + 65536:], "more than the authority changed")


def damaged_tables():
    place = folder("tables")
    target, image = place / "disk", place / "image"
    fleet().image(image, "--svn", "9")
    run("cp", "--sparse=always", disk(), target)
    for offset in (512, 512 + 16, 512 + 40, 1024, 1024 + 32, 1024 + 128 + 56):
        with open(target, "r+b") as f:
            f.seek(offset)
            byte = f.read(1)[0]
            f.seek(offset)
            f.write(bytes([byte ^ 1]))
            f.flush()
            signet("flash", "slot", target, "b", image, "--boot", boot_files(), code=FAILED, says="no Signet flash disk")
            f.seek(offset)
            f.write(bytes([byte]))
    signet("flash", "slot", target, "b", image, "--boot", boot_files())


def usage_errors():
    signet("flash", "make", "x", "--boot", boot_files(), code=USAGE, says="--slot-a")
    signet("flash", "make", "--boot", boot_files(), "--slot-a", release(), code=USAGE, says="too few")
    signet("flash", "slot", "x", "a", code=USAGE, says="too few")
    signet("flash", "authority", "x", code=USAGE, says="too few")
    make(ROOT, code=FAILED, says="neither a disk nor a regular file")
    make("/dev/null", code=FAILED, says="neither a disk nor a regular file")
    make("/dev/no-such-disk", "--yes", code=FAILED, says="No such file or directory")
    expect(not Path("/dev/no-such-disk").exists(), "a mistyped disk became a file in /dev")


def source_is_kept():
    place = folder("source")
    image = place / "release.img"
    shutil.copy(release(), image)
    before = digest(image)
    signet("flash", "make", image, "--boot", boot_files(), "--slot-a", image, code=USAGE, says="both --slot-a and the disk")
    expect(digest(image) == before, "the image was overwritten by the disk made of it")
    signet("flash", "make", place / "disk.img", "--boot", boot_files(), "--slot-a", image)


main([(f.__name__.replace("_", " "), f) for f in (
    partition_table, backup_table, efi_system_partition, slots, same_inputs_same_disk, sizes, images_are_judged_first,
    boot_files_are_checked, bios_boot, one_slot, what_lies_in_the_slots_is_shown, authority, damaged_tables, usage_errors, source_is_kept)])
