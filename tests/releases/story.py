"""What a release is told when it is recorded: every scenario at once, guests among them, one member set aside; cut in the middle.

At the cut events are held, guests' purchases wait for an account, repairs, loans and reservations are open, fees unpaid.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import takewhile
from typing import Any

import orjson

from cli.lines import Item, Raw, Tick
from models.points.lots import MOST
from tests.releases.unlucky import MEMBER, ORDER
from tests.system import guests, scenario

GUESTS_SINCE, CUT = "2026-05-01", "2026-05-19"
"""From when on guests come a second time, and the first tick that the recorded release does not see."""
PATIENT, COLLECTOR, FORGOTTEN = "patient", "collector", "forgotten"
SOURCE = "/releases"
ORDERS = MOST + 6
"""More than there are places for lots in the hot value."""


def story() -> tuple[list[Item], list[Item]]:
    """What comes before the cut, and what comes after it."""
    told = list(scenario.told_together(scenario.load_all()))
    first, later = _cut(told, GUESTS_SINCE)
    told = guests.among(first, range(20)) + guests.among(later, range(20, 60))
    before, after = _cut(told, CUT)
    last, [tick, *rest] = _last_tick(before), after
    return [*before, *_left_open(last)], [tick, *_taken_up(last), *rest]


def _cut(items: list[Item], day: str) -> tuple[list[Item], list[Item]]:
    before = list(takewhile(lambda item: not (isinstance(item, Tick) and item.at >= day), items))
    return before, items[len(before) :]


def _last_tick(items: list[Item]) -> datetime:
    return [scenario.instant(item.at) for item in items if isinstance(item, Tick)][-1]


def _left_open(now: datetime) -> Iterator[Item]:
    """A member whose order fails a rule, and an order of his after it; bytes of nobody; one who waits for an order that
    came back; one with more lots than the hot value takes, and points set aside."""
    for member in (MEMBER, PATIENT, COLLECTOR):
        yield _event(now - timedelta(hours=1), member, "points.joined")
    for order_id in ("fine", ORDER, "waits"):
        yield _event(now, MEMBER, "order.placed", order_id=order_id)
    yield Raw("orders", b"nobody", b"{not json")
    yield from _unknown_yet(now)
    yield _event(now, PATIENT, "return.completed", return_id="early", order_id="late")
    for number in range(ORDERS):
        yield _event(now, COLLECTOR, "order.placed", order_id=f"o{number}")
    yield _event(now, COLLECTOR, "redemption.reserved", reservation_id="set-aside", points=100)


def _unknown_yet(now: datetime) -> Iterator[Item]:
    """A former guest, and a request of a kind that the first release does not know: for the dead letters, until one does."""
    email = sha256(FORGOTTEN.encode()).hexdigest()
    yield _event(now, FORGOTTEN, "account.opened", email_hash=email)
    yield _event(now, FORGOTTEN, "order.placed", order_id="before-joining")
    known = scenario.message("member.released", FORGOTTEN, {"reason": "asked to", "actor": "kim"}, now, "erase", SOURCE)
    unknown = orjson.loads(known.value) | {"type": "member.erasure_requested.v1"}
    yield Raw(known.topic, FORGOTTEN.encode(), orjson.dumps(unknown))


def _taken_up(now: datetime) -> Iterator[Item]:
    """The order arrives; the collector pays with points and brings something back."""
    yield _event(now, PATIENT, "order.placed", order_id="late")
    yield _event(now, COLLECTOR, "order.placed", order_id="paid", points_redeemed=500)
    yield _event(now, COLLECTOR, "return.completed", return_id="r", order_id="o7")


def _event(now: datetime, member: str, kind: str, **data: Any) -> Item:
    event_id = "-".join([member, kind, *[str(data[name]) for name in ("order_id", "reservation_id") if name in data]])
    return scenario.message(kind, member, data, now, event_id, SOURCE)
