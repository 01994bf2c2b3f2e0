"""What upstream systems do on a bad day: the same event twice, another event under a used id, and plain rubbish."""

import copy
from datetime import date, timedelta
from typing import NamedTuple

import orjson

from models.partitioning import partition_of
from samples.script import Line, Script, instant


class Broken(NamedTuple):
    """A message to be sent as it is; without a partition the key decides."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int | None = None


def repeats(script: Script, member: str, day: date) -> None:
    """GEN-1 A duplicate has the same content and changes nothing; a conflict has other content and is reported."""
    at = script.moment(day)
    line = _small_order(script, member, f"{member}-twice", day)
    script.again(at + timedelta(days=1), line)
    changed: Line = copy.deepcopy(line)
    changed["event"]["data"]["lines"][0]["unit_price"] = "999.00"
    script.again(at + timedelta(days=2), changed)


def broken(day: date, partitions: int) -> list[Broken]:
    """Messages that no worker may apply: each ends in dead-letters with its reason."""
    good = {
        "specversion": "1.0",
        "id": "broken-1",
        "source": "/generated/sample",
        "type": "order.cancelled.v1",
        "time": instant(Script(0).moment(day)),
        "subject": "sample-broken",
        "data": {"order_id": "nobody-s-order", "before_shipment": True},
    }
    key = b"sample-broken"
    unknown_field = good | {"data": {"order_id": "x", "before_shipment": True, "colour": "red"}}
    return [
        Broken("orders", key, b"{not json"),
        Broken("orders", key, b"\xff\xfe\x00"),
        Broken("orders", key, None),
        Broken("orders", None, orjson.dumps(good), partition=0),
        Broken("orders", b"sample-other", orjson.dumps(good)),
        Broken("orders", key, orjson.dumps(good | {"type": "order.eaten.v1"})),
        Broken("orders", key, orjson.dumps(unknown_field)),
        Broken("returns", key, orjson.dumps(good)),
        *(Broken("orders", key, orjson.dumps(good), partition=partition) for partition in _foreign(key, partitions)),
    ]


def _foreign(key: bytes, partitions: int) -> list[int]:
    """One partition that is not the key's, if there is one."""
    return [partition for partition in range(partitions) if partition != partition_of(key, partitions)][:1]


def _small_order(script: Script, member: str, order_id: str, day: date) -> Line:
    at = script.moment(day)
    line = {
        "line_id": "1",
        "sku": "NP-FZ100",
        "category": "accessory",
        "quantity": 1,
        "unit_price": "79.99",
        "qualifying": True,
    }
    data = {
        "order_id": order_id,
        "signed_in": True,
        "placed_at": instant(at),
        "payment_method": "card",
        "lines": [line],
        "points_redeemed": 0,
    }
    return script.event(at, "orders", "order.placed", f"placed-{order_id}", member, data)
