"""A worker that decides nothing but answers everything: `applied`, or `dead_lettered` for what is no JSON.

The publisher is tested against it, so that those tests need no rules and can look at the order of arrival.
"""

import threading
from typing import Self

import orjson
from confluent_kafka import Consumer, Producer, TopicPartition

from agents.settings import Settings
from tests.support.processes import PATIENCE


class StandIn:
    """Runs in a thread while used as a context manager. `seen` lists (topic, subject or None, event id or tick).

    `further_ticks` is how often it answers a tick on partition 0 with one of its own, in one transaction with the offset.
    """

    def __init__(self, settings: Settings, silent: frozenset[str] = frozenset(), further_ticks: int = 0) -> None:
        self._settings = settings
        self._further_ticks = further_ticks
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
        ticker = Producer(self._settings.librdkafka() | {"transactional.id": f"{self._settings.group}-stand-in"})
        ticker.init_transactions(PATIENCE)
        consumer = Consumer(
            self._settings.librdkafka() | {"group.id": self._settings.group, "enable.auto.commit": False}
        )
        topics = self._catalogue.inputs
        consumer.assign([TopicPartition(topic.name, p, 0) for topic in topics for p in range(topic.partitions)])
        while not self._stop.is_set():
            message = consumer.poll(0.05)
            if message is None or message.error() is not None:
                continue
            role = self._catalogue.role(message.topic())
            if role == "clock":
                self.seen.append((role, None, orjson.loads(message.value())["at"]))
                if message.partition() == 0 and self._further_ticks:
                    self._tick_on(ticker, consumer, message)
                    continue
            elif role not in self._silent:
                producer.produce(
                    self._catalogue.name("decisions"), key=message.key(), value=self._decide(role, message)
                )
                producer.flush(PATIENCE)
            consumer.commit(message, asynchronous=False)
        consumer.close()

    def _tick_on(self, producer: Producer, consumer: Consumer, message) -> None:
        self._further_ticks -= 1
        next_offset = TopicPartition(message.topic(), 0, message.offset() + 1)
        producer.begin_transaction()
        producer.produce(message.topic(), message.value(), partition=0)
        producer.send_offsets_to_transaction([next_offset], consumer.consumer_group_metadata())
        producer.flush(PATIENCE)
        self._stop.wait(0.3)  # a slow worker: meanwhile the tick lies there, not yet committed
        producer.commit_transaction(PATIENCE)

    def _decide(self, role: str, message) -> bytes:
        try:
            event = orjson.loads(message.value())
            self.seen.append((role, event.get("subject"), event.get("id", "")))
            verdict = {"outcome": "applied"}
        except orjson.JSONDecodeError:
            verdict = {"outcome": "dead_lettered", "reason": "not_json"}
        place = {"topic": role, "partition": message.partition(), "offset": message.offset()}
        return orjson.dumps({"data": {"event": place, **verdict}})
