"""What professionals have of their membership: repairs in time, late and paid for, loans, and clean and check."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from samples.generated.professionals import BODIES, gear, longstanding
from samples.script import Script

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
Step = tuple[timedelta, str, dict[str, Any]]
"""How long after the product was received, event type, data."""
CHECKED = (
    "sensor", "body_and_dials", "viewfinder", "proximity_sensor", "contact_pins", "shoe", "sample_image", "firmware",
    "general_function",
)  # fmt: skip


def noon(day: date) -> datetime:
    """About noon in the programme zone."""
    return datetime.combine(day, time(20), UTC)


def repair(script: Script, member: str, received: datetime, steps: Iterable[Step]) -> str:
    """REP-1 A body is registered, sent in and received; then what the steps say. Returns the repair's id."""
    repair_id = f"{member}-repair-{received:%m%d}"
    body = gear(member, BODIES, 1)[0]
    registered = body | {"condition": "new"}
    script.event(received - 3 * DAY, "memberships", "product.registered", f"registered-{repair_id}", member, registered)
    request = body | {
        "issue": "shutter does not close",
        "shipment_id": f"{repair_id}-box",
        "pieces": 1,
        "sent_by": "member",
        "ship_to_state": "CA",
        "next_day_shipping": False,
    }
    begun: list[Step] = [
        (-2 * DAY, "repair.requested", request),
        (timedelta(), "repair.received", {}),
        (2 * HOUR, "repair.diagnosed", {}),
    ]
    for after, kind, data in [*begun, *steps]:
        name = f"{kind.removeprefix('repair.')}-{repair_id}"
        script.event(received + after, "repair-status", kind, name, member, {"repair_id": repair_id} | data)
    return repair_id


def in_warranty(days: int | None) -> Iterator[Step]:
    """REP-4 Validated, and handed to the carrier that many days later; None: never."""
    yield 3 * HOUR, "repair.warranty_validated", {"proof": True}
    if days is not None:
        yield days * DAY + 3 * HOUR, "repair.completed", {}
        yield days * DAY + 4 * HOUR, "repair.handed_to_carrier", {"repaired": True, "tracking": f"1Z-{days}"}
        yield days * DAY + 52 * HOUR, "repair.delivered", {}


def out_of_warranty(*, approved: bool | None) -> Iterator[Step]:
    """REP-5, REP-6 An estimate that is approved and paid, declined, or never answered."""
    yield 3 * HOUR, "repair.warranty_validated", {"proof": False}
    yield 4 * HOUR, "repair.estimate_issued", {"estimate_id": "e-1", "standard_fee": "389.99"}
    if approved is None:
        return
    yield DAY, "repair.estimate_answered", {"estimate_id": "e-1", "approved": approved}
    if approved:
        yield DAY + HOUR, "repair.payment_accepted", {"amount": "311.99"}
    yield 3 * DAY, "repair.handed_to_carrier", {"repaired": approved}
    yield 5 * DAY, "repair.delivered", {}


def loaner(script: Script, member: str, repair_id: str, asked: datetime, back: datetime) -> None:
    """REP-8, LOAN-2 A loaner is asked for, shipped the same day, and returned."""
    script.event(asked, "repair-status", "loaner.requested", f"loaner-{repair_id}", member, {"repair_id": repair_id})
    facts = {"kind": "repair", "model": "ILCE-7M4", "category": "camera", "retail_value": "2499.99"}
    about = facts | {"needed_on": asked.date().isoformat(), "repair_id": repair_id}
    _loan(script, member, f"loan-{repair_id}", asked, about, [(HOUR, "approved", {}), (3 * HOUR, "shipped", {})])
    _step(script, member, f"loan-{repair_id}", back, "returned", {"damaged": False})


def evaluation(script: Script, member: str, shipped: datetime, *, back: datetime | None) -> None:
    """LOAN-1, LOAN-3 A lens to try, insured; back in time, late or never."""
    facts = {"kind": "evaluation", "model": "SEL600F40GM", "category": "lens", "retail_value": "12998.00"}
    loan_id, asked = f"{member}-trial", shipped - 16 * DAY
    steps: list[Step] = [(DAY, "approved", {}), (2 * DAY, "insurance_proved", {}), (16 * DAY, "shipped", {})]
    _loan(script, member, loan_id, asked, facts | {"needed_on": shipped.date().isoformat()}, steps)
    if back:
        _step(script, member, loan_id, back, "returned", {"damaged": False})


def visits(script: Script, member: str, first: datetime, number: int) -> None:
    """CLN-1 That many visits with one body, a week apart, each booked a day before; the fourth is charged."""
    body = gear(member, BODIES, 1)[0]
    registered = body | {"condition": "new"}
    script.event(
        first - 3 * DAY, "memberships", "product.registered", f"registered-{member}-visits", member, registered
    )
    for count in range(number):
        about, at = {"cleaning_id": f"{member}-visit-{count + 1}"}, first + count * 7 * DAY
        booked = about | {"products": [{"serial": body["serial"], "kind": "body"}]}
        script.event(at - DAY, "repair-status", "cleaning.booked", f"booked-{member}-{count}", member, booked)
        done = about | {"checklist": {body["serial"]: list(CHECKED)}}
        script.event(at, "repair-status", "cleaning.done", f"done-{member}-{count}", member, done)


def _loan(script: Script, member: str, loan_id: str, asked: datetime, facts: dict[str, Any], steps: list[Step]) -> None:
    request = facts | {"loan_id": loan_id, "ship_to_state": "CA"}
    script.event(asked, "loans", "loan.requested", f"requested-{loan_id}", member, request)
    for after, step, data in steps:
        _step(script, member, loan_id, asked + after, step, data)


def _step(script: Script, member: str, loan_id: str, at: datetime, step: str, data: dict[str, Any]) -> None:
    script.event(at, "loans", f"loan.{step}", f"{step}-{loan_id}", member, {"loan_id": loan_id} | data)


def all_of_it(script: Script, month: date, since: date) -> None:
    """One member for each way that a repair, a loan or a visit can go."""

    def member(name: str) -> str:
        longstanding(script, f"sample-pro-{name}", since)
        return f"sample-pro-{name}"

    tuesday = noon(month + timedelta(days=9))
    repair(script, member("repair-in-time"), tuesday, in_warranty(2))
    repair(script, member("repair-late"), tuesday, in_warranty(7))
    repair(script, member("repair-lost"), tuesday, in_warranty(None))
    helped = member("repair-loaner")
    repair_id = repair(script, helped, tuesday, in_warranty(9))
    loaner(script, helped, repair_id, tuesday + 3 * DAY, tuesday + 14 * DAY)
    repair(script, member("repair-paid"), tuesday, out_of_warranty(approved=True))
    repair(script, member("repair-declined"), tuesday, out_of_warranty(approved=False))
    repair(script, member("repair-unanswered"), noon(month - timedelta(days=26)), out_of_warranty(approved=None))
    shipped = noon(month + timedelta(days=1))
    evaluation(script, member("loan-in-time"), shipped, back=shipped + 12 * DAY)
    evaluation(script, member("loan-late"), shipped, back=shipped + 20 * DAY)
    evaluation(script, member("loan-never"), shipped, back=None)
    visits(script, member("visits"), noon(month + timedelta(days=2)), 4)
