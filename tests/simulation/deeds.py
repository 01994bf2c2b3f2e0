"""What people can do, and what their banks answer: apply, buy, pay, cancel, change cards, be declined.

Everything is drawn from the member's own chance, so that a story can be told again whatever the others do.
"""

from datetime import UTC, date, datetime, time
from hashlib import sha256
from random import Random

from tests.models.facts import applied_for, gear
from tests.simulation.buyer import Buyer
from tests.simulation.dates import PACIFIC
from tests.simulation.fees import FEES
from tests.simulation.partition import HOUR, Json
from tests.simulation.post import Post, Sender
from tests.simulation.service.owner import Owner

SOFT = ("insufficient_funds", "do_not_honor", "processor_error", "other")
HARD = ("stolen", "closed", "expired")
QUALITIES = ("good", "good", "good", "poor", "poor", "broken", "silent")
"""Of a card, as its bank knows it."""
KINDS = ("card", "card", "credit_card", "paypal")


class Deeds:
    """What a member does, whatever moves them to it."""

    def __init__(self, name: str, seed: int, post: Post) -> None:
        self.name = name
        self._email = sha256(name.encode()).hexdigest()
        self.guest = f"guest:{self._email}"
        """The key of what they buy as a guest."""
        self._chance = Random(f"{seed}-{name}")
        sender = Sender(name, self._chance, post)
        self._send, self._some = sender.send, sender.some
        self._strays = self._cards = self._bought = 0
        self._quality: dict[str, str] = {}
        self._expires: dict[str, str | None] = {}
        self.owner = Owner(name, seed, post)
        self._buyer = Buyer(name, self._chance, self._send, self._some)

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
            self._strays += 1
            card = self._chance.choice(sorted(self._expires))
            request = {"invoice_id": invoice, "attempt_id": f"{invoice}-x{self._strays}", "method_id": card}
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

    def _near(self, day: str, least: float, most: float) -> datetime:
        start = datetime.combine(date.fromisoformat(day), time.min, PACIFIC)
        return start.astimezone(UTC) + self._some(least, most)
