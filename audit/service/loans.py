"""What is told of loans, and what their deadlines decide (LOAN)."""

from datetime import datetime
from typing import Any, Final

from audit.account.days import day_of, end_of
from audit.account.membership import RESIDENT
from audit.service import repairs
from audit.service.days import DAY
from audit.service.facts import Facts, Pro
from audit.service.loan import Invoice, Loan
from models.values import permanent_id

AHEAD: Final = 14
"""LOAN-1 How many days before it is needed it is asked for at the latest."""
DUE, SOON, INVOICE_DUE = "loan.due", "loan.due_soon", "loan.invoice_due"


def request(facts: Facts, pro: Pro, event: Any) -> None:
    """LOAN-1, LOAN-2 It waits for what it is for."""
    product = _product(event.data)
    if event.data.loan_id in facts.loans:
        return
    if product and product[1] not in (facts.repairs if product[0] == "repair" else facts.visits):
        facts.wait(product, event)
    else:
        begin(facts, pro, event)


def begin(facts: Facts, pro: Pro, event: Any) -> None:
    """All that stands against it. What has waited in vain begins too, and is refused (GEN-2)."""
    told, at = event.data, event.time
    if told.loan_id in facts.loans:
        return
    loan = Loan(told.loan_id, at, told.kind, told.model, told.retail_value, _product(told))
    loan.refused = facts.standing(pro, at)
    if told.kind == "evaluation":
        loan.refused += ["not_camera_or_lens"] if told.category == "accessory" else []
        loan.refused += ["too_late"] if told.needed_on < day_of(at, facts.zone) + AHEAD * DAY else []
        bought = facts.products.models.get(loan.model.upper())
        loan.refused += ["owned"] if (bought and bought <= at) or pro.owns(loan.model, at) else []
        loan.refused += _used_up(facts, loan, at)
    elif loan.product is None:
        loan.refused.append("no_product_in_service")
    elif _is_refused(facts, *loan.product):
        loan.refused.append("not_in_service")
    loan.refused += ["not_shipped_there"] if told.ship_to_state not in RESIDENT else []
    facts.loans[loan.id] = loan
    facts.room.came.append(("loan", loan.id))
    if loan.product:
        facts.lent_for.setdefault(loan.product, []).append(loan.id)
    settle(facts, pro, loan)


def _product(told: Any) -> tuple[str, str] | None:
    if told.kind == "evaluation":
        return None
    if told.repair_id:
        return "repair", told.repair_id
    return ("cleaning", told.cleaning_id) if told.cleaning_id else None


def _is_refused(facts: Facts, what: str, which: str) -> bool:
    """LOAN-2 The repair or the visit that it is for never came to be."""
    found = facts.repairs.get(which) if what == "repair" else facts.visits.get(which)
    return found is None or bool(found.refused)


def _used_up(facts: Facts, loan: Loan, at: datetime) -> list[str]:
    """LOAN-1 Once per model in a lifetime, from its first shipment on."""
    shipped, which = facts.lent.get(loan.model.upper(), (None, ""))
    return ["had_before"] if shipped and shipped <= at and which != loan.id else []


def tell(facts: Facts, pro: Pro, event: Any) -> None:
    """A step of a loan."""
    loan = facts.loans.get(event.data.loan_id)
    if loan is None:
        facts.wait(("loan", event.data.loan_id), event)
        return
    told, what = (event.time, event.source, event.id), event.type.split(".")[1]
    if what in ("approved", "declined"):
        why_not = ["declined"]
        if what == "approved":
            used_up = _used_up(facts, loan, event.time) if loan.kind == "evaluation" else []
            why_not = [*facts.standing(pro, event.time), *used_up]
        loan.answer = loan.answer if loan.answer and loan.answer[0] >= told else (told, why_not)
    elif what == "returned":
        word = told, event.data.damaged, event.data.insurance_paid or 0
        loan.returned = loan.returned if loan.returned and loan.returned[0] <= told else word
    elif what in loan.steps and loan.steps[what] <= told:
        return
    else:
        loan.steps[what] = told
    settle(facts, pro, loan)
    if what == "shipped" and loan.product and loan.product[0] == "repair" and loan.product[1] in facts.repairs:
        repair = facts.repairs[loan.product[1]]
        repair.loaners.append(event.time)
        if not repair.refused:
            repairs.settle(facts, repair)


