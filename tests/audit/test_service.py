"""Given members with repairs, loans and visits, when one thing of them is changed, then the own account of service names it."""

import ast
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from msgspec import Struct

import audit.service
from audit.paid import INVOICES
from audit.paid import MEMBERS as FEES
from audit.served import NOTICES, PROMISES, REQUESTS, THINGS
from audit.shard import Shard
from models import state
from models.cleaning.state import Visit
from models.loans.state import Loan
from models.repairs.state import Repair
from models.state import Member
from tests.audit import depot
from tests.audit.world import World, audited, differing

HOUR = timedelta(hours=1)


def a_busy_summer() -> World:
    """pam, from 2 March 2026 on: repairs that are too slow, unanswered, refused; loans late, whole and damaged; visits; a strike.
    pip has PRO and no products."""
    world = World(partitions=1)
    world.tick()
    world.open_pro("pam", "card", paid_ago=timedelta(days=1))
    world.open_pro("pip", paid_ago=timedelta(days=1))
    world.handle()
    for serial in ("s1", "s2", "s3"):
        depot.register(world, "pam", serial)
    for repair_id, serial, more in (
        ("slow", "s1", {}), ("dear", "s2", {"next_day_shipping": True}), ("late", "new", {}), ("theirs", "s3", {"sent_by": "dealer"}),
    ):  # fmt: skip
        depot.send_in(world, "pam", repair_id, serial, **more)
    for step, data in (("received", {}), ("warranty_validated", {"proof": True})):
        depot.step(world, "pam", "slow", step, **data)
    depot.step(world, "pam", "dear", "received")
    depot.step(world, "pam", "dear", "estimate_issued", estimate_id="e1", standard_fee="89.99")
    depot.borrow(world, "pam", "kept")
    depot.borrow(world, "pam", "whole", "SEL50F12GM", "3000.00")
    depot.borrow(world, "pam", "broken", "SEL70200GM2")
    depot.borrow(world, "pam", "owned", "ILCE-7M4")
    world.handle()
    depot.register(world, "pam", "new", time=(world.now - HOUR).isoformat())
    for loan_id in ("kept", "broken"):
        depot.lend(world, "pam", loan_id, "approved", "shipped")
    depot.lend(world, "pam", "whole", "approved", "insurance_proved", "shipped")
    for visit, serials in (("v1", ["s1"]), ("v2", ["s2"]), ("v3", ["nobody's"]), ("v4", ["s1", "s2", "s3"])):
        depot.book(world, "pam", visit, *serials)
    depot.clean(world, "pam", "v1", "s1")
    depot.call_off(world, "pam", "v2")
    world.handle()
    depot.days(world, 10)
    depot.lend(world, "pam", "broken", "returned", damaged=True, insurance_paid="500.00")
    depot.step(world, "pam", "late", "parts_unavailable")
    world.handle()
    depot.days(world, 8)
    depot.lend(world, "pam", "whole", "returned", damaged=False)
    depot.step(world, "pam", "slow", "handed_to_carrier", repaired=True)
    depot.step(world, "pam", "late", "warranty_validated", proof=True)
    world.say("declared")
    world.handle()
    depot.days(world, 30)
    world.say("ended")
    world.handle()
    depot.days(world, 2)
    return world


@pytest.fixture(scope="module")
def summer() -> World:
    return a_busy_summer()


def test_a_busy_summer_is_clean(summer: World) -> None:
    checks = audited(summer.shards())
    assert {name: check.differences for name, check in checks.items() if check.state != "clean"} == {}
    assert [checks[name].compared for name in (THINGS, PROMISES, NOTICES, REQUESTS)] == [12, 11, 37, 4]
    told = {notice.data["notification"] for notice in summer.shard(0).parsed["notifications"]}
    assert told >= {
        "repair.refused", "repair.at_risk", "repair.loaner_offered", "repair.turnaround_missed", "repair.fee_reimbursed",
        "repair.estimate", "repair.estimate_reminder", "repair.returned_unrepaired", "repair.shipped", "loan.refused",
        "loan.due_soon", "loan.overdue", "loan.invoiced", "loan.closed", "cleaning.done", "cleaning.refused",
        "cleaning.chargeable", "cleaning.booked", "force_majeure.may_terminate", "membership.suspended", "retracted",
    }  # fmt: skip


