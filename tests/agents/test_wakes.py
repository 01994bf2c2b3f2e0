"""The heap of deadlines against a plain dictionary that is searched through."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.wakes import Wakes

START = datetime(2026, 3, 1, tzinfo=UTC)
INSTANTS = st.integers(0, 6).map(lambda hours: START + timedelta(hours=hours))
MEMBERS = st.sampled_from(["ann", "bob", "cyd"])
SET = st.tuples(st.just("set"), MEMBERS, st.none() | INSTANTS)
POP = st.tuples(st.just("pop"), st.none(), INSTANTS)


@given(st.lists(SET | POP, max_size=60))
def test_wakes_are_a_list_of_deadlines_searched_for_the_first(steps: list[tuple[str, str, datetime | None]]) -> None:
    """GEN-4 nothing acts before it is due: whoever is taken was due first, of equal instants by name, and once."""
    wakes, naive = Wakes(), dict[str, datetime]()
    for what, member, instant in steps:
        if what == "set":
            wakes.set(member, instant)
            naive.pop(member, None)
            if instant is not None:
                naive[member] = instant
            continue
        assert instant is not None
        due = sorted((when, who) for who, when in naive.items() if when <= instant)
        assert wakes.any_due(instant) == bool(due)
        if due:
            assert wakes.pop(instant) == due[0][1]
            del naive[due[0][1]]
        else:
            with pytest.raises(LookupError):
                wakes.pop(instant)


def test_due_at_the_instant_itself_and_not_a_moment_before() -> None:
    wakes = Wakes()
    wakes.set("ann", START)
    assert not wakes.any_due(START - timedelta(microseconds=1))
    assert wakes.pop(START) == "ann"
    assert not wakes.any_due(START)
