"""Repairs whose turnaround ends at one instant, each in another way (REP-9): who gets the fee back is known beforehand."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from cli.lines import Item, Message, Tick
from models.policies import STANDARD
from tests.system import scenario

SOURCE: Final = "/remedies"
ZONE: Final = ZoneInfo(STANDARD.zone)
MONDAY: Final = datetime(2026, 6, 1, 9, tzinfo=ZONE)
BEFORE: Final = MONDAY - timedelta(days=3)
VALIDATED: Final = MONDAY + timedelta(days=1)
FRIDAY: Final = MONDAY + timedelta(days=4)
DEADLINE: Final = datetime(2026, 6, 6, tzinfo=ZONE)
"""The end of the third business day after the warranty was validated."""
LAST: Final = DEADLINE - timedelta(seconds=1)


class Way(NamedTuple):
    """How a repair comes to its deadline, and how often the fee goes back."""

    name: str
    refunds: int


WAYS: Final = (
    Way("nothing", 1),
    Way("product", 0),
    Way("loaner", 0),
    Way("told_late", 1),
    Way("twice", 1),
    Way("unrepaired", 1),
    Way("four_pieces", 0),
    Way("no_proof", 0),
)


def member(way: Way, number: int) -> str:
    """One who has such a repair."""
    return f"{way.name}-{number}"


def before(chance: Random, each: int) -> Iterator[Item]:
    """All that is told before the deadline has come, in segments of which each has its events in any order."""
    for now, tell in ((BEFORE, _member), (MONDAY, _sent_in), (VALIDATED, _validated), (FRIDAY, _last_day)):
        yield Tick(now.isoformat())
        yield from _shuffled(chance, tell, each)


def after(chance: Random, each: int) -> Iterator[Item]:
    """What is told once it has been decided on."""
    yield Tick((DEADLINE + timedelta(hours=9)).isoformat())
    yield from _shuffled(chance, _told_late, each)
    yield Tick((DEADLINE + timedelta(days=3)).isoformat())


def _shuffled(chance: Random, tell: object, each: int) -> list[Message]:
    told = [
        message
        for way in WAYS
        for number in range(each)
        for message in tell(way, member(way, number))  # type: ignore[operator]
    ]
    chance.shuffle(told)
    return told


def _repairs(way: Way) -> tuple[str, ...]:
    return ("rep", "rep-2") if way.name == "twice" else ("rep",)


def _member(_way: Way, who: str) -> Iterator[Message]:
    for kind in ("pro.applied", "payment.succeeded", "pro.reviewed", "product.registered"):
        yield _message(kind, who, BEFORE)


def _sent_in(way: Way, who: str) -> Iterator[Message]:
    for repair in _repairs(way):
        pieces = 4 if way.name == "four_pieces" else 1
        yield _message("repair.requested", who, MONDAY, repair_id=repair, shipment_id=f"box-{repair}", pieces=pieces)


def _validated(way: Way, who: str) -> Iterator[Message]:
    for repair in _repairs(way):
        yield _message("repair.received", who, VALIDATED, repair_id=repair)
        proof = way.name != "no_proof"
        yield _message("repair.warranty_validated", who, VALIDATED, repair_id=repair, proof=proof)


def _last_day(way: Way, who: str) -> Iterator[Message]:
    if way.name in ("product", "unrepaired"):
        yield _message("repair.handed_to_carrier", who, LAST, repaired=way.name == "product")
    if way.name == "loaner":
        wanted = {"kind": "repair", "repair_id": "rep", "needed_on": FRIDAY.date().isoformat()}
        yield _message("loan.requested", who, FRIDAY, **wanted)
        yield _message("loan.approved", who, FRIDAY)
        yield _message("loan.shipped", who, FRIDAY)


def _told_late(way: Way, who: str) -> Iterator[Message]:
    if way.name in ("told_late", "twice"):
        yield _message("repair.handed_to_carrier", who, LAST)


def _message(kind: str, who: str, at: datetime, /, **data: object) -> Message:
    about = "-".join([kind, who, *map(str, data.values())])
    return scenario.message(kind, who, data, at, about, SOURCE)
