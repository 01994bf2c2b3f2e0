"""Given a member's life full of first and last instants, when a rule is off by one of them, then the own account sees it."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from models.calendar import Calendar
from models.policies import STANDARD
from models.repairs.facts import Estimate
from models.repairs.state import Repair
from tests.audit import depot
from tests.audit.world import World, audited

ZONE = ZoneInfo(STANDARD.zone)
OWN = (
    "own service",
    "own promises",
    "own service by notice",
    "own service by request",
    "own fees",
    "own fees by invoice",
)


def start_of(day: str) -> str:
    return datetime.combine(date.fromisoformat(day), time(), ZONE).isoformat()


def corners() -> World:
    """PRO begins on Monday, 2 March 2026, and so does the clock of the first repair."""
    world = World(partitions=1)
    world.tick()
    world.open_pro("pam", paid_ago=timedelta())
    world.handle()
    depot.register(world, "pam", "s1")
    depot.register(world, "pam", "s2", model="ilce-7m4")
    for repair_id, serial in (("first", "s1"), ("second", "s2"), ("saved", "s1"), ("dear", "s2"), ("agreed", "s1")):
        depot.send_in(world, "pam", repair_id, serial)
    world.handle()
    for repair_id in ("first", "saved"):
        depot.step(world, "pam", repair_id, "warranty_validated", proof=True)
    for repair_id in ("second", "agreed", "dear"):
        depot.step(world, "pam", repair_id, "estimate_issued", estimate_id=f"e-{repair_id}", standard_fee="100.00")
    for repair_id in ("second", "agreed"):
        depot.step(world, "pam", repair_id, "payment_accepted", amount="80.00")
    world.now += timedelta(days=1)
    depot.step(world, "pam", "agreed", "estimate_answered", estimate_id="e-agreed", approved=True)
    depot.borrow(world, "pam", "just", needed_on="2026-03-17")
    depot.lend(world, "pam", "just", "approved", "recalled", "shipped")
    depot.lend(world, "pam", "just", "returned", damaged=False)
    for_saved = {"kind": "repair", "repair_id": "saved"}
    depot.borrow(world, "pam", "loaner", "SEL50F12GM", **for_saved)
    depot.lend(world, "pam", "loaner", "approved")
    world.publish(
        "loans", "loan.shipped.v1", "pam", {"loan_id": "loaner"}, time=start_of("2026-03-24")
    )  # as its last day is over
    world.handle()
    depot.borrow(world, "pam", "again")
    world.say("declared")
    world.handle()
    depot.days(world, 1)
    world.now += timedelta(days=13, hours=20)  # no tick in between: the fourteenth day is over, the fifteenth is not
    world.tick()
    world.say("ended")
    world.handle()
    depot.days(world, 14)
    world.now += timedelta(hours=30)  # an answer after the last day for it, which no tick has ended yet
    depot.step(world, "pam", "dear", "estimate_answered", estimate_id="e-dear", approved=True)
    world.handle()
    depot.days(world, 3)
    return world


def differences(world: World) -> dict[str, tuple[str, ...]]:
    checks = audited(world.shards())
    return {name: checks[name].differences for name in OWN if checks[name].differences}


def test_the_corners_are_clean() -> None:
    world = corners()
    assert {name: check.differences for name, check in audited(world.shards()).items() if check.differences} == {}


def no_later(self: Repair, deadline: datetime) -> bool:
    return self.loaner.shipped is not None and self.loaner.shipped.at <= deadline


def at_any_time(_repair: Any, estimate: Estimate, _policies: Any) -> bool | None:
    return estimate.answer.yes if estimate.answer else None


@pytest.mark.parametrize(
    ("rule", "wrong"),
    [
        ("models.loans.why_not.AHEAD_DAYS", 15),
        ("models.loans.why_not._used_up", lambda *_: ()),
        ("models.loans.settling.why_not.use_up", lambda *_: None),
        ("models.repairs.clock.TURNAROUND_DAYS", 2),
        ("models.repairs.clock._later", lambda one, _other: one),
        ("models.repairs.price.DISCOUNT_PERCENT", 19),
        ("models.repairs.price._answer", at_any_time),
        ("models.repairs.state.Repair.has_loaner_by", no_later),
        ("models.pro.majeure.MAJEURE_DAYS", 13),
        ("models.pro.majeure.MAJEURE_DAYS", 14),
        ("models.majeure.Majeure.pauses", []),
        ("models.pro.remedy.Invoice", Repair),
        ("models.calendar.Calendar.end_of", Calendar.start_of),
    ],
)
def test_a_rule_that_is_off_is_seen(monkeypatch: pytest.MonkeyPatch, rule: str, wrong: Any) -> None:
    monkeypatch.setattr(rule, wrong)
    assert differences(corners()), "no second account says that it is wrong"
