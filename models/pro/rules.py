"""PRO's own events: application, review, auto-renewal, cancellation, termination."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

from models.case import Case, Ruling, applied, digest, duplicate, refused, retold, superseded
from models.eligibility import why_not_eligible
from models.fees.state import Invoice
from models.hold import hold
from models.outputs.base import Fact
from models.payload import Payload
from models.pro import membership
from models.pro.events import ProApplied, ProAutoRenewChanged, ProCancelRequested, ProReviewed, ProTerminated
from models.pro.renewal import LIFE, terminate
from models.pro.requirements import missing
from models.pro.state import Application, Pro
from models.products.eligibility import note_owned
from models.reasons import Reasons, facts, in_words


def applied_for(case: Case, data: ProApplied) -> Ruling:
    """PRO-1 Eligible on the day of the application; PRO-3 whose fee is paid with it, and goes back if it is not accepted."""
    known = case.find(Application, data.application_id)
    if known:
        return retold(known.content, data, f"Application {known.id}")
    invoice = case.find(Invoice, data.invoice_id) or Invoice(data.invoice_id)
    if invoice.application_id or invoice.due_on or invoice.paid:
        says = f"Invoice {data.invoice_id} belongs to something else: an application needs one of its own (PRO-3)."
        return refused("invoice_in_use", says, "PRO-3")
    application = Application(
        data.application_id, digest(data), case.cause.source, case.cause.id, data.invoice_id, data.auto_renew
    )
    case.put(application.id, application)
    note_owned(case, [gear.model for gear in (*data.bodies, *data.lenses)])
    invoice.program, invoice.application_id = "pro", application.id
    case.put(invoice.id, invoice)
    case.arrived("application", application.id)
    case.arrived("invoice", invoice.id)
    barred, lacking = _why_not(case, data), list(missing(data, case.policies))
    if reasons := barred + lacking:
        application.why_not = reasons[0][0]
        clause = "PRO-1" if barred else "PRO-2"
        _place(case, application, "rejected")
        _reject(case, application, reasons, clause)
        why = f"{in_words(reasons)} ({clause})"
        says = f"Application {application.id} is not accepted: {why}. Its fee goes back if it is paid (PRO-3)."
        return refused(reasons[0][0], says, clause)
    _place(case, application, "applied")
    told: dict[str, Fact] = {"application_id": application.id, "invoice_id": application.invoice_id}
    case.notify("pro", "pro.application_received", application.id, "PRO-3", told)
    return applied(f"Application {application.id} is received; it needs Sony's approval and its fee (PRO-3).", "PRO-3")


def reviewed(case: Case, data: ProReviewed) -> Ruling:
    """PRO-3 Sony approves or not. PRO-4 With the fee paid, in any order, the membership opens."""
    application = case.find(Application, data.application_id)
    if application is None:
        return hold(
            case, "application", data.application_id, f"The review comes before application {data.application_id}"
        )
    if application.approved is not None:
        if application.approved == data.approved:
            return duplicate("already_reviewed", f"Application {application.id} had been reviewed so already.", "PRO-3")
        says = f"Application {application.id} had been reviewed with the other answer: the first one stands."
        return Ruling("conflict", says, "PRO-3", "other_content")
    application.approved = data.approved
    case.put(application.id, application)
    pro = case.member.pro
    if application.why_not or pro is None:
        says = f"Application {application.id} was not accepted before its review ({application.why_not}, PRO-3)."
        return superseded("not_accepted", says, "PRO-3")
    if not data.approved:
        application.why_not = "not_approved"
        pro.happens("rejected")
        received = case.notice_id(application.cause, "pro.application_received", application.id)
        reasons = [("not_approved", data.reason or "not approved by Sony")]
        _reject(case, application, reasons, "PRO-3", replaces=(received,))
    pro.approved = data.approved
    return membership.answer(case, pro, application)


def auto_renew_changed(case: Case, data: ProAutoRenewChanged) -> Ruling:
    """PRO-7 At any time before the term ends."""
    return LIFE.switch(case, on=data.on)


def cancel_requested(case: Case, _data: ProCancelRequested) -> Ruling:
    """PRO-7 At any time while it is open."""
    return LIFE.asked_to_cancel(case)


def terminated(case: Case, data: ProTerminated) -> Ruling:
    """PRO-8 Sony ends it. Before it opened it is an application that is not accepted: its fee goes back (PRO-3)."""
    pro = case.member.pro
    if pro and pro.stage == "terminated":
        return duplicate("already_terminated", "PRO is terminated already (PRO-8).", "PRO-8")
    if pro is None or not pro.can("terminated"):
        return refused("no_membership", "There is no PRO membership that could be terminated.", "PRO-8")
    is_application = pro.stage == "applied"
    ruling = terminate(case, pro, data.reason)
    if is_application:
        application = case.get(Application, pro.application_id)
        application.why_not = data.reason
        case.put(application.id, application)
        membership.decline(case, application, case.get(Invoice, application.invoice_id))
    return ruling


RULES: Final[Mapping[type[Payload], Any]] = MappingProxyType(
    {
        ProApplied: applied_for,
        ProReviewed: reviewed,
        ProAutoRenewChanged: auto_renew_changed,
        ProCancelRequested: cancel_requested,
        ProTerminated: terminated,
    }
)
"""The rule of each event type."""


def _why_not(case: Case, data: ProApplied) -> Reasons:
    """PRO-1 Why one may not apply, all reasons at once."""
    today = case.calendar.day_of(case.at)
    reasons: Reasons = list(why_not_eligible(data.state, data.birth_date, today))
    pro = case.member.pro
    if pro and pro.stage == "applied":
        reasons.append(("already_applied", f"application {pro.application_id} is still open"))
    elif pro and pro.stage == "terminated":
        reasons.append(("terminated_before", "a PRO membership was terminated"))
    elif pro and pro.terms and not LIFE.over(case, pro, case.at):
        reasons.append(("already_member", "a PRO membership is open"))
    return reasons


def _place(case: Case, application: Application, stage: Literal["applied", "rejected"]) -> None:
    """Make the application the one at hand; one that is not accepted takes no place that is taken."""
    pro = case.member.pro
    if pro is None:
        case.member.pro = Pro(stage, application.auto_renew, case.at, application_id=application.id)
        return
    if stage == "applied":
        LIFE.catch_up(case)
    if stage == "applied" or pro.stage == "rejected":
        pro.happens(stage)
        pro.application_id, pro.approved = application.id, False
        pro.auto_renew, pro.auto_renew_at = application.auto_renew, case.at


def _reject(
    case: Case, application: Application, reasons: Reasons, clause: str, replaces: tuple[str, ...] = ()
) -> None:
    """PRO-3 Tell the applicant; the cause is the application, whichever event brought the answer. PRO-2 names what is missing."""
    cause = application.cause
    kind, name = ("pro.incomplete", "missing") if clause == "PRO-2" else ("pro.rejected", "reasons")
    told = {"application_id": application.id} | facts(reasons, name)
    case.notify("pro", kind, application.id, clause, told, replaces=replaces, cause=cause)  # type: ignore[arg-type]
