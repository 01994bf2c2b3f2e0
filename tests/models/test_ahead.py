"""GEN-4: nothing acts before it is due, so what is dated far ahead of the partition's now is set aside, not decided."""

from datetime import UTC, datetime, timedelta

import pytest

from models.policies import STANDARD, Policies
from tests.models.facts import (
    Fact,
    adjusted,
    at,
    cancel_requested,
    cancel_withdrawn,
    joined,
    order,
    released,
    reserved,
    returned,
    set_free,
)
from tests.models.world import World

NOW = "2026-03-02 18:00"
MICROSECOND = timedelta(microseconds=1)
LIMIT = at(NOW) + timedelta(days=30)


def text(instant: datetime) -> str:
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(" ")


def a_member(now: str = NOW) -> World:
    """Given somebody who joined the day before, under the settings as they come."""
    world = World(now=now, policies=STANDARD)
    world.send(joined(), event_id="join", time="2026-03-01 18:00")
    return world


def test_gen_4_up_to_30_days_ahead_of_now_it_is_decided() -> None:
    world = World(now=NOW, policies=STANDARD)
    answer = world.send(joined(), time=text(LIMIT))
    assert (answer.outcome, world.points.joined_at) == ("applied", LIMIT)


def test_gen_4_further_ahead_it_is_set_aside_until_it_is_sent_again() -> None:
    """Given a joining dated a microsecond too far ahead, when it is sent again in its time, then it is decided."""
    world = World(now=NOW, policies=STANDARD)
    early = world.send(joined(), event_id="join", time=text(LIMIT + MICROSECOND))
    assert (early.outcome, early.reason, early.clause) == ("dead_lettered", "ahead_of_now", "GEN-4")
    says = "It is of 2026-04-01 18:00 UTC, more than 30 days ahead of now: set aside until it is sent again (GEN-4)."
    assert early.says == says
    assert (world.member().points, world.told, world.ledger) == (None, [], [])
    assert world.send(joined(), event_id="join", time=text(LIMIT + MICROSECOND)).outcome == "dead_lettered"
    world.tick("2026-03-02 18:01")
    assert world.send(joined(), event_id="join", time=text(LIMIT + MICROSECOND)).outcome == "applied"


def test_gen_4_the_limit_is_a_setting() -> None:
    world = World(now=NOW, policies=Policies(ahead_days=1))
    assert world.send(joined(), time="2026-03-03 18:00:00.000001").reason == "ahead_of_now"
    assert world.send(joined(), time="2026-03-03 18:00").outcome == "applied"


def test_gen_4_before_the_first_tick_there_is_no_now_to_be_ahead_of() -> None:
    assert World(now=None, policies=STANDARD).send(joined(), time="2099-01-01 00:00").outcome == "applied"


@pytest.mark.parametrize(
    "fact",
    [
        joined(),
        cancel_requested(),
        cancel_withdrawn(),
        adjusted(10),
        reserved(1),
        set_free(),
        returned("r1", l1=1),
        order("o2", placed_at="2090-01-01 00:00"),
    ],
    ids=lambda fact: fact[0],
)
def test_ms_16_gen_4_no_event_of_a_time_to_come_does_lasting_harm(fact: Fact) -> None:
    """Given a member with an order, when something dated 2090 comes, then all is as it was, and can be ended today."""
    world = a_member()
    world.send(order("o1", placed_at="2026-03-02 17:00"))
    before = world.points
    answer = world.send(fact, time="2090-01-01 00:00")
    assert (answer.outcome, answer.reason, answer.ledger, answer.notifications) == (
        "dead_lettered",
        "ahead_of_now",
        (),
        (),
    )
    assert world.points == before
    assert world.member().held == 0
    assert world.send(cancel_requested()).outcome == "applied"
    world.check_books()


def test_gen_4_a_release_lifts_a_quarantine_whatever_the_operator_s_clock_says() -> None:
    """Given a clock that stands still for a test, when an operator releases a member today, then it is lifted."""
    world = a_member()
    world.quarantine()
    assert world.send(released(), time="2090-01-01 00:00").outcome == "applied"


def test_gen_4_an_order_counts_by_when_it_was_placed() -> None:
    world = a_member()
    late = world.send(order("o1", placed_at="2026-03-02 17:00"), time="2090-01-01 00:00")
    assert (late.outcome, late.reason) == ("applied", None)
    assert world.send(order("o2", placed_at="2090-01-01 00:00")).reason == "ahead_of_now"


def test_gen_1_what_was_answered_before_is_a_duplicate_wherever_the_clock_is() -> None:
    """Given an event decided before the first tick, when it comes again after a tick that is far behind it, then the same."""
    world = World(now=None, policies=STANDARD)
    world.send(joined(), event_id="join", time="2090-01-01 00:00")
    world.tick(NOW)
    assert world.send(joined(), event_id="join", time="2090-01-01 00:00").outcome == "duplicate"


def test_gen_4_what_is_due_for_the_member_stays_due() -> None:
    world = a_member()
    world.send(cancel_requested())
    world.send(adjusted(10), time="2090-01-01 00:00")
    world.tick("2026-03-05 08:00")
    assert world.member().points is None
