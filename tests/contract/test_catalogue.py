"""The topic catalogue: every type has one home, and the broker's settings follow from it."""

import pytest

from agents.settings import Settings
from models.catalogue import ALL, DAY_MS, DEAD_LETTER_BYTES, HANDLED, INPUT_BYTES, TABLES, TOPIC_OF, Catalogue
from models.clock import Tick
from models.events import PAYLOADS
from models.outputs import REQUESTS, Decided, LedgerEntry, Notification

BY_ROLE = {topic.role: topic for topic in ALL}


def test_every_type_has_exactly_one_topic() -> None:
    carried = [kind for topic in ALL for kind in topic.carries]

    assert len(carried) == len(set(carried))
    assert set(carried) == {*PAYLOADS.values(), Tick, Notification, Decided, LedgerEntry, *REQUESTS}
    assert set(TOPIC_OF) == set(carried)


def test_handling_order() -> None:
    """A join counts before the order of the same poll; ticks come last."""
    assert [topic.role for topic in HANDLED] == [
        "memberships",
        "orders",
        "returns",
        "payment-failures",
        "payments",
        "repair-status",
        "loans",
        "transfers",
        "clock",
    ]


def test_names_with_and_without_a_prefix() -> None:
    catalogue = Catalogue("blue-", 4)

    assert [topic.name for topic in catalogue.inputs][:2] == ["blue-memberships", "blue-orders"]
    assert {topic.partitions for topic in catalogue.topics} == {4}
    assert catalogue.name("points-ledger") == "blue-points-ledger"
    assert catalogue.role("blue-points-ledger") == "points-ledger"
    assert catalogue.changelog("members") == "blue-memberships-members-changelog"
    assert Catalogue().changelog("members") == "memberships-members-changelog"
    for wrong in ("orders", "blue-", "blue-blue-orders", "green-orders"):
        with pytest.raises(KeyError):
            catalogue.role(wrong)
    with pytest.raises(KeyError):
        catalogue.name("blue-orders")
    with pytest.raises(KeyError):
        catalogue.changelog("orders")


def test_broker_settings() -> None:
    clock, dead, orders = (BY_ROLE[role].configs(3) for role in ("clock", "dead-letters", "orders"))

    assert clock["message.timestamp.type"] == "LogAppendTime"
    assert orders["message.timestamp.type"] == "CreateTime"
    assert (orders["max.message.bytes"], dead["max.message.bytes"]) == (str(INPUT_BYTES), str(DEAD_LETTER_BYTES))
    assert orders["cleanup.policy"] == "delete"
    assert orders["retention.ms"] == "-1"
    assert orders["min.insync.replicas"] == "2"
    assert BY_ROLE["orders"].configs(1)["min.insync.replicas"] == "1"
    for table in TABLES:
        changelog = BY_ROLE[f"memberships-{table}-changelog"].configs(3)
        assert changelog["cleanup.policy"] == "compact"
        assert changelog["delete.retention.ms"] == "86400000", "readers from the start see each deletion"


def test_how_long_records_are_kept() -> None:
    """GEN-7 for ever unless told, the tables' changelogs always: their older values go within a week."""
    bounded = Settings(retention_days=90).catalogue()
    for unbounded, topic in zip(Settings().catalogue().topics, bounded.topics, strict=True):
        kept = topic.configs(1)
        assert unbounded.configs(1)["retention.ms"] == "-1"
        assert kept["retention.ms"] == ("-1" if topic.compacted else str(90 * DAY_MS))
        assert kept.get("max.compaction.lag.ms") == (str(7 * DAY_MS) if topic.compacted else None)
