"""`whatif` on a real broker with a real worker: what it tells is what then happens, and it leaves no trace."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kafka
import orjson
import pytest
from confluent_kafka.admin import AdminClient

from cli import lines
from cli.main import execute
from cli.wire import input_topics
from local.kafka import Kafka
from models import state
from models.state import Member
from models.view import view
from tests.support.processes import ROOT
from tests.system.site import Site
from views.timeline import explanations, line

pytestmark = [pytest.mark.broker, pytest.mark.timeout(300)]

STORY = ROOT / "samples/first-day.jsonl"
BEFORE = 8
"""Lines of it that have come; the rest is asked about, and then comes."""
SUBJECT = "anna"


@pytest.fixture
def site(broker: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A worker has handled the story's first part. Redis is away: it is not asked."""
    with Site(broker, tmp_path) as site:
        for name, value in {
            "BOOTSTRAP_SERVERS": broker.bootstrap_servers,
            "TOPIC_PREFIX": site.settings.topic_prefix,
            "PARTITIONS": str(site.settings.partitions),
            "REDIS_URL": "redis://127.0.0.1:1/0",
        }.items():
            monkeypatch.setenv(f"MEMBERSHIPS_{name}", value)
        site.worker().live()
        site.publish(story(site)[:BEFORE])
        yield site


def story(site: Site) -> list[lines.Item]:
    with STORY.open("rb") as file:
        return list(lines.read(file, input_topics(site.settings)))


def rest(folder: Path) -> str:
    file = folder / "rest.jsonl"
    file.write_bytes(b"".join(STORY.read_bytes().splitlines(keepends=True)[BEFORE:]))
    return str(file)


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert execute(["whatif", *arguments, "--json"]) == 0
    answer: dict[str, Any] = orjson.loads(capsys.readouterr().out)
    return answer


def everything(site: Site) -> dict[str, Any]:
    """The end of every topic, transaction markers included, and what each of this installation's groups has committed."""
    settings, names = site.settings, [topic.name for topic in site.settings.catalogue().topics]
    consumer = kafka.KafkaConsumer(**settings.kafka_python())
    ends = consumer.end_offsets([kafka.TopicPartition(name, p) for name in names for p in range(settings.partitions)])
    consumer.close()
    admin = AdminClient(settings.librdkafka())
    listed = admin.list_consumer_groups().result().valid
    groups = sorted(group.group_id for group in listed if group.group_id.startswith(settings.topic_prefix))
    reader = kafka.KafkaAdminClient(**settings.kafka_python())
    committed = {group: reader.list_group_offsets(group)[group] for group in groups}
    reader.close()
    return {"ends": ends, "groups": committed}


def told(site: Site, role: str) -> list[dict[str, Any]]:
    records = [orjson.loads(record.value or b"") for record in site.read(role) if record.key == SUBJECT.encode()]
    return [line(role, output) for output in records]


def in_order(found: Any) -> list[bytes]:
    return sorted(orjson.dumps(one, option=orjson.OPT_SORT_KEYS) for one in found)


def test_what_is_told_is_what_then_happens(site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """given the first part of a story, when the rest is asked about and then published, then both are the same: ids,
    offsets, numbers and all; and asking has written nothing, anywhere."""
    roles = ("decisions", "points-ledger", "notifications", "requests")
    before, earlier = everything(site), {role: len(told(site, role)) for role in roles}
    answer = asked(capsys, SUBJECT, rest(tmp_path))
    assert everything(site) == before
    assert answer["notes"] == []

    site.publish(story(site)[BEFORE:])
    really = {role: told(site, role)[count:] for role, count in earlier.items()}
    supposed = [one for step in answer["steps"] for one in step["told"]]
    assert in_order(supposed) == in_order(explanations(*(really[role] for role in roles)))
    assert len(supposed) >= len(story(site)) - BEFORE - 2
    raw = [record.value for record in site.read_changelog("members") if record.key == SUBJECT.encode()][-1]
    document = view(SUBJECT, state.decode(raw or b"", Member))
    del document["generation"]
    assert answer["document"]["after"] == orjson.loads(orjson.dumps(document))
    assert answer["document"]["before"] != answer["document"]["after"]


def test_what_no_worker_has_handled_is_told(site: Site, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """given a worker that is gone, and an event that waits for it, then the answer says that it is not in it."""
    site.workers[0].stop()
    waiting = next(item for item in story(site)[BEFORE:] if isinstance(item, lines.Message))
    producer = kafka.KafkaProducer(**site.settings.kafka_python())
    topic = site.settings.catalogue().name(waiting.topic)
    producer.send(topic, waiting.value, SUBJECT.encode(), list(waiting.headers)).get(30)
    producer.close()
    answer = asked(capsys, SUBJECT, "--until", "2026-04-01")

    assert answer["as_of"]["waiting"] == 1
    assert answer["notes"][0].startswith("1 event of theirs is not handled yet")
