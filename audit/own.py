"""Layer 3b: the naive account of every member against the ledger and against the changelog's balances."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from audit.account import Account
from audit.books import Book
from audit.report import Findings
from audit.shard import Coordinates, Output, Shard
from audit.topics import Stored
from models import state
from models.envelope import Event, Tick, decode
from models.points.state import Points
from models.policies import Policies
from models.state import Member

MEMBERS, ORDERS = "own account", "own account by order"

QUESTIONS = {
    MEMBERS: "a second account that knows no rule of ours comes to the same available, reserved and debt, member by member",
    ORDERS: "and to the same points for every order, by the ledger",
}

KNOWN_KINDS: Final = frozenset({"earn", "bonus", "take_back", "restore"})
"""Movements that the naive account can explain. Any other is a difference: nobody has vouched for it."""
TAKEN_AS_FACTS: Final = frozenset({"not_supported_yet", "too_many_held", "quarantined", "internal_error"})
"""Answers that say something about the release or its limits and not about points: such events are left out."""


def check(
    shard: Shard,
    order: Mapping[int, Stored],
    books: Mapping[str, Book],
    policies: Policies,
    clock: Literal["wall", "external"],
    findings: Findings,
) -> None:
    """Keep the accounts of a partition's members, then compare."""
    accounts = _accounts(shard, order, policies, clock, findings)
    states = dict(_states(shard, findings))
    for member_id in sorted(accounts.keys() | states.keys() | books.keys()):
        account, book = accounts.get(member_id, Account()), books.get(member_id, Book())
        findings.compared(MEMBERS)
        kept = {order_id: points for order_id, points in account.kept() if points}
        differences = _member(account, sum(kept.values()), book, states.get(member_id))
        findings.all_differ(MEMBERS, (f"member {member_id}: {what}" for what in differences))
        booked = {order_id: points for order_id, points in book.orders.items() if points}
        findings.compared(ORDERS, len(kept))
        for order_id in sorted(kept.keys() | booked.keys()):
            if kept.get(order_id) != booked.get(order_id):
                findings.differs(
                    ORDERS,
                    f"member {member_id}, order {order_id}: the ledger comes to {booked.get(order_id, 0)} points, "
                    f"the own account to {kept.get(order_id, 0)}",
                )


def _states(shard: Shard, findings: Findings) -> Iterator[tuple[str, Points | None]]:
    for key, raw in shard.tables[state.MEMBERS].items():
        try:
            yield key.decode(), state.decode(raw, Member).points
        except (ValueError, IndexError, state.UnknownVersionError) as error:
            findings.differs(MEMBERS, f"member {key!r}: the changelog's value cannot be read: {error}")


def _accounts(
    shard: Shard,
    order: Mapping[int, Stored],
    policies: Policies,
    clock: Literal["wall", "external"],
    findings: Findings,
) -> dict[str, Account]:
    seen: set[tuple[str, str]] = set()  # an event id is spent for every member of the partition
    accounts: dict[str, Account] = defaultdict(
        lambda: Account(waiting_for=timedelta(days=policies.hold_days), seen=seen)
    )
    answers = {
        (output.data["event"]["topic"], output.data["event"]["offset"]): output
        for output in shard.parsed["decisions"]
        if output.data.get("seq") in order and _is_own(output, order, shard)
    }
    now: datetime | None = None
    for record in order.values():
        role = shard.catalogue.role(record.topic)
        read = decode(role, shard.number, shard.catalogue.partitions, record.key, record.value, record.headers)
        if isinstance(read, Tick):
            at = min(read.at, datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)) if clock == "wall" else read.at
            if now is None:
                for account in accounts.values():
                    account.first_tick(at)
            now = max(at, now or at)
        elif isinstance(read, Event):
            reason = answers[role, record.offset].data.get("reason")
            if reason in TAKEN_AS_FACTS:
                findings.taken_as_given[f"events answered {reason}, left out of the own account"] += 1
            else:
                accounts[read.subject].note(read, now)
    return accounts


def _is_own(decision: Output, order: Mapping[int, Stored], shard: Shard) -> bool:
    record = order[decision.data["seq"]]
    about = Coordinates(shard.catalogue.role(record.topic), shard.number, record.offset)
    event = decision.data["event"]
    return (event["topic"], event["partition"], event["offset"]) == about


def _member(account: Account, balance: int, book: Book, points: Points | None) -> Iterator[str]:
    if unknown := book.kinds - KNOWN_KINDS:
        yield f"the ledger has {', '.join(sorted(unknown))}, which the own account does not know"
        return
    own = {"available": max(balance, 0), "reserved": 0, "debt": max(-balance, 0)}
    stored = {
        "available": points.available if points else 0,
        "reserved": points.reserved if points else 0,
        "debt": points.debt if points else 0,
    }
    if stored != own:
        yield f"the changelog has {stored}, the own account {own}"
    if dict(book.last) != own:
        yield f"the ledger ends with {dict(book.last)}, the own account with {own}"
    if book.points != balance:
        yield f"the ledger comes to {book.points}, the own account to {balance}"
    since = points.joined_at if points else None
    if since != account.joined_at:
        yield f"the changelog has a member since {since}, the own account since {account.joined_at}"
