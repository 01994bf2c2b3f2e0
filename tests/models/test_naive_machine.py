"""MS-1 to MS-20 as histories: whatever happens, in whatever order, the rules and the naive account agree after every step.

Hypothesis invents the history of one or two members: orders paid with points or not, returns, price matches, disputes,
reservations, goodwill, joining and leaving; events come late, twice, before what they are about, and time moves over
expiries, timeouts and ends of memberships, with ticks that may be late. The naive account (`audit/account`) was written
from the terms a second time; a difference is a fault of one of the two.

A longer search: `MEMBERSHIPS_SEARCH=2000 pytest tests/models/test_naive_machine.py` tries that many histories.
"""

import os
from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from audit.account import Account
from models.desk import Desk, Moment
from models.events import Event
from models.outputs.ledger import LedgerEntry
from models.points.lots import Lots
from tests.models.world import Fact, World, at, cancelled, event, joined, line, order, return_rejected, returned

HISTORIES = int(os.environ.get("MEMBERSHIPS_SEARCH", "120"))
STEPS = 30

MEMBERS = st.sampled_from(["ann", "ann", "ann", "ann", "ann", "bob"])
ORDERS = st.sampled_from([f"o{n}" for n in range(3)])
RETURNS = st.sampled_from([f"r{n}" for n in range(3)])
DISPUTES = st.sampled_from(["d0", "d1"])
RESERVATIONS = st.sampled_from(["v0", "v1"])
ADJUSTMENTS = st.sampled_from(["a0", "a1"])
LINES = st.sampled_from(["l0", "l1"])
PRICES = st.integers(0, 3_000).map(lambda cents: f"{cents // 100}.{cents % 100:02d}")
LATE = st.sampled_from(
    [timedelta()] * 8 + [timedelta(minutes=9), timedelta(hours=2), timedelta(days=4), timedelta(days=40)]
)
"""How long before the present an event says that it happened."""
PAUSES = st.sampled_from(
    [timedelta(minutes=m) for m in (1, 30, 59, 61)] + [timedelta(days=d) for d in (1, 3, 8, 31, 330, 400, 731)]
)
LEAVE: Fact = ("points.cancel_requested", {})
STAY: Fact = ("points.cancel_withdrawn", {})
ACTORS = st.sampled_from(["op-1", "op-2"])


def bonus(points: int, days: int | None) -> dict[str, Any]:
    last = {"expires_on": str((at("2026-03-02 18:00") + timedelta(days=days)).date())} if days is not None else {}
    return {"bonus": {"offer_id": "b", "points": points} | last}


BOUGHT = st.builds(
    lambda price, quantity, qualifying, more: {"price": price, "quantity": quantity, "qualifying": qualifying} | more,
    PRICES,
    st.integers(1, 3),
    st.sampled_from([True, True, True, False]),
    st.just({}) | st.builds(bonus, st.integers(1, 30), st.sampled_from([None, 20, 400, 900])),
)


