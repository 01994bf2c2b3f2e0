"""PRO as a paid membership (PRO-5 to PRO-7), and its termination (PRO-8)."""

from datetime import date
from typing import Final

from models.case import Case, Ruling, applied
from models.fees import announcing, terms
from models.fees.home import Clauses, Kinds
from models.fees.life import Life
from models.fees.membership import PAYMENT, Membership, Term
from models.fees.state import Invoice
from models.outputs.base import Fact
from models.pro.state import Pro
from models.pro.terms import FEE
from models.values import PaidProgram


class ProLife(Life):
    """PRO-5 to PRO-7."""

    program: PaidProgram = "pro"
    name = "PRO"
    fee = FEE
    kinds = Kinds("pro.renewal_notice", "pro.renewed", "pro.cancelled", "pro.lapsed", "pro.ended")
    clauses = Clauses(notice="PRO-5", renewal="PRO-5", leaving="PRO-7")

    def find(self, case: Case) -> Membership | None:
        """Also one that is only applied for."""
        return case.member.pro

    def next_term(self, of: Membership, paid_on: date, invoice_id: str) -> Term:
        """PRO-6 An automatic renewal begins on the day it is paid."""
        return terms.next_term(of.term, paid_on, invoice_id, automatic=of.auto_renew)

    def nothing_owed(self, case: Case, invoice: Invoice) -> Ruling | None:
        """PRO-3 A failed application fee starts no dunning."""
        if invoice.application_id is None:
            return super().nothing_owed(case, invoice)
        says = f"Invoice {invoice.id} is an application's fee: its failure starts no dunning (PRO-3)."
        return applied(says, "PRO-3", "application_fee")


LIFE: Final = ProLife()


def terminate(case: Case, pro: Pro, reason: str) -> Ruling:
    """PRO-8 Ended by Sony at once, without a refund, for good."""
    pro.happens("terminated")
    pro.over_at = case.at
    pro.lift(PAYMENT)
    if pro.invoice:
        announcing.settled(case, LIFE, LIFE.invoice_at_hand(case, pro), "PRO is terminated")
    facts: dict[str, Fact] = {"reason": reason, "refund": None}
    case.notify("pro", "pro.terminated", reason, "PRO-8", facts, replaces=pro.take_notices())
    return applied(f"PRO is terminated at once ({reason}), without a refund, for good (PRO-8).", "PRO-8")


def clause_of_refunds(case: Case) -> str:
    """By which money for nothing goes back: it was to renew, or for an application."""
    pro = case.member.pro
    return "PRO-5" if pro and pro.terms else "PRO-3"
