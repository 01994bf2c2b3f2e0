"""Create and check the topics of an installation (``memberships topics apply|check``), with kafka-python.

Workers create nothing themselves: a wrong set-up (missing topic, unequal partition counts, a changelog that is not
compacted) is refused at start with a sentence that says what to do.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError, SaslAuthenticationFailedError

from agents.settings import Settings
from models.catalogue import Topic

CONNECT_MS = 10_000
"""How long a broker may take to answer at all."""


class SetupError(Exception):
    """The installation cannot be used as it is: ``str(error)`` says what is wrong, ``hint`` what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class BrokerUnreachable(SetupError):  # noqa: N818  (named for what happened, like the built-in TimeoutError's kin)
    """No broker answered at the configured addresses."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that ``apply`` did: ``topic``, and ``what`` in words."""

    topic: str
    what: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that ``check`` found: ``topic``, ``what`` is wrong, and ``hint``: how to mend it."""

    topic: str
    what: str
    hint: str


def apply(settings: Settings) -> list[Change]:
    """Create what is missing and set the configuration of what is there; returns what was changed.

    Partition counts of existing topics are never changed (keys would move): ``check`` reports them.
    Raises ``BrokerUnreachable``, or ``SetupError`` when the broker refuses a change.
    """
    with _admin(settings) as admin:
        there = set(admin.list_topics())
        wanted = settings.catalogue().topics
        missing = [topic for topic in wanted if topic.name not in there]
        if missing:
            admin.create_topics(
                {
                    topic.name: {
                        "num_partitions": topic.partitions,
                        "replication_factor": settings.replication,
                        "configs": topic.configs(settings.replication),
                    }
                    for topic in missing
                },
                wait_for_metadata=True,
            )
        changes = [Change(topic.name, f"created with {topic.partitions} partitions") for topic in missing]
        for topic, differing in _differing(admin, settings, [t for t in wanted if t.name in there]):
            configs = {name: topic.configs(settings.replication)[name] for name in differing}
            admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic.name, configs)])
            changes += [Change(topic.name, f"set {name}={value}") for name, value in configs.items()]
        return changes


def check(settings: Settings) -> list[Problem]:
    """Everything in which the broker's topics differ from the catalogue; an empty list means ready."""
    with _admin(settings) as admin:
        wanted = settings.catalogue().topics
        found = set(admin.list_topics())
        hidden = f", or let {settings.sasl_username} describe it" if settings.sasl_username else ""
        problems = [
            Problem(topic.name, "is missing", f"run: memberships topics apply{hidden}")
            for topic in wanted
            if topic.name not in found
        ]
        there = [topic for topic in wanted if topic.name in found]
        counts = {d["name"]: len(d["partitions"]) for d in admin.describe_topics([t.name for t in there])}
        problems += [
            Problem(
                topic.name,
                f"has {counts[topic.name]} partitions, the settings say {topic.partitions}",
                "set MEMBERSHIPS_PARTITIONS to the count of all input topics, or create the topic anew",
            )
            for topic in there
            if counts[topic.name] != topic.partitions
        ]
        for topic, differing in _differing(admin, settings, there):
            problems += [
                Problem(topic.name, f"has {name}={is_now}", f"run: memberships topics apply (sets {wanted_value})")
                for name, (is_now, wanted_value) in differing.items()
            ]
        return problems


def demand(settings: Settings) -> None:
    """Raise ``SetupError`` naming the first problem, if there is one: what a worker does before it starts."""
    problems = check(settings)
    if problems:
        first = problems[0]
        more = f" (and {len(problems) - 1} more: memberships topics check)" if len(problems) > 1 else ""
        raise SetupError(f"topic {first.topic} {first.what}{more}", first.hint)


def _differing(
    admin: KafkaAdminClient, settings: Settings, topics: list[Topic]
) -> Iterator[tuple[Topic, dict[str, tuple[str, str]]]]:
    """Topics whose configuration is not the catalogue's, with {name: (is, should be)}."""
    if not topics:
        return
    resources = [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in topics]
    answers = admin.describe_configs(resources, config_filter="all")["topic"]
    for topic in topics:
        found = {name: str(config["value"]) for name, config in answers[topic.name].items()}
        if not found:
            raise SetupError(
                f"the configuration of topic {topic.name} is not told",
                "it is just being deleted, or the right DESCRIBE_CONFIGS on it is missing",
            )
        differing = {
            name: (found[name], value)
            for name, value in topic.configs(settings.replication).items()
            if found[name] != value
        }
        if differing:
            yield topic, differing


@contextmanager
def _admin(settings: Settings) -> Iterator[KafkaAdminClient]:
    try:
        admin = KafkaAdminClient(
            **settings.kafka_python(), client_id="memberships-topics", bootstrap_timeout_ms=CONNECT_MS
        )
    except SaslAuthenticationFailedError as error:
        raise SetupError(
            "the broker refused the credentials", "look at MEMBERSHIPS_SASL_USERNAME and MEMBERSHIPS_SASL_PASSWORD"
        ) from error
    except (KafkaTimeoutError, KafkaConnectionError) as error:
        raise BrokerUnreachable(
            f"no Kafka broker answers at {settings.bootstrap_servers}",
            "start one (memberships up) or set MEMBERSHIPS_BOOTSTRAP_SERVERS",
        ) from error
    try:
        yield admin
    except KafkaError as error:
        raise SetupError(
            f"Kafka refused: {error}", "see the broker's log; are the credentials allowed to do this?"
        ) from error
    finally:
        admin.close()
