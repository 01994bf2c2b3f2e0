"""`python -m tests.simulation --seed N --members N --years N`: one simulation, with what it has seen."""

import argparse
import sys
import time

from tests.simulation.run import DeviationError, Simulation


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    for name, default in (("seed", 1), ("members", 1000), ("years", 10)):
        asked.add_argument(f"--{name}", type=int, default=default)
    simulation = Simulation(**vars(asked.parse_args()))
    begun = time.monotonic()

    def progress(day: int) -> None:
        if sys.stderr.isatty() and day % 73 == 72:
            print(f"\rday {day + 1}, {time.monotonic() - begun:.0f} s", end="", file=sys.stderr, flush=True)

    try:
        counts = simulation.run(progress)
    except DeviationError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    print(f"\r{time.monotonic() - begun:.1f} s, seed {simulation.seed}", file=sys.stderr)
    for what, count in sorted(counts.items()):
        print(f"{count:8}  {what}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
