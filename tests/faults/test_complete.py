"""Each fault of docs/faults.md is made by a test."""

import re
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def test_each_fault_has_its_test() -> None:
    told = re.findall(r"^\| (\d+) \| [^|]+ \| [^|]+ \|$", (ROOT / "docs/faults.md").read_text(), re.MULTILINE)
    made = {
        int(number)
        for file in HERE.glob("test_*.py")
        for number in re.findall(r"pytest\.mark\.fault\((\d+)\)", file.read_text())
    }
    assert [int(number) for number in told] == list(range(1, 21))
    assert made == set(range(1, 21))
