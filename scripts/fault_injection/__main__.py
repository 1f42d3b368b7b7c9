"""Kill, stop, damage, mislead, fill up and crowd mlpzoo, and count what it bears.

docs/guarantees.md says what is promised. Needs the extra "test", and root for the small disk.
"""

import argparse
import sys

from scripts.fault_injection.counts import COUNTS, TRIALS


def main(parts: list[str], share: float) -> bool:
    faults: list[str] = []
    for part in parts:
        count = max(1, round(COUNTS[part] * share))
        text, found = TRIALS[part](count)
        print(f"{part}: {text}", *found, sep="\n  ", flush=True)
        faults += found
    print("all as promised" if not faults else f"{len(faults)} faults")
    return not faults


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", nargs="+", choices=COUNTS, default=list(COUNTS), help="(all)")
    parser.add_argument("--share", type=float, default=1.0, help="of the counts (1)")
    sys.exit(0 if main(**vars(parser.parse_args())) else 1)
