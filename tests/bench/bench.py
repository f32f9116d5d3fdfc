"""
All figures, beside their limits and peers: one table, and build/bench.json. Fails only when it cannot measure.
ONLY='regex' measures the parts whose names match. docs/bench.md tells how each is measured.
"""
import os
import re
import shutil
import sys
import time
import traceback
from pathlib import Path

for folder in ("lib", "vmx", "fleet", "tpm"):
    sys.path.insert(1, str(Path(__file__).resolve().parent.parent / folder))

import attestation
import boot_chain
import hypervisor
import tap
import updates
from table import Table

FOLDER = Path("build/bench").resolve()
RESULT = Path("build/bench.json")

PARTS = {
    "sizes": boot_chain.measure_sizes,
    "boot": boot_chain.measure,
    "exits": hypervisor.measure_exits,
    "start": hypervisor.measure_start,
    "appraisal": attestation.measure_appraisal,
    "fleet": attestation.measure_fleet,
    "node": attestation.measure_node,
    "install": updates.measure_large,
    "next": updates.measure_release,
    "cuts": updates.measure_cuts,
}


def tell(words):
    print(f"bench: {time.monotonic() - BEGUN:5.0f} s  {words}", file=sys.stderr, flush=True)


def measure(table, name):
    """False: it could not be measured, which is said; the other parts still are."""
    table.part = name
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        PARTS[name](table, folder, lambda words: tell(f"{name}: {words}"))
    except tap.Failed as e:
        print(f"bench: {name}: cannot measure: {e}\n{e.detail}", file=sys.stderr)
    except Exception:  # a part that is broken is none that was measured
        print(f"bench: {name}: cannot measure:\n{traceback.format_exc()}", file=sys.stderr)
    else:
        shutil.rmtree(folder)
        return True
    table.add_absent(name, "could not be measured: the reason is told above the table")
    return False


def main():
    chosen = [name for name in PARTS if re.search(os.environ.get("ONLY") or "", name)]
    if not chosen:
        sys.exit(f"bench: no part matches ONLY; there are: {', '.join(PARTS)}")
    table = Table()
    done = []
    for number, name in enumerate(chosen, 1):
        tell(f"{number} of {len(chosen)}: {name}")
        done.append(measure(table, name))
    print(table)
    missed = table.missed()
    print(f"{len(table.rows)} figures, {len(missed)} missed{': ' if missed else ''}{'; '.join(missed)}")
    table.save(RESULT)
    return 0 if all(done) else 1


if __name__ == "__main__":
    os.umask(0o077)
    BEGUN = time.monotonic()
    sys.exit(main())
