"""Layer 3d: the naive account of repairs, cleanings, loans and their promises against changelogs, requests and notices."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from audit.differing import by_part, different, plain
from audit.kept import ENTRIES, Kept
from audit.places import Places
from audit.report import Findings
from audit.service import Service
from audit.service.facts import Facts
from audit.service.notices import standing
from audit.service.shown import loan_of, majeure_of, promises_of, repair_of, visit_of, year_of
from audit.shard import Shard
from models import state
from models.state import Member

THINGS, PROMISES, NOTICES, REQUESTS = (
    "own service", "own promises", "own service by notice", "own service by request",
)  # fmt: skip

QUESTIONS = {
    THINGS: "a second account of repairs, cleanings and loans comes to the same of each: status, clocks, prices, due days, quota",
    PROMISES: "and to the same promises: what is owed by when, kept or missed",
    NOTICES: "and what members were told of each stands as long as it is so, and was told as often as there was reason to",
    REQUESTS: "and to the same invoices of loans, issued and cancelled",
}

ABOUT: Final = {"repair": "repair_id", "loan": "loan_id", "cleaning": "cleaning_id", "force_majeure": "declared_at"}
"""Of a notice, by the first part of its kind: what it is about."""


@dataclass(slots=True)
class Told:
    """The notices of one member, and the requests about loans."""

    told: Counter[tuple[str, str]] = field(default_factory=Counter)
    standing: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By the ids of the notices."""
    issued: dict[str, list[Any]] = field(default_factory=dict)
    """By loan: the invoice, cents, and the last day to pay it."""
    cancelled: Counter[str] = field(default_factory=Counter)
    """By loan."""

    def take_notice(self, notice_id: str, data: Mapping[str, Any]) -> None:
        """Each takes away what it replaces, or withdraws."""
        kind, params = data["notification"], data["params"]
        for gone in (*data["replaces"], *([params["retracts"]] if kind == "retracted" else [])):
            self.standing.pop(gone, None)
        if name := ABOUT.get(kind.partition(".")[0]):
            about = datetime.fromisoformat(params[name]).isoformat() if name == "declared_at" else params[name]
            self.standing[notice_id] = kind, about
            self.told[kind, about] += 1

    def take_request(self, data: Mapping[str, Any]) -> None:
        """An invoice, or that none is to be paid."""
        if "due_on" in data and "loan_id" in data:
            bill = data["invoice_id"], int(data["amount"].replace(".", "")), data["due_on"]
            self.issued[data["loan_id"]] = [*self.issued.get(data["loan_id"], []), bill]
        elif "loan_id" in data:
            self.cancelled[data["loan_id"]] += 1


def check(
    shard: Shard,
    told: dict[str, Told],
    accounts: Mapping[str, Service],
    hot: Mapping[str, Member],
    places: Places,
    findings: Findings,
) -> None:
    """Compare the accounts of a partition's members. ``told``: by the outputs before these, to which these are added."""
    _listen(shard, told)
    kept = _kept(shard, hot, findings)
    for member_id in sorted(accounts.keys() | kept.keys() | told.keys()):
        account = accounts.get(member_id) or Service(member_id)
        facts, stored, said = account.facts, kept.get(member_id, Kept()), told.get(member_id, Told())
        findings.compared(THINGS, len(facts.repairs) + len(facts.loans) + len(facts.visits))
        findings.compared(PROMISES, len(stored.promises))
        findings.compared(NOTICES, said.told.total())
        findings.compared(REQUESTS, len(said.issued) + len(said.cancelled))
        for name, differences in differing(facts, stored, said):
            for which, what in differences:
                findings.differs(name, f"member {member_id}, {what}", places.of_thing(member_id, which))


def differing(facts: Facts, kept: Kept, said: Told) -> Iterator[tuple[str, Iterable[tuple[str, str]]]]:
    """What is not the same: (which thing, a sentence), by the check that asks for it."""
    at_hand = kept.at_hand
    repairs = {one.id: repair_of(facts, one, at_hand=one.id in at_hand) for one in facts.repairs.values()}
    yield THINGS, by_part("repair ", kept.repairs, repairs)
    yield THINGS, by_part("loan ", kept.loans, {one.id: loan_of(facts, one) for one in facts.loans.values()})
    yield THINGS, by_part("visit ", kept.visits, {one.id: visit_of(one) for one in facts.visits.values()})
    yield THINGS, by_part("year ", kept.years, {invoice: year_of(facts, invoice) for invoice in kept.years})
    yield THINGS, by_part("force ", {"majeure": kept.majeure}, {"majeure": majeure_of(facts)})
    yield PROMISES, _promises(kept, promises_of(facts, at_hand))
    yield from differing_from_told(facts, said)