def test_the_account_shares_no_arithmetic_with_the_rules() -> None:
    """A second opinion is worth what it does not take from the first: settings' values, and the making of long names."""
    trees = [ast.parse(path.read_text()) for path in Path(audit.service.__path__[0]).glob("*.py")]
    imported = {node.module for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {
        name.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    }
    assert {name for name in imported if name and name.startswith("models")} == {"models.policies", "models.values"}


@pytest.mark.parametrize(
    ("section", "which", "change", "said"),
    [
        ("repairs", "late", {"in_warranty": False}, "repair late: in warranty is False in the changelog, True in"),
        ("repairs", "dear", {"offer.to_pay": 7200}, "repair dear: estimate is [e1, 7200, True,"),
        ("repairs", "dear", {"extended": True}, "repair dear: too many pieces is True in the changelog, False in"),
        ("repairs", "slow", {"turnaround.deadline": None}, "repair slow: turnaround is {state: missed,"),
        ("repairs", "slow", {"turnaround.state": "kept"}, "repair slow: turnaround is {state: kept,"),
        ("repairs", "slow", {"turnaround.by_loaner": True}, "repair slow: saved by a loaner is True"),
        ("repairs", "dear", {"diagnosis.state": "missed"}, "repair dear: diagnosis is {state: missed,"),
        ("repairs", "late", {"why_refused": "unlisted"}, "repair late: "),
        ("loans", "kept", {"bill.amount": 1}, "loan kept: invoice is ["),
        ("loans", "kept", {"in_default": None}, "loan kept: in default is None in the changelog, 2026-"),
        ("loans", "kept", {"due.on": None}, "loan kept: due is [None, True] in the changelog, [2026-03-"),
        ("loans", "whole", {"returned": None}, "loan whole: "),
        ("loans", "broken", {"paid": 5}, "loan broken: paid is 5 in the changelog, 0 in"),
    ],
)
def test_a_thing_that_is_another_is_named(
    summer: World, section: str, which: str, change: dict[str, Any], said: str
) -> None:
    def edit(member: Member) -> None:
        _set(getattr(member, section)[which], change)

    assert differing([_with_member(summer, edit)])[THINGS].startswith(f"member pam, {said}")


@pytest.mark.parametrize(
    ("kind", "which", "change", "said"),
    [
        (
            Repair,
            "theirs",
            {"why_refused": "suspended"},
            "repair theirs: refused for is suspended in the changelog, not_",
        ),
        (Repair, "theirs", {"why_refused": None}, "repair theirs: "),
    ],
)
def test_an_entry_that_is_another_is_named(
    summer: World, kind: type[Struct], which: str, change: dict[str, Any], said: str
) -> None:
    shard = summer.shard(0)
    key = state.entry_key(kind.KIND, "pam", which)  # type: ignore[attr-defined]
    entry = state.decode(shard.tables[state.ENTRIES][key], kind)
    _set(entry, change)
    shard.tables[state.ENTRIES][key] = state.encode(entry)
    assert differing([shard])[THINGS].startswith(f"member pam, {said}")


@pytest.mark.parametrize("kind", [Repair, Loan, Visit])
def test_an_entry_that_cannot_be_read_is_named(summer: World, kind: type[Struct]) -> None:
    shard = summer.shard(0)
    shard.tables[state.ENTRIES][state.entry_key(kind.KIND, "pam", "x")] = b"\x01\xc1"  # type: ignore[attr-defined]
    assert "the changelog's value cannot be read" in differing([shard])[THINGS]


def test_a_visit_or_a_quota_that_is_another_is_named(summer: World) -> None:
    """CLN-1, CLN-2"""

    def charge(member: Member) -> None:
        member.cleanings.visits["v1"].is_further = True

    def take_a_place(member: Member) -> None:
        member.cleanings.years["i-pam"].free += 1

    def forget(member: Member) -> None:
        del member.cleanings.visits["v1"]

    assert "visit v1: charged is True" in differing([_with_member(summer, charge)])[THINGS]
    assert (
        "year i-pam: free visits left is 0 in the changelog, 1 in"
        in differing([_with_member(summer, take_a_place)])[THINGS]
    )
    assert "visit v1: charged is None in the changelog, False" in differing([_with_member(summer, forget)])[THINGS]


def test_pro_11_what_was_not_heard_is_named(summer: World) -> None:
    def change(member: Member) -> None:
        member.heard -= 1

    found = differing([_with_member(summer, change, "pip")])[THINGS]
    assert found == "member pip, force majeure: words heard is 1 in the changelog, 2 in the own account"


def test_a_promise_that_is_not_shown_so_is_named(summer: World) -> None:
    def change(member: Member) -> None:
        clock = member.repairs["slow"].turnaround
        assert clock
        clock.state = "kept"

    found = differing([_with_member(summer, change)])[PROMISES]
    assert found.startswith("member pam, repair.turnaround of slow: {state: kept, due: 2026-03-06 08:00:00+00:00}")


@pytest.mark.parametrize(
    ("kind", "which", "said"),
    [
        ("repair.turnaround_missed", "slow", "stands 0 times, by the own account 1"),
        ("repair.fee_reimbursed", "slow", "stands 0 times, by the own account 1"),
        ("repair.loaner_offered", "slow", "was told 0 times, by the own account 1"),
        ("repair.at_risk", "slow", "was told 0 times, by the own account 1"),
        ("repair.estimate_reminder", "dear", "was told 2 times, by the own account 3"),
        ("repair.returned_unrepaired", "dear", "stands 0 times, by the own account 1"),
        ("repair.refused", "theirs", "stands 0 times, by the own account 1"),
        ("loan.due_soon", "kept", "was told 0 times, by the own account 1"),
        ("loan.overdue", "kept", "stands 0 times, by the own account 1"),
        ("loan.closed", "whole", "stands 0 times, by the own account 1"),
        ("cleaning.done", "v1", "stands 0 times, by the own account 1"),
        ("cleaning.refused", "v3", "stands 0 times, by the own account 1"),
        ("force_majeure.may_terminate", "", "stands 0 times, by the own account 1"),
    ],
)
def test_what_members_were_not_told_is_named(summer: World, kind: str, which: str, said: str) -> None:
    shard = _without(summer, "notifications", lambda data: data["notification"] == kind and _is_about(data, which))
    found = audited([shard])[NOTICES].differences
    assert any(f"{which}: {kind} {said}" in one for one in found) or (not which and said in found[0]), found


def test_ntf_3_what_is_not_withdrawn_is_named(summer: World) -> None:
    shard = _without(summer, "notifications", lambda data: data["notification"] == "retracted")
    assert "stands 1 times, by the own account 0" in differing([shard])[NOTICES]


@pytest.mark.parametrize(
    ("is_it", "name", "said"),
    [
        (lambda data: "due_on" in data, REQUESTS, "were issued, by the own account [["),
        (lambda data: "loan_id" in data and "due_on" not in data, REQUESTS, "loan whole: its invoice was cancelled 0 times"),
        (
            lambda data: data["clause"] == "REP-9",
            INVOICES,
            "invoice i-pam: cents [] of the fee were asked to be given back for a repair, by the own account [10000]",
        ),
    ],
)  # fmt: skip
def test_what_was_not_asked_for_is_named(
    summer: World, is_it: Callable[[dict[str, Any]], bool], name: str, said: str
) -> None:
    assert said in differing([_without(summer, "requests", is_it)])[name]


def test_loan_6_a_cause_that_is_not_there_is_named(summer: World) -> None:
    def change(member: Member) -> None:
        assert member.pro
        del member.pro.causes["loan"]

    found = differing([_with_member(summer, change)])[FEES]
    said = "member pam, pro: causes is [] in the changelog, [loan] in the own account"
    assert found == f"{said} (from memberships[0]@0 on)", "its application"


def _is_about(data: dict[str, Any], which: str) -> bool:
    return not which or which in (data["params"].get(name) for name in ("repair_id", "loan_id", "cleaning_id"))


def _without(world: World, topic: str, is_it: Callable[[dict[str, Any]], bool]) -> Shard:
    """The partition without the first such output."""
    shard = world.shard(0)
    gone = next(record for record in shard.outputs[topic] if is_it(orjson.loads(record.value or b"")["data"]))
    shard.outputs[topic].remove(gone)
    return shard


def _with_member(world: World, change: Callable[[Member], None], member: str = "pam") -> Shard:
    """The partition with another hot value."""
    shard = world.shard(0)
    value = state.decode(shard.tables[state.MEMBERS][member.encode()], Member)
    change(value)
    shard.tables[state.MEMBERS][member.encode()] = state.encode(value)
    return shard


def _set(value: Any, change: dict[str, Any]) -> None:
    for path, new in change.items():
        *outer, name = path.split(".")
        for part in outer:
            value = getattr(value, part)
        setattr(value, name, new)
