"""PAY-1, PAY-2, PAY-9 Whom to ask for a fee, and when: functions of what is known of the invoice and of the methods.

Nothing here depends on the order in which that became known (GEN-2).
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from models.fees.state import Attempt, Invoice, Method
from models.policies import Policies
from models.values import ID_LENGTH, permanent_id

ATTEMPTS: Final = 128
"""The most attempts of an invoice that are remembered: far more than the rounds make with all methods there can be."""


class Collection(NamedTuple):
    """A renewal's invoice, and what it can be collected with."""

    invoice: Invoice
    methods: Sequence[Method]
    policies: Policies

    @property
    def due_at(self) -> datetime:
        """The start of the day on which it is due. Before, nothing is asked and no round can fail."""
        if self.invoice.due_on is None:
            raise ValueError(f"invoice {self.invoice.id} is no renewal's: it is not collected")
        return self.policies.calendar.start_of(self.invoice.due_on)

    @property
    def counting(self) -> list[Attempt]:
        """What was tried since it is due. What failed before, by hand for instance, is nothing of ours and counts in no round."""
        return [one for one in self.invoice.attempts if one.round is not None or one.at >= self.due_at]

    @property
    def first_failure(self) -> datetime | None:
        """PAY-2 What the rounds count from: the first attempt that failed, or the first round without a method."""
        times = [attempt.failed_at for attempt in self.counting if attempt.failed_at]
        if self.invoice.failed_at:
            times.append(self.invoice.failed_at)
        return max(self.due_at, min(times)) if times else None

    @property
    def first_round_failed_at(self) -> datetime:
        """PAY-3 When the first round failed: when the last of its methods failed for the first time, or it began without any.

        Its methods are those on file and those that were asked. Once it has failed nothing later counts: a method that was
        renewed or added then is asked in it as well.
        """
        until, first = self.invoice.failed_at, dict[str, datetime]()
        renewed = {method.id: method.renewed_at for method in self.methods}
        for one in self.failures_in(0):
            at, is_its = one.failed_at, one.method_id in renewed or one.round is not None
            if at and is_its and (at <= until if until else one.at >= renewed.get(one.method_id, one.at)):
                first[one.method_id] = min(at, first.get(one.method_id, at))
        return max([self.due_at, *first.values()])

    @property
    def open(self) -> Attempt | None:
        """PAY-9 The charge that was asked for and not answered yet, by a failure of whatever attempt of its round."""
        for attempt in self.invoice.attempts:
            if attempt.round is not None and not self._failures(attempt.method_id, attempt.round, attempt.at):
                return attempt
        return None

    def answer_by(self, charge: Attempt) -> datetime:
        """PAY-1 From when on silence counts as a failure."""
        return self.policies.calendar.days_after(charge.at, self.policies.answer_wait_days)

    @property
    def last_round(self) -> int:
        """The number of the last round."""
        return len(self.policies.round_days)

    def starts(self, number: int) -> datetime:
        """PAY-2 When that round begins. Raises ValueError for one after the first while nothing has failed."""
        if number == 0:
            return self.due_at
        first = self.first_failure
        if first is None:
            raise ValueError("there is no further round before the first failure")
        number = min(number, self.last_round)  # there may have been more of them by earlier settings
        return self.policies.calendar.days_after(first, self.policies.round_days[number - 1])

    def round_at(self, at: datetime) -> int:
        """The round that had begun last at that time."""
        if self.first_failure is None:
            return 0
        return max(n for n in range(self.last_round + 1) if n == 0 or self.starts(n) <= at)

    def next_method(self, number: int, day: date) -> Method | None:
        """PAY-1 Whom to ask next in a round: the first good method, in the member's order, not tried in it since it was renewed."""
        if self.open:
            return None
        good = [method for method in self.methods if method.good_on(day)]
        untried = [method for method in good if not self._tried(method, number)]
        return min(untried, key=lambda method: (method.position, method.id), default=None)

    def failures_in(self, number: int) -> list[Attempt]:
        """The attempts that failed in a round."""
        return [attempt for attempt in self.counting if attempt.failed_at and self._round(attempt) == number]

    def attempt_id(self, number: int, method: Method) -> str:
        """A name that asks the same only once: `<invoice>-<round>-<method>`.

        A method that was renewed and is asked again in the round has a count at the round, as in `0.2`: at the end it could be
        another method's name.
        """
        before = [one for one in self.invoice.attempts if (one.round, one.method_id) == (number, method.id)]
        again = f".{len(before) + 1}" if before else ""
        name = f"{self.invoice.id}-{number}{again}-{method.id}"
        return name if len(name) <= ID_LENGTH else permanent_id(name)

    def _tried(self, method: Method, number: int) -> bool:
        asked = [(one.method_id, one.round) for one in self.invoice.attempts if one.at >= method.renewed_at]
        return (method.id, number) in asked or bool(self._failures(method.id, number, method.renewed_at))

    def _failures(self, method_id: str, number: int, since: datetime) -> list[Attempt]:
        return [one for one in self.failures_in(number) if one.method_id == method_id and one.at >= since]

    def _round(self, attempt: Attempt) -> int:
        if attempt.round is not None or attempt.failed_at is None:
            return attempt.round or 0
        return self.round_at(attempt.failed_at)
