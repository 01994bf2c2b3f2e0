"""What came of a deadline, in a sentence. A deadline gets no decision (GEN-4), so its ledger entries and notices tell it.

Each sentence says what the date meant and the arithmetic from the entries (GEN-5). A deadline without one of its own here
is told by what it did.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

from views.ids import short

Line: TypeAlias = Mapping[str, Any]
"""A stored output: its body, with the envelope's `id` and `time`."""

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
        what = f"${request['amount']} is invoiced for loan {request['loan_id']}, to be paid by {request['due_on']}"
        return f"{what}: invoice {request['invoice_id']} ({request['clause']})."
    return f"{request['request']} of invoice {request['invoice_id']} ({request['clause']})."


def _something(of: Deadline, ledger: Sequence[Line], notices: Sequence[Line]) -> str:
    which = f" of {of.which}" if of.which else ""
    done = [f"{entry['kind']} {entry['points']:+,}" for entry in ledger] + [one["notification"] for one in notices]
    return f"The date of {of.what}{which} came, {_minute(of.due)}: {'; '.join(done)}."


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
    until = f"No order claimed reservation {of.which} by {_minute(of.due)}"
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


def _fee(of: Deadline, _ledger: Sequence[Line], notices: Sequence[Line]) -> str:
    """What a fee's date came to: what it told, in the order in which it was told."""
    found = [FEES[kind](notice) for notice in notices if (kind := notice["notification"]) in FEES]
    silence = f"Silence counts as a failed payment of {of.which} (PAY-1)." if of.what == "fee.silent" else ""
    return " ".join(filter(None, [silence, *found]))


def _renewal_ahead(notice: Line) -> str:
    facts, clause = notice["params"], notice["clause"]
    words = f"The member was told of the renewal on {facts['due_on']}: invoice {facts['invoice_id']}"
    late = " That was too late for a charge: support has to look at it (CARE-5)."
    return f"{words}, ${facts['amount']} ({clause}).{'' if facts['told_in_time'] else late}"


def _expires_before(notice: Line) -> str:
    facts = notice["params"]
    return (
        f"Method {facts['method_id']} expires ({facts['expires']}) before the charge on {facts['charge_on']} (PAY-7)."
    )


def _round_failed(notice: Line) -> str:
    facts = notice["params"]
    return f"Round {facts['round']} of invoice {facts['invoice_id']} failed: {', '.join(facts['reasons'])} (PAY-2)."


def _last_round(notice: Line) -> str:
    return f"That was the last round for invoice {notice['params']['invoice_id']} (PAY-6)."


def _suspended(notice: Line) -> str:
    facts, name = notice["params"], NAMES[notice["program"]]
    return f"The paid term had ended on {facts['term_ended']}, and {facts['why']}: {name} is suspended (PAY-3)."


def _over(notice: Line) -> str:
    ended, name = notice["params"]["term_ended"], NAMES[notice["program"]]
    return f"The paid term ended on {ended} and was not renewed: {name} is over ({notice['clause']})."


NAMES: Final[Mapping[str, str]] = MappingProxyType({"pro": "PRO", "care": "Care"})
FEES: Final[Mapping[str, Callable[[Line], str]]] = MappingProxyType(
    {
        "pro.renewal_notice": _renewal_ahead,
        "care.renewal_notice": _renewal_ahead,
        "payment.method_expiring": _expires_before,
        "payment.failed": _round_failed,
        "payment.final_notice": _last_round,
        "membership.suspended": _suspended,
        "pro.lapsed": _over,
        "pro.ended": _over,
        "care.ended": _over,
    }
)
"""The sentence of each notice that a fee's deadline sends."""


def _fee_kept(of: Deadline, _ledger: Sequence[Line], notices: Sequence[Line]) -> str:
    facts = next(notice["params"] for notice in notices if notice["notification"] == "care.refund_refused")
    why, ends = "; ".join(facts["says"]), facts["ends_on"]
    over = f"The 30 days to get the fee of invoice {of.which} back are over"
    return f"{over}: {why} (CARE-7). Care ends on {ends} (CARE-6)."


def _not_handed_over(of: Deadline, _ledger: Sequence[Line], _notices: Sequence[Line]) -> str:
    return f"Repair {of.which} had not been handed to the carrier when its turnaround ended, {_minute(of.due)} (REP-4)."


