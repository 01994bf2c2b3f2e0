"""The shop of *Online Retail* as if it had had the points programme: its own orders, and what members do with points.

The data knows of no points, so that is made up, and says so by its source: redemptions (the field `points_redeemed` of
the shop's own orders), reservations, price matches, disputes, cancellations, rejected returns, adjustments, members who
leave. A seed decides who does what and when. Most news comes in order of time, some late or twice (GEN-2, GEN-1).
Ticks of the clock lie in between, so that what is due happens.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

from samples.made_up.news import DAY, HOUR, News, cents_of, time_of
from samples.made_up.purse import Purse
from samples.made_up.redemptions import Redemptions
from samples.online_retail import MADE_UP, Importer
from samples.script import Line, Script

TICK_EVERY = 14 * DAY
RUN_ON = 45 * DAY
"""The clock goes on for so long after the last event: what waits for a partner has then been answered (GEN-2)."""
REDEEMS = 30
"""Of a hundred orders of members who have at least so many points:"""
WORTH_REDEEMING = 100
PRICE_MATCHED, DISPUTED, CANCELLED, ADJUSTED, LEAVES = 6, 3, 1, 2, 1
"""Of a hundred orders."""
WON, REJECTED, WITHDRAWN, BACK_AGAIN = 40, 15, 40, 30
"""Of a hundred disputes, returns, requests to leave, and of those who left."""
REASONS = ("late parcel", "broken on arrival", "wrong item sent", "kind words", "points booked by mistake")


class Story:
    """One story of the shop. Deterministic: same file, same calendar, same seed, same lines."""

    def __init__(self, importer: Importer, seed: int) -> None:
        self._importer = importer
        self._script = Script(seed, MADE_UP)
        self._news = News(self._script)
        self._redemptions = Redemptions(self._news)
        self._purses: defaultdict[str, Purse] = defaultdict(Purse)
        self._joined: dict[str, dict[str, Any]] = {}

    @property
    def made_up(self) -> Counter[str]:
        """How many events of which type were made up, copies not counted, and how many orders were given points to pay with."""
        return self._news.told

    def lines(self) -> list[Line]:
        """Everything in order of arrival, ticks included."""
        for line in self._importer.joins():
            self._joined[line["event"]["subject"]] = line["event"]["data"]
            self._script.again(time_of(line), line)
        for line in self._importer.purchases():
            if line["topic"] == "orders":
                self._order(line)
            else:
                self._return(line)
        return list(self._script.lines(self._ticks()))

    def _ticks(self) -> Iterator[datetime]:
        at = datetime.combine(self._script.first.date(), time(21), UTC)
        while at < self._script.last + RUN_ON:
            yield at
            at += TICK_EVERY

    def _order(self, line: Line) -> None:
        order, member, at = line["event"]["data"], line["event"]["subject"], time_of(line)
        if order["signed_in"]:
            purse, chance = self._purses[member], self._script
            has = purse.has(at)
            if has >= WORTH_REDEEMING and chance.odds(REDEEMS):
                self._redemptions.draw(line, has)
            if order["points_redeemed"]:
                self._news.told["orders_with_points"] += 1
                purse.spend(order["points_redeemed"])
            purse.earn(at, max(cents_of(order) - order["points_redeemed"], 0) * 2 // 100)
            for odds, follows in (
                (PRICE_MATCHED, self._price_match),
                (DISPUTED, self._dispute),
                (CANCELLED, self._cancellation),
                (ADJUSTED, self._adjustment),
                (LEAVES, self._leaving),
            ):
                if chance.odds(odds):
                    follows(order, member, at)
        self._news.line(at, line)

    def _return(self, line: Line) -> None:
        data, at = line["event"]["data"], time_of(line)
        self._news.line(at, line)
        if not data["order_id"].startswith("unknown") and self._script.odds(REJECTED):
            rejected = self._script.after(at, DAY, 7 * DAY)
            self._news.event(
                rejected,
                "returns",
                "return.rejected",
                data["return_id"],
                line["event"]["subject"],
                {"return_id": data["return_id"]},
            )

    def _price_match(self, order: dict[str, Any], member: str, at: datetime) -> None:
        line = self._script.chance.choice(order["lines"])
        price = Decimal(line["unit_price"]) * self._script.chance.randint(60, 95) / 100
        data = {"order_id": order["order_id"], "line_id": line["line_id"], "new_unit_price": f"{price:.2f}"}
        matched = self._script.after(at, DAY, 10 * DAY)
        self._news.event(matched, "orders", "order.price_matched", order["order_id"], member, data)

    def _dispute(self, order: dict[str, Any], member: str, at: datetime) -> None:
        amount = cents_of(order) * self._script.chance.randint(20, 100) // 100
        dispute = {"dispute_id": f"dispute-{order['order_id']}"}
        data = dispute | {"order_id": order["order_id"], "amount": f"{Decimal(amount) / 100:.2f}"}
        disputed = self._script.after(at, 5 * DAY, 40 * DAY)
        self._news.event(disputed, "payments", "payment.disputed", order["order_id"], member, data)
        if self._script.odds(WON):
            won = self._script.after(disputed, 10 * DAY, 40 * DAY)
            self._news.event(won, "payments", "payment.dispute_won", order["order_id"], member, dispute)

    def _cancellation(self, order: dict[str, Any], member: str, at: datetime) -> None:
        cancelled = self._script.after(at, HOUR, 12 * HOUR)
        data = {"order_id": order["order_id"], "before_shipment": True}
        self._news.event(cancelled, "orders", "order.cancelled", order["order_id"], member, data)

    def _adjustment(self, order: dict[str, Any], member: str, at: datetime) -> None:
        """MS-18 One in four is large: then somebody else says yes, or nobody does, or the first actor once more."""
        chance, adjustment_id = self._script.chance, f"adjustment-{order['order_id']}"
        large = self._script.odds(25)
        points = chance.choice((1, 1, 1, -1)) * (chance.randint(5_001, 9_000) if large else chance.randint(50, 2_000))
        data = {
            "adjustment_id": adjustment_id,
            "points": points,
            "reason": chance.choice(REASONS),
            "actor": f"support-{chance.randint(1, 9)}",
        }
        given = self._script.after(at, DAY, 5 * DAY)
        self._news.event(given, "memberships", "points.adjusted", adjustment_id, member, data)
        second = chance.choice(("lead-1", "lead-1", "lead-2", data["actor"], None))
        if large and second:
            approval = data | {"adjustment_id": f"{adjustment_id}-yes", "actor": second, "approves": adjustment_id}
            approved = self._script.after(given, HOUR, DAY)
            self._news.event(approved, "memberships", "points.adjusted", f"{adjustment_id}-yes", member, approval)

    def _leaving(self, order: dict[str, Any], member: str, at: datetime) -> None:
        """MS-16 Some stay after all, some come back later; to the shop they come all the same."""
        name, asked = f"{member}-{order['order_id']}", self._script.after(at, HOUR, 5 * DAY)
        self._news.event(asked, "memberships", "points.cancel_requested", name, member, {})
        if self._script.odds(WITHDRAWN):
            stays = self._script.after(asked, HOUR, 20 * HOUR)
            self._news.event(stays, "memberships", "points.cancel_withdrawn", name, member, {})
            return
        self._purses[member].empty()
        if self._script.odds(BACK_AGAIN):
            again = self._script.after(asked, 30 * DAY, 90 * DAY)
            self._news.event(again, "memberships", "points.joined", name, member, self._joined[member])
