"""GEN-5: a sentence names its clause, once."""

import pytest

from models.points.words import cited


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("two and two is 4", "two and two is 4 (MS-15)"),
        ("66 with the money (MS-15)", "66 with the money (MS-15)"),
        ("3 became debt (MS-11)", "3 became debt (MS-11, MS-15)"),
        ("3 became debt (MS-11, MS-15)", "3 became debt (MS-11, MS-15)"),
        ("bonus x (MS-5); 2 x $1.00 = 2", "bonus x (MS-5); 2 x $1.00 = 2 (MS-15)"),
        ("a reason (really)", "a reason (really) (MS-15)"),
    ],
)
def test_gen_5_the_clause_is_named_once_at_the_end(words: str, said: str) -> None:
    assert cited(words, "MS-15") == said
