"""A paid membership from its first term on: what it wants, when it ends, and what each deadline brings."""

from datetime import date, datetime, timedelta
from itertools import chain, count
from typing import Final

from audit.account.days import years_later
from audit.fees import rounds
from audit.fees.facts import Charge, Facts, Invoice, Membership, Money, Term
from models.values import ID_LENGTH, permanent_id

NOTICE_AT_LATEST: Final = 20
"""CARE-5 Days before a renewal."""

SUSPENDED, REINSTATED, FINAL, FAILED = (
    "membership.suspended",
    "membership.reinstated",
    "payment.final_notice",
    "payment.failed",
)
OVER: Final = {("pro", "lapsed"): "pro.lapsed", ("pro", "ended"): "pro.ended"}


def term_end(facts: Facts, of: Membership) -> datetime:
    """The first instant that is not paid for."""
    return facts.start(of.terms[-1].end)


def wants(facts: Facts, of: Membership) -> bool:
    """PAY-1 Whether the renewal at hand is charged: the membership runs, and nobody stopped that in time (CARE-4, CARE-5)."""
    return of.runs and not stopped(facts, of)


def stopped(facts: Facts, of: Membership) -> bool:
    """Told of too late; or said up to the last day for it, or when it was due already, which ends the asking (PAY-8)."""
    end = of.terms[-1].end
    too_late = facts.start(end - timedelta(days=of.programme.stop_days - 1))
    words = [of.cancelled_at] if of.cancelled_at else []
    words += [] if of.auto else [of.auto_at]
    return of.uncharged or any(not too_late <= word < facts.start(end) for word in words)


def ends_at(facts: Facts, of: Membership) -> datetime | None:
    """When it is over, as far as can be told."""
    if of.over:
        return of.over[1]
    if of.suspended_at:
        return facts.later(of.suspended_at, facts.policies.unpaid_days)
    return None if wants(facts, of) else term_end(facts, of)


def is_over(facts: Facts, of: Membership, at: datetime) -> bool:
    """Whether it is over then."""
    ends = ends_at(facts, of) if of.terms else None
    return ends is not None and ends <= at


def pay(facts: Facts, of: Membership, term: Term) -> None:
    """A year is paid for; the fee of the next one has its name now."""
    of.terms.append(term)
    of.uncharged, of.over, of.suspended_at = False, None, None
    texts = (
        f"{of.programme.name}-{facts.member}-{term.end}{count}" for count in chain([""], map(".{}".format, count(2)))
    )
    names = (text if len(text) <= ID_LENGTH else permanent_id(text) for text in texts)
    name = next(name for name in names if name not in facts.invoices or not facts.invoices[name].is_known)
    of.fee = facts.invoices.setdefault(name, Invoice(name))
    of.fee.programme, of.fee.due = of.programme.name, term.end
    facts.room.came.append(("invoice", name))


def next_year(of: Membership, paid_on: datetime, facts: Facts) -> Term:
    """PRO-6 Joined on to the last; but an automatic one that is paid late begins on that day. Care always joins on."""
    last, day, invoice = of.terms[-1], facts.day(paid_on), of.fee.id if of.fee else ""
    if of.programme.name == "pro" and of.auto and day > last.end:
        return _year_from(day, invoice)
    return _joined_on(last, invoice)


def give_back(invoice: Invoice) -> None:
    """All that pays nothing and was not given back yet."""
    cents = sum(money.cents for money in invoice.spare) - sum(invoice.refunds)
    if cents:
        invoice.refunds.append(cents)


def renew(facts: Facts, of: Membership, fee: Invoice, money: Money) -> None:
    """PRO-5, CARE-4, PAY-5 Money for a renewal pays it if it came before the end; else it goes back (PAY-6)."""
    ends = ends_at(facts, of) if of.terms else None
    left = of.cancelled_at and of.cancelled_at <= money.at and stopped(facts, of)
    over = fee is not of.fee or of.stage in ("applied", "rejected") or left or (ends and ends <= money.at)
    if over or money.cents < of.programme.cents:
        fee.spare.append(money)
        give_back(fee)
    else:
        fee.paid = money
        if of.stage == "terminated":
            return
        settle(fee)
        if of.suspended_at:
            facts.told[REINSTATED, fee.id] += of.default is None  # GEN-3
        pay(facts, of, next_year(of, money.at, facts))
        run_out(of)


