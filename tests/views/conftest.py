"""A small installation for the read side: its four topics, a transactional writer, and feeders as threads."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from agents.settings import Settings
from local.kafka import Kafka
from models.partitioning import partition_of
from models.state import LOTS, MEMBERS, Member, encode
from tests.support.processes import PATIENCE
from views.feeder import run, topics
from views.keys import Keys, Kind
from views.progress import caught_up
from views.store import Store, connect

PARTITIONS = 2
NOW = "2026-03-01T12:00:00Z"


@pytest.fixture
def installation(broker: Kafka, redis_url: str, prefix: str) -> Settings:
    """Settings of an installation whose fed topics exist and are empty."""
    settings = Settings(
        bootstrap_servers=broker.bootstrap_servers, redis_url=redis_url, topic_prefix=prefix, partitions=PARTITIONS
    )
    admin = AdminClient(settings.librdkafka())
    created = admin.create_topics([NewTopic(topic, PARTITIONS, 1) for topic in topics(settings)])
    for answer in created.values():
        answer.result(PATIENCE)
    return settings


class Writer:
    """Writes what a worker would commit: states, and outputs as CloudEvents, in transactions."""

    def __init__(self, settings: Settings) -> None:
        self._topic = {kind: topic for topic, kind in topics(settings).items()}
        self._producer = Producer(
            settings.librdkafka()
            | {"transactional.id": f"{settings.topic_prefix}writer", "partitioner": "murmur2_random"}
        )
        self._producer.init_transactions(PATIENCE)
        self._seq = 0

    @contextmanager
    def transaction(self, *, abort: bool = False) -> Iterator["Writer"]:
        self._producer.begin_transaction()
        yield self
        if abort:
            self._producer.flush(PATIENCE)
            self._producer.abort_transaction(PATIENCE)
        else:
            self._producer.commit_transaction(PATIENCE)

    def flush(self) -> None:
        """Everything so far is at the broker, though not committed."""
        self._producer.flush(PATIENCE)

    def state(self, member: str, revision: int) -> None:
        self._producer.produce(self._topic["member"], key=member, value=encode(Member(revision=revision)))

    def tables(self, member: str, changes: Mapping[str, Mapping[bytes, bytes | None]]) -> None:
        """What a call of the rules has changed of a member's state and pages, all on the member's partition."""
        home = partition_of(member.encode(), PARTITIONS)
        for topic, table in ((self._topic["lots"], LOTS), (self._topic["member"], MEMBERS)):
            for key, value in changes.get(table, {}).items():
                self._producer.produce(topic, key=key, value=value, partition=home)

    def deleted(self, member: str) -> None:
        self._producer.produce(self._topic["member"], key=member, value=None)

    def raw_state(self, member: str, value: bytes, partition: int = -1) -> None:
        self._producer.produce(self._topic["member"], key=member, value=value, partition=partition)

    def decision(
        self,
        member: str,
        event: str,
        *,
        ledger: Sequence[str] = (),
        notifications: Sequence[str] = (),
        requests: Sequence[str] = (),
        partition: int = -1,
        **more: Any,
    ) -> None:
        """A decision; without a partition on the member's own."""
        self._seq += 1
        place = {"topic": "orders", "partition": 0, "offset": self._seq}
        data = {
            "event": {"source": "shop", "id": event, "type": "order.placed.v1", **place},
            "seq": self._seq,
            "now": NOW,
            "outcome": "applied",
            "reason": None,
            "says": f"Said of {event}.",
            "clause": "MS-3",
            "ledger": list(ledger),
            "notifications": list(notifications),
            "requests": list(requests),
            "rules_version": "1",
        }
        self._output("decisions", member, f"decision of {event}", data | more, partition=partition)

    def entry(self, member: str, entry_id: str, points: int, balance: int, cause: str = "e", time: str = NOW) -> None:
        after = {"available": balance, "reserved": 0, "debt": 0}
        about = {"clause": "MS-3", "cause": {"source": "shop", "id": cause}, "at": time}
        data = {"entry_id": entry_id, "kind": "earn", "points": points, "balance_after": after} | about
        self._output("ledger", member, entry_id, data, time)

    def notice(
        self, member: str, notice_id: str, kind: str = "points.earned", cause: str = "e", time: str = NOW
    ) -> None:
        about = {"clause": "NTF-2", "cause": {"source": "shop", "id": cause}, "not_before": time}
        self._output("notifications", member, notice_id, {"notification": kind, "program": "points"} | about, time)

    def request(self, member: str, request_id: str, cause: str = "e") -> None:
        about = {"clause": "PAY-1", "cause": {"source": "shop", "id": cause}, "invoice_id": "i", "amount": "100.00"}
        self._output("requests", member, request_id, about, kind="charge.requested.v1")

    def _output(
        self,
        to: Kind,
        member: str,
        id_: str,
        data: dict[str, Any],
        time: str = NOW,
        partition: int = -1,
        kind: str = "x.v1",
    ) -> None:
        event = {
            "specversion": "1.0",
            "id": id_,
            "source": "/memberships",
            "type": kind,
            "subject": member,
            "time": time,
            "data": data,
        }
        self._producer.produce(self._topic[to], key=member, value=orjson.dumps(event), partition=partition)


@pytest.fixture
def writer(installation: Settings) -> Writer:
    return Writer(installation)


class RunningFeeder:
    """A feeder in a thread. ``stop`` ends it and raises what ended it before, if something did."""

    def __init__(self, settings: Settings, limit: int) -> None:
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(settings, limit), name="feeder")
        self._thread.start()

    def _run(self, settings: Settings, limit: int) -> None:
        try:
            run(settings, self._stop, limit)
        except BaseException as failure:  # noqa: BLE001 - raised again where the test can see it
            self._failure = failure

    def join(self) -> BaseException | None:
        """Wait for its end; what ended it, told once."""
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the feeder does not end"
        failure, self._failure = self._failure, None
        return failure

    def stop(self) -> None:
        self._stop.set()
        if failure := self.join():
            raise failure


StartFeeder = Callable[..., RunningFeeder]


@pytest.fixture
def start_feeder() -> Iterator[StartFeeder]:
    """Start a feeder for these settings. At the end all are stopped; what ended one before is raised, unless joined."""
    started: list[RunningFeeder] = []

    def start(settings: Settings, limit: int = 1_000) -> RunningFeeder:
        started.append(RunningFeeder(settings, limit))
        return started[-1]

    yield start
    for feeder in started:
        feeder.stop()


def wait_until_fed(settings: Settings) -> None:
    if not caught_up(settings, PATIENCE):
        with connect(settings.redis_url) as client:
            store = Store(client, Keys(settings.topic_prefix, settings.generation))
            pytest.fail(f"the views have not everything: {store.positions()}, {store.status()}")
