"""The renewal fee from its notice to its end (PAY): told, due, asked for in rounds, suspended for, given up.

What a programme answers for itself is its `Home`: whether it collects, and what becomes of the membership.
"""

from datetime import datetime, timedelta
from typing import Final, NamedTuple, Protocol

from models.case import Case
from models.fees.collecting import ATTEMPTS, Collection
from models.fees.state import Attempt, Invoice, Method
from models.outputs.base import Cause, Fact
from models.outputs.notifications import Kind
from models.outputs.requests import ChargeRequested
from models.values import ID_LENGTH, PaidProgram, dollars, joined, permanent_id

NOTICE: Final = "fee.notice"
EXPIRING: Final = "fee.expiring"
DUE: Final = "fee.due"
SILENT: Final = "fee.silent"
ROUND: Final = "fee.round"
SUSPEND: Final = "fee.suspend"
END: Final = "fee.end"
"""The deadlines of a fee; each has the invoice's id as its ref."""
WHILE_COLLECTING: Final = (SILENT, ROUND, SUSPEND, END)
NOTICE_WINDOW: Final = 20
"""CARE-5 The latest that a renewal can be told of, in days before it."""
NO_ANSWER: Final = "no_answer"
NO_METHOD: Final = "no_method"
HARD: Final = frozenset({"stolen", "closed", "expired"})
"""PAY-1 Reasons that retire the method."""


class Kinds(NamedTuple):
    """The notices by which a programme tells of its life."""

    renewal_notice: Kind
    renewed: Kind
    cancelled: Kind
    lapsed: Kind
    ended: Kind


class Clauses(NamedTuple):
    """The clauses by which a programme does the same."""

    notice: str
    renewal: str
    leaving: str


class Home(Protocol):
    """A programme, as its fees see it."""

    program: PaidProgram
    fee: int
    """Cents."""
    kinds: Kinds
    clauses: Clauses

    def current(self, case: Case) -> str | None:
        """The id of the renewal invoice at hand."""

    def accepts(self, method: Method) -> bool:
        """Whether its fee can be asked from that method."""

    def collects(self, case: Case) -> bool:
        """PAY-1 Whether the renewal at hand is to be charged: open, auto-renewal on, told of in time."""

    def not_told_in_time(self, case: Case) -> None:
        """CARE-5 The notice went out too late: the renewal is not charged, support has to look at it."""

    def tell(self, case: Case, notice_id: str) -> None:
        """Note what was told of the fee: its payment replaces it."""

    def term_over(self, case: Case) -> None:
        """The paid term is over and nothing is charged."""

    def suspend(self, case: Case, invoice: Invoice, at: datetime) -> None:
        """PAY-3 The first round has failed, and the grace is over."""

    def give_up(self, case: Case) -> None:
        """PAY-6 Unpaid for too long: the membership lapses."""


def open_renewal(case: Case, home: Home, end: datetime) -> Invoice:
    """The invoice of the renewal that follows a term, `end`: named now, told of before it is due."""
    due_on = case.calendar.day_of(end)
    name = f"{home.program}-{case.desk.member_id}-{due_on}"
    invoice = Invoice(name if len(name) <= ID_LENGTH else permanent_id(name), home.program, due_on=due_on)
    case.put(invoice.id, invoice)
    for what, days in ((NOTICE, case.policies.notice_days), (EXPIRING, case.policies.expiring_days), (DUE, 0)):
        case.schedule(case.calendar.start_of(due_on - timedelta(days=days)), what, invoice.id)
    case.arrived("invoice", invoice.id)
    return invoice


def settled(case: Case, home: Home, invoice: Invoice, why: str) -> None:
    """It is paid, or nothing is owed any more: no deadline of it stays, and no warning."""
    stop(case, invoice)
    for what in (NOTICE, EXPIRING, DUE):
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
    collection = _collection(case, home, invoice)
    in_time = _moment(case) <= case.calendar.days_after(collection.due_at, -NOTICE_WINDOW)
    if not in_time:
        home.not_told_in_time(case)
        warn(case, home, invoice)  # nothing will be charged
    facts: dict[str, Fact] = {
        "invoice_id": invoice.id,
        "amount": dollars(home.fee),
        "due_on": str(invoice.due_on),
        "charged": home.collects(case),
        "told_in_time": in_time,
    }
    home.tell(case, case.notify(home.program, home.kinds.renewal_notice, invoice.id, home.clauses.notice, facts))


def warn(case: Case, home: Home, invoice: Invoice) -> None:
    """PAY-7 From 30 days before the charge to it: tell of each method that expires before, withdraw what is not so any more."""
    collection = _collection(case, home, invoice)
    begins = case.calendar.days_after(collection.due_at, -case.policies.expiring_days)
    if not begins <= _moment(case) < collection.due_at:
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
            told = case.notify(home.program, "payment.method_expiring", about, "PAY-7", facts)
            invoice.expiring[method.id] = told
    case.put(invoice.id, invoice)


def due(case: Case, home: Home, invoice: Invoice) -> None:
    """PAY-1 The day has come: it is asked for, if the member wants that; else the term is over."""
    if not home.collects(case):
        home.term_over(case)
        return
    invoice.collecting = True
    invoice.expiring.clear()  # true when it was told: nothing of it is withdrawn any more
    if invoice.failed_at:  # so it had been, when what the member wants was still told otherwise
        home.suspend(case, invoice, invoice.failed_at)
    proceed(case, home, invoice)


