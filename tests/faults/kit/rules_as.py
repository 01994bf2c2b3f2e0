"""A worker whose rules have another version: `python -m tests.faults.kit.rules_as VERSION worker`.

The rules themselves are this release's: what the version says of itself is all that a rolling restart is about.
"""

import sys
from typing import Any

from models import policies


def command(version: str) -> list[str]:
    """What starts such a worker."""
    return [sys.executable, "-m", "tests.faults.kit.rules_as", version, "worker"]


if __name__ == "__main__":
    rules: Any = policies
    rules.RULES_VERSION = sys.argv[1]  # before anybody takes the name from there
    from cli.main import main

    main(sys.argv[2:])
