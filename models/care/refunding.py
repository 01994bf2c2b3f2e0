"""CARE-7 A fee is asked back: granted, refused, or undecided as long as something could still come back. Decided once (GEN-6).

A request is decided by the facts of its window. What is decided by another event than the request, or by the deadline, is
named after the request, so that every order of these events tells the same (GEN-2).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from models.care import benefits
from models.care.life import LIFE
from models.care.protection import came_back, is_off, qualified, show
from models.care.state import Care, Request, Window
from models.care.terms import REFUND_DAYS
from models.case import Case, Ruling, applied, duplicate
from models.fees import announcing
from models.fees.membership import PAYMENT
from models.fees.refunds import refund_of
from models.fees.state import Invoice
from models.outputs.base import Fact
from models.outputs.requests import RefundRequested
from models.points.state import Order, Return
from models.reasons import Reasons, facts, in_words
from models.values import dollars, joined, permanent_id

REFUND: Final = "care.refund"
"""The deadline of a request that waits; its ref is the invoice of the fee."""


class Findings(NamedTuple):
    """What stands in the way of a refund."""

    for_good: Reasons
    still: Reasons
    """What can still go away: products that are out and could come back."""


def open_window(case: Case, invoice_id: str, since: datetime, charged_at: datetime) -> Window:
    """The fee can be asked back up to the end of the 30th day after the day on which it was charged."""
    day = case.calendar.day_of(charged_at) + timedelta(days=REFUND_DAYS)
    window = Window(invoice_id, since, case.calendar.end_of(day))
    case.put(window.id, window)
    return window


def windows(case: Case, care: Care) -> Iterator[Window]:
    """Of the last two fees, and of the one given back last: older ones are long over."""
    for invoice_id in [care.refunded, *[term.invoice_id for term in care.terms[-2:]]]:
        found = case.find(Window, invoice_id) if invoice_id else None
        if found:
            yield found


def window_at(case: Case, care: Care, at: datetime) -> Window | None:
    """The one into which that instant falls."""
    return next((window for window in windows(case, care) if window.lasts(at)), None)


def asked(case: Case, care: Care) -> Ruling:
    """The request, while Care is open."""
    window = case.get(Window, care.term.invoice_id)
    if window.asked:
        state = window.answer or f"waits, at the latest until {_last_day(case, window)}"
        says = f"The fee of invoice {window.id} had been asked back already: {state} (CARE-7)."
        return duplicate("already_asked", says, "CARE-7")
    window.asked = Request(case.cause.source, case.cause.id, case.at)
    case.put(window.id, window)
    if window.id != care.purchase and not case.policies.care_refund_renewals:
        return _refuse(case, care, window, [("renewal", "the fee of a renewal is not given back")])
    if not window.lasts(case.at):
        words = f"it could be asked back from {case.calendar.day_of(window.since)} up to {_last_day(case, window)}"
        return _refuse(case, care, window, [("too_late", words)])
    return _settle(case, care, window)


def reconsider(case: Case, care: Care, window: Window) -> str:
    """Something became known of what was bought or used in the window: what follows from it for the fee, in a sentence."""
    if window.asked is None:
        return ""
    if window.answer is None:
        ruling = _settle(case, care, window)
        return ruling.says if window.answer else ""
    if not window.lasts(window.asked.at) and window.answer == "refused":
        return ""  # asked too late
    for_good, still = _findings(case, window)
    is_clear = not for_good and not still
    granted = window.answer == "granted"
    if is_clear == granted and (not granted or benefits.received(case, window) == window.benefits):
        return ""
    return _final(case, window)


def claimed(case: Case, care: Care, window: Window) -> str:
    """A claim of a time in the window was answered: the same."""
    return _final(case, window) if window.answer == "granted" else reconsider(case, care, window)


def waited_long_enough(case: Case, invoice_id: str) -> None:
    """The 30 days are over: what did not come back does so too late."""
    care, window = case.member.care, case.get(Window, invoice_id)
    if care is None:
        raise TypeError("a fee is asked back of one who has no Care")
    for_good, still = _findings(case, window)
    _refuse(case, care, window, for_good + still)


def pay_back(case: Case, window: Window, *, replaces: tuple[str, ...] = ()) -> str:
    """The fee less the benefits received, itemised; what was not paid yet goes back when it comes. Returns the words."""
    invoice = case.get(Invoice, window.id)
    fee = invoice.paid.amount if invoice.paid else 0
    amount, request = benefits.less(fee, window.benefits), _request(window)
    items = [("membership fee paid", fee), *[(f"less {one.what}", one.value) for one in window.benefits]]
    told: dict[str, Fact] = {
        "invoice_id": window.id,
        "amount": dollars(amount),
        "items": [{"what": what, "amount": dollars(value)} for what, value in items],
        "paid": bool(invoice.paid),
        "ended_on": str(case.calendar.day_of(window.ended_at)) if window.ended_at else None,
    }
    about = _about(window, is_paid=bool(invoice.paid))
    case.notify("care", "care.refund", about, "CARE-7", told, replaces=replaces, named_after=request.cause)
    if not invoice.paid:
        return "its fee was not paid yet: once paid, it goes back less the benefits received"
    if amount:
        refund_id = permanent_id("refund", window.id, "in full")
        refund = refund_of(invoice, refund_id, amount, items, [invoice.paid])
        case.request(RefundRequested, window.id, "CARE-7", refund, cause=request.cause)
    return f"the fee goes back less the benefits received: {benefits.working(fee, window.benefits)}"


def paid_after_all(case: Case, window: Window) -> Ruling:
    """The money of a fee that had been granted back before it was paid."""
    unpaid = case.notice_id(_request(window).cause, "care.refund", _about(window, is_paid=False))
    says = pay_back(case, window, replaces=(unpaid,))
    return applied(
        f"Care had been cancelled with a refund before this was paid; {says} (CARE-7).", "CARE-7", "refunded"
    )


def _final(case: Case, window: Window) -> str:
    says = f"The refund of invoice {window.id} had been {window.answer} before this was known: that is final"
    return case.flag("refund_is_final", window.id, "GEN-6", says)


def _settle(case: Case, care: Care, window: Window) -> Ruling:
    for_good, still = _findings(case, window)
    if for_good:
        return _refuse(case, care, window, for_good + still)
    if still:
        care.asked, care.asked_until = window.asked, window.until
        case.schedule(window.until, REFUND, window.id)
        says = (
            f"Whether the fee goes back waits up to {_last_day(case, window)} for what is still out: {in_words(still)}"
        )
        return applied(f"{says} (CARE-7).", "CARE-7", "waits")
    return _grant(case, care, window)


def _findings(case: Case, window: Window) -> Findings:
    """What was used or bought in the window and is not undone, as far as that happened before its end."""
    found = Findings([("used", f"claim {claim_id} was accepted") for claim_id in window.claims], [])
    for order_id in window.orders:
        order = case.get(Order, order_id)
        off = order.cancellation if is_off(order, window.until) else None
        counts = order_id != window.own or case.policies.care_refund_own_order
        if counts and not (off and off.before_shipment):
            back = came_back(case, order, window.until)
            in_time = came_back(case, order, window.until, in_window=True)
            bought = [line for line in order.lines if qualified(line)]
            if any(back[line.id] > in_time[line.id] for line in bought):
                words = f"something of order {order_id} came back after the return window"
                found.for_good.append(("returned_late", words))
            elif any(in_time[line.id] < line.quantity for line in bought):
                found.still.append(("not_returned", f"order {order_id} is not all back"))
    return found


def _grant(case: Case, care: Care, window: Window) -> Ruling:
    """Care ends at once, as if it had not been bought: what was bought under the fee is back."""
    window.answer, window.benefits = "granted", benefits.received(case, window)
    window.ended_at = _settled_at(case, window)
    case.put(window.id, window)
    _no_longer_waits(case, care, window)
    announcing.settled(case, LIFE, LIFE.invoice_at_hand(case, care), "Care is cancelled in full")
    care.happens("refunded")
    care.lift(PAYMENT)
    care.over_at, care.invoice, care.refunded = window.ended_at, None, window.id
    ended_on = case.calendar.day_of(window.ended_at)
    others = [term for term in care.terms if term.invoice_id != window.id and term.first < ended_on]
    for term in others:  # the year at hand, where the next one was paid ahead, was paid and ends here
        term.end = min(term.end, ended_on)
    care.terms = others
    for order_id in {product.order_id for product in care.products}:
        show(case, care, case.get(Order, order_id))
    says = pay_back(case, window, replaces=tuple(care.take_notices()))
    return applied(f"Care is cancelled in full and ends on {ended_on}; {says} (CARE-7).", "CARE-7", "refunded")


def _refuse(case: Case, care: Care, window: Window, reasons: Reasons) -> Ruling:
    """It counts as a cancellation from the time of the request on (CARE-6)."""
    window.answer = "refused"
    case.put(window.id, window)
    _no_longer_waits(case, care, window)
    request = _request(window)
    asking = Case(case.desk, case.cause, request.at)
    cancel = LIFE.cancel if care.can("cancelled") else LIFE.cancel_again
    ends = cancel(asking).says
    told = {"invoice_id": window.id} | facts(reasons) | {"ends_on": str(care.term.end)}
    asking.notify("care", "care.refund_refused", window.id, "CARE-7", told, named_after=request.cause)
    case.notices += asking.notices
    return applied(f"The fee does not go back: {in_words(reasons)} (CARE-7). {ends}", "CARE-7", "no_refund")


def _no_longer_waits(case: Case, care: Care, window: Window) -> None:
    care.asked = care.asked_until = None
    case.unschedule(REFUND, window.id)


def _settled_at(case: Case, window: Window) -> datetime:
    """When the last of what the grant rests on happened, whatever became known last."""
    orders = [case.get(Order, order_id) for order_id in window.orders]
    times = [order.cancellation.at for order in orders if order.cancellation]
    times += [case.get(Return, return_id).at for order in orders for return_id in order.returns]
    return max([_request(window).at, *[at for at in times if at < window.until]])


def _request(window: Window) -> Request:
    if window.asked is None:
        raise TypeError(f"the fee of invoice {window.id} was not asked back")
    return window.asked


def _about(window: Window, *, is_paid: bool) -> str:
    return window.id if is_paid else joined(window.id, "unpaid")


def _last_day(case: Case, window: Window) -> str:
    return str(case.calendar.day_of(window.until) - timedelta(days=1))
