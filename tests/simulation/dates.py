"""Days, instants and cents as the programme's rules count them."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

PACIFIC = ZoneInfo("America/Los_Angeles")
NEVER = datetime.min.replace(tzinfo=UTC)


@lru_cache(maxsize=8192)
def start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, PACIFIC).astimezone(UTC)


def day_of(instant: datetime) -> date:
    return instant.astimezone(PACIFIC).date()


def later(instant: datetime, days: int) -> datetime:
    """The same time of day there, days later."""
    return (instant.astimezone(PACIFIC) + timedelta(days=days)).astimezone(UTC)


def anniversary(anchor: date, year: int) -> date:
    """29 Feb becomes 28 Feb in common years, and comes back."""
    try:
        return anchor.replace(year=year)
    except ValueError:
        return anchor.replace(year=year, day=28)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def cents(amount: str) -> int:
    return int(amount.replace(".", ""))
