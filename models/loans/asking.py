"""LOAN-1, LOAN-2 The member asks, and Sony says yes or no."""

from models.case import Case, Ruling, applied, digest, refused, retold, superseded
from models.hold import hold
from models.loans import products, why_not
from models.loans.events import LoanApproved, LoanDeclined, LoanPayload, LoanRequested
from models.loans.settling import find, settle, step_of
from models.loans.state import Answer, Loan, Service
from models.loans.telling import clause_of
from models.reasons import Reasons, in_words
from models.values import dollars


def requested(case: Case, data: LoanRequested) -> Ruling:
    """LOAN-1, LOAN-2 The member asks; every reason against it is named."""
    known = find(case, data.loan_id)
    if known:
        return retold(known.content, data, f"Loan {known.id}")
    service, which = _for_what(data)
    if service and which and products.find(case, service, which) is None:
        return hold(case, service, which, f"Loan {data.loan_id} comes before {service} {which}, which it is for")
    loan = _begin(case, data)
    if loan.reasons:
        return _refused(loan)
    clause = clause_of(loan)
    return applied(f"Loan {loan.id} of {loan.model} is asked for; it needs Sony's approval ({clause}).", clause)


def given_up(case: Case, data: LoanRequested) -> str:
    """LOAN-2 Nothing was ever told of the repair or the cleaning that it is for. Returns the words for it."""
    return "" if find(case, data.loan_id) else _refused(_begin(case, data)).says


def approved(case: Case, data: LoanApproved) -> Ruling:
    """LOAN-1 Sony lends, if nothing has come in between."""
    loan = find(case, data.loan_id)
    if loan is None:
        return wait(case, data)
    overtaken = _answer(case, loan, why_not.at_approval(case, loan))
    if overtaken:
        return overtaken
    if loan.reasons:
        return _refused(loan)
    worth = dollars(loan.retail_value)
    proof = "" if loan.is_insured else f" At ${worth}, proof of all-risk insurance is needed before shipment (LOAN-3)."
    return applied(f"Loan {loan.id} of {loan.model} is approved (LOAN-1).{proof}", "LOAN-1")


def declined(case: Case, data: LoanDeclined) -> Ruling:
    """LOAN-1 Sony does not lend."""
    loan = find(case, data.loan_id)
    if loan is None:
        return wait(case, data)
    words = f"declined by Sony: {data.reason}" if data.reason else "declined by Sony"
    overtaken = _answer(case, loan, [("declined", words)])
    return overtaken or applied(f"Loan {loan.id} is {in_words(loan.reasons)} (LOAN-1).", "LOAN-1", "declined")


def wait(case: Case, data: LoanPayload) -> Ruling:
    """GEN-2 A step of a loan that is not known yet."""
    return hold(case, "loan", data.loan_id, f"{data.TYPE} comes before loan {data.loan_id}")


def _begin(case: Case, data: LoanRequested) -> Loan:
    """The loan as it is asked for, with all that stands against it."""
    service, which = _for_what(data)
    loan = Loan(
        data.loan_id,
        digest(data),
        data.kind,
        data.model,
        data.retail_value,
        data.needed_on,
        case.at,
        case.cause.source,
        case.cause.id,
        data.retail_value >= case.policies.loan_insured_from,
        service,
        which,
        why_not.at_request(case, data, service, which),
    )
    settle(case, loan)
    case.arrived("loan", loan.id)
    return loan


def _for_what(data: LoanRequested) -> tuple[Service | None, str | None]:
    """LOAN-2 The repair or the cleaning that a repair loan is for."""
    if data.kind == "evaluation":
        return None, None
    if data.repair_id:
        return "repair", data.repair_id
    return ("cleaning", data.cleaning_id) if data.cleaning_id else (None, None)


def _answer(case: Case, loan: Loan, reasons: Reasons) -> Ruling | None:
    """Note Sony's word; of several the latest counts. Returns the answer if it decides nothing any more."""
    step = step_of(case)
    answer = Answer(step.at, step.source, step.event_id, reasons)
    if loan.answer and answer.order <= loan.answer.order:
        return superseded("later_word", f"Sony's later word on loan {loan.id} is known: it stands (GEN-2).", "GEN-2")
    loan.answer = answer
    says = settle(case, loan)
    if loan.status in ("refused", "approved"):
        return None
    says = f"Loan {loan.id} is {loan.status}, which implied an approval (LOAN-1).{says}"
    return superseded("later_step_known", says, "LOAN-1")


def _refused(loan: Loan) -> Ruling:
    says = f"Loan {loan.id} is refused: {in_words(loan.reasons)}."
    return refused(loan.reasons[0][0], says, clause_of(loan))
