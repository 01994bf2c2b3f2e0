"""Layer 3c: the naive account of fees against what the changelogs hold, what was asked for and what members were told.

Only members with something paid have such an account: all others cost nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from audit.differing import by_part, different
from audit.fees import Fees
from audit.fees.benefits import ABOUT_LOANS
from audit.places import Places
from audit.report import Findings
from audit.shard import Output, Shard
from models import state
from models.events import GUEST
from models.fees.membership import Membership
from models.fees.state import Invoice, Method
from models.state import Member

MEMBERS, INVOICES, NOTICES = "own fees", "own fees by invoice", "own fees by notice"

QUESTIONS = {
    MEMBERS: "a second account of fees comes to the same status, causes, terms, renewal and methods of each paid membership",
    INVOICES: "and to the same money of every invoice: paid, charged by round and method, given back",
    NOTICES: "and members were told as often that a fee failed for once and for good, and that they are suspended, reinstated, over",
}

REMEDY: Final = "REP-9"
"""The clause of refunds of what was paid; all others give back what pays nothing."""
ABOUT_AN_INVOICE: Final = frozenset(
    {"payment.failed", "payment.final_notice", "membership.suspended", "membership.reinstated"}
)
ABOUT_THE_END: Final = frozenset({"pro.lapsed", "pro.ended", "care.ended"})


@dataclass(slots=True)
class Said:
    """What the outputs have said of one member's fees so far, as plain values."""

    charges: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    refunds: dict[str, list[int]] = field(default_factory=dict)
    remedies: dict[str, list[int]] = field(default_factory=dict)
    """REP-9"""
    told: Counter[tuple[str, str]] = field(default_factory=Counter)

    def take_request(self, data: Mapping[str, Any]) -> None:
        """A charge, or a refund."""
        if "attempt_id" in data:
            self.charges[data["invoice_id"], data["round"], data["method_id"]] += 1
        elif "refund_id" in data:
            cents = int(data["amount"].replace(".", ""))
            refunds = self.remedies if data["clause"] == REMEDY else self.refunds
            refunds[data["invoice_id"]] = sorted([*refunds.get(data["invoice_id"], ()), cents])

    def take_notice(self, data: Mapping[str, Any]) -> None:
        """One of those that the account follows."""
        if data["notification"] in ABOUT_AN_INVOICE:
            self.told[data["notification"], data["params"].get("invoice_id", ABOUT_LOANS)] += 1
        elif data["notification"] in ABOUT_THE_END:
            self.told[data["notification"], data["program"]] += 1


@dataclass(slots=True)
class Stored:
    """What the topics have of one member's fees, as plain values."""

    said: Said = field(default_factory=Said)
    memberships: dict[str, dict[str, Any]] = field(default_factory=dict)
    methods: dict[str, dict[str, Any]] = field(default_factory=dict)
    invoices: dict[str, dict[str, Any]] = field(default_factory=dict)
    programmes: dict[str, str] = field(default_factory=dict)
    """Of each invoice."""

    def take_member(self, member: Member) -> None:
        """From the hot value."""
        paid = {"pro": member.pro, "care": member.care}
        self.memberships = {programme: _membership(of) for programme, of in paid.items() if of}
        self.methods = {method.id: _method(method) for method in member.methods}

    def take_invoice(self, invoice: Invoice) -> None:
        """From its entry."""
        self.programmes[invoice.id] = invoice.program
        self.invoices[invoice.id] = {
            "paid": invoice.paid.amount if invoice.paid else None,
            "spare": sum(money.amount for money in invoice.unused),
            "given back": invoice.refunded,
            "given back for": invoice.reimbursed,
        }


def check(
    shard: Shard,
    said: dict[str, Said],
    accounts: Mapping[str, Fees],
    hot: Mapping[str, Member],
    places: Places,
    findings: Findings,
) -> None:
    """Compare the accounts of a partition's members. ``said``: by the outputs before these, to which these are added."""
    _listen(shard, said)
    stored = _stored(shard, said, hot, findings)
    nothing = Fees("")
    guests = {key for key in stored if key.startswith(GUEST)}
    if guests:
        findings.taken_as_given["guests, who are left out of the own account of fees"] += len(guests)
    for member_id in sorted((accounts.keys() | stored.keys()) - guests):
        account, kept = accounts.get(member_id, nothing), stored.get(member_id, Stored())
        findings.compared(MEMBERS, len(account.memberships) + len(account.methods))
        findings.compared(INVOICES, len(account.invoices) + account.charges.total() + len(account.refunds))
        findings.compared(NOTICES, account.told.total())
        for programme in account.not_followed:
            findings.taken_as_given[f"members whose {programme} is left out of the own account of fees"] += 1
        for name, differences in differing(account, kept):
            for about, what in differences:
                findings.differs(
                    name, f"member {member_id}, {what}", places.of_thing(member_id, _named(account, about))
                )


