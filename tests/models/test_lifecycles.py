"""The diagrams of `docs/lifecycles.md` are drawn from the tables; what is not in a table does not happen.

Written with `python -m tests.models.test_lifecycles`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import get_args

import pytest

from models.care import lifecycle as care
from models.pro import lifecycle as pro
from models.pro.state import Pro
from tests.models.facts import at

PAGE = Path(__file__).parents[2] / "docs" / "lifecycles.md"
TABLES: dict[str, Mapping[tuple[str | None, str], str]] = {
    "Care": care.TABLE,
    "Care bought by a guest": care.GUEST_TABLE,
    "PRO": pro.TABLE,
}


def page() -> str:
    parts = [
        "# Lifecycles",
        "Drawn from the tables in `models/*/lifecycle.py`; a test fails when they differ. Suspension is no stage: an "
        "active membership is suspended while there is a cause.",
    ]
    for name, table in TABLES.items():
        lines = [f"    {before or '[*]'} --> {after}: {what}" for (before, what), after in table.items()]
        parts += [f"## {name}", "\n".join(["```mermaid", "stateDiagram-v2", *lines, "```"])]
    return "\n\n".join(parts) + "\n"


def test_the_page_shows_the_tables() -> None:
    assert PAGE.read_text() == page()


@pytest.mark.parametrize("stage", get_args(pro.Stage))
def test_what_is_not_in_the_table_does_not_happen(stage: pro.Stage) -> None:
    for what in get_args(pro.Happening):
        found = Pro(stage, True, at("2026-03-01 12:00"))
        if (stage, what) in pro.TABLE:
            found.happens(what)
            assert found.stage == pro.TABLE[stage, what]
        else:
            with pytest.raises(KeyError):
                found.happens(what)


def test_pro_1_pro_8_nothing_leads_out_of_termination() -> None:
    assert not [what for before, what in pro.TABLE if before == "terminated"]


if __name__ == "__main__":
    PAGE.write_text(page())
