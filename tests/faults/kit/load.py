"""Events and ticks on their way at a steady pace, whatever happens to brokers, workers and the network meanwhile.

Nothing is waited for, so events meet ticks and each other as they come: what must come of them is for the audit to say,
which recomputes it from the order in which they were handled.
"""

import threading
import time
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import orjson
from confluent_kafka import KafkaError, Message, Producer

from agents.settings import Settings
from cli.lines import CLOUDEVENT, Item, Tick, as_message
from models.catalogue import CLOCK
from samples.generated.month import month
from tests.support.processes import PATIENCE

CHUNK_S = 0.05
"""Seconds between two handfuls of records."""


def months(copies: int) -> Iterator[Item]:
    """The sample's month, lived by so many crowds of members side by side: about 3,600 events for each."""
    for line in month():
        if "tick" in line:
            yield Tick(line["tick"])
            continue
        text = orjson.dumps(line)
        for copy in range(copies):
            yield as_message(_of(copy, text))


def _of(copy: int, text: bytes) -> dict[str, Any]:
    """The line as told of another crowd, by a source of its own, so that no id is there twice."""
    line: dict[str, Any] = orjson.loads(text.replace(b"sample-", b"sample-%d-" % copy))
    line["event"]["source"] += f"/{copy}"
    return line


class Load:
    """A producer in a thread. Use as a context manager: it goes on from the start of the block until `end`."""

    def __init__(self, settings: Settings, items: Iterable[Item], per_second: int) -> None:
        self._catalogue, self._items, self._per_second = settings.catalogue(), iter(items), per_second
        self._producer = Producer(
            settings.librdkafka() | {"enable.idempotence": True, "partitioner": "murmur2_random", "log_level": 0}
        )
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self.events = 0
        """Events that Kafka has."""
        self.failed: list[KafkaError] = []

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def going_on(self) -> bool:
        """Whether there is more to come: a fault after the last event proves nothing."""
        return self._thread.is_alive()

    def passes(self, events: int) -> None:
        """Wait until Kafka has so many more events than now."""
        wanted, deadline = self.events + events, time.monotonic() + 2 * PATIENCE
        while self.events < wanted:
            assert self.going_on or self.events >= wanted, "the load has ended too early"
            assert time.monotonic() < deadline, f"{self.events} of {wanted} events reached Kafka"
            time.sleep(CHUNK_S)

    def finish(self) -> int:
        """Wait until all events are told; returns what `end` returns."""
        self._thread.join(10 * PATIENCE)
        assert not self.going_on, f"{self.events} events so far"
        return self.end()

    def end(self) -> int:
        """No more events; returns how many there were, all of which Kafka has."""
        self._stop.set()
        self._thread.join()
        left = self._producer.flush(2 * PATIENCE)
        assert left == 0, f"Kafka has not taken {left} events"
        assert not self.failed, self.failed
        return self.events

    def _run(self) -> None:
        due = time.monotonic()
        for count, item in enumerate(self._items):
            if count % max(int(self._per_second * CHUNK_S), 1) == 0:
                self._producer.poll(0)
                due += CHUNK_S
                if self._stop.wait(max(due - time.monotonic(), 0)):
                    return
            self._send(item)
        while len(self._producer) and not self._stop.is_set():
            self._producer.poll(CHUNK_S)

    def _send(self, item: Item) -> None:
        if isinstance(item, Tick):
            for partition in range(self._catalogue.partitions):
                self._produce(CLOCK.role, None, orjson.dumps({"at": item.at}), partition=partition)
        else:
            assert not hasattr(item, "partition"), "events go where their key says"
            self._produce(item.topic, item.subject.encode(), item.value, headers=list(CLOUDEVENT))

    def _produce(self, topic: str, key: bytes | None, value: bytes | None, **more: Any) -> None:
        told = partial(self._told, topic != CLOCK.role)
        while True:
            try:
                self._producer.produce(self._catalogue.name(topic), key=key, value=value, on_delivery=told, **more)
            except BufferError:  # Kafka is slower than we are, or away
                self._producer.poll(CHUNK_S)
            else:
                return

    def _told(self, is_event: bool, error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            self.failed.append(error)
        elif is_event:
            self.events += 1