def settle(fee: Invoice) -> None:
    """Paid, or nothing is owed: nothing of it is due any more."""
    fee.asking, fee.decided, fee.told_of = False, True, True


def end(facts: Facts, of: Membership, how: str, at: datetime) -> None:
    """It is over."""
    of.over, of.suspended_at = (how, at), None
    if of.fee:
        settle(of.fee)
    if how != "terminated":
        kind = OVER.get((of.programme.name, how), "care.ended")
        facts.told[kind, of.programme.name] += 1


def left_or_lapsed(of: Membership) -> str:
    """How it ends unpaid: one who has cancelled has left."""
    return "ended" if of.cancelled_at else "lapsed"


def think_again(of: Membership) -> None:
    """What was said before the end of the term is told after it: what that day has brought is undone, and decided anew."""
    of.over, of.suspended_at = None, None
    if of.fee:
        of.fee.asking, of.fee.decided = False, False


def cancel(facts: Facts, of: Membership, at: datetime) -> None:
    """PRO-7, CARE-6 It ends with the paid term; CARE-4 said too late, with the one after. Of two the earlier counts."""
    if of.stage == "ending" and of.cancelled_at and at < of.cancelled_at:
        before, of.cancelled_at = stopped(facts, of), at
        if stopped(facts, of) != before:
            think_again(of)
            run_out(of)
        return
    if not of.is_open or of.stage not in ("active", "lapsed") or is_over(facts, of, at):
        return
    before, of.cancelled_at = stopped(facts, of), at
    if of.over or stopped(facts, of) != before:
        think_again(of)
    if not wants(facts, of):
        run_out(of)
        if term_end(facts, of) <= at:
            end(facts, of, "ended", at)


def run_out(of: Membership) -> None:
    """One who has cancelled is told of no renewal: the term only ends."""
    if of.cancelled_at and of.fee:
        settle(of.fee)
        of.fee.decided = False


def switch(facts: Facts, of: Membership | None, at: datetime, *, on: bool) -> None:
    """PRO-7, CARE-6 Auto-renewal; the latest word said before the end of the term counts."""
    if of is None or of.stage not in ("active", "lapsed") or at < of.auto_at or at >= term_end(facts, of):
        return
    before = stopped(facts, of)
    of.auto, of.auto_at = on, at
    if stopped(facts, of) != before:
        think_again(of)


def due(facts: Facts, of: Membership, fee: Invoice) -> None:
    """The day has come: it is asked for, or the term is over."""
    fee.decided = True
    if not wants(facts, of):
        if of.runs:
            end(facts, of, left_or_lapsed(of), term_end(facts, of))
        return
    fee.asking = True
    if 0 in fee.failed_rounds:
        suspend_in_time(facts, of, fee, term_end(facts, of))
    ask(facts, of, fee, term_end(facts, of))


def suspend(facts: Facts, of: Membership, fee: Invoice) -> None:
    """PAY-3 At the end of the first failed round, or some days of grace later."""
    facts.told[SUSPENDED, fee.id] += of.suspended_at is None
    of.suspended_at = facts.later(fee.failed_rounds[0], facts.policies.grace_days)


def suspend_in_time(facts: Facts, of: Membership, fee: Invoice, at: datetime) -> None:
    """The same, if the grace is over; else it is a deadline."""
    days = facts.policies.grace_days
    if not days or facts.later(fee.failed_rounds[0], days) <= facts.moment(at):
        suspend(facts, of, fee)


def failed_earlier(facts: Facts, of: Membership, fee: Invoice, at: datetime) -> None:
    """A failure told late may put the failure of the first round earlier."""
    before = fee.failed_rounds.get(0)
    if before is None:
        return
    fee.failed_rounds[0] = min(before, rounds.first_failed(facts, of, fee, before))
    if fee.failed_rounds[0] < before and fee.asking:
        suspend_in_time(facts, of, fee, at)


def tell(facts: Facts, of: Membership, fee: Invoice, at: datetime) -> None:
    """CARE-5 The renewal notice; one that goes out too late means no charge."""
    fee.told_of = True
    if fee.due and facts.day(facts.moment(at)) > fee.due - timedelta(days=NOTICE_AT_LATEST):
        of.uncharged = True


def silence(facts: Facts, of: Membership, fee: Invoice, at: datetime) -> None:
    """PAY-1 No answer in a week is a soft failure."""
    if charge := rounds.unanswered(facts, fee):
        charge.failed, charge.silent = at, True
    ask(facts, of, fee, at)


