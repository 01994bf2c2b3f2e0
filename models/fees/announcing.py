"""A renewal fee before it is due: named, told of (CARE-5, PRO-5), and which methods expire before it (PAY-7)."""

import itertools
from datetime import datetime, timedelta
from typing import Final

from models.case import Case
from models.fees.home import DUE, EXPIRING, NOTICE, STOP, WHILE_COLLECTING, Home, collection_of
from models.fees.state import Invoice
from models.outputs.base import Fact
from models.values import ID_LENGTH, dollars, joined, permanent_id

NOTICE_WINDOW: Final = 20
"""CARE-5 The latest that a renewal can be told of, in days before it."""


def open_renewal(case: Case, home: Home, end: datetime) -> Invoice:
    """The invoice of the renewal that follows a term, `end`: named now, told of before it is due."""
    due_on = case.calendar.day_of(end)
    invoice = _unnamed(case, f"{home.program}-{case.desk.member_id}-{due_on}")
    invoice.program, invoice.due_on = home.program, due_on
    case.put(invoice.id, invoice)
    ahead = {NOTICE: case.policies.notice_days, EXPIRING: case.policies.expiring_days, DUE: 0}
    if home.stop_days > 1:  # else it can be stopped until it is due
        ahead[STOP] = home.stop_days - 1
    for what, days in ahead.items():
        case.schedule(case.calendar.start_of(due_on - timedelta(days=days)), what, invoice.id)
    case.arrived("invoice", invoice.id)
    return invoice


def settled(case: Case, home: Home, invoice: Invoice, why: str) -> None:
    """It is paid, or nothing is owed any more: no deadline of it stays, and no warning."""
    stop(case, invoice)
    for what in (NOTICE, EXPIRING, STOP, DUE):
        case.unschedule(what, invoice.id)
    _withdraw(case, home, invoice, list(invoice.expiring), why)


def stop(case: Case, invoice: Invoice) -> None:
    """PAY-8 No more dunning for it."""
    invoice.collecting = False
    for what in WHILE_COLLECTING:
        case.unschedule(what, invoice.id)
    case.put(invoice.id, invoice)


def notice(case: Case, home: Home, invoice: Invoice) -> None:
    """CARE-5, PRO-5 Tell of the renewal ahead; too late for the window, it is told all the same, and not charged."""
    collection = collection_of(case, home, invoice)
    window_ends = case.calendar.days_after(collection.due_at, 1 - NOTICE_WINDOW)
    in_time = case.acted_at < window_ends
    if not in_time:
        home.not_told_in_time(case)
        warn(case, home, invoice)  # nothing will be charged
    if case.acted_at >= collection.due_at:
        return  # it is no news any more
    facts: dict[str, Fact] = {
        "invoice_id": invoice.id,
        "amount": dollars(home.fee),
        "due_on": str(invoice.due_on),
        "charged": home.collects(case),
        "told_in_time": in_time,
    }
    kind, clause, until = home.kinds.renewal_notice, home.clauses.notice, window_ends if in_time else collection.due_at
    home.tell(case, case.notify(home.program, kind, invoice.id, clause, facts, not_after=until))


def warn(case: Case, home: Home, invoice: Invoice) -> None:
    """PAY-7 From 30 days before the charge to it: tell of each method that expires before, withdraw what is not so any more."""
    collection = collection_of(case, home, invoice)
    begins = case.calendar.days_after(collection.due_at, -case.policies.expiring_days)
    if not begins <= case.acted_at < collection.due_at:
        return
    day = case.calendar.day_of(collection.due_at)
    over = {
        method.id: method
        for method in case.member.methods
        if home.collects(case) and home.accepts(method) and method.expires and method.expires < f"{day:%Y-%m}"
    }
    _withdraw(case, home, invoice, [old for old in invoice.expiring if old not in over], "it will be good on that day")
    for method in over.values():
        if method.id not in invoice.expiring:
            facts: dict[str, Fact] = {"method_id": method.id, "expires": method.expires, "charge_on": str(day)}
            about = joined(invoice.id, method.id)
            until = collection.due_at
            told = case.notify(home.program, "payment.method_expiring", about, "PAY-7", facts, not_after=until)
            invoice.expiring[method.id] = told
    case.put(invoice.id, invoice)


def _unnamed(case: Case, name: str) -> Invoice:
    """Of that name, or with a count where another fee has it, as when Care is given back and bought again on one day."""
    for count in itertools.count(1):
        told = name if count == 1 else f"{name}.{count}"
        told = told if len(told) <= ID_LENGTH else permanent_id(told)
        invoice = case.find(Invoice, told) or Invoice(told)
        if not invoice.is_named:
            break
    return invoice


def _withdraw(case: Case, home: Home, invoice: Invoice, methods: list[str], why: str) -> None:
    """NTF-3 What was told of a method that expires is not so any more."""
    for method_id in methods:
        case.retract(home.program, invoice.expiring.pop(method_id), why, "PAY-7")
