"""MS-19 What the read side shows of a member's points. JSON-ready."""

from collections.abc import Iterable
from typing import Any

from models.calendar import rfc3339
from models.points.state import Lot, Page, Points


def view(points: Points) -> dict[str, Any]:
    """Balance, the expiry schedule by day, and what happened over the membership's life.

    Of a member with paged lots (see `lots.py`) the schedule is None here: the pages have it (`with_pages`).
    """
    days = None if points.lots.branches else schedule(points.lots.lots)
    leaving = points.leaving
    return {
        "available": points.available,
        "reserved": points.reserved,
        "debt": points.debt,
        "next_expiry": days[0] if days else None,
        "expiry_schedule": days,
        "ends_at": leaving and rfc3339(leaving.effect_at),
        "lifetime": {
            "earned": points.earned,
            "taken_back": points.taken_back,
            "redeemed": points.redeemed,
            "expired": points.expired,
            "forfeited": points.forfeited,
            "adjusted": points.adjusted,
        },
    }


def with_pages(shown: dict[str, Any], pages: Iterable[Page]) -> dict[str, Any]:
    """The `view` of a member with paged lots, completed from all their pages."""
    days = schedule(lot for page in pages for lot in page.lots)
    return shown | {"next_expiry": days[0] if days else None, "expiry_schedule": days}


def schedule(lots: Iterable[Lot]) -> list[dict[str, Any]]:
    """How many points expire on which day, first day first."""
    by_day: dict[str, int] = {}
    for lot in lots:
        day = lot.expires_on.isoformat()
        by_day[day] = by_day.get(day, 0) + lot.left
    return [{"expires_on": day, "points": by_day[day]} for day in sorted(by_day)]


def page_schedule(page: Page) -> list[dict[str, Any]]:
    """The schedule of the lots in one page; empty for a page of branches."""
    return schedule(page.lots)
