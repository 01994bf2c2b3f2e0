"""A broker that is there and not ready yet is waited for, within a limit."""

from itertools import count

import pytest
from confluent_kafka import KafkaError, KafkaException

from agents.settings import Settings
from cli import wire
from cli.errors import CommandError, ExitCode
from tests.support.clock import Clock

LOADING = KafkaException(KafkaError(KafkaError.COORDINATOR_LOAD_IN_PROGRESS))


def test_the_first_real_answer_counts() -> None:
    asked = count()

    def ask() -> str:
        if next(asked) < 2:
            raise LOADING
        return "answer"

    assert wire.until_ready(Settings(), ask) == "answer"
    assert next(asked) == 3


def test_it_says_that_it_waits_and_gives_up_with_a_way_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(wire, "time", Clock())

    def ask() -> None:
        raise LOADING

    with pytest.raises(CommandError) as caught:
        wire.until_ready(Settings(bootstrap_servers="kafka:1"), ask)
    problem = caught.value.problem
    assert (problem.code, problem.exit_code) == ("kafka_not_ready", ExitCode.UNREACHABLE)
    assert "kafka:1" in problem.message
    assert "do the same again" in problem.hint
    assert capsys.readouterr().err.count("waiting for Kafka") == 1


def test_any_other_error_is_no_reason_to_wait() -> None:
    asked = count()

    def ask() -> None:
        next(asked)
        raise KafkaException(KafkaError(KafkaError.GROUP_AUTHORIZATION_FAILED))

    with pytest.raises(KafkaException, match="GROUP_AUTHORIZATION_FAILED"):
        wire.until_ready(Settings(), ask)
    assert next(asked) == 1
