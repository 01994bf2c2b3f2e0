"""What is remembered of a loan: the facts, each with its time and its event; what was decided; what follows, for the read side."""

from datetime import date, datetime
from typing import ClassVar, Final, Literal, TypeAlias

from msgspec import Struct, field

from models.loans.events import LoanKind
from models.outputs.base import Brought
from models.reasons import Reason, Reasons

StepName: TypeAlias = Literal["insured", "shipped", "recalled", "back", "waits", "overdue", "past_due"]
"""`back`: the member's own product. The last three are what deadlines have decided: it is due, but the product is away; it is
overdue (LOAN-5); its invoice is past due (LOAN-6)."""
Service: TypeAlias = Literal["repair", "cleaning"]
Status: TypeAlias = Literal["requested", "refused", "approved", "shipped", "overdue", "invoiced", "closed"]

PRODUCT_BACK: Final[Reason] = ("product_back", "the product was back before the loan was asked for")


class Step(Brought, Struct, array_like=True):
    """Something that happened, and the event or deadline that told it."""

    at: datetime
    source: str
    event_id: str

    @property
    def order(self) -> tuple[datetime, str, str]:
        """By which the earliest or latest of several is found."""
        return self.at, self.source, self.event_id


class Answer(Step, array_like=True):
    """LOAN-1 What Sony said to the request."""

    reasons: Reasons
    """Why not; none: approved."""


class Returned(Step, array_like=True):
    """LOAN-5 It is back with Sony."""

    damaged: bool
    insurance_paid: int
    """Cents."""


class Payment(Step, array_like=True):
    """LOAN-6 Money for the invoice."""

    amount: int
    """Cents."""


class Bill(Struct, array_like=True):
    """LOAN-5 The invoice, final once it is issued (GEN-6)."""

    id: str
    amount: int
    """Cents."""
    working: str
    issued_on: date
    due_on: date
    due_at: datetime
    """The first instant that is too late."""
    cancelled: bool = False


class Due(Struct, array_like=True):
    """When it is to be back, and why then."""

    on: date | None
    """None: nobody knows yet, as the member's product is away."""
    at: datetime | None
    """The first instant that is too late."""
    clause: str
    why: str
    is_certain: bool
    """Not while the member's product is away: it can still move to a later day."""

    def is_missed(self, back_at: datetime) -> bool:
        """Whether what came back then came too late. While the member's product is away nothing does (LOAN-2)."""
        return self.is_certain and self.at is not None and back_at >= self.at


class Row(Struct, array_like=True):
    """LOAN-7 One row of the trail: what happened, by which event, and when it was due from then on."""

    at: datetime
    what: str
    source: str
    event_id: str
    due_on: date | None
    why: str | None
    """Why the due day moved; None: it did not."""


class LoanInvoice(Struct, array_like=True):
    """Which loan an invoice is for."""

    KIND: ClassVar[str] = "loan_invoice"

    id: str
    loan_id: str


class Lent(Struct, array_like=True):
    """LOAN-1 That an evaluation loan of a model was shipped, for the first time; kept for life."""

    KIND: ClassVar[str] = "lent"

    model: str
    loan_id: str
    at: datetime


class Loan(Brought, Struct, array_like=True):
    """One loan, and the event that asked for it."""

    KIND: ClassVar[str] = "loan"

    id: str
    content: bytes
    """Digest of the request's data."""
    kind: LoanKind
    model: str
    retail_value: int
    """Cents."""
    needed_on: date
    requested_at: datetime
    source: str
    event_id: str
    needs_insurance: bool
    """LOAN-3"""
    service: Service | None = None
    which: str | None = None
    """LOAN-2 The repair or the cleaning that it is for."""
    why_not: Reasons = field(default_factory=list)
    """What stood against the request when it was told."""
    answer: Answer | None = None
    steps: dict[StepName, Step] = field(default_factory=dict)
    returned: Returned | None = None
    payments: list[Payment] = field(default_factory=list)
    """The latest of them."""
    paid: int = 0
    """Cents, all of them."""
    used_up_by: str | None = None
    """LOAN-1 The loan that had used the model up before this one was shipped."""
    bill: Bill | None = None
    due: Due | None = None
    """None until it is shipped."""
    warned: str | None = None
    """What the reminder at hand is about."""
    in_default: datetime | None = None
    """LOAN-6 Since when, as PRO was told."""
    told: list[str] = field(default_factory=list)
    """Ids of the notices that stand."""
    flagged: list[str] = field(default_factory=list)
    """Codes of what support was told."""
    trail: list[Row] = field(default_factory=list)

    def note(self, what: StepName, step: Step) -> bool:
        """Note a step; of one that is told several times the earliest counts (GEN-2). Returns whether that changes anything."""
        known = self.steps.get(what)
        if known and known.order <= step.order:
            return False
        self.steps = dict(sorted({**self.steps, what: step}.items()))
        return True

    @property
    def reasons(self) -> Reasons:
        """Why it is not lent: what stood against the request, else what Sony said."""
        back = self.steps.get("back")
        against = [*self.why_not, PRODUCT_BACK] if back and back.at <= self.requested_at else self.why_not
        return against or (self.answer.reasons if self.answer else [])

    @property
    def is_insured(self) -> bool:
        """LOAN-3 Proof was shown, or none is needed."""
        return not self.needs_insurance or "insured" in self.steps

    @property
    def is_paid(self) -> bool:
        """Whether the invoice is paid in full."""
        return self.bill is not None and self.paid >= self.bill.amount

    @property
    def owes(self) -> bool:
        """Whether there is an invoice to be paid."""
        return self.bill is not None and not self.bill.cancelled and not self.is_paid

    @property
    def is_out(self) -> bool:
        """With the member, and neither returned nor paid for."""
        return "shipped" in self.steps and self.returned is None and not self.is_paid

    @property
    def is_running(self) -> bool:
        """Whether something is out, or owed."""
        return self.is_out or self.owes

    @property
    def status(self) -> Status:
        """How far it has come; a later step implies the earlier ones."""
        if self.returned or self.is_paid:
            return "invoiced" if self.owes else "closed"
        if "overdue" in self.steps:
            return "overdue"
        if "shipped" in self.steps:
            return "shipped"
        if self.reasons:
            return "refused"
        return "approved" if self.answer else "requested"