def _may_leave(_of: Deadline, _ledger: Sequence[Line], notices: Sequence[Line]) -> str:
    facts = notices[0]["params"]
    lasted = f"Force majeure was declared on {_minute(facts['declared_at'])} and has lasted for {facts['days']} days"
    return f"{lasted}: the member was told that they may leave PRO (PRO-11)."


def _not_diagnosed(of: Deadline, _ledger: Sequence[Line], _notices: Sequence[Line]) -> str:
    return f"Repair {of.which} had not been diagnosed when the time for it ended, {_minute(of.due)} (REP-2)."


def _last_day(of: Deadline, _ledger: Sequence[Line], notices: Sequence[Line]) -> str:
    offered = any(notice["notification"] == "repair.loaner_offered" for notice in notices)
    words = f"The last business day began on which repair {of.which} can be handed to the carrier in time"
    return f"{words}{'; a loaner was offered' if offered else ''} (REP-8)."


def _estimate_reminded(of: Deadline, _ledger: Sequence[Line], notices: Sequence[Line]) -> str:
    facts = notices[0]["params"]
    until = _minute(facts["answer_by"])
    return f"The member was reminded of estimate {facts['estimate_id']} of repair {of.which}, to be answered before {until} (REP-6)."


def _not_answered(of: Deadline, _ledger: Sequence[Line], notices: Sequence[Line]) -> str:
    estimate = notices[0]["params"]["estimate_id"]
    return f"Estimate {estimate} was not answered in time: repair {of.which} goes back unrepaired (REP-6)."


def _loan_soon(of: Deadline, _ledger: Sequence[Line], notices: Sequence[Line]) -> str:
    return f"The member was reminded of loan {of.which}, due by the end of {notices[0]['params']['due_on']} (LOAN-5)."


def _loan_due(of: Deadline, _ledger: Sequence[Line], notices: Sequence[Line]) -> str:
    if not any(notice["notification"] == "loan.overdue" for notice in notices):
        return f"The days of loan {of.which} were over, and the member's product was still away: it waits (LOAN-2)."
    return f"Loan {of.which} was not back when it was due, {_minute(of.due)} (LOAN-5).{_suspends(notices)}"


def _loan_unpaid(of: Deadline, _ledger: Sequence[Line], notices: Sequence[Line]) -> str:
    return (
        f"The invoice of loan {of.which} was not paid when it was due, {_minute(of.due)} (LOAN-6).{_suspends(notices)}"
    )


def _suspends(notices: Sequence[Line]) -> str:
    is_told = any(notice["notification"] == "membership.suspended" for notice in notices)
    return " PRO is suspended until it is settled (LOAN-6)." if is_told else ""


def _asked_again(_of: Deadline, _ledger: Sequence[Line], notices: Sequence[Line]) -> str:
    facts = notices[0]["params"]
    return f"The guest was reminded to open an account by {facts['open_by']}: purchase {facts['invoice_id']} (CARE-3)."


def _nobody_claimed(_of: Deadline, _ledger: Sequence[Line], notices: Sequence[Line]) -> str:
    facts = notices[-1]["params"]
    return f"Nobody opened an account by {facts['open_by']}: purchase {facts['invoice_id']} is cancelled (CARE-3)."


SENTENCES: Final[Mapping[str, Callable[[Deadline, Sequence[Line], Sequence[Line]], str]]] = MappingProxyType(
    {
        "points.expire": _expired,
        "points.remind": _reminded,
        "points.reservation": _not_claimed,
        "points.leave": _ended,
        **dict.fromkeys(
            ("fee.notice", "fee.expiring", "fee.due", "fee.silent", "fee.round", "fee.suspend", "fee.end"), _fee
        ),
        "care.refund": _fee_kept,
        "care.remind": _asked_again,
        "care.unclaimed": _nobody_claimed,
        "repair.turnaround": _not_handed_over,
        "majeure.may_terminate": _may_leave,
        "repair.diagnosis": _not_diagnosed,
        "repair.at_risk": _last_day,
        "repair.estimate": _not_answered,
        "repair.estimate_reminder": _estimate_reminded,
        "loan.due_soon": _loan_soon,
        "loan.due": _loan_due,
        "loan.invoice_due": _loan_unpaid,
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


def _minute(instant: str) -> str:
    """`2026-03-01 08:00 UTC` of an RFC 3339 instant in UTC."""
    return f"{instant[:16].replace('T', ' ')} UTC"
