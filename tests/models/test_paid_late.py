"""NTF-1, PAY-6, PAY-9: whatever is told late, no notice, request or attempt gets a name that was given before, and nobody
stays active without paying. Both programmes at once, with words, cards, outcomes and the clock all mixed.
"""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from models.outputs import ChargeRequested, Notification, Request
from tests.models.facts import Fact, added, care_bought, failed, paid, removed, updated
from tests.models.world import World, pro_member

FEE = {"pro": "100.00", "care": "179.99"}

cards = st.sampled_from(["card-1", "card-2"])
programs = st.sampled_from(["pro", "care"])
days = st.builds("2027-{:02}-{:02}".format, st.integers(2, 4), st.integers(1, 28))
facts: st.SearchStrategy[Fact] = st.one_of(
    st.builds(added, cards, st.integers(0, 1), st.sampled_from([None, "2027-02", "2030-01"])),
    st.builds(updated, cards, expires=st.just("2031-01")),
    st.builds(removed, cards),
    st.builds(lambda program, on: (f"{program}.auto_renew_changed", {"on": on}), programs, st.booleans()),
    st.sampled_from([("pro.cancel_requested", {}), ("care.cancel_requested", {"refund_requested": False})]),
    st.builds(
        lambda program, attempt, card: failed(
            f"{program}-m-1-2027-03-02", f"theirs-{attempt}", method_id=card, program=program
        ),
        programs,
        st.integers(0, 3),
        cards,
    ),
    st.builds(
        lambda program, day: paid(
            f"{program}-m-1-2027-03-02", paid_at=f"{day} 12:00", program=program, amount=FEE[program]
        ),
        programs,
        days,
    ),
)
hours_ago = st.sampled_from([0, 0, 5, 50, 300])
moves = st.one_of(
    st.tuples(st.just("tell"), facts, hours_ago),
    st.tuples(st.just("tell"), facts, hours_ago),
    st.tuples(st.just("decline"), st.sampled_from(["other", "stolen"]), hours_ago),
    st.tuples(st.just("wait"), st.sampled_from([6, 24, 24, 100, 400]), st.none()),
    st.tuples(st.just("wait"), st.sampled_from([6, 24, 24, 100, 400]), st.none()),
)


def move(world: World, what: str, with_: Any, ago: int | None) -> None:
    assert world.now
    if what == "wait":
        world.tick(text(world, -with_))
    elif what == "tell":
        world.send(with_, time=text(world, ago or 0))
    elif charges := world.bodies(ChargeRequested):
        last = charges[-1]
        answer = failed(last.invoice_id, last.attempt_id, method_id=last.method_id, program=last.program, reason=with_)
        world.send(answer, time=text(world, ago or 0))


def text(world: World, hours: int) -> str:
    """So many hours ago."""
    assert world.now
    return (world.now - timedelta(hours=hours)).replace(tzinfo=None).isoformat(" ")


@settings(max_examples=60, deadline=None)
@given(st.lists(moves, max_size=30))
def test_no_name_is_given_twice(story: list[tuple[str, Any, int | None]]) -> None:
    world = pro_member(World())
    world.send(care_bought(), time="2026-03-02 18:00")
    world.tick("2027-01-31 12:00")
    world.tick("2027-03-01 12:00")
    for what, with_, ago in story:
        move(world, what, with_, ago)
    for wait in (1, 30, 30, 30):  # asked at last, given up by silence, and unpaid for so long that it is over
        world.tick(text(world, -24 * wait))
    for kind in (Notification, Request):
        assert len(set(world.ids(kind))) == len(world.ids(kind))
    names = [charge.attempt_id for charge in world.bodies(ChargeRequested)]
    assert len(set(names)) == len(names)
    member = world.member()
    assert member.held == 0
    for membership in (member.pro, member.care):
        assert membership
        assert membership.status in ("active", "lapsed", "ended")
        if membership.status == "active":
            assert world.now
            unpaid = world.now.date() - membership.term.end
            assert unpaid < timedelta(days=91), "nobody stays active without paying"
