"""GEN-2, GEN-1, MS-20 as properties: every order and duplication of linked events ends alike, and the books balance.

Points are also compared with a second, naive account that knows nothing of order: what each order keeps is worked out
from the set of facts.
"""

from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from models.outputs import Request
from models.points.state import Order
from tests.models.facts import (
    Fact,
    applied_for,
    cancelled,
    failed,
    joined,
    line,
    order,
    paid,
    repair,
    return_rejected,
    returned,
    reviewed,
    step,
)
from tests.models.world import World, pro_member

RENEWAL = "pro-m-1-2027-03-02"
TOLD_OF_IN_BETWEEN = {"payment.failed", "membership.suspended", "membership.reinstated"}
"""GEN-2 exempts notices that truthfully told an intermediate state."""
STEPS = ["received", "diagnosed", "warranty_validated", "completed", "handed_to_carrier", "delivered"]


@dataclass(frozen=True)
class Bought:
    """An order and all that became of it."""

    order_id: str
    lines: list[dict[str, Any]]
    returns: list[tuple[str, dict[str, int]]]
    rejected: frozenset[str]
    cancelled: bool

    @property
    def facts(self) -> list[Fact]:
        found = [order(self.order_id, *self.lines)]
        found += [returned(return_id, self.order_id, **quantities) for return_id, quantities in self.returns]
        found += [return_rejected(return_id) for return_id in sorted(self.rejected)]
        return found + [cancelled(self.order_id)] * self.cancelled

    @property
    def kept(self) -> int:
        """MS-3, MS-5, MS-10, MS-13 in one naive sum: the points the order keeps in the end."""
        total = 0
        for bought in self.lines:
            back = sum(q.get(bought["line_id"], 0) for r, q in self.returns if r not in self.rejected)
            cents = int(bought["unit_price"].replace(".", "")) * bought["quantity"]
            bonus = bought.get("bonus", {"points": 0})["points"]
            if bought["qualifying"] and not self.cancelled:
                total += sum(points - points * back // bought["quantity"] for points in (cents * 2 // 100, bonus))
        return total


@st.composite
def purchases(draw: st.DrawFn, order_id: str) -> Bought:
    lines, left = [], {}
    for n in range(draw(st.integers(1, 3))):
        quantity = draw(st.integers(1, 4))
        price = f"{draw(st.integers(0, 300))}.{draw(st.integers(0, 99)):02d}"
        bonus = {"bonus": {"offer_id": "b", "points": draw(st.integers(1, 99))}} if draw(st.booleans()) else {}
        lines.append(line(f"l{n}", price, quantity, qualifying=draw(st.booleans()), **bonus))
        left[f"l{n}"] = quantity
    returns = []
    for n in range(draw(st.integers(0, 3))):
        quantities = {line_id: draw(st.integers(0, rest)) for line_id, rest in left.items()}
        quantities = {line_id: quantity for line_id, quantity in quantities.items() if quantity}
        for line_id, quantity in quantities.items():
            left[line_id] -= quantity
        if quantities:
            returns.append((f"{order_id}-r{n}", quantities))
    rejected = frozenset(draw(st.sets(st.sampled_from([r for r, _ in returns])))) if returns else frozenset()
    return Bought(order_id, lines, returns, rejected, draw(st.booleans()))


def replay(world: World, facts: list[Fact], arrivals: list[int]) -> None:
    """Send facts in that order of arrival; each keeps its own id and time."""
    for n in arrivals:
        fact, time = facts[n], f"2026-03-{3 + n // 24:02} {n % 24:02}:00"
        world.send(fact, event_id=f"fact-{n}", time=time)


def any_order(draw: st.DrawFn, facts: list[Fact]) -> list[int]:
    """Some order of arrival of all facts, some of them several times."""
    again = draw(st.lists(st.integers(0, len(facts) - 1), max_size=4))
    return draw(st.permutations([*range(len(facts)), *again]))


def points_end(world: World, orders: list[Bought]) -> Any:
    orders_end = [world.entry(Order, bought.order_id) for bought in orders]
    for found in orders_end:
        found.notices = []  # all replaced: `standing` compares what is not
    return world.points.available, world.points.debt, world.lots, world.points.earned, orders_end


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_gen_2_ms_10_orders_returns_and_cancellations_in_any_order(data: st.DataObject) -> None:
    bought = [data.draw(purchases(f"o{n}")) for n in range(data.draw(st.integers(1, 2)))]
    facts = [fact for each in bought for fact in each.facts]
    ends = []
    for arrivals in (list(range(len(facts))), data.draw(st.composite(any_order)(facts))):
        world = World()
        world.send(joined(), event_id="join", time="2026-03-01 20:00")
        replay(world, facts, arrivals)
        world.check_books()
        assert world.points.available == sum(each.kept for each in bought)
        assert world.points.debt == 0
        assert world.member().held == 0
        ends.append((points_end(world, bought), world.standing()))
    assert ends[0] == ends[1]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_gen_2_all_programmes_together_in_any_order(data: st.DataObject) -> None:
    bought = data.draw(purchases("o1"))
    steps = data.draw(st.sets(st.sampled_from(STEPS)))
    success = paid(
        RENEWAL, paid_at=data.draw(st.sampled_from(["2027-02-20 12:00", "2027-03-02 12:00", "2027-04-01 12:00"]))
    )
    facts = [*bought.facts, repair(), *[step(name) for name in STEPS if name in steps], failed(RENEWAL), success]
    ends = []
    for arrivals in (list(range(len(facts))), data.draw(st.composite(any_order)(facts))):
        world = pro_member(World(now="2026-03-02 20:00"))
        world.send(joined(), event_id="join", time="2026-03-01 20:00")
        replay(world, facts, arrivals)
        found = world.repair("r1")
        end = (found.status, sorted(found.steps.items()), found.turnaround and found.turnaround.state)
        pro = (world.pro.status, world.pro.causes, world.pro.terms, world.pro.invoice)
        standing = world.standing(TOLD_OF_IN_BETWEEN)
        ends.append((points_end(world, [bought]), end, pro, standing, world.member().due, world.member().held))
    assert ends[0] == ends[1]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_gen_2_one_lapsed_applies_again_in_any_order(data: st.DataObject) -> None:
    """PRO-5 A fee that comes before its application waits for it. GEN-4 The lapse may be handled before or after."""
    approved, fee = data.draw(st.booleans()), data.draw(st.sampled_from(["100.00", "99.00", "120.00"]))
    facts = [applied_for("a2", "i9"), reviewed("a2", approved), failed("i9"), failed("i9", "t2")]
    facts.append(paid("i9", paid_at="2027-03-06 20:00", amount=fee))
    ends = []
    for arrivals in (list(range(len(facts))), data.draw(st.composite(any_order)(facts))):
        world = pro_member(World(), auto=False)
        world.tick("2027-02-01 00:00")
        if data.draw(st.booleans()):
            world.tick("2027-03-03 00:00")
        for n in arrivals:
            world.send(facts[n], event_id=f"fact-{n}", time=f"2027-03-0{4 + n} 12:00")
        world.tick("2027-03-20 00:00")
        requests = list(zip(world.ids(Request), world.requests, strict=True))
        ends.append((world.pro, world.standing(), world.member().due, world.member().held, requests))
    assert ends[0] == ends[1]
    opened = approved and fee != "99.00"
    assert ends[0][0].status == ("active" if opened else "applied" if approved else "rejected")
    assert len(ends[0][4]) == (not approved or fee == "99.00"), "what pays nothing goes back, once"
