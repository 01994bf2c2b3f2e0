"""stdout is data, stderr is talk; errors say what to do; --help is quick."""

import re
import socketserver
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from audit import CheckpointError
from audit.report import Check, Checkpoint, Report
from cli import commands, main
from cli.errors import ExitCode
from cli.main import app, execute
from views.errors import without_login

NOBODY = "127.0.0.1:1"
CLI = Path(main.__file__).parent


def all_commands() -> list[str]:
    found = []
    for name, command in get_command(app).commands.items():
        names = [f"{name} {sub}" for sub in command.commands] if isinstance(command, TyperGroup) else [name]
        found += names
    return found


@pytest.fixture
def nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMBERSHIPS_BOOTSTRAP_SERVERS", NOBODY)
    monkeypatch.setenv("MEMBERSHIPS_REDIS_URL", f"redis://user:secret@{NOBODY}/0")
    monkeypatch.setattr("cli.wire.CONNECT_S", 0.5)


def problem(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, str]]:
    code = execute([*arguments, "--json"])
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    return code, orjson.loads(out)


class TestHelp:
    @pytest.mark.parametrize("command", all_commands())
    def test_of_each_command_has_examples_and_json(self, command: str, capsys: pytest.CaptureFixture[str]) -> None:
        assert execute([*command.split(), "--help"]) == ExitCode.DONE
        text = capsys.readouterr().out
        assert f"  $ memberships {command}" in text or f"memberships {command}" in text.split("Examples:")[1]
        assert "--json" in text

    @pytest.mark.parametrize("command", ["", "publish", "topics apply", "demo", "dlq redrive"])
    def test_loads_nothing_heavy(self, command: str) -> None:
        heavy = "pydantic confluent_kafka kafka faust redis orjson models agents driver views audit bench local.kafka"
        code = (
            "import sys; from cli.main import execute; "
            f"assert execute({[*command.split(), '--help']!r}) == 0; "
            f"loaded = [name for name in {heavy.split()!r} if name in sys.modules]; assert not loaded, loaded"
        )
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=CLI.parent)

    def test_is_the_same_as_the_library_s_own(self) -> None:
        result = CliRunner().invoke(app, ["publish", "--help"])

        assert result.exit_code == 0
        assert "memberships publish events.jsonl" in result.output

    def test_nothing_asked_is_wrong_use_and_shows_the_commands(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert execute([]) == ExitCode.WRONG_USE
        assert "publish" in capsys.readouterr().err


class TestErrors:
    def test_wrong_use_is_told_on_stderr(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert execute(["publish"]) == ExitCode.WRONG_USE
        captured = capsys.readouterr()
        assert captured.out == ""
        assert "Missing argument" in captured.err

    def test_wrong_use_as_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, body = problem(capsys, "publsh")

        assert code == ExitCode.WRONG_USE
        assert set(body) == {"code", "message", "hint", "doc"}
        assert body["code"] == "usage"
        assert "publish" in body["message"]

    @pytest.mark.parametrize(
        "command",
        [
            ["topics", "check"],
            ["topics", "apply"],
            ["worker"],
            ["audit"],
            ["publish", "FILE"],
            ["whatif", "m-1", "FILE"],
            ["dlq", "list"],
        ],
    )
    @pytest.mark.usefixtures("nobody_there")
    def test_kafka_away_names_address_and_way_out(
        self, command: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        file = tmp_path / "events.jsonl"
        file.write_text('{"tick": "2026-03-01T12:00:00Z"}\n')

        code, body = problem(capsys, *(str(file) if word == "FILE" else word for word in command))

        assert (code, body["code"]) == (ExitCode.UNREACHABLE, "kafka_unreachable")
        assert NOBODY in body["message"]
        assert "memberships up" in body["hint"]

    @pytest.mark.parametrize("command", ["worker", "topics check"])
    def test_a_broker_that_refuses_us_is_not_called_away(
        self, command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Given a server that answers a TLS greeting with something else."""

        class NoTls(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                self.request.recv(65_536)
                self.request.sendall(b"not TLS")
                self.request.recv(65_536)  # closed with bytes unread it would be a lost connection, not an answer

        with socketserver.ThreadingTCPServer(("127.0.0.1", 0), NoTls) as server:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, daemon=True).start()
            monkeypatch.setenv("MEMBERSHIPS_BOOTSTRAP_SERVERS", f"127.0.0.1:{server.server_address[1]}")
            monkeypatch.setenv("MEMBERSHIPS_SECURITY_PROTOCOL", "SSL")
            code, body = problem(capsys, *command.split())
            server.shutdown()

        assert (code, body["code"]) == (ExitCode.WRONG_USE, "kafka_refused")
        assert "MEMBERSHIPS_SECURITY_PROTOCOL" in body["hint"]

    @pytest.mark.parametrize("command", ["member m-1", "why m-1", "rebuild", "rebuild --yes"])
    @pytest.mark.usefixtures("nobody_there")
    def test_redis_away_names_address_but_no_password(self, command: str, capsys: pytest.CaptureFixture[str]) -> None:
        code, body = problem(capsys, *command.split())

        assert (code, body["code"]) == (ExitCode.UNREACHABLE, "redis_unreachable")
        assert NOBODY in body["message"]
        assert "secret" not in str(body)

    def test_a_wrong_setting_is_named(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MEMBERSHIPS_CLOCK", "moon")

        code, body = problem(capsys, "topics", "check")

        assert (code, body["code"]) == (ExitCode.WRONG_USE, "bad_setting")
        assert "MEMBERSHIPS_CLOCK" in body["message"]

    @pytest.mark.parametrize(
        ("text", "says"), [("hold_days = -1", "hold_days"), ("no_such = 1", "no_such"), ("=", "line 1")]
    )
    def test_wrong_policies_are_named(
        self, text: str, says: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        file = tmp_path / "policies.toml"
        file.write_text(text)
        monkeypatch.setenv("MEMBERSHIPS_POLICIES", str(file))

        code, body = problem(capsys, "worker")

        assert (code, body["code"]) == (ExitCode.WRONG_USE, "bad_setting")
        assert "policies.toml" in body["message"]
        assert says in body["message"]

    def test_a_missing_file_is_wrong_use(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        code, body = problem(capsys, "publish", str(tmp_path / "nowhere.jsonl"))

        assert (code, body["code"]) == (ExitCode.WRONG_USE, "file")
        assert "nowhere.jsonl" in body["message"]

    def test_a_pipe_is_checked_to_its_end_before_anything_is_sent(self) -> None:
        good = '{"topic": "orders", "event": {"subject": "m"}}\n'
        command = [sys.executable, "-m", "cli", "publish", "-", "--json"]
        done = subprocess.run(
            command, input=(good * 3 + "{\n").encode(), capture_output=True, cwd=CLI.parent, check=False
        )

        assert done.returncode == ExitCode.WRONG_USE
        assert orjson.loads(done.stdout)["message"].startswith("line 4: not JSON")

    def test_another_file_than_online_retail_is_wrong_use(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        file = tmp_path / "other.csv"
        file.write_text("a,b\n1,2\n")

        code, body = problem(capsys, "import", "online-retail", str(file))

        assert (code, body["code"]) == (ExitCode.WRONG_USE, "not_online_retail")
        assert "other.csv" in body["message"]

    def test_what_nobody_foresaw_is_a_bug_with_a_traceback(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(_settings: object) -> None:
            raise ZeroDivisionError("seventeen")

        monkeypatch.setattr("agents.run.run_worker", broken)
        monkeypatch.setattr("cli.wire.demand_broker", lambda _settings: None)
        code = execute(["worker", "--json"])
        captured = capsys.readouterr()

        assert code == ExitCode.BUG
        assert orjson.loads(captured.out)["code"] == "internal_error"
        assert "Traceback" in captured.err
        assert "seventeen" in captured.err

    def test_data_that_looks_like_markup_is_shown_as_it_is(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        file = tmp_path / "[bold]x["
        execute(["publish", str(file)])

        assert "[bold]x[" in capsys.readouterr().err

    def test_every_code_has_its_section_in_the_guide(self) -> None:
        source = "".join(path.read_text() for path in CLI.rglob("*.py"))
        call = r'(?:check_failed|wrong_use|CommandError|Problem|_refused)\(\s*"([a-z_]+)"'
        codes = set(re.findall(call, source))
        headings = set(re.findall(r"^### (\w+)$", (CLI / "README.md").read_text(), re.MULTILINE))

        assert len(codes) > 10
        assert codes == headings

    def test_passwords_are_masked(self) -> None:
        assert without_login("redis://user:secret@host:1/0") == "redis://***@host:1/0"
        assert without_login("redis://host:1/0") == "redis://host:1/0"
        asked = "rediss://host:1/0?ssl_ca_certs=/etc/ca.pem&password=secret&ssl_password=secret"
        assert without_login(asked) == "rediss://host:1/0?ssl_ca_certs=/etc/ca.pem&password=***&ssl_password=***"


class TestOutput:
    def test_without_a_terminal_there_is_no_escape_code(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert execute(["config", "show"]) == ExitCode.DONE
        captured = capsys.readouterr()
        assert "MEMBERSHIPS_REDIS_URL" in captured.out
        assert "\x1b" not in captured.out + captured.err

    def test_no_color_is_honoured_on_a_terminal(self) -> None:
        code = (
            "import os, pty, sys; os.environ.update(TERM='xterm-256color', **({'NO_COLOR': '1'} if sys.argv[1:] else {})); "
            "pty.spawn([sys.executable, '-m', 'cli', 'publish', '/nowhere'])"
        )

        def shown(*no_color: str) -> str:
            done = subprocess.run(
                [sys.executable, "-c", code, *no_color], check=True, capture_output=True, cwd=CLI.parent, text=True
            )
            return done.stdout

        plain = shown("no colour")
        assert "error:" in plain
        assert "\x1b[1;31m" not in plain
        assert "\x1b[1;31m" in shown()

    def test_config_masks_secrets_and_tells_origins(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MEMBERSHIPS_SASL_PASSWORD", "open-sesame")
        monkeypatch.setenv("MEMBERSHIPS_REDIS_URL", "redis://user:open-sesame@host/0")
        assert execute(["config", "show", "--json"]) == ExitCode.DONE
        out = capsys.readouterr().out
        rows = {row["variable"]: row for row in orjson.loads(out)["settings"]}

        assert "open-sesame" not in out
        assert rows["MEMBERSHIPS_SASL_PASSWORD"]["origin"] == "environment"
        assert rows["MEMBERSHIPS_CLOCK"]["origin"] == "default"

    def test_up_prints_one_json_line_and_nothing_else(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        from local import services

        asked = []

        def up(*arguments: object) -> services.Addresses:
            asked.append(arguments)
            return services.Addresses("127.0.0.1:9", "redis://127.0.0.1:8/0", tmp_path, ())

        monkeypatch.setattr(services, "up", up)
        assert execute(["up", "--data", str(tmp_path), "--kafka-port", "9"]) == ExitCode.DONE

        assert asked == [(tmp_path, 9, None)]
        out, err = capsys.readouterr()
        assert "export MEMBERSHIPS_BOOTSTRAP_SERVERS=127.0.0.1:9 MEMBERSHIPS_REDIS_URL=redis://127.0.0.1:8/0" in err
        assert orjson.loads(out) == {
            "bootstrap_servers": "127.0.0.1:9",
            "redis_url": "redis://127.0.0.1:8/0",
            "data": str(tmp_path),
        }

    def test_audit_tells_what_it_took_as_given(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        believed = {"decisions made under another version of the rules": 1_200, "rules that failed [in a way]": 1}
        check = Check(name="tables", proves="?", state="clean", compared=5, found=0, differences=())

        def shown(taken_as_given: dict[str, int]) -> list[str]:
            report = Report(checks=(check,), covered={"orders": 7}, taken_as_given=taken_as_given, seconds=0.1)
            monkeypatch.setattr("audit.run", lambda *_, **__: report)
            assert execute(["audit"]) == ExitCode.DONE
            return capsys.readouterr().out.splitlines()

        monkeypatch.setattr("cli.wire.demand_broker", lambda _settings: None)
        assert shown(believed)[-1] == (
            "taken as given, not recomputed: 1,200 decisions made under another version of the rules; "
            "1 rules that failed [in a way]"
        )
        assert "taken as given" not in "".join(shown({}))

    def test_audit_tells_with_which_checkpoint_it_began_and_which_it_saved(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """given --from and --save, then the directories are handed on, and both are named; saved is only what is clean."""
        made_at = datetime(2026, 3, 2, 18, 5, tzinfo=UTC)
        one = Checkpoint(
            digest="ab" * 32, made_at=made_at, rules_version="7", handled=1_200, offsets={"orders": (5, 0)}
        )
        two = one.model_copy(update={"digest": "cd" * 32, "handled": 1_300, "began_from": one.digest})
        asked = []

        def shown(*options: str, saved: Checkpoint | None, differences: tuple[str, ...] = ()) -> tuple[int, str, str]:
            check = Check(
                name="ids",
                proves="?",
                compared=5,
                state="differs" if differences else "clean",
                found=0,
                differences=differences,
            )
            report = Report(checks=(check,), covered={}, taken_as_given={}, seconds=0.1, began_from=one, saved=saved)
            monkeypatch.setattr("audit.run", lambda *_, **given: asked.append(given) or report)
            code = execute(["audit", "--from", str(tmp_path), "--save", str(tmp_path / "new"), *options])
            captured = capsys.readouterr()
            return code, captured.out, captured.err

        monkeypatch.setattr("cli.wire.demand_broker", lambda _settings: None)
        code, out, _ = shown(saved=two)
        assert (code, asked) == (ExitCode.DONE, [{"begin": tmp_path, "save": tmp_path / "new"}])
        assert out.splitlines()[-2:] == [
            "began from the checkpoint abababababababab of 2026-03-02 18:05 UTC, rules 7, after 1,200 handled records; "
            "what lies before was verified then",
            "saved: checkpoint cdcdcdcdcdcdcdcd of 2026-03-02 18:05 UTC, rules 7, after 1,300 handled records",
        ]
        code, out, _ = shown("--json", saved=two)
        assert orjson.loads(out)["saved"]["began_from"] == orjson.loads(out)["began_from"]["digest"]
        assert orjson.loads(out)["began_from"]["offsets"] == {"orders": [5, 0]}
        code, out, err = shown(saved=None, differences=("one thing",))
        assert code == ExitCode.CHECK_FAILED
        assert "saved:" not in out
        assert err.splitlines()[-2:] == [
            f"no checkpoint was saved to {tmp_path / 'new'}: the audit is not clean",
            "first difference: one thing",
        ]

    def test_a_checkpoint_that_cannot_be_begun_with_is_wrong_use(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object, **__: object) -> None:
            raise CheckpointError("the checkpoint in x was changed", "begin with another")

        monkeypatch.setattr("cli.wire.demand_broker", lambda _settings: None)
        monkeypatch.setattr("audit.run", refuse)
        code, body = problem(capsys, "audit", "--from", "x")
        assert (code, body["code"], body["hint"]) == (ExitCode.WRONG_USE, "checkpoint", "begin with another")

    def test_audit_names_where_history_departs(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        check = Check(name="tables", proves="?", state="differs", compared=5, found=1, differences=("x",))
        report = Report(checks=(check,), covered={}, taken_as_given={}, seconds=0.1, first_offset="orders[1]@3")
        monkeypatch.setattr("audit.run", lambda *_, **__: report)
        monkeypatch.setattr("cli.wire.demand_broker", lambda _settings: None)
        execute(["audit"])
        assert capsys.readouterr().out.splitlines()[-1] == "history departs at orders[1]@3, as far as that can be told"
        execute(["audit", "--json"])
        assert orjson.loads(capsys.readouterr().out)["first_offset"] == "orders[1]@3"

    def test_contract_export_lists_what_it_wrote(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        assert execute(["contract", "export", str(tmp_path / "contract"), "--json"]) == ExitCode.DONE
        files = [Path(name) for name in orjson.loads(capsys.readouterr().out)["files"]]

        assert files
        assert all(file.exists() for file in files)

    def test_import_to_a_file_is_what_publish_reads(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        data, out = tmp_path / "data.csv", tmp_path / "events.jsonl"
        data.write_text(
            "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,CustomerID\n"
            "1,10001,2,2011-01-05T09:00,1.50,7\nC2,10001,-1,2011-01-06T09:00,1.50,7\n"
        )
        assert execute(["import", "online-retail", str(data), "--out", str(out), "--json"]) == ExitCode.DONE
        body = orjson.loads(capsys.readouterr().out)

        from cli import lines

        with out.open("rb") as file:
            assert lines.check(file, ("memberships", "orders", "returns")) == body["written"] == 3
        assert body["mapping"]["returned"] == 1


def test_each_module_of_commands_is_registered() -> None:
    modules = {path.stem for path in Path(commands.__file__).parent.glob("*.py")} - {"__init__"}

    assert modules == {part.__name__.rpartition(".")[2] for part in main.PARTS}
