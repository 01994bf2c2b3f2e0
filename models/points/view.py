"""MS-19 What the read side shows of a member's points. JSON-ready."""

from typing import Any

from models.points.state import Points


def view(points: Points) -> dict[str, Any]:
    """Balance, the full expiry schedule by day, and what happened over the membership's life."""
    by_day: dict[str, int] = {}
    for lot in points.lots:
        if lot.left:
            day = lot.expires_on.isoformat()
            by_day[day] = by_day.get(day, 0) + lot.left
    schedule = [{"expires_on": day, "points": by_day[day]} for day in sorted(by_day)]
    return {
        "available": points.available,
        "reserved": points.reserved,
        "debt": points.debt,
        "next_expiry": schedule[0] if schedule else None,
        "expiry_schedule": schedule,
        "lifetime": {
            "earned": points.earned,
            "taken_back": points.taken_back,
            "redeemed": points.redeemed,
            "expired": points.expired,
            "forfeited": points.forfeited,
        },
    }
