"""Every event type: its example is read; a missing, an unknown and a wrongly typed field are refused by name; each
limit is tried just inside and just outside. The limits are taken from the published schema, so that what is published
is what is enforced."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from models.schema import schemas
from tests.contract.samples import EVENT_TYPES, EXAMPLES, accepted, example, order, refused

SCHEMAS = schemas()
Path = tuple[str | int, ...]


def at(document: Any, path: Path) -> Any:
    for step in path:
        document = document[step]
    return document


def replaced(document: Any, path: Path, value: Any) -> Any:
    document = deepcopy(document)
    at(document, path[:-1])[path[-1]] = value
    return document


def without(document: Any, path: Path) -> Any:
    document = deepcopy(document)
    del at(document, path[:-1])[path[-1]]
    return document


def dotted(path: Path) -> str:
    return ".".join(map(str, path))


def walk(name: str) -> Iterator[tuple[Path, dict[str, Any], bool]]:
    """Every field of a type's example with its schema, and whether it is required."""
    root = SCHEMAS[name]
    waiting: list[tuple[Path, dict[str, Any], bool]] = [((), root, True)]
    while waiting:
        path, schema, required = waiting.pop()
        if "$ref" in schema:
            schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
        if "anyOf" in schema:
            schema = next(option for option in schema["anyOf"] if option.get("type") != "null")
            if "$ref" in schema:
                schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
        yield path, schema, required
        value = at(EXAMPLES[name], path)
        for field, inner in schema.get("properties", {}).items():
            if field in value:
                waiting.append(((*path, field), inner, field in schema.get("required", ())))
        if "items" in schema and value:
            waiting.append(((*path, 0), schema["items"], True))


FIELDS = {name: [field for field in walk(name) if field[0]] for name in EVENT_TYPES}


def test_there_is_an_example_of_every_field() -> None:
    missing = [
        (name, path, field)
        for name in EVENT_TYPES
        for path, schema, _ in walk(name)
        for field in schema.get("properties", {})
        if field not in at(EXAMPLES[name], path)
    ]

    assert missing == []


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_example_is_read(name: str) -> None:
    event = accepted(example(name))

    assert (event.type, event.data.TYPE) == (name, name)


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_missing_field(name: str) -> None:
    for path, _, required in FIELDS[name]:
        if isinstance(path[-1], int):
            continue  # a place in a list, not a field
        event = without(example(name), path)
        if required:
            assert refused(event).error == f"{dotted(path)}: required, found nothing"
        else:
            assert accepted(event) == accepted(replaced(example(name), path, None)), "absent and null are the same"


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_wrong_type(name: str) -> None:
    for path, schema, required in FIELDS[name]:
        wrong: list[Any] = [1.5, {"x": 1}, [[]]] + ([None] if required else [])
        wrong += {"string": [7, True], "integer": ["7", True, 7.0], "boolean": ["true", 1, 0]}.get(
            schema["type"], ["x"]
        )
        for value in wrong:
            found = refused(replaced(example(name), path, value))
            assert found.reason in ("invalid", "unknown_type")
            assert found.error.startswith((dotted(path), "type:")), (value, found)


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_unknown_field(name: str) -> None:
    closed = [path for path, schema, _ in FIELDS[name] if schema.get("additionalProperties") is False]
    assert ("data",) in closed
    for path in closed:
        found = refused(replaced(example(name), (*path, "colour"), "red"))
        assert (found.reason, found.error) == ("invalid", f"{dotted(path)}.colour: no such field in this event type")


def test_unknown_envelope_attributes_are_extensions() -> None:
    assert accepted(example("order.shipped.v1") | {"traceparent": "00-1-2-01", "n": 1}).type == "order.shipped.v1"


