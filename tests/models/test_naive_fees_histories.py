"""PAY, PRO and CARE as histories: whatever happens, in whatever order, the rules and the naive account agree after every step.

The history of one member is drawn from a seed, weighted so that it often comes to where fees are hard: a renewal that falls
due having been told of in time, charges that are answered soon, words and money about the end of a term that are told after
it. Events come late, twice, before what they are about, and ticks may be late. A history in which the two differ is cut
down to the steps that are needed for it.

A longer search: `MEMBERSHIPS_SEARCH=20000 pytest tests/models/test_naive_fees_histories.py` tries that many histories.
"""

import os
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from tests.models.two_accounts import FEE, MINUTE, NOW, TwoAccounts

HISTORIES = int(os.environ.get("MEMBERSHIPS_SEARCH", "1500"))
PARTS = 4
METHODS = ["card-1", "card-2", "paypal-3"]
PAUSES = [timedelta(hours=h) for h in (1, 20, 24, 72, 96, 168, 169)] + [timedelta(days=d) for d in (11, 31, 61)]
LATE = [timedelta(days=d) for d in (4, 18, 40, -3, -20, -40)] + [timedelta(minutes=9), timedelta(hours=30)]
NEAR = [(-30, -1), (-20, 1), (-15, -1), (-15, 1), (-14, 1), (-1, 1), (0, -1), (0, 1), (0, 5), (1, 1), (3, 1), (7, 1)]
NEAR += [(14, 1), (30, 1), (59, 1), (61, 1)]
"""(days, hours) from the end of a term: what happens then is decided otherwise than what happens next to it."""
Step = tuple[Any, ...]
"""(the name of a method of `TwoAccounts`, its arguments)."""
WEIGHTS = {
    "answer": 14, "wait": 14, "say": 6, "tell_late": 6, "fall_due": 5, "wait_for_the_end": 5, "stray": 4, "add": 3,
    "pay_renewal": 3, "change": 3, "pay_first": 2, "remove": 2, "tick": 2, "again": 1, "apply": 1, "review": 1, "buy": 1,
}  # fmt: skip


