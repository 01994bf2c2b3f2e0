"""CARE-7 A fee is asked back: granted, refused, or waiting for what is still out until the end of day 30."""

from datetime import datetime, timedelta

from tests.simulation import leaving
from tests.simulation.dates import cents, day_of, start_of
from tests.simulation.fees import Fee
from tests.simulation.goods import Window
from tests.simulation.known import Known
from tests.simulation.partition import Json, Message
from tests.simulation.terms import Membership


def can_be_asked_back(known: Known, own: Membership, charged: datetime) -> Window:
    """A fee was charged: its 30 days begin, those of a fee paid ahead as well."""
    year = own.years[-1]
    is_first = year.fee in own.applications
    since = charged if is_first else min(charged, start_of(year.first))
    window = Window(year.fee, since, start_of(day_of(charged) + timedelta(days=31)))
    known.care.windows[year.fee] = window
    return window


def asked(known: Known, own: Membership, message: Message) -> None:
    """A cancellation, with the fee back or without. The fee can be asked back while Care is open."""
    is_open = own.stage == "open" and not own.is_over(known.now) and not own.is_over(message.time)
    if not message.data["refund_requested"] or not is_open:
        leaving.cancelled(known, own, message.time)
        return
    window = known.care.windows[own.years[-1].fee]
    if window.asked:
        known.counts["refund asked twice"] += 1
        return
    window.asked = message.time
    if window.holds(message.time):
        _decide(known, own, window)
        known.counts["refund waits"] += window.granted is None
    else:
        _refuse(known, own, window, {"too_late"})


def reconsider(known: Known, own: Membership) -> None:
    """Something became known of what was bought or used: a request that waits may be decided."""
    for window in _waiting(known):
        _decide(known, own, window)


def day_30_is_over(known: Known, own: Membership, now: datetime) -> None:
    """What did not come back does so too late."""
    for window in _waiting(known):
        if window.until <= now:
            for_good, still = _in_the_way(window)
            _refuse(known, own, window, for_good | still)
            known.counts["refund refused on day 30"] += 1


def paid_after_all(known: Known, fee: Fee) -> None:
    """Money of a fee that was granted back before: it goes as well, less the benefits."""
    window = known.care.windows[fee.id]
    if window.granted:
        _give_back(window, fee)
        known.counts["refund before the money"] += 1


def requested(known: Known, data: Json) -> None:
    """A refund is asked for: told once for a fee given back, never negative, and its items add up."""
    amount, items = cents(data["amount"]), [cents(item["amount"]) for item in data["items"]]
    assert amount > 0, "a refund of nothing"
    assert amount == items[0] - sum(items[1:]), "CARE-7: the items add up"
    assert all(item > 0 for item in items)
    if data["clause"] == "CARE-7":
        window = known.care.windows[data["invoice_id"]]
        assert window.granted, "CARE-7: it was not granted"
        assert sorted(items[1:]) == sorted(window.benefits), f"CARE-7: less {window.benefits}"
        known.counts["refund less benefits"] += len(items) > 1
    else:
        assert items[1:] == []


def told(known: Known, kind: str, params: Json) -> None:
    """A notice of the answer."""
    window = known.care.windows[params["invoice_id"]]
    if kind == "care.refund":
        assert window.granted, "CARE-7: it was not granted"
        items = [cents(item["amount"]) for item in params["items"]]
        assert cents(params["amount"]) == max(items[0] - sum(items[1:]), 0), "CARE-7: the items add up"
        assert sorted(items[1:]) == sorted(window.benefits), f"CARE-7: less {window.benefits}"
        known.counts["refund of nothing"] += cents(params["amount"]) == 0
        kind = "paid" if params["paid"] else "unpaid"
    else:
        assert window.granted is False, "CARE-7: it was not refused"
        assert set(params["reasons"]) == window.reasons, f"CARE-7: refused for {window.reasons}"
    assert kind not in window.told, "CARE-7: told once"
    assert window.told in ([], ["unpaid"]), "CARE-7: decided once"
    window.told.append(kind)


def check(known: Known, own: Membership, asked_until: datetime | None, now: datetime) -> None:
    """Every request is answered, or waits and will be decided by the end of day 30."""
    waiting = _waiting(known)
    assert all(now < window.until for window in waiting), "CARE-7: decided by the end of day 30"
    assert [window.until for window in waiting] == ([asked_until] if asked_until else []), "CARE-7: who waits?"
    for window in known.care.windows.values():
        assert bool(window.told) == (window.granted is not None), f"CARE-7: {window.fee} is not answered"
        if window.granted:
            paid = own.fees[window.fee].paid
            assert window.told[-1] == ("paid" if paid else "unpaid")


def _waiting(known: Known) -> list[Window]:
    return [window for window in known.care.windows.values() if window.asked and window.granted is None]


def _in_the_way(window: Window) -> tuple[set[str], set[str]]:
    """What stays so, and what could still come back."""
    for_good, still = {"used"} if window.claims else set(), set()
    for order in window.orders:
        if order.undone(window.until):
            continue
        for line in order.protects:
            in_time = order.back(line, window.until, in_window=True)
            if order.back(line, window.until) > in_time:
                for_good.add("returned_late")
                break
        else:
            if any(order.back(line, window.until, in_window=True) < line.quantity for line in order.protects):
                still.add("not_returned")
    return for_good, still


def _decide(known: Known, own: Membership, window: Window) -> None:
    for_good, still = _in_the_way(window)
    if for_good:
        _refuse(known, own, window, for_good | still)
    elif not still:
        _grant(known, own, window)


def _refuse(known: Known, own: Membership, window: Window, reasons: set[str]) -> None:
    """CARE-6 It counts as a cancellation from the time of the request on."""
    window.granted, window.reasons = False, reasons
    known.counts["refund refused"] += 1
    for reason in reasons:
        known.counts[f"refund refused: {reason}"] += 1
    if window.asked:
        leaving.cancelled(known, own, window.asked)


def _grant(known: Known, own: Membership, window: Window) -> None:
    """Care is over at once, and is as if the fee had not been paid; a year paid before ends with it."""
    times = [one.at for order in window.orders for one in order.returns.values()]
    times += [order.cancelled[0] for order in window.orders if order.cancelled]
    assert window.asked
    window.granted, window.ended = True, max([window.asked, *[at for at in times if at < window.until]])
    window.benefits = [amount for order in window.orders for amount in order.received(window.until)]
    known.care.granted = window.fee
    own.stage, own.at_hand = "refunded", Fee("")
    ended = day_of(window.ended)
    others = [year for year in own.years if year.fee != window.fee and year.first < ended]
    own.years = [year._replace(end=min(year.end, ended)) for year in others]
    known.counts["refund granted"] += 1
    fee = own.fees[window.fee]
    if fee.paid:
        _give_back(window, fee)


def _give_back(window: Window, fee: Fee) -> None:
    amount = max(fee.price - sum(window.benefits), 0)
    fee.owed_back, fee.used = fee.owed_back + amount, fee.used - amount
