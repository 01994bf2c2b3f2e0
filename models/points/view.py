"""MS-19 What the read side shows of a member's points. JSON-ready."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from models.calendar import rfc3339
from models.points.membership import LEAVE
from models.points.redeeming import TIMEOUT
from models.points.state import Lot, Page, Points
from models.promises import promise
from models.state import Due


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


def reservations(due: Sequence[Due]) -> list[dict[str, Any]]:
    """MS-8 Until when points are reserved at the latest, first one first: they stand in no expiry schedule meanwhile."""
    return [{"reservation_id": one.ref, "until": rfc3339(one.at)} for one in due if one.what == TIMEOUT]


def promises(points: Points | None, due: Sequence[Due]) -> Iterator[dict[str, Any]]:
    """MS-16 When a membership that is being left ends; MS-8 how long points wait for their order. due: the member's deadlines."""
    if points and points.leaving:
        leaving = points.leaving
        yield promise(
            "the points membership ended",
            of="points",
            kind=LEAVE,
            ref="",
            clause="MS-16",
            state="open",
            due=leaving.effect_at,
            started_at=leaving.requested_at,
            started_by=leaving.cause,
            counts=f"{sum(day.skipped is None for day in leaving.days)} business days",
            days=leaving.days,
            calendar=leaving.calendar,
            options=["member: withdraw the cancellation, or use the points, until then"],
        )
    for one in due:
        if one.what == TIMEOUT:
            yield promise(
                f"reservation {one.ref} claimed by an order",
                of="points",
                kind=TIMEOUT,
                ref=one.ref,
                clause="MS-8",
                state="open",
                due=one.at,
                by="member",
                options=["member: place the order, or release the points"],
                remedy="its points go back to the lots they came from",
            )


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
