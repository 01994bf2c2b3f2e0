"""The command line's connection to Kafka: sends records, and reads reports and decisions. Decides nothing itself."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

import orjson
from confluent_kafka import (
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec, TopicMetadata

from agents.settings import Settings
from cli.errors import LOGIN, check_failed, kafka_not_ready, kafka_refused, kafka_unreachable, wrong_use
from cli.talk import say
from cli.tally import Coordinates, Verdict
from driver.errors import DENIED
from models.catalogue import TRANSFER

CONNECT_S = 5.0
ASK_S = 0.5
"""The client goes on connecting meanwhile; a refusal is heard between two questions."""
ANSWER_S = 10.0
RETRY_S = 0.1
READY_S = 30.0
TELL_S = 2.0
NOT_YET: Final = (
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.NOT_COORDINATOR,
)
"""What a broker says for a while after a topic was made or the broker started; the client does not ask again by itself."""
QUIET = {"log_level": 2}
"""A service that is away is one message of ours, not a stream of librdkafka's."""
HOPELESS = {KafkaError._AUTHENTICATION, KafkaError.UNKNOWN_TOPIC_OR_PART} | DENIED
REFUSING = (KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED, KafkaError._SSL)
PRODUCER = {
    "enable.idempotence": True,
    "acks": "all",
    "partitioner": "murmur2_random",
    "linger.ms": 5,
    "message.max.bytes": 2 * 1024 * 1024,
    "queue.buffering.max.kbytes": 64 * 1024,
}
CONSUMER = {"enable.auto.commit": False, "isolation.level": "read_committed", "fetch.wait.max.ms": 50}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sent:
    """Kafka has the record: `tag` is what the sender called it."""

    at: Coordinates
    tag: str | None


@dataclass(frozen=True, slots=True)
class Decided:
    """A worker has committed a decision on the record at these coordinates."""

    at: Coordinates
    verdict: Verdict


class Wire:
    """Connects at once: fails with a `CommandError` if Kafka is away (exit 3) or topics are missing (exit 1).

    Topics are the catalogue's names, without the installation's prefix. `partitions` says how many each has.
    """

    def __init__(self, settings: Settings) -> None:
        common = settings.librdkafka() | QUIET
        self._settings = settings
        self._catalogue = settings.catalogue()
        self._admin, found = _reached(settings)
        self.partitions = self._count_partitions(found)
        self._producer = Producer(common | PRODUCER)
        self._consumer = Consumer(common | CONSUMER | {"group.id": f"{settings.group}-publish"})
        self._consumer.assign(self._decisions_from_now())
        self._looker = Consumer(
            common | CONSUMER | {"group.id": f"{settings.group}-publish", "enable.partition.eof": True}
        )
        # Only to read the workers' offsets; it never joins. librdkafka's admin client, which could ask the same, ends the
        # process (SIGSEGV) when the broker asked turns out not to be the group's coordinator.
        self._group = Consumer(common | {"group.id": settings.group, "isolation.level": "read_uncommitted"})
        self._reports: list[Sent] = []
        self._failure: KafkaError | None = None

    def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        partition: int | None = None,
        headers: Sequence[tuple[str, bytes | None]] = (),
        tag: str | None = None,
    ) -> None:
        """Hands a record over; a `Sent` follows. Without a partition the key decides it (murmur2, as Java does)."""

        def reported(error: KafkaError | None, message: Message) -> None:
            place, offset = message.partition(), message.offset()
            if error is not None or place is None or offset is None:
                self._failure = error
            else:
                self._reports.append(Sent((topic, place, offset), tag))

        name = self._catalogue.name(topic)
        wanted = -1 if partition is None else partition
        while True:
            try:
                self._producer.produce(
                    name, key=key, value=value, partition=wanted, headers=list(headers), on_delivery=reported
                )
            except BufferError:
                self._producer.poll(ANSWER_S)
            else:
                return

    def poll(self, wait_s: float) -> list[Sent | Decided]:
        """What has happened since, reports before decisions; waits that long if there is no decision."""
        self._producer.poll(0)
        first = self._consumer.poll(wait_s)
        messages = [] if first is None else [first, *self._consumer.consume(1_000, 0)]
        self._producer.poll(0)
        decisions = [decided for message in messages if (decided := self._decision(message)) is not None]
        if self._failure is not None:
            raise KafkaException(self._failure)
        reports, self._reports = self._reports, []
        return [*reports, *decisions]

    def committed(self, topic: str) -> dict[int, int]:
        """The workers' next offset per partition of a topic (negative where they have none)."""
        places = [TopicPartition(self._catalogue.name(topic), p) for p in range(self.partitions[topic])]

        def ask() -> dict[int, int]:
            try:
                found = self._group.committed(places, ANSWER_S)
            except KafkaException as error:  # a missing right is told as a message, and the answer is that none came
                told = [message.error() for message in self._group.consume(10, 0)]
                denied = next((cause for cause in told if cause is not None and cause.code() in DENIED), None)
                raise (KafkaException(denied) if denied else error) from error
            for failed in (at.error for at in found if at.error is not None):
                raise KafkaException(failed)
            return {at.partition: at.offset for at in found}

        return until_ready(self._settings, ask)

    def behind(self, topic: str) -> dict[int, int]:
        """The workers' next offset in each partition of a topic where something is left for them to handle.

        A transaction whose end is not yet marked counts as left, for it may bring more. Its marker does not count, though
        it has an offset which no worker commits past.
        """
        committed = self.committed(topic)  # before the ends: what it handled may have added to the topic
        ends = self._ends(topic, IsolationLevel.READ_UNCOMMITTED)
        short = {p: max(offset, 0) for p, offset in committed.items() if offset < ends[p]}
        return {p: committed[p] for p in self._with_records(topic, short, ends)}

    def _with_records(self, topic: str, starts: dict[int, int], ends: dict[int, int]) -> set[int]:
        """The partitions that have a record between these offsets, or an open transaction."""
        name, left, found = self._catalogue.name(topic), set(starts), set[int]()
        if not left:
            return found
        self._looker.assign([TopicPartition(name, p, start) for p, start in starts.items()])
        deadline = time.monotonic() + ANSWER_S
        while left and time.monotonic() < deadline:
            message = self._looker.poll(RETRY_S)
            place, offset = (message.partition(), message.offset()) if message is not None else (None, None)
            if message is None or place is None or offset is None or place not in left:
                continue
            error = message.error()
            if error is None or (error.code() == KafkaError._PARTITION_EOF and offset < ends[place]):
                found.add(place)
            elif error.code() != KafkaError._PARTITION_EOF:
                continue  # a connection that is made again; silence has its own limit
            left.discard(place)
        self._looker.unassign()
        return found | left

    def close(self, *, drop: bool = False) -> None:
        """Disconnects; with `drop`, without waiting for what Kafka has not confirmed."""
        if drop:
            self._producer.purge()
        self._producer.flush(ANSWER_S)
        self._consumer.close()
        self._looker.close()
        self._group.close()

    def _decision(self, message: Message) -> Decided | None:
        error = message.error()
        if error is not None:
            if error.fatal() or error.code() in HOPELESS:
                self._failure = error
            return None  # anything else mends itself: the client connects again, and silence has its own limit
        value = message.value()
        if value is None:
            return None
        data = orjson.loads(value)["data"]
        event = data["event"]
        topic = event["topic"].removeprefix(self._settings.topic_prefix)
        return Decided((topic, event["partition"], event["offset"]), (data["outcome"], data.get("reason") or ""))

    def _count_partitions(self, found: dict[str, TopicMetadata]) -> dict[str, int]:
        ours = ("clock", "decisions", TRANSFER.role)
        names = {topic: self._catalogue.name(topic) for topic in (*input_topics(self._settings), *ours)}
        missing = [name for name in names.values() if name not in found]
        if missing:
            message = f"topics are missing: {', '.join(missing)}"
            raise check_failed("topics_missing", message, "create them with `memberships topics apply`")
        return {topic: len(found[name].partitions) for topic, name in names.items()}

    def _decisions_from_now(self) -> list[TopicPartition]:
        # Asked for and not left to "the end": that would be wherever the end is when the first fetch goes out.
        name = self._catalogue.name("decisions")
        return [
            TopicPartition(name, p, end) for p, end in self._ends("decisions", IsolationLevel.READ_COMMITTED).items()
        ]

    def _ends(self, topic: str, level: IsolationLevel) -> dict[int, int]:
        name = self._catalogue.name(topic)
        latest = OffsetSpec.latest()
        wanted = {TopicPartition(name, partition): latest for partition in range(self.partitions[topic])}

        def ask() -> dict[int, int]:
            found = self._admin.list_offsets(wanted, isolation_level=level, request_timeout=ANSWER_S)
            return {at.partition: there.result().offset for at, there in found.items()}

        return until_ready(self._settings, ask)


