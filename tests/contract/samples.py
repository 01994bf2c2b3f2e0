"""One valid message per type: the checked-in examples of the contract; and how tests put a message on its place."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import orjson

from models.catalogue import TOPIC_OF
from models.envelope import Event, Tick, Unreadable, decode
from models.events import PAYLOADS
from models.partitioning import partition_of

CONTRACT = Path(__file__).parents[2] / "docs" / "contract"
EXAMPLES: dict[str, dict[str, Any]] = {
    path.stem: orjson.loads(path.read_bytes()) for path in sorted((CONTRACT / "examples").glob("*.json"))
}
EVENT_TYPES = [name for name in EXAMPLES if name in PAYLOADS]
STRUCTURED = [("content-type", b"application/cloudevents+json; charset=UTF-8")]
PARTITIONS = 12


def example(name: str) -> dict[str, Any]:
    """A copy to change."""
    return deepcopy(EXAMPLES[name])


def order(*lines: dict[str, Any], **data: Any) -> dict[str, Any]:
    """A plain order; each line given replaces the fields of a valid one."""
    event = example("order.placed.v1")
    plain = {"sku": "A", "category": "other", "quantity": 1, "unit_price": "10.00", "qualifying": True}
    event["data"] |= {"lines": [plain | {"line_id": str(n)} | line for n, line in enumerate(lines)], **data}
    return event


def place(event: Any) -> tuple[str, int, bytes]:
    """Topic, partition and key where a message of this type and subject belongs; somewhere if that cannot be told."""
    envelope = event if isinstance(event, dict) else {}
    payload = PAYLOADS.get(str(envelope.get("type")))
    key = str(envelope.get("subject", "nobody")).encode("utf-8", "replace")
    return TOPIC_OF[payload] if payload else "orders", partition_of(key, PARTITIONS), key


def read(event: Any) -> Event[Any] | Tick | Unreadable:
    """What becomes of a message, structured and in its place."""
    topic, partition, key = place(event)
    return decode(topic, partition, PARTITIONS, key, orjson.dumps(event), STRUCTURED)


def accepted(event: Any) -> Event[Any]:
    """The event, which must be readable."""
    found = read(event)
    assert isinstance(found, Event), found
    return found


def refused(event: Any) -> Unreadable:
    """Why it is none, which it must be."""
    found = read(event)
    assert isinstance(found, Unreadable), found
    return found