def ask(facts: Facts, of: Membership, fee: Invoice, at: datetime) -> None:
    """PAY-1, PAY-2 As long as no charge is open: the next method, or the round has failed, or there is nothing to do."""
    now = facts.now or at
    while fee.asking and not rounds.unanswered(facts, fee) and not is_given_up(facts, of, at):
        number = rounds.at_hand(facts, fee, now)
        card = rounds.whom(facts, of, fee, number, facts.day(facts.moment(at)))
        if card:
            asked_at = max(facts.moment(at), card.renewed_at)
            fee.charges.append(Charge(rounds.name(fee, number, card), card.id, number, asked_at))
        elif number in fee.failed_rounds:
            break
        else:
            _round_failed(facts, of, fee, number, at)


def is_given_up(facts: Facts, of: Membership, at: datetime) -> bool:
    """PAY-6 Its end has come, whether a tick told so or not."""
    over_at = facts.later(of.suspended_at, facts.policies.unpaid_days) if of.suspended_at else None
    return over_at is not None and over_at <= facts.moment(at)


def begins_earlier(facts: Facts, of: Membership, invoice: Invoice, paid: Money) -> None:
    """PRO-4, PRO-6 The last year is paid by earlier money that was told of later: it begins on that day, unless anything
    has followed from the next fee.
    """
    day, last, follows = facts.day(paid.at), of.terms[-1], of.fee
    if last.invoice != invoice.id or follows is None or of.programme.name != "pro":
        return
    if invoice.opening:
        term = _year_from(day, invoice.id)
    else:
        term = _joined_on(of.terms[-2], invoice.id) if day <= of.terms[-2].end else _year_from(day, invoice.id)
    told_at = facts.start(term.end - timedelta(days=facts.policies.notice_days))
    untouched = not (follows.paid or follows.spare or follows.charges)
    if term != last and of.runs and untouched and facts.moment(paid.at) < told_at:
        del facts.invoices[follows.id]
        of.terms.pop()
        pay(facts, of, term)
        run_out(of)


def _year_from(day: date, invoice: str) -> Term:
    return Term(day, years_later(day, 1), day, invoice)


def _joined_on(last: Term, invoice: str) -> Term:
    return Term(last.end, years_later(last.anchor, last.end.year - last.anchor.year + 1), last.anchor, invoice)


def _round_failed(facts: Facts, of: Membership, fee: Invoice, number: int, at: datetime) -> None:
    fee.failed_rounds[number] = rounds.first_failed(facts, of, fee, None) if number == 0 else at
    facts.told[FAILED, fee.id] += 1
    if number == 0:
        suspend_in_time(facts, of, fee, at)
    if number == len(facts.policies.round_days):
        facts.told[FINAL, fee.id] += 1


def deadlines(facts: Facts, of: Membership) -> list[tuple[datetime, str]]:
    """GEN-4 All that is to come for the renewal at hand: (when, what)."""
    fee, policies = of.fee, facts.policies
    if fee is None or fee.due is None:
        return []
    found = [] if fee.decided else [(facts.start(fee.due), "due")]
    if not fee.told_of:
        found.append((facts.start(fee.due - timedelta(days=policies.notice_days)), "tell"))
    if of.suspended_at:
        found.append((facts.later(of.suspended_at, policies.unpaid_days), "give up"))
    elif fee.asking and 0 in fee.failed_rounds:
        found.append((facts.later(fee.failed_rounds[0], policies.grace_days), "suspend"))
    if fee.asking:
        charge = rounds.unanswered(facts, fee)
        if charge:
            found.append((facts.later(charge.at, policies.answer_wait_days), "silence"))
        elif not is_given_up(facts, of, facts.start(fee.due)):
            numbers = range(rounds.latest(fee) + 1, len(policies.round_days) + 1)
            starts = [rounds.begins(facts, fee, number) for number in numbers]
            found += [(start, "ask") for start in starts if start]
    return found


def act(facts: Facts, of: Membership, at: datetime, what: str) -> None:
    """What a deadline brings."""
    if of.fee is None:
        return
    match what:
        case "due":
            due(facts, of, of.fee)
        case "tell":
            tell(facts, of, of.fee, at)
        case "give up":
            end(facts, of, left_or_lapsed(of), at)
        case "suspend":
            suspend(facts, of, of.fee)
        case "silence":
            silence(facts, of, of.fee, at)
        case "ask":
            ask(facts, of, of.fee, at)
