"""What came of a deadline, in a sentence. A deadline gets no decision (GEN-4), so its ledger entries and notices tell it.

Each sentence says what the date meant and the arithmetic from the entries (GEN-5). A deadline without one of its own here
is told by what it did.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from views.ids import short
from views.told import TOLD, Line, minute

SOURCE: Final = "/memberships/deadlines/"
"""What the source of a deadline's cause starts with; its name follows, and the cause's id is `which@due`."""
SPELLED_OUT: Final = 10
"""Lots that are named in a sentence; the entries name them all."""


class Deadline(NamedTuple):
    """A date that came."""

    what: str
    """Its name: `points.expire` and so on."""
    which: str
    """What of: a day, an id, or nothing where the member has but one."""
    due: str
    """RFC 3339, UTC."""


def deadline(cause: Mapping[str, str | None]) -> Deadline | None:
    """The deadline that a cause names; None if it is an event."""
    source, id_ = cause["source"] or "", cause["id"] or ""
    if not source.startswith(SOURCE):
        return None
    which, _, due = id_.rpartition("@")
    return Deadline(source.removeprefix(SOURCE), which, due)


def says(of: Deadline, ledger: Sequence[Line], notices: Sequence[Line], requests: Sequence[Line]) -> str:
    """The sentence; the arguments are all that the deadline booked, told and asked for."""
    sentence = SENTENCES.get(of.what)
    words = [sentence(of, ledger, notices) if sentence else "", *map(_asked, requests)]
    return " ".join(filter(None, words)) or _something(of, ledger, notices)


def _asked(request: Line) -> str:
    if request["request"] == "charge.requested":
        what = f"${request['amount']} of invoice {request['invoice_id']} is asked from method {request['method_id']}"
        return f"{what}, round {request['round']} ({request['clause']})."
    if request["request"] == "refund.requested":
        return f"${request['amount']} of invoice {request['invoice_id']} is to be given back ({request['clause']})."
    if request["request"] == "invoice.issued":
        what = f"Invoice {request['invoice_id']} of ${request['amount']} is issued for loan {request['loan_id']}"
        return f"{what}, due on {request['due_on']} ({request['clause']})."
    return f"{request['request']} of invoice {request['invoice_id']} ({request['clause']})."


def _something(of: Deadline, ledger: Sequence[Line], notices: Sequence[Line]) -> str:
    which = f" of {of.which}" if of.which else ""
    done = [f"{entry['kind']} {entry['points']:+,}" for entry in ledger] + [one["notification"] for one in notices]
    return f"The date of {of.what}{which} came, {minute(of.due)}: {'; '.join(done)}."


def _expired(of: Deadline, ledger: Sequence[Line], _notices: Sequence[Line]) -> str:
    gone = {entry["lot_id"]: -entry["points"] for entry in ledger if entry["kind"] == "expire"}
    total = sum(gone.values())
    return f"{total:,} points expired: {of.which} was the last day on which they could be used{_lots(gone)} (MS-6)."


def _reminded(_of: Deadline, _ledger: Sequence[Line], notices: Sequence[Line]) -> str:
    soon = [
        f"{facts['points']:,} points that expire on {facts['expires_on']}, in {_days(facts['days_left'])}"
        for notice in notices
        if notice["notification"] == "points.expiring" and (facts := notice["params"])
    ]
    return f"The member was reminded of {'; and of '.join(soon)} (MS-17)."


def _not_claimed(of: Deadline, ledger: Sequence[Line], _notices: Sequence[Line]) -> str:
    back = {entry["lot_id"]: -entry["reserved"] for entry in ledger if entry["kind"] == "release"}
    over = -sum(entry["points"] for entry in ledger if entry["kind"] == "expire")
    at_once = f"; {over:,} of them expired at once, as their last day was past (MS-12)" if over else ""
    until = f"No order claimed reservation {of.which} by {minute(of.due)}"
    return f"{until}: its {sum(back.values()):,} points went back to where they came from{_lots(back)}{at_once} (MS-8)."


def _ended(_of: Deadline, ledger: Sequence[Line], _notices: Sequence[Line]) -> str:
    void = {entry["lot_id"]: -entry["points"] for entry in ledger if entry["kind"] == "forfeit" and entry["lot_id"]}
    debt = sum(entry["points"] for entry in ledger if entry["kind"] == "forfeit" and entry["lot_id"] is None)
    freed = -sum(entry["reserved"] for entry in ledger if entry["kind"] == "release")
    words = (
        f"The cancellation of the membership took effect: {sum(void.values()):,} points are void for good{_lots(void)}"
    )
    words += f", {freed:,} of them had been reserved" if freed else ""
    words += f", and so is the debt of {debt:,}" if debt else ""
    return f"{words} (MS-16)."


def _of_notices(of: Deadline, _ledger: Sequence[Line], notices: Sequence[Line]) -> str:
    """What a date of a fee, a repair or a loan came to: what it told, in the order in which it was told."""
    found = [TOLD[kind](notice) for notice in notices if (kind := notice["notification"]) in TOLD]
    silence = f"Silence counts as a failed payment of {of.which} (PAY-1)." if of.what == "fee.silent" else ""
    return " ".join(filter(None, [silence, *found]))


def _fee_kept(of: Deadline, _ledger: Sequence[Line], notices: Sequence[Line]) -> str:
    facts = next(notice["params"] for notice in notices if notice["notification"] == "care.refund_refused")
    why, ends = "; ".join(facts["says"]), facts["ends_on"]
    over = f"The 30 days to get the fee of invoice {of.which} back are over"
    return f"{over}: {why} (CARE-7). Care ends on {ends} (CARE-6)."


def _asked_again(_of: Deadline, _ledger: Sequence[Line], notices: Sequence[Line]) -> str:
    facts = notices[0]["params"]
    return f"The guest was reminded to open an account by {facts['open_by']}: purchase {facts['invoice_id']} (CARE-3)."


def _nobody_claimed(_of: Deadline, _ledger: Sequence[Line], notices: Sequence[Line]) -> str:
    facts = notices[-1]["params"]
    return f"Nobody opened an account by {facts['open_by']}: purchase {facts['invoice_id']} is cancelled (CARE-3)."


TOLD_BY_NOTICES: Final = (
    *("fee.notice", "fee.expiring", "fee.due", "fee.silent", "fee.round", "fee.suspend", "fee.end"),
    *("repair.turnaround", "repair.at_risk", "repair.estimate", "repair.estimate_reminder"),
    *("loan.due_soon", "loan.due", "loan.invoice_due", "majeure.may_terminate"),
)
SENTENCES: Final[Mapping[str, Callable[[Deadline, Sequence[Line], Sequence[Line]], str]]] = MappingProxyType(
    {
        "points.expire": _expired,
        "points.remind": _reminded,
        "points.reservation": _not_claimed,
        "points.leave": _ended,
        **dict.fromkeys(TOLD_BY_NOTICES, _of_notices),
        "care.refund": _fee_kept,
        "care.remind": _asked_again,
        "care.unclaimed": _nobody_claimed,
    }
)


def _lots(points: Mapping[str, int]) -> str:
    """Where points were, as a sum in brackets: ` (100 of lot o-1 + 50 of lot o-2)`."""
    parts = [f"{amount:,} of lot {short(lot)}" for lot, amount in points.items()]
    if more := parts[SPELLED_OUT:]:
        parts = [*parts[:SPELLED_OUT], f"{len(more)} more lots"]
    return f" ({' + '.join(parts)})" if parts else ""


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"
