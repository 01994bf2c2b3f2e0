"""A renewal fee from its due day on (PAY): asked for in rounds, suspended for, given up."""

from datetime import datetime
from typing import Final

from models.case import Case
from models.fees.collecting import ATTEMPTS, Collection
from models.fees.events import PaymentFailed
from models.fees.home import END, ROUND, SILENT, SUSPEND, Home, collection_of, named_after
from models.fees.state import Attempt, Invoice, Method
from models.outputs.base import Fact
from models.outputs.requests import ChargeRequested
from models.values import dollars, joined

NO_ANSWER: Final = "no_answer"
NO_METHOD: Final = "no_method"
HARD: Final = frozenset({"stolen", "closed", "expired"})
"""PAY-1 Reasons that retire the method."""


def due(case: Case, home: Home, invoice: Invoice) -> None:
    """PAY-1 The day has come: it is asked for, if the member wants that; else the term is over."""
    if not home.collects(case):
        home.term_over(case)
        return
    invoice.collecting = True
    invoice.expiring.clear()  # true when it was told: nothing of it is withdrawn any more
    if invoice.failed_at:  # so it had been, when what the member wants was still told otherwise
        _suspend(case, home, invoice, invoice.failed_at)
    proceed(case, home, invoice)


def silent(case: Case, home: Home, invoice: Invoice) -> None:
    """PAY-1 Seven days without an answer count as a soft failure."""
    attempt = collection_of(case, home, invoice).open
    if attempt:
        attempt.failed_at, attempt.reason = case.at, NO_ANSWER
    proceed(case, home, invoice)


def note(case: Case, home: Home, invoice: Invoice, data: PaymentFailed) -> bool:
    """PAY-1 An attempt has failed: known from now on, whatever follows from it. Returns whether it is news.

    GEN-2 Of several answers to one attempt the earliest counts; of one instant the first by reason.
    """
    known = next((attempt for attempt in invoice.attempts if attempt.id == data.attempt_id), None)
    if known is None:
        invoice.attempts.append(Attempt(data.attempt_id, data.method_id, None, None, case.at, data.reason))
        invoice.attempts[:-ATTEMPTS] = []
    elif known.failed_at is None or known.reason == NO_ANSWER:
        known.failed_at, known.reason = known.failed_at or case.at, data.reason  # silence has counted already
    elif (case.at, data.reason) < (known.failed_at, known.reason):
        known.failed_at, known.reason = case.at, data.reason
    else:
        return False
    case.put(invoice.id, invoice)
    _failed_earlier(case, home, invoice)
    return True


def proceed(case: Case, home: Home, invoice: Invoice) -> None:
    """Ask the next method; where there is none the round has failed. In between, nothing but the deadlines is left to do.

    A round that comes up late is the latest that has begun: those that were missed are not made up for.
    """
    if not invoice.collecting:
        return
    collection, now = collection_of(case, home, invoice), case.desk.moment.now or case.at
    while not collection.open and not _given_up(case, invoice):
        if invoice.round in invoice.failed_rounds:
            invoice.round = max(invoice.round, collection.round_at(now))
        method = collection.next_method(invoice.round, case.calendar.day_of(case.acted_at))
        if method:
            _ask(case, home, collection, method)
        elif invoice.round in invoice.failed_rounds:
            break
        else:
            _round_failed(case, home, collection)
    case.put(invoice.id, invoice)
    _plan(case, collection, now)


def _given_up(case: Case, invoice: Invoice) -> bool:
    """PAY-6 Whether its end has come, acted on or not: what it is asked for then would only go back."""
    ends_at = _ends_at(case, invoice)
    return ends_at is not None and ends_at <= case.acted_at


def _ends_at(case: Case, invoice: Invoice) -> datetime | None:
    """PAY-6 When it is unpaid for too long; None while it suspends nothing."""
    return next((one.at for one in case.member.due if (one.what, one.ref) == (END, invoice.id)), None)


