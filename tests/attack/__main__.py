"""The attacks by name, for as long as one likes."""

import argparse
import sys

from tests.attack.attack import run
from tests.attack.kinds import KINDS


def main() -> int:
    """Run the attacks that are named, or all; returns 1 if any attempt failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.attack", description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)}")
    parser.add_argument("--count", type=int, help="inputs of each kind; by default a long run's")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number of the first attempt")
    options = parser.parse_args()
    if unknown := [name for name in options.kinds if name not in KINDS]:
        parser.error(f"there is no attack {unknown[0]}")
    failed = False
    for name in options.kinds or KINDS:
        kind = KINDS[name]
        failed |= bool(run(kind, options.count or kind.length, options.seed, options.first))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
