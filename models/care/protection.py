"""CARE-2 Which products are protected, and up to when: from the facts of their orders and of the membership alone."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime

from models.calendar import add_years
from models.care.life import LIFE
from models.care.state import SHOWN, Care, Cover, Product, Window
from models.care.terms import PROTECTED_YEARS
from models.case import Case
from models.events import GUEST
from models.points.state import Line, Order, Return
from models.reasons import Reason


def qualified(line: Line) -> bool:
    """Whether Care protects what is on that line: a qualifying product, not a warranty and not Care itself."""
    return line.qualifying and line.goods


def came_back(case: Case, order: Order, before: datetime | None, *, in_window: bool = False) -> Counter[str]:
    """Line -> pieces that came back before then (None: as far as is known); `in_window`: in the store's return window."""
    pieces: Counter[str] = Counter()
    for return_id in order.returns:
        found = case.get(Return, return_id)
        in_time = before is None or found.at < before
        if in_time and not found.rejected and (found.in_window or not in_window):
            pieces.update(found.quantities)
    return pieces


def is_off(order: Order, before: datetime | None) -> bool:
    """Whether it had been cancelled before then."""
    return order.cancellation is not None and (before is None or order.cancellation.at < before)


def kept(case: Case, order: Order, before: datetime | None = None) -> dict[str, int]:
    """Line -> pieces that were neither cancelled nor returned before then (None: as far as is known)."""
    if is_off(order, before):
        return {line.id: 0 for line in order.lines}
    back = came_back(case, order, before)
    return {line.id: line.quantity - back[line.id] for line in order.lines}


def qualifies(case: Case, order: Order) -> bool:
    """CARE-1 Whether at the case's time it was a purchase of a product that Care protects, not returned, not cancelled."""
    left = kept(case, order, case.at)
    return any(qualified(line) and left[line.id] for line in order.lines)


def last_day(case: Case, order: Order) -> date:
    """The last day of the two years."""
    return add_years(case.calendar.day_of(order.placed_at), PROTECTED_YEARS)


def why_not_protected(case: Case, order: Order) -> Iterator[Reason]:
    """Why no product of the order is protected: not bought signed in, or not under an active membership."""
    if case.desk.member_id.startswith(GUEST):
        yield "bought_as_guest", "it was bought as a guest"
    elif not order.signed_in:
        yield "signed_out", "the buyer was not signed in"
    care, cover = case.member.care, case.find(Cover, order.id)
    if care is None or (cover and cover.bought_with in [term.invoice_id for term in care.terms]):
        return
    if cover and cover.suspended:
        yield "bought_while_suspended", "Care was suspended when it was bought"
    elif not active_at(case, care, order.placed_at):
        yield "before_membership", "Care was not active when it was bought"


def active_at(case: Case, care: Care, at: datetime) -> bool:
    """Whether Care was active at an instant: a first term begins with the purchase, within its first day."""
    if LIFE.status_at(Case(case.desk, case.cause, at), care) != "active":
        return False
    day = case.calendar.day_of(at)
    begun = [case.get(Window, term.invoice_id).since <= at for term in care.terms if term.first <= day < term.end]
    return any(begun) or not begun  # no term: the renewal is being asked for


def show(case: Case, care: Care, order: Order) -> None:
    """CARE-2 Bring what the hot value shows of an order's products to what is known of it by now."""
    today = case.calendar.day_of(case.acted_at)
    found = [product for product in care.products if product.order_id != order.id]
    if not any(why_not_protected(case, order)):
        until, left = last_day(case, order), kept(case, order)
        for line in order.lines:
            if qualified(line) and left[line.id]:
                serials: list[str | None] = [*line.serials]
                serials += [None] if line.quantity > len(serials) else []
                found += [Product(until, order.id, line.id, serial) for serial in serials]
    lasting = [product for product in found if product.last_day >= today]
    care.products = sorted(lasting, key=_order)[-SHOWN:]


def _order(product: Product) -> tuple[date, str, str, str]:
    return product.last_day, product.order_id, product.line_id, product.serial or ""
