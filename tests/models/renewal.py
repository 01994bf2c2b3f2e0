"""A renewal fee in tests: a member with cards, told of it and asked for it."""

from typing import Any

from models.outputs import ChargeRequested
from tests.models.facts import Fact, added, failed
from tests.models.world import World, pro_member

# The term of these members runs from 2 March 2026 to 2 March 2027, 00:00 Pacific: 08:00 UTC.
NOTICE, BEFORE_END, END = "2027-01-31 08:00", "2027-03-02 07:59:59", "2027-03-02 08:00"
RENEWAL = "pro-m-1-2027-03-02"
IN_BETWEEN = {"payment.failed", "payment.final_notice", "membership.suspended", "membership.reinstated"}


def with_cards(*cards: str, auto: bool = True, until: str | None = END) -> World:
    """Given a member with these cards in order, told of the renewal in time; now is `until`."""
    world = pro_member(World(), auto=auto)
    for n, card in enumerate(cards or ("card-1",)):
        world.send(added(card, n), event_id=f"add-{card}", time="2026-03-03 12:00")
    if until:
        world.tick(NOTICE)
        world.tick(until)
    return world


def charges(world: World) -> list[ChargeRequested]:
    return world.bodies(ChargeRequested)


def asked(world: World) -> list[tuple[int, str]]:
    """(round, method) of the charges asked for."""
    return [(charge.round, charge.method_id) for charge in charges(world)]


def decline(n: int = -1, world: World | None = None, **more: Any) -> Fact:
    """The last charge asked for is declined."""
    assert world
    charge = charges(world)[n]
    return failed(RENEWAL, charge.attempt_id, method_id=charge.method_id, **more)
