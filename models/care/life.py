"""Care as a paid membership (CARE-4 to CARE-6, CARE-8)."""

from datetime import date
from typing import Final

from models.care.terms import CARDS, FEE, STOP_DAYS
from models.case import Case, Ruling, applied
from models.fees import terms
from models.fees.home import Clauses, Kinds
from models.fees.life import Life
from models.fees.membership import Membership, Term
from models.fees.state import Invoice, Method
from models.values import PaidProgram

UNPAID: Final = "unpaid_purchase"
"""CARE-1 The flag of a purchase whose payment was declined, as long as no other has come."""


class CareLife(Life):
    """CARE-4 to CARE-6, CARE-8."""

    program: PaidProgram = "care"
    name = "Care"
    fee = FEE
    kinds = Kinds("care.renewal_notice", "care.renewed", "care.cancelled", "care.ended", "care.ended")
    clauses = Clauses(notice="CARE-5", renewal="CARE-4", leaving="CARE-6")
    stop_days = STOP_DAYS

    def find(self, case: Case) -> Membership | None:
        """The member's Care."""
        return case.member.care

    def accepts(self, method: Method) -> bool:
        """CARE-8 Cards on file only."""
        return method.on_file and method.kind.lower() in CARDS

    def next_term(self, of: Membership, paid_on: date, invoice_id: str) -> Term:
        """A renewal joins on, also one that is paid late: the terms name no other start."""
        return terms.next_term(of.term, paid_on, invoice_id, automatic=False)

    def nothing_owed(self, case: Case, invoice: Invoice) -> Ruling | None:
        """A purchase is paid or not: its failed fee starts no dunning."""
        if invoice.application_id is None:
            return super().nothing_owed(case, invoice)
        says = f"Invoice {invoice.id} is a purchase's: its failure starts no dunning, and it is not paid"
        flagged = case.flag(UNPAID, invoice.id, "CARE-8", says)
        return applied(flagged, "CARE-8", UNPAID)


LIFE: Final = CareLife()
