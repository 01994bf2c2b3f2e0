"""Layer 3c: the naive account of fees against what the changelogs hold, what was asked for and what members were told.

Only members with something paid have such an account: all others cost nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from audit.fees import Fees
from audit.report import Findings
from audit.shard import Output, Shard
from models import state
from models.events import GUEST
from models.fees.membership import LOAN, Membership
from models.fees.state import Invoice, Method
from models.state import Member

MEMBERS, INVOICES, NOTICES = "own fees", "own fees by invoice", "own fees by notice"

QUESTIONS = {
    MEMBERS: "a second account of fees comes to the same status, causes, terms, renewal and methods of each paid membership",
    INVOICES: "and to the same money of every invoice: paid, charged by round and method, given back",
    NOTICES: "and members were told as often that a fee failed for once and for good, and that they are suspended, reinstated, over",
}

REMEDY: Final = "REP-9"
"""The clause of refunds that are no question of fees: repairs have no second account."""
ABOUT_AN_INVOICE: Final = frozenset(
    {"payment.failed", "payment.final_notice", "membership.suspended", "membership.reinstated"}
)
ABOUT_THE_END: Final = frozenset({"pro.lapsed", "pro.ended", "care.ended"})


@dataclass(slots=True)
class Stored:
    """What the topics have of one member's fees, as plain values."""

    memberships: dict[str, dict[str, Any]] = field(default_factory=dict)
    methods: dict[str, dict[str, Any]] = field(default_factory=dict)
    invoices: dict[str, dict[str, Any]] = field(default_factory=dict)
    charges: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    refunds: dict[str, list[int]] = field(default_factory=dict)
    told: Counter[tuple[str, str]] = field(default_factory=Counter)
    programmes: dict[str, str] = field(default_factory=dict)
    """Of each invoice."""
    in_default: bool = False
    """LOAN-6 Whether loans, of which the account knows nothing, ever were a cause: it cannot say when one is reinstated."""

    def take_member(self, member: Member) -> None:
        """From the hot value."""
        paid = {"pro": member.pro, "care": member.care}
        self.in_default = self.in_default or (member.pro is not None and LOAN in member.pro.causes)
        self.memberships = {programme: _membership(of) for programme, of in paid.items() if of}
        self.methods = {method.id: _method(method) for method in member.methods}

    def take_invoice(self, invoice: Invoice) -> None:
        """From its entry."""
        self.programmes[invoice.id] = invoice.program
        self.invoices[invoice.id] = {
            "paid": invoice.paid.amount if invoice.paid else None,
            "spare": sum(money.amount for money in invoice.unused),
            "given back": invoice.refunded,
        }

    def take_request(self, data: Mapping[str, Any]) -> None:
        """A charge, or a refund."""
        if "attempt_id" in data:
            self.charges[data["invoice_id"], data["round"], data["method_id"]] += 1
        elif "refund_id" in data and data["clause"] != REMEDY:
            cents = int(data["amount"].replace(".", ""))
            self.refunds[data["invoice_id"]] = sorted([*self.refunds.get(data["invoice_id"], ()), cents])

    def take_notice(self, data: Mapping[str, Any]) -> None:
        """One of those that the account follows."""
        if data["params"].get("cause") == LOAN:
            self.in_default = True
        elif data["notification"] in ABOUT_AN_INVOICE:
            self.told[data["notification"], data["params"]["invoice_id"]] += 1
        elif data["notification"] in ABOUT_THE_END:
            self.told[data["notification"], data["program"]] += 1


def check(shard: Shard, accounts: Mapping[str, Fees], hot: Mapping[str, Member], findings: Findings) -> None:
    """Compare the accounts of a partition's members."""
    stored = _stored(shard, hot, findings)
    nothing = Fees("")
    guests = {key for key in stored if key.startswith(GUEST)}
    if guests:
        findings.taken_as_given["guests, who are left out of the own account of fees"] += len(guests)
    for member_id in sorted((accounts.keys() | stored.keys()) - guests):
        account, kept = accounts.get(member_id, nothing), stored.get(member_id, Stored())
        findings.compared(MEMBERS, len(account.memberships) + len(account.methods))
        findings.compared(INVOICES, len(account.invoices) + account.charges.total() + len(account.refunds))
        findings.compared(NOTICES, account.told.total())
        if kept.in_default:
            findings.taken_as_given["members whom loans suspended: when they were reinstated"] += 1
        for programme in account.not_followed:
            findings.taken_as_given[f"members whose {programme} is left out of the own account of fees"] += 1
        for name, differences in differing(account, kept):
            findings.all_differ(name, (f"member {member_id}, {what}" for what in differences))


