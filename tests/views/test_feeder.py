"""The feeder on the real broker and the real server, when nothing goes wrong with Redis."""

import logging
import os
import signal
import subprocess
import sys
import time

import pytest
import redis
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from agents.settings import Settings
from models.partitioning import partition_of
from models.state import Member, encode
from tests.support.processes import PATIENCE, eventually
from tests.views.conftest import PARTITIONS, StartFeeder, Writer, wait_until_fed
from views import query
from views.errors import RedisUnreachable, Unfeedable
from views.feeder import LONGEST_WAIT, topics
from views.progress import caught_up
from views.rebuild import doomed, rebuild

pytestmark = pytest.mark.broker


def revision(settings: Settings, member: str) -> int | None:
    document = query.member(settings, member)
    return None if document is None else document["revision"]


def told(settings: Settings, member: str) -> list[str]:
    return [one["says"] for one in query.why(settings, member)]


def start_process(settings: Settings) -> subprocess.Popen[bytes]:
    names = ("bootstrap_servers", "redis_url", "topic_prefix", "partitions")
    told_by = {f"MEMBERSHIPS_{name.upper()}": str(getattr(settings, name)) for name in names}
    code = "from agents.settings import Settings; from views.feeder import run; run(Settings())"
    return subprocess.Popen([sys.executable, "-c", code], env=os.environ | told_by)


def fed(settings: Settings) -> int:
    """The sum of all positions."""
    with redis.Redis.from_url(settings.redis_url) as client:
        return sum(int(offset) for offset in client.hvals(f"{settings.topic_prefix}feed:1"))


class TestFeed:
    def test_states_and_outputs_become_documents_and_explanations(
        self, installation: Settings, writer: Writer, start_feeder: StartFeeder
    ) -> None:
        with writer.transaction():
            for number in range(3):
                writer.state("anna", number)
            writer.state("ben", 9)
            writer.decision("anna", "e1", ledger=["l1"], notifications=["n1"], requests=["r1"])
            writer.entry("anna", "l1", 20, 20)
            writer.notice("anna", "n1")
            writer.request("anna", "r1")
        start_feeder(installation)
        wait_until_fed(installation)
        assert revision(installation, "anna") == 2
        assert revision(installation, "ben") == 9
        assert query.member(installation, "nobody") is None
        (one,) = query.why(installation, "anna")
        assert one["says"] == "Said of e1."
        assert [entry["points"] for entry in one["ledger"]] == [20]
        assert one["balance_after"] == {"available": 20, "reserved": 0, "debt": 0}
        assert [notice["notification"] for notice in one["notifications"]] == ["points.earned"]
        assert [(request["request"], request["amount"]) for request in one["requests"]] == [
            ("charge.requested", "100.00")
        ]

    def test_what_comes_while_it_runs_is_fed_as_well(
        self, installation: Settings, writer: Writer, start_feeder: StartFeeder
    ) -> None:
        start_feeder(installation)
        for number in range(5):
            with writer.transaction():
                writer.state("anna", number)
            wait_until_fed(installation)
            assert revision(installation, "anna") == number

    def test_an_aborted_transaction_is_not_shown_and_an_open_one_is_waited_for(
        self, installation: Settings, writer: Writer, start_feeder: StartFeeder
    ) -> None:
        start_feeder(installation)
        with writer.transaction():
            writer.state("anna", 1)
        with writer.transaction(abort=True):
            writer.state("anna", 2)
        wait_until_fed(installation)
        assert revision(installation, "anna") == 1
        with writer.transaction():
            writer.state("anna", 3)
            writer.flush()
            assert not caught_up(installation, 0.5)
            assert revision(installation, "anna") == 1
        wait_until_fed(installation)
        assert revision(installation, "anna") == 3

    def test_a_null_value_removes_the_member(
        self, installation: Settings, writer: Writer, start_feeder: StartFeeder
    ) -> None:
        start_feeder(installation)
        with writer.transaction():
            writer.state("anna", 1)
            writer.state("ben", 1)
        wait_until_fed(installation)
        with writer.transaction():
            writer.deleted("anna")
        wait_until_fed(installation)
        assert query.member(installation, "anna") is None
        assert [member for member, _ in query.members(installation)] == ["ben"]

    def test_records_with_a_member_s_key_on_another_partition_hide_nothing(
        self, installation: Settings, writer: Writer, start_feeder: StartFeeder
    ) -> None:
        """Given misplaced records far ahead of the member's own offsets, then the member's later lines are all there."""
        away = 1 - partition_of(b"anna", PARTITIONS)
        with writer.transaction():
            writer.decision("anna", "e0")
            for number in range(20):
                writer.decision("anna", f"misplaced{number}", partition=away)
            writer.raw_state("anna", encode(Member(revision=900)), partition=away)
        start_feeder(installation)
        wait_until_fed(installation)
        for number in range(1, 4):
            with writer.transaction():
                writer.decision("anna", f"e{number}")
                writer.state("anna", number)
            wait_until_fed(installation)
        assert told(installation, "anna") == [f"Said of e{number}." for number in range(4)]
        assert revision(installation, "anna") == 3

    def test_only_the_newest_lines_are_kept(
        self, installation: Settings, writer: Writer, start_feeder: StartFeeder
    ) -> None:
        with writer.transaction():
            for number in range(12):
                writer.decision("anna", f"e{number}")
        start_feeder(installation, limit=5)
        wait_until_fed(installation)
        assert told(installation, "anna") == [f"Said of e{number}." for number in range(7, 12)]

    def test_topics_that_come_later_are_waited_for(
        self, installation: Settings, start_feeder: StartFeeder, caplog: pytest.LogCaptureFixture
    ) -> None:
        later = installation.model_copy(update={"topic_prefix": f"{installation.topic_prefix}later-"})
        feeder = start_feeder(later)
        assert eventually(lambda: "memberships topics apply" in caplog.text), caplog.text
        time.sleep(LONGEST_WAIT + 0.5)  # it looks again
        feeder.stop()
        assert caplog.text.count(f"topic {later.topic_prefix}memberships-lots-changelog is missing") == 1

    def test_a_state_of_a_newer_release_ends_the_feeder_with_its_place(
        self, installation: Settings, writer: Writer, start_feeder: StartFeeder
    ) -> None:
        with writer.transaction():
            writer.raw_state("anna", b"\xff")
        failure = start_feeder(installation).join()
        assert isinstance(failure, Unfeedable)
        assert "memberships-members-changelog[" in str(failure)
        assert not caught_up(installation, 0.2)

    def test_status_shows_the_lag_and_goes_with_the_feeder(
        self, installation: Settings, writer: Writer, start_feeder: StartFeeder
    ) -> None:
        with writer.transaction():
            writer.state("anna", 1)
        feeder = start_feeder(installation)
        wait_until_fed(installation)
        assert eventually(lambda: query.status(installation).get("lag") == "0")
        assert query.status(installation) == {"generation": "1", "lag": "0", "records": "1", "starts": "1"}
        feeder.stop()
        assert query.status(installation) == {}

    def test_a_member_id_with_wildcards_or_colons_is_only_itself(
        self, installation: Settings, writer: Writer, start_feeder: StartFeeder
    ) -> None:
        names = ["*", "a:b", "member:a", "ünï|%", "a\r\nb"]
        with writer.transaction():
            for number, name in enumerate(names):
                writer.state(name, number)
        start_feeder(installation)
        wait_until_fed(installation)
        assert [revision(installation, name) for name in names] == list(range(len(names)))
        assert query.member(installation, "a*") is None


