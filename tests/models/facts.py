"""Facts: the events of the tests, with what does not matter filled in."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from models.cleaning.terms import CHECKLIST
from models.policies import STANDARD

MEMBER = "m-1"
PACIFIC = ZoneInfo(STANDARD.zone)
Fact = tuple[str, dict[str, Any]]
"""An event type without its version, and the data."""


def at(text: str) -> datetime:
    """`2026-03-10 12:00` as an instant; Pacific time is 8 hours (in summer 7) behind it."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def pacific(text: str) -> str:
    """`2026-03-10 23:59:59.999999` of the programme zone as this module's text in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=PACIFIC).astimezone(UTC).replace(tzinfo=None).isoformat(" ")


def joined(birth_date: str = "1990-05-05", state: str = "CA") -> Fact:
    return "points.joined", {"birth_date": birth_date, "state": state}


def released(reason: str = "mended", actor: str = "op-1") -> Fact:
    return "member.released", {"reason": reason, "actor": actor}


def erasure(actor: str = "op-1", **more: Any) -> Fact:
    return "member.erasure_requested", {"reason": "asked to", "actor": actor} | more


def line(line_id: str = "l1", price: str = "199.00", quantity: int = 1, **more: Any) -> dict[str, Any]:
    plain = {"sku": "ILCE-7M4", "category": "camera", "qualifying": True}
    return plain | {"line_id": line_id, "unit_price": price, "quantity": quantity} | more


def order(order_id: str = "o1", *lines: dict[str, Any], placed_at: str = "2026-03-02 18:00", **more: Any) -> Fact:
    plain = {"signed_in": True, "payment_method": "card", "points_redeemed": 0}
    when = {"placed_at": at(placed_at).isoformat()}
    return "order.placed", plain | when | {"order_id": order_id, "lines": list(lines) or [line()]} | more


def returned(return_id: str, order_id: str = "o1", /, *, in_window: bool = True, **quantities: int) -> Fact:
    lines = [{"line_id": line_id, "quantity": quantity} for line_id, quantity in quantities.items()]
    return "return.completed", {"return_id": return_id, "order_id": order_id, "lines": lines, "in_window": in_window}


def return_rejected(return_id: str) -> Fact:
    return "return.rejected", {"return_id": return_id}


def cancelled(order_id: str = "o1", *, before_shipment: bool = True) -> Fact:
    return "order.cancelled", {"order_id": order_id, "before_shipment": before_shipment}


def price_matched(price: str, line_id: str = "l1", order_id: str = "o1") -> Fact:
    return "order.price_matched", {"order_id": order_id, "line_id": line_id, "new_unit_price": price}


def disputed(amount: str, dispute_id: str = "d1", order_id: str = "o1") -> Fact:
    return "payment.disputed", {"order_id": order_id, "dispute_id": dispute_id, "amount": amount}


def dispute_won(dispute_id: str = "d1") -> Fact:
    return "payment.dispute_won", {"dispute_id": dispute_id}


def reserved(points: int, reservation_id: str = "s1") -> Fact:
    return "redemption.reserved", {"reservation_id": reservation_id, "points": points}


def set_free(reservation_id: str = "s1") -> Fact:
    return "redemption.released", {"reservation_id": reservation_id}


def adjusted(points: int, adjustment_id: str = "j1", actor: str = "kim", **more: Any) -> Fact:
    plain = {"reason": "a late parcel"}
    return "points.adjusted", plain | {"adjustment_id": adjustment_id, "points": points, "actor": actor} | more


def cancel_requested() -> Fact:
    return "points.cancel_requested", {}


def cancel_withdrawn() -> Fact:
    return "points.cancel_withdrawn", {}


def gear(*models: str) -> list[dict[str, str]]:
    """Each with a serial of its own."""
    return [{"model": model, "serial": f"{n}-{model}"} for n, model in enumerate(models)]


def applied_for(application_id: str = "a1", invoice_id: str = "i1", **more: Any) -> Fact:
    plain = {
        "birth_date": "1990-05-05", "state": "CA", "auto_renew": True,
        "business": {"employment": "employee", "description": "weddings"},
        "bodies": gear("ILCE-1", "ILCE-7M4"), "lenses": gear("SEL2470GM2", "SEL85F14GM", "SEL55F18Z"),
    }  # fmt: skip
    return "pro.applied", plain | {"application_id": application_id, "invoice_id": invoice_id} | more


def reviewed(application_id: str = "a1", approved: bool = True) -> Fact:
    return "pro.reviewed", {"application_id": application_id, "approved": approved}


def paid(invoice_id: str = "i1", paid_at: str = "2026-03-02 18:00", amount: str = "100.00", **more: Any) -> Fact:
    plain = {"method_id": "card-1", "program": "pro", "amount": amount, "paid_at": at(paid_at).isoformat()}
    return "payment.succeeded", plain | {"invoice_id": invoice_id} | more


def failed(invoice_id: str = "i1", attempt_id: str = "t1", **more: Any) -> Fact:
    plain = {"method_id": "card-1", "program": "pro", "reason": "insufficient_funds"}
    return "payment.failed", plain | {"invoice_id": invoice_id, "attempt_id": attempt_id} | more


def added(method_id: str = "card-1", position: int = 0, expires: str | None = "2035-12") -> Fact:
    until = {"expires": expires} if expires else {}
    return "method.added", {"method_id": method_id, "kind": "card", "position": position} | until


def updated(method_id: str = "card-1", **more: Any) -> Fact:
    return "method.updated", {"method_id": method_id} | more


def removed(method_id: str = "card-1") -> Fact:
    return "method.removed", {"method_id": method_id}


def care_bought(invoice_id: str = "c1", purchased_at: str = "2026-03-02 18:00", **more: Any) -> Fact:
    plain = {"email_hash": "e" * 64, "birth_date": "1990-05-05", "state": "CA"}
    return "care.purchased", plain | {"purchased_at": at(purchased_at).isoformat(), "invoice_id": invoice_id} | more


def care_paid(invoice_id: str = "c1", **more: Any) -> Fact:
    return paid(invoice_id, program="care", amount="179.99", **more)


def care_cancelled(*, refund: bool = False) -> Fact:
    return "care.cancel_requested", {"refund_requested": refund}


def claimed(claim_id: str = "k1", serial: str = "S1", order_id: str = "o1", filed_by: str = MEMBER) -> Fact:
    plain = {"claim_id": claim_id, "serial": serial, "order_id": order_id, "filed_by": filed_by}
    return "care.claim_opened", plain


def account_opened(email_hash: str = "e" * 64) -> Fact:
    return "account.opened", {"email_hash": email_hash, "birth_date": "1990-05-05", "state": "CA"}


def registered(serial: str = "S1", model: str = "ILCE-7M4", condition: str = "new", **more: Any) -> Fact:
    return "product.registered", {"serial": serial, "model": model, "condition": condition} | more


def booked(cleaning_id: str = "v1", **kinds: str) -> Fact:
    """kinds: serial number -> kind, one body S1 if none is named."""
    products = [{"serial": serial, "kind": kind} for serial, kind in (kinds or {"S1": "body"}).items()]
    return "cleaning.booked", {"cleaning_id": cleaning_id, "products": products}


def visit_cancelled(cleaning_id: str = "v1") -> Fact:
    return "cleaning.cancelled", {"cleaning_id": cleaning_id}


def cleaned(cleaning_id: str = "v1", **checklist: list[str]) -> Fact:
    """checklist: serial number -> items, one complete body S1 if none is named."""
    return "cleaning.done", {"cleaning_id": cleaning_id, "checklist": checklist or {"S1": [*CHECKLIST["body"]]}}


def majeure(what: str, program: str = "pro") -> Fact:
    """what: `declared` or `ended`. It is said to everybody."""
    return f"force_majeure.{what}", {"program": program}


def auto_renew(on: bool) -> Fact:
    return "pro.auto_renew_changed", {"on": on}


def repair(repair_id: str = "r1", **more: Any) -> Fact:
    plain = {
        "serial": "S1", "model": "ILCE-7M4", "issue": "no picture", "shipment_id": f"ship-{repair_id}", "pieces": 1,
        "sent_by": "member", "ship_to_state": "CA", "next_day_shipping": False,
    }  # fmt: skip
    return "repair.requested", plain | {"repair_id": repair_id} | more


def loaner(what: str, repair_id: str = "r1") -> Fact:
    return f"loaner.{what}", {"repair_id": repair_id}


def step(name: str, repair_id: str = "r1", **more: Any) -> Fact:
    needed: dict[str, Any] = {
        "warranty_validated": {"proof": True},
        "handed_to_carrier": {"repaired": True},
        "estimate_issued": {"estimate_id": "e1", "standard_fee": "100.00"},
        "estimate_answered": {"estimate_id": "e1", "approved": True},
        "payment_accepted": {"amount": "80.00"},
    }
    return f"repair.{name}", {"repair_id": repair_id} | needed.get(name, {}) | more


def loan(loan_id: str = "n1", **more: Any) -> Fact:
    plain = {
        "kind": "evaluation", "model": "ILCE-9M3", "category": "camera", "retail_value": "2999.99",
        "needed_on": "2026-07-01", "ship_to_state": "CA",
    }  # fmt: skip
    return "loan.requested", plain | {"loan_id": loan_id} | more


def repair_loan(loan_id: str = "n1", repair_id: str = "r1", **more: Any) -> Fact:
    return loan(loan_id, kind="repair", repair_id=repair_id, **more)


def loan_step(name: str, loan_id: str = "n1", **more: Any) -> Fact:
    needed: dict[str, Any] = {"returned": {"damaged": False}}
    return f"loan.{name}", {"loan_id": loan_id} | needed.get(name, {}) | more


def loan_paid(invoice_id: str, amount: str) -> Fact:
    return "loan_invoice.paid", {"invoice_id": invoice_id, "amount": amount}
