"""The foretold PCRs against a second computation, made from docs/measurements.md and the PE format alone."""
import hashlib
import json
import struct
from pathlib import Path

from rig import (FAILED, PAYLOAD, REFUSED, USAGE, Parts, boot_files, development, expect, fleet, folder, main,
                 release, signet)

BANKS = ("sha1", "sha256", "sha384", "sha512")
KINDS = {1: "hypervisor", 2: "service-kernel"}


def extend(bank, value, data_digest):
    return hashlib.new(bank, value + data_digest).digest()


def record(kind, digest, first, second, text):
    body = struct.pack("<8sII48sQQ176s", b"SIGNETE1", kind, 256, digest, first, second, text.encode())
    return struct.pack("<II", 0x544E4753, 256) + body


def expected_events(image, anchor):
    parts = Parts(image)
    manifest = bytes(parts.bytes[parts.manifest:parts.manifest + parts.manifest_length])
    svn, flags = struct.unpack_from("<II", manifest, 80)
    body_length, version = struct.unpack_from("<IQ", parts.bytes, parts.keys + 12)
    body = bytes(parts.bytes[parts.keys:parts.keys + body_length])
    product, name = (manifest[o:o + 32].rstrip(b"\0").decode() for o in (16, 48))

    def sha(data):
        return hashlib.sha384(data).digest()

    yield record(1, sha(anchor), 1, struct.unpack_from("<I", anchor, 12)[0], "stage")
    yield record(2, sha(body), version, 0, "key manifest")
    yield record(3, sha(manifest), svn, flags, f"{product} {name}")
    for kind, length, digest in parts.component_digests:
        yield record(4, digest, kind, length, KINDS[kind])
    yield record(5, bytes(48), 0, 0, "separator")


def forecast(image):
    told = json.loads(signet("image", "pcrs", image, "--boot", boot_files(), "--json"))
    return told["authenticode"], {p["pcr"]: p for p in told["pcrs"]}


def pcr12():
    place = folder("pcr12")
    (place / "kernel").write_bytes(b"k" * 70000)
    image = fleet().image(place / "image", components={"hypervisor": PAYLOAD, "service-kernel": place / "kernel"})
    events = list(expected_events(image, (boot_files() / "anchor.bin").read_bytes()))
    _, told = forecast(image)
    expect(len(told[12]["events"]) == len(events), "number of events")
    for bank in BANKS:
        value = bytes(hashlib.new(bank).digest_size)
        for event, shown in zip(events, told[12]["events"]):
            digest = hashlib.new(bank, event).digest()
            expect(shown["digests"][bank] == digest.hex(), f"{bank} of event {shown['text']}")
            value = extend(bank, value, digest)
        expect(told[12]["value"][bank] == value.hex(), f"PCR 12 in bank {bank}")


def authenticode(bank, pe):
    """By cutting out what signing changes: checksum, directory entry, certificates at the end."""
    optional = struct.unpack_from("<I", pe, 0x3C)[0] + 24
    at, size = struct.unpack_from("<II", pe, optional + 144)
    end = at if size else len(pe)
    expect(not size or at + size == len(pe), "certificates are not at the end")
    return hashlib.new(bank, pe[:optional + 64] + pe[optional + 68:optional + 144] + pe[optional + 152:end])


def pcr4():
    pe = (boot_files() / "BOOTX64.EFI").read_bytes()
    told_digest, told = forecast(release())
    for bank in BANKS:
        digest = authenticode(bank, pe).digest()
        expect(told_digest[bank] == digest.hex(), f"Authenticode digest in bank {bank}")
        value = bytes(len(digest))
        for data in (hashlib.new(bank, b"Calling EFI Application from Boot Option").digest(),
                     hashlib.new(bank, bytes(4)).digest(), digest):
            value = extend(bank, value, data)
        expect(told[4]["value"][bank] == value.hex(), f"PCR 4 in bank {bank}")


def signing_changes_no_digest():
    unsigned = (boot_files() / "BOOTX64.unsigned.EFI").read_bytes()
    told_digest, _ = forecast(release())
    padded = unsigned + bytes(-len(unsigned) % 8)
    expect(told_digest["sha256"] == authenticode("sha256", padded).hexdigest(), "signed and unsigned binary differ")


def only_for_images_that_would_start():
    place = folder("unfit")
    fleet().build(place / "unsigned")
    signet("image", "pcrs", place / "unsigned", "--boot", boot_files(), code=REFUSED, says="(error 16)")
    stranger = place / "stranger"
    development().build(stranger)
    signet("image", "pcrs", stranger, "--boot", boot_files(), code=REFUSED, says="(error 18)")
    signet("image", "pcrs", release(), "--boot", place, code=FAILED, says="boot build")
    signet("image", "pcrs", release(), code=USAGE, says="--boot")


def damaged_binary():
    place = folder("damaged")
    for file in boot_files().iterdir():
        (place / file.name).write_bytes(file.read_bytes())
    efi = Path(place / "BOOTX64.EFI")
    whole = efi.read_bytes()
    header = struct.unpack_from("<I", whole, 0x3C)[0]
    for offset in (0, 0x3C, header, header + 24, header + 24 + 60):
        changed = bytearray(whole)
        changed[offset:offset + 4] = b"\xff\xff\xff\xff"
        efi.write_bytes(changed)
        signet("image", "pcrs", release(), "--boot", place, code=FAILED, says="(error 3)")
    efi.write_bytes(whole)
    signet("image", "pcrs", release(), "--boot", place, says="PCR 12")


main([(f.__name__.replace("_", " "), f) for f in (pcr12, pcr4, signing_changes_no_digest, only_for_images_that_would_start,
                                                  damaged_binary)])
