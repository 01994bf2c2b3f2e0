"""What is kept at hand of the things of which a member can have many."""

from models.repairs.state import Repair
from models.shelf import RECENT
from tests.models.facts import repair, step
from tests.models.world import World, pro_member


def over(world: World, count: int) -> World:
    """Given repairs that are over, r9 the oldest and so on downwards."""
    for n in range(count):
        which, day = f"r{9 - n}", f"2026-06-{1 + n:02}"
        world.send(repair(which), time=f"{day} 15:00")
        world.send(step("delivered", which), time=f"{day} 16:00")
    return world


def test_the_latest_by_their_requests_are_at_hand_whatever_their_names() -> None:
    world = over(pro_member(World()), RECENT + 2)
    assert sorted(world.member().repairs) == ["r5", "r6", "r7"]
    assert world.entry(Repair, "r9")


def test_what_is_at_hand_again_is_kept_once() -> None:
    """REP-2 A receipt that is told late starts a clock of one that had left the hot value."""
    world = over(pro_member(World()), RECENT + 1)
    assert world.entry(Repair, "r9")
    world.send(step("received", "r9"), time="2026-06-20 16:00")
    assert "r9" in world.member().repairs
    assert world.entry(Repair, "r9") is None
