"""CARE-3 A guest's purchase of Care, under the key of the guest's email, up to the account that claims it.

The key remembers who opened an account with the email. Whatever comes first, purchase or account, a claim is one event to
the account, named after the purchase, and what was told of the fee follows it, each named after its own event.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from models.care.events import CarePurchased, GuestAccountOpened, GuestCareClaimed, Origin
from models.care.guest_fee import find, hand_on, money_back, payment_of
from models.care.selling import refuse, why_not_sold
from models.care.state import Guest, GuestPurchase
from models.care.terms import CLAIM_DAYS, FEE
from models.case import Case, Ruling, applied, digest, duplicate, refused, retold
from models.due import DeadlineRule, case_of
from models.fees.events import PaymentSucceeded
from models.outputs.base import Fact
from models.state import Due
from models.values import dollars

REMIND: Final = "care.remind"
MISSED: Final = "care.unclaimed"
"""The deadlines of a purchase that waits for its account; each has the invoice as its ref."""


def purchased(case: Case, data: CarePurchased) -> Ruling:
    """CARE-3 It waits for its account, or goes to the account that there is. CARE-1 is decided here, once."""
    known = find(case, data.invoice_id)
    if known:
        return retold(digest(_read(known)), data, f"Purchase {known.id}")
    guest = case.member.guest = case.member.guest or Guest()
    until = case.calendar.end_of(case.calendar.day_of(case.at) + timedelta(days=CLAIM_DAYS))
    purchase = GuestPurchase(
        "unclaimed", data.invoice_id, data.content, case.cause.source, case.cause.id, case.at, until
    )
    case.arrived("invoice", purchase.id)
    _catch_up(case, guest)
    reasons = why_not_sold(case, data)
    if guest.purchase and guest.purchase.stage == "unclaimed":
        reasons.append(("already_bought", f"purchase {guest.purchase.id} waits for its account"))
    if reasons:
        purchase.happens("refused")
        case.put(purchase.id, purchase)
        return refuse(case, purchase.id, reasons)
    if guest.purchase:
        case.put(guest.purchase.id, guest.purchase)
    guest.purchase = purchase
    if guest.opened_at and guest.opened_at < until:
        return _claim(case, guest, purchase)
    now = case.acted_at
    if now < until:
        _ask(case, purchase)
    _plan(case, purchase, now)
    case.schedule(until, MISSED, purchase.id)
    says = f"Care waits for an account with this email, to be opened by the end of {_last_day(case, purchase)}"
    return applied(f"{says} (CARE-3).", "CARE-3", "awaits_account")


def account_opened(case: Case, data: GuestAccountOpened) -> Ruling:
    """CARE-3 An account with the email: remembered for ever, and given what waits for it, by the date of its opening."""
    guest = case.member.guest = case.member.guest or Guest()
    if guest.account not in (None, data.member_id):
        says = f"Account {guest.account} has this email: one person, one email (CARE-1). The first one stands."
        return refused("other_account", says, "CARE-1")
    if guest.opened_at and guest.opened_at <= data.opened_at:
        return duplicate("already_known", f"The account of {guest.account} was known already.", "CARE-3")
    guest.account, guest.opened_at = data.member_id, data.opened_at
    purchase = guest.purchase
    if purchase is None or purchase.stage == "claimed":
        says = f"{guest.account} has the account of this email: what is bought with it later is that member's (CARE-3)."
        return applied(says, "CARE-3")
    if data.opened_at >= purchase.until:
        says = (
            f"The account was opened after {_last_day(case, purchase)}: too late for purchase {purchase.id} (CARE-3)."
        )
        return applied(says, "CARE-3", "opened_too_late")
    if purchase.gone_back:
        says = f"The account was opened in time for purchase {purchase.id}, and told of after its fee had gone back"
        flagged = case.flag("refunded_already", purchase.id, "GEN-6", f"{says}, so there is no membership")
        return applied(flagged, "GEN-6", "refunded_already")
    return _claim(case, guest, purchase)


def remind(case: Case, invoice_id: str) -> None:
    """CARE-3 Ask for the account once more. Of reminders that were missed only the latest is sent."""
    purchase = _waiting(case, invoice_id)
    coming = _plan(case, purchase, case.at)
    now = case.acted_at
    if now < purchase.until and (coming is None or coming > now):
        _ask(case, purchase)


def missed(case: Case, invoice_id: str) -> None:
    """CARE-3 Nobody claimed it: it is cancelled, and the fee goes back."""
    purchase = _waiting(case, invoice_id)
    purchase.happens("not_claimed")
    case.unschedule(REMIND, purchase.id)
    money = [payment for kept in purchase.kept if isinstance(payment := payment_of(kept), PaymentSucceeded)]
    back = money_back(case, purchase, money, "CARE-3") if money else None
    facts: dict[str, Fact] = {
        "invoice_id": purchase.id,
        "open_by": _last_day(case, purchase),
        "refund": back,
    }
    replaces, purchase.notices = purchase.notices, []
    notice = case.notify("care", "care.claim_missed", purchase.id, "CARE-3", facts, replaces=replaces)
    purchase.notices.append(notice)


DEADLINES: Final[Mapping[str, DeadlineRule]] = MappingProxyType({REMIND: remind, MISSED: missed})
"""The rule of each deadline."""


def _claim(case: Case, guest: Guest, purchase: GuestPurchase) -> Ruling:
    """It is the account's from now on. What was asked of the guest is withdrawn (NTF-3)."""
    if guest.account is None:
        raise TypeError("a claim needs an account")
    purchase.happens("claimed")
    case.unschedule(REMIND, purchase.id)
    case.unschedule(MISSED, purchase.id)
    for notice_id in purchase.notices:
        case.retract("care", notice_id, "an account has claimed the purchase", "CARE-3")
    purchase.notices = []
    claim = GuestCareClaimed(origin=Origin.of(purchase.cause), guest=case.desk.member_id, purchase=_read(purchase))
    case.send(guest.account, claim, purchase.id, at=purchase.at, cause=purchase.cause)
    for kept in purchase.kept:
        hand_on(case, guest, purchase, kept)
    purchase.kept = []
    says = f"Purchase {purchase.id} is claimed by {guest.account}, whose account was opened in time (CARE-3)."
    return applied(says, "CARE-3", "claimed")


