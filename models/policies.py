"""Choices the programme documents leave open: one name, one default and the clause each.

Loaded from a plain mapping (`Policies.model_validate`); an unknown name or a value out of range is refused there,
before anything is decided. Numbers the documents do fix are not here but in each programme's terms.
"""

from datetime import date
from functools import cached_property
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from models.calendar import Calendar, Closure

RULES_VERSION = "2"
"""Named by every decision; raised with each change of what the rules answer."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError) as error:
        raise ValueError(f"no such time zone: {name}") from error
    return name


def _closure(told: object) -> object:
    """A closure without more than a name has always been known."""
    return Closure(told) if isinstance(told, str) else told


class Policies(BaseModel):
    """All policy settings; frozen, so that a decision cannot depend on when they were read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zone: Annotated[str, AfterValidator(_known_zone)] = Field(
        "America/Los_Angeles", description="Programme zone of every day and deadline"
    )
    closures: dict[date, Annotated[Closure, BeforeValidator(_closure)]] = Field(
        default_factory=dict,
        description="Days off besides weekends and US federal holidays: day -> name, or {name, announced}; clocks that "
        "started before it was announced count the day",
    )
    ids_remembered_days: int = Field(800, ge=400, description="GEN-1: how long an applied event id is remembered")
    hold_days: int = Field(30, ge=1, description="GEN-2: how long an event waits for its partner")
    ahead_days: int = Field(
        30, ge=1, description="GEN-4: how far ahead of the partition's now an event may say that it happened"
    )
    held_at_most: int = Field(500, ge=1, description="GEN-2: how many events of one member may wait at a time")
    reservation_minutes: int = Field(60, ge=1, description="MS-8: how long points stay set aside for an order")
    leave_business_days: int = Field(2, ge=0, description="MS-16: business days until a cancellation takes effect")
    reminder_days: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (60, 30, 7), description="MS-17: how many days before points expire the member is told"
    )
    adjusted_alone: int = Field(5_000, ge=0, description="MS-18: points one actor may adjust without a second one")
    answer_wait_days: int = Field(
        7, ge=1, description="PAY-1: days without an answer to a charge that count as a failure"
    )
    round_days: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (3, 7, 14), description="PAY-2: how many days after the first failure a fee is asked again"
    )
    grace_days: int = Field(0, ge=0, description="PAY-3: days from the first failed round to the suspension")
    unpaid_days: int = Field(60, ge=1, description="PAY-6: days of suspension for an unpaid fee until the end")
    expiring_days: int = Field(30, ge=1, description="PAY-7: how long before a charge an expiring method is told of")
    notice_days: int = Field(30, ge=20, le=45, description="CARE-5, PRO-5: days from renewal notice to renewal")
    care_states: frozenset[str] | None = Field(
        None, description="CARE-1: states in which Care is sold; none named: in all of the US and DC"
    )
    care_without_order: bool = Field(
        True,
        description="CARE-1: Care is sold where its purchase names no order, as the store has looked at that itself",
    )
    care_refund_renewals: bool = Field(True, description="CARE-7: the fee of a renewal can be asked back as well")
    care_refund_own_order: bool = Field(
        True, description="CARE-7: for the fee to go back, the products that Care was bought with have to come back too"
    )
    claim_reminder_days: tuple[Annotated[int, Field(ge=1, le=30)], ...] = Field(
        (7, 21, 28), description="CARE-3: how many days after a purchase a guest is reminded to open an account"
    )
    pro_bodies: tuple[str, ...] = Field(
        ("ILCE-1*", "ILCE-7*", "ILCE-9*"), description="PRO-2: listed full-frame bodies, as patterns"
    )
    pro_lenses: tuple[str, ...] = Field(
        ("SEL*GM", "SEL*GM2", "SEL*G", "SEL*G2", "SEL*Z", "SEL*ZA"),
        description="PRO-2: listed ZEISS and G lenses, as patterns",
    )
    pro_products: tuple[str, ...] = Field(
        ("ILCE-*", "SEL*"), description="PRO-10: models that are repaired and cleaned at member terms, as patterns"
    )
    pro_products_excluded: tuple[str, ...] = Field((), description="PRO-10: and which of these are not, as patterns")
    cleaning_price: int | None = Field(
        None, ge=0, description="CLN-1: current price of a further visit or product, in cents; none: it is not told"
    )

    estimate_days: int = Field(
        30, ge=1, description="REP-6: days from the receipt of a product in which an estimate can be answered"
    )
    estimate_reminder_days: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        (7, 21, 28), description="REP-6: how many days after that the member is reminded of the estimate"
    )
    next_day_shipping: Annotated[int, Field(ge=0)] | None = Field(
        None, description="REP-11: cents for next-day shipping out of warranty; none: at a current price not known here"
    )
    loan_days: int = Field(14, ge=1, description="LOAN-1, LOAN-2: days from the shipment of a loan to its due day")
    loan_insured_from: int = Field(
        300_000, ge=0, description="LOAN-3: retail value, in cents, from which a loan needs proof of insurance"
    )
    loan_recall_days: int = Field(7, ge=0, description="LOAN-4: days in which a loan that is called back is to be back")
    loan_due_soon_days: int = Field(3, ge=1, description="LOAN-5: how long before its due day a loan is reminded of")
    loan_invoice_days: int = Field(30, ge=1, description="LOAN-5: days in which the invoice of a loan is to be paid")

    @field_validator("round_days")
    @classmethod
    def _rising(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        if list(days) != sorted(set(days)):
            raise ValueError("each round later than the one before")
        return days

    @cached_property
    def calendar(self) -> Calendar:
        """The calendar these policies describe."""
        return Calendar(self.zone, self.closures)


STANDARD = Policies()
"""The documented defaults."""
