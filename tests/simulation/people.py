"""What people and their banks do: members with habits, cards of all qualities, answers that are late, doubled or never come.

Everything is drawn from the member's own chance, so that a story can be told again whatever the others do.
"""

import heapq
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from tests.models.world import applied_for, gear
from tests.simulation.buyer import Buyer
from tests.simulation.partition import HOUR, Json, Message

PACIFIC = ZoneInfo("America/Los_Angeles")
FEES = {"pro": "100.00", "care": "179.99"}
SOFT = ("insufficient_funds", "do_not_honor", "processor_error", "other")
HARD = ("stolen", "closed", "expired")
QUALITIES = ("good", "good", "good", "poor", "poor", "broken", "silent")
"""Of a card, as its bank knows it."""
KINDS = ("card", "card", "credit_card", "paypal")


class Post:
    """Events on their way, by when they come."""

    def __init__(self) -> None:
        self._waiting: list[tuple[datetime, int, Message]] = []
        self._sent = 0

    def put(self, message: Message) -> None:
        self._sent += 1
        heapq.heappush(self._waiting, (message.arrives, self._sent, message))

    def take(self, until: datetime) -> Message | None:
        """The next that comes before that instant."""
        if self._waiting and self._waiting[0][0] < until:
            return heapq.heappop(self._waiting)[2]
        return None


