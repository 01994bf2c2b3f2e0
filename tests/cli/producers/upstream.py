"""What a source sends: events that are quick to write down, and troubles of a report that are quick to find."""

from datetime import timedelta
from typing import Any

import orjson

from models.partitioning import partition_of
from tests.system import scenario, stories
from tests.system.memory import Installation, Record

SHOP = "/shop"


def event(
    kind: str, member: str, event_id: str, *, minutes: int = 0, source: str = SHOP, **data: Any
) -> dict[str, Any]:
    happened = stories.START + timedelta(minutes=minutes)
    body: dict[str, Any] = orjson.loads(scenario.message(kind, member, data, happened, event_id, source).value)
    return body


def send(installation: Installation, body: Any, topic: str = "orders", **how: Any) -> Record:
    """key, partition: by default where it belongs."""
    value = body if isinstance(body, bytes) else orjson.dumps(body)
    key = how.get("key", body["subject"].encode() if isinstance(body, dict) else b"ann")
    home = partition_of(key or b"", len(installation.partitions))
    return installation.append(topic, key, value, partition=how.get("partition", home))


def of(body: dict[str, Any], source: str | None = SHOP, topic: str | None = None) -> dict[str, Any]:
    """The account of a source."""
    [found] = [one for one in body["sources"] if (one["source"], one["topic"]) == (source, topic)]
    return dict(found)


def counts(account: dict[str, Any]) -> dict[tuple[str, str | None], int]:
    return {(one["kind"], one["field"]): one["count"] for one in account["troubles"]}