# A pattern -> strings just inside and just outside of it.
MONEY = r"^[0-9]{1,7}\.[0-9]{2}$"
PATTERNS: dict[str, tuple[list[str], list[str]]] = {
    MONEY: (
        ["0.00", "0.01", "9999999.99"],
        ["10000000.00", "-0.01", "1.0", "1.000", "1", ".50", "1,00", "+1.00", " 1.00", "1.00\n", "1e2", "NaN", "١.٠٠"],
    ),
    r"^[A-Z]{2}$": (["AL", "ZZ"], ["A", "ALA", "al", "A1", "ÅL", "AL\n", ""]),
    r"^[0-9a-f]{64}$": (["0" * 64], ["0" * 63, "0" * 65, "G" * 64, "A" * 64]),
    r"^20[0-9]{2}-(0[1-9]|1[0-2])$": (["2026-01", "2099-12"], ["2026-13", "2026-00", "1999-12", "2026-1", "26-01"]),
}
INSTANTS = (
    ["2000-01-01T00:00:00Z", "2099-12-31T23:59:59.999999+14:00", "2026-02-28T23:59:59.123456789-00:00"],
    [
        "2026-03-14T09:26:53",
        "2026-03-14 09:26:53Z",
        "2026-03-14T09:26Z",
        "2026-03-14",
        "1773480413",
        "1999-12-31T23:59:59Z",
        "2100-01-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-03-14T24:00:00Z",
        "2026-03-14T09:26:60Z",
        "2026-03-14T09:26:53+24:00",
        "2026-03-14T09:26:53+0700",
        "2026-W11-6T09:26:53Z",
    ],
)
DATES = (
    ["1900-01-01", "2024-02-29", "2099-12-31"],
    [
        "1899-12-31",
        "2100-01-01",
        "2026-02-29",
        "2026-2-1",
        "20260201",
        "2026-02-01T00:00:00Z",
        "1770000000",
        "2026-W05-1",
    ],
)
IDS = (
    ["x", "日本", "a|b%c", "<script>", "two words"],
    ["", " x", "x ", "a\tb", "a\nb", "\x00", "\x7f", "\x85", "a\u2028b"],
)
TEXTS = (["", "two\nlines\tand a tab", "<b>&\"'"], ["\x00", "\x1b[31m", "\x7f", "\x9b"])


def edges(schema: dict[str, Any]) -> tuple[list[Any], list[Any]]:
    """Values just inside and just outside of one field's limits."""
    inside: list[Any] = []
    outside: list[Any] = []
    if "enum" in schema:
        inside, outside = list(schema["enum"]), [schema["enum"][0].upper(), ""]
    elif "const" in schema:
        outside = [schema["const"] + "0"]
    elif "minimum" in schema:
        inside = [schema["minimum"], schema["maximum"]]
        outside = [schema["minimum"] - 1, schema["maximum"] + 1, 10**18]
    elif schema.get("format") == "date-time":
        inside, outside = INSTANTS
    elif schema.get("format") == "date":
        inside, outside = DATES
    elif schema.get("pattern") in PATTERNS:
        inside, outside = PATTERNS[schema["pattern"]]
    elif "maxLength" in schema and "application/json" not in schema["pattern"]:
        few, many = (IDS if schema.get("minLength") and "\\s" in schema["pattern"] else TEXTS), schema["maxLength"]
        inside, outside = [*few[0][1:], "é" * many], [*few[1], "é" * (many + 1)]
    return inside, outside


# Shapes that look at two fields at once refuse some values that each alone would be fine: tested one by one below.
TOGETHER = {
    ("data", "lines", 0, "quantity"),
    ("data", "lines", 0, "unit_price"),
    ("data", "lines", 0, "discount"),
    ("data", "points_redeemed"),
    ("data", "email_hash"),
    ("subject",),
}


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_limits(name: str) -> None:
    for path, schema, _ in FIELDS[name]:
        inside, outside = edges(schema)
        for value in outside:
            found = refused(replaced(example(name), path, value))
            assert found.error.startswith((dotted(path), "type:")), (value, found)
        for value in inside if path not in TOGETHER else ():
            accepted(replaced(example(name), path, value))


LISTS = [
    ("order.placed.v1", ("data", "complimentary_items"), {"description": "x", "value": "0.00"}, None, 0, 200),
    (
        "order.placed.v1",
        ("data", "lines"),
        {**order({})["data"]["lines"][0], "unit_price": "0.01"},
        "line_id",
        1,
        2_000,
    ),
    ("return.completed.v1", ("data", "lines"), {"quantity": 1}, "line_id", 1, 2_000),
    ("pro.applied.v1", ("data", "bodies"), {"model": "x", "serial": "y"}, None, 0, 200),
    ("pro.applied.v1", ("data", "lenses"), {"model": "x", "serial": "y"}, None, 0, 200),
    ("member.erasure_requested.v1", ("data", "purchases"), "care-1", None, 0, 100),
    ("cleaning.booked.v1", ("data", "products"), {"kind": "body"}, "serial", 1, 200),
]