class Person:
    """A member: applies, buys, pays, forgets, leaves and comes back. Knows only what notices say."""

    def __init__(self, name: str, seed: int, post: Post) -> None:
        self.name = name
        self._email = sha256(name.encode()).hexdigest()
        self.guest = f"guest:{self._email}"
        """The key of what they buy as a guest."""
        self._chance = Random(f"{seed}-{name}")
        self._post = post
        self._sent = self._cards = self._bought = 0
        self._quality: dict[str, str] = {}
        self._expires: dict[str, str | None] = {}
        self._buyer = Buyer(name, self._chance, self._send, self._some)

    def begin(self, at: datetime, days: int) -> None:
        """A life begins within so many days."""
        first = at + self._some(0, days)
        if self._chance.random() < 0.02:
            first = datetime(2028, 2, 29, 18, tzinfo=UTC) + self._some(0, 0.2)
        for _ in range(self._chance.choice((0, 1, 1, 2, 2, 3))):
            self._add_card(first)
        habits = self._chance.random()
        if habits < 0.8:
            self._apply(first + HOUR)
        if habits > 0.65:
            self._buy_care(first + 2 * HOUR)
        elif habits > 0.45:
            self._buy_as_guest(first + 2 * HOUR)

    # What the notices and requests move them to.

    def told(self, notice: Json, now: datetime) -> None:
        """React to a notice, or not."""
        kind, params = notice["notification"], notice["params"]
        react = getattr(self, "_on_" + kind.rpartition(".")[2], None)
        if react:
            react(notice["program"], params, now)

    def charged(self, request: Json, now: datetime) -> None:
        """The bank gets a charge."""
        quality, chance = self._quality.get(request["method_id"], "broken"), self._chance
        wait = self._some(0, 0.2) if chance.random() < 0.8 else self._some(0.2, 5)
        if chance.random() < {"silent": 0.6, "poor": 0.08}.get(quality, 0.02):
            if chance.random() < 0.5:
                return
            wait = self._some(7.1, 28)
        at = now + wait
        if chance.random() < {"good": 0.97, "poor": 0.5, "silent": 0.5}.get(quality, 0.03):
            paid_at = at if chance.random() < 0.7 else now + wait * chance.random()
            money = self._money(request["program"], request["invoice_id"], paid_at, request["attempt_id"])
            self._send("payment.succeeded", money, at, late=0.1)
            if chance.random() < 0.04:
                self._send("payment.succeeded", money, at + self._some(0, 2))
            if chance.random() < 0.05:
                self._decline(request, at - min(wait / 2, HOUR), hard=chance.random() < 0.3)
        else:
            self._decline(request, at, hard=quality == "broken" and chance.random() < 0.6)

    def _decline(self, request: Json, at: datetime, *, hard: bool) -> None:
        reason = self._chance.choice(HARD if hard and self._chance.random() < 0.7 else SOFT)
        data = {name: request[name] for name in ("invoice_id", "attempt_id", "method_id", "program")} | {
            "reason": reason
        }
        data |= {"hard": True} if hard else {}
        self._send("payment.failed", data, at, late=0.1)
        if self._chance.random() < 0.04:
            self._send("payment.failed", data, at + self._some(0, 2))

    def _on_renewal_notice(self, program: str, params: Json, _now: datetime) -> None:
        due, invoice, chance = params["due_on"], params["invoice_id"], self._chance.random()
        if not params["charged"]:
            self._renews_by_hand(program, due, invoice)
        elif chance < 0.06:
            self._pay(program, invoice, self._near(due, -25, 1))
        elif chance < 0.12:
            self._cancel(program, self._near(due, -28, 2))
        elif chance < 0.2:
            off = self._near(due, -28, 1)
            self._switch(program, off, on=False)
            if chance < 0.14:
                self._switch(program, off + self._some(0, 4), on=True)
        elif chance < 0.22:
            self._pay(program, invoice, self._near(due, -10, 3))
            self._pay(program, invoice, self._near(due, -10, 3))
        elif chance < 0.3:
            self._fail_unasked(program, invoice, self._near(due, -3, 6))

    def _renews_by_hand(self, program: str, due: str, invoice: str) -> None:
        chance = self._chance.random()
        if chance < 0.55:
            self._pay(program, invoice, self._near(due, -25, -0.2))
        elif chance < 0.65:
            self._pay(program, invoice, self._near(due, -0.1, 10))
        elif chance < 0.8:
            self._switch(program, self._near(due, -20, 3), on=True)

    def _on_failed(self, program: str, params: Json, now: datetime) -> None:
        chance = self._chance.random()
        if chance < 0.15:
            self._add_card(now + self._some(0, 4), "good")
        elif chance < 0.3:
            self._pay(program, params["invoice_id"], now + self._some(0, 12))
        elif chance < 0.36:
            self._cancel(program, now + self._some(-2, 6))
        elif chance < 0.46 and self._expires:
            self._renew_card(self._chance.choice(sorted(self._expires)), now + self._some(0, 3))
        elif chance < 0.5:
            self._switch(program, now - self._some(0, 3), on=False)
        elif chance < 0.6:
            self._fail_unasked(program, params["invoice_id"], now + self._some(-1, 15))

    def _on_final_notice(self, program: str, params: Json, now: datetime) -> None:
        chance = self._chance.random()
        if chance < 0.25:
            self._add_card(now + self._some(0, 55), "good")
        elif chance < 0.45:
            self._pay(program, params["invoice_id"], now + self._some(0, 60))

    def _on_method_expiring(self, _program: str, params: Json, now: datetime) -> None:
        if self._chance.random() < 0.6:
            self._renew_card(params["method_id"], now + self._some(0, 25))

    def _on_welcome(self, program: str, _params: Json, now: datetime) -> None:
        """A member from now on; what comes of it in the first years."""
        if program == "care":
            self._buyer.has_care(now, is_new=True)
        for _ in range(self._chance.choice((0, 0, 1, 2, 3))):
            at, chance = now + self._some(0, 1500), self._chance.random()
            if chance < 0.15:
                self._cancel(program, at)
            elif chance < 0.2:
                self._send("pro.terminated", {"reason": "breach"}, at)
            elif chance < 0.45:
                self._switch(program, at, on=self._chance.random() < 0.4)
            elif chance < 0.6:
                self._add_card(at)
            elif chance < 0.7:
                self._apply(at)
            elif self._expires:
                card = self._chance.choice(sorted(self._expires))
                if chance < 0.85:
                    self._renew_card(card, at)
                else:
                    self._send("method.removed", {"method_id": card}, at)

    def _on_rejected(self, _program: str, _params: Json, now: datetime) -> None:
        if self._chance.random() < 0.6:
            self._apply(now + self._some(1, 60))

    _on_incomplete = _on_rejected

    def _on_lapsed(self, program: str, _params: Json, now: datetime) -> None:
        if self._chance.random() < 0.6:
            again = now + self._some(0, 200)
            self._buy_care(again) if program == "care" else self._apply(again)

    _on_ended = _on_lapsed

    def _on_renewed(self, program: str, _params: Json, now: datetime) -> None:
        if program == "care":
            self._buyer.has_care(now, is_new=False)

    def _on_suspended(self, program: str, _params: Json, now: datetime) -> None:
        if program == "care":
            self._buyer.suspended(now)

    def _on_refund(self, _program: str, _params: Json, now: datetime) -> None:
        if self._chance.random() < 0.4:
            self._buy_care(now + self._some(1, 300))

    def _on_terminated(self, _program: str, _params: Json, now: datetime) -> None:
        if self._chance.random() < 0.5:
            self._apply(now + self._some(0, 100))

    # What they do.

    def _apply(self, at: datetime) -> None:
        self._bought += 1
        application, invoice, chance = f"{self.name}-a{self._bought}", f"{self.name}-i{self._bought}", self._chance
        lacks = chance.choice(({"bodies": gear()}, {"state": "PR"}, {"lenses": gear("SEL85F14GM")}))
        _, data = applied_for(
            application, invoice, auto_renew=chance.random() < 0.75, **(lacks if chance.random() < 0.1 else {})
        )
        self._send("pro.applied", data, at, late=0.3)
        answered = at + self._some(0, 12)
        if chance.random() < 0.95:
            self._send(
                "pro.reviewed", {"application_id": application, "approved": chance.random() < 0.9}, answered, late=0.2
            )
        self._first_fee("pro", invoice, at)

    def _buy_care(self, at: datetime) -> None:
        self._bought += 1
        invoice = f"{self.name}-c{self._bought}"
        data = {
            "email_hash": self._email, "birth_date": "1990-05-05", "state": "CA" if self._chance.random() < 0.95 else "PR",
            "purchased_at": at.isoformat(), "invoice_id": invoice,
        }  # fmt: skip
        if self._chance.random() < 0.6:
            data["order_id"] = self._buyer.order(at - self._some(0, 0.02), good=0.95, comes=0.97)
        self._send("care.purchased", data, at, late=0.3)
        self._first_fee("care", invoice, at)

    def _buy_as_guest(self, at: datetime) -> None:
        """The account is opened before, in time, too late or never; a few buy a second time."""
        chance = self._chance
        for bought in (at, *([at + self._some(0, 60)] if chance.random() < 0.2 else [])):
            self._bought += 1
            invoice = f"{self.name}-g{self._bought}"
            data = {
                "email_hash": self._email, "birth_date": "1990-05-05", "state": "CA" if chance.random() < 0.95 else "PR",
                "purchased_at": bought.isoformat(), "invoice_id": invoice,
            }  # fmt: skip
            self._send("care.purchased", data, bought, late=0.3, to=self.guest)
            for _ in range(chance.choice((0, 1, 1, 1, 1, 1, 1, 2))):
                paid_at = bought + self._some(0, 3 if chance.random() < 0.8 else 40)
                self._send(
                    "payment.succeeded", self._money("care", invoice, paid_at, None), paid_at, late=0.2, to=self.guest
                )
        if chance.random() < 0.85:
            opened = at + self._some(-10, 29.5 if chance.random() < 0.8 else 45)
            data = {"email_hash": self._email, "birth_date": "1990-05-05", "state": "CA"}
            self._send("account.opened", data, opened, late=0.3)

    def _first_fee(self, program: str, invoice: str, at: datetime) -> None:
        chance = self._chance
        if chance.random() < 0.15:
            failure = {"invoice_id": invoice, "attempt_id": f"{invoice}-t", "method_id": "theirs", "program": program}
            self._send("payment.failed", failure | {"reason": "other"}, at, late=0.3)
        if chance.random() < 0.95:
            self._pay(program, invoice, at + self._some(-0.5, 3))
        if chance.random() < 0.02:
            self._pay(program, invoice, at + self._some(3, 6))

    def _pay(self, program: str, invoice: str, at: datetime) -> None:
        """By hand: no charge of ours."""
        money = self._money(program, invoice, at, None)
        if self._chance.random() < 0.03:
            money["amount"] = "200.00"  # more than any fee
        if self._chance.random() < 0.03:  # less than the fee, and later the rest of it, which is also less
            rest = at + self._some(0, 2)
            for part, when in (("60.00", at), ("40.00", rest)):
                self._send("payment.succeeded", money | {"amount": part, "paid_at": when.isoformat()}, when, late=0.15)
            return
        self._send("payment.succeeded", money, at, late=0.15)

    def _fail_unasked(self, program: str, invoice: str, at: datetime) -> None:
        """Somebody has tried a card of theirs on their own."""
        if self._expires:
            self._sent += 1
            card = self._chance.choice(sorted(self._expires))
            request = {"invoice_id": invoice, "attempt_id": f"{invoice}-x{self._sent}", "method_id": card}
            self._decline(request | {"program": program}, at, hard=self._chance.random() < 0.1)

    def _money(self, program: str, invoice: str, at: datetime, attempt: str | None) -> Json:
        data = {"invoice_id": invoice, "method_id": "theirs", "program": program, "amount": FEES[program]}
        return data | {"paid_at": at.isoformat()} | ({"attempt_id": attempt} if attempt else {})

    def _cancel(self, program: str, at: datetime) -> None:
        self._send(
            f"{program}.cancel_requested", {"refund_requested": False} if program == "care" else {}, at, late=0.1
        )

    def _switch(self, program: str, at: datetime, *, on: bool) -> None:
        self._send(f"{program}.auto_renew_changed", {"on": on}, at, late=0.1)

    def _add_card(self, at: datetime, quality: str | None = None) -> None:
        self._cards += 1
        card = f"{self.name}-k{self._cards}"
        self._quality[card] = quality or self._chance.choice(QUALITIES)
        self._expires[card] = self._good_through(at)
        kind = "card" if quality else self._chance.choice(KINDS)
        data: Json = {"method_id": card, "kind": kind, "position": self._chance.randint(0, 3)}
        self._send("method.added", data | self._until(card), at)

    def _renew_card(self, card: str, at: datetime) -> None:
        self._expires[card] = self._good_through(at)
        if self._chance.random() < 0.6:
            self._quality[card] = "good"
        self._send("method.updated", {"method_id": card} | self._until(card), at)

    def _good_through(self, at: datetime) -> str | None:
        month = at + self._some(100, 1800)
        return f"{month:%Y-%m}" if self._chance.random() < 0.8 else None

    def _until(self, card: str) -> Json:
        expires = self._expires[card]
        return {"expires": expires} if expires else {}

    def _some(self, least: float, most: float) -> timedelta:
        """So many days, to the second."""
        return timedelta(seconds=int(self._chance.uniform(least, most) * 86_400))

    def _near(self, day: str, least: float, most: float) -> datetime:
        start = datetime.combine(date.fromisoformat(day), time.min, PACIFIC)
        return start.astimezone(UTC) + self._some(least, most)

    def _send(self, kind: str, data: dict[str, Any], at: datetime, *, late: float = 0.0, to: str = "") -> None:
        """Post an event of that time; with that probability it comes some days late; now and then it comes twice."""
        self._sent += 1
        arrives = at + self._some(0, 3 if self._chance.random() < 0.8 else 20) if self._chance.random() < late else at
        message = Message(arrives, to or self.name, kind, data, at, f"{self.name}-{self._sent}")
        self._post.put(message)
        if self._chance.random() < 0.03:
            self._post.put(message._replace(arrives=arrives + self._some(0, 20)))
