"""Fees paid and declined, and the cards they are paid with."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Literal

from samples.script import Script, instant

Program = Literal["care", "pro"]
FEES: Final[Mapping[Program, str]] = MappingProxyType({"care": "179.99", "pro": "100.00"})


def pay(
    script: Script,
    member: str,
    program: Program,
    invoice_id: str,
    at: datetime,
    *,
    card: str = "card-1",
    attempt: str | None = None,
) -> None:
    """The money came."""
    data: dict[str, Any] = {
        "invoice_id": invoice_id,
        "method_id": f"{member}-{card}",
        "program": program,
        "amount": FEES[program],
        "paid_at": instant(at),
    }
    if attempt is not None:
        data["attempt_id"] = attempt
    script.event(at, "payments", "payment.succeeded", f"paid-{invoice_id}-{attempt or 'first'}", member, data)


def fail(
    script: Script, member: str, program: Program, invoice_id: str, attempt: str, at: datetime, reason: str
) -> None:
    """The charge of the first card was declined."""
    data = {
        "invoice_id": invoice_id,
        "attempt_id": attempt,
        "method_id": f"{member}-card-1",
        "program": program,
        "reason": reason,
    }
    script.event(at, "payment-failures", "payment.failed", f"failed-{attempt}", member, data)


def add_method(script: Script, member: str, method_id: str, position: int, at: datetime) -> None:
    """A card on file, good for years."""
    data = {"method_id": method_id, "kind": "card", "expires": "2029-12", "position": position}
    script.event(at, "payments", "method.added", f"added-{method_id}", member, data)


def remove_method(script: Script, member: str, method_id: str, at: datetime) -> None:
    """It is not on file any more."""
    script.event(at, "payments", "method.removed", f"removed-{method_id}", member, {"method_id": method_id})
