"""What commands share that read topics with kafka-python."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from kafka import TopicPartition

from agents.settings import Settings
from audit.topics import Reader, Stored
from cli import talk
from cli.errors import check_failed, wrong_use


@contextmanager
def opened(settings: Settings) -> Iterator[Reader]:
    """A reader of the installation; Kafka is away: CommandError (exit 3) within seconds."""
    from cli.wire import demand_broker

    demand_broker(settings)
    with Reader(settings.kafka_python()) as reader:
        yield reader


def demand(reader: Reader, topics: Iterable[str], partitions: int) -> None:
    """Raises CommandError if one of the topics is missing (exit 1) or has another number of partitions (exit 2)."""
    for topic in topics:
        count = reader.partitions(topic)
        if not count:
            hint = "create them with `memberships topics apply`"
            raise check_failed("topics_missing", f"topics are missing: {topic}", hint)
        if count != partitions:
            message = f"{topic} has {count} partitions, the settings say {partitions}"
            raise wrong_use("wrong_setup", message, "set MEMBERSHIPS_PARTITIONS as the topics were made")


def read(
    reader: Reader, what: str, starts: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
) -> Iterator[Stored]:
    """The committed records of the places in `starts` up to their ends, with a word on stderr if that takes long."""
    total, done = sum(ends[place] - start for place, start in starts.items()), 0
    with talk.progress(what, total) as advance:
        for _, records in reader.stream(starts, ends):
            yield from records
            done += len(records)
            advance(done)
