"""Joining and leaving, points set aside, goodwill."""

from datetime import date, datetime, timedelta
from typing import Any, Final

from audit.account.days import business_days_later, end_of, years_later
from audit.account.facts import Adjustment, Facts
from audit.account.orders import YEARS_USABLE
from audit.account.purse import Purse
from models.values import permanent_id

_STATES: Final = (
    "AK AL AR AZ CA CO CT DC DE FL GA HI ID IL IN IA KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH NJ NM NV NY "
    "OH OK OR PA RI SC SD TN TX UT VT VA WA WI WV WY"
)
RESIDENT: Final = frozenset(_STATES.split())
END: Final = ("end", "")
"""MS-16 What is waited for behind an end that can still be withdrawn."""


def join(facts: Facts, event: Any) -> None:
    """MS-1: a resident of a state or DC, 18 on that day, 19 in Alabama and Nebraska. MS-2: once. MS-16: again."""
    settled = facts.purse or any(event.time < ended for _, ended in facts.former)
    if not settled and may_join(event.data.state, event.data.birth_date, facts.day(event.time)):
        facts.purse = Purse(event.time)


def may_join(state: str, birth: date, day: date) -> bool:
    """MS-1, PRO-1, CARE-1."""
    return state in RESIDENT and years_later(birth, 19 if state in ("AL", "NE") else 18) <= day


def ask_to_end(facts: Facts, event: Any) -> None:
    """MS-16."""
    purse = facts.purse_at(event.time)
    if purse and purse.ends is None:
        days = facts.policies.leave_business_days
        last = business_days_later(facts.day(event.time), days, facts.policies.closures)
        purse.asked_to_end, purse.ends = event.time, end_of(last, facts.zone)


def stay(facts: Facts, event: Any) -> None:
    """MS-16 Withdrawn in time, by its own time."""
    purse = facts.purse
    if purse and purse.ends and purse.asked_to_end and purse.asked_to_end <= event.time < purse.ends:
        purse.asked_to_end = purse.ends = None
        facts.room.came.append(END)


def end(facts: Facts) -> None:
    """MS-16 All points, reservations and debt are void for good."""
    if facts.purse and facts.purse.ends:
        facts.reservations |= dict.fromkeys(facts.purse.set_aside)
        facts.former.append((facts.purse.joined_at, facts.purse.ends))
        facts.purse = None
        facts.room.came.append(END)


def reserve(facts: Facts, event: Any) -> None:
    """MS-8: all of it or nothing."""
    told, day, purse = event.data, facts.day(event.time), facts.purse_at(event.time)
    if told.reservation_id in facts.reservations:
        return
    facts.room.came.append(("reservation", told.reservation_id))
    facts.turned_down.add(("reservation", told.reservation_id))
    if purse and told.points <= sum(lot.left for lot in purse.usable(day)):
        purse.set_aside[told.reservation_id] = purse.take(told.points, day)
        facts.reservations[told.reservation_id] = event.time + timedelta(minutes=facts.policies.reservation_minutes)


def release(facts: Facts, event: Any) -> None:
    """MS-8."""
    if event.data.reservation_id in facts.reservations:
        free(facts, event.data.reservation_id)
    elif ("reservation", event.data.reservation_id) not in facts.turned_down:
        facts.wait(("reservation", event.data.reservation_id), event)


def free(facts: Facts, reservation_id: str) -> None:
    """MS-8 What was set aside is back in its lots."""
    purse = facts.purse
    if purse and facts.reservations[reservation_id]:
        facts.reservations[reservation_id] = None
        for part in purse.set_aside.pop(reservation_id):
            lot = purse.lots[part.lot or ""]
            purse.put_back([part], lot, facts.over_before)


def adjust(facts: Facts, event: Any) -> None:
    """MS-18: at once, or with the second actor's yes."""
    told, purse = event.data, facts.purse_at(event.time)
    if told.approves is not None:
        adjustment = facts.adjustments.get(told.approves)
        if adjustment is None and ("adjustment", told.approves) not in facts.turned_down:
            facts.wait(("adjustment", told.approves), event)
        elif adjustment and told.points == adjustment.points and _person(told.actor) != _person(adjustment.actor):
            _book(facts, told.approves, adjustment, event.time)
    elif told.adjustment_id not in facts.adjustments:
        facts.room.came.append(("adjustment", told.adjustment_id))
        if not told.points or purse is None:
            facts.turned_down.add(("adjustment", told.adjustment_id))
            return
        adjustment = facts.adjustments[told.adjustment_id] = Adjustment(told.points, told.actor, purse)
        if abs(told.points) <= facts.policies.adjusted_alone:
            _book(facts, told.adjustment_id, adjustment, event.time)


def _person(actor: str) -> str:
    """MS-18 However the name is written."""
    return actor.casefold().strip()


def _book(facts: Facts, adjustment_id: str, adjustment: Adjustment, at: datetime) -> None:
    purse, day = facts.purse_at(at), facts.day(at)
    if purse is None or purse is not adjustment.purse or adjustment.booked:
        return
    adjustment.booked = True
    purse.adjusted += adjustment.points
    if adjustment.points > 0:
        name = permanent_id("lot", "adjustment", adjustment_id)
        purse.gain(purse.open(name, years_later(day, YEARS_USABLE), at), adjustment.points, facts.over_before)
    else:
        purse.take(-adjustment.points, day)
