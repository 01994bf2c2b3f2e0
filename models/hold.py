"""GEN-2 Events that came before what they are about: held, settled when it arrives, refused when it never does.

Each held event is an entry of its own. A `Waiting` entry per awaited thing lists them, and the hot value has one
deadline per awaited thing. Settling takes an event out and runs its own rule again, which may hold it once more.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

from msgspec import Struct, field

from models.case import TOO_MANY_HELD, Case, Ruling, refused
from models.desk import Desk, Record
from models.events import EVENT
from models.promises import promise
from models.state import Due
from models.values import joined, permanent_id

WHAT: Final = "held"
"""Name of the deadline; its ref is the awaited thing."""
FIRST_TICK: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Past at any tick: what was held before the first one is looked at then, and starts to count."""


class Held(Struct, array_like=True):
    """An event that waits, with the coordinates of its record."""

    KIND: ClassVar[str] = "held"

    event: bytes
    topic: str
    partition: int
    offset: int


class Place(Struct, array_like=True, order=True, frozen=True):
    """A place in the queue for one awaited thing, in the order of settling: (time, source, id)."""

    time: datetime
    source: str
    id: str
    since: datetime | None
    """The partition's now when it was held; None before the first tick, from which it then counts."""

    @property
    def key(self) -> str:
        """Entry id of the held event."""
        return permanent_id(self.source, self.id)


class Waiting(Struct, array_like=True):
    """All that wait for one thing, in the order of settling."""

    KIND: ClassVar[str] = "waiting"

    places: list[Place] = field(default_factory=list)


def hold(case: Case, kind: str, awaited: str, says: str) -> Ruling:
    """Let the case's event wait until `case.arrived(kind, awaited)` is said."""
    desk, event, record = case.desk, case.event, case.record
    if event is None or record is None:
        raise TypeError("only an event can be held")
    if case.member.held >= desk.policies.held_at_most:
        says = f"{says}, but {case.member.held} events of the member wait already: send it again later."
        return refused(TOO_MANY_HELD, says, "GEN-2")
    ref = joined(kind, awaited)
    waiting = desk.find(Waiting, ref) or Waiting()
    place = Place(event.time, event.source, event.id, case.held_since)
    desk.put(place.key, Held(EVENT.dump_json(event), *record))
    waiting.places.append(place)
    waiting.places.sort(key=_order)
    case.member.held += 1
    _keep(desk, ref, waiting)
    return Ruling(
        "held", f"{says}: held for {desk.policies.hold_days} days at most (GEN-2).", "GEN-2", f"awaits_{kind}"
    )


def release(desk: Desk, kind: str, awaited: str) -> Iterator[Case]:
    """Take out the events held for a thing, each as a case to be decided now, in the order of settling."""
    ref = joined(kind, awaited)
    waiting = desk.find(Waiting, ref)
    places = waiting.places if waiting else []
    if waiting:
        waiting.places = []
        _keep(desk, ref, waiting)
    for place in places:
        yield _taken_out(desk, place)


def expired(desk: Desk, due: Due) -> Iterator[Case]:
    """Take out the events that have waited in vain for `due.ref`; those held before the first tick start to count."""
    now, days = desk.moment.now, timedelta(days=desk.policies.hold_days)
    waiting = desk.find(Waiting, due.ref)
    if waiting is None or now is None:
        return
    places = [place if place.since else Place(place.time, place.source, place.id, now) for place in waiting.places]
    over = [place for place in places if place.since and place.since + days <= now]
    waiting.places = [place for place in places if place not in over]
    _keep(desk, due.ref, waiting)
    for place in over:
        yield _taken_out(desk, place)


def still_waits(case: Case, since: datetime) -> bool:
    """Whether what has waited since then, by business time, waits on: before the first tick nothing is over."""
    now = case.desk.moment.now
    return now is None or since + timedelta(days=case.policies.hold_days) > now


def never_arrived(due: Due, days: int, also: str = "") -> Ruling:
    """GEN-2 The answer to an event that has waited in vain; `also`: what else was done, as a sentence."""
    says = f"Nothing arrived in {days} days that it belongs to ({due.ref}). {also}".rstrip()
    return refused("partner_never_arrived", says, "GEN-2")


def promises(due: Sequence[Due]) -> Iterator[dict[str, Any]]:
    """GEN-2 By when what is held is answered at the latest. Before the first tick nothing counts: that clock stands still."""
    for one in due:
        if one.what == WHAT:
            kind, _, awaited = one.ref.partition("|")
            is_counting = one.at != FIRST_TICK
            yield promise(
                f"what waits for {kind} {awaited} answered",
                of=None,
                kind=WHAT,
                ref=one.ref,
                clause="GEN-2",
                state="open" if is_counting else "stopped",
                due=one.at if is_counting else None,
                options=[f"Sony: send what tells of {kind} {awaited}"],
                remedy="what waits is refused: its partner never arrived",
            )


def _order(place: Place) -> tuple[datetime, str, str]:
    return place.time, place.source, place.id


def _keep(desk: Desk, ref: str, waiting: Waiting) -> None:
    """Write the queue, or delete it when it is empty, and set its deadline: the first that is over."""
    desk.member.unschedule(WHAT, ref)
    if not waiting.places:
        desk.drop(Waiting, ref)
        return
    desk.put(ref, waiting)
    days = timedelta(days=desk.policies.hold_days)
    first = min([place.since + days if place.since else FIRST_TICK for place in waiting.places])
    desk.member.schedule(Due(first, WHAT, ref))


def _taken_out(desk: Desk, place: Place) -> Case:
    held = desk.find(Held, place.key)
    if held is None:
        raise KeyError(f"held event {place.source} {place.id} is missing from the state")
    desk.drop(Held, place.key)
    desk.member.held -= 1
    event = EVENT.validate_json(held.event)
    record = Record(held.topic, held.partition, held.offset)
    return Case(desk, event.cause, event.at, event=event, record=record, held_since=place.since)
