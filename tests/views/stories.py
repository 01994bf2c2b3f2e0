"""Members' stories out of the rules themselves, as explanations: what support is shown of them."""

import orjson

from models.outputs.base import encode
from models.outputs.decisions import Decided
from models.outputs.ledger import LedgerEntry
from models.outputs.notifications import Notification
from models.outputs.requests import Request
from tests.models.facts import MEMBER
from tests.models.world import World
from views.timeline import Explanation, Line, explanations


def told(world: World, member: str = MEMBER) -> list[Explanation]:
    """The member's whole story, as the views tell it."""
    lines: dict[type, list[Line]] = {Decided: [], LedgerEntry: [], Notification: [], Request: []}
    for output in world.outputs:
        event = orjson.loads(encode(output))
        if event["subject"] == member:
            kind = Request if isinstance(output.data, Request) else type(output.data)
            request = {"request": event["type"].removesuffix(".v1")} if kind is Request else {}
            lines[kind].append({"id": event["id"], "time": event.get("time"), **request, **event["data"]})
    return explanations(*lines.values())


def due(world: World, member: str = MEMBER) -> list[Explanation]:
    """Those of deadlines."""
    return [one for one in told(world, member) if one["outcome"] == "due"]
