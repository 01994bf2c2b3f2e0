"""The rules alone, no Kafka: a decoded order in, its outputs encoded and its state changes kept, on plain dictionaries.

What is measured is the thread's CPU time: the speed of one core, whoever else uses the machine.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from statistics import median
from typing import Any

from bench.load import START, Message, generated
from models import state
from models.catalogue import TABLES
from models.decide import decide
from models.desk import Decision, Moment
from models.envelope import Event, decode
from models.outputs import encode

MEMBERS, LOTS, ORDERS = 400, 50, 5
"""Members of the measured load, the open lots each has on average while it is measured, orders of each in one round."""
TYPICAL_ORDERS = 30
"""A year of a typical member."""
LONG_HISTORY = 10_000
"""Orders of a member with a long history, all lots of it still open; and of a new one, 1."""
NEXT_ORDERS = 200
"""Orders of such a member that are measured."""
ROUNDS = 7

Tables = dict[str, dict[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Result:
    """What an order costs and what a member weighs."""

    lots: int
    """Open lots of each member while the orders were measured, on average."""
    us_per_order: float
    """CPU microseconds for one order: decided, outputs encoded, changes kept. Median of the rounds."""
    output_bytes: float
    """What an order writes to the output topics, on average."""
    hot_bytes: int
    """The hot value of a member with so many open lots."""
    typical_bytes: int
    """All table values and keys of a member with a year of 30 orders, the answered event ids included."""
    us_new: float
    """CPU microseconds for the next order of a member who has made one."""
    us_long: float
    """The same for a member who has made 10,000."""
    long_hot_bytes: int
    """The hot value of that member."""

    @property
    def orders_per_second(self) -> float:
        """On one core."""
        return 1e6 / self.us_per_order

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self) | {"orders_per_second": round(self.orders_per_second)}


def run(say: Callable[[str], None] = lambda _: None) -> Result:
    """Measure. Takes some seconds."""
    before, measured = _load(MEMBERS, LOTS - ORDERS // 2, ORDERS)
    tables = _tables()
    _work(_events(before), tables)
    costs, written = [], 0
    for number in range(ROUNDS):
        fresh = {name: dict(table) for name, table in tables.items()}
        events = _events(measured, len(before))  # each round its own: an event keeps what was computed from it
        started = time.thread_time()
        written = _work(events, fresh)
        costs.append((time.thread_time() - started) / len(measured) * 1e6)
        say(f"round {number + 1} of {ROUNDS}: {costs[-1]:.1f} µs an order")
    return Result(
        lots=LOTS,
        us_per_order=median(costs),
        output_bytes=written / len(measured),
        hot_bytes=max(len(value) for value in fresh[state.MEMBERS].values()),
        typical_bytes=_typical(),
        us_new=_next_orders(1)[0],
        us_long=(long := _next_orders(LONG_HISTORY))[0],
        long_hot_bytes=long[1],
    )


def _next_orders(history: int) -> tuple[float, int]:
    """What the next orders of one member cost, microseconds each, and the size of the hot value after them."""
    before, measured = _load(1, history, NEXT_ORDERS)
    tables = _tables()
    _work(_events(before), tables)
    costs = []
    for _ in range(ROUNDS):
        fresh = {name: dict(table) for name, table in tables.items()}
        events = _events(measured, len(before))
        started = time.thread_time()
        _work(events, fresh)
        costs.append((time.thread_time() - started) / len(measured) * 1e6)
    return median(costs), max(len(value) for value in fresh[state.MEMBERS].values())


def _typical() -> int:
    before, _ = _load(1, TYPICAL_ORDERS, 0)
    tables = _tables()
    _work(_events(before), tables)
    return sum(len(key) + len(value) for table in tables.values() for key, value in table.items())


def _load(members: int, before: int, measured: int) -> tuple[list[Message], list[Message]]:
    """Joins and orders so that each member has `before` open lots; then `measured` more orders of each."""
    load = generated(members * (before + measured), members)
    first = members * before
    return [*load.joins, *load.events[:first]], load.events[first:]


def _events(messages: Iterable[Message], seq: int = 0) -> list[tuple[Event[Any], Moment]]:
    """As decoded, each with the moment when its partition comes to it, a second after the one before."""
    events = []
    for place, message in enumerate(messages, seq):
        event = decode(message.topic, 0, 1, message.key, message.value, ())
        if not isinstance(event, Event):
            raise TypeError(f"the load holds no event: {event}")
        events.append((event, Moment(place, START + timedelta(seconds=place), message.topic, 0, place)))
    return events


def _tables() -> Tables:
    return {name: {} for name in TABLES}


def _work(events: Sequence[tuple[Event[Any], Moment]], tables: Tables) -> int:
    """Decide each event, encode its outputs, keep its changes; returns how many bytes the outputs have."""
    written = 0

    def at(table: str, key: bytes) -> bytes | None:
        return tables[table].get(key)

    for event, moment in events:
        decision = decide(event, at, moment)
        written += sum([len(encode(output)) for output in _outputs(decision)])
        for name, changes in decision.changes.items():
            table = tables[name]
            for key, value in changes.items():
                if value is None:
                    table.pop(key, None)
                else:
                    table[key] = value
    return written


def _outputs(decision: Decision) -> list[Any]:
    return [*decision.ledger, *decision.notifications, *decision.requests, *decision.decisions]
