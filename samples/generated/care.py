"""My Sony Care: bought with a camera, claimed on, renewed, cancelled, given back; and bought by guests, who are to open an account."""

from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Any

from samples.generated.payments import add_method, fail, pay
from samples.script import Script, instant

CAMERA = ("ILCE-6700", "camera", "1399.99")
HEADPHONES = ("WH-1000XM5", "audio", "399.99")
FIRST_CARD, SECOND_CARD = "card-1", "card-2"


def owner(script: Script, member: str, day: date, number: int) -> None:
    """CARE-1 Care bought with a camera on that day; one of six things becomes of it, by `number`."""
    at, days = script.moment(day), timedelta(days=1)
    camera = f"{member}-camera"
    _buy(script, member, camera, at)
    match number % 6:
        case 0:  # one claim is accepted, one filed by somebody else, one for what was not bought in the store
            _claim(script, member, "shutter", camera, at + 5 * days)
            _claim(script, member, "gift", camera, at + 6 * days, filed_by="somebody-else")
            _claim(script, member, "elsewhere", f"{member}-from-elsewhere", at + 1 * days)
        case 1:  # the camera goes back in its window, and the fee is asked back: granted
            _give_back(script, member, camera, at + 3 * days)
            _cancel(script, member, at + 4 * days, refund=True)
        case 2:  # the fee is asked back while headphones are still out; they come back: granted then
            _order(script, member, f"{member}-headphones", HEADPHONES, at + 1 * days)
            _give_back(script, member, camera, at + 2 * days)
            _cancel(script, member, at + 3 * days, refund=True)
            _give_back(script, member, f"{member}-headphones", at + 6 * days)
        case 3:  # the camera is kept: asked back in vain, Care goes on to the end of its term
            _cancel(script, member, at + 3 * days, refund=True)
        case 4:  # no renewal is wanted
            _cancel(script, member, at + 5 * days, refund=False)
        case _:
            pass


def longstanding(script: Script, member: str, since: date, number: int) -> None:
    """CARE-4 Bought on that day a year ago, a card on file: renewed, declined and renewed from another card, or unpaid."""
    bought = script.moment(since)
    _buy(script, member, f"{member}-camera", bought)
    add_method(script, member, f"{member}-{FIRST_CARD}", 0, bought + timedelta(hours=1))
    renews = since.replace(year=since.year + 1)
    invoice, noon = f"care-{member}-{renews}", datetime.combine(renews, time(17), UTC)
    first = f"{invoice}-0-{member}-{FIRST_CARD}"
    match number % 3:
        case 0:
            pay(script, member, "care", invoice, noon, attempt=first)
        case 1:
            add_method(script, member, f"{member}-{SECOND_CARD}", 1, noon - timedelta(days=2))
            fail(script, member, "care", invoice, first, noon, "insufficient_funds")
            second = f"{invoice}-0-{member}-{SECOND_CARD}"
            pay(script, member, "care", invoice, noon + timedelta(hours=2), attempt=second, card=SECOND_CARD)
        case _:
            fail(script, member, "care", invoice, first, noon, "insufficient_funds")


def too_young(script: Script, member: str, day: date) -> None:
    """CARE-1 Seventeen: not sold, and the fee goes back."""
    at = script.moment(day)
    _purchase(script, member, at, email_of(member), born=f"{day.year - 17}-01-15")
    pay(script, member, "care", _first_invoice(member), at + timedelta(minutes=1))


def guest(script: Script, member: str, day: date, opens: timedelta | None) -> None:
    """CARE-3 Bought without an account on that day; one is opened so much later (before, if negative), or never."""
    at, email = script.moment(day), email_of(member)
    key = f"guest:{email}"
    _purchase(script, key, at, email)
    pay(script, key, "care", _first_invoice(key), at + timedelta(minutes=1))
    if opens is not None:
        account = {"email_hash": email, "birth_date": "1985-03-09", "state": "CA"}
        script.event(at + opens, "memberships", "account.opened", f"account-{member}", member, account)


def email_of(member: str) -> str:
    """The hash of the member's address, as upstream sends it."""
    return sha256(f"{member}@mail.example".encode()).hexdigest()


def _buy(script: Script, member: str, order_id: str, at: datetime) -> None:
    _order(script, member, order_id, CAMERA, at)
    _purchase(script, member, at, email_of(member), order_id=order_id)
    pay(script, member, "care", _first_invoice(member), at + timedelta(minutes=1))


def _order(script: Script, member: str, order_id: str, goods: tuple[str, str, str], at: datetime) -> None:
    sku, category, price = goods
    line = {
        "line_id": "1",
        "sku": sku,
        "category": category,
        "quantity": 1,
        "unit_price": price,
        "promo_price_saving": "20.00",
        "qualifying": True,
        "serial_numbers": [_serial(order_id)],
    }
    data = {
        "order_id": order_id,
        "signed_in": True,
        "placed_at": instant(at),
        "payment_method": "card",
        "lines": [line],
        "points_redeemed": 0,
        "shipping_upgrade_value": "9.99",
    }
    script.event(at, "orders", "order.placed", f"placed-{order_id}", member, data)


def _purchase(
    script: Script, subject: str, at: datetime, email: str, *, order_id: str | None = None, born: str = "1985-03-09"
) -> None:
    data: dict[str, Any] = {
        "email_hash": email,
        "birth_date": born,
        "state": "CA",
        "purchased_at": instant(at),
        "invoice_id": _first_invoice(subject),
    }
    if order_id is not None:
        data["order_id"] = order_id
    script.event(at, "memberships", "care.purchased", f"care-{subject}", subject, data)


def _cancel(script: Script, member: str, at: datetime, *, refund: bool) -> None:
    data = {"refund_requested": refund}
    script.event(at, "memberships", "care.cancel_requested", f"cancel-{member}", member, data)


def _claim(script: Script, member: str, name: str, order_id: str, at: datetime, *, filed_by: str | None = None) -> None:
    claim_id = f"{member}-{name}"
    data = {
        "claim_id": claim_id,
        "serial": _serial(order_id),
        "order_id": order_id,
        "filed_by": filed_by or member,
    }
    script.event(at, "memberships", "care.claim_opened", f"claim-{claim_id}", member, data)


def _give_back(script: Script, member: str, order_id: str, at: datetime) -> None:
    data = {
        "return_id": f"{order_id}-back",
        "order_id": order_id,
        "lines": [{"line_id": "1", "quantity": 1}],
        "in_window": True,
    }
    script.event(at, "returns", "return.completed", f"returned-{order_id}", member, data)


def _first_invoice(subject: str) -> str:
    return f"{subject}-care"


def _serial(order_id: str) -> str:
    return f"S-{order_id}"
