"""What must hold of a member's repairs, loans and visits, by an account of its own.

Told events as they arrive and asked after each tick, like the account of fees beside it. What a deadline decides is decided
here by the ticks that were seen before the next fact came (GEN-4, GEN-6); all else is worked out from the facts.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final

from tests.simulation.dates import NEVER, cents, day_of, start_of
from tests.simulation.known import Known
from tests.simulation.partition import Json, Message
from tests.simulation.service.cleanings import Cleanings, Visit
from tests.simulation.service.closures import CLOSURES
from tests.simulation.service.days import DAY, Pause, end_of_day_after, pauses_of
from tests.simulation.service.loans import AHEAD, FOREVER, TO_PAY, Invoice, Loan
from tests.simulation.service.products import Products
from tests.simulation.service.repairs import PIECES, Promise, Repair

AREAS: Final = ("product", "repair", "loaner", "loan", "loan_invoice", "cleaning")
"""Of its events: what comes before the point."""


HELD: Final = timedelta(days=30)
MAJEURE: Final = 15
"""PRO-11 Days."""


@dataclass
class Majeure:
    """What everybody was told; shared by all accounts."""

    said: dict[str, tuple[datetime, bool]] = field(default_factory=dict)
    """By the ids of the events."""
    pauses: list[Pause] = field(default_factory=list)

    def hear(self, message: Message) -> None:
        """Everybody is told something."""
        self.said[message.id] = (message.time, message.kind.endswith("declared"))
        self.pauses = pauses_of(self.said.values(), "majeure")


@dataclass
class Service:
    """One member's."""

    known: Known
    majeure: Majeure
    products: Products = field(default_factory=Products)
    repairs: dict[str, Repair] = field(default_factory=dict)
    loans: dict[str, Loan] = field(default_factory=dict)
    cleanings: Cleanings = field(default_factory=Cleanings)
    invoices: dict[str, Loan] = field(default_factory=dict)
    reimbursed: dict[str, str] = field(default_factory=dict)
    """REP-9 Fee -> the repair that it was given back for."""
    may_leave: list[datetime] = field(default_factory=list)
    """PRO-11 Declared when: what the member is to be told of."""
    _decided: datetime = NEVER
    """PRO-11 The force majeure for which that was decided last."""
    _clocks: dict[str, tuple[object, tuple[Promise | None, Promise | None]]] = field(default_factory=dict)
    is_news: bool = False
    """Whether anything has happened that was not checked yet."""
    _quiet_until: datetime = NEVER
    """Nothing is due before that."""
    _told_at: datetime = NEVER
    """The latest tick before the last event."""
    _pauses: int = 0
    """How much was said of force majeure when that was worked out."""

    @property
    def is_used(self) -> bool:
        """Whether there is anything to look at."""
        return bool(self.repairs or self.loans or self.cleanings.visits or self.may_leave)

    def wake(self) -> None:
        """An event of whatever kind: what is due has to be looked for anew, and is decided by the next tick."""
        self._quiet_until, self._told_at = NEVER, self.known.now

    def event(self, message: Message) -> None:
        """An event, when it is handled."""
        self.is_news = True
        area = message.kind.partition(".")[0]
        {
            "product": self._registered, "repair": self._repair, "loaner": self._repair, "loan": self._loan,
            "loan_invoice": self._invoice_paid, "cleaning": self._cleaning,
        }[area](message)  # fmt: skip
        self._defaults()

    def time_passes(self, now: datetime) -> None:
        """GEN-4 What is due by now is decided, in its order, on what is known."""
        is_quiet = now < self._quiet_until and self._pauses == len(self.majeure.said)
        if is_quiet or now <= self._told_at:  # what is past already acts at the next tick
            return
        at, decide = self._next()
        while at <= now:
            decide()
            self.is_news = True
            at, decide = self._next()
        self._quiet_until, self._pauses = at, len(self.majeure.said)
        self._defaults()

    def _next(self) -> tuple[datetime, Callable[[], None]]:
        """The first; of several at once that of the first name, as one fee goes back for one repair."""
        at, _, decide = min(self._deadlines(), key=lambda due: due[:2], default=(FOREVER, "", self._defaults))
        return at, decide

    def _deadlines(self) -> Iterator[tuple[datetime, str, Callable[[], None]]]:
        for repair in self.repairs.values():
            if not repair.refused:
                yield from self._of_repair(repair)
        for loan in self.loans.values():
            due = self.due(loan)
            if due and loan.out and not loan.overdue:
                yield due, loan.id, partial(self._not_back, loan, due)
            if loan.invoice and loan.invoice.is_owed and not loan.invoice.past_due:
                yield loan.invoice.late_from, loan.id, loan.invoice.is_late

        for pause in self.majeure.pauses if self.known.own["pro"].stage else ():
            due = end_of_day_after(pause.since, MAJEURE)
            if pause.since > self._decided and (pause.until is None or due <= pause.until):
                yield due, "", partial(self._may_leave, pause.since, due)

    def _may_leave(self, since: datetime, due: datetime) -> None:
        """PRO-11 Sony has not performed for fifteen days: whoever has PRO then may leave, and is told so."""
        self._decided = since
        if self.known.own["pro"].stood(due, self.known.now):
            self.may_leave.append(since)

    def _of_repair(self, repair: Repair) -> Iterator[tuple[datetime, str, Callable[[], None]]]:
        turnaround, diagnosis = self.turnaround(repair), self.diagnosis(repair)
        if turnaround and turnaround.state == "open" and turnaround.due and not repair.missed:
            yield turnaround.due, repair.id, partial(self._missed, repair)
        if diagnosis and diagnosis.state == "open" and diagnosis.due and not repair.undiagnosed:
            yield diagnosis.due, repair.id, partial(self._undiagnosed, repair)
        if repair.answer_by:
            yield repair.answer_by, repair.id, partial(self._unanswered, repair)

    def diagnosis(self, repair: Repair) -> Promise | None:
        """REP-2"""
        return self._worked_out(repair)[1]

    def turnaround(self, repair: Repair) -> Promise | None:
        """REP-4, REP-7"""
        return self._worked_out(repair)[0]

    def _worked_out(self, repair: Repair) -> tuple[Promise | None, Promise | None]:
        """Both clocks, anew only if what they depend on has changed."""
        pieces, said = self.pieces(repair), len(self.majeure.said)
        on = (repair.noted, said, pieces, repair.missed, repair.undiagnosed, repair.unanswered)
        known = self._clocks.get(repair.id)
        if known is None or known[0] != on:
            pauses = self.majeure.pauses
            clocks = (repair.turnaround(pieces, CLOSURES, pauses), repair.diagnosis(CLOSURES, pauses))
            known = self._clocks[repair.id] = (on, clocks)
        return known[1]

    def pieces(self, repair: Repair) -> int:
        """REP-7 The larger of what was stated and what came."""
        together = [one for one in self.repairs.values() if one.shipment == repair.shipment and not one.refused]
        return max([len(together), *[one.pieces for one in together]])

    def due(self, loan: Loan) -> datetime | None:
        """LOAN-1, LOAN-2"""
        return loan.due(self.product_back(loan), self.known.now)

    def product_back(self, loan: Loan) -> datetime | None:
        repair, visit = self.repairs.get(loan.data.get("repair_id", "")), loan.data.get("cleaning_id")
        if repair:
            return repair.steps.get("delivered")
        brought = self.cleanings.visits.get(visit) if visit else None
        return brought and brought.over_at

    def _missed(self, repair: Repair) -> None:
        """REP-9"""
        promise = self.turnaround(repair)
        assert promise
        assert promise.due
        repair.missed = replace(promise, state="missed")
        self.known.counts["turnaround missed"] += 1
        if not repair.in_warranty:
            return
        if any(at < promise.due for at in self._loaners(repair)):
            self.known.counts["saved by a loaner"] += 1
            return
        self._reimburse(repair, promise.start)

    def _loaners(self, repair: Repair) -> list[datetime]:
        return [one.shipped for one in self.loans.values() if one.shipped and one.data.get("repair_id") == repair.id]

    def _reimburse(self, repair: Repair, start: datetime) -> None:
        """REP-9 The fee of the term that contains the start, once."""
        own = self.known.own["pro"]
        year = next((year for year in reversed(own.years) if year.holds(start)), None)
        if year is None or year.fee in self.reimbursed:
            self.known.counts["nothing to reimburse"] += 1
            return
        self.known.counts["reimbursed"] += 1
        self.reimbursed[year.fee] = repair.id
        fee = own.fees[year.fee]
        fee.owed_back, fee.used = fee.owed_back + fee.used, 0

    def _undiagnosed(self, repair: Repair) -> None:
        promise = self.diagnosis(repair)
        assert promise
        repair.undiagnosed = replace(promise, state="missed")
        self.known.counts["diagnosis missed"] += 1

    def _unanswered(self, repair: Repair) -> None:
        repair.unanswered = repair.price
        self.known.counts["estimate unanswered"] += 1

    def _not_back(self, loan: Loan, due: datetime) -> None:
        """LOAN-5"""
        loan.overdue = due
        self._issue(loan, due, 0)
        self.known.counts["loan overdue"] += 1

    def _issue(self, loan: Loan, at: datetime, insured: int) -> None:
        amount = cents(loan.data["retail_value"]) - insured
        if not loan.invoice and amount > 0:
            loan.invoice = Invoice("", amount, day_of(at) + TO_PAY * DAY)

    def invoiced(self, data: Json) -> None:
        """A request: an invoice is issued."""
        loan = self.loans[data["loan_id"]]
        assert loan.invoice, "LOAN-5: an invoice for nothing"
        assert not loan.invoice.id, "LOAN-5: a second invoice"
        loan.invoice.id = data["invoice_id"]
        assert cents(data["amount"]) == loan.invoice.amount, f"LOAN-5: {loan.invoice.amount} cents"
        assert data["due_on"] == str(loan.invoice.due_on), f"LOAN-5: due on {loan.invoice.due_on}"
        self.invoices[data["invoice_id"]] = loan
        self.known.counts["invoice"] += 1
        self.known.arrived(f"loan invoice {data['invoice_id']}")

    def invoice_cancelled(self, data: Json) -> None:
        """A request: an invoice is not to be paid."""
        invoice = self.invoices[data["invoice_id"]].invoice
        assert invoice
        assert invoice.cancelled, "LOAN-6: nothing came back"
        assert not invoice.withdrawn, "LOAN-6: cancelled twice"
        invoice.withdrawn = True
        self.known.counts["invoice cancelled"] += 1

    def _defaults(self) -> None:
        """LOAN-6 Since when any loan is in default."""
        own = self.known.own["pro"]
        since = [at for loan in self.loans.values() if (at := loan.default_since)]
        self.known.counts["suspended for a loan"] += bool(since) and own.default is None
        own.default = min(since, default=None)

    def _registered(self, message: Message) -> None:
        """PRO-10"""
        self.products.note(message)
        for repair in self.repairs.values():
            if repair.refused and repair.refused <= self.products.CODES:
                repair.refused = self.products.why_not(repair.serial, repair.model, repair.at)
                self.known.counts["repair accepted after all"] += not repair.refused
        since = self.known.now - HELD
        for visit in sorted(self.cleanings.visits.values(), key=lambda visit: (visit.at, visit.id)):
            looks_again = visit.refused and message.data["serial"] in visit.products and visit.at > since
            if looks_again and not self._why_no_visit(visit):
                self._accept(visit)
                self.known.counts["visit accepted after all"] += 1

    def _repair(self, message: Message) -> None:
        data = message.data
        repair = self.repairs.get(data["repair_id"])
        if message.kind == "repair.requested":
            self._sent_in(message)
        elif repair is None:
            self.known.wait(f"repair {data['repair_id']}", message)
        elif message.kind.startswith("repair."):
            missed = repair.missed
            self.known.counts["told after the miss"] += bool(missed and missed.due and message.time < missed.due)
            amount = data.get("standard_fee") or data.get("amount")
            repair.note(message.kind, data, message.time, cents(amount) if amount else 0)
        else:
            repair.loaner_answered = True

    def _sent_in(self, message: Message) -> None:
        """REP-1, PRO-9, PRO-10"""
        data, at = message.data, message.time
        preapproved = data.get("preapproved_amount")
        repair = Repair(
            data["repair_id"], at, data["serial"], data["model"], data["shipment_id"], data["pieces"],
            cents(preapproved) if preapproved else 0,
        )  # fmt: skip
        repair.refused |= self._standing(at)
        if data["sent_by"] != "member":
            repair.refused.add("not_sent_by_member")
        if data["ship_to_state"] == "PR":
            repair.refused.add("not_shipped_there")
        repair.refused |= self.products.why_not(repair.serial, repair.model, at)
        for why in repair.refused:
            self.known.counts[f"repair refused: {why}"] += 1
        self.known.counts["repair"] += not repair.refused
        self.repairs[repair.id] = repair
        self.known.counts["more than three pieces"] += not repair.refused and self.pieces(repair) > PIECES
        self.known.arrived(f"repair {repair.id}")

    def _loan(self, message: Message) -> None:
        data, at = message.data, message.time
        loan = self.loans.get(data["loan_id"])
        step = message.kind.partition(".")[2]
        if step == "requested":
            self._borrow(message)
        elif loan is None:
            self.known.wait(f"loan {data['loan_id']}", message)
        elif step == "returned":
            self._returned(loan, at, data)
        elif step in ("approved", "declined"):
            why = {"declined"} if step == "declined" else self._standing(at) | self._used_up(loan, at)
            if loan.answer is None or at > loan.answer[0]:
                loan.answer = (at, frozenset(why))
        else:
            field_name = "insured" if step == "insurance_proved" else step
            setattr(loan, field_name, min(at, getattr(loan, field_name) or at))
            if step == "shipped" and (repair := self.repairs.get(loan.data.get("repair_id", ""))):
                repair.loaner_answered = True

    def _standing(self, at: datetime) -> set[str]:
        """PRO-9"""
        status = self.known.own["pro"].stood(at, self.known.now)
        return set() if status == "active" else {"suspended" if status else "no_active_membership"}

    def _used_up(self, loan: Loan, at: datetime) -> set[str]:
        """LOAN-1 Once per model in a lifetime, from its first shipment on."""
        others = [other for other in self.loans.values() if other is not loan and other.shipped and other.shipped <= at]
        same = [other for other in others if other.data["model"] == loan.data["model"] and not other.is_repair]
        return {"had_before"} if same and not loan.is_repair else set()

    def _borrow(self, message: Message) -> None:
        """LOAN-1, LOAN-2, LOAN-3"""
        data, at = message.data, message.time
        loan = Loan(data["loan_id"], at, data)
        for which in ("repair", "cleaning"):
            wanted = data.get(f"{which}_id")
            if wanted and wanted not in (self.repairs if which == "repair" else self.cleanings.visits):
                self.known.wait(f"{which} {wanted}", message)
                return
        loan.refused |= self._standing(at) | self._used_up(loan, at)
        if loan.is_repair and self._is_refused(data):
            loan.refused.add("not_in_service")
        if data["ship_to_state"] == "PR":
            loan.refused.add("not_shipped_there")
        if data["kind"] == "evaluation":
            if data["category"] == "accessory":
                loan.refused.add("not_camera_or_lens")
            if date.fromisoformat(data["needed_on"]) < day_of(at) + AHEAD * DAY:
                loan.refused.add("too_late")
            if self.products.owns(data["model"], at):
                loan.refused.add("owned")
        self.loans[loan.id] = loan
        for why in loan.refused:
            self.known.counts[f"loan refused: {why}"] += 1
        self.known.counts["loan"] += not loan.refused
        self.known.arrived(f"loan {loan.id}")

    def _is_refused(self, data: Json) -> bool:
        """LOAN-2 The repair or the visit that it is for never came to be."""
        wanted = self.repairs.get(data.get("repair_id", "")) or self.cleanings.visits.get(data.get("cleaning_id", ""))
        return bool(wanted and wanted.refused)

    def _returned(self, loan: Loan, at: datetime, data: Json) -> None:
        insured = cents(data["insurance_paid"]) if "insurance_paid" in data else 0
        word = (at, data["damaged"], insured)
        loan.returned = min(word, loan.returned or word)
        if loan.returned[1] and not loan.invoice:
            self._issue(loan, at, insured)
        elif not loan.returned[1] and loan.invoice and not loan.invoice.paid_at:
            loan.invoice.cancelled = True

    def _invoice_paid(self, message: Message) -> None:
        loan = self.invoices.get(message.data["invoice_id"])
        if loan is None or loan.invoice is None:
            self.known.wait(f"loan invoice {message.data['invoice_id']}", message)
            return
        loan.invoice.paid.append((message.time, cents(message.data["amount"])))

    def _cleaning(self, message: Message) -> None:
        data, at = message.data, message.time
        visit = self.cleanings.visits.get(data["cleaning_id"])
        if message.kind == "cleaning.booked":
            self._booked(message)
        elif visit is None:
            self.known.wait(f"cleaning {data['cleaning_id']}", message)
        elif message.kind == "cleaning.cancelled":
            visit.cancelled = min(at, visit.cancelled or at)
        elif visit.checked(data["checklist"]):
            visit.done = min(at, visit.done or at)
        else:
            self.known.counts["checklist incomplete"] += 1

    def _booked(self, message: Message) -> None:
        """CLN-1, CLN-2"""
        products = {one["serial"]: one["kind"] for one in message.data["products"]}
        visit = Visit(message.data["cleaning_id"], message.time, products)
        self.cleanings.visits[visit.id] = visit
        visit.refused = self._why_no_visit(visit)
        if not visit.refused:
            self._accept(visit)
        self.known.arrived(f"cleaning {visit.id}")

    def _why_no_visit(self, visit: Visit) -> set[str]:
        """PRO-9, PRO-10"""
        reasons = self._standing(visit.at)
        for serial in visit.products:
            reasons |= self.products.why_not(serial, None, visit.at)
        return reasons

    def _accept(self, visit: Visit) -> None:
        """CLN-2 It counts in the year that had begun last."""
        year = [year for year in self.known.own["pro"].years if start_of(year.first) <= visit.at][-1]
        self.cleanings.accept(visit, year.fee)
        self.known.counts["visit" if visit.free else "visit to be paid for"] += 1
