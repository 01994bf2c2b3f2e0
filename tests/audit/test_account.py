"""The naive account: its clauses one by one, and against the rules on sets of facts in any order."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.account import Account
from models.events import EVENT
from tests.audit.world import START, World, differing, line


def read(told: dict[str, Any]) -> Any:
    """The event, parsed."""
    return EVENT.validate_json(orjson.dumps(told))


def account_of(*told: dict[str, Any], now: datetime | None = START) -> Account:
    account = Account()
    for event in told:
        account.note(read(event), now)
    return account


@pytest.mark.parametrize(
    ("price", "quantity", "points"),
    [("0.49", 1, 0), ("0.50", 1, 1), ("9.99", 3, 59), ("10.00", 3, 60), ("0.01", 99, 1)],
)
def test_two_points_per_dollar_rounded_down(price: str, quantity: int, points: int) -> None:
    """MS-3 Points of a line = floor(2 x net dollars)."""
    world = World()
    told = world.join("ann"), world.order("ann", "A", line("1", price, quantity))
    assert account_of(*told).balance == points


@pytest.mark.parametrize(("back", "kept"), [(1, 40), (2, 20), (3, 0)])
def test_what_a_line_keeps_after_a_return(back: int, kept: int) -> None:
    """MS-10 59 points for 3 pieces: floor(59 x 1/3) = 19 gone, then 39, then all."""
    world = World()
    told = world.join("ann"), world.order("ann", "A"), world.bring_back("ann", "R", "A", l1=back)
    assert account_of(*told).balance == kept


def test_more_than_is_left_is_refused_whole() -> None:
    """MS-10."""
    world = World()
    told = [world.join("ann"), world.order("ann", "A", line("1"), line("2"))]
    told += [world.bring_back("ann", "R1", "A", l1=2), world.bring_back("ann", "R2", "A", l1=2, l2=1)]
    assert account_of(*told).balance == 20 + 59


def test_a_rejected_return_never_was_and_a_cancelled_order_keeps_nothing() -> None:
    """MS-10, MS-13."""
    world = World()
    told = [world.join("ann"), world.order("ann", "A"), world.bring_back("ann", "R", "A", l1=2)]
    told.append(world.publish("returns", "return.rejected.v1", "ann", {"return_id": "R"}))
    assert account_of(*told).balance == 59
    told.append(world.publish("orders", "order.cancelled.v1", "ann", {"order_id": "A", "before_shipment": True}))
    assert account_of(*told).balance == 0


@pytest.mark.parametrize(("seconds", "points"), [(0, 0), (1, 59)])
def test_only_a_member_by_joining_time_before_order_time_earns(seconds: int, points: int) -> None:
    """MS-4 The pair around the instant of joining."""
    world = World()
    joined = world.join("ann")
    placed_at = datetime.fromisoformat(joined["time"]) + timedelta(seconds=seconds)
    told = joined, world.order("ann", "A", placed_at=placed_at.isoformat())
    assert account_of(*told).balance == points


def test_an_order_handled_before_the_join_stays_without_points() -> None:
    """MS-4 As known when the order is processed; then the answer stands."""
    world = World()
    joined, ordered = world.join("ann"), world.order("ann", "A")
    assert account_of(ordered, joined).balance == 0


@pytest.mark.parametrize(
    ("state", "born", "member"),
    [
        ("CA", date(2008, 3, 2), True),
        ("CA", date(2008, 3, 3), False),
        ("AL", date(2007, 3, 2), True),
        ("NE", date(2007, 3, 3), False),
        ("PR", date(1990, 1, 1), False),
    ],
)
def test_who_may_join(state: str, born: date, member: bool) -> None:
    """MS-1 On 2 March 2026: residents, 18, or 19 in AL and NE."""
    account = account_of(World().join("ann", state=state, born=born.isoformat()))
    assert (account.joined_at is not None) is member


def test_one_born_on_29_february_comes_of_age_on_the_28th() -> None:
    """MS-1 in a year without a 29th; 07:59 UTC is still the 27th in the programme zone."""
    world = World()
    world.now = datetime(2026, 2, 28, 7, 58, tzinfo=UTC)
    early = world.join("ann", born="2008-02-29")
    world.now += timedelta(minutes=1)
    assert account_of(early).joined_at is None
    assert account_of(world.join("bob", born="2008-02-29")).joined_at is not None


@pytest.mark.parametrize(("days", "kept"), [(30, 59), (29, 40)])
def test_a_return_waits_thirty_days_for_its_order(days: int, kept: int) -> None:
    """GEN-2 The pair around the end of the waiting time."""
    world = World()
    joined, returned, ordered = world.join("ann"), world.bring_back("ann", "R", "A", l1=1), world.order("ann", "A")
    account = account_of(joined, returned)
    account.note(read(ordered), START + timedelta(days=days))
    assert account.balance == kept


LINES = st.lists(
    st.builds(
        lambda price, quantity, qualifying, bonus: (f"{price // 100}.{price % 100:02d}", quantity, qualifying, bonus),
        st.integers(0, 20_000),
        st.integers(1, 9),
        st.booleans(),
        st.none() | st.integers(1, 500),
    ),
    min_size=1,
    max_size=3,
)
PIECES = st.dictionaries(st.sampled_from(["l0", "l1", "l2"]), st.integers(1, 4), min_size=1)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("join"), st.sampled_from(["CA", "AL", "PR"])),
        st.tuples(st.just("order"), st.integers(0, 3), LINES, st.booleans()),
        st.tuples(st.just("return"), st.integers(0, 5), st.integers(0, 3), PIECES),
        st.tuples(st.just("reject"), st.integers(0, 5)),
        st.tuples(st.just("cancel"), st.integers(0, 3)),
        st.tuples(st.just("again"), st.integers(0, 30)),
        st.tuples(st.just("handle")),
        st.tuples(st.just("tick"), st.sampled_from([0, 1, 29, 31])),
    ),
    max_size=30,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(STEPS)
def test_the_rules_and_the_naive_account_agree_whatever_happens(steps: list[tuple[Any, ...]]) -> None:
    """MS-3, MS-4, MS-10, MS-13, GEN-1, GEN-2: two implementations, one answer, for any events in any order."""
    world = World(partitions=1)
    sent: list[tuple[str, dict[str, Any]]] = []
    for what, *arguments in steps:
        if what == "handle":
            world.handle()
        elif what == "tick":
            world.tick(timedelta(days=arguments[0]))
            world.handle()
        elif what == "again":
            if sent:
                world.send(*sent[arguments[0] % len(sent)])
        else:
            sent.append(_step(world, what, *arguments))
    world.handle()
    assert differing(world.shards()) == {}


def _step(world: World, what: str, *arguments: Any) -> tuple[str, dict[str, Any]]:
    if what == "join":
        return "memberships", world.join("ann", state=arguments[0], born="2007-06-01")
    if what == "order":
        number, lines, signed_in = arguments
        bought = [
            line(
                str(place),
                price,
                quantity,
                qualifying=qualifying,
                **({"bonus": {"offer_id": "o", "points": bonus}} if bonus else {}),
            )
            for place, (price, quantity, qualifying, bonus) in enumerate(lines)
        ]
        return "orders", world.order("ann", f"O{number}", *bought, signed_in=signed_in)
    if what == "return":
        number, order, pieces = arguments
        return "returns", world.bring_back("ann", f"R{number}", f"O{order}", **pieces)
    if what == "reject":
        return "returns", world.publish("returns", "return.rejected.v1", "ann", {"return_id": f"R{arguments[0]}"})
    data = {"order_id": f"O{arguments[0]}", "before_shipment": True}
    return "orders", world.publish("orders", "order.cancelled.v1", "ann", data)
