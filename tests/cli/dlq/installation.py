"""A member whose events are set aside."""

from collections.abc import Callable
from typing import Any

from tests.agents.partition import Partition

Run = Callable[..., tuple[int, Any]]
SIGNED = ("--yes", "--actor", "kim", "--because", "mended")


class BrokenRuleError(Exception):
    """What the rules of these tests raise."""


def set_aside(partition: Partition) -> None:
    """Ann's A1 fails; then A2, its return and A3 are set aside, bob's order between them is applied."""
    partition.ordered("ann", "A1")
    partition.work()
    for member, order in (("ann", "A2"), ("bob", "B1")):
        partition.ordered(member, order)
        partition.work()
    partition.returned("ann", "A2")
    partition.work()
    partition.ordered("ann", "A3")
    partition.work()


def earned(partition: Partition, member: str) -> dict[str, int]:
    """Points booked for each order when it was placed."""
    ledger = partition.told(member).ledger
    return {entry["data"]["order_id"]: entry["data"]["points"] for entry in ledger if entry["data"]["kind"] == "earn"}
