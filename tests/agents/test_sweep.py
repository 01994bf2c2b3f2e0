"""GEN-1 Forgetting event ids: only those past their time, a few at a tick, and none too early."""

from datetime import UTC, datetime, timedelta

import pytest

from agents import sweep
from agents.sweep import Sweeper
from models import applied
from models.policies import STANDARD
from tests.system.memory import Store

NOW = datetime(2028, 6, 1, 12, tzinfo=UTC)
REMEMBERED = timedelta(days=STANDARD.ids_remembered_days)
CONTENT = b"0123456789abcdef"


def _store(*ages: timedelta | None) -> Store:
    """An id for each age; None: it arrived before the first tick."""
    values = [applied.value(CONTENT, None if age is None else NOW - age) for age in ages]
    return Store({applied.key("/tests", f"e{number}"): value for number, value in enumerate(values)})


def _swept(store: Store, now: datetime | None = NOW, *, ticks: int = 1, sweeper: Sweeper | None = None) -> int:
    """How many tombstones those ticks write."""
    sweeper = sweeper or Sweeper(store, STANDARD)
    for _ in range(ticks):
        sweeper.sweep(now)
    tombstones = [key for key, value in store.pending.items() if value is None]
    assert len(tombstones) == len(store.pending), "a sweep only deletes"
    store.commit()
    return len(tombstones)


@pytest.mark.parametrize(("age", "forgotten"), [(REMEMBERED, 0), (REMEMBERED + timedelta(days=1), 1)])
def test_an_id_is_remembered_to_the_end_of_its_last_day(age: timedelta, forgotten: int) -> None:
    assert _swept(_store(age)) == forgotten


def test_only_expired_ids_go() -> None:
    store = _store(timedelta(0), REMEMBERED * 2, None, timedelta(days=400))
    assert _swept(store) == 1
    assert applied.key("/tests", "e1") not in store.committed
    assert len(store.committed) == 3


def test_without_a_now_nothing_is_forgotten() -> None:
    assert _swept(_store(REMEMBERED * 2), None) == 0


def test_a_portion_a_tick_until_all_were_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "PORTION", 3)
    store = _store(*[REMEMBERED * 2] * 8)
    sweeper = Sweeper(store, STANDARD)
    assert [_swept(store, sweeper=sweeper) for _ in range(4)] == [3, 3, 2, 0]


def test_one_round_a_day() -> None:
    """given an id that came to its end during the day, then the next day's round finds it."""
    store = _store(REMEMBERED)
    sweeper = Sweeper(store, STANDARD)
    assert _swept(store, NOW, ticks=5, sweeper=sweeper) == 0
    assert _swept(store, NOW + timedelta(hours=11), ticks=5, sweeper=sweeper) == 0
    assert _swept(store, NOW + timedelta(days=1), sweeper=sweeper) == 1


def test_an_id_written_anew_during_the_round_stays() -> None:
    """given a round under way, when an old id arrives again, then its new entry is not swept with the old list."""
    store = _store(REMEMBERED * 2, REMEMBERED * 2)
    sweeper = Sweeper(store, STANDARD)
    for number in range(2):
        store.put(applied.key("/tests", f"e{number}"), applied.value(CONTENT, NOW))
    store.commit()
    assert _swept(store, sweeper=sweeper) == 0