class TestEnd:
    def test_sigterm_is_a_clean_end(self, installation: Settings, writer: Writer) -> None:
        with writer.transaction():
            writer.state("anna", 1)
        process = start_process(installation)
        wait_until_fed(installation)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        assert query.status(installation) == {}

    def test_after_kill_9_in_the_middle_the_next_one_completes_it_without_doubles(
        self, installation: Settings, writer: Writer, start_feeder: StartFeeder
    ) -> None:
        members = [f"m{number}" for number in range(20)]
        count = 15_000
        with writer.transaction():
            for number in range(count):
                member = members[number % len(members)]
                writer.decision(member, f"e{number}")
                writer.state(member, number)
        with writer.transaction():  # an open one: however quick the feeder is, it is not through
            for number in range(count, count + len(members)):
                member = members[number % len(members)]
                writer.decision(member, f"e{number}")
                writer.state(member, number)
            writer.flush()
            process = start_process(installation)
            assert eventually(lambda: fed(installation) > 0)
            process.kill()
            process.wait(PATIENCE)
            assert not caught_up(installation, 0)
        count += len(members)
        start_feeder(installation)
        wait_until_fed(installation)
        for place, member in enumerate(members):
            own = range(place, count, len(members))
            assert revision(installation, member) == own[-1]
            assert told(installation, member) == [f"Said of e{number}." for number in own]

    def test_two_feeders_do_each_other_no_harm(
        self, installation: Settings, writer: Writer, start_feeder: StartFeeder
    ) -> None:
        start_feeder(installation)
        start_feeder(installation)
        for number in range(20):
            with writer.transaction():
                writer.state("anna", number)
                writer.decision("anna", f"e{number}")
            time.sleep(0.05)
        wait_until_fed(installation)
        assert revision(installation, "anna") == 19
        assert told(installation, "anna") == [f"Said of e{number}." for number in range(20)]


