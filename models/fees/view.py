"""What the read side shows of payment methods, and of what all paid memberships have in common. JSON-ready."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from models.calendar import rfc3339
from models.fees.home import DUE, END, EXPIRING, NOTICE, ROUND, SILENT, SUSPEND
from models.fees.membership import PAYMENT, Membership
from models.fees.state import Method
from models.state import Due
from models.values import dollars

AHEAD: Final[Mapping[str, str]] = MappingProxyType(
    {
        NOTICE: "renewal_announced",
        EXPIRING: "methods_checked",
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
