"""Records that clients stumble over before we see them: no partition stands still for one, and the audit can read on."""

from pathlib import Path

import pytest
from kafka import KafkaProducer

import audit
from cli.lines import CLOUDEVENT
from local.kafka import Kafka
from models.partitioning import partition_of
from tests.faults.kit.verdict import settled
from tests.security.test_tls_and_login import run
from tests.system import scenario, stories
from tests.system.site import PARTITIONS, Site

pytestmark = pytest.mark.broker


class Raw(str):
    """A header's name that is these bytes, whatever they are; no client has a way to send such a one."""

    __slots__ = ("raw",)

    def __new__(cls, raw: bytes) -> "Raw":
        made = super().__new__(cls, raw.decode("latin-1"))
        made.raw = raw
        return made

    def encode(self, *_: str) -> bytes:  # type: ignore[override]
        return self.raw


NAMES = [b"\xff\xfe", b"ce_\xed\xa0\x80", b"content-type\x00x", b"ce_type\x00", b"", b"n" * 60_000, b"\x1b[2J"]
OLD_MS = -(10**15)
"""Before the calendar begins. (The broker refuses what is more than an hour ahead.)"""


def test_odd_names_of_headers_and_times_that_no_calendar_has(broker: Kafka, tmp_path: Path) -> None:
    """Given such records between good ones, then each is answered once, the good ones are applied, and the audit is clean."""
    opened = [
        scenario.message(
            "account.opened", f"m-{n}", {"state": "CA", "email_hash": f"{n:064x}"}, stories.START, f"opened {n}", "/s"
        )
        for n in range(20)
    ]
    with Site(broker, tmp_path) as site:
        worker = site.worker().live()
        producer = KafkaProducer(**site.settings.kafka_python(), acks="all")
        topic = site.settings.catalogue().name("memberships")
        for number, message in enumerate(opened):
            key = message.subject.encode()
            place = {"key": key, "partition": partition_of(key, PARTITIONS)}
            name = NAMES[number % len(NAMES)]
            producer.send(
                topic, value=b"rubbish", headers=[(Raw(name), b"x"), *CLOUDEVENT], timestamp_ms=OLD_MS, **place
            )
            producer.send(topic, value=message.value, headers=[*CLOUDEVENT, (Raw(name), b"")], **place)
        producer.flush()
        producer.close()
        settled(site)
        assert worker.alive, worker.said
        worker.stop()
        outcomes = [record.value for record in site.read("decisions")]
        refused = [outcome for outcome in outcomes if b'"dead_lettered"' in (outcome or b"")]
        assert (len(refused), len(outcomes)) == (len(opened), 3 * len(opened)), (
            "an account is told to the key of its email"
        )
        report = audit.run(site.settings, views=False)
        assert report.clean, report.first
        assert len(site.read("dead-letters")) == len(opened)
        for words in ("dlq list --json", "dlq list", f"whatif {opened[0].subject} --until 2030-01-01"):
            done = run(site.settings, *words.split())
            assert done.returncode == 0, done.stderr
            assert "\x1b[2J" not in done.stdout
