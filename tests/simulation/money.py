"""Money that comes and goes back: what pays a fee, what is too little, too late or too often (PAY-5, PAY-8, PRO-6)."""

from datetime import datetime

from tests.simulation import joining, refunds
from tests.simulation.dates import cents, day_of, instant, later
from tests.simulation.fees import SILENCE, Fee
from tests.simulation.known import Known
from tests.simulation.partition import Message
from tests.simulation.terms import Membership


def came(known: Known, own: Membership, message: Message) -> None:
    """A fee was paid, or something like it."""
    data = message.data
    fee, paid_at, amount = own.fees.get(data["invoice_id"]), instant(data["paid_at"]), cents(data["amount"])
    if fee is None:
        known.wait(data["invoice_id"], message)
        return
    same = data.get("attempt_id") or (paid_at, amount)
    if same in fee.seen:
        known.counts["success told twice"] += 1
        return
    fee.seen.add(same)
    fee.came += amount
    for charge in fee.charges:
        if charge.id == data.get("attempt_id"):
            known.counts["late success"] += message.time > later(charge.asked, SILENCE)
            charge.answered = True
    known.counts["more than the fee"] += amount > own.fee
    if amount < own.fee:
        fee.owed_back += amount
        known.counts["less than the fee"] += 1
    elif fee.paid:
        _paid_twice(known, own, fee, paid_at, amount)
    elif fee.due is None:
        _first_fee(known, own, fee, paid_at, amount)
    elif why := _not_renewed(own, fee, paid_at):
        fee.owed_back += amount
        known.counts[f"refund: {why}"] += 1
    else:
        known.counts["paid by hand"] += "attempt_id" not in data
        _renewed(known, own, fee, paid_at, amount)


def _pays(fee: Fee, paid_at: datetime, amount: int) -> None:
    fee.paid, fee.price, fee.used = paid_at, amount, amount


def _first_fee(known: Known, own: Membership, fee: Fee, paid_at: datetime, amount: int) -> None:
    application = next(one for one in own.applications.values() if one["invoice"] == fee.id)
    if application["rejected"]:
        fee.owed_back += amount
        return
    _pays(fee, paid_at, amount)
    if own.program == "pro":
        joining.opens(known, own, application)
    else:
        refunds.paid_after_all(known, fee)


def _not_renewed(own: Membership, fee: Fee, paid_at: datetime) -> str | None:
    if fee is not own.at_hand or own.stage in ("applied", "rejected"):
        return "of an earlier membership"
    if own.cancelled and paid_at >= own.cancelled and not own.wanted:
        return "cancelled"
    over = own.over()
    return over[1] if over and paid_at >= over[0] else None


def _renewed(known: Known, own: Membership, fee: Fee, paid_at: datetime, amount: int) -> None:
    _pays(fee, paid_at, amount)
    if own.stage == "terminated":
        return
    known.counts["reinstated"] += own.status(paid_at) == "suspended"
    known.counts["taken back"] += own.is_over(known.now)
    known.counts["paid late"] += day_of(paid_at) > own.end
    own.renew(paid_at, fee.id, late_moves=own.program == "pro" and own.word[1])
    known.counts["29 Feb"] += own.follow(known.name)
    if own.program == "care":
        refunds.can_be_asked_back(known, own, paid_at)


def _paid_twice(known: Known, own: Membership, fee: Fee, paid_at: datetime, amount: int) -> None:
    """PAY-8 The earlier pays, the other goes back."""
    known.counts["paid twice"] += 1
    if not fee.paid or paid_at >= fee.paid:
        fee.owed_back += amount
        return
    fee.owed_back += fee.price
    fee.used += amount - fee.price
    fee.paid, fee.price = paid_at, amount
    _told_of_earlier_money(known, own, fee)


def _told_of_earlier_money(known: Known, own: Membership, fee: Fee) -> None:
    """PRO-6 A term that began on the day of a payment begins on that of the earlier one."""
    if own.program == "care" or own.stage != "open" or own.years[-1].fee != fee.id or not fee.paid:
        return
    if own.at_hand.told_at or own.at_hand.came or own.at_hand.strays:
        return  # the year stands
    before = own.years.pop()
    if fee.due is None:
        own.begin(day_of(fee.paid), fee.id)
    else:
        own.anchor = own.anchor_before
        own.renew(fee.paid, fee.id, late_moves=True)
    if before != own.years[-1]:
        known.counts["earlier money"] += 1
        del own.fees[own.at_hand.id]
        known.counts["29 Feb"] += own.follow(known.name)
