"""What moves people: members with habits, who answer to what they are told, or do not."""

from datetime import UTC, datetime

from tests.simulation.deeds import Deeds
from tests.simulation.partition import HOUR, Json


class Person(Deeds):
    """A member: applies, buys, pays, forgets, leaves and comes back. Knows only what notices say."""

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

    def told(self, notice: Json, now: datetime) -> None:
        """React to a notice, or not."""
        kind, params = notice["notification"], notice["params"]
        self.owner.told(kind, params, now)
        react = getattr(self, "_on_" + kind.rpartition(".")[2], None)
        if react:
            react(notice["program"], params, now)

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
