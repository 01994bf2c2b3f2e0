"""The published contract: generated from the models, checked in, and no release breaks a message of an earlier one."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import orjson
import pytest

from models.events import PAYLOADS
from models.outputs import read
from models.schema import asyncapi, export
from tests.contract.compatibility import breaking
from tests.contract.samples import CONTRACT, EXAMPLES, accepted
from tests.contract.test_outputs import OUTPUTS

NEVER_WRITTEN = ("guest.account_opened.v1", "guest.care_claimed.v1")
"""Declared by 1.0.0 for our own use, before there was anything that wrote one: they were free to change."""
RELEASED = {path.stem: orjson.loads(path.read_bytes()) for path in sorted((CONTRACT / "released").glob("*.json"))}


def test_checked_in_files_are_the_generated_ones(tmp_path: Path) -> None:
    """If this fails: `memberships contract export`, and look at the difference."""
    generated = {path.relative_to(tmp_path): path.read_bytes() for path in export(tmp_path)}

    kept = [CONTRACT / "asyncapi.json", *(CONTRACT / "schemas").iterdir()]
    assert {path.relative_to(CONTRACT): path.read_bytes() for path in kept} == generated


def test_export_removes_schemas_of_types_that_are_gone(tmp_path: Path) -> None:
    export(tmp_path)
    (tmp_path / "schemas" / "gone.v1.json").write_text("{}")

    export(tmp_path)

    assert not (tmp_path / "schemas" / "gone.v1.json").exists()


def references(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        yield from ([document["$ref"]] if isinstance(document.get("$ref"), str) else [])
        document = list(document.values())
    for part in document if isinstance(document, list) else ():
        yield from references(part)


def test_every_reference_leads_somewhere() -> None:
    document = asyncapi()

    for reference in references(document):
        target = document
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]


def test_every_message_is_on_a_topic_and_has_an_example() -> None:
    document = asyncapi()
    on_topics = [name for channel in document["channels"].values() for name in channel["messages"]]

    assert sorted(on_topics) == sorted(document["components"]["messages"])
    assert {*on_topics} - {"dead_letter"} == EXAMPLES.keys()
    assert EXAMPLES.keys() == {*PAYLOADS, *OUTPUTS, "tick"}


@pytest.mark.parametrize("version", RELEASED)
def test_nothing_released_is_broken(version: str) -> None:
    broken = breaking(RELEASED[version], asyncapi())
    assert [one for one in broken if not one.startswith(NEVER_WRITTEN)] == []


def test_there_is_a_release_to_compare_with() -> None:
    assert RELEASED


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name != "tick"])
def test_golden_messages_are_still_understood(name: str) -> None:
    """Examples are added to, never changed: a message of an earlier release must be read as before."""
    message = EXAMPLES[name]
    if name in PAYLOADS:
        assert accepted(message).id == message["id"]
    else:
        assert read(orjson.dumps(message), OUTPUTS[name]).id == message["id"]


def order_line(document: Any) -> Any:
    return document["components"]["schemas"]["OrderLine"]


def entry(document: Any) -> Any:
    return document["components"]["schemas"]["LedgerEntry"]


BREAKS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "a field is removed": (
        lambda doc: order_line(doc)["properties"].pop("discount"),
        "order.placed.v1.data.lines[].discount: removed",
    ),
    "a field is newly required": (
        lambda doc: order_line(doc)["required"].append("discount"),
        "order.placed.v1.data.lines[].discount: newly required",
    ),
    "an enum is narrowed": (
        lambda doc: order_line(doc)["properties"]["category"]["enum"].remove("tv"),
        "order.placed.v1.data.lines[].category: fewer values allowed",
    ),
    "a limit is narrowed": (
        lambda doc: order_line(doc)["properties"]["quantity"].update(maximum=99),
        "order.placed.v1.data.lines[].quantity: maximum narrowed",
    ),
    "null is no longer allowed": (
        lambda doc: order_line(doc)["properties"]["discount"].update(
            anyOf=order_line(doc)["properties"]["discount"]["anyOf"][:1]
        ),
        "order.placed.v1.data.lines[].discount: null is refused",
    ),
    "a type changes": (
        lambda doc: order_line(doc)["properties"]["qualifying"].update(type="string"),
        "order.placed.v1.data.lines[].qualifying: boolean became string",
    ),
    "an event type is gone": (
        lambda doc: doc["channels"]["orders"]["messages"].pop("order.shipped.v1"),
        "orders: order.shipped.v1 is gone",
    ),
    "a topic is gone": (lambda doc: doc["channels"].pop("returns"), "returns: return.completed.v1 is gone"),
    "an output's field is removed": (
        lambda doc: entry(doc)["properties"].pop("lot_id"),
        "ledger_entry.v1.data.lot_id: removed",
    ),
    "an output's field becomes optional": (
        lambda doc: entry(doc)["required"].remove("at"),
        "ledger_entry.v1.data.at: now optional",
    ),
    "an output may be null where it was not": (
        lambda doc: entry(doc)["properties"].update(at={"anyOf": [entry(doc)["properties"]["at"], {"type": "null"}]}),
        "ledger_entry.v1.data.at: null is new",
    ),
}


@pytest.mark.parametrize(("change", "finding"), BREAKS.values(), ids=BREAKS.keys())
def test_a_breaking_change_is_caught(change: Callable[[Any], Any], finding: str) -> None:
    document = asyncapi()
    changed = deepcopy(document)
    change(changed)

    assert finding in breaking(document, changed)


ALLOWED: dict[str, Callable[[Any], Any]] = {
    "a new optional field": lambda doc: order_line(doc)["properties"].update(colour={"type": "string"}),
    "a wider enum": lambda doc: order_line(doc)["properties"]["category"]["enum"].append("drone"),
    "a wider limit": lambda doc: order_line(doc)["properties"]["quantity"].update(maximum=10**9),
    "a new field of an output": lambda doc: entry(doc)["properties"].update(colour={"type": "string"}),
    "a new notification": lambda doc: doc["components"]["schemas"]["Notification"]["properties"]["notification"][
        "enum"
    ].append("points.new"),
}


@pytest.mark.parametrize("change", ALLOWED.values(), ids=ALLOWED.keys())
def test_an_addition_is_no_break(change: Callable[[Any], Any]) -> None:
    document = asyncapi()
    changed = deepcopy(document)
    change(changed)

    assert breaking(document, changed) == []
