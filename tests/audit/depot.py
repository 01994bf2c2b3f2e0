"""What happens to products of members in a test's world: they are sent in, lent, brought to be cleaned."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tests.audit.world import World

DAY: Final = timedelta(days=1)
CHECKLIST: Final = {
    "body": "sensor body_and_dials viewfinder proximity_sensor contact_pins shoe sample_image firmware general_function",
    "lens": "front_and_rear_element filter_thread_and_contacts lens_body filter_removed sample_image firmware buttons",
}


def register(world: World, member: str, serial: str, condition: str = "new", **more: Any) -> None:
    """``product.registered``: a body."""
    data = {"serial": serial, "model": "ILCE-7M4", "condition": condition}
    world.publish("memberships", "product.registered.v1", member, data, **more)


def send_in(world: World, member: str, repair_id: str, serial: str, **more: Any) -> None:
    """``repair.requested``."""
    data = {
        "repair_id": repair_id, "serial": serial, "model": "ILCE-7M4", "issue": "it rattles",
        "shipment_id": f"box-{repair_id}", "pieces": 1, "sent_by": "member", "ship_to_state": "CA",
        "next_day_shipping": False,
    }  # fmt: skip
    world.publish("repair-status", "repair.requested.v1", member, data | more)


def step(world: World, member: str, repair_id: str, what: str, **data: Any) -> None:
    """Any other event of a repair."""
    world.publish("repair-status", f"repair.{what}.v1", member, {"repair_id": repair_id} | data)


def borrow(
    world: World, member: str, loan_id: str, model: str = "SEL14F18GM", value: str = "1500.00", **more: Any
) -> None:
    """``loan.requested``: for evaluation, in time."""
    data = {
        "loan_id": loan_id, "kind": "evaluation", "model": model, "category": "lens", "retail_value": value,
        "needed_on": str((world.now + 20 * DAY).date()), "ship_to_state": "CA",
    }  # fmt: skip
    world.publish("loans", "loan.requested.v1", member, data | more)


def lend(world: World, member: str, loan_id: str, *steps: str, **data: Any) -> None:
    """Any other events of a loan."""
    for what in steps:
        world.publish("loans", f"loan.{what}.v1", member, {"loan_id": loan_id} | data)


def book(world: World, member: str, cleaning_id: str, *serials: str) -> None:
    """``cleaning.booked``."""
    products = [{"serial": serial, "kind": "body"} for serial in serials]
    world.publish("repair-status", "cleaning.booked.v1", member, {"cleaning_id": cleaning_id, "products": products})


def clean(world: World, member: str, cleaning_id: str, *serials: str) -> None:
    """``cleaning.done``, with a complete checklist."""
    data = {"cleaning_id": cleaning_id, "checklist": {serial: CHECKLIST["body"].split() for serial in serials}}
    world.publish("repair-status", "cleaning.done.v1", member, data)


def call_off(world: World, member: str, cleaning_id: str) -> None:
    """``cleaning.cancelled``."""
    world.publish("repair-status", "cleaning.cancelled.v1", member, {"cleaning_id": cleaning_id})


def something_of_all(world: World, member: str) -> None:
    """A repair that takes too long, a loan that is not returned, a visit; of one who has PRO."""
    register(world, member, "s1")
    send_in(world, member, f"r-{member}", "s1")
    step(world, member, f"r-{member}", "warranty_validated", proof=True)
    borrow(world, member, f"n-{member}")
    lend(world, member, f"n-{member}", "approved", "shipped")
    book(world, member, f"v-{member}", "s1")


def days(world: World, count: int) -> None:
    """Time passes day by day."""
    for _ in range(count):
        world.tick(DAY)
        world.handle()
