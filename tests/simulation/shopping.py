"""Orders and claims as they are told, and what Care has to make of them (CARE-2, CARE-7, CARE-9)."""

from datetime import datetime

from tests.simulation import refunds
from tests.simulation.dates import anniversary, day_of
from tests.simulation.goods import Claim, Order, Return, Window
from tests.simulation.known import Known
from tests.simulation.partition import Json, Message
from tests.simulation.terms import Membership


def ordered(known: Known, own: Membership, message: Message) -> None:
    """A purchase; Care takes note of what was bought under it, if the member has it."""
    order = known.care.orders[message.data["order_id"]] = Order.of(message.data)
    window = window_at(known, own, order.placed)
    if own.stage and own.stood(order.placed, known.now) == "suspended":
        order.suspended = True
        known.counts["order while suspended"] += 1
    elif window and order.signed_in and (order.protects or order.received(order.placed)):
        window.orders.append(order)
        known.counts["order in the 30 days"] += 1
    known.arrived(order.id)


def came_back(known: Known, own: Membership, message: Message) -> None:
    """CARE-7 In the return window or after it."""
    data = message.data
    order = known.care.orders.get(data["order_id"])
    if order is None:
        known.wait(data["order_id"], message)
        return
    pieces = {line["line_id"]: line["quantity"] for line in data["lines"]}
    order.returns[data["return_id"]] = Return(message.time, pieces, data["in_window"])
    known.care.returns[data["return_id"]] = order
    known.counts["return"] += 1
    look_at(known, own, order)
    known.arrived(data["return_id"])


def sent_on(known: Known, own: Membership, message: Message) -> None:
    """Inspection undoes a return."""
    order = known.care.returns.get(message.data["return_id"])
    if order is None:
        known.wait(message.data["return_id"], message)
        return
    del order.returns[message.data["return_id"]]
    known.counts["return rejected"] += 1
    look_at(known, own, order)


def called_off(known: Known, own: Membership, message: Message) -> None:
    """The whole order, before it is shipped or after."""
    order = known.care.orders.get(message.data["order_id"])
    if order is None:
        known.wait(message.data["order_id"], message)
        return
    order.cancelled = (message.time, message.data["before_shipment"])
    known.counts["order cancelled"] += 1
    look_at(known, own, order)


def claimed(known: Known, own: Membership, message: Message) -> None:
    """CARE-9 Answered by its own time."""
    data = message.data
    if data["order_id"] not in known.care.orders:
        known.wait(data["order_id"], message)
        return
    claim = _claim(known, own, message)
    _answer(known, own, claim)
    refunds.reconsider(known, own)


def bought_elsewhere(known: Known, own: Membership, message: Message) -> None:
    """CARE-9 Its order has never come."""
    _claim(known, own, message).reasons = {"bought_elsewhere"}


def look_at(known: Known, own: Membership, order: Order) -> None:
    """Something became known of an order: its claims and what was asked back follow."""
    if own.stage is None:
        return
    for claim in known.care.claims.values():
        if claim.order_id == order.id and claim.reasons != {"bought_elsewhere"}:
            _answer(known, own, claim)
    refunds.reconsider(known, own)


def bought_with(known: Known, own: Membership, order: Order, window: Window) -> None:
    """CARE-1 Care was bought with it: it may have been active at the time of its claims."""
    order.bought_with = window.fee
    if order.signed_in:
        window.orders = [order]
    for claim in known.care.claims.values():
        if claim.order_id == order.id:
            claim.active = claim.active or _active(known, own, claim.at)
    look_at(known, own, order)


def window_at(known: Known, own: Membership, at: datetime) -> Window | None:
    """Of the last two fees and the one given back last, that into which an instant falls."""
    names = [known.care.granted, *[year.fee for year in own.years[-2:]]]
    windows = [known.care.windows[name] for name in names if name in known.care.windows]
    return next((window for window in windows if window.holds(at)), None)


def claim_told(known: Known, kind: str, params: Json) -> None:
    """A notice answers a claim."""
    claim = known.care.claims[params["claim_id"]]
    reasons = set(params.get("reasons", ()))
    assert bool(reasons) == (kind == "care.claim_refused")
    claim.told = reasons


def check(known: Known) -> None:
    """CARE-9 Every claim is answered, and as it should be."""
    for claim in known.care.claims.values():
        assert claim.told == claim.reasons, f"claim {claim.id}: told {claim.told}, should be {claim.reasons}"


def _claim(known: Known, own: Membership, message: Message) -> Claim:
    data, at = message.data, message.time
    claim = Claim(
        data["claim_id"], at, data["serial"], data["order_id"], data["filed_by"] == known.name, _active(known, own, at)
    )
    known.care.claims[claim.id] = claim
    return claim


def _answer(known: Known, own: Membership, claim: Claim) -> None:
    before, claim.reasons = claim.reasons, set(_why_not(known, own, claim))
    known.counts["claim answered anew"] += claim.told is not None and before != claim.reasons
    window = window_at(known, own, claim.at)
    if window and not claim.reasons:
        window.claims.add(claim.id)
    elif window:
        window.claims.discard(claim.id)


def _why_not(known: Known, own: Membership, claim: Claim) -> list[str]:
    order = known.care.orders[claim.order_id]
    found = [] if claim.by_member else ["filed_by_other"]
    found += [] if claim.active else ["membership_not_active"]
    found += _unprotected(known, own, order)
    line = next((line for line in order.lines if claim.serial in line.serials), None)
    if line is None:
        return [*found, "bought_elsewhere"]
    found += [] if line.protected else ["not_qualified"]
    day = day_of(order.placed)
    if day_of(claim.at) > anniversary(day, day.year + 2):
        found.append("past_two_years")
    return found if order.kept(line, claim.at) else [*found, "returned"]


def _unprotected(known: Known, own: Membership, order: Order) -> list[str]:
    """CARE-2 Bought signed in, while Care was active or with it."""
    found = [] if order.signed_in else ["signed_out"]
    if own.stage is None or (order.bought_with and order.bought_with in [year.fee for year in own.years]):
        return found
    if order.suspended:
        return [*found, "bought_while_suspended"]
    return found if _active(known, own, order.placed) else [*found, "before_membership"]


def _active(known: Known, own: Membership, at: datetime) -> bool:
    """A first year begins with the purchase, within its first day."""
    if own.stage is None or own.stood(at, known.now) != "active":
        return False
    years = [year for year in own.years if year.holds(at)]
    return not years or any(known.care.windows[year.fee].since <= at for year in years)
