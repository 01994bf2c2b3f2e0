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
            sys.stderr.write(f"\rday {day + 1}, {time.monotonic() - begun:.0f} s")

    try:
        counts = simulation.run(progress)
    except DeviationError as error:
        sys.stderr.write(f"\n{error}\n")
        return 1
    sys.stderr.write(f"\r{time.monotonic() - begun:.1f} s, seed {simulation.seed}\n")
    for what, count in sorted(counts.items()):
        sys.stdout.write(f"{count:8}  {what}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