def _ask(case: Case, purchase: GuestPurchase) -> None:
    """Tell the guest to open an account, in place of what was told before."""
    facts: dict[str, Fact] = {
        "invoice_id": purchase.id,
        "amount": dollars(FEE),
        "open_by": _last_day(case, purchase),
    }
    replaces, purchase.notices = purchase.notices, []
    until = purchase.until
    notice = case.notify("care", "care.claim_account", purchase.id, "CARE-3", facts, not_after=until, replaces=replaces)
    purchase.notices.append(notice)


def _plan(case: Case, purchase: GuestPurchase, after: datetime) -> datetime | None:
    """GEN-4 The next reminder after an instant, if there is one: at the time of day of the purchase."""
    times = [case.calendar.days_after(purchase.at, days) for days in case.policies.claim_reminder_days]
    coming = min([time for time in times if after < time < purchase.until], default=None)
    if coming:
        case.schedule(coming, REMIND, purchase.id)
    return coming


def _catch_up(case: Case, guest: Guest) -> None:
    """What was over before this event is over, though no tick has said so: with its own date."""
    purchase = guest.purchase
    if purchase and purchase.stage == "unclaimed" and case.at >= purchase.until:
        case.unschedule(MISSED, purchase.id)
        missed(case_of(case.desk, Due(purchase.until, MISSED, purchase.id)), purchase.id)


def _waiting(case: Case, invoice_id: str) -> GuestPurchase:
    """The purchase that a deadline is about: at hand, for it goes with the deadline."""
    guest = case.member.guest
    if guest is None or guest.purchase is None or guest.purchase.id != invoice_id:
        raise KeyError(f"purchase {invoice_id} is missing from the state")
    return guest.purchase


def _last_day(case: Case, purchase: GuestPurchase) -> str:
    return str(case.calendar.day_of(purchase.until) - timedelta(days=1))


def _read(purchase: GuestPurchase) -> CarePurchased:
    return CarePurchased.model_validate_json(purchase.data)
