"""The naive account: its clauses one by one, and against the rules on sets of facts in any order."""

import ast
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
import structlog
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

import audit.account
from agents import handle
from audit.account import Account
from models.events import EVENT
from tests.audit.world import START, World, differing, line


def read(told: dict[str, Any]) -> Any:
    """The event, parsed."""
    return EVENT.validate_json(orjson.dumps(told))


def account_of(*told: dict[str, Any], now: datetime | None = START) -> Account:
    account = Account()
    for one in told:
        account.note(read(one), now)
    return account


def sum_of(account: Account) -> int:
    return account.balance["available"] + account.balance["reserved"] - account.balance["debt"]


def test_the_account_shares_no_arithmetic_with_the_rules() -> None:
    """A second opinion is worth what it does not take from the first: settings' values, and the names of lots."""
    trees = [ast.parse(path.read_text()) for path in Path(audit.account.__path__[0]).glob("*.py")]
    imported = {node.module for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {
        name.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    }
    assert {name for name in imported if name and name.startswith("models")} == {"models.policies", "models.values"}


@pytest.mark.parametrize(
    ("price", "quantity", "points"),
    [("0.49", 1, 0), ("0.50", 1, 1), ("9.99", 3, 59), ("10.00", 3, 60), ("0.01", 99, 1)],
)
def test_two_points_per_dollar_rounded_down(price: str, quantity: int, points: int) -> None:
    """MS-3 Points of a line = floor(2 x net dollars)."""
    world = World()
    told = world.join("ann"), world.order("ann", "A", line("1", price, quantity))
    assert sum_of(account_of(*told)) == points


@pytest.mark.parametrize(("back", "kept"), [(1, 40), (2, 20), (3, 0)])
def test_what_a_line_keeps_after_a_return(back: int, kept: int) -> None:
    """MS-10 59 points for 3 pieces: floor(59 x 1/3) = 19 gone, then 39, then all."""
    world = World()
    told = world.join("ann"), world.order("ann", "A"), world.bring_back("ann", "R", "A", l1=back)
    assert sum_of(account_of(*told)) == kept


def test_more_than_is_left_is_refused_whole() -> None:
    """MS-10."""
    world = World()
    told = [world.join("ann"), world.order("ann", "A", line("1"), line("2"))]
    told += [world.bring_back("ann", "R1", "A", l1=2), world.bring_back("ann", "R2", "A", l1=2, l2=1)]
    assert sum_of(account_of(*told)) == 20 + 59


def test_a_rejected_return_never_was_and_a_cancelled_order_keeps_nothing() -> None:
    """MS-10, MS-13."""
    world = World()
    told = [world.join("ann"), world.order("ann", "A"), world.bring_back("ann", "R", "A", l1=2)]
    told.append(world.publish("returns", "return.rejected.v1", "ann", {"return_id": "R"}))
    assert sum_of(account_of(*told)) == 59
    told.append(world.publish("orders", "order.cancelled.v1", "ann", {"order_id": "A", "before_shipment": True}))
    assert sum_of(account_of(*told)) == 0


@pytest.mark.parametrize(("seconds", "points"), [(0, 0), (1, 59)])
def test_only_a_member_by_joining_time_before_order_time_earns(seconds: int, points: int) -> None:
    """MS-4 The pair around the instant of joining."""
    world = World()
    joined = world.join("ann")
    placed_at = datetime.fromisoformat(joined["time"]) + timedelta(seconds=seconds)
    told = joined, world.order("ann", "A", placed_at=placed_at.isoformat())
    assert sum_of(account_of(*told)) == points


def test_an_order_handled_before_the_join_stays_without_points() -> None:
    """MS-4 As known when the order is processed; then the answer stands."""
    world = World()
    joined, ordered = world.join("ann"), world.order("ann", "A")
    assert sum_of(account_of(ordered, joined)) == 0


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
    assert (account.since is not None) is member


def test_one_born_on_29_february_comes_of_age_on_the_28th() -> None:
    """MS-1 in a year without a 29th; 07:59 UTC is still the 27th in the programme zone."""
    world = World()
    world.now = datetime(2026, 2, 28, 7, 58, tzinfo=UTC)
    early = world.join("ann", born="2008-02-29")
    world.now += timedelta(minutes=1)
    assert account_of(early).since is None
    assert account_of(world.join("bob", born="2008-02-29")).since is not None


@pytest.mark.parametrize(("days", "kept"), [(30, 59), (29, 40)])
def test_a_return_waits_thirty_days_for_its_order(days: int, kept: int) -> None:
    """GEN-2 The pair around the end of the waiting time."""
    world = World()
    joined, returned, ordered = world.join("ann"), world.bring_back("ann", "R", "A", l1=1), world.order("ann", "A")
    account = account_of(joined, returned)
    account.note(read(ordered), START + timedelta(days=days))
    assert sum_of(account) == kept


def test_an_event_id_is_spent_whoever_comes_with_it_next() -> None:
    """GEN-1 given the id of an order, when an order of another member carries it, then it has no effect."""
    world = World(partitions=1)
    world.join("ann")
    world.join("bob")
    world.handle()
    first = world.order("ann", "A")
    world.send("orders", first | {"subject": "bob", "data": first["data"] | {"order_id": "B"}})
    world.handle()
    shard = world.shard(0)
    assert [decision.data["outcome"] for decision in shard.parsed["decisions"]][-1] == "conflict"
    assert differing([shard]) == {}


def test_an_id_stays_spent_when_its_event_had_no_effect() -> None:
    """GEN-1 given an event that told an order again and differently, when its id comes with a new order, then no points."""
    world = World()
    told = [world.join("ann"), world.order("ann", "A"), world.order("ann", "A", line("1", "50.00", 1))]
    told.append(world.order("ann", "B") | {"id": told[-1]["id"]})
    assert sum_of(account_of(*told)) == 59


def test_no_time_passes_for_one_who_is_set_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    """given points that expire while their member is set aside, then they expire when that is lifted, in both accounts."""
    world = World(partitions=1)
    world.tick()
    world.join("ann")
    world.handle()
    world.order("ann", "A")
    world.handle()

    def failing(*_: Any) -> Any:
        raise ZeroDivisionError("a rule of ours")

    with structlog.testing.capture_logs(), monkeypatch.context() as patch:
        patch.setattr(handle, "decide", failing)
        world.order("ann", "B")
        world.handle()
    world.tick(timedelta(days=740))
    world.handle()
    assert differing(world.shards()) == {}
    world.publish("memberships", "member.released.v1", "ann", {"reason": "mended", "actor": "op-1"})
    world.handle()
    assert differing(world.shards()) == {}
    [entry] = [entry for entry in world.shard(0).parsed["points-ledger"] if entry.data["kind"] == "expire"]
    assert entry.data["points"] == -59


LINE = st.tuples(
    st.integers(0, 20_000).map(lambda cents: f"{cents // 100}.{cents % 100:02d}"),
    st.integers(1, 9),
    st.sampled_from([True, True, True, False]),
    st.none() | st.integers(1, 500),
)
PAUSES = st.sampled_from(["", "", "handle", "handle", "again", "tick 0", "tick 1", "tick 29", "tick 31"])


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[Any, ...]]:
    """One to three orders, what followed from them and what did not, in any order, with pauses, repeats and ticks."""
    orders = draw(st.lists(st.lists(LINE, min_size=1, max_size=3), min_size=1, max_size=3))
    facts: list[tuple[Any, ...]] = [
        ("order", f"O{n}", lines, draw(st.integers(0, 9)) > 0) for n, lines in enumerate(orders)
    ]
    for number in range(draw(st.integers(0, 5))):
        order = draw(st.integers(0, len(orders) - 1))
        bought = {f"l{place}": line[1] for place, line in enumerate(orders[order])}
        pieces = {name: draw(st.integers(0, most)) for name, most in bought.items()}
        back = {name: count for name, count in pieces.items() if count} or {draw(st.sampled_from(["l0", "l3"])): 1}
        facts.append(("return", f"R{draw(st.integers(number - 1, number))}", f"O{order}", back))
        if draw(st.booleans()):
            facts.append(("reject", f"R{number}"))
    facts += [("cancel", f"O{draw(st.integers(0, 3))}")] * draw(st.sampled_from([0, 0, 1, 2]))
    facts.append(("order", "O0", orders[-1], True))
    shuffled = draw(st.permutations(facts)) if draw(st.booleans()) else facts
    steps: list[tuple[Any, ...]] = [
        ("join", draw(st.sampled_from(["CA", "CA", "CA", "CA", "CA", "CA", "AL", "PR"]))),
        ("handle",),
    ]
    for fact in shuffled:
        steps += [fact, tuple(draw(PAUSES).split())]
    return steps


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories())
def test_the_rules_and_the_naive_account_agree_whatever_happens(steps: list[tuple[Any, ...]]) -> None:
    """MS-3, MS-4, MS-10, MS-13, GEN-1, GEN-2: two implementations, one answer, for any events in any order."""
    world = World(partitions=1)
    sent: list[tuple[str, dict[str, Any]]] = []
    for what, *arguments in filter(None, steps):
        if what == "handle":
            world.handle()
        elif what == "tick":
            world.tick(timedelta(days=int(arguments[0])))
            world.handle()
        elif what == "again":
            world.send(*sent[len(sent) // 2])
        else:
            sent.append(_step(world, what, *arguments))
    world.handle()
    kinds = {output.data["kind"] for output in world.shard(0).parsed["points-ledger"]}
    event(f"ledger: {', '.join(sorted(kinds)) or 'empty'}")
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
        return "orders", world.order("ann", number, *bought, signed_in=signed_in)
    if what == "return":
        number, order, pieces = arguments
        return "returns", world.bring_back("ann", number, order, **pieces)
    if what == "reject":
        return "returns", world.publish("returns", "return.rejected.v1", "ann", {"return_id": arguments[0]})
    data = {"order_id": arguments[0], "before_shipment": True}
    return "orders", world.publish("orders", "order.cancelled.v1", "ann", data)
