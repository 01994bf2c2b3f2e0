"""Birth dates and other people's words are in no decision, notice, entry, request, traceback or log."""

import json
from datetime import date
from itertools import islice

import orjson
import pytest

from agents.logs import configure_logs
from cli.lines import Tick, as_message
from cli.publisher import Publisher
from models.catalogue import OUTPUTS
from models.outputs.dead_letters import traceback_of
from samples.generated.month import month
from tests.system.memory import Installation, MemoryWire

BIRTH_DATE = "1987-06-05"
LINES = 1_500


def test_no_output_has_a_birth_date() -> None:
    lines = list(islice(month(), LINES))
    births = {
        line["event"]["data"]["birth_date"] for line in lines if "birth_date" in line.get("event", {}).get("data", {})
    }
    assert len(births) > 4
    installation = Installation(4)
    Publisher(MemoryWire(installation)).publish(
        [Tick(line["tick"]) if "tick" in line else as_message(line) for line in lines]
    )
    checked = 0
    for topic in OUTPUTS:
        if topic.role == "dead-letters":  # the record as it came; its headers are ours
            texts = [json.dumps([str(value) for _, value in r.headers]) for r in installation.read(topic.role)]
        else:
            texts = [(r.value or b"").decode() for r in installation.read(topic.role)]
        checked += len(texts)
        assert not [text for text in texts if any(birth in text for birth in births)]
    assert checked > LINES


def _by_key() -> None:
    {}[BIRTH_DATE]  # type: ignore[index]


def _by_reading() -> None:
    date.fromisoformat(f"{BIRTH_DATE}x")


def _by_json() -> None:
    orjson.loads(f'"{BIRTH_DATE}')


def _in_a_chain() -> None:
    try:
        _by_key()
    except KeyError as error:
        raise ValueError("the reason is ours") from error


@pytest.mark.parametrize("fail", [_by_key, _by_reading, _by_json, _in_a_chain])
def test_a_traceback_quotes_nothing_it_stumbled_over(fail: object, capsys: pytest.CaptureFixture[str]) -> None:
    import logging

    before = logging.getLogger().handlers
    try:
        fail()  # type: ignore[operator]
    except Exception as error:
        told = traceback_of(error)
        configure_logs()
        logging.getLogger("rules").error("a rule failed", exc_info=error)
    finally:
        logging.getLogger().handlers = before
    logged = capsys.readouterr().err
    for text in (told, logged):
        assert fail.__name__ in text  # type: ignore[attr-defined]
        assert BIRTH_DATE not in text
    assert ("the reason is ours" in told) == (fail is _in_a_chain)


def test_errors_that_cause_each_other_have_an_end() -> None:
    first, second = ValueError("first"), KeyError("second")
    first.__cause__, second.__cause__ = second, first
    assert traceback_of(first).splitlines()[-1] == "ValueError"
