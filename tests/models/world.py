"""A partition in memory: the tables, a clock moved by hand, and events sent through `decide` and `wake`.

Every decision is taken twice and must come out equal: what decides is a function of state, event and now.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

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
from models.policies import STANDARD, Policies
from models.pro.state import Pro
from models.repairs.state import Repair
from models.state import MEMBERS, Member, decode, entry_key, member_key

MEMBER = "m-1"
PACIFIC = ZoneInfo(STANDARD.zone)
NOT_UTC = re.compile(rb'T\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d"')
SLOW_CLOCK: dict[str, Any] = {"ahead_days": 36_500}
"""The settings of a world whose clock seldom ticks: what happens years after its now is decided all the same."""
Fact = tuple[str, dict[str, Any]]
"""An event type without its version, and the data."""


def at(text: str) -> datetime:
    """`2026-03-10 12:00` as an instant; Pacific time is 8 hours (in summer 7) behind it."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def pacific(text: str) -> str:
    """`2026-03-10 23:59:59.999999` of the programme zone as this module's text in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=PACIFIC).astimezone(UTC).replace(tzinfo=None).isoformat(" ")


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
        self.outputs += new
        self.due.pop(member, None)
        if decision.due:
            self.due[member] = decision.due
        new_transfers = [EVENT.validate_json(EVENT.dump_json(sent, exclude_none=True)) for sent in decision.transfers]
        self.transfers += new_transfers
        self.under_way += new_transfers

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


# Facts: the events of the tests, with what does not matter filled in.


def joined(birth_date: str = "1990-05-05", state: str = "CA") -> Fact:
    return "points.joined", {"birth_date": birth_date, "state": state}


def released(reason: str = "mended", actor: str = "op-1") -> Fact:
    return "member.released", {"reason": reason, "actor": actor}


def line(line_id: str = "l1", price: str = "199.00", quantity: int = 1, **more: Any) -> dict[str, Any]:
    plain = {"sku": "ILCE-7M4", "category": "camera", "qualifying": True}
    return plain | {"line_id": line_id, "unit_price": price, "quantity": quantity} | more


def order(order_id: str = "o1", *lines: dict[str, Any], placed_at: str = "2026-03-02 18:00", **more: Any) -> Fact:
    plain = {"signed_in": True, "payment_method": "card", "points_redeemed": 0}
    when = {"placed_at": at(placed_at).isoformat()}
    return "order.placed", plain | when | {"order_id": order_id, "lines": list(lines) or [line()]} | more


def returned(return_id: str, order_id: str = "o1", /, *, in_window: bool = True, **quantities: int) -> Fact:
    lines = [{"line_id": line_id, "quantity": quantity} for line_id, quantity in quantities.items()]
    return "return.completed", {"return_id": return_id, "order_id": order_id, "lines": lines, "in_window": in_window}


def return_rejected(return_id: str) -> Fact:
    return "return.rejected", {"return_id": return_id}


def cancelled(order_id: str = "o1", *, before_shipment: bool = True) -> Fact:
    return "order.cancelled", {"order_id": order_id, "before_shipment": before_shipment}


def price_matched(price: str, line_id: str = "l1", order_id: str = "o1") -> Fact:
    return "order.price_matched", {"order_id": order_id, "line_id": line_id, "new_unit_price": price}


def disputed(amount: str, dispute_id: str = "d1", order_id: str = "o1") -> Fact:
    return "payment.disputed", {"order_id": order_id, "dispute_id": dispute_id, "amount": amount}


def dispute_won(dispute_id: str = "d1") -> Fact:
    return "payment.dispute_won", {"dispute_id": dispute_id}


def reserved(points: int, reservation_id: str = "s1") -> Fact:
    return "redemption.reserved", {"reservation_id": reservation_id, "points": points}


def set_free(reservation_id: str = "s1") -> Fact:
    return "redemption.released", {"reservation_id": reservation_id}


def adjusted(points: int, adjustment_id: str = "j1", actor: str = "kim", **more: Any) -> Fact:
    plain = {"reason": "a late parcel"}
    return "points.adjusted", plain | {"adjustment_id": adjustment_id, "points": points, "actor": actor} | more


def cancel_requested() -> Fact:
    return "points.cancel_requested", {}


def cancel_withdrawn() -> Fact:
    return "points.cancel_withdrawn", {}


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


def gear(*models: str) -> list[dict[str, str]]:
    """Each with a serial of its own."""
    return [{"model": model, "serial": f"{n}-{model}"} for n, model in enumerate(models)]


def applied_for(application_id: str = "a1", invoice_id: str = "i1", **more: Any) -> Fact:
    plain = {
        "birth_date": "1990-05-05", "state": "CA", "auto_renew": True,
        "business": {"employment": "employee", "description": "weddings"},
        "bodies": gear("ILCE-1", "ILCE-7M4"), "lenses": gear("SEL2470GM2", "SEL85F14GM", "SEL55F18Z"),
    }  # fmt: skip
    return "pro.applied", plain | {"application_id": application_id, "invoice_id": invoice_id} | more


def reviewed(application_id: str = "a1", approved: bool = True) -> Fact:
    return "pro.reviewed", {"application_id": application_id, "approved": approved}


def paid(invoice_id: str = "i1", paid_at: str = "2026-03-02 18:00", amount: str = "100.00", **more: Any) -> Fact:
    plain = {"method_id": "card-1", "program": "pro", "amount": amount, "paid_at": at(paid_at).isoformat()}
    return "payment.succeeded", plain | {"invoice_id": invoice_id} | more


def failed(invoice_id: str = "i1", attempt_id: str = "t1", **more: Any) -> Fact:
    plain = {"method_id": "card-1", "program": "pro", "reason": "insufficient_funds"}
    return "payment.failed", plain | {"invoice_id": invoice_id, "attempt_id": attempt_id} | more


def added(method_id: str = "card-1", position: int = 0, expires: str | None = "2035-12") -> Fact:
    until = {"expires": expires} if expires else {}
    return "method.added", {"method_id": method_id, "kind": "card", "position": position} | until


def updated(method_id: str = "card-1", **more: Any) -> Fact:
    return "method.updated", {"method_id": method_id} | more


def removed(method_id: str = "card-1") -> Fact:
    return "method.removed", {"method_id": method_id}


def care_bought(invoice_id: str = "c1", purchased_at: str = "2026-03-02 18:00", **more: Any) -> Fact:
    plain = {"email_hash": "e" * 64, "birth_date": "1990-05-05", "state": "CA"}
    return "care.purchased", plain | {"purchased_at": at(purchased_at).isoformat(), "invoice_id": invoice_id} | more


def care_paid(invoice_id: str = "c1", **more: Any) -> Fact:
    return paid(invoice_id, program="care", amount="179.99", **more)


def care_cancelled(*, refund: bool = False) -> Fact:
    return "care.cancel_requested", {"refund_requested": refund}


def claimed(claim_id: str = "k1", serial: str = "S1", order_id: str = "o1", filed_by: str = MEMBER) -> Fact:
    plain = {"claim_id": claim_id, "serial": serial, "order_id": order_id, "filed_by": filed_by}
    return "care.claim_opened", plain


def account_opened(email_hash: str = "e" * 64) -> Fact:
    return "account.opened", {"email_hash": email_hash, "birth_date": "1990-05-05", "state": "CA"}


def auto_renew(on: bool) -> Fact:
    return "pro.auto_renew_changed", {"on": on}


def repair(repair_id: str = "r1", **more: Any) -> Fact:
    plain = {
        "serial": "S1", "model": "ILCE-7M4", "issue": "no picture", "shipment_id": f"ship-{repair_id}", "pieces": 1,
        "sent_by": "member", "ship_to_state": "CA", "next_day_shipping": False,
    }  # fmt: skip
    return "repair.requested", plain | {"repair_id": repair_id} | more


def step(name: str, repair_id: str = "r1", **more: Any) -> Fact:
    needed: dict[str, Any] = {"warranty_validated": {"proof": True}, "handed_to_carrier": {"repaired": True}}
    return f"repair.{name}", {"repair_id": repair_id} | needed.get(name, {}) | more


def pro_member(world: World, *, auto: bool = True) -> World:
    """Given a PRO member whose first term runs from 2026-03-02 (Pacific) to 2027-03-02."""
    world.send(applied_for(auto_renew=auto), time="2026-03-01 18:00")
    world.send(reviewed(), time="2026-03-01 19:00")
    world.send(paid())
    return world
