"""Guests in tests: one who bought Care, and when the 30 days are over."""

from typing import Any

from models.view import view
from tests.models.facts import Fact, care_bought, pacific, paid
from tests.models.world import World

GUEST = f"guest:{'e' * 64}"
BOUGHT = "2026-03-02 18:00"
"""10:00 Pacific; in summer, from 8 March on, that is 17:00 UTC."""
LAST, TOO_LATE = pacific("2026-04-01 23:59:59.999999"), pacific("2026-04-02 00:00")
"""The end of day 30."""
Sent = tuple[Fact, str, str, str]
"""Fact, event id, time, key."""


def money(at: str = "2026-03-02 18:05", **more: Any) -> Fact:
    return paid("c1", program="care", amount="179.99", paid_at=at, **more)


def bought(world: World, *, is_paid: bool = True) -> World:
    """Given a guest who bought Care, and paid."""
    world.send(care_bought(), event_id="buy", time=BOUGHT, member=GUEST)
    if is_paid:
        world.send(money(), event_id="pay", member=GUEST)
    return world


def shown(world: World, key: str) -> dict[str, Any]:
    """The Care that is shown of a key."""
    found: dict[str, Any] = view(key, world.member(key))["memberships"]["care"]
    return found


def answers(world: World, kind: str) -> list[tuple[str, str | None]]:
    """The answers to all events of a type."""
    return [(one.outcome, one.reason) for one in world.decisions if one.event.type == f"{kind}.v1"]