def differing_from_told(facts: Facts, said: Told) -> Iterator[tuple[str, Iterable[tuple[str, str]]]]:
    """The same of what the member was told, and of what was asked for."""
    yield NOTICES, _notices(facts, said)
    yield REQUESTS, _requests(facts, said)


def _promises(kept: Kept, own: Mapping[tuple[str, str], Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    stored = {
        about: {"state": parts["state"], "due": parts["due"] and datetime.fromisoformat(parts["due"])}
        for about, parts in kept.promises.items()
    }
    for (kind, which), shown, should in different(stored, own, None):
        yield which, f"{kind} of {which}: {plain(shown)} is promised, {plain(should)} by the own account"


def _notices(facts: Facts, said: Told) -> Iterator[tuple[str, str]]:
    """What stands; and of what the account decides itself, how often it was told in all."""
    for (kind, which), count, should in different(
        Counter(said.standing.values()), dict.fromkeys(standing(facts), 1), 0
    ):
        yield which, f"{which}: {kind} stands {count} times, by the own account {should}"
    counted = {kind for kind, _ in facts.told} | COUNTED
    told = {about: count for about, count in said.told.items() if about[0] in counted}
    for (kind, which), count, should in different(told, +facts.told, 0):
        yield which, f"{which}: {kind} was told {count} times, by the own account {should}"


COUNTED: Final = frozenset(
    {
        *("repair.refused", "repair.at_risk", "repair.loaner_offered", "repair.estimate_reminder"),
        *("repair.turnaround_missed", "repair.fee_reimbursed", "loan.overdue", "loan.due_soon", "loan.invoiced"),
        *("cleaning.booked", "cleaning.chargeable", "cleaning.refused", "cleaning.done"),
        "force_majeure.may_terminate",
    }
)
"""What is told once for each reason. All else is told anew whenever a fact changes that it follows from."""


def _requests(facts: Facts, said: Told) -> Iterator[tuple[str, str]]:
    bills = {loan.id: loan.invoice for loan in facts.loans.values() if loan.invoice}
    own = {which: [(bill.id, bill.amount, str(bill.due_on))] for which, bill in bills.items()}
    for which, issued, should in different(said.issued, own, []):
        yield which, f"loan {which}: the invoices {plain(issued)} were issued, by the own account {plain(should)}"
    cancelled = {which: 1 for which, bill in bills.items() if bill.cancelled}
    for which, count, should in different(said.cancelled, cancelled, 0):
        yield which, f"loan {which}: its invoice was cancelled {count} times, by the own account {should}"


def _kept(shard: Shard, hot: Mapping[str, Member], findings: Findings) -> dict[str, Kept]:
    found: dict[str, Kept] = defaultdict(Kept)
    for member_id, member in hot.items():
        if member.pro or member.repairs or member.loans or member.cleanings.visits:
            found[member_id].take_member(member)
    kinds = {kind.KIND: kind for kind in ENTRIES}
    for key, raw in shard.tables[state.ENTRIES].items():
        kind, owner, _ = key.decode().split("|", 2)
        if kind in kinds:
            try:
                one = state.decode(raw, kinds[kind])
            except state.UNREADABLE as error:
                findings.differs(THINGS, f"{kind} {key!r}: the changelog's value cannot be read: {error}")
                continue
            found[owner.replace("%7C", "|").replace("%25", "%")].take(one)
    return found


def _listen(shard: Shard, told: dict[str, Told]) -> None:
    for notice in _once(shard, "notifications"):
        kind = str(notice.data.get("notification"))
        if kind == "retracted" or notice.data.get("replaces") or kind.partition(".")[0] in ABOUT:
            told.setdefault(notice.subject, Told()).take_notice(notice.id, notice.data)
    for request in _once(shard, "requests"):
        told.setdefault(request.subject, Told()).take_request(request.data)


def _once(shard: Shard, topic: str) -> Iterable[Any]:
    """What is there twice is found elsewhere."""
    return {output.id: output for output in shard.parsed.get(topic, [])}.values()
