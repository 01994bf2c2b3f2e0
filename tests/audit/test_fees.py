"""Given members with paid memberships, when one thing of their fees is changed, then the own account of fees names it."""

import ast
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

import audit.fees
from audit import paid
from audit.fees import Fees
from audit.paid import INVOICES, MEMBERS, NOTICES
from audit.places import Places
from audit.report import Findings
from audit.shard import Shard
from models import state
from models.events import EVENT
from models.fees.state import Invoice
from models.state import Member
from tests.audit.world import World, audited, differing


def a_hard_year() -> World:
    """pam: declined, suspended, reinstated, renewed. pim: no method, lapsed. cat: Care, money twice, cancelled."""
    world = World(partitions=1)
    world.tick()
    world.handle()
    world.open_pro("pam", "card", "card-2")
    world.open_pro("pim")
    world.buy_care("cat", "card")
    world.pay("cat", "care", "i-cat", "179.99")
    world.handle()
    for days in (1, 30, 4):
        world.tick(timedelta(days=days))
        world.handle()
    for _ in range(2):
        world.answer("pam", world.last_charge("pam"), paid=False)
        world.handle()
    world.publish("memberships", "care.cancel_requested.v1", "cat", {"refund_requested": False})
    world.tick(timedelta(days=4))
    world.handle()
    world.answer("pam", world.last_charge("pam"), paid=True)
    world.handle()
    for days in (10, 60):
        world.tick(timedelta(days=days))
        world.handle()
    return world


@pytest.fixture(scope="module")
def year() -> World:
    return a_hard_year()


def test_a_hard_year_is_clean(year: World) -> None:
    checks = audited(year.shards())
    assert {name: check.differences for name, check in checks.items() if check.state != "clean"} == {}
    assert [checks[name].compared for name in (MEMBERS, INVOICES, NOTICES)] == [6, 12, 11]
    told = {notice.data["notification"] for notice in year.shard(0).parsed["notifications"]}
    assert told >= {"membership.suspended", "membership.reinstated", "payment.final_notice", "pro.lapsed", "care.ended"}


@pytest.mark.parametrize("is_back", [False, True])
def test_loan_6_loans_suspend_beside_a_fee_that_failed(is_back: bool) -> None:
    """GEN-3 The fee is paid while the loan is still in default: that reinstates nothing."""
    world = World(partitions=1)
    world.tick()
    world.open_pro("pam", "card")
    world.handle()
    asked = {"kind": "evaluation", "model": "SEL14F18GM", "category": "lens", "retail_value": "1500.00"}
    when = {"needed_on": str((world.now + timedelta(days=20)).date()), "ship_to_state": "CA"}
    world.publish("loans", "loan.requested.v1", "pam", {"loan_id": "n1"} | asked | when)
    world.publish("loans", "loan.shipped.v1", "pam", {"loan_id": "n1"})
    world.handle()
    for days in (336, 30, 4):
        world.tick(timedelta(days=days))
        world.handle()
    for is_paid in (False, True):
        world.answer("pam", world.last_charge("pam"), paid=is_paid)
        world.handle()
        world.tick(timedelta(days=4))
        world.handle()
    if is_back:
        world.publish("loans", "loan.returned.v1", "pam", {"loan_id": "n1", "damaged": False})
        world.handle()
    checks = audited(world.shards())
    assert {name: check.differences for name, check in checks.items() if check.state != "clean"} == {}
    told = [notice.data["params"]["cause"] for notice in _told(world, "membership.suspended")]
    assert told == ["loan", "payment"]
    assert len(_told(world, "membership.reinstated")) == is_back


def _told(world: World, kind: str) -> list[Any]:
    return [one for one in world.shard(0).parsed["notifications"] if one.data["notification"] == kind]


@pytest.mark.parametrize("what", ["refund", "order"])
def test_care_that_depends_on_orders_is_taken_as_given_and_counted(what: str) -> None:
    """CARE-1, CARE-7 Given Care with an order or a refund asked for, then it is left out, and PRO beside it is not."""
    world = World(partitions=1)
    world.tick()
    world.open_pro("cat", "card")
    if what == "order":
        world.order("cat", "A1")
        world.buy_care("cat", order_id="A1")
    else:
        world.buy_care("cat")
        world.publish("memberships", "care.cancel_requested.v1", "cat", {"refund_requested": True})
    world.handle()
    for days in (1, 60):
        world.tick(timedelta(days=days))
        world.handle()
    checks = audited(world.shards())
    assert {name: check.differences for name, check in checks.items() if check.state != "clean"} == {}
    shard = world.shard(0)
    findings = Findings(paid.QUESTIONS)
    paid.check(shard, {}, {"cat": _followed(world)}, {"cat": _member(shard, "cat")}, Places(shard, {}), findings)
    assert findings.taken_as_given == {"members whose care is left out of the own account of fees": 1}


def _followed(world: World) -> Fees:
    """The account of all that was told, without the ticks: only what is left out counts here."""
    account = Fees("cat")
    for topic in ("memberships", "payments"):
        for record in world.shard(0).inputs[topic]:
            account.note(EVENT.validate_json(record.value or b""), None)
    return account


