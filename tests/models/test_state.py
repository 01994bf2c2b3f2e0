"""The state's codec: golden bytes per version, upcasting in one place, keys that no member id can forge."""

from base64 import b64decode, b64encode
from itertools import chain
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import state
from models.cleaning.terms import CHECKLIST
from models.kinds import ENTRIES
from models.points import lots
from models.state import Member, Quarantine, UnknownVersionError, decode, encode, entry_key
from models.values import permanent_id
from tests.models import facts as given_
from tests.models.facts import line, step
from tests.models.world import World, pro_member

GOLDEN = Path(__file__).parent / "golden"
ADDED: dict[type[Any], dict[int, list[Any]]] = {Member: {2: [None]}}
"""What a version has added to the end of a value, as it reads in one that an older release wrote."""


def rich_world() -> World:
    """A little of everything the state can hold."""
    world = World()
    leave_once(world, "m-2")
    collect_lots(world, "m-3")
    pro_member(world)
    bonus = {"offer_id": "spring", "points": 100, "expires_on": "2026-06-30"}
    bought = given_.order("o1", line("l1", "100.00", 2, bonus=bonus), line("l2", qualifying=False))
    for fact, event_id, time in (
        (given_.joined(), "join", "2026-03-01 20:00"),
        (bought, "o1", "2026-03-02 18:00"),
        (given_.order("o2", placed_at="2026-03-02 18:30"), "o2", "2026-03-02 18:30"),
        (given_.order("o3", signed_in=False), "o3", "2026-03-02 18:00"),
        (given_.returned("r1", l1=1), "r1", "2026-03-05 12:00"),
        (given_.returned("r5", l1=2), "r5", "2026-03-05 13:00"),
        (given_.return_rejected("r1"), "x1", "2026-03-06 12:00"),
        (given_.returned("r6", l1=1), "r6", "2026-03-06 12:30"),
        (given_.cancelled("o2"), "c2", "2026-03-06 13:00"),
        (given_.returned("r9", "o9", l1=1), "r9", "2026-03-07 12:00"),
        (given_.applied_for("a2", "i9"), "a2", "2026-03-08 12:00"),
        (given_.added("card-1", 1), "k1", "2026-03-08 12:30"),
        (given_.added("card-2", 0, None), "k2", "2026-03-08 12:40"),
        (given_.removed("card-2"), "k3", "2026-03-09 11:00"),
        (given_.failed("pro-m-1-2027-03-02"), "f2", "2027-02-01 12:00"),
        (given_.failed("pro-m-1-2027-03-02", "t2", method_id="card-9", reason="stolen"), "f3", "2027-02-01 13:00"),
        (given_.paid("i3", paid_at="2026-04-01 12:00"), "p3", "2026-04-01 12:00"),
        (given_.registered(purchased_on="2026-02-01"), "reg1", "2026-03-08 13:00"),
        (given_.registered("S9", condition="counterfeit"), "reg9", "2026-03-08 13:00"),
        *[(given_.booked(f"v{n}", S1="body", S9="body"), f"v{n}", f"2026-03-0{n} 12:00") for n in (8, 9)],
        *[(given_.booked(f"w{n}"), f"w{n}", f"2026-03-09 13:0{n}") for n in range(5)],
        (given_.cleaned("w0", S1=[*CHECKLIST["body"], "eye_cup_missing"]), "w0d", "2026-03-10 12:00"),
        (given_.visit_cancelled("w1"), "w1c", "2026-03-10 12:00"),
        (given_.repair("r1"), "rep1", "2026-07-01 15:00"),
        (step("warranty_validated", "r1"), "val1", "2026-07-01 20:00"),
        (given_.repair("r2", sent_by="dealer"), "rep2", "2026-07-01 15:00"),
        (given_.repair("r3", serial="S3"), "rep3", "2026-07-01 15:00"),
        (given_.repair("r4", preapproved_amount="50.00"), "rep4", "2026-07-01 15:00"),
        (step("received", "r4"), "rec4", "2026-07-01 16:00"),
        (step("parts_unavailable", "r4"), "miss4", "2026-07-01 17:00"),
        (step("estimate_issued", "r4"), "est4", "2026-07-01 18:00"),
        (step("estimate_answered", "r4"), "ans4", "2026-07-01 19:00"),
        (step("payment_accepted", "r4"), "pay4", "2026-07-01 20:00"),
        (given_.loaner("requested", "r4"), "loan4", "2026-07-01 21:00"),
        (given_.price_matched("90.00"), "m1", "2026-03-09 12:00"),
        (given_.disputed("30.00"), "d1", "2026-03-09 13:00"),
        (given_.adjusted(40), "j1", "2026-03-09 14:00"),
        (given_.adjusted(9_000, "j2"), "j2", "2026-03-09 15:00"),
        (given_.reserved(70, "s1"), "s1", "2026-03-10 12:00"),
        (given_.reserved(60, "s2"), "s2", "2026-03-10 12:00"),
        (paying("o4", 500, "s2"), "o4", "2026-03-10 12:30"),
        (given_.returned("r4", "o4", l1=1), "r4", "2026-03-11 12:00"),
    ):
        world.send(fact, event_id=event_id, time=time)
    world.send(given_.majeure("declared"), event_id="majeure", time="2026-03-11 13:00", member="*")
    world.send(given_.auto_renew(True), event_id="hears", time="2026-03-11 14:00")
    borrow(world)
    world.send(given_.erasure(), member="m-5")
    protect(world, "m-4")
    buy_as_guest(world, f"guest:{'e' * 64}")
    world.quarantine()
    return world