def differing(account: Fees, kept: Stored) -> Iterator[tuple[str, Iterable[str]]]:
    """What is not the same, as sentences, by the check that asks for it; but for programmes that are not followed."""
    own = {name: invoice.programme for name, invoice in account.facts.invoices.items()}
    both = own | kept.programmes
    left_out = account.not_followed | {name for name, programme in both.items() if programme in account.not_followed}
    found = [
        (MEMBERS, _by_part("", kept.memberships, account.memberships, left_out)),
        (MEMBERS, _by_part("method ", kept.methods, account.methods, frozenset())),
        (INVOICES, _by_part("invoice ", kept.invoices, account.invoices, left_out)),
    ]
    yield from found
    for (invoice_id, number, method_id), asked, should in _different(kept.charges, account.charges, 0):
        if invoice_id not in left_out:
            what = f"invoice {invoice_id}, round {number}, method {method_id}"
            yield INVOICES, [f"{what}: {asked} charges were asked for, by the own account {should}"]
    for name, asked, should in _different(kept.refunds, account.refunds, []):
        if name not in left_out:
            yield INVOICES, [f"invoice {name}: cents {asked} were asked to be given back, by the own account {should}"]
    for (kind, about), told, should in _different(kept.told, account.told, 0):
        if about not in left_out and not (kept.in_default and kind == "membership.reinstated"):
            yield NOTICES, [f"{about}: {kind} was told {told} times, by the own account {should}"]


def _by_part(
    kind: str,
    kept: Mapping[str, Mapping[str, Any]],
    own: Mapping[str, Mapping[str, Any]],
    left_out: Container[str],
) -> Iterator[str]:
    for name, stored, mine in _different(kept, own, {}):
        for part, value, should in _different(stored, mine, None):
            if name not in left_out:
                yield f"{kind}{name}: {part} is {_plain(value)} in the changelog, {_plain(should)} in the own account"


def _different(found: Mapping[Any, Any], own: Mapping[Any, Any], nothing: Any) -> Iterator[tuple[Any, Any, Any]]:
    """What is another here than there; what is not there counts as nothing."""
    for name in sorted(found.keys() | own.keys()):
        if found.get(name, nothing) != own.get(name, nothing):
            yield name, found.get(name, nothing), own.get(name, nothing)


def _plain(value: Any) -> str:
    """Dates as they are written, also in a list of terms."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_plain, value))}]"
    return str(value)


def _stored(shard: Shard, hot: Mapping[str, Member], findings: Findings) -> dict[str, Stored]:
    found: dict[str, Stored] = defaultdict(Stored)
    for member_id, member in hot.items():
        if member.pro or member.care or member.methods:
            found[member_id].take_member(member)
    for key, raw in shard.tables[state.ENTRIES].items():
        if key.startswith(_INVOICES):
            try:
                found[_member_of(key)].take_invoice(state.decode(raw, Invoice))
            except state.UNREADABLE as error:
                findings.differs(INVOICES, f"invoice {key!r}: the changelog's value cannot be read: {error}")
    for topic, take in (("requests", Stored.take_request), ("notifications", Stored.take_notice)):
        for output in {
            output.id: output for output in shard.parsed.get(topic, [])
        }.values():  # twice is asked elsewhere
            if _is_about_fees(output):
                take(found[output.subject], output.data)
    return found


_INVOICES: Final = f"{Invoice.KIND}|".encode()


def _member_of(key: bytes) -> str:
    return key.split(b"|", 2)[1].decode().replace("%7C", "|").replace("%25", "%")


def _is_about_fees(output: Output) -> bool:
    kind = output.data.get("notification")
    return kind is None or kind in ABOUT_AN_INVOICE or kind in ABOUT_THE_END


def _membership(of: Membership) -> dict[str, Any]:
    """As fees alone have it: what loans do to it is another account's."""
    causes = [cause for cause in of.causes if cause != LOAN]
    return {
        "status": of.status if causes or not of.is_open else "active",
        "causes": causes,
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
