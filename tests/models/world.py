"""A partition in memory: the tables, a clock moved by hand, and events sent through `decide` and `wake`.

Every decision is taken twice and must come out equal: what decides is a function of state, event and now.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import orjson

from models import majeure
from models.catalogue import TOPIC_OF
from models.decide import decide, quarantine, wake
from models.desk import Decision, Desk, Moment
from models.events import EVENT, PAYLOADS, Event
from models.outputs.base import B, Body, Output, encode, read
from models.outputs.decisions import Decided
from models.outputs.ledger import LedgerEntry, verify
from models.outputs.notifications import Notification
from models.outputs.requests import Request
from models.points.lots import Lots
from models.points.state import Lot, Points
from models.policies import Policies
from models.pro.state import Pro
from models.repairs.state import Repair
from models.state import MEMBERS, Member, decode, entry_key, member_key
from tests.models.facts import (
    MEMBER,
    Fact,
    applied_for,
    at,
    joined,
    line,
    order,
    pacific,
    paid,
    registered,
    released,
    reviewed,
)
from tests.models.promised import unpromised

NOT_UTC = re.compile(rb'T\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d"')
SLOW_CLOCK: dict[str, Any] = {"ahead_days": 36_500}
"""The settings of a world whose clock seldom ticks: what happens years after its now is decided all the same."""


def event(fact: Fact, *, event_id: str, time: datetime, member: str = MEMBER, source: str = "/shop") -> Event[Any]:
    """The event as the typed reader gives it."""
    kind, data = fact
    envelope = {
        "specversion": "1.0", "id": event_id, "source": source, "type": f"{kind}.v1", "subject": member,
        "time": time.isoformat(), "data": data,
    }  # fmt: skip
    return EVENT.validate_json(orjson.dumps(envelope))


class World:
    """One partition. `now` None: before its first tick."""

    def __init__(self, now: str | None = "2026-03-01 20:00", policies: Policies | None = None) -> None:
        self.now = at(now) if now else None
        self.policies = policies or Policies(**SLOW_CLOCK)
        self.tables: dict[tuple[str, bytes], bytes] = {}
        self.seq = 0
        self.offsets: dict[str, int] = {}
        self.due: dict[str, datetime] = {}
        self.outputs: list[Output[Any]] = []
        self.ids_out: set[str] = set()
        self.under_way: list[Event[Any]] = []
        """What one key sent to another and the other has not been told yet."""
        self.transfers: list[Event[Any]] = []
        """All that was sent so."""

    def read(self, table: str, key: bytes) -> bytes | None:
        return self.tables.get((table, key))

    # when

    def send(
        self, fact: Fact, *, event_id: str | None = None, time: str | None = None, member: str = MEMBER
    ) -> Decided:
        """Send an event, and deliver what it makes keys tell each other; its own answer."""
        answer = self.send_alone(fact, event_id=event_id, time=time, member=member)
        self.deliver()
        return answer

    def send_alone(
        self, fact: Fact, *, event_id: str | None = None, time: str | None = None, member: str = MEMBER
    ) -> Decided:
        """Send an event; its own answer. Without a time it happens at the world's now."""
        when = at(time) if time else self.now
        assert when is not None
        return self.receive(event(fact, event_id=event_id or f"e{self.seq}", time=when, member=member))

    def deliver(self) -> None:
        """Tell each key what others sent to it, until there is nothing more to tell."""
        while self.under_way:
            self.receive(self.under_way.pop(0))

    def receive(self, sent: Event[Any]) -> Decided:
        topic = TOPIC_OF[PAYLOADS[sent.type]]
        self.offsets[topic] = self.offsets.get(topic, -1) + 1
        moment = self.moment(topic)
        before = dict(self.tables)
        decision = decide(sent, self.read, moment, self.policies)
        assert decide(sent, self.read, moment, self.policies) == decision
        assert self.tables == before, "decide must not write"
        self._take(sent.subject, decision)
        return decision.decisions[0].data

    def tick(self, to: str) -> None:
        """Move now, and wake whom it is time to wake, until nobody is due."""
        self.now = max(filter(None, (self.now, at(to))))
        while due := [member for member, when in self.due.items() if when <= self.now]:
            for member in due:
                moment = self.moment("clock")
                decision = wake(member, self.read, moment, self.policies)
                assert wake(member, self.read, moment, self.policies) == decision
                self._take(member, decision)

    def quarantine(self, reason: str = "internal_error", member: str = MEMBER) -> None:
        self._take(member, quarantine(member, self.read, self.moment("orders"), reason))

    def lift(self, member: str = MEMBER) -> Decided:
        return self.send(released(), member=member)

    def moment(self, topic: str) -> Moment:
        self.seq += 1
        return Moment(self.seq, self.now, topic, 3, self.offsets.get(topic, 0))

    def forget(self, event_id: str) -> None:
        """GEN-1 An event so old that its id is no longer remembered: told once more, it says the same under the same ids."""
        self.ids_out -= {
            output.id
            for output in self.outputs
            if not isinstance(output.data, Decided)
            and (cause := getattr(output.data, "cause", None))
            and cause.id == event_id
        }

    def _take(self, member: str, decision: Decision) -> None:
        for table, changes in decision.changes.items():
            for key, value in changes.items():
                self.tables.pop((table, key), None)
                if value is not None:
                    self.tables[table, key] = value
        new = [*decision.ledger, *decision.notifications, *decision.requests, *decision.decisions]
        for output in new:  # the rules make outputs unchecked
            raw = encode(output)
            assert encode(read(raw, type(output.data))) == raw
            assert not NOT_UTC.search(raw)
        ids = [output.id for output in new if not isinstance(output.data, Decided)]
        assert len(ids) == len(set(ids)), "NTF-1: one id for two things"
        assert not self.ids_out & set(ids), "NTF-1: told, booked or asked for twice"
        self.ids_out |= set(ids)
        self.outputs += new
        if raw := decision.changes.get(MEMBERS, {}).get(member_key(member)):
            assert unpromised(decode(raw, Member)) == []
        self.due.pop(member, None)
        if decision.due:
            self.due[member] = decision.due
        if decision.everybody:
            self._wake_everybody()
        new_transfers = [EVENT.validate_json(EVENT.dump_json(sent, exclude_none=True)) for sent in decision.transfers]
        self.transfers += new_transfers
        self.under_way += new_transfers

    def _wake_everybody(self) -> None:
        """Those who have not heard are due at the next tick."""
        said = majeure.words(self.read)
        for (table, key), raw in self.tables.items():
            if table == MEMBERS and majeure.has_to_hear(decode(raw, Member), said):
                self.due[key.decode()] = datetime.min.replace(tzinfo=UTC)

    # then

    def member(self, member: str = MEMBER) -> Member:
        raw = self.read(MEMBERS, member_key(member))
        assert raw is not None, "the member is not known"
        return decode(raw, Member)

    @property
    def points(self) -> Points:
        found = self.member().points
        assert found is not None
        return found

    @property
    def lots(self) -> list[Lot]:
        """The open lots, oldest first."""
        desk = Desk(MEMBER, self.read, Moment(0, self.now, "orders", 3, 0), self.policies)
        assert desk.member.points
        return sorted(Lots(desk, desk.member.points).all(), key=lambda lot: (lot.earned, lot.id))

    @property
    def pro(self) -> Pro:
        found = self.member().pro
        assert found is not None
        return found

    def entry(self, kind: type[Any], entry_id: str, member: str = MEMBER) -> Any:
        raw = self.read("entries", entry_key(kind.KIND, member, entry_id))
        return decode(raw, kind) if raw else None

    def repair(self, repair_id: str) -> Repair:
        found = self.member().repairs.get(repair_id) or self.entry(Repair, repair_id)
        assert found is not None
        return found

    def bodies(self, kind: type[B]) -> list[B]:
        """All outputs of that kind, in order, without their envelopes."""
        return [output.data for output in self.outputs if isinstance(output.data, kind)]

    def ids(self, kind: type[Body]) -> list[str]:
        """The ids of the same."""
        return [output.id for output in self.outputs if isinstance(output.data, kind)]

    @property
    def decisions(self) -> list[Decided]:
        return self.bodies(Decided)

    @property
    def notices(self) -> list[Notification]:
        return self.bodies(Notification)

    @property
    def ledger(self) -> list[LedgerEntry]:
        return self.bodies(LedgerEntry)

    @property
    def requests(self) -> list[Request]:
        return self.bodies(Request)

    @property
    def told(self) -> list[str]:
        """Kinds of all notifications, in order."""
        return [notice.kind for notice in self.notices]

    def notice(self, kind: str) -> Notification:
        """The one notification of that kind."""
        [found] = [notice for notice in self.notices if notice.kind == kind]
        return found

    def notice_id(self, kind: str) -> str:
        """Its id."""
        return self.ids(Notification)[self.told.index(kind)]

    def standing(self, without: Iterable[str] = ()) -> set[tuple[str, str]]:
        """(kind, id) of what was told and neither replaced nor of a kind that may differ by order of arrival."""
        gone = {old for notice in self.notices for old in notice.replaces}
        gone |= {str(notice.params["retracts"]) for notice in self.notices if notice.kind == "retracted"}
        unless = {"retracted", *without}
        told = [(notice.kind, of) for notice, of in zip(self.notices, self.ids(Notification), strict=True)]
        return {(kind, of) for kind, of in told if of not in gone and kind not in unless}

    @property
    def booked(self) -> list[tuple[str, int]]:
        """(kind, points) of all ledger entries."""
        return [(entry.kind, entry.points) for entry in self.ledger]

    def moved_by(self, answer: Decided) -> list[tuple[str, str | None, int]]:
        """(kind, lot, points, or what is reserved of them) of the entries that a decision names."""
        return [
            (entry.kind, entry.lot_id, entry.points or entry.reserved)
            for entry in self.ledger
            if entry.entry_id in answer.ledger
        ]

    def told_by(self, answer: Decided) -> list[str]:
        """Kinds of the notifications that a decision names."""
        return [kind for kind, of in zip(self.told, self.ids(Notification), strict=True) if of in answer.notifications]

    def balance(self) -> tuple[int, int]:
        """(available, debt)."""
        return self.points.available, self.points.debt

    @property
    def left(self) -> dict[str, int]:
        """Points left by lot, in the order in which they are used."""
        return {lot.id: lot.left for lot in self.lots}

    def check_books(self) -> None:
        """MS-20 by the ledger's own, separate account: balance, each lot, and the counts over the membership's life."""
        entries = [orjson.loads(encode(entry)) for entry in self.ledger]
        assert verify(entries) is None
        for kind in (LedgerEntry, Notification):
            assert len(set(self.ids(kind))) == len(self.ids(kind)), "an id was given twice"
        assert all(entry.points or entry.reserved for entry in self.ledger), "an entry that moves nothing"
        by_lot: dict[str | None, int] = {}
        for entry in self.ledger:
            by_lot[entry.lot_id] = by_lot.get(entry.lot_id, 0) + entry.points - entry.reserved
        points = self.member().points
        if points is None:
            assert {lot: left for lot, left in by_lot.items() if left} == {}, "all is void after the end"
            return
        assert {lot.id: lot.left for lot in self.lots} == {lot: left for lot, left in by_lot.items() if lot and left}
        first = min((lot.expires for lot in self.lots), default=0)
        assert not first or 0 < points.expires_next <= first, "MS-6: a lot outlives its last day"
        assert -points.debt == by_lot.get(None, 0)
        assert points.reserved == sum(entry.reserved for entry in self.ledger)
        counted = points.earned + points.adjusted - points.taken_back - points.redeemed - points.expired
        assert counted == points.available + points.reserved - points.debt
        if self.ledger:
            after = self.ledger[-1].balance_after
            assert (after.available, after.reserved, after.debt) == (points.available, points.reserved, points.debt)


def member(now: str = "2026-03-01 20:00", **settings: Any) -> World:
    """Given somebody who joined My Sony on 1 March 2026 at noon, Pacific."""
    world = World(now=now, policies=Policies(**SLOW_CLOCK | settings))
    world.send(joined(), time="2026-03-01 20:00")
    return world


def earned(world: World, *lots: tuple[str, int, str]) -> World:
    """Given lots that were earned by orders: (order, points, Pacific time), an even number of points each."""
    for order_id, points, when in lots:
        bought = line("l1", f"{points // 2}.00")
        world.send(order(order_id, bought, placed_at=pacific(when)), event_id=f"order-{order_id}", time=pacific(when))
    return world


def pro_member(world: World, *, auto: bool = True) -> World:
    """Given a PRO member whose first term runs from 2026-03-02 (Pacific) to 2027-03-02, with a registered body S1."""
    world.send(applied_for(auto_renew=auto), time="2026-03-01 18:00")
    world.send(reviewed(), time="2026-03-01 19:00")
    world.send(paid())
    world.send(registered(), time="2026-03-01 18:00")
    return world
