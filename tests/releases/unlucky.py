"""A worker whose rules fail on one order of one member: `python -m tests.releases.unlucky worker`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from cli.main import main
from models import decide
from models.case import Case, Ruling
from models.points.events import OrderPlaced

MEMBER, ORDER = "unlucky", "o-13"
WORKER = [sys.executable, "-m", "tests.releases.unlucky", "worker"]


class BadLuckError(Exception):
    """What the rule raises."""


@contextmanager
def a_rule_that_fails() -> Iterator[None]:
    """While it lasts, that order raises."""
    rule = decide.RULES[OrderPlaced]

    def failing(case: Case, data: Any) -> Ruling:
        if (case.desk.member_id, data.order_id) == (MEMBER, ORDER):
            raise BadLuckError(ORDER)
        return rule(case, data)

    with mock.patch.object(decide, "RULES", {**decide.RULES, OrderPlaced: failing}):
        yield


if __name__ == "__main__":
    with a_rule_that_fails():
        main()
