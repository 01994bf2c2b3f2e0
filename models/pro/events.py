"""PRO: the application, its review, the member's gear, and force majeure (PRO)."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from models.payload import Payload
from models.values import ITEMS, Date, Id, Label, Model, Program, State, Text

Employment = Literal["employee", "self_employed"]
Termination = Literal["untrue_information", "breach"]
Condition = Literal["new", "refurbished_sony", "refurbished_other", "modified_sony", "modified_other", "counterfeit"]


class Business(Model):
    """PRO-2 What the applicant works as. A URL or a description is the rule's demand, not the shape's."""

    employment: Employment
    url: Text | None = None
    description: Text | None = None


class Gear(Model):
    """One body or lens."""

    model: Label
    serial: Id


GearList = Annotated[tuple[Gear, ...], Field(max_length=ITEMS, fail_fast=True)]
"""A serial may stand in it twice: PRO-2 counts it once."""


class ProApplied(Payload):
    """PRO-1 to PRO-3 An application, whose fee is asked with `invoice_id`."""

    TYPE: ClassVar = "pro.applied.v1"
    PERSONAL: ClassVar = True
    application_id: Id
    birth_date: Date
    state: State
    business: Business
    bodies: GearList
    lenses: GearList
    auto_renew: bool
    invoice_id: Id


class ProReviewed(Payload):
    """PRO-3 Sony's answer to an application."""

    TYPE: ClassVar = "pro.reviewed.v1"
    application_id: Id
    approved: bool
    reason: Text | None = None


class ProCancelRequested(Payload):
    """PRO-7 The member leaves at the end of the term."""

    TYPE: ClassVar = "pro.cancel_requested.v1"


class ProAutoRenewChanged(Payload):
    """PRO-7 Renewal switched on or off."""

    TYPE: ClassVar = "pro.auto_renew_changed.v1"
    on: bool


class ProTerminated(Payload):
    """PRO-8 Sony ends the membership for good."""

    TYPE: ClassVar = "pro.terminated.v1"
    reason: Termination


class ProductRegistered(Payload):
    """PRO-10 A product the member owns, and the state it is in."""

    TYPE: ClassVar = "product.registered.v1"
    serial: Id
    model: Label
    purchased_on: Date | None = None
    condition: Condition


class ForceMajeureDeclared(Payload):
    """PRO-11 Sony cannot perform for now."""

    TYPE: ClassVar = "force_majeure.declared.v1"
    FOR_EVERYBODY: ClassVar = True
    program: Program


class ForceMajeureEnded(Payload):
    """PRO-11 Sony performs again."""

    TYPE: ClassVar = "force_majeure.ended.v1"
    FOR_EVERYBODY: ClassVar = True
    program: Program


EVENTS: tuple[type[Payload], ...] = (
    ProApplied,
    ProReviewed,
    ProCancelRequested,
    ProAutoRenewChanged,
    ProTerminated,
    ProductRegistered,
    ForceMajeureDeclared,
    ForceMajeureEnded,
)
