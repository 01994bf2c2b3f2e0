"""A member with points at the checkout: what the tests of redeeming and reserving start from."""

from typing import Any

from tests.models.facts import line, order
from tests.models.world import World, earned, member

NOON = "2026-03-20 19:00"
"""At which the orders of these tests are placed: 20 March, Pacific noon."""


def rich() -> World:
    """Given 300 points in three lots; `late` was told first, `early` is the oldest."""
    return earned(
        member(now=NOON),
        ("late", 100, "2026-03-12 12:00"),
        ("early", 100, "2026-03-10 12:00"),
        ("middle", 100, "2026-03-11 12:00"),
    )


def spending(points: int, order_id: str = "buy", placed_at: str = NOON, **more: Any) -> tuple[str, dict[str, Any]]:
    """An order of $50.00 paid with that many points, by somebody signed out, so that it earns nothing."""
    plain: dict[str, Any] = {"signed_in": False, "points_redeemed": points, "placed_at": placed_at}
    return order(order_id, line("l1", "50.00"), **plain | more)
