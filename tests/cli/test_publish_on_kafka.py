"""`publish` on a real broker, with a stand-in for the worker."""

from collections import defaultdict
from pathlib import Path
from typing import Any

import orjson
import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from agents import topics
from agents.settings import Settings
from cli import wire
from cli.lines import Message, Raw, Tick
from cli.main import execute
from cli.publisher import Publisher
from local.kafka import Kafka
from models.partitioning import partition_of
from tests.cli.standin import StandIn

pytestmark = pytest.mark.broker

PARTITIONS = 4


@pytest.fixture
def settings(broker: Kafka, prefix: str, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("MEMBERSHIPS_BOOTSTRAP_SERVERS", broker.bootstrap_servers)
    monkeypatch.setenv("MEMBERSHIPS_TOPIC_PREFIX", prefix)
    monkeypatch.setenv("MEMBERSHIPS_PARTITIONS", str(PARTITIONS))
    settings = Settings()
    topics.apply(settings)
    return settings


def line(topic: str, subject: str, event_id: str) -> bytes:
    return orjson.dumps(
        {"topic": topic, "event": {"subject": subject, "id": event_id}}, option=orjson.OPT_APPEND_NEWLINE
    )


def published(file: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict]:
    code = execute(["publish", str(file), "--json", *options])
    return code, orjson.loads(capsys.readouterr().out)


def test_keeps_each_member_s_order_over_topics_and_ticks(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ticks = {40: "2026-03-15T00:00:00Z", 80: "2026-03-30T00:00:00Z"}
    names = ["memberships", "orders", "returns", "payments"]
    wanted: dict[str, list[str]] = defaultdict(list)
    file = tmp_path / "events.jsonl"
    with file.open("wb") as out:
        for number in range(120):
            member = f"m-{number % 7}"
            wanted[member].append(f"e-{number}")
            out.write(line(names[number * 5 % 4], member, f"e-{number}"))
            if number in ticks:
                out.write(orjson.dumps({"tick": ticks[number]}) + b"\n")

    with StandIn(settings) as worker:
        code, summary = published(file, capsys)

    assert (code, summary) == (0, summary | {"sent": 120, "decided": 120, "ticks": 2})
    arrived: dict[str, list[str]] = defaultdict(list)
    for _, subject, event_id in worker.seen:
        if subject is not None:
            arrived[subject].append(event_id)
    assert arrived == wanted
    first_tick = worker.seen.index(("clock", None, "2026-03-15T00:00:00Z"))
    assert {event_id for _, subject, event_id in worker.seen[:first_tick] if subject} == {f"e-{n}" for n in range(41)}


def test_a_tick_is_over_when_the_worker_s_further_ticks_are(settings: Settings) -> None:
    """Given three more ticks of the worker's own, then what follows the tick comes after them; markers are no ticks."""
    tick = Tick("2026-03-15T00:00:00Z")
    with StandIn(settings, further_ticks=3) as worker, wire.connected(settings) as connection:
        publisher = Publisher(connection)
        for number in range(2):
            publisher.publish([tick, Message("orders", "m", orjson.dumps({"subject": "m", "id": f"e-{number}"}))])
        assert connection.behind("clock") == {}

    told = [topic for topic, _, _ in worker.seen]
    assert told == [*["clock"] * (PARTITIONS + 3), "orders", *["clock"] * PARTITIONS, "orders"]


def test_partitions_as_java_does_and_says_what_it_is(settings: Settings, tmp_path: Path) -> None:
    members = [f"member-{number}" for number in range(30)]
    with StandIn(settings), wire.connected(settings) as connection:
        places = {}
        for member in members:
            connection.send("orders", member.encode(), b"{}", tag=member)
        while len(places) < len(members):
            places |= {news.tag: news.at[1] for news in connection.poll(0.05) if isinstance(news, wire.Sent)}

    assert places == {member: partition_of(member.encode(), PARTITIONS) for member in members}


def test_a_coordinator_that_still_loads_is_asked_again(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a broker that answers that it loads the workers' group, or has it no more, then its fourth answer counts."""
    answers = [
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.NOT_COORDINATOR,
    ]

    class JustStarted(Consumer):
        def committed(self, *arguments: Any) -> list[TopicPartition]:
            if answers:
                raise KafkaException(KafkaError(answers.pop(0)))
            return super().committed(*arguments)

    monkeypatch.setattr(wire, "Consumer", JustStarted)
    with StandIn(settings), wire.connected(settings) as connection:
        Publisher(connection).publish([Tick("2026-03-15T00:00:00Z")])
        assert answers == []
        assert connection.behind("clock") == {}


def test_raw_messages_are_answered_too(settings: Settings) -> None:
    with StandIn(settings), wire.connected(settings) as connection:
        publisher = Publisher(connection)
        publisher.publish([Raw("orders", b"m", b"{not json", partition=1)])

    assert publisher.summary()["outcomes"] == {"dead_lettered": {"total": 1, "reasons": {"not_json": 1}}}


def test_without_a_worker_says_what_is_missing(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(line("orders", "m", "e"))

    code, problem = published(file, capsys, "--timeout", "5")  # long enough for Kafka to confirm what nobody decides

    assert (code, problem["code"]) == (1, "no_decision")
    assert "1 on orders" in problem["message"]


def test_missing_topics_are_named(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMBERSHIPS_TOPIC_PREFIX", "nobody-made-these-")
    file = tmp_path / "events.jsonl"
    file.write_bytes(line("orders", "m", "e"))

    code, problem = published(file, capsys)

    assert (code, problem["code"]) == (1, "topics_missing")
    assert "nobody-made-these-orders" in problem["message"]
    assert "topics apply" in problem["hint"]


def test_a_bad_line_stops_everything_before_the_first_event(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(line("orders", "m", "e") + b"{}\n")

    with StandIn(settings) as worker:
        code, problem = published(file, capsys)

    assert (code, problem["code"]) == (2, "bad_line")
    assert "line 2" in problem["message"]
    assert worker.seen == []