def pay(facts: Facts, pro: Pro, event: Any) -> None:
    """LOAN-6"""
    told = event.data
    if told.invoice_id not in facts.billed:
        facts.wait(("loan_invoice", told.invoice_id), event)
        return
    loan = facts.loans[facts.billed[told.invoice_id]]
    if (event.time, told.amount) not in loan.payments:
        loan.payments.append((event.time, told.amount))
    settle(facts, pro, loan)


def delivered(facts: Facts, pro: Pro, event: Any) -> None:
    """REP-11, LOAN-2 A repair is over: the product is back."""
    repairs.tell(facts, pro, event)
    repair = facts.repairs.get(event.data.repair_id)
    if repair and not repair.refused:
        product_back(facts, ("repair", repair.id))


def product_back(facts: Facts, product: tuple[str, str]) -> None:
    """LOAN-2 What was lent for that time is due."""
    for which in sorted(facts.lent_for.get(product, ())):
        _look_for_product(facts, facts.loans[which])
        _set_dues(facts, facts.loans[which])


def _look_for_product(facts: Facts, loan: Loan) -> None:
    if loan.product is None:
        return
    what, which = loan.product
    if what == "repair":
        back = facts.repairs[which].steps.get("delivered") if which in facts.repairs else None
        at = back and back[0]
    else:
        at = facts.visits[which].over_at if which in facts.visits else None
    loan.product_back = min([one for one in (at, loan.product_back) if one], default=None)


def settle(facts: Facts, pro: Pro, loan: Loan) -> None:
    """What follows from its facts: model used up, invoice, deadlines, default."""
    _look_for_product(facts, loan)
    if loan.shipped and loan.kind == "evaluation":
        model, first = loan.model.upper(), (loan.shipped, loan.id)
        facts.lent[model] = min(first, facts.lent.get(model, first))
    _bill(facts, loan)
    _set_dues(facts, loan)
    since = loan.default_since
    if since != facts.in_default.get(loan.id):
        facts.in_default.pop(loan.id, None)
        facts.in_default |= {loan.id: since} if since else {}
        pro.loans_in_default(min(facts.in_default.values(), default=None))


def _bill(facts: Facts, loan: Loan) -> None:
    """LOAN-5, LOAN-6 Issued once, for the first reason there is; cancelled by nothing but a return undamaged."""
    if loan.invoice:
        if loan.returned and not loan.returned[1] and loan.owed:
            loan.invoice.cancelled = True
        return
    insured, at = 0, loan.overdue
    if at is None and loan.returned and loan.returned[1]:
        insured, at = loan.returned[2], loan.returned[0][0]
    if at and loan.value > insured:
        name = permanent_id("loan_invoice", facts.member, loan.id)
        days = facts.policies.loan_invoice_days
        loan.invoice = Invoice(name, loan.value - insured, day_of(at, facts.zone) + days * DAY)
        facts.billed[name] = loan.id
        facts.room.came.append(("loan_invoice", name))
        facts.told["loan.invoiced", loan.id] += 1


def _set_dues(facts: Facts, loan: Loan) -> None:
    """GEN-4"""
    due, at, soon = loan.due(facts.policies, facts.zone), None, None
    if due and due.on and loan.out and not loan.overdue:
        at = due.at
        if due.certain and loan.warned != loan.sets_the_day:
            soon = end_of(due.on - (facts.policies.loan_due_soon_days + 1) * DAY, facts.zone)
    facts.set_due(DUE, loan.id, at)
    facts.set_due(SOON, loan.id, soon)
    facts.set_due(INVOICE_DUE, loan.id, loan.late_from(facts.zone) if loan.owed and not loan.past_due else None)


def act(facts: Facts, pro: Pro, what: str, loan_id: str, at: datetime) -> None:
    """What a deadline of it brings."""
    loan = facts.loans[loan_id]
    due = loan.due(facts.policies, facts.zone)
    del facts.dues[what, loan_id]
    if what == INVOICE_DUE:
        loan.past_due = at
    elif what == DUE and due and due.certain:
        loan.overdue = at
        facts.told["loan.overdue", loan.id] += 1
    elif what == DUE:
        loan.waits = True
    elif due and due.at and facts.moment(at) < due.at:
        loan.warned = loan.sets_the_day
        facts.told["loan.due_soon", loan.id] += 1
    else:
        return  # it is too late for a reminder
    settle(facts, pro, loan)
