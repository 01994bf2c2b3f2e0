"""What the read side shows of payment methods, and of what all paid memberships have in common. JSON-ready."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from models.calendar import rfc3339
from models.fees.announcing import NOTICE_WINDOW
from models.fees.home import DUE, END, EXPIRING, NOTICE, ROUND, SILENT, STOP, SUSPEND
from models.fees.membership import PAYMENT, Membership
from models.fees.standing import Standing
from models.fees.state import Method
from models.promises import days_from, promise
from models.state import Due
from models.values import dollars

AHEAD: Final[Mapping[str, str]] = MappingProxyType(
    {
        NOTICE: "renewal_announced",
        EXPIRING: "methods_checked",
        STOP: "too_late_to_stop",
        DUE: "fee_due",
        SILENT: "answer_awaited_until",
        ROUND: "charged_again",
        SUSPEND: "suspended",
        END: "lapsed",
    }
)
"""Deadline of a fee -> what happens then at the latest, if nothing else does."""


def view(methods: Sequence[Method]) -> list[dict[str, Any]]:
    """Those on file, in the member's order."""
    on_file = sorted((method for method in methods if method.on_file), key=lambda method: (method.position, method.id))
    return [
        {
            "method_id": method.id,
            "kind": method.kind,
            "position": method.position,
            "expires": method.expires,
            "retired": method.retired,
        }
        for method in on_file
    ]


def paid(of: Membership, fee: int, due: Sequence[Due]) -> dict[str, Any]:
    """What paid memberships have in common: status with its causes, the last term paid for, when the next fee is due.

    due: the member's deadlines; those of the renewal at hand say what comes next (PAY-1, PAY-2, PAY-6).
    """
    term = of.terms[-1] if of.terms else None
    renews = of.is_open and of.charged
    return {
        "status": of.status,
        "causes": list(of.causes),
        "term": {"from": term.first.isoformat(), "to": term.end.isoformat()} if term else None,
        "auto_renew": of.auto_renew,
        "next_charge": {"on": term.end.isoformat(), "amount": dollars(fee)}
        if term and renews and PAYMENT not in of.causes
        else None,
        "open_invoice": of.invoice if PAYMENT in of.causes else None,
        "renewal_invoice": of.invoice if of.stage == "active" or renews else None,
        "ends_on": term.end.isoformat() if term and of.stage == "ending" and not renews else None,
        "uncharged": of.uncharged,
        "ahead": {AHEAD[one.what]: rfc3339(one.at) for one in due if one.what in AHEAD and one.ref == of.invoice},
    }


def promises(of: Membership | None, home: Standing, due: Sequence[Due]) -> Iterator[dict[str, Any]]:
    """What is owed for the renewal at hand, by the member's deadlines `due`; a warning (PAY-7) is owed to nobody.

    home: the programme, whose membership it is.
    """
    if of is None:
        return
    for one in due:
        if one.ref == of.invoice and one.what in _OWED:
            facts = _OWED[one.what](of, home, one.at)
            common: dict[str, Any] = {
                "of": home.program,
                "kind": one.what,
                "ref": one.ref,
                "due": one.at,
                "state": "open",
            }
            yield promise(**common | facts)


def _told(of: Membership, home: Standing, _at: datetime) -> dict[str, Any]:
    return {
        "what": f"the member told of the renewal of {home.name} on {of.term.end}",
        "clause": home.clauses.notice,
        "remedy": f"told later than {NOTICE_WINDOW} days before it, the renewal is not charged",
    }


def _stopped(of: Membership, home: Standing, _at: datetime) -> dict[str, Any]:
    return {
        "what": f"the renewal of {home.name} on {of.term.end} stopped, if the member does not want it",
        "clause": home.clauses.renewal,
        "state": "open" if of.charged else "void",
        "by": "member",
        "options": ["member: cancel, or switch auto-renewal off"],
        "remedy": f"${dollars(home.fee)} is charged, and what is said later stops the renewal after it",
    }


def _renewed(of: Membership, home: Standing, _at: datetime) -> dict[str, Any]:
    fee = f"${dollars(home.fee)}"
    if of.charged:
        stop = f"member: stop it before {of.term.end - timedelta(days=home.stop_days - 1)}"
        return {
            "what": f"{fee} charged for the renewal of {home.name}",
            "clause": "PAY-1",
            "options": [stop, "member: have a good payment method on file"],
            "remedy": "asked from each method on file, and again in rounds; unpaid, the membership is suspended",
        }
    if of.stage == "ending":
        return {"what": f"{home.name} ended with its paid term", "clause": home.clauses.leaving}
    return {
        "what": f"{fee} paid by hand, for {home.name} to be renewed",
        "clause": home.clauses.renewal,
        "by": "member",
        "options": [f"member: pay invoice {of.invoice}"],
        "remedy": f"{home.name} lapses",
    }


def _answered(of: Membership, _home: Standing, _at: datetime) -> dict[str, Any]:
    return {
        "what": f"an answer to the charge for invoice {of.invoice}",
        "clause": "PAY-1",
        "remedy": "silence counts as a failed payment: the next method is asked",
    }


def _asked_again(of: Membership, _home: Standing, _at: datetime) -> dict[str, Any]:
    return {"what": f"invoice {of.invoice} charged again", "clause": "PAY-2", "options": [_NEW_METHOD]}


def _suspended(of: Membership, home: Standing, _at: datetime) -> dict[str, Any]:
    return {
        "what": f"${dollars(home.fee)} paid for invoice {of.invoice}",
        "clause": "PAY-3",
        "by": "member",
        "options": [_NEW_METHOD],
        "remedy": f"{home.name} is suspended",
    }


def _lapsed(of: Membership, home: Standing, at: datetime) -> dict[str, Any]:
    since = of.suspended_at
    return _suspended(of, home, at) | {
        "clause": "PAY-6",
        "started_at": since,
        "counts": since and days_from(since, at),
        "remedy": f"{home.name} is over; a payment after that goes back",
    }


_NEW_METHOD: Final = "member: add a payment method or update one, it is charged at once; or pay the invoice"
_OWED: Final[Mapping[str, Callable[[Membership, Standing, datetime], dict[str, Any]]]] = MappingProxyType(
    {
        NOTICE: _told,
        STOP: _stopped,
        DUE: _renewed,
        SILENT: _answered,
        ROUND: _asked_again,
        SUSPEND: _suspended,
        END: _lapsed,
    }
)
"""Deadline of a fee -> what of its promise differs from the others."""
