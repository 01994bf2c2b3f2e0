"""docs/mutations.md names the test that noticed each rule broken on purpose: every one of them must exist."""

import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "mutations.md"


def test_every_test_named_exists() -> None:
    rows = [row for row in PAGE.read_text().splitlines() if row.startswith("| MS-")]
    named = [re.search(r"`(test_\w+)\.(test_\w+)` \|$", row) for row in rows]
    assert len(rows) > 100
    missing = [
        row
        for row, test in zip(rows, named, strict=True)
        if test is None or f"def {test[2]}(" not in (HERE / f"{test[1]}.py").read_text()
    ]
    assert missing == []
