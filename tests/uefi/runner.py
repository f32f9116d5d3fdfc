"""tools/run-qemu itself: its exit status tells how the run ended."""
import subprocess
from functools import partial

from tap import expect

UNTIL, OVER, MISUSE, FAILED = 0, 124, 2, 1


def expect_status(wanted, *arguments):
    done = subprocess.run(["tools/run-qemu", *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, errors="replace", check=False)
    expect(done.returncode == wanted, f"run-qemu {arguments}: status {done.returncode}, wanted {wanted}", done.stderr)
    return done


def status(world):
    m = world.machine("status")
    done = expect_status(UNTIL, m.image, "--tpm", m.tpm, "--vars", m.variables, "--until", "signet: stage [0-9]",
                         "--seconds", 120)
    expect("signet: stage" in done.stdout, "the line waited for was not shown", done.stdout)
    expect_status(OVER, m.image, "--no-tpm", "--seconds", 1)
    expect_status(FAILED, m.folder / "no-such-image")
    expect_status(MISUSE, m.image, "--no-such-option")
    expect_status(MISUSE)


def scenarios(world):
    cases = {"run-qemu's exit status tells how the run ended": status}
    return [(name, partial(function, world)) for name, function in cases.items()]
