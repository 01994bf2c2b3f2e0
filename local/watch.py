"""Ends a service when its owner has ended, even by SIGKILL; started by `process.tie` as a process of its own.

    python -m local.watch OWNER_PID OWNER_START SERVICE_PID SERVICE_START

Ends by itself as soon as either process has ended.
"""

import sys
import time

from .process import Identity

POLL = 0.2  # seconds
GRACE = 10.0  # seconds between the request to end and the kill


def main(owner: Identity, service: Identity) -> None:
    """Wait for the end of either; then see to it that the service has ended."""
    while owner.alive and service.alive:
        time.sleep(POLL)
    service.end(GRACE)


if __name__ == "__main__":
    first, second = sys.argv[1:3], sys.argv[3:5]
    main(Identity(int(first[0]), float(first[1])), Identity(int(second[0]), float(second[1])))
