"""PAY as properties over any story of a renewal: a payment service that answers some charges, cards that come and go.

What must hold is told from the outputs alone, by the test's own account.
"""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from models.outputs import ChargeRequested, RefundRequested, Request
from models.policies import STANDARD
from tests.models.facts import MEMBER, added, at, failed, paid, removed, updated
from tests.models.world import World, pro_member

START = at("2027-02-27 20:00")
END = at("2027-03-02 08:00")
RENEWAL = f"pro-{MEMBER}-2027-03-02"
SILENCE = timedelta(days=STANDARD.answer_wait_days, hours=-1)
"""A charge is surely open for so long: a week, but for the hour of summer time."""

cards = st.sampled_from(["card-1", "card-2", "card-3"])
moves = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 100)),
    st.tuples(st.just("wait"), st.integers(1, 400)),
    st.tuples(st.just("decline"), st.sampled_from(["other", "other", "insufficient_funds", "stolen"])),
    st.tuples(st.just("decline"), st.sampled_from(["other", "processor_error", "closed"])),
    st.tuples(st.just("stray"), cards),
    st.tuples(st.just("add"), cards),
    st.tuples(st.just("renew"), cards),
    st.tuples(st.just("remove"), cards),
    st.tuples(st.just("pay"), st.none()),
    st.tuples(st.just("cancel"), st.none()),
)


class Service:
    """What a payment service knows: the charges it was asked for, and what it answered."""

    def __init__(self) -> None:
        self.world = pro_member(World())
        self.on_file: set[str] = set()
        self.asked_at: dict[str, datetime] = {}
        self.answered: set[str] = set()
        self.strays: set[str] = set()
        self.is_paid = self.is_cancelled = False
        self.world.tick("2027-01-30 20:00")
        self.wait(START)
        assert not self.world.pro.uncharged, "told in time"
        for card in ("card-1", "card-2"):
            self.move("add", card)

    @property
    def charges(self) -> list[ChargeRequested]:
        return self.world.bodies(ChargeRequested)

    @property
    def open(self) -> list[ChargeRequested]:
        """Asked for, and neither answered nor surely given up by silence."""
        now = self.now
        return [
            charge
            for charge in self.charges
            if charge.attempt_id not in self.answered and now - self.asked_at[charge.attempt_id] < SILENCE
        ]

    @property
    def now(self) -> datetime:
        assert self.world.now
        return self.world.now

    def wait(self, until: datetime) -> None:
        while self.now < until:  # a tick each six hours, so that notices go out in time
            step = min(until, self.now + timedelta(hours=6))
            self.world.tick(step.replace(tzinfo=None).isoformat(" "))
            self.look()

    def move(self, what: str, with_: Any) -> None:
        match what:
            case "wait":
                self.wait(self.now + timedelta(hours=with_))
            case "decline" if self.open:
                charge = self.open[0]
                self.answered.add(charge.attempt_id)
                self.world.send(failed(RENEWAL, charge.attempt_id, method_id=charge.method_id, reason=with_))
            case "stray":
                self.strays.add(with_)
                self.world.send(failed(RENEWAL, f"stray-{self.world.seq}", method_id=with_))
            case "add" if with_ not in self.on_file:
                self.on_file.add(with_)
                self.world.send(added(with_, len(self.on_file)))
            case "renew" if with_ in self.on_file:
                self.world.send(updated(with_, expires="2036-01"))
            case "remove" if with_ in self.on_file:
                self.on_file.discard(with_)
                self.world.send(removed(with_))
            case "pay" if self.open:
                charge = self.open[0]
                when = self.now.replace(tzinfo=None).isoformat(" ")
                self.answered.add(charge.attempt_id)
                self.world.send(paid(RENEWAL, paid_at=when, method_id=charge.method_id, attempt_id=charge.attempt_id))
                self.is_paid = True
            case "cancel":
                self.world.send(("pro.cancel_requested", {}))
                self.is_cancelled = True
        self.look()

    def look(self) -> None:
        """What must hold at any time."""
        for charge in self.charges:
            if charge.attempt_id not in self.asked_at:
                self.asked_at[charge.attempt_id] = self.now
                assert self.now >= END, "PAY-1: not before it is due"
                assert charge.method_id in self.on_file, "PAY-1: only what is on file"
                assert not self.is_cancelled, "PAY-8: no dunning after cancellation"
                assert charge.invoice_id != RENEWAL or not self.is_paid, "PAY-8: not when it is paid"
        names = [charge.attempt_id for charge in self.charges]
        assert len(names) == len(set(names)), "PAY-9: the same attempt is never asked twice"
        surely_open = [charge for charge in self.open if charge.method_id not in self.strays]
        assert len(surely_open) <= 1, "PAY-9: one open charge"
        if self.now < END:
            assert self.world.pro.status == "active", "PAY-3: never before the term ends"
        assert self.world.told.count("payment.final_notice") <= 1, "PAY-6"
        assert len(set(self.world.ids(Request))) == len(self.world.requests)


@settings(max_examples=80, deadline=None)
@given(st.lists(moves, max_size=25))
def test_pay_any_story_of_a_renewal(story: list[tuple[str, Any]]) -> None:
    service = Service()
    for what, with_ in story:
        service.move(what, with_)
    service.wait(max(service.now, END) + timedelta(days=100))
    world = service.world
    came = sum(decision.event.type == "payment.succeeded.v1" for decision in world.decisions) - 1
    refunds = [refund for refund in world.bodies(RefundRequested) if refund.invoice_id == RENEWAL]
    assert len(world.pro.terms) - 1 + len(refunds) == came, "money pays a year or goes back"
    assert world.pro.status in ("active", "lapsed", "ended")
    if service.is_cancelled:
        assert world.pro.stage != "active"
    elif not service.is_paid:
        assert world.pro.status == "lapsed"
    assert {due.what for due in world.member().due} <= {"fee.notice", "fee.expiring", "fee.due"}