@pytest.mark.parametrize(("name", "path", "entry", "unique", "least", "most"), LISTS)
def test_list_lengths(name: str, path: Path, entry: dict[str, Any], unique: str | None, least: int, most: int) -> None:
    def sized(size: int) -> Any:
        entries = [entry | {unique: str(n)} if unique else entry for n in range(size)]
        return replaced(example(name), path, entries)

    accepted(sized(least))
    accepted(sized(most))
    assert f"at most {most} entries" in refused(sized(most + 1)).error
    if least:
        assert f"at least {least} entries" in refused(sized(least - 1)).error


def test_every_limited_list_is_in_the_table() -> None:
    listed = {(name, path) for name, path, *_ in LISTS}

    limited = {(name, path) for name in FIELDS for path, schema, _ in FIELDS[name] if schema["type"] == "array"}

    assert limited - listed == {("order.placed.v1", ("data", "lines", 0, "serial_numbers"))}  # tested with quantities


def test_checklist_lengths() -> None:
    def sized(serials: int, items: int) -> Any:
        checklist = {f"S-{n}": [f"item {i}" for i in range(items)] for n in range(serials)}
        return replaced(example("cleaning.done.v1"), ("data", "checklist"), checklist)

    accepted(sized(200, 1))
    accepted(sized(1, 200))
    refused(sized(201, 1))
    refused(sized(1, 201))


# What makes no sense although each field alone does.


def test_order_lists_a_line_once() -> None:
    accepted(order({"line_id": "1"}, {"line_id": "2"}))

    assert (
        refused(order({"line_id": "1"}, {"line_id": "1"})).error
        == "data.lines.line_id: expected each line_id once in an order"
    )


def test_discount_is_at_most_the_price_of_the_line() -> None:
    accepted(order({}, {"quantity": 3, "unit_price": "9.99", "discount": "29.97"}))

    found = refused(order({}, {"quantity": 3, "unit_price": "9.99", "discount": "29.98"}))

    assert found.error == "data.lines.1.discount: expected at most unit_price x quantity"


def test_order_total_fits_the_money_type() -> None:
    accepted(order({"quantity": 100_000, "unit_price": "99.99"}, {"unit_price": "999.99"}, {"unit_price": "0.00"}))
    accepted(order({"unit_price": "9999999.99"}))

    assert (
        "data.lines: expected prices of at most 9999999.99"
        in refused(order({"unit_price": "9999999.99"}, {"unit_price": "0.01"})).error
    )


def test_serial_numbers_are_distinct_and_at_most_one_per_piece() -> None:
    accepted(order({"quantity": 1_000, "serial_numbers": [str(n) for n in range(1_000)]}))
    accepted(order({"quantity": 2, "serial_numbers": []}))

    assert "at most one per piece" in refused(order({"quantity": 1, "serial_numbers": ["a", "b"]})).error
    assert "each serial number once" in refused(order({"quantity": 2, "serial_numbers": ["a", "a"]})).error
    assert (
        "at most 1000 entries"
        in refused(order({"quantity": 2_000, "serial_numbers": [str(n) for n in range(1_001)]})).error
    )


def test_a_claimed_reservation_redeems_something() -> None:
    accepted(order({}, reservation_id="r", points_redeemed=1))

    assert refused(order({}, reservation_id="r", points_redeemed=0)).error.startswith("data.points_redeemed: ")


def test_return_lists_a_line_once() -> None:
    event = example("return.completed.v1")
    event["data"]["lines"] = [{"line_id": "1", "quantity": 1}, {"line_id": "1", "quantity": 1}]

    assert refused(event).error == "data.lines.line_id: expected each line_id once in a return"


def test_visit_lists_a_product_once() -> None:
    event = example("cleaning.booked.v1")
    event["data"]["products"] = [{"serial": "1", "kind": "body"}, {"serial": "1", "kind": "body"}]

    assert refused(event).error.startswith("data.products.serial: ")


def test_checklist_lists_an_item_once() -> None:
    event = replaced(example("cleaning.done.v1"), ("data", "checklist", "S-1001"), ["sensor", "sensor"])

    assert refused(event).error.startswith("data.checklist.S-1001")


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_subject_star_is_for_force_majeure_alone(name: str) -> None:
    for_everybody = name.startswith("force_majeure.")

    (accepted if for_everybody else refused)(example(name) | {"subject": "*"})
    (refused if for_everybody else accepted)(example(name) | {"subject": "member-2"})


def test_guest_subject_is_of_the_email_bought_with() -> None:
    event = example("care.purchased.v1")
    accepted(event | {"subject": "member-1"})

    assert refused(event | {"subject": "guest:" + "0" * 64}).error.startswith("subject: ")
