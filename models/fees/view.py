"""What the read side shows of payment methods. JSON-ready."""

from collections.abc import Sequence
from typing import Any

from models.fees.membership import PAYMENT, Membership
from models.fees.state import Method
from models.values import dollars


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


def paid(of: Membership, fee: int) -> dict[str, Any]:
    """What paid memberships have in common: status with its causes, the last term paid for, when the next fee is due."""
    term = of.terms[-1] if of.terms else None
    renews = of.stage == "active" and of.status == "active" and of.auto_renew and not of.uncharged
    return {
        "status": of.status,
        "causes": list(of.causes),
        "term": {"from": term.first.isoformat(), "to": term.end.isoformat()} if term else None,
        "auto_renew": of.auto_renew,
        "next_charge": {"on": term.end.isoformat(), "amount": dollars(fee)} if term and renews else None,
        "open_invoice": of.invoice if PAYMENT in of.causes else None,
        "renewal_invoice": of.invoice if of.stage == "active" else None,
        "ends_on": term.end.isoformat() if term and of.stage == "ending" else None,
        "uncharged": of.uncharged,
    }
