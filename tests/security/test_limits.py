"""Limits of the inputs: what is just within one is an event, what is just beyond is refused, quickly, without quoting it."""

import time
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.catalogue import INPUT_BYTES
from models.envelope import Event, Unreadable, decode
from models.values import ID_LENGTH, LINES, MONEY_MAX, POINTS_MAX, QUANTITY_MAX
from tests.contract.samples import PARTITIONS, STRUCTURED, accepted, example, order, place, refused


def raw(value: bytes, headers: Any = STRUCTURED) -> Any:
    topic, partition, key = place(example("order.placed.v1"))
    return decode(topic, partition, PARTITIONS, key, value, headers)


def test_the_size_of_a_record() -> None:
    value = orjson.dumps(order({}))
    assert isinstance(raw(value + b" " * (INPUT_BYTES - len(value))), Event)
    assert raw(value + b" " * (INPUT_BYTES - len(value) + 1)).reason == "too_large"


@pytest.mark.parametrize(
    ("most", "make"),
    [
        (LINES, lambda n: order(*[{}] * n)),
        (ID_LENGTH, lambda n: order({"line_id": "x" * n})),
        (QUANTITY_MAX, lambda n: order({"unit_price": "0.01", "quantity": n})),
    ],
    ids=["lines", "id", "quantity"],
)
def test_lengths_and_counts(most: int, make: Any) -> None:
    accepted(make(most))
    assert refused(make(most + 1)).reason == "invalid"


@given(st.integers(-(10**30), 10**30))
def test_points_stay_within_their_range(points: int) -> None:
    event = example("points.adjusted.v1")
    event["data"]["points"] = 0
    text = orjson.dumps(event).replace(b'"points":0', b'"points":%d' % points)
    topic, partition, key = place(event)
    found = decode(topic, partition, PARTITIONS, key, text, STRUCTURED)
    if isinstance(found, Event):
        assert abs(found.data.points) <= POINTS_MAX
    else:
        assert isinstance(found, Unreadable)
        assert str(points) not in found.error or abs(points) < 10


@pytest.mark.parametrize(
    "price",
    [
        "9999999.99",
        "10000000.00",
        "-0.01",
        "1",
        "1.0",
        "1.000",
        "1e3",
        "NaN",
        "Infinity",
        " 1.00",
        "1.00\n",
        "٣.٠٠",
        "0x1.00",
    ],
)
def test_money_has_one_form(price: str) -> None:
    found = raw(orjson.dumps(order({"unit_price": price})))
    if price == "9999999.99":
        assert isinstance(found, Event)
        assert found.data.lines[0].unit_price == MONEY_MAX
    else:
        assert found.reason == "invalid"


@pytest.mark.parametrize(
    "number", [b"NaN", b"Infinity", b"1e999999999", b"1.0", b"9" * 5_000, b"true", b'"1"', b"-1", b"0"]
)
def test_a_number_is_a_number(number: bytes) -> None:
    value = orjson.dumps(order({"quantity": 777})).replace(b"777", number)
    assert raw(value).reason in ("invalid", "not_json")


@pytest.mark.parametrize("text", [rb"\ud800", rb"\udfff", rb"\ud800\u0041", b"\xed\xa0\x80"])
def test_half_a_surrogate_pair_is_no_text(text: bytes) -> None:
    value = orjson.dumps(order({"sku": "SKU"})).replace(b"SKU", text)
    assert raw(value).reason in ("not_json", "not_utf8")


@pytest.mark.parametrize("depth", [250, 1_000, 100_000, 500_000])
@pytest.mark.parametrize("mode", ["structured", "binary"])
def test_depth(depth: int, mode: str) -> None:
    headers = STRUCTURED if mode == "structured" else [("content-type", b"application/json"), ("ce_id", b"1")]
    assert raw(b"[" * depth + b"]" * depth, headers).reason == "not_json"


def test_of_a_name_that_is_there_twice_the_last_counts_in_both_modes() -> None:
    event = order({})
    data = orjson.dumps(event["data"])
    twice = b'{"order_id":"first",' + data[1:].replace(
        b'"order_id":"%s"' % event["data"]["order_id"].encode(), b'"order_id":"last"'
    )
    structured = raw(orjson.dumps(event | {"data": 0}).replace(b'"data":0', b'"data":' + twice))
    attributes = [
        (f"ce_{name}", str(event[name]).encode()) for name in event if name not in ("data", "datacontenttype")
    ]
    binary = raw(twice, [("content-type", b"application/json"), *attributes])
    assert structured.data.order_id == binary.data.order_id == "last"


@pytest.mark.parametrize(
    "value",
    [b'{},"subject":"another"', b'{}}{"a":1', b"{}//", b'{"a":1}\x00', b"{} {}", b'1,"type":"points.joined.v1"'],
)
def test_a_body_cannot_end_its_envelope(value: bytes) -> None:
    headers = [("content-type", b"application/json"), ("ce_type", b"order.placed.v1"), ("ce_id", b"1")]
    assert raw(value, headers).reason == "not_json"


@pytest.mark.parametrize(
    "value",
    [
        orjson.dumps(order({}))[:-2] + b"".join(b',"%x":0' % n for n in range(80_000)) + b"}}",
        b"[" + b"{}," * 340_000 + b"{}]",
        b'{"data":' + b"9" * 1_000_000 + b"}",
        b'{"type":"' + b"\\u00e9" * 170_000 + b'"}',
    ],
    ids=["unknown fields", "empty objects", "digits", "escapes"],
)
def test_the_largest_records_are_answered_soon(value: bytes) -> None:
    began = time.monotonic()
    assert isinstance(raw(value), Unreadable)
    assert time.monotonic() - began < 10
