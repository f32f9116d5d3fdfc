"""Signatures added on several machines: each machine is a folder that holds one key and what was carried to it."""
import shutil

from rig import (FAILED, REFUSED, USAGE, Parts, development, digest, expect, fleet, folder, main, release, run,
                 signet)


def machine(name, key):
    """A folder with one release key and nothing else of the fleet."""
    place = folder(name)
    shutil.copy(fleet().release(key), place / "key.pem")
    return place


def unsigned(name):
    place = folder(name)
    fleet().build(place / "image")
    return place / "image"


def in_a_row():
    image = unsigned("row/build")
    before = image.read_bytes()
    first, second = machine("row/first", 1), machine("row/second", 2)
    signet("image", "sign", image, "--request-out", first / "request", says="signed digest")
    expect(image.read_bytes() == before, "asking for a request changes the image")
    signet("image", "sign", "request", "--key", "key.pem", "--output", "signed", cwd=first, says="1 of 2 signatures")
    shutil.copy(first / "signed", second / "signed")
    signet("image", "sign", "signed", "--key", "key.pem", cwd=second, says="2 of 2 signatures")
    signet("image", "sign", image, "--attach", second / "signed", says="2 of 2 signatures")
    fleet().verify(image, says="accepted")
    direct = unsigned("row/direct")
    fleet().sign(direct, 2, 1)
    expect(digest(direct) == digest(image), "order and detour show in the image")


def side_by_side():
    image = unsigned("side/build")
    signed = []
    for n in (1, 2, 3):
        place = machine(f"side/{n}", n)
        signet("image", "sign", image, "--request-out", place / "request")
        signet("image", "sign", "request", "--key", "key.pem", cwd=place, says="1 of 2 signatures")
        signed += ["--attach", place / "request"]
    signet("image", "sign", image, *signed, says="3 of 2 signatures")
    fleet().verify(image, says="accepted")
    once = digest(image)
    signet("image", "sign", image, *signed)
    expect(digest(image) == once, "taking over twice changes the image")


def what_is_signed_is_shown():
    image = folder("shown") / "image"
    fleet().build(image, "--release", "7.7", "--svn", "77")
    text = fleet().sign(image, 1)
    for word in ("signet 7.7", "77", "signed digest", "2026-01-02T03:04:05Z", "never"):
        expect(word in text, f"'{word}' is not shown before signing", text)


def no_key_twice():
    image = unsigned("twice")
    fleet().sign(image, 1)
    before = digest(image)
    signet("image", "sign", image, "--key", fleet().release(1), code=FAILED, says="signed already")
    signet("image", "sign", image, "--key", fleet().release(2), "--key", fleet().release(2), code=FAILED, says="already")
    expect(digest(image) == before, "a refused signature changes the image")
    fleet().sign(image, 2)
    fleet().verify(image, says="accepted")


def a_directory_goes_on_after_a_colleague():
    image = unsigned("colleague")
    fleet().sign(image, 1)
    text = signet("image", "sign", image, "--keys", fleet().keys, says="skipped")
    expect("3 of 2 signatures are there" in text, "the others have not signed", text)
    before = digest(image)
    signet("image", "sign", image, "--keys", fleet().keys, says="skipped")
    expect(digest(image) == before, "a second time changes the image")
    fleet().verify(image, says="accepted")


def other_keys():
    image = unsigned("strangers")
    before = digest(image)
    signet("image", "sign", image, "--key", development().release(1), code=FAILED, says="no release key")
    signet("image", "sign", image, "--key", fleet().keys / "root-1.pem", code=FAILED, says="no release key")
    signet("image", "sign", image, "--key", fleet().keys / "policy-1.pem", code=FAILED, says="no release key")
    garbage = image.parent / "garbage.pem"
    garbage.write_text("no key")
    garbage.chmod(0o600)
    signet("image", "sign", image, "--key", garbage, code=FAILED, says="(error 80)")
    expect(digest(image) == before, "a refused key changes the image")


def signatures_of_another_image():
    image, other = unsigned("mixed/a"), folder("mixed/b") / "image"
    fleet().build(other, "--svn", "6")
    fleet().sign(other)
    before = digest(image)
    signet("image", "sign", image, "--attach", other, code=REFUSED, says="another image")
    expect(digest(image) == before, "a foreign signature changes the image")


def false_signatures_are_not_taken():
    image, copy = unsigned("false/a"), folder("false/b") / "copy"
    shutil.copy(image, copy)
    fleet().sign(copy)
    content = bytearray(copy.read_bytes())
    content[Parts(copy).signatures + 8 + 40] ^= 1
    copy.write_bytes(content)
    before = digest(image)
    signet("image", "sign", image, "--attach", copy, code=REFUSED, says="(error 15)")
    expect(digest(image) == before, "a false signature changes the image")


def a_request_is_no_image():
    place = folder("request")
    signet("image", "sign", release(), "--request-out", place / "request")
    expect((place / "request").stat().st_size < release().stat().st_size, "the request holds the payload")
    signet("image", "inspect", place / "request", says="signing request")
    fleet().verify(place / "request", code=REFUSED, says="signing request")
    (place / "cut").write_bytes((place / "request").read_bytes()[:-1])
    signet("image", "sign", place / "cut", "--key", fleet().release(3), code=FAILED, says="(error 3)")


def failures_leave_the_image_alone():
    image = unsigned("failing")
    before = digest(image)
    signet("image", "sign", image, "--key", fleet().release(1), "--output", image.parent / "no/where", code=FAILED,
           says="No such file")
    signet("image", "sign", image, "--key", image.parent / "absent", code=FAILED, says="(error 80)")
    run("cp", fleet().release(1), image.parent / "open.pem")
    run("chmod", "644", image.parent / "open.pem")
    signet("image", "sign", image, "--key", image.parent / "open.pem", code=FAILED,
           says=f"chmod 600 {image.parent / 'open.pem'}")
    expect(digest(image) == before and len(list(image.parent.iterdir())) == 2, "something is left behind")


def usage_errors():
    signet("image", "sign", release(), code=USAGE, says="say what to do")
    signet("image", "sign", code=USAGE, says="too few")
    signet("image", "sign", release(), "--request-out", "x", "--key", "y", code=USAGE, says="stands alone")


main([(f.__name__.replace("_", " "), f) for f in (
    in_a_row, side_by_side, what_is_signed_is_shown, no_key_twice,
    a_directory_goes_on_after_a_colleague, other_keys, signatures_of_another_image,
    false_signatures_are_not_taken, a_request_is_no_image, failures_leave_the_image_alone, usage_errors)])
