"""What somebody meets who is new here, or has mistyped something: each is told in a sentence what to do."""

from importlib.metadata import version
from pathlib import Path

import orjson
import pytest
import redis
from typer.core import TyperGroup
from typer.main import get_command

from agents import topics
from agents.settings import Settings
from cli import tally
from cli.errors import ExitCode
from cli.main import app, execute
from local.kafka import Kafka
from views.keys import Keys
from views.store import Store

NOBODY = "127.0.0.1:1"
GROUPS = [[name] for name, command in get_command(app).commands.items() if isinstance(command, TyperGroup)]


def problem(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, str]]:
    code = execute([*arguments, "--json"])
    return code, orjson.loads(capsys.readouterr().out)


class TestHelp:
    @pytest.mark.parametrize("group", [[], *GROUPS], ids=str)
    def test_no_command_s_summary_is_cut_off(self, group: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        assert execute([*group, "--help"]) == ExitCode.DONE
        assert "..." not in capsys.readouterr().out.split("Commands:")[1]

    @pytest.mark.parametrize("command", [[], ["dlq"], ["publish"], ["dlq", "redrive"]], ids=str)
    def test_short_and_long_are_the_same(self, command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        texts = []
        for option in ("-h", "--help"):
            assert execute([*command, option]) == ExitCode.DONE
            texts.append(capsys.readouterr().out)
        assert texts[0].strip() == texts[1].strip()
        assert "-h, --help" in texts[0]

    def test_the_version_is_told(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert execute(["--version"]) == ExitCode.DONE
        assert capsys.readouterr().out.startswith(f"memberships {version('memberships')}, rules ")


class TestSettings:
    @pytest.mark.parametrize("url", ["cache:6379", "http://cache", "redis://cache:many/0", "redis://user:open-sesame"])
    def test_what_is_no_redis_url_is_named_and_not_repeated(
        self, url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MEMBERSHIPS_REDIS_URL", url)
        code, body = problem(capsys, "member", "anna")

        assert (code, body["code"]) == (ExitCode.WRONG_USE, "bad_setting")
        assert body["message"] == "MEMBERSHIPS_REDIS_URL: expected redis://HOST:PORT/NUMBER, rediss://... or unix://..."
        assert body["hint"] == "this setting: Redis-compatible server of the views, redis://127.0.0.1:6379/0 if unset"

    def test_a_wrong_setting_says_what_it_is_for(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MEMBERSHIPS_PARTITIONS", "many")
        _, body = problem(capsys, "config", "show")

        assert body["message"].startswith("MEMBERSHIPS_PARTITIONS: ")
        assert body["hint"] == "this setting: partitions of every input topic, 12 if unset"

    def test_a_missing_policies_file_is_a_wrong_setting(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("MEMBERSHIPS_POLICIES", str(tmp_path / "no.toml"))
        code, body = problem(capsys, "worker")

        assert (code, body["code"]) == (ExitCode.WRONG_USE, "bad_setting")
        assert body["message"] == f"MEMBERSHIPS_POLICIES: {tmp_path / 'no.toml'}: No such file or directory"

    def test_a_variable_that_means_nothing_is_named(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MEMBERSHIPS_BOOTSTRAP", "kafka:9092")
        assert execute(["config", "show", "--json"]) == ExitCode.DONE
        captured = capsys.readouterr()

        assert orjson.loads(captured.out)["unknown"] == ["MEMBERSHIPS_BOOTSTRAP"]
        assert "no such setting: MEMBERSHIPS_BOOTSTRAP" in captured.err

    def test_every_setting_has_its_meaning(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert execute(["config", "show", "--json"]) == ExitCode.DONE
        assert all(row["meaning"] for row in orjson.loads(capsys.readouterr().out)["settings"])


@pytest.mark.parametrize("command", [["views"], ["worker"], ["topics", "check"]], ids=str)
def test_without_a_broker_it_says_where_it_looked_and_what_happened(
    command: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEMBERSHIPS_BOOTSTRAP_SERVERS", NOBODY)
    code, body = problem(capsys, *command)

    assert (code, body["code"]) == (ExitCode.UNREACHABLE, "kafka_unreachable")
    assert body["message"].startswith(f"Kafka at {NOBODY} cannot be reached: ")
    assert "Connection refused" in body["message"]


def test_a_short_answer_has_its_title_on_one_line() -> None:
    counted = tally.Tally(sent=13, decided=13, ticks=3)
    shown = tally.table(counted.as_json(1.0))

    assert shown.min_width == len("13 of 13 events decided, 3 ticks")


@pytest.mark.broker
class TestUnknownMember:
    @pytest.mark.parametrize("command", [["member", "Anna"], ["why", "Anna"], ["why", "Anna", "order-1"]], ids=str)
    @pytest.mark.parametrize(
        ("lag", "hint"), [(None, "start `memberships views`"), ("12", "12 records to go"), ("0", "is the id right?")]
    )
    def test_is_told_with_how_far_the_views_are(
        self,
        command: list[str],
        lag: str | None,
        hint: str,
        redis_url: str,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv("MEMBERSHIPS_REDIS_URL", redis_url)
        if lag is not None:
            with redis.Redis.from_url(redis_url) as client:
                Store(client, Keys("", 1)).show_status({"generation": 1, "lag": lag, "records": 1, "starts": 1})
        code, body = problem(capsys, *command)

        assert (code, body["code"]) == (ExitCode.CHECK_FAILED, "unknown_member")
        assert hint in body["hint"]


@pytest.mark.broker
class TestTopics:
    @pytest.fixture
    def installation(self, broker: Kafka, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MEMBERSHIPS_BOOTSTRAP_SERVERS", broker.bootstrap_servers)
        monkeypatch.setenv("MEMBERSHIPS_TOPIC_PREFIX", prefix)
        monkeypatch.setenv("MEMBERSHIPS_PARTITIONS", "2")

    @pytest.mark.usefixtures("installation")
    def test_what_apply_does_not_change_is_said(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        count = len(topics.apply(Settings()))
        assert problem(capsys, "topics", "apply") == (ExitCode.DONE, {"changes": [], "problems": []})

        monkeypatch.setenv("MEMBERSHIPS_PARTITIONS", "3")
        code, body = problem(capsys, "topics", "apply")
        assert (code, body["changes"], len(body["problems"])) == (ExitCode.CHECK_FAILED, [], count)
        assert execute(["topics", "apply"]) == ExitCode.CHECK_FAILED
        assert "has 2 partitions, the settings say 3" in capsys.readouterr().out

    @pytest.mark.usefixtures("installation")
    def test_an_audit_without_topics_says_so(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, body = problem(capsys, "audit")

        assert (code, body["code"]) == (ExitCode.CHECK_FAILED, "audit_impossible")
        assert "memberships is missing (and " in body["message"]
        assert "memberships topics check" in body["hint"]
