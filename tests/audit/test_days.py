"""The audit's own calendar against the holidays that the rules count with: two accounts of the same law."""

from datetime import date

import holidays
import pytest

from audit.account.days import business_days_later, federal_days_off


@pytest.mark.parametrize("year", range(2020, 2041))
def test_every_federal_day_off_of_a_year(year: int) -> None:
    listed = {day for day in holidays.country_holidays("US", years=(year, year + 1)) if day.year == year}
    observed = {day for day in listed if day.weekday() < 5}
    assert federal_days_off(year) == observed


def test_a_closure_counts_for_what_starts_once_it_is_announced() -> None:
    closures = {date(2026, 3, 17): ("inventory", date(2026, 3, 13))}
    assert business_days_later(date(2026, 3, 12), 3, closures) == date(2026, 3, 17)
    assert business_days_later(date(2026, 3, 13), 2, closures) == date(2026, 3, 18)


def test_the_year_turns_while_days_are_counted() -> None:
    """New Year's Day of 2022 was a Saturday: observed on the last day of 2021."""
    assert business_days_later(date(2021, 12, 30), 1, {}) == date(2022, 1, 3)