def borrow(world: World) -> None:
    """A loan with an invoice, and more that are refused than are kept at hand."""
    for fact in (
        given_.loan("n0"),
        *[given_.loan_step(name, "n0") for name in ("approved", "insurance_proved", "shipped", "recalled")],
        given_.loan_step("returned", "n0", damaged=True, insurance_paid="500.00"),
        given_.loan_paid(permanent_id("loan_invoice", given_.MEMBER, "n0"), "10.00"),
        *[given_.loan(f"n{n}", category="accessory") for n in range(1, 5)],
    ):
        world.send(fact, event_id=f"{fact[0]} {fact[1].get('loan_id')}", time="2026-06-01 12:00")


def protect(world: World, member: str) -> None:
    """Care that was bought with an order, a benefit, a claim, and two requests for a refund."""
    gift = {"description": "a strap", "value": "10.00"}
    camera = line("l1", "1000.00", serial_numbers=["S1"], promo_price_saving="20.00")
    for fact, time in (
        (given_.order("g1", camera, complimentary_items=[gift], shipping_upgrade_value="5.00"), "2026-03-02 18:00"),
        (given_.care_bought("c1", order_id="g1"), "2026-03-02 18:00"),
        (given_.care_paid("c1"), "2026-03-02 18:00"),
        (given_.care_cancelled(refund=True), "2026-03-03 12:00"),
        (given_.returned("g-r1", "g1", l1=1), "2026-03-04 12:00"),
        (given_.care_bought("c2", purchased_at="2026-03-05 12:00"), "2026-03-05 12:00"),
        (given_.order("g2", line("l1", serial_numbers=["S2"]), placed_at="2026-03-06 12:00"), "2026-03-06 12:00"),
        (given_.claimed("k1", "S2", "g2", filed_by=member), "2026-03-07 12:00"),
        (given_.order("g3", line("l1", quantity=2), placed_at="2026-03-06 12:00"), "2026-03-06 12:00"),
        (given_.care_cancelled(refund=True), "2026-03-08 12:00"),
    ):
        world.send(fact, event_id=f"{member} {fact[0]} {time}{fact[1].get('order_id', '')}", time=time, member=member)


def paying(order_id: str, points: int, reservation_id: str) -> given_.Fact:
    """An order that is paid with more points than there are."""
    bought = line("l1", "10.00", 2)
    return given_.order(
        order_id, bought, points_redeemed=points, reservation_id=reservation_id, placed_at="2026-03-10 12:30"
    )


def leave_once(world: World, member: str) -> None:
    """Points that expire, a membership that ends, and another one that is about to."""
    bonus = {"offer_id": "brief", "points": 30, "expires_on": "2026-03-20"}
    later = line("l1", "1.00", bonus=bonus | {"expires_on": "2026-05-20"})
    for fact, time in (
        (given_.joined(), "2026-03-01 20:00"),
        (given_.order("p1", line("l1", "1.00", bonus=bonus)), "2026-03-02 18:00"),
        (None, "2026-03-21 12:00"),
        (given_.cancel_requested(), "2026-03-23 12:00"),
        (None, "2026-03-26 12:00"),
        (given_.joined(), "2026-04-01 20:00"),
        (given_.order("p2", later, placed_at="2026-04-02 18:00"), "2026-04-02 18:00"),
        (None, "2026-05-01 12:00"),
        (given_.cancel_requested(), "2026-05-04 12:00"),
    ):
        if fact:
            world.send(fact, event_id=f"{member} {time}", time=time, member=member)
        else:
            world.tick(time)


