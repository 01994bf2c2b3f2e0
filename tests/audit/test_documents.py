"""The documents in Redis against the final state, on a real server: a member whose lots are paged."""

import orjson
import pytest
import redis

from audit import documents
from audit.documents import Documents
from audit.report import Findings
from models.state import LOTS, MEMBERS
from models.view import view
from tests.models.facts import MEMBER, joined, line, order
from tests.models.world import World

pytestmark = pytest.mark.broker
ORDERS = 80
"""More lots than fit into the hot value."""


@pytest.fixture(scope="module")
def world() -> World:
    world = World()
    world.send(joined(), time="2026-03-01 20:00")
    for number in range(ORDERS):
        placed_at = f"2026-03-{2 + number % 20:02} 18:00"
        world.send(order(f"o{number}", line(price="10.00"), placed_at=placed_at), time=placed_at)
    assert world.points.lots.branches
    return world


@pytest.mark.parametrize("wrong", [None, "schedule", "former", "reservations"])
def test_ms_19_the_schedule_of_paged_lots_is_compared_as_well_and_everything_beside_it(
    world: World, redis_url: str, prefix: str, wrong: str | None
) -> None:
    by_day: dict[str, int] = {}
    for lot in world.lots:
        by_day[str(lot.expires_on)] = by_day.get(str(lot.expires_on), 0) + lot.left
    schedule = [{"expires_on": day, "points": points} for day, points in sorted(by_day.items())]
    assert sum(points for points in by_day.values()) == world.points.available
    document = view(MEMBER, world.member(), 1)
    document["points"] |= {"expiry_schedule": schedule, "next_expiry": schedule[0]}
    match wrong:
        case "schedule":
            document["points"]["expiry_schedule"] = schedule[1:]
        case "former":
            document["former"] = [{"program": "points", "from": "2025-03-01T20:00:00Z", "to": "2025-04-01T07:00:00Z"}]
        case "reservations":
            document["points"]["reservations"] = [{"reservation_id": "s1", "until": "2026-03-02T20:00:00Z"}]
    tables = {
        table: {key: raw for (name, key), raw in world.tables.items() if name == table} for table in (MEMBERS, LOTS)
    }
    with redis.Redis.from_url(redis_url) as server:
        server.set(f"{prefix}member:{MEMBER}", orjson.dumps(document))
    findings = Findings(documents.QUESTIONS)
    compared = Documents(redis_url, prefix, 1, 0)
    compared.check(tables[MEMBERS], tables[LOTS], findings)
    compared.close()
    [check] = findings.checks()
    assert (check.compared, check.found) == (1, int(wrong is not None))


@pytest.mark.parametrize("table", [MEMBERS, LOTS])
def test_a_state_that_cannot_be_read_is_a_difference(world: World, redis_url: str, prefix: str, table: str) -> None:
    tables = {name: {key: raw for (of, key), raw in world.tables.items() if of == name} for name in (MEMBERS, LOTS)}
    tables[table] = dict.fromkeys(tables[table], b"")
    with redis.Redis.from_url(redis_url) as server:
        server.set(f"{prefix}member:{MEMBER}", orjson.dumps(view(MEMBER, world.member(), 1)))
    findings = Findings(documents.QUESTIONS)
    compared = Documents(redis_url, prefix, 1, 0)
    compared.check(tables[MEMBERS], tables[LOTS], findings)
    compared.close()
    [check] = findings.checks()
    assert (check.compared, check.found) == (1, 1)
    assert ("an empty value" in check.differences[0]) == (table == MEMBERS)
