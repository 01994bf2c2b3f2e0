"""Charges that are asked for and fail, in rounds, until nobody is left to ask (PAY-1, PAY-2, PAY-5, PAY-6, PAY-9)."""

from datetime import datetime

from tests.simulation.dates import cents, later
from tests.simulation.deeds import HARD
from tests.simulation.fees import Charge, Fee, Stray
from tests.simulation.known import Known
from tests.simulation.partition import Json, Message
from tests.simulation.terms import Membership


def asked(known: Known, data: Json, at: datetime) -> None:
    """A request for a charge."""
    own = known.own[data["program"]]
    fee, number = own.at_hand, data["round"]
    assert data["invoice_id"] == fee.id, "only the invoice at hand is charged"
    assert own.due <= at, "PAY-1: nothing is asked before it is due"
    assert own.collecting, "PAY-1, PAY-8: not with auto-renewal off, after cancellation or when it is over"
    over = own.over()
    assert not over or at < over[0], "PAY-6: not when it is over"
    assert not fee.paid, "PAY-8: not when it is paid"
    assert cents(data["amount"]) == own.fee
    assert fee.told_at, "CARE-5: told of"
    assert later(own.due, -45) <= fee.told_at < later(own.due, -19), "CARE-5: in its window"
    assert data["attempt_id"] not in [charge.id for charge in fee.charges], "PAY-9: not twice"
    assert not fee.open(at, known.counts), "PAY-9: one open charge"
    begun = fee.round_at(known.now)
    unfinished = fee.tries(number) and number < begun and number not in fee.failed_rounds
    assert number == begun or unfinished, "PAY-2"
    best = known.wallet.next_method(own.program, fee, number, at)
    assert best == data["method_id"], f"PAY-1: {best} is next"
    known.counts["asked at once"] += number in fee.failed_rounds
    known.counts["charge"] += 1
    known.counts["charge of a later round"] += number > 0
    fee.charges.append(Charge(data["attempt_id"], data["method_id"], number, at))


def failed(known: Known, own: Membership, message: Message) -> None:
    """A charge was declined, or an attempt that nobody asked for."""
    data = message.data
    fee = own.fees.get(data["invoice_id"])
    if fee is None:
        known.wait(data["invoice_id"], message)
        return
    charge = next((one for one in fee.charges if one.id == data["attempt_id"]), None)
    known.counts["failure after success"] += fee.paid is not None
    is_hard = data.get("hard") or data["reason"] in HARD
    if is_hard:
        known.wallet.retire(data["method_id"], message.time)
    if fee.paid or fee.due is None or any(stray.id == data["attempt_id"] for stray in fee.strays):
        return
    if charge and charge.declined and charge.failed:
        charge.failed = min(charge.failed, message.time)
    elif charge:
        charge.failed, charge.answered, charge.declined = charge.failed or message.time, True, True
        known.counts["hard decline" if is_hard else "soft decline"] += 1
    else:
        known.counts["stray failure"] += 1
        known.counts["stray failure of an open charge"] += bool(
            [one for one in fee.open(known.now, known.counts) if one.method == data["method_id"]]
        )
        fee.strays.append(Stray(data["attempt_id"], data["method_id"], message.time))
    if fee.failed_at:
        fee.failed_at = min(fee.failed_at, first_round_failed(known, own, fee))


def first_round_failed(known: Known, own: Membership, fee: Fee) -> datetime:
    """PAY-3 When the last of its methods failed for the first time, of those on file or asked; later ones do not change it."""
    first: dict[str, datetime] = {}
    for method, tried, at in fee.failed_tries(0):
        since = known.wallet.renewed(own.program, method)
        is_asked = any((charge.method, charge.asked) == (method, tried) for charge in fee.charges)
        if (since or is_asked) and (at <= fee.failed_at if fee.failed_at else not since or tried >= since):
            first[method] = min(at, first.get(method, at))
    return max([own.due, *first.values()])


def round_failed(known: Known, own: Membership, fee: Fee, number: int, at: datetime) -> None:
    """PAY-2 A notice says that a round has failed."""
    assert number not in fee.failed_rounds, "PAY-2: told once a round"
    assert not fee.open(at, known.counts), "a charge is open"
    assert known.wallet.next_method(own.program, fee, number, at) is None, "PAY-1: not every method was asked"
    known.counts["round without a method"] += not fee.tries(number)
    if not fee.failed_rounds:
        assert number == 0
        fee.failed_at = first_round_failed(known, own, fee)
    else:
        assert number <= fee.round_at(known.now), "PAY-2: not before its day"
    fee.failed_rounds.append(number)


def move_on(known: Known, own: Membership, status: str | None, now: datetime) -> None:
    """A fee that is due is being asked for, or its round has failed: it never just lies there."""
    fee = own.at_hand
    if status == "active" and now >= own.due:
        assert fee.open(now, known.counts), "PAY-1: nobody is asked"
    if status == "suspended" and not fee.open(now, known.counts):
        usable = known.wallet.next_method(own.program, fee, max(fee.failed_rounds), now)
        assert usable is None, "PAY-5: a usable method is not asked"
        assert max(fee.failed_rounds) == fee.round_at(now), "PAY-2: a round was left out"
    if status == "active" and own.due > now >= later(own.due, -30) and not own.cancelled:
        assert fee.told_at, "CARE-5: not told of"
    if status == "lapsed" and fee.failed_at and own.wanted and not fee.final:
        known.counts["lapsed without a final notice"] += 1
