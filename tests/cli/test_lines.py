"""A file for `publish` is checked to its last line before anything is sent."""

import io

import pytest

from cli.errors import CommandError, ExitCode
from cli.lines import Message, Tick, check, read

TOPICS = ("orders", "returns")
GOOD = b'{"topic": "orders", "event": {"subject": "m-1", "id": "e"}}\n'


def refused(text: bytes) -> CommandError:
    with pytest.raises(CommandError) as caught:
        check(io.BytesIO(text), TOPICS)
    return caught.value


def test_reads_events_and_ticks() -> None:
    file = io.BytesIO(GOOD + b'\n{"tick": "2026-03-01T12:00:00Z"}\n')

    assert list(read(file, TOPICS)) == [
        Message("orders", "m-1", b'{"subject":"m-1","id":"e"}'),
        Tick("2026-03-01T12:00:00Z"),
    ]


def test_counts_what_will_be_sent() -> None:
    assert check(io.BytesIO(GOOD * 3 + b"\n"), TOPICS) == 3


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"{not json", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "neither an event nor a tick"),
        (b'{"topic": "orders"}', "neither an event nor a tick"),
        (b'{"topic": "orders", "event": {"id": "e"}}', "no subject"),
        (b'{"topic": "orders", "event": {"subject": "m"}, "key": "x"}', "more than topic and event"),
        (b'{"tick": "2026-03-01T12:00:00"}', "not a time with a zone"),
        (b'{"tick": "soon"}', "not a time with a zone"),
    ],
)
def test_names_the_line_that_cannot_be_sent(line: bytes, why: str) -> None:
    problem = refused(GOOD * 2 + line + b"\n" + GOOD).problem

    assert problem.exit_code == ExitCode.WRONG_USE
    assert problem.message.startswith("line 3: ")
    assert why in problem.message
    assert "nothing was sent" in problem.message


def test_unknown_topic_lists_the_known_ones() -> None:
    problem = refused(b'{"topic": "order", "event": {"subject": "m"}}').problem

    assert problem.code == "unknown_topic"
    assert "line 1" in problem.message
    assert problem.hint == "input topics: orders, returns"


def test_the_clock_is_no_topic_to_publish_to() -> None:
    assert refused(b'{"topic": "clock", "event": {"subject": "m"}}').problem.code == "unknown_topic"