def test_the_account_shares_no_arithmetic_with_the_rules() -> None:
    """A second opinion is worth what it does not take from the first: settings' values, and the making of long names."""
    trees = [ast.parse(path.read_text()) for path in Path(audit.fees.__path__[0]).glob("*.py")]
    imported = {node.module for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {
        name.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    }
    assert {name for name in imported if name and name.startswith("models")} == {"models.policies", "models.values"}


@pytest.mark.parametrize(
    ("member", "change", "said"),
    [
        ("pam", {"pro.auto_renew": False}, "pro: auto-renewal is False in the changelog, True in the own account"),
        (
            "pam",
            {"pro.causes": {"payment": datetime(2026, 5, 1, tzinfo=UTC)}},
            "pro: causes is [payment] in the changelog, [] in the own account",
        ),
        ("pam", {"pro.stage": "lapsed"}, "pro: status is lapsed in the changelog, active in the own account"),
        ("pim", {"pro.stage": "active"}, "pro: status is active in the changelog, lapsed in the own account"),
        ("pim", {"pro.over_at": None}, "pro: over is None in the changelog, 2026-"),
        ("cat", {"care.cancelled_at": None}, "care: cancelled is None in the changelog, 2026-"),
        ("cat", {"care.uncharged": True}, "care: told of too late is True in the changelog, False in the own account"),
    ],
)
def test_a_membership_that_is_another_is_named(year: World, member: str, change: dict[str, Any], said: str) -> None:
    found = differing([_with_member(year, member, lambda value: _set(value, change))])
    assert found[MEMBERS].startswith(f"member {member}, {said}")


def test_a_term_that_is_another_is_named(year: World) -> None:
    """PRO-6 Paid late, the renewal begins on its day of payment, and not when the last term ended."""

    def change(value: Member) -> None:
        assert value.pro
        value.pro.term.first -= timedelta(days=1)

    found = differing([_with_member(year, "pam", change)])[MEMBERS]
    assert found.startswith("member pam, pro: terms is [[2025-03-27, 2026-03-27, 2025-03-27, i-pam], [2026-")


def test_a_method_that_is_another_is_named(year: World) -> None:
    def change(value: Member) -> None:
        value.methods[1].on_file = False

    found = differing([_with_member(year, "pam", change)])[MEMBERS]
    said = "member pam, method card-2: on file is False in the changelog, True in the own account"
    assert found == f"{said} (from payments[0]@1 on)"


def test_money_that_is_not_written_down_is_named(year: World) -> None:
    shard = year.shard(0)
    key = state.entry_key(Invoice.KIND, "cat", "i-cat")
    invoice = state.decode(shard.tables[state.ENTRIES][key], Invoice)
    invoice.paid = None
    shard.tables[state.ENTRIES][key] = state.encode(invoice)
    found = differing([shard])[INVOICES]
    said = "member cat, invoice i-cat: paid is None in the changelog, 17999 in the own account"
    assert found == f"{said} (from memberships[0]@4 on)"


def test_an_invoice_that_cannot_be_read_is_named(year: World) -> None:
    shard = year.shard(0)
    shard.tables[state.ENTRIES][state.entry_key(Invoice.KIND, "cat", "i-cat")] = b"\x01\xc1"
    assert "invoice b'invoice|cat|i-cat': the changelog's value cannot be read" in differing([shard])[INVOICES]


@pytest.mark.parametrize(
    ("found", "name", "said"),
    [
        (lambda data: data.get("round") == 0, INVOICES, "0 charges were asked for, by the own account 1"),
        (
            lambda data: "refund_id" in data,
            INVOICES,
            "cents [] were asked to be given back, by the own account [17999]",
        ),
        (
            lambda data: data.get("notification") == "payment.final_notice",
            NOTICES,
            "told 0 times, by the own account 1",
        ),
        (
            lambda data: data.get("notification") == "membership.suspended",
            NOTICES,
            "told 0 times, by the own account 1",
        ),
        (
            lambda data: data.get("notification") == "membership.reinstated",
            NOTICES,
            "told 0 times, by the own account 1",
        ),
        (lambda data: data.get("notification") == "pro.lapsed", NOTICES, "pro: pro.lapsed was told 0 times"),
        (lambda data: data.get("notification") == "care.ended", NOTICES, "care: care.ended was told 0 times"),
    ],
)
def test_what_was_not_asked_or_told_is_named(
    year: World, found: Callable[[dict[str, Any]], bool], name: str, said: str
) -> None:
    shard = year.shard(0)
    for topic in ("requests", "notifications"):
        records = shard.outputs[topic]
        gone = next((record for record in records if found(orjson.loads(record.value or b"")["data"])), None)
        if gone:
            records.remove(gone)
            break
    assert said in differing([shard])[name]


def _with_member(world: World, member: str, change: Callable[[Member], None]) -> Shard:
    """The partition with another hot value."""
    shard = world.shard(0)
    value = _member(shard, member)
    change(value)
    shard.tables[state.MEMBERS][member.encode()] = state.encode(value)
    return shard


def _set(value: Member, change: dict[str, Any]) -> None:
    for path, new in change.items():
        section, name = path.split(".")
        setattr(getattr(value, section), name, new)


def _member(shard: Shard, member: str) -> Member:
    return state.decode(shard.tables[state.MEMBERS][member.encode()], Member)
