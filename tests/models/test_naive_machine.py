"""MS-1 to MS-20 as histories: whatever happens, in whatever order, the rules and the naive account agree after every step.

Hypothesis invents the history of one or two members: orders paid with points or not, returns, price matches, disputes,
reservations, goodwill, joining and leaving; events come late, twice, before what they are about, and time moves over
expiries, timeouts and ends of memberships, with ticks that may be late. The naive account (`audit/account`) was written
from the terms a second time; a difference is a fault of one of the two.

A longer search: `MEMBERSHIPS_SEARCH=5000 pytest tests/models/test_naive_machine.py` tries that many histories.
"""

import os
from collections import Counter
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule

from audit.account import Account
from audit.account.seen import Seen
from models.desk import Desk, Moment
from models.events import Event
from models.outputs.ledger import LedgerEntry
from models.outputs.notifications import Notification
from models.points.lots import Lots
from models.policies import STANDARD, Policies
from tests.models.facts import Fact, at, cancelled, joined, line, order, return_rejected, returned
from tests.models.world import World, event

HISTORIES = int(os.environ.get("MEMBERSHIPS_SEARCH", "600"))
STEPS = 30

MEMBERS = st.sampled_from(["ann"] * 6 + ["bob"])
IDS = st.sampled_from(["1", "2", "3"])
"""Few of each kind, so that they meet; a return has the id of its order before its own, a dispute too."""
PRICES = st.integers(0, 3_000).map(lambda cents: f"{cents // 100}.{cents % 100:02d}")
POINTS = st.sampled_from([1, 7, 20, 60, 150])
LATE = st.sampled_from(
    [timedelta()] * 8
    + [timedelta(minutes=9), timedelta(hours=2), timedelta(days=4), timedelta(days=40)]
    + [timedelta(days=-20), timedelta(days=-40)]
)
"""How long before the present an event says that it happened; less than nothing: a clock was wrong."""
PAUSES = st.sampled_from(
    [timedelta(minutes=m) for m in (1, 30, 59, 61)] + [timedelta(days=d) for d in (1, 3, 8, 31, 330, 400, 731)]
)
HOLD = timedelta(days=STANDARD.hold_days)
WEEK = timedelta(days=7)
LEAVE: Fact = ("points.cancel_requested", {})
STAY: Fact = ("points.cancel_withdrawn", {})
ACTORS = st.sampled_from(["op-1", "Op-1", "op-2"])


Named = tuple[str, str]
"""A member, and the id of something of that member's."""


def adjusted(adjustment_id: str, points: int, *, actor: str = "op-1", **more: str) -> Fact:
    data = {"adjustment_id": adjustment_id, "points": points, "reason": "goodwill", "actor": actor}
    return "points.adjusted", data | more


def bonus(points: int, days: int | None) -> dict[str, Any]:
    last = {"expires_on": str((at("2026-03-02 18:00") + timedelta(days=days)).date())} if days is not None else {}
    return {"bonus": {"offer_id": "b", "points": points} | last}


BOUGHT = st.builds(
    lambda price, quantity, qualifying, more: {"price": price, "quantity": quantity, "qualifying": qualifying} | more,
    PRICES,
    st.integers(1, 3),
    st.sampled_from([True] * 6 + [False]),
    st.just({}) | st.builds(bonus, st.integers(1, 30), st.sampled_from([None, 20, 400, 900])),
)