class Author:
    """Invents a history. A method for each kind of step draws what it is about."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.pick = self.random.choice

    def settings(self) -> dict[str, int]:
        return {"ahead_days": self.pick([30, 30, 1_000]), "grace_days": self.pick([0, 0, 0, 5])}

    def history(self) -> list[Step]:
        steps = [*self.beginning()]
        for what in self.random.choices([*WEIGHTS], [*WEIGHTS.values()], k=self.random.randint(5, 40)):
            steps += getattr(self, what)()
        return steps

    def beginning(self) -> list[Step]:
        """Mostly a membership that has just been opened, and up to three methods."""
        pro: list[Step] = [("apply", "1", "1", self.chance(0.8), "", NOW), ("review", "1", True, NOW)]
        pro.append(("pay_first", "pro", "1", FEE["pro"], NOW))
        care: list[Step] = [("buy", "1", "CA", NOW), ("pay_first", "care", "1", FEE["care"], NOW)]
        self.random.shuffle(pro)
        self.random.shuffle(care)
        opened = self.pick([pro, pro, care, pro + care])
        months = ["2035-12"] * 3 + ["2027-02", "2027-03"]
        methods = [("add", name, self.random.randint(0, 3), self.pick(months), NOW) for name in METHODS]
        return [*self.pick([[("tick",)], [("tick",)], []]), *opened, *methods[: self.random.randint(0, 3)]]

    def chance(self, of: float) -> bool:
        return self.random.random() < of

    def late(self) -> timedelta:
        return self.pick([NOW] * 10 + LATE)

    def program(self) -> str:
        return self.pick(["pro", "care"])

    def number(self) -> str:
        return self.pick("123")

    def month(self) -> str | None:
        return self.pick([None, "2027-02", "2027-03", "2028-02", "2035-12", "2035-12"])

    def near(self) -> timedelta:
        days, hours = self.pick(NEAR)
        return timedelta(days=days, hours=hours)

    def tick(self) -> list[Step]:
        return [("tick",)]

    def wait(self) -> list[Step]:
        return [("wait", self.pick(PAUSES), self.chance(0.8))]

    def wait_for_the_end(self) -> list[Step]:
        return [("wait_for_the_end", self.program(), self.near(), self.chance(0.8))]

    def fall_due(self) -> list[Step]:
        """PAY-1 A renewal that was told of in time is due."""
        program, after = self.program(), self.pick([MINUTE, timedelta(hours=7), timedelta(days=4)])
        told: Step = ("wait_for_the_end", program, timedelta(days=-29), True)
        return [told, ("wait_for_the_end", program, after, self.chance(0.9))]

    def apply(self) -> list[Step]:
        lacks = self.pick(["", "", "", "", "lens", "age"])
        return [("apply", self.number(), self.number(), self.chance(0.7), lacks, self.late())]

    def review(self) -> list[Step]:
        return [("review", self.number(), self.chance(0.8), self.late())]

    def buy(self) -> list[Step]:
        return [("buy", self.number(), self.pick(["CA", "CA", "CA", "PR"]), self.late())]

    def pay_first(self) -> list[Step]:
        program = self.program()
        return [("pay_first", program, self.number(), self.pick([FEE[program]] * 5 + ["1.00"]), self.late())]

    def pay_renewal(self) -> list[Step]:
        program = self.program()
        return [("pay_renewal", program, self.pick([FEE[program]] * 6 + ["1.00", "200.00"]), self.late())]

    def answer(self) -> list[Step]:
        answer = self.pick(["paid", "insufficient_funds", "insufficient_funds", "other", "stolen"])
        return [("answer", answer, self.pick([0, 0, 0, 0, 1, 2]), self.late())]

    def stray(self) -> list[Step]:
        method, reason = self.pick(METHODS), self.pick(["other", "other", "closed"])
        return [("stray", self.program(), self.number(), method, reason, self.chance(0.1), self.late())]

    def add(self) -> list[Step]:
        return [("add", self.pick(METHODS), self.random.randint(0, 3), self.month(), self.late())]

    def change(self) -> list[Step]:
        return [("change", self.pick(METHODS), self.pick([None, 0, 1, 2]), self.month(), self.late())]

    def remove(self) -> list[Step]:
        return [("remove", self.pick(METHODS), self.late())]

    def say(self) -> list[Step]:
        return [("say", self.program(), self.pick(["cancel", "on", "off", "off", "terminate"]), self.late())]

    def tell_late(self) -> list[Step]:
        return [("tell_late", self.program(), self.pick(["cancel", "on", "off", "pay", "fail"]), self.near())]

    def again(self) -> list[Step]:
        return [("again", self.random.random())]


def play(settings: dict[str, int], steps: list[Step]) -> tuple[Exception | None, list[str]]:
    """What a history ends in, and its story."""
    accounts = TwoAccounts(**settings)
    try:
        for name, *arguments in steps:
            getattr(accounts, name)(*arguments)
            accounts.both_agree()
    except Exception as error:  # noqa: BLE001 - whatever stops a history is what is searched for
        return error, accounts.story
    return None, accounts.story


def shrunk(settings: dict[str, int], steps: list[Step]) -> list[Step]:
    """Without the steps that it fails without: halves first, then quarters, down to single ones."""
    length = len(steps)
    while length := length // 2:
        start = 0
        while start < len(steps):
            without = steps[:start] + steps[start + length :]
            if play(settings, without)[0]:
                steps = without
            else:
                start += length
    return steps


@pytest.mark.parametrize("part", range(PARTS))
def test_rules_and_naive_account_agree_on_any_history(part: int) -> None:
    for seed in range(part, HISTORIES, PARTS):
        author = Author(seed)
        settings, steps = author.settings(), author.history()
        if play(settings, steps)[0]:
            smallest = shrunk(settings, steps)
            error, story = play(settings, smallest)
            pytest.fail("\n".join([f"seed {seed}, {settings}: {error!r}", *map(str, smallest), *story]))


def test_a_difference_is_found_and_cut_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """Given an account that forgets declines of stolen cards, then some history of a few steps shows it."""
    monkeypatch.setattr("audit.fees.payments.HARD", ())
    for seed in range(HISTORIES):
        author = Author(seed)
        settings, steps = author.settings(), author.history()
        if play(settings, steps)[0]:
            smallest = shrunk(settings, steps)
            assert play(settings, smallest)[0]
            assert len(smallest) < 10
            return
    pytest.fail("no history shows it")
