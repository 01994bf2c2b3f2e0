"""The topics tool on the real broker: what it makes, what it finds wrong, and the sentence it says."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from agents import topics
from agents.settings import Settings
from agents.topics import BrokerUnreachable, Change, Problem, SetupError
from local.kafka import Kafka
from tests.support.processes import eventually

pytestmark = pytest.mark.broker

PARTITIONS = 3


@pytest.fixture
def settings(broker: Kafka, prefix: str) -> Settings:
    return Settings(bootstrap_servers=broker.bootstrap_servers, topic_prefix=prefix, partitions=PARTITIONS)


@contextmanager
def _admin(settings: Settings) -> Iterator[KafkaAdminClient]:
    admin = KafkaAdminClient(**settings.kafka_python())
    yield admin
    admin.close()


def _found(settings: Settings) -> list[tuple[str, str]]:
    return [(problem.topic.removeprefix(settings.topic_prefix), problem.what) for problem in topics.check(settings)]


def test_apply_makes_everything_once_and_check_is_content(settings: Settings) -> None:
    names = {topic.name for topic in settings.catalogue().topics}
    assert {problem.what for problem in topics.check(settings)} == {"is missing"}
    changes = topics.apply(settings)
    assert {change.topic for change in changes} == names
    assert {change.what for change in changes} == {f"created with {PARTITIONS} partitions"}
    assert topics.check(settings) == []
    assert topics.apply(settings) == []
    topics.demand(settings)


def test_nothing_there_at_all_stops_a_worker_with_the_first_and_the_count(settings: Settings) -> None:
    with pytest.raises(SetupError) as refused:
        topics.demand(settings)
    first, others = settings.catalogue().topics[0].name, len(settings.catalogue().topics) - 1
    assert str(refused.value) == f"topic {first} is missing (and {others} more: memberships topics check)"
    assert refused.value.hint == "run: memberships topics apply"


def test_one_missing_topic_is_named(settings: Settings) -> None:
    topics.apply(settings)
    name = settings.catalogue().name("returns")
    with _admin(settings) as admin:
        admin.delete_topics([name])
        assert eventually(lambda: name not in admin.list_topics())
    assert _found(settings) == [("returns", "is missing")]
    with pytest.raises(SetupError, match=f"topic {name} is missing$"):
        topics.demand(settings)
    assert topics.apply(settings) == [Change(name, f"created with {PARTITIONS} partitions")]


def test_a_wrong_partition_count_is_found_and_never_changed(settings: Settings) -> None:
    """given one topic with five partitions, then check names it and apply leaves it: keys would move."""
    name = settings.catalogue().name("orders")
    with _admin(settings) as admin:
        admin.create_topics({name: {"num_partitions": 5, "replication_factor": 1}}, wait_for_metadata=True)
    topics.apply(settings)
    left = [("orders", "has 5 partitions, the settings say 3")]
    assert eventually(lambda: _found(settings) == left), _found(settings)
    with pytest.raises(SetupError, match="has 5 partitions, the settings say 3") as refused:
        topics.demand(settings)
    assert "MEMBERSHIPS_PARTITIONS" in refused.value.hint


def test_a_changelog_that_is_not_compacted_is_refused_and_mended(settings: Settings) -> None:
    topics.apply(settings)
    name = settings.catalogue().changelog("members")
    with _admin(settings) as admin:
        delete = {"cleanup.policy": "delete"}
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, delete)])
    assert eventually(lambda: topics.check(settings) != [])
    assert topics.check(settings) == [
        Problem(name, "has cleanup.policy=delete", "run: memberships topics apply (sets compact)")
    ]
    with pytest.raises(SetupError, match=r"has cleanup\.policy=delete$"):
        topics.demand(settings)
    assert topics.apply(settings) == [Change(name, "set cleanup.policy=compact")]
    assert eventually(lambda: topics.check(settings) == [])


@pytest.mark.parametrize("tool", [topics.apply, topics.check, topics.demand])
def test_a_broker_that_does_not_answer_is_said_so(tool: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "CONNECT_MS", 1_000)
    address = "127.0.0.1:1"
    with pytest.raises(BrokerUnreachable) as unreachable:
        tool(Settings(bootstrap_servers=address))  # type: ignore[operator]
    assert str(unreachable.value) == f"no Kafka broker answers at {address}"
    assert "memberships up" in unreachable.value.hint