def buy_as_guest(world: World, key: str) -> None:
    """A purchase that is not sold, and one that waits with its money."""
    for fact, event_id in (
        (given_.care_bought("c2", state="PR"), "guest c2"),
        (given_.care_bought("c3"), "guest c3"),
        (given_.paid("c3", program="care", amount="179.99"), "guest c3 paid"),
    ):
        world.send(fact, event_id=event_id, time="2026-03-02 18:00", member=key)


def collect_lots(world: World, member: str) -> None:
    """More lots than the hot value holds, if it holds four."""
    world.send(given_.joined(), event_id=f"{member} joins", time="2026-03-01 20:00", member=member)
    with mock.patch.object(lots, "MOST", 4):
        for n in range(6):
            placed = given_.order(f"q{n}", line("l1", "1.00"), placed_at=f"2026-03-{2 + n:02} 18:00")
            world.send(placed, event_id=f"q{n}", member=member)


def values(world: World) -> dict[str, bytes]:
    """Every state value of a world, by a name that begins with its kind."""
    found = {}
    for (table, key), raw in world.tables.items():
        if table == state.MEMBERS:
            found[f"member {key.decode()}"] = raw
        elif table in (state.ENTRIES, state.LOTS):
            kind, _, entry_id = key.decode().split("|", 2)
            found[f"{kind} {entry_id}".strip()] = raw
    return found


def kind_of(name: str) -> type[Any]:
    return Member if name.startswith("member ") else ENTRIES[name.split()[0]]


def golden(path: Path) -> dict[str, dict[str, Any]]:
    """Name -> {bytes: as written, in base64; value: what they mean}."""
    found: dict[str, dict[str, Any]] = orjson.loads(path.read_bytes())
    return found


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("v*.json")), ids=lambda path: path.stem)
def test_values_of_every_version_are_read_as_what_they_were(path: Path) -> None:
    """A golden file is never changed: a new version adds its own."""
    for name, sample in golden(path).items():
        found = decode(b64decode(sample["bytes"]), kind_of(name))
        since = [added for version, added in ADDED.get(kind_of(name), {}).items() if version > int(path.stem[1:])]
        assert orjson.loads(msgspec.json.encode(found)) == [*sample["value"], *chain(*since)], name


def test_what_this_version_writes_is_golden(monkeypatch: pytest.MonkeyPatch) -> None:
    """A change of shape without a new version breaks here.

    For a new one: raise VERSION, add to UPCASTS, and write its file with `python -m tests.models.test_state`.
    """
    monkeypatch.setattr("models.calendar.version", lambda _: "0.109")
    written = values(rich_world())
    samples = golden(GOLDEN / f"v{state.VERSION}.json")
    assert {name: b64decode(sample["bytes"]) for name, sample in samples.items()} == written
    assert {kind_of(name) for name in written} == {Member, *ENTRIES.values()}


def test_a_newer_version_is_refused() -> None:
    raw = encode(Member())
    with pytest.raises(UnknownVersionError, match=f"schema version {state.VERSION + 1}"):
        decode(bytes([state.VERSION + 1]) + raw[1:], Member)


def test_an_older_version_is_upcast_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    old = bytes([1]) + msgspec.msgpack.encode(["r", 7])
    monkeypatch.setattr(state, "VERSION", 3)
    monkeypatch.setattr(state, "UPCASTS", {(Quarantine, 2): lambda content: [*content, None]})
    assert decode(old, Quarantine) == Quarantine("r", 7, None)


def test_what_is_no_value_is_a_decode_error() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode(b"\x01\xc1", Member)


@given(st.lists(st.tuples(st.sampled_from(["order", "return"]), st.text("a|%7C", max_size=5), st.text("a|%7C"))))
def test_no_two_entries_share_a_key(entries: list[tuple[str, str, str]]) -> None:
    assert len({entry_key(*entry) for entry in entries}) == len(set(entries))


def test_a_decoded_value_is_a_fresh_copy() -> None:
    raw = encode(Member(as_of={"orders-1": 1}))
    decode(raw, Member).as_of["orders-1"] = 2
    assert decode(raw, Member).as_of == {"orders-1": 1}


def write_golden() -> None:
    """Write this version's file, once."""
    samples = {
        name: {"bytes": b64encode(raw).decode(), "value": orjson.loads(msgspec.json.encode(decode(raw, kind_of(name))))}
        for name, raw in values(rich_world()).items()
    }
    with (GOLDEN / f"v{state.VERSION}.json").open("xb") as file:
        file.write(orjson.dumps(samples, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


if __name__ == "__main__":
    write_golden()
