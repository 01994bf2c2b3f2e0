"""PAY-1, PAY-2, PAY-9: whom to ask and when, as functions of the facts alone."""

from datetime import date
from itertools import permutations

import pytest

from models.fees.collecting import Collection
from models.fees.state import Attempt, Invoice, Method
from models.policies import STANDARD, Policies
from tests.models.facts import at

DAY = date(2027, 3, 2)
DUE = at("2027-03-02 08:00")


def card(name: str, position: int = 0, expires: str | None = None, renewed: str = "2026-03-01 12:00") -> Method:
    when = at(renewed)
    return Method(name, "card", position, when, expires, when, when, True, when)


def asked(name: str, number: int = 0, when: str = "2027-03-02 08:00", failed: str | None = None) -> Attempt:
    return Attempt(f"i-{number}-{name}", name, number, at(when), at(failed) if failed else None)


def told(name: str, failed: str) -> Attempt:
    """A failure of an attempt that we have not asked for."""
    return Attempt(f"theirs-{name}-{failed}", name, None, None, at(failed), "other")


def collection(*attempts: Attempt, methods: tuple[Method, ...] = (), policies: Policies = STANDARD) -> Collection:
    return Collection(Invoice("i", due_on=DAY, attempts=list(attempts)), methods, policies)


def test_pay_1_the_first_in_the_members_order_is_asked_first() -> None:
    found = collection(methods=(card("b", 2), card("a", 2), card("c", 1)))
    assert [method and method.id for method in [found.next_method(0, DAY)]] == ["c"]


@pytest.mark.parametrize(("expires", "usable"), [("2027-02", False), ("2027-03", True), (None, True)])
def test_pay_1_a_method_is_good_through_its_month(expires: str | None, usable: bool) -> None:
    assert (collection(methods=(card("a", expires=expires),)).next_method(0, DAY) is not None) == usable


@pytest.mark.parametrize(("declined", "usable"), [("2026-03-01 11:59:59", True), ("2026-03-01 12:00", False)])
def test_pay_1_a_hard_decline_retires_it_until_it_is_replaced(declined: str, usable: bool) -> None:
    method = card("a")
    method.declined_hard_at = at(declined)
    assert (collection(methods=(method,)).next_method(0, DAY) is not None) == usable


def test_pay_1_each_at_most_once_in_a_round() -> None:
    cards = (card("a", 0), card("b", 1))
    after_one = collection(asked("a", failed="2027-03-02 12:00"), methods=cards)
    assert after_one.next_method(0, DAY) == cards[1]
    after_both = collection(*after_one.invoice.attempts, asked("b", failed="2027-03-02 13:00"), methods=cards)
    assert after_both.next_method(0, DAY) is None
    assert after_both.next_method(1, DAY) == cards[0]


def test_pay_1_a_failure_nobody_asked_for_counts_for_its_method_in_the_round_of_its_time() -> None:
    cards = (card("a", 0), card("b", 1))
    assert collection(told("a", "2027-03-02 12:00"), methods=cards).next_method(0, DAY) == cards[1]


def test_pay_9_one_open_charge_at_most() -> None:
    cards = (card("a", 0), card("b", 1))
    waiting = collection(asked("a"), methods=cards)
    assert waiting.open is waiting.invoice.attempts[0]
    assert waiting.next_method(0, DAY) is None


def test_pay_9_whatever_failure_of_that_method_in_that_round_answers_it() -> None:
    answered = collection(asked("a"), told("a", "2027-03-02 12:00"), methods=(card("a"),))
    assert answered.open is None
    assert answered.next_method(0, DAY) is None


def test_pay_5_a_method_renewed_after_it_failed_is_asked_again_in_the_round_under_a_name_of_its_own() -> None:
    method = card("a", renewed="2027-03-02 14:00")
    found = collection(asked("a", failed="2027-03-02 12:00"), methods=(method,))
    assert found.next_method(0, DAY) is method
    assert found.attempt_id(0, method) == "i-0.2-a"


def test_pay_9_a_long_name_is_shortened_and_still_the_same_each_time() -> None:
    method = card("a" * 128)
    assert len(collection().attempt_id(0, method)) <= 128
    assert collection().attempt_id(0, method) == collection().attempt_id(0, method)


@pytest.mark.parametrize(
    ("now", "number"),
    [
        ("2027-03-05 11:59:59", 0),
        ("2027-03-05 12:00", 1),
        ("2027-03-09 11:59:59", 1),
        ("2027-03-09 12:00", 2),
        ("2027-03-16 10:59:59", 2),  # summer time has begun: the same time of day
        ("2027-03-16 11:00", 3),
        ("2028-01-01 00:00", 3),
    ],
)
def test_pay_2_rounds_come_3_7_and_14_days_after_the_first_failure(now: str, number: int) -> None:
    assert collection(asked("a", failed="2027-03-02 12:00")).round_at(at(now)) == number


@pytest.mark.parametrize(("failed_at", "counts"), [("2027-03-02 07:59:59", False), ("2027-03-02 08:00", True)])
def test_pay_1_what_failed_before_the_fee_is_due_counts_in_no_round(failed_at: str, counts: bool) -> None:
    early = collection(told("a", failed_at), methods=(card("a"), card("b")))
    assert early.first_failure == (DUE if counts else None)
    asked_first = early.next_method(0, DUE.date())
    assert asked_first is not None
    assert asked_first.id == ("b" if counts else "a")


def test_pay_2_a_round_of_an_earlier_setting_that_is_no_more_is_the_last_one() -> None:
    fewer = STANDARD.model_copy(update={"round_days": (3, 7)})
    found = collection(told("a", "2027-03-02 12:00"))._replace(policies=fewer)
    assert found.starts(3) == found.starts(2)


def test_gen_2_the_first_failure_and_the_rounds_do_not_depend_on_the_order_of_the_facts() -> None:
    facts = (asked("a", failed="2027-03-02 12:00"), told("b", "2027-03-06 12:00"), told("c", "2027-03-03 12:00"))
    cards = (card("a"), card("b"), card("c"), card("d"))
    ends = set()
    for order in permutations(facts):
        found = collection(*order, methods=cards)
        ends.add((found.first_failure, *[frozenset(one.id for one in found.failures_in(n)) for n in range(4)]))
    assert len(ends) == 1


def test_pay_2_the_days_are_a_policy() -> None:
    found = collection(asked("a", failed="2027-03-02 12:00"), policies=Policies(round_days=(1,)))
    assert (found.last_round, found.round_at(at("2027-03-03 12:00"))) == (1, 1)


def test_pay_2_days_that_do_not_rise_are_refused() -> None:
    with pytest.raises(ValueError, match="later than the one before"):
        Policies(round_days=(3, 3))
