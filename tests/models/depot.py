"""What tests say to repairs that other programmes say: a loaner is shipped, force majeure is declared."""

from collections.abc import Callable

from models.case import Case
from models.decide import FOLLOWERS
from models.desk import Desk
from models.events import EVERYBODY
from models.follow import LoanerShipped
from models.outputs.base import Cause
from tests.models.facts import MEMBER, at, majeure, repair, step
from tests.models.world import World, pro_member


def at_depot(start: str | None = None, now: str = "2026-03-01 20:00") -> World:
    """Given a repair r1 of a PRO member, asked for when the term began; in warranty since `start`, if that is said."""
    world = pro_member(World(now=now))
    world.send(repair(), event_id="asked", time="2026-03-02 15:00")
    if start:
        world.send(step("warranty_validated"), event_id="valid", time=start)
    return world


def loaner_shipped(world: World, when: str, repair_id: str = "r1") -> str:
    """The words of the answer."""
    return _said(world, "lent", when, lambda case: case.follow(LoanerShipped(at(when), repair_id, "loan-1")))


def force_majeure(world: World, what: str, when: str) -> None:
    """Declared or ended, and heard of at once."""
    world.send(majeure(what), event_id=f"{what} {when}", time=when, member=EVERYBODY)
    world.tick(f"{world.now:%Y-%m-%d %H:%M:%S}")


def _said(world: World, event_id: str, when: str, what: Callable[[Case], str]) -> str:
    desk = Desk(MEMBER, world.read, world.moment("loans"), world.policies, FOLLOWERS)
    words = what(Case(desk, Cause(source="/shop", id=event_id), at(when)))
    world._take(MEMBER, desk.finish())
    return words
