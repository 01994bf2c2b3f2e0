"""A sample can be sent to anybody: nothing personal, nothing that steers a terminal or a page."""

import json
import string
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.producers.sample import ENTRIES, LENGTH, shape, shown_key, shown_text, shown_value

HASH = "0123456789abcdef" * 4


def _shown(body: Any) -> Any:
    return json.loads(shown_value(orjson.dumps(body)) or "")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"birth_date": "1990-05-05"}, {"birth_date": "####-##-##"}),
        ({"birth_date": 19900505}, {"birth_date": "########"}),
        ({"birth_date": {"year": 1990}}, {"birth_date": {"year": "####"}}),
        ({"email_hash": HASH}, {"email_hash": shape(HASH)}),
        ({"subject": f"guest:{HASH}"}, {"subject": "guest:########"}),
        ({"state": "1990-05-05"}, {"state": "####-##-##"}),
        ({"birthDate": "5/5/1990", "email": "ann@x.org"}, {"birthDate": "#/#/####", "email": "xxx@x.xxx"}),
        ({"description": "for Ann"}, {"description": "xxx xxx"}),
        ({"checklist": {"S1": ["Ann"]}}, {"checklist": {"S1": ["xxx"]}}),
        ({"ann@x.org": 1}, {"xxx@x.xxx": "#"}),
        ({"order_id": "o1", "points": 1.5, "on": "yes"}, {"order_id": "o1", "points": 1.5, "on": "yes"}),
        ({"time": "2026-03-02T12:00:00Z"}, {"time": "2026-03-02T12:00:00Z"}),
        ({"colour": None, "big": True}, {"colour": None, "big": True}),
        ([1, "a"], ["#", "x"]),
    ],
)
def test_what_is_shown_and_what_keeps_its_shape_alone(given: Any, expected: Any) -> None:
    assert _shown(given) == expected


@pytest.mark.parametrize(
    "raw",
    [
        b'{"birth_date": "1990-05-05", "order_id": "o1",',
        b"birth_date=1990-05-05&email=ann@x.org",
        b'\x00\x00\x00\x00\x05\x1bann 1990-05-05 "\xff',
        b"<event><born>1990-05-05</born>ann</event>",
    ],
)
def test_what_is_no_json_keeps_its_shape_and_the_contract_s_words(raw: bytes) -> None:
    text = json.loads(shown_value(raw) or "")
    assert not {"1990", "ann", "o1"} & set(text.replace('"', " ").split())
    assert "1990" not in text
    assert ("order_id" in text) == (b"order_id" in raw)


def test_long_ones_are_cut() -> None:
    assert len(_shown({"lines": list(range(1_000))})["lines"]) == ENTRIES + 1
    for raw in (b'"%s"' % (b"x" * 900_000), b"x" * 900_000, orjson.dumps({f"f{n}": n for n in range(10_000)})):
        assert len(shown_value(raw) or "") < 2 * LENGTH
    assert shown_value(b"[" * 900 + b"]" * 900)


def test_nothing_is_nothing() -> None:
    assert (shown_value(None), shown_key(None)) == (None, None)
    assert shown_key(f"guest:{HASH}".encode()) == '"guest:########"'


_JSON = st.recursive(
    st.text() | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(st.binary() | _JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_steer_nothing(raw: bytes) -> None:
    allowed = set(string.printable) - set("<>&\t\n\r\x0b\x0c")
    for text in (shown_value(raw), shown_key(raw), shown_text(raw.decode("utf-8", "replace"))):
        assert set(text or "") <= allowed