class TestAnew:
    def test_rebuild_brings_back_what_was_lost(
        self, installation: Settings, writer: Writer, start_feeder: StartFeeder
    ) -> None:
        with writer.transaction():
            for number in range(3):
                writer.state(f"m{number}", number)
                writer.decision(f"m{number}", f"e{number}")
        start_feeder(installation)
        wait_until_fed(installation)
        with redis.Redis.from_url(installation.redis_url) as client:
            client.delete(f"{installation.topic_prefix}member:m1", f"{installation.topic_prefix}decisions:m2")
            client.set(f"{installation.topic_prefix}member:ghost", '{"generation":1,"revision":1}')
        assert doomed(installation) == 5
        rebuild(installation)
        wait_until_fed(installation)
        assert sorted(member for member, _ in query.members(installation)) == ["m0", "m1", "m2"]
        assert [told(installation, f"m{number}") for number in range(3)] == [[f"Said of e{n}."] for n in range(3)]

    def test_a_rebuild_cut_short_is_finished_by_the_feeder(
        self, installation: Settings, writer: Writer, start_feeder: StartFeeder
    ) -> None:
        with writer.transaction():
            writer.state("anna", 1)
        start_feeder(installation)
        wait_until_fed(installation)
        with redis.Redis.from_url(installation.redis_url) as client:
            client.set(f"{installation.topic_prefix}member:ghost", '{"generation":1,"revision":1}')
            client.hset(f"{installation.topic_prefix}feed:1", "rebuild", 1)
        wait_until_fed(installation)
        assert [member for member, _ in query.members(installation)] == ["anna"]

    def test_a_higher_generation_takes_the_place_of_the_old_one(
        self, installation: Settings, writer: Writer, start_feeder: StartFeeder
    ) -> None:
        with writer.transaction():
            writer.state("anna", 5)
            writer.decision("anna", "e1")
        start_feeder(installation)
        wait_until_fed(installation)
        raised = installation.model_copy(update={"generation": 2})
        assert not caught_up(raised, 0)
        start_feeder(raised)
        wait_until_fed(raised)
        document = query.member(raised, "anna")
        assert document is not None
        assert (document["generation"], document["revision"]) == (2, 5)
        assert told(raised, "anna") == ["Said of e1."]
        with writer.transaction():
            writer.state("anna", 6)
        wait_until_fed(installation)
        wait_until_fed(raised)
        document = query.member(raised, "anna")
        assert document is not None
        assert (document["generation"], document["revision"]) == (2, 6)

    def test_positions_past_the_end_of_a_topic_lead_to_a_rebuild(
        self, installation: Settings, writer: Writer, start_feeder: StartFeeder, caplog: pytest.LogCaptureFixture
    ) -> None:
        with redis.Redis.from_url(installation.redis_url) as client:
            for topic in topics(installation):
                for number in range(PARTITIONS):
                    client.hset(f"{installation.topic_prefix}feed:1", f"{topic}-{number}", 10_000)
            client.set(f"{installation.topic_prefix}member:anna", '{"generation":1,"revision":900}')
        with writer.transaction():
            writer.state("anna", 1)
        start_feeder(installation)
        assert eventually(lambda: "before what was fed: the views are rebuilt" in caplog.text), caplog.text
        assert eventually(lambda: revision(installation, "anna") == 1)

    def test_records_that_are_no_longer_kept_are_stepped_over_with_a_warning(
        self, installation: Settings, writer: Writer, start_feeder: StartFeeder, caplog: pytest.LogCaptureFixture
    ) -> None:
        with writer.transaction():
            writer.decision("anna", "e0")
        feeder = start_feeder(installation)
        wait_until_fed(installation)
        feeder.stop()
        with writer.transaction():
            writer.decision("anna", "e1")
        with writer.transaction():
            writer.decision("anna", "e2")
        decisions = installation.catalogue().name("decisions")
        with redis.Redis.from_url(installation.redis_url) as client:
            stored = client.hgetall(f"{installation.topic_prefix}feed:1")
        own = next(n for n in range(PARTITIONS) if int(stored.get(f"{decisions}-{n}".encode(), 0)))
        admin = AdminClient(installation.librdkafka())
        for answer in admin.delete_records([TopicPartition(decisions, own, 4)]).values():
            answer.result(PATIENCE)
        start_feeder(installation)
        wait_until_fed(installation)
        assert told(installation, "anna") == ["Said of e0.", "Said of e2."]
        assert "are no longer kept; going on from there" in caplog.text


class TestCaughtUp:
    def test_false_without_a_feeder_and_true_when_there_is_nothing(
        self, installation: Settings, writer: Writer
    ) -> None:
        assert caught_up(installation, PATIENCE)
        with writer.transaction():
            writer.state("anna", 1)
        assert not caught_up(installation, 0.2)

    def test_says_where_redis_should_be(self, installation: Settings) -> None:
        assert caught_up(installation, PATIENCE)
        away = installation.model_copy(update={"redis_url": "redis://user:secret@127.0.0.1:1/0"})
        with pytest.raises(RedisUnreachable, match=r"redis://\*\*\*@127\.0\.0\.1:1/0") as caught:
            caught_up(away, 0.2)
        assert "secret" not in str(caught.value)
        assert "MEMBERSHIPS_REDIS_URL" in caught.value.hint


@pytest.fixture(autouse=True)
def _logs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "views")
