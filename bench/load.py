"""The work that every contender does: generated three-line orders, and the orders and returns of a real shop."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from samples.online_retail import Importer
from samples.retail_rows import read_invoices

SOURCE = "/bench/generated"
PRODUCTS = 1_000
"""Articles of the generated shop, each with its price."""
START = datetime(2026, 1, 1, 12, tzinfo=UTC)
CLOUDEVENT: tuple[tuple[str, str | bytes | None], ...] = (("content-type", b"application/cloudevents+json"),)


@dataclass(frozen=True, slots=True)
class Message:
    """One input record, ready to send."""

    topic: str
    key: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Load:
    """A named amount of work: `joins` are handled before anything is measured, then `events` are."""

    name: str
    joins: list[Message]
    events: list[Message]


def generated(orders: int, members: int, seed: int = 1) -> Load:
    """Three-line orders, spread evenly over the members, in order of time."""
    draw = random.Random(seed)
    prices = [f"{draw.randint(10, 3000)}.{draw.choice((0, 49, 95, 99)):02}" for _ in range(PRODUCTS)]
    names = [f"generated-{number:06}" for number in range(members)]
    joined = {"birth_date": "1980-01-01", "state": "CA"}
    joins = [_message("memberships", "points.joined.v1", f"join-{name}", name, START, joined) for name in names]
    events = []
    for number in range(orders):
        at = START + timedelta(seconds=60 + number)
        data = {
            "order_id": f"o-{number}",
            "signed_in": True,
            "placed_at": at.isoformat(),
            "payment_method": "card",
            "lines": [_line(draw, prices, line) for line in range(3)],
            "points_redeemed": 0,
        }
        events.append(_message("orders", "order.placed.v1", f"order-{number}", names[number % members], at, data))
    return Load("generated three-line orders", joins, events)


def shop(file: Path, copies: int) -> Load:
    """The real shop's orders and returns, `copies` times over with customers and orders of their own."""
    joins: list[Message] = []
    events: list[Message] = []
    for copy in range(copies):
        importer = Importer(read_invoices(file))
        joins += [_sent(line, copy) for line in importer.joins()]
        events += [_sent(line, copy) for line in importer.purchases()]
    return Load("real shop, 19 lines an order", joins, events)


def _sent(line: dict[str, Any], copy: int) -> Message:
    event = line["event"]
    event["source"] += f"/{copy}"
    event["subject"] += f"-{copy}"
    return Message(line["topic"], event["subject"].encode(), orjson.dumps(event))


def _line(draw: random.Random, prices: list[str], number: int) -> dict[str, Any]:
    product = draw.randrange(len(prices))
    return {
        "line_id": str(number),
        "sku": f"SKU-{product}",
        "category": draw.choice(("camera", "lens", "audio", "tv")),
        "quantity": draw.randint(1, 3),
        "unit_price": prices[product],
        "qualifying": True,
    }


def _message(topic: str, kind: str, event_id: str, subject: str, at: datetime, data: dict[str, Any]) -> Message:
    event = {
        "specversion": "1.0",
        "id": event_id,
        "source": SOURCE,
        "type": kind,
        "time": at.isoformat(),
        "subject": subject,
        "data": data,
    }
    return Message(topic, subject.encode(), orjson.dumps(event))