class Histories(RuleBasedStateMachine):
    """What can happen to members."""

    orders: Bundle[Named] = Bundle("orders")
    returns: Bundle[Named] = Bundle("returns")
    disputes: Bundle[Named] = Bundle("disputes")
    reservations: Bundle[Named] = Bundle("reservations")

    def __init__(self) -> None:
        super().__init__()
        self.present = at("2026-03-02 18:00")
        self.sent: list[Event[Any]] = []
        self.told: dict[str, Any] = {}
        """All outputs by id."""
        self.came: dict[str, date | None] = {}
        """When each event came first, by the partition's time."""
        self.decided_anew: set[str] = set()
        """GEN-1 Events that came again when they were forgotten: what they cause has the ids it had."""
        self.read = 0

    def send(self, fact: Fact, member: str, late: timedelta = timedelta()) -> None:
        self.present += timedelta(minutes=1)
        told = event(fact, event_id=f"e{len(self.sent)}", time=self.present - late, member=member)
        self.sent.append(told)
        self.receive(told)

    def receive(self, told: Event[Any]) -> None:
        today = self.world.now.date() if self.world.now else None
        first = self.came.setdefault(told.id, today)
        if first and today and (today - first).days > STANDARD.ids_remembered_days:
            self.decided_anew.add(told.id)
            self.world.forget(told.id)
        answer = self.world.receive(told)
        note(f"{told.time:%Y-%m-%d %H:%M} {told.subject} {told.type}: {answer.outcome} {answer.says}")
        self.accounts[told.subject].note(told, self.world.now)

    @initialize(
        both=st.booleans(), early=st.booleans(), points=st.integers(0, 60), ahead=st.sampled_from([30, 30, 1_000])
    )
    def begin(self, both: bool, early: bool, points: int, ahead: int) -> None:
        """`ahead`: GEN-4 how many days events may be ahead of a clock that is late."""
        policies = Policies(ahead_days=ahead)
        seen = Seen(policies)
        self.world = World(now=None, policies=policies)
        self.accounts = {member: Account(policies, seen) for member in ("ann", "bob")}
        self.ledger: dict[str, Counter[str]] = {member: Counter() for member in self.accounts}
        self.reminders: dict[str, dict[str, str]] = {member: {} for member in self.accounts}
        """Last day of use -> the standing reminder; empty: it was withdrawn."""
        if not early:
            self.tick()
        self.send(joined(), "ann")
        if points:
            self.send(adjusted("old", points), "ann")
        if both:
            self.send(joined(), "bob")

    @rule(
        target=orders,
        member=MEMBERS,
        number=IDS,
        lines=st.lists(BOUGHT, min_size=1, max_size=2),
        redeemed=st.just(0) | POINTS,
        reservation=st.none() | IDS,
        signed_in=st.sampled_from([True] * 6 + [False]),
        late=LATE,
    )
    def buy(
        self,
        member: str,
        number: str,
        lines: list[Any],
        redeemed: int,
        reservation: str | None,
        signed_in: bool,
        late: timedelta,
    ) -> Named:
        bought = [line(f"l{n}", **one) for n, one in enumerate(lines)]
        more = {"reservation_id": f"v{reservation}"} if reservation and redeemed else {}
        kind, data = order(f"o{number}", *bought, points_redeemed=redeemed, signed_in=signed_in, **more)
        placed_at = self.present + timedelta(minutes=1) - late
        self.send((kind, data | {"placed_at": placed_at.isoformat()}), member, late)
        return member, f"o{number}"

    @rule(member=MEMBERS, number=IDS, what=st.sampled_from(["order", "return", "dispute", "reservation"]), late=LATE)
    def early(self, member: str, number: str, what: str, late: timedelta) -> None:
        """GEN-2 Something that undoes what may be still to come."""
        facts = {
            "order": cancelled(f"o{number}"),
            "return": return_rejected(f"o{number}-r1"),
            "dispute": ("payment.dispute_won", {"dispute_id": f"o{number}-d1"}),
            "reservation": ("redemption.released", {"reservation_id": f"v{number}"}),
        }
        self.send(facts[what], member, late)

    @rule(
        target=returns,
        bought=orders,
        number=IDS,
        pieces=st.dictionaries(st.sampled_from(["l0", "l1"]), st.integers(1, 2), min_size=1),
        late=LATE,
    )
    def bring_back(self, bought: Named, number: str, pieces: dict[str, int], late: timedelta) -> Named:
        member, order_id = bought
        self.send(returned(f"{order_id}-r{number}", order_id, **pieces), member, late)
        return member, f"{order_id}-r{number}"

    @rule(
        target=returns,
        bought=orders,
        sent=st.permutations([0, 1, 2]),
        pause=st.sampled_from([timedelta(), HOLD]),
    )
    def bring_back_the_same(self, bought: Named, sent: list[int], pause: timedelta) -> Named:
        """MS-10 A piece comes back twice, and one of both returns is rejected: some of it perhaps too late (GEN-2)."""
        member, order_id = bought
        first, second = f"{order_id}-r8", f"{order_id}-r9"
        facts = [returned(first, order_id, l0=1), returned(second, order_id, l0=1), return_rejected(first)]
        for number in sent[:2]:
            self.send(facts[number], member)
        self.present += pause
        self.tick()
        self.send(facts[sent[2]], member)
        return member, second

    @rule(back=returns, late=LATE)
    def reject(self, back: Named, late: timedelta) -> None:
        self.send(return_rejected(back[1]), back[0], late)

    @rule(bought=orders, pieces=st.integers(1, 3))
    def bring_and_reject(self, bought: Named, pieces: int) -> None:
        """MS-17 Points that go and come back at once, with what was told of them."""
        member, order_id = bought
        self.send(returned(f"{order_id}-r9", order_id, l0=pieces), member)
        self.both_agree()
        self.send(return_rejected(f"{order_id}-r9"), member)

    @rule(bought=orders, late=LATE)
    def cancel(self, bought: Named, late: timedelta) -> None:
        self.send(cancelled(bought[1]), bought[0], late)

    @rule(bought=orders, line_id=st.sampled_from(["l0", "l0", "l1"]), price=PRICES, late=LATE)
    def match_price(self, bought: Named, line_id: str, price: str, late: timedelta) -> None:
        data = {"order_id": bought[1], "line_id": line_id, "new_unit_price": price}
        self.send(("order.price_matched", data), bought[0], late)

    @rule(target=disputes, bought=orders, number=IDS, amount=PRICES, late=LATE)
    def dispute(self, bought: Named, number: str, amount: str, late: timedelta) -> Named:
        member, order_id = bought
        data = {"order_id": order_id, "dispute_id": f"{order_id}-d{number}", "amount": amount}
        self.send(("payment.disputed", data), member, late)
        return member, f"{order_id}-d{number}"

    @rule(about=disputes, late=LATE)
    def win(self, about: Named, late: timedelta) -> None:
        self.send(("payment.dispute_won", {"dispute_id": about[1]}), about[0], late)

    @rule(target=reservations, member=MEMBERS, number=IDS, points=POINTS, late=LATE)
    def reserve(self, member: str, number: str, points: int, late: timedelta) -> Named:
        self.send(("redemption.reserved", {"reservation_id": f"v{number}", "points": points}), member, late)
        return member, f"v{number}"

    @rule(about=reservations, late=LATE)
    def release(self, about: Named, late: timedelta) -> None:
        self.send(("redemption.released", {"reservation_id": about[1]}), about[0], late)

    @rule(
        member=MEMBERS,
        number=IDS,
        points=st.sampled_from([10, -10, 50, -50, 0, 5001, -5001]),
        actor=ACTORS,
        approves=st.none() | IDS,
        late=LATE,
    )
    def adjust(self, member: str, number: str, points: int, actor: str, approves: str | None, late: timedelta) -> None:
        more = {"approves": f"a{approves}"} if approves else {}
        self.send(adjusted(f"a{number}", points, actor=actor, **more), member, late)

    @rule(member=MEMBERS, fact=st.sampled_from([joined(), joined(state="PR"), LEAVE, STAY]), late=LATE)
    def join_or_leave(self, member: str, fact: Fact, late: timedelta) -> None:
        self.send(fact, member, late)

    @rule(member=MEMBERS, what=st.sampled_from(["order", "joining", "reservation"]), stays=st.booleans())
    def happen_behind_the_end(self, member: str, what: str, stays: bool) -> None:
        """MS-16 The end was asked for, and before a tick tells that it has come something happens, or it is withdrawn."""
        self.send(LEAVE, member)
        self.present += WEEK
        kind, data = order("o3", line("l0", "20.00", 2))
        placed = kind, data | {"placed_at": (self.present + timedelta(minutes=1)).isoformat()}
        reserved = ("redemption.reserved", {"reservation_id": "v3", "points": 1})
        self.send({"order": placed, "joining": joined(), "reservation": reserved}[what], member)
        if stays:
            self.send(STAY, member, WEEK)

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def again(self, data: st.DataObject) -> None:
        """GEN-1 The same event once more."""
        self.receive(data.draw(st.sampled_from(self.sent)))

    @rule()
    def tick(self) -> None:
        self.world.tick(f"{self.present:%Y-%m-%d %H:%M}")
        assert self.world.now is not None
        note(f"tick {self.world.now:%Y-%m-%d %H:%M}")
        for account in self.accounts.values():
            account.tick(self.world.now)

    @rule(pause=PAUSES, ticked=st.sampled_from([True, True, True, False]))
    def wait(self, pause: timedelta, ticked: bool) -> None:
        self.present += pause
        if ticked:
            self.tick()

    @precondition(lambda self: self.accounts["ann"].expiry_days)
    @rule(
        offset=st.sampled_from(
            [timedelta(hours=-1), timedelta(minutes=1), timedelta(days=3), timedelta(days=-59), timedelta(days=-6)]
        ),
        ticked=st.sampled_from([True, True, False]),
    )
    def wait_for_expiry(self, offset: timedelta, ticked: bool) -> None:
        """MS-6, MS-17 Shortly before, and after, the end of the day on which the next points expire; when that was told."""
        day = min(self.accounts["ann"].expiry_days)
        self.present = max(self.present, STANDARD.calendar.end_of(day) + offset)
        if ticked:
            self.tick()

    @invariant()
    def both_agree(self) -> None:
        for output in self.world.outputs[self.read :]:
            told = self.told.setdefault(output.id, output.data)
            if isinstance(told, LedgerEntry):
                assert told is output.data, f"MS-20: two entries are called {output.id}"
            elif isinstance(told, Notification) and told.cause.id not in self.decided_anew:
                assert told is output.data, f"NTF-1: two notices are called {output.id}"
            if isinstance(output.data, LedgerEntry) and output.data.order_id:
                self.ledger[output.subject][output.data.order_id] += output.data.points
        new, self.read = self.world.outputs[self.read :], len(self.world.outputs)
        for member, account in self.accounts.items():
            assert self.by_the_rules(member) == by_the_account(account), f"{member}: rules == account"
            self.check_reminders(member, account, [output for output in new if output.subject == member])

    def check_reminders(self, member: str, account: Account, new: list[Any]) -> None:
        """MS-17, NTF-3 A reminder stands while points of its day are left, also when they went and came back."""
        reminders, back = self.reminders[member], set()
        for output in new:
            match output.data:
                case Notification(kind="points.expiring", params=params):
                    reminders[str(params["expires_on"])] = output.id
                case Notification(kind="retracted", params=params):
                    for day in [day for day, told in reminders.items() if told == params["retracts"]]:
                        reminders[day] = ""
                case Notification(kind="points.welcome"):
                    reminders.clear()
                case LedgerEntry(kind="restore" | "release", lot_id=str(lot_id)) if account.facts.purse:
                    back |= {lot.last_day for lot in account.facts.purse.lots.values() if lot.id == lot_id}
        left, now = account.expiry_days, self.world.now
        for text, told in reminders.items():
            day = date.fromisoformat(text)
            if now and STANDARD.calendar.day_of(now) <= day:
                may_stand = left.get(day) or account.balance["reserved"]
                assert may_stand or not told, f"{member}: a reminder of {day} stands, and nothing is left"
                assert told or day not in back or not left.get(day), (
                    f"{member}: points of {day} are back, and not told of"
                )

    def by_the_rules(self, member: str) -> dict[str, Any]:
        desk = Desk(member, self.world.read, Moment(0, self.world.now, "orders", 3, 0), self.world.policies)
        points = desk.member.points
        orders = {order_id: points for order_id, points in self.ledger[member].items() if points}
        if points is None:
            return {"since": None, "orders": orders}
        return {
            "since": points.joined_at,
            "orders": orders,
            "balance": {"available": points.available, "reserved": points.reserved, "debt": points.debt},
            "lots": {lot.id: (lot.left, lot.expires_on) for lot in Lots(desk, points).all()},
            "lifetime": {
                name: getattr(points, name) for name in ("earned", "taken_back", "redeemed", "expired", "adjusted")
            },
        }


def by_the_account(account: Account) -> dict[str, Any]:
    orders = {order_id: points for order_id, points in account.by_order.items() if points}
    purse = account.facts.purse
    if purse is None:
        return {"since": None, "orders": orders}
    return {
        "since": account.since,
        "orders": orders,
        "balance": account.balance,
        "lots": {name: (left, purse.lots[name].last_day) for name, left in account.lots.items()},
        "lifetime": account.lifetime,
    }


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=HISTORIES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
)