class Histories(RuleBasedStateMachine):
    """What can happen to members."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(now=None)
        self.present = at("2026-03-02 18:00")
        seen: dict[Any, Any] = {}
        self.accounts = {member: Account(seen=seen) for member in ("ann", "bob")}
        self.sent: list[Event[Any]] = []
        self.ledger: dict[str, Counter[str]] = {member: Counter() for member in self.accounts}
        self.read = 0

    def send(self, fact: Fact, member: str, late: timedelta = timedelta()) -> None:
        self.present += timedelta(minutes=1)
        told = event(fact, event_id=f"e{len(self.sent)}", time=self.present - late, member=member)
        self.sent.append(told)
        self.receive(told)

    def receive(self, told: Event[Any]) -> None:
        answer = self.world.receive(told)
        note(f"{told.time:%Y-%m-%d %H:%M} {told.subject} {told.type} {told.data!r}: {answer.outcome} {answer.says}")
        self.accounts[told.subject].note(told, self.world.now)

    @initialize(both=st.booleans(), early=st.booleans(), points=st.integers(0, 60))
    def begin(self, both: bool, early: bool, points: int) -> None:
        if not early:
            self.tick()
        self.send(joined(), "ann")
        if points:
            self.adjust("ann", "old", points, "op-1", timedelta())
        if both:
            self.send(joined(), "bob")

    @rule(member=MEMBERS, fact=st.sampled_from([joined(), joined(state="PR"), LEAVE, LEAVE, STAY]), late=LATE)
    def join_or_leave(self, member: str, fact: Fact, late: timedelta) -> None:
        self.send(fact, member, late)

    @rule(
        member=MEMBERS,
        order_id=ORDERS,
        lines=st.lists(BOUGHT, min_size=1, max_size=2),
        redeemed=st.sampled_from([0, 0, 0, 5, 20, 60]),
        reservation=st.none() | RESERVATIONS,
        signed_in=st.sampled_from([True, True, True, True, False]),
        late=LATE,
    )
    def buy(
        self,
        member: str,
        order_id: str,
        lines: list[Any],
        redeemed: int,
        reservation: str | None,
        signed_in: bool,
        late: timedelta,
    ) -> None:
        bought = [
            line(f"l{n}", one["price"], **{k: v for k, v in one.items() if k != "price"}) for n, one in enumerate(lines)
        ]
        placed_at = self.present + timedelta(minutes=1) - late
        more = {"reservation_id": reservation} if reservation and redeemed else {}
        kind, data = order(order_id, *bought, points_redeemed=redeemed, signed_in=signed_in, **more)
        self.send((kind, data | {"placed_at": placed_at.isoformat()}), member, late)

    @rule(
        member=MEMBERS,
        return_id=RETURNS,
        order_id=ORDERS,
        pieces=st.dictionaries(LINES, st.integers(1, 2), min_size=1),
        late=LATE,
    )
    def bring_back(self, member: str, return_id: str, order_id: str, pieces: dict[str, int], late: timedelta) -> None:
        self.send(returned(return_id, order_id, **pieces), member, late)

    @rule(member=MEMBERS, return_id=RETURNS, late=LATE)
    def reject(self, member: str, return_id: str, late: timedelta) -> None:
        self.send(return_rejected(return_id), member, late)

    @rule(member=MEMBERS, order_id=ORDERS, late=LATE)
    def cancel(self, member: str, order_id: str, late: timedelta) -> None:
        self.send(cancelled(order_id), member, late)

    @rule(member=MEMBERS, order_id=ORDERS, line_id=LINES, price=PRICES, late=LATE)
    def match_price(self, member: str, order_id: str, line_id: str, price: str, late: timedelta) -> None:
        data = {"order_id": order_id, "line_id": line_id, "new_unit_price": price}
        self.send(("order.price_matched", data), member, late)

    @rule(member=MEMBERS, order_id=ORDERS, dispute_id=DISPUTES, amount=PRICES, late=LATE)
    def dispute(self, member: str, order_id: str, dispute_id: str, amount: str, late: timedelta) -> None:
        data = {"order_id": order_id, "dispute_id": dispute_id, "amount": amount}
        self.send(("payment.disputed", data), member, late)

    @rule(member=MEMBERS, dispute_id=DISPUTES, late=LATE)
    def win(self, member: str, dispute_id: str, late: timedelta) -> None:
        self.send(("payment.dispute_won", {"dispute_id": dispute_id}), member, late)

    @rule(member=MEMBERS, reservation_id=RESERVATIONS, points=st.integers(1, 40), late=LATE)
    def reserve(self, member: str, reservation_id: str, points: int, late: timedelta) -> None:
        self.send(("redemption.reserved", {"reservation_id": reservation_id, "points": points}), member, late)

    @rule(member=MEMBERS, reservation_id=RESERVATIONS, late=LATE)
    def release(self, member: str, reservation_id: str, late: timedelta) -> None:
        self.send(("redemption.released", {"reservation_id": reservation_id}), member, late)

    @rule(
        member=MEMBERS,
        adjustment_id=ADJUSTMENTS,
        points=st.sampled_from([10, -10, 50, -50, 0, 5001, -5001]),
        actor=ACTORS,
        late=LATE,
    )
    def adjust(self, member: str, adjustment_id: str, points: int, actor: str, late: timedelta) -> None:
        data = {"adjustment_id": adjustment_id, "points": points, "reason": "goodwill", "actor": actor}
        self.send(("points.adjusted", data), member, late)

    @rule(member=MEMBERS, approves=ADJUSTMENTS, points=st.sampled_from([5001, -5001]), actor=ACTORS, late=LATE)
    def approve(self, member: str, approves: str, points: int, actor: str, late: timedelta) -> None:
        data = {"adjustment_id": "yes", "points": points, "reason": "fine", "actor": actor, "approves": approves}
        self.send(("points.adjusted", data), member, late)

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

    @invariant()
    def both_agree(self) -> None:
        for output in self.world.outputs[self.read :]:
            if isinstance(output.data, LedgerEntry) and output.data.order_id:
                self.ledger[output.subject][output.data.order_id] += output.data.points
        self.read = len(self.world.outputs)
        for member, account in self.accounts.items():
            assert self.by_the_rules(member) == by_the_account(account), f"{member}: rules == account"

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