def demand_broker(settings: Settings) -> None:
    """Fails within seconds if no broker answers (exit 3); the clients that come after it would try much longer."""
    _reached(settings)


def until_ready(settings: Settings, ask: Callable[[], T]) -> T:
    """The answer to a question, put again while a broker that is there says `NOT_YET`; fails after `READY_S` (exit 3)."""
    started, told = time.monotonic(), False
    while True:
        try:
            return ask()
        except KafkaException as error:
            cause, waited = error.args[0], time.monotonic() - started
            if cause.code() not in NOT_YET:
                raise
            if waited > READY_S:
                raise kafka_not_ready(settings.bootstrap_servers, cause.str(), waited) from error
        if waited > TELL_S and not told:
            say(f"waiting for Kafka, {READY_S:g} s at most: {cause.str()}")
            told = True
        time.sleep(RETRY_S)


def _reached(settings: Settings) -> tuple[AdminClient, dict[str, TopicMetadata]]:
    """A client, and the topics there are. A broker that refuses us (exit 2) is told from one that is away (exit 3)."""
    heard: list[KafkaError] = []
    try:
        admin = AdminClient(settings.librdkafka() | QUIET | {"error_cb": heard.append})
    except KafkaException as error:  # a certificate that is none, say
        raise wrong_use("bad_setting", f"Kafka's client cannot be set up: {error.args[0].str()}", LOGIN) from error
    deadline = time.monotonic() + CONNECT_S
    while True:
        try:
            return admin, admin.list_topics(timeout=ASK_S).topics
        except KafkaException as error:
            admin.poll(0)  # serves error_cb
            refusals = [one for one in heard if one.code() in REFUSING]
            if refusals:
                raise kafka_refused(refusals[0].str()) from error
            if time.monotonic() >= deadline:
                raise kafka_unreachable(settings.bootstrap_servers, [*heard, error.args[0]][0].str()) from error


def input_topics(settings: Settings) -> tuple[str, ...]:
    """The contract's names of the topics that events are published to; the clock is fed by ticks."""
    return tuple(topic.role for topic in settings.catalogue().inputs if topic.role != "clock")


@contextmanager
def connected(settings: Settings) -> Iterator[Wire]:
    """A `Wire` that is closed at the end; after an error, without waiting for what Kafka has not confirmed."""
    wire = Wire(settings)
    try:
        yield wire
    except BaseException:
        wire.close(drop=True)
        raise
    wire.close()
