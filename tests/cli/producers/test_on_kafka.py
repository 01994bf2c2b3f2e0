"""`producers` on a real broker with a real worker: every kind of client, transactions and all partitions."""

from pathlib import Path
from zlib import crc32

import orjson
import pytest
from confluent_kafka import Producer

from cli.lines import CLOUDEVENT
from cli.main import execute
from local.kafka import Kafka
from models.partitioning import partition_of
from tests.cli.producers.upstream import SHOP, counts, event, of
from tests.support.processes import PATIENCE, eventually
from tests.system.site import PARTITIONS, Site

pytestmark = [pytest.mark.broker, pytest.mark.xdist_group("producers")]

MEMBERS = [f"m-{number}" for number in range(60)]


def test_a_client_left_at_its_default_partitioner(
    broker: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """given the same joins by librdkafka as it comes and as it must be set, then the first is told what to set, the other is well."""
    with Site(broker, tmp_path) as site:
        for name in ("bootstrap_servers", "topic_prefix", "partitions"):
            monkeypatch.setenv(f"MEMBERSHIPS_{name.upper()}", str(getattr(site.settings, name)))
        worker = site.worker().live()
        _joined(site, SHOP, "consistent_random")
        _joined(site, "/well-set", "murmur2_random")
        assert eventually(lambda: len(site.read("decisions")) >= 2 * len(MEMBERS)), worker.said
        worker.stop()
        _joined(site, "/late", "murmur2_random")

        def told(*arguments: str) -> tuple[int, dict[str, object]]:
            code = execute(["producers", *arguments, "--json"])
            return code, orjson.loads(capsys.readouterr().out)

        code, body = told("--check")
        keys = [(SHOP + name).encode() for name in MEMBERS]
        wrong = sum(crc32(key) % PARTITIONS != partition_of(key, PARTITIONS) for key in keys)
        assert (code, body["records"], body["undecided"]) == (1, 2 * len(MEMBERS), len(MEMBERS))
        account = of(body)
        assert counts(account) == {("wrong_partition", None): wrong}
        [one] = account["troubles"]
        assert (one["partitioner"], one["share"]) == ("crc32", round(wrong / len(MEMBERS), 4))
        assert orjson.loads(one["sample"]["value"])["data"]["birth_date"] == "####-##-##"
        assert of(body, "/well-set")["healthy"]
        assert told("--check", "/well-set")[0] == 0
        assert told("--last", "1h")[1]["records"] == 2 * len(MEMBERS)
        assert told("--since", "2099-01-01")[1] == {
            "healthy": True,
            "records": 0,
            "redriven": 0,
            "since": "2099-01-01T00:00:00Z",
            "sources": [],
            "undecided": 0,
        }


def _joined(site: Site, source: str, partitioner: str) -> None:
    producer = Producer({"bootstrap.servers": site.settings.bootstrap_servers, "partitioner": partitioner})
    topic = site.settings.catalogue().name("memberships")
    for member in (source + name for name in MEMBERS):
        value = orjson.dumps(event("points.joined", member, f"join {member}", source=source))
        producer.produce(topic, value, member.encode(), headers=list(CLOUDEVENT))
    assert producer.flush(PATIENCE) == 0
