"""`memberships` of a release with a fault: the rules do their work on an event whose id says so, and raise.

To be run as `python -m tests.faults.kit.broken_rule worker`.
"""

from typing import Any, Final

from agents import handle
from models.desk import Decision

MARK: Final = "broken"
SAYS: Final = "the books are upside down"


class BrokenRuleError(Exception):
    """What the rule raises."""


def _decide(event: Any, *others: Any) -> Decision:
    decision = _sound(event, *others)
    if event.id.startswith(MARK) and decision.decisions[0].data.outcome == "applied":
        raise BrokenRuleError(SAYS)
    return decision


if __name__ == "__main__":
    from cli.main import main

    _sound = handle.decide
    handle.decide = _decide
    main()
