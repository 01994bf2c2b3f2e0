"""A worker that decides nothing but answers everything: `applied`, or `dead_lettered` for what is no JSON.

The publisher is tested against it, so that those tests need no rules and can look at the order of arrival.
"""

import threading
from typing import Self

import orjson
from confluent_kafka import Consumer, Producer, TopicPartition

from agents.settings import Settings


class StandIn:
    """Runs in a thread while used as a context manager. `seen` lists (topic, subject or None, event id or tick)."""

    def __init__(self, settings: Settings, silent: frozenset[str] = frozenset()) -> None:
        self._settings = settings
        self._catalogue = settings.catalogue()
        self._silent = silent
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.seen: list[tuple[str, str | None, str]] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        producer = Producer(self._settings.librdkafka())
        consumer = Consumer(
            self._settings.librdkafka() | {"group.id": self._settings.group, "enable.auto.commit": False}
        )
        topics = self._catalogue.inputs
        consumer.assign([TopicPartition(topic.name, p, 0) for topic in topics for p in range(topic.partitions)])
        while not self._stop.is_set():
            message = consumer.poll(0.05)
            if message is None:
                continue
            role = self._catalogue.role(message.topic())
            if role == "clock":
                self.seen.append((role, None, orjson.loads(message.value())["at"]))
            elif role not in self._silent:
                producer.produce(
                    self._catalogue.name("decisions"), key=message.key(), value=self._decide(role, message)
                )
                producer.flush(5)
            consumer.commit(message, asynchronous=False)
        consumer.close()

    def _decide(self, role: str, message) -> bytes:
        try:
            event = orjson.loads(message.value())
            self.seen.append((role, event.get("subject"), event.get("id", "")))
            verdict = {"outcome": "applied"}
        except orjson.JSONDecodeError:
            verdict = {"outcome": "dead_lettered", "reason": "not_json"}
        place = {"topic": role, "partition": message.partition(), "offset": message.offset()}
        return orjson.dumps({"data": {"event": place, **verdict}})
