"""Layer 3b: the naive accounts of every member, and that of points against the ledger and what the changelogs hold."""

from collections.abc import Iterator, Mapping
from typing import Final, Literal

from audit import paid, quarantines, served
from audit.account import Account
from audit.account.seen import ERASURE
from audit.accounts import Accounts
from audit.books import Book
from audit.differing import different
from audit.places import Place, Places
from audit.replay import unread_by_another
from audit.report import Findings
from audit.shard import Coordinates, Output, Shard
from audit.standing import Standing, UnreadableError, standing
from audit.start import Start
from audit.topics import Stored
from models import state
from models.calendar import record_time
from models.envelope import Event, Tick, decode
from models.policies import Policies
from models.state import Member

MEMBERS, LOTS, ORDERS = "own account", "own account by lot", "own account by order"

QUESTIONS = {
    MEMBERS: "a second account that knows no rule of ours comes to the same balances and lifetime counts of every member",
    LOTS: "and to the same points in every lot, by the changelogs and by the ledger, and on every expiry day",
    ORDERS: "and to the same points for every order, by the ledger",
    **paid.QUESTIONS,
    **served.QUESTIONS,
}

KNOWN_KINDS: Final = frozenset(
    {"earn", "bonus", "redeem", "reserve", "release", "restore", "take_back", "expire", "forfeit", "adjust"}
)
"""Movements that the naive account can explain. Any other is a difference: nobody has vouched for it."""
ERASED: Final = "erased"
TAKEN_AS_FACTS: Final = frozenset(
    {"not_supported_yet", "too_many_held", "too_many_facts", "quarantined", "internal_error", ERASED}
)
"""Answers that say something about the release or its limits and not about points: such events are left out."""


def check(
    shard: Shard,
    start: Start,
    order: Mapping[int, Stored],
    policies: Policies,
    clock: Literal["wall", "external"],
    places: Places,
    findings: Findings,
) -> None:
    """Keep the accounts of a partition's members, then compare."""
    kept = start.accounts = start.accounts or Accounts(policies)
    _keep(kept, shard, order, clock, findings)
    accounts, books, hot = kept.members, start.books, dict(_hot(shard, findings))
    fees = {name: one.fees for name, one in kept.programmes.items()}
    service = {name: one.service for name, one in kept.programmes.items()}
    paid.check(shard, start.said, fees, hot, places, findings)
    served.check(shard, start.told, service, hot, places, findings)
    for member_id in sorted(accounts.keys() | hot.keys() | books.keys()):
        account, book = accounts.get(member_id, Account()), books.get(member_id, Book())
        findings.compared(MEMBERS)
        try:
            stored = standing(member_id, hot[member_id].points if member_id in hot else None, shard.tables[state.LOTS])
        except UnreadableError as error:
            findings.differs(LOTS, f"member {member_id}: {error}")
            continue
        if unknown := book.kinds - KNOWN_KINDS:
            what = f"the ledger has {', '.join(sorted(unknown))}, which the own account does not know"
            findings.differs(MEMBERS, f"member {member_id}: {what}")
            continue
        findings.all_differ(MEMBERS, (f"member {member_id}: {what}" for what in _member(account, book, stored)))
        findings.compared(LOTS, len(account.lots))
        findings.all_differ(LOTS, (f"member {member_id}{what}" for what in _lots(account, book, stored)))
        findings.compared(ORDERS, len(account.by_order))
        for order_id, booked, own in different(book.orders, account.by_order, 0):
            what = f"the ledger comes to {booked} points, the own account to {own}"
            place = places.of_thing(member_id, order_id)
            findings.differs(ORDERS, f"member {member_id}, order {order_id}: {what}", place)


def _hot(shard: Shard, findings: Findings) -> Iterator[tuple[str, Member]]:
    for key, raw in shard.tables[state.MEMBERS].items():
        try:
            yield key.decode(), state.decode(raw, Member)
        except (ValueError, IndexError, state.UnknownVersionError) as error:
            findings.differs(MEMBERS, f"member {key!r}: the changelog's value cannot be read: {error}")


def _keep(
    accounts: Accounts,
    shard: Shard,
    order: Mapping[int, Stored],
    clock: Literal["wall", "external"],
    findings: Findings,
) -> None:
    accounts.aside = quarantines.since(shard)
    answers = {
        (output.data["event"]["topic"], output.data["event"]["offset"]): output
        for output in shard.parsed["decisions"]
        if output.data.get("seq") in order and _is_own(output, order, shard)
    }
    for seq, record in order.items():
        role = shard.catalogue.role(record.topic)
        read = decode(role, shard.number, shard.catalogue.partitions, record.key, record.value, record.headers)
        if isinstance(read, Tick):
            stamp = record_time(record.timestamp_ms)
            accounts.tick(seq, min(read.at, stamp) if clock == "wall" else read.at)
        elif isinstance(read, Event):
            decided = answers[role, record.offset].data
            reason = decided.get("reason")
            if read.type == ERASURE and decided.get("outcome") == "applied":
                accounts.erased.add(read.subject)
            if reason == ERASED and read.subject not in accounts.erased:
                what = f"{record.place} was answered as if it were erased, and it never was"
                findings.differs(MEMBERS, f"member {read.subject}: {what}", Place.of(record, seq))
            if reason in TAKEN_AS_FACTS or unread_by_another(decided):
                findings.taken_as_given[f"events answered {reason}, left out of the own account"] += 1
            else:
                accounts.note(seq, read)
    accounts.catch_up()


def _is_own(decision: Output, order: Mapping[int, Stored], shard: Shard) -> bool:
    record = order[decision.data["seq"]]
    about = Coordinates(shard.catalogue.role(record.topic), shard.number, record.offset)
    event = decision.data["event"]
    return (event["topic"], event["partition"], event["offset"]) == about


def _member(account: Account, book: Book, kept: Standing) -> Iterator[str]:
    own = account.balance
    if kept.balance != own:
        yield f"the changelog has {kept.balance}, the own account {own}"
    if dict(book.last) != own:
        yield f"the ledger ends with {dict(book.last)}, the own account with {own}"
    total = own["available"] + own["reserved"] - own["debt"]
    if book.points != total:
        yield f"the ledger comes to {book.points}, the own account to {total}"
    if kept.lifetime != account.lifetime:
        yield f"the changelog counts {dict(kept.lifetime)}, the own account {account.lifetime}"
    if kept.since != account.since:
        yield f"the changelog has a member since {kept.since}, the own account since {account.since}"


def _lots(account: Account, book: Book, kept: Standing) -> Iterator[str]:
    for lot_id, stored, own in different(kept.lots, account.lots, 0):
        yield f", lot {lot_id}: the changelogs have {stored} points, the own account {own}"
    for lot_id, booked, own in different(book.free, account.lots, 0):
        yield f", lot {lot_id}: the ledger leaves {booked} points, the own account {own}"
    for day, stored, own in different(kept.expiry_days, account.expiry_days, 0):
        yield f": on {day} expire {stored} points by the changelogs, {own} by the own account"
