"""Clean-and-check visits (CLN)."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from models.payload import Payload
from models.values import ITEMS, Distinct, Id, Label, Model, refuse

ProductKind = Literal["body", "lens"]
Items = Annotated[tuple[Label, ...], Field(max_length=ITEMS, fail_fast=True), Distinct]


def _by_serial(checklist: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    # Sorted, so that the order of keys in the message is no part of its content (GEN-1).
    return dict(sorted(checklist.items()))


class CleaningProduct(Model):
    """CLN-3 What is brought: the checklist depends on its kind."""

    serial: Id
    kind: ProductKind


class CleaningBooked(Payload):
    """CLN-1, CLN-2 A visit is booked."""

    TYPE: ClassVar = "cleaning.booked.v1"
    cleaning_id: Id
    products: Annotated[tuple[CleaningProduct, ...], Field(min_length=1, max_length=ITEMS, fail_fast=True)]

    @model_validator(mode="after")
    def _products_once(self) -> Self:
        if len({product.serial for product in self.products}) != len(self.products):
            raise refuse("products.serial", "each serial number once in a visit")
        return self


class CleaningCancelled(Payload):
    """CLN-2 A booked visit is off."""

    TYPE: ClassVar = "cleaning.cancelled.v1"
    cleaning_id: Id


class CleaningDone(Payload):
    """CLN-3 A visit took place; what was looked at, by serial number."""

    TYPE: ClassVar = "cleaning.done.v1"
    cleaning_id: Id
    checklist: Annotated[dict[Id, Items], Field(max_length=ITEMS), AfterValidator(_by_serial)]
    """Every booked product with all items of its kind, else the visit is not done.

    Of a body: `sensor`, `body_and_dials`, `viewfinder`, `proximity_sensor`, `contact_pins`, `shoe`, `sample_image`, `firmware` (or
    `firmware_declined`), `general_function`; and `eye_cup_missing` where it is so. Of a lens: `front_and_rear_element`,
    `filter_thread_and_contacts`, `lens_body`, `filter_removed` (or `no_filter`), `sample_image`, `firmware` (or
    `firmware_declined`), `buttons`; and `missing_cap`, `missing_hood`, `extra_accessory` where it is so.
    """


EVENTS: tuple[type[Payload], ...] = (CleaningBooked, CleaningCancelled, CleaningDone)
