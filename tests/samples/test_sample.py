"""The demo's month: generated, the same for one seed, and with everything in it that the demo is to show."""

from collections import Counter, defaultdict
from typing import get_args

import orjson
import pytest

from cli import lines
from models.catalogue import INPUTS, TOPIC_OF
from models.events import EVENT
from models.outputs.ledger import EntryKind
from samples import generated
from tests.cli.world import World

TOPICS = tuple(topic.role for topic in INPUTS)


@pytest.fixture(scope="module")
def month() -> list[dict]:
    return list(generated.month())


@pytest.fixture(scope="module")
def world(month: list[dict]) -> World:
    world = World(partitions=4)
    world.take(lines.parse(orjson.dumps(line), number, TOPICS) for number, line in enumerate(month))
    world.take(lines.Raw(*broken) for broken in generated.broken(generated.MONTH, 4))
    return world


def test_is_the_same_for_one_seed_and_another_for_another(month: list[dict]) -> None:
    assert list(generated.month()) == month
    assert list(generated.month(seed=7)) != month


def test_keeps_the_contract_and_says_that_it_is_generated(month: list[dict]) -> None:
    for line in month:
        if "event" in line:
            event = EVENT.validate_json(orjson.dumps(line["event"]))
            assert TOPIC_OF[type(event.data)] == line["topic"]
            assert event.source == "/generated/sample"


def test_is_a_month_of_some_thousand_events_with_a_tick_a_day(month: list[dict]) -> None:
    ticks = [line["tick"] for line in month if "tick" in line]

    assert 2_000 <= len(month) - len(ticks) <= 5_000
    assert ticks == sorted(ticks)
    assert {f"2026-03-{day:02}T12:00:00Z" for day in range(1, 32)} <= set(ticks)


def test_has_every_story_that_the_demo_tells(world: World) -> None:
    assert {
        "points.earned",
        "points.not_earned",
        "points.taken_back",
        "points.refused",
        "points.redeemed",
        "points.restored",
        "points.reservation_expired",
        "points.expiring",
        "points.expired",
        "points.debt",
        "points.adjusted",
        "points.membership_cancelling",
        "points.forfeited",
        "retracted",
        "care.welcome",
        "care.claim_account",
        "care.claim_missed",
        "care.claim_accepted",
        "care.claim_refused",
        "care.cancelled",
        "care.refund",
        "care.refund_refused",
        "care.refused",
        "care.renewal_notice",
        "care.renewed",
        "pro.welcome",
        "pro.rejected",
        "pro.renewed",
        "membership.suspended",
        "membership.reinstated",
        "repair.received",
        "repair.refused",
        "repair.turnaround_started",
        "repair.at_risk",
        "repair.loaner_offered",
        "repair.turnaround_missed",
        "repair.fee_reimbursed",
        "repair.estimate",
        "repair.estimate_reminder",
        "repair.returned_unrepaired",
        "repair.shipped",
        "loan.approved",
        "loan.shipped",
        "loan.due_soon",
        "loan.overdue",
        "loan.invoiced",
        "loan.closed",
        "cleaning.booked",
        "cleaning.chargeable",
        "cleaning.done",
    } <= set(world.kinds)
    requests = Counter(event["type"] for event in world.written["requests"])
    assert set(requests) == {"charge.requested.v1", "refund.requested.v1", "invoice.issued.v1", "invoice.cancelled.v1"}
    assert requests["refund.requested.v1"] >= 5


@pytest.mark.parametrize(
    ("member", "last"),
    [
        ("repair-in-time", {"repair.shipped"}),
        ("repair-late", {"repair.fee_reimbursed", "repair.shipped"}),
        ("repair-lost", {"repair.turnaround_missed", "repair.fee_reimbursed"}),
        ("repair-loaner", {"loan.closed", "repair.turnaround_missed"}),
        ("repair-paid", {"repair.shipped"}),
        ("repair-declined", {"repair.shipped"}),
        ("repair-unanswered", {"repair.returned_unrepaired"}),
        ("loan-in-time", {"loan.closed"}),
        ("loan-late", {"loan.closed", "membership.reinstated"}),
        ("loan-never", {"loan.overdue", "loan.invoiced", "membership.suspended"}),
        ("visits", {"cleaning.done"}),
    ],
)
def test_each_repair_loan_and_visit_goes_its_own_way(world: World, member: str, last: set[str]) -> None:
    """What stands at the end, of what was told of it; a fee goes back if and only if neither product nor loaner came."""
    standing: dict[str, str] = {}
    for event in world.written["notifications"]:
        if event["subject"] == f"sample-pro-{member}":
            standing[event["id"]] = event["data"]["notification"]
            for replaced in event["data"]["replaces"]:
                standing.pop(replaced, None)

    assert last <= set(standing.values())
    assert ("repair.fee_reimbursed" in standing.values()) == (member in ("repair-late", "repair-lost"))
    assert ("membership.suspended" in standing.values()) == (member == "loan-never")


def test_moves_points_in_every_way(world: World) -> None:
    kinds = {entry["data"]["kind"] for entry in world.written["points-ledger"]}

    assert kinds == set(get_args(EntryKind))
    for outcome, reason in (
        ("applied", "awaits_approval"),
        ("refused", "same_actor"),
        ("refused", "insufficient_points"),
        ("refused", "membership_ended"),
        ("superseded", "already_claimed"),
        ("superseded", "lower_known"),
        ("held", "awaits_dispute"),
    ):
        assert world.outcomes[outcome, reason] > 0, reason


def test_points_of_two_years_ago_expire_after_a_reminder_unless_they_are_used(world: World) -> None:
    told = defaultdict(list)
    for event in world.written["notifications"]:
        if event["subject"].startswith("sample-longstanding"):
            told[event["subject"]].append(event["data"]["notification"])

    assert len(told) == 12
    assert all("points.expiring" in kinds for kinds in told.values())
    assert {"points.expired" in kinds for kinds in told.values()} == {True, False}
    assert all("retracted" in kinds for kinds in told.values() if "points.redeemed" in kinds)


def test_has_every_outcome(world: World) -> None:
    outcomes = world.outcomes
    by_outcome = Counter()
    for (outcome, _), count in outcomes.items():
        by_outcome[outcome] += count

    assert set(by_outcome) == {"applied", "duplicate", "conflict", "held", "superseded", "refused", "dead_lettered"}
    assert outcomes["conflict", "other_content"] == 10
    assert outcomes["refused", "under_age"] == 9


def test_each_broken_message_is_broken_in_a_way_of_its_own(world: World) -> None:
    broken = generated.broken(generated.MONTH, 4)
    reasons = [reason for (outcome, reason), _ in world.outcomes.items() if outcome == "dead_lettered"]

    assert len(broken) == len(reasons) == len(world.written["dead-letters"]) == 9


def test_no_rule_stumbles_over_it(world: World) -> None:
    assert not [key for key in world.outcomes if "internal_error" in key or key[0] == "quarantined"]


def test_those_shown_have_a_story(world: World) -> None:
    told = {event["subject"] for event in world.written["notifications"]}

    assert set(generated.SHOWN) <= told