def _named(account: Fees, about: str) -> str:
    """What events call it: a membership by the application or the purchase that opened it."""
    of = account.facts.memberships.get(about)
    return of.opening.id if of else about


def differing(account: Fees, kept: Stored) -> Iterator[tuple[str, Iterable[tuple[str, str]]]]:
    """What is not the same: (of what, a sentence), by the check that asks for it; but for programmes that are not followed."""
    own = {name: invoice.programme for name, invoice in account.facts.invoices.items()}
    both = own | kept.programmes
    left_out = account.not_followed | {name for name, programme in both.items() if programme in account.not_followed}
    yield MEMBERS, by_part("", kept.memberships, account.memberships, left_out)
    yield MEMBERS, by_part("method ", kept.methods, account.methods)
    yield INVOICES, by_part("invoice ", kept.invoices, account.invoices, left_out)
    for (invoice_id, number, method_id), asked, should in different(kept.said.charges, account.charges, 0):
        if invoice_id not in left_out:
            what = f"invoice {invoice_id}, round {number}, method {method_id}"
            yield INVOICES, [(invoice_id, f"{what}: {asked} charges were asked for, by the own account {should}")]
    for name, asked, should in different(kept.said.refunds, account.refunds, []):
        if name not in left_out:
            what = f"cents {asked} were asked to be given back, by the own account {should}"
            yield INVOICES, [(name, f"invoice {name}: {what}")]
    for name, asked, should in different(kept.said.remedies, account.remedies, []):
        what = f"cents {asked} of the fee were asked to be given back for a repair, by the own account {should}"
        yield INVOICES, [(name, f"invoice {name}: {what}")]
    for (kind, about), told, should in different(kept.said.told, account.told, 0):
        if about not in left_out:
            yield NOTICES, [(about, f"{about}: {kind} was told {told} times, by the own account {should}")]


def _listen(shard: Shard, said: dict[str, Said]) -> None:
    for topic, take in (("requests", Said.take_request), ("notifications", Said.take_notice)):
        once = {output.id: output for output in shard.parsed.get(topic, [])}  # twice is asked elsewhere
        for output in once.values():
            if _is_about_fees(output):
                take(said.setdefault(output.subject, Said()), output.data)


def _stored(shard: Shard, said: Mapping[str, Said], hot: Mapping[str, Member], findings: Findings) -> dict[str, Stored]:
    found = defaultdict(Stored, {member_id: Stored(heard) for member_id, heard in said.items()})
    for member_id, member in hot.items():
        if member.pro or member.care or member.methods:
            found[member_id].take_member(member)
    for key, raw in shard.tables[state.ENTRIES].items():
        if key.startswith(_INVOICES):
            try:
                found[_member_of(key)].take_invoice(state.decode(raw, Invoice))
            except state.UNREADABLE as error:
                findings.differs(INVOICES, f"invoice {key!r}: the changelog's value cannot be read: {error}")
    return found


_INVOICES: Final = f"{Invoice.KIND}|".encode()


def _member_of(key: bytes) -> str:
    return key.split(b"|", 2)[1].decode().replace("%7C", "|").replace("%25", "%")


def _is_about_fees(output: Output) -> bool:
    kind = output.data.get("notification")
    return kind is None or kind in ABOUT_AN_INVOICE or kind in ABOUT_THE_END


def _membership(of: Membership) -> dict[str, Any]:
    return {
        "status": of.status,
        "causes": list(of.causes),
        "terms": [(term.first, term.end, term.anchor, term.invoice_id) for term in of.terms],
        "auto-renewal": of.auto_renew,
        "told of too late": of.uncharged,
        "cancelled": of.cancelled_at,
        "over": of.over_at,
        "suspended": of.suspended_at,
        "renewal": of.invoice,
    }


def _method(method: Method) -> dict[str, Any]:
    return {
        "place": method.position,
        "good through": method.expires,
        "on file": method.on_file,
        "retired": method.retired,
    }
