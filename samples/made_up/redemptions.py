"""The ways in which a member's points are reserved for an order and used with it (MS-7, MS-8, MS-9)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from samples.made_up.news import HOUR, MINUTE, News, cents_of, time_of
from samples.script import Line

WAYS = {
    "plain": 36,
    "reserved": 24,
    "overtaken": 8,
    "ran_out": 6,
    "too_many": 5,
    "released": 10,
    "abandoned": 8,
    "unaffordable": 3,
}
"""In shares of a hundred; the method of that name says what it is."""


class Redemptions:
    """Draws one of the ways for an order."""

    def __init__(self, news: News) -> None:
        self._news = news
        self._chance = news.script.chance
        self._ways: list[Callable[[Line, datetime, int, int], None]] = [getattr(self, f"_{way}") for way in WAYS]

    def draw(self, line: Line, has: int) -> None:
        """Let one of them happen for an order of a member who has about so many points."""
        most = min(has, cents_of(line["event"]["data"]))
        if most:
            [way] = self._chance.choices(self._ways, list(WAYS.values()))
            way(line, time_of(line), self._chance.randint(-(-most // 5), most), has)

    def _plain(self, line: Line, _at: datetime, points: int, _has: int) -> None:
        line["event"]["data"]["points_redeemed"] = points

    def _too_many(self, line: Line, at: datetime, _points: int, has: int) -> None:
        """MS-9, or MS-7 where even the order is not worth as much."""
        self._plain(line, at, has + self._chance.randint(1, has), has)

    def _reserved(self, line: Line, at: datetime, points: int, _has: int) -> None:
        """MS-8 Reserved at checkout, and claimed by the order in time."""
        self._claim(line, points)
        self._reserve(line, self._news.script.after(at, -50 * MINUTE, -MINUTE), points)

    def _overtaken(self, line: Line, at: datetime, points: int, _has: int) -> None:
        """MS-8 The same, but the order is told first."""
        self._claim(line, points)
        arrives = self._news.script.after(at, MINUTE, HOUR)
        self._reserve(line, at - 5 * MINUTE, points, arrives)

    def _ran_out(self, line: Line, at: datetime, points: int, _has: int) -> None:
        """MS-8 The buyer took too long."""
        self._claim(line, points)
        self._reserve(line, self._news.script.after(at, -3 * HOUR, -61 * MINUTE), points)

    def _released(self, line: Line, at: datetime, points: int, _has: int) -> None:
        """MS-8 The buyer thought better of it."""
        reserved = self._news.script.after(at, -50 * MINUTE, -20 * MINUTE)
        data = self._reserve(line, reserved, points)
        released = self._news.script.after(reserved, MINUTE, 15 * MINUTE)
        self._news.event(
            released,
            "orders",
            "redemption.released",
            _order_id(line),
            line["event"]["subject"],
            {"reservation_id": data["reservation_id"]},
        )

    def _abandoned(self, line: Line, at: datetime, points: int, _has: int) -> None:
        """MS-8 Reserved and forgotten: it times out."""
        self._reserve(line, self._news.script.after(at, HOUR, 3 * HOUR), points)

    def _unaffordable(self, line: Line, at: datetime, _points: int, has: int) -> None:
        """MS-8 More than there is: refused."""
        self._reserve(line, at - 10 * MINUTE, has * 2 + self._chance.randint(1, 1_000))

    def _claim(self, line: Line, points: int) -> None:
        line["event"]["data"] |= {"points_redeemed": points, "reservation_id": f"reserved-{_order_id(line)}"}

    def _reserve(self, line: Line, at: datetime, points: int, arrives: datetime | None = None) -> dict[str, Any]:
        data = {"reservation_id": f"reserved-{_order_id(line)}", "points": points}
        self._news.event(
            at, "orders", "redemption.reserved", _order_id(line), line["event"]["subject"], data, arrives=arrives
        )
        return data


def _order_id(line: Line) -> str:
    return str(line["event"]["data"]["order_id"])
