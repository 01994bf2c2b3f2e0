"""A small portion of `make fuzz`."""

import pytest

from tests.security.fuzz import run


@pytest.mark.parametrize("seed", [1, 2])
def test_the_reader_answers_whatever_a_record_holds(seed: int) -> None:
    report = run(seed, 10_000)
    assert report.inputs == 10_000
    assert {"invalid", "not_json", "not_utf8", "unknown_type", "key_mismatch", "OrderPlacedEvent"} <= set(
        report.answers
    )