def _ask(case: Case, home: Home, collection: Collection, method: Method) -> None:
    """PAY-9 Asked from when the request goes out, be it late: only then can it be answered; and not before the method was
    renewed, if that is of a time to come: else it would count as not asked since, and be asked for ever.
    """
    invoice = collection.invoice
    asked_at = max(case.acted_at, method.renewed_at)
    attempt = Attempt(collection.attempt_id(invoice.round, method), method.id, invoice.round, asked_at)
    invoice.attempts.append(attempt)
    facts = {
        "invoice_id": invoice.id,
        "attempt_id": attempt.id,
        "method_id": method.id,
        "amount": dollars(home.fee),
        "program": home.program,
        "round": invoice.round,
        "answer_by": collection.answer_by(attempt),
    }
    case.request(ChargeRequested, attempt.id, "PAY-1", facts)


def _round_failed(case: Case, home: Home, collection: Collection) -> None:
    """PAY-2 The member is told at each failed round; PAY-3 the first suspends; PAY-6 after the last one final notice."""
    invoice, number = collection.invoice, collection.invoice.round
    failures = collection.failures_in(number)
    is_first, is_last = not invoice.failed_rounds, number >= collection.last_round
    invoice.failed_rounds.append(number)
    invoice.failed_at = invoice.failed_at or collection.first_round_failed_at
    after = None if is_last else collection.starts(number + 1)
    facts: dict[str, Fact] = {
        "invoice_id": invoice.id,
        "amount": dollars(home.fee),
        "round": number,
        "reasons": [one.reason for one in failures] or [NO_METHOD],
        "next_attempt_on": str(case.calendar.day_of(after)) if after else None,
        "what_to_do": "add a payment method or update one: it is charged at once",
    }
    once = named_after(invoice.id)
    about = joined(invoice.id, str(number))
    told = case.notify(home.program, "payment.failed", about, "PAY-2", facts, not_after=after, named_after=once)
    home.tell(case, told)
    if is_first:
        _suspend(case, home, invoice, invoice.failed_at)
    if is_last:
        facts = {"invoice_id": invoice.id, "amount": dollars(home.fee), "what_to_do": facts["what_to_do"]}
        until, about = _ends_at(case, invoice), invoice.id
        told = case.notify(
            home.program, "payment.final_notice", about, "PAY-6", facts, not_after=until, named_after=once
        )
        home.tell(case, told)


def _suspend(case: Case, home: Home, invoice: Invoice, failed_at: datetime) -> None:
    """PAY-3 At the end of the first failed round, or some days of grace later."""
    since = case.calendar.days_after(failed_at, case.policies.grace_days)
    if case.policies.grace_days and case.acted_at < since:
        case.schedule(since, SUSPEND, invoice.id)
    else:
        case.unschedule(SUSPEND, invoice.id)
        home.suspend(case, invoice, since)


def _failed_earlier(case: Case, home: Home, invoice: Invoice) -> None:
    """GEN-2 What was told now may put the failure of the first round, and what counts from it, earlier."""
    at = collection_of(case, home, invoice).first_round_failed_at
    if invoice.failed_at and at < invoice.failed_at:
        invoice.failed_at = at
        if invoice.collecting:
            _suspend(case, home, invoice, at)


def _plan(case: Case, collection: Collection, now: datetime) -> None:
    """GEN-4 When to look at it again: at the end of the wait for an answer, and when the next round begins."""
    invoice, charge = collection.invoice, collection.open
    if charge:
        case.schedule(collection.answer_by(charge), SILENT, invoice.id)
    else:
        case.unschedule(SILENT, invoice.id)
    case.unschedule(ROUND, invoice.id)
    coming = max(invoice.round, collection.round_at(now)) + 1
    if collection.first_failure and coming <= collection.last_round:
        case.schedule(collection.starts(coming), ROUND, invoice.id)
