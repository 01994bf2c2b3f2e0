"""Imaging PRO Support: applications told in every order, the year that ends and its fee."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import permutations
from typing import Any

from samples.generated.payments import add_method, fail, pay, remove_method
from samples.script import Line, Script

BODIES = ("ILCE-7M4", "ILCE-7RM5", "ILCE-9M3", "ILCE-1", "ILCE-7SM3")
LENSES = ("SEL2470GM2", "SEL70200GM2", "SEL1635GM", "SEL85F14GM", "SEL55F18Z", "SEL100400GM")
ORDERS_OF_TELLING = tuple(permutations(("applied", "paid", "reviewed")))


def applicant(script: Script, member: str, day: date, number: int, *, approved: bool = True) -> None:
    """PRO-4 An application, its fee and its review, told in the `number`th of all orders."""
    tell: dict[str, Callable[[datetime], Any]] = {
        "applied": lambda at: apply(script, member, at),
        "paid": lambda at: pay(script, member, "pro", first_invoice(member), at),
        "reviewed": lambda at: review(script, member, at, approved=approved),
    }
    at = script.moment(day)
    for step, what in enumerate(ORDERS_OF_TELLING[number % len(ORDERS_OF_TELLING)]):
        tell[what](at + timedelta(hours=step))


def not_eligible(script: Script, member: str, day: date) -> None:
    """PRO-1, PRO-3 Lives in a territory, and the fee is already paid: not accepted, and refunded."""
    at = script.moment(day)
    pay(script, member, "pro", first_invoice(member), at)
    apply(script, member, at + timedelta(hours=1), state="PR")


def longstanding(script: Script, member: str, since: date) -> None:
    """A member for nearly a year: approved and paid on that day, a card on file, renewed automatically."""
    at = script.moment(since)
    apply(script, member, at, auto_renew=True)
    pay(script, member, "pro", first_invoice(member), at + timedelta(minutes=1))
    review(script, member, at + timedelta(hours=3))
    add_method(script, member, f"{member}-card-1", 0, at + timedelta(hours=4))


def renewal(script: Script, member: str, ends: date, number: int) -> None:
    """PAY The paid year ends on that day, and the fee is asked for at the noon of it; one of six things happens, by `number`."""
    morning, days = datetime.combine(ends, time(17), UTC), timedelta(days=1)
    first, second = f"{member}-card-1", f"{member}-card-2"
    invoice = f"pro-{member}-{ends}"
    match number % 6:
        case 0:  # paid by hand in time
            pay(script, member, "pro", invoice, morning - 3 * days)
        case 1:  # declined, suspended, declined again, then paid with a new card, which is asked at once: reinstated
            fail(script, member, "pro", invoice, f"{invoice}-0-{first}", morning, "insufficient_funds")
            fail(script, member, "pro", invoice, f"{invoice}-1-{first}", morning + 4 * days, "do_not_honor")
            add_method(script, member, second, 1, morning + 5 * days)
            paid = morning + 5 * days + timedelta(minutes=5)
            pay(script, member, "pro", invoice, paid, card="card-2", attempt=f"{invoice}-1-{second}")
        case 2:  # the only card is stolen, and the fee never paid: suspended, with a final notice
            fail(script, member, "pro", invoice, f"{invoice}-0-{first}", morning, "stolen")
        case 3:  # no method is left when the year is over: suspended at once, and reinstated when one is added
            remove_method(script, member, first, morning - 2 * days)
            add_method(script, member, second, 0, morning + 4 * days)
            paid = morning + 4 * days + timedelta(minutes=5)
            pay(script, member, "pro", invoice, paid, card="card-2", attempt=f"{invoice}-0-{second}")
        case 4:  # nothing is heard for a week: suspended, and reinstated by the late payment
            pay(script, member, "pro", invoice, morning + 10 * days)
        case _:  # the success is told before the failure that it made good
            add_method(script, member, second, 1, morning - 3 * days)
            paid = morning + timedelta(hours=2)
            pay(script, member, "pro", invoice, paid, card="card-2", attempt=f"{invoice}-0-{second}")
            fail(script, member, "pro", invoice, f"{invoice}-0-{first}", paid + timedelta(hours=1), "processor_error")


def apply(script: Script, member: str, at: datetime, *, state: str | None = None, auto_renew: bool = False) -> Line:
    """The application."""
    data = {
        "application_id": f"{member}-application",
        "birth_date": "1985-03-09",
        "state": state or script.chance.choice(("CA", "NY", "TX", "OR", "DC")),
        "business": {"employment": "self_employed", "url": f"https://{member}.example"},
        "bodies": gear(member, BODIES, 2),
        "lenses": gear(member, LENSES, 3),
        "auto_renew": auto_renew,
        "invoice_id": first_invoice(member),
    }
    return script.event(at, "memberships", "pro.applied", f"applied-{member}", member, data)


def review(script: Script, member: str, at: datetime, *, approved: bool = True) -> None:
    """Sony's answer."""
    data: dict[str, Any] = {"application_id": f"{member}-application", "approved": approved}
    if not approved:
        data["reason"] = "the portfolio could not be opened"
    script.event(at, "memberships", "pro.reviewed", f"reviewed-{member}", member, data)


def first_invoice(member: str) -> str:
    """The invoice of the application's fee."""
    return f"{member}-invoice-1"


def gear(member: str, models: tuple[str, ...], count: int) -> list[dict[str, str]]:
    """The same serials for a member whenever they are asked for: a repair names what the application did."""
    start = sum(member.encode())
    chosen = [models[(start + place) % len(models)] for place in range(count)]
    return [{"model": model, "serial": f"{member}-{model}-{place}"} for place, model in enumerate(chosen)]