def silent(case: Case, home: Home, invoice: Invoice) -> None:
    """PAY-1 Seven days without an answer count as a soft failure."""
    attempt = _collection(case, home, invoice).open
    if attempt:
        attempt.failed_at, attempt.reason = case.at, NO_ANSWER
    proceed(case, home, invoice)


def failed(case: Case, home: Home, invoice: Invoice, attempt_id: str, method_id: str, reason: str) -> None:
    """PAY-1 An attempt has failed: known from now on, and acted on as far as the fee is being asked for."""
    attempt = find_attempt(invoice, attempt_id)
    if attempt is None:
        invoice.attempts.append(Attempt(attempt_id, method_id, None, None, case.at, reason))
        invoice.attempts[:-ATTEMPTS] = []
    else:
        attempt.failed_at, attempt.reason = attempt.failed_at or case.at, reason  # silence has counted already
    case.put(invoice.id, invoice)
    proceed(case, home, invoice)


def proceed(case: Case, home: Home, invoice: Invoice) -> None:
    """Ask the next method; where there is none the round has failed. In between, nothing but the deadlines is left to do.

    A round that comes up late is the latest that has begun: those that were missed are not made up for.
    """
    if not invoice.collecting:
        return
    collection, now = _collection(case, home, invoice), case.desk.moment.now or case.at
    while not collection.open:
        if invoice.round in invoice.failed_rounds:
            invoice.round = max(invoice.round, collection.round_at(now))
        method = collection.next_method(invoice.round, case.calendar.day_of(_moment(case)))
        if method:
            _ask(case, home, collection, method)
        elif invoice.round in invoice.failed_rounds:
            break
        else:
            _round_failed(case, home, collection)
    case.put(invoice.id, invoice)
    _plan(case, collection, now)


def find_attempt(invoice: Invoice, attempt_id: str) -> Attempt | None:
    """The attempt of that name, if it is known."""
    return next((attempt for attempt in invoice.attempts if attempt.id == attempt_id), None)


def _ask(case: Case, home: Home, collection: Collection, method: Method) -> None:
    """PAY-9 Asked from when the request goes out, be it late: only then can it be answered."""
    invoice = collection.invoice
    attempt = Attempt(collection.attempt_id(invoice.round, method), method.id, invoice.round, _moment(case))
    invoice.attempts.append(attempt)
    facts = {
        "invoice_id": invoice.id,
        "attempt_id": attempt.id,
        "method_id": method.id,
        "amount": dollars(home.fee),
        "program": home.program,
        "round": invoice.round,
    }
    case.request(ChargeRequested, attempt.id, "PAY-1", facts)


def _round_failed(case: Case, home: Home, collection: Collection) -> None:
    """PAY-2 The member is told at each failed round; PAY-3 the first suspends; PAY-6 after the last one final notice."""
    invoice, number = collection.invoice, collection.invoice.round
    failures = collection.failures_in(number)
    at = max([collection.starts(number), *[one.failed_at for one in failures if one.failed_at]])
    is_first, is_last = not invoice.failed_rounds, number == collection.last_round
    invoice.failed_rounds.append(number)
    invoice.failed_at = invoice.failed_at or at
    after = None if is_last else collection.starts(number + 1)
    facts: dict[str, Fact] = {
        "invoice_id": invoice.id,
        "amount": dollars(home.fee),
        "round": number,
        "reasons": [one.reason for one in failures] or [NO_METHOD],
        "next_attempt_on": str(case.calendar.day_of(after)) if after else None,
        "what_to_do": "add a payment method or update one: it is charged at once",
    }
    once = named_after(invoice)
    about = joined(invoice.id, str(number))
    home.tell(case, case.notify(home.program, "payment.failed", about, "PAY-2", facts, named_after=once))
    if is_first:
        if case.policies.grace_days:
            case.schedule(case.calendar.days_after(at, case.policies.grace_days), SUSPEND, invoice.id)
        else:
            home.suspend(case, invoice, at)
    if is_last:
        facts = {"invoice_id": invoice.id, "amount": dollars(home.fee), "what_to_do": facts["what_to_do"]}
        home.tell(case, case.notify(home.program, "payment.final_notice", invoice.id, "PAY-6", facts, named_after=once))


def _plan(case: Case, collection: Collection, now: datetime) -> None:
    """GEN-4 When to look at it again: at the end of the wait for an answer, and when the next round begins."""
    invoice, charge = collection.invoice, collection.open
    if charge:
        case.schedule(case.calendar.days_after(charge.at, case.policies.answer_wait_days), SILENT, invoice.id)
    else:
        case.unschedule(SILENT, invoice.id)
    case.unschedule(ROUND, invoice.id)
    coming = max(invoice.round, collection.round_at(now)) + 1
    if collection.first_failure and coming <= collection.last_round:
        case.schedule(collection.starts(coming), ROUND, invoice.id)


def _withdraw(case: Case, home: Home, invoice: Invoice, methods: list[str], why: str) -> None:
    """NTF-3 What was told of a method that expires is not so any more."""
    for method_id in methods:
        case.retract(home.program, invoice.expiring.pop(method_id), why, "PAY-7")


def _collection(case: Case, home: Home, invoice: Invoice) -> Collection:
    return Collection(invoice, [method for method in case.member.methods if home.accepts(method)], case.policies)


def _moment(case: Case) -> datetime:
    """When what is done now is done: not before now, whatever the date of its cause."""
    return max(case.at, case.desk.moment.now or case.at)


def named_after(invoice: Invoice) -> Cause:
    """What the notices of a fee are named after, whichever message completes what they tell (GEN-2, NTF-1)."""
    return Cause(source="/memberships/fees", id=invoice.id)
