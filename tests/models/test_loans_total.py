"""Whatever is told of some loans, in whatever order and with the clock in between: what always holds."""

from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from models.fees.membership import LOAN
from models.loans.default import in_default
from models.outputs import Notification, Request
from models.outputs.requests import InvoiceCancelled, InvoiceIssued
from models.values import cents, permanent_id
from models.view import view
from tests.models.facts import MEMBER, Fact, loan, loan_paid, loan_step, repair, repair_loan, step
from tests.models.lending import loan_of
from tests.models.world import World, pro_member

LOANS = ("n1", "n2", "n3")
some = st.sampled_from(LOANS)
instants = st.builds("2026-{:02}-{:02} {:02}:00".format, st.integers(4, 9), st.integers(1, 28), st.integers(0, 23))
facts: st.SearchStrategy[Fact] = st.one_of(
    st.builds(loan, some, model=st.sampled_from(["ILCE-9M3", "SEL14F18GM"]), needed_on=st.just("2026-12-01")),
    st.builds(repair_loan, some, retail_value=st.sampled_from(["3000.00", "0.00"])),
    st.builds(loan_step, st.sampled_from(["approved", "shipped", "shipped", "shipped", "recalled"]), some),
    st.builds(loan_step, st.sampled_from(["declined", "insurance_proved"]), some),
    st.builds(loan_step, st.just("returned"), some, damaged=st.booleans(), insurance_paid=st.just("1000.00")),
    st.builds(
        lambda which, amount: loan_paid(permanent_id("loan_invoice", MEMBER, which), amount),
        some,
        st.sampled_from(["1000.00", "2999.99"]),
    ),
    st.sampled_from([repair(), step("delivered")]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.one_of(facts, facts, facts, st.none()), instants), max_size=30))
def test_loan_5_loan_6_what_always_holds(story: list[tuple[Fact | None, str]]) -> None:
    world = pro_member(World())
    for which in LOANS:
        world.send(loan(which, model=f"SEL{which}GM", needed_on="2026-12-01"), time="2026-03-20 12:00")
        world.send(loan_step("approved", which), time="2026-03-21 12:00")
    for n, (fact, time) in enumerate(story):
        if fact is None:
            world.tick(time)
        else:
            answer = world.send(fact, event_id=f"fact-{n}", time=time)
            assert answer.says.endswith(".")
        holds(world)
    world.tick("2026-11-01 00:00")
    holds(world)


def holds(world: World) -> None:
    member = world.member()
    for kind in (Notification, Request):
        assert len(set(world.ids(kind))) == len(world.bodies(kind)), "NTF-1: an id was given twice"
    loans = in_default(member.loans)
    assert world.pro.causes == ({LOAN: min(loans.values())} if loans else {}), "LOAN-6"
    told = sum(kind == "membership.suspended" for kind, _ in world.standing())
    assert told == bool(loans), "NTF-3: it is told as long as it is so"
    due: list[tuple[str, datetime]] = [(one.ref, one.at) for one in member.due if one.what.startswith("loan.")]
    assert all(member.loans[ref].is_running for ref, _ in due), "GEN-4: nothing waits of what is over"
    for which in LOANS:
        one = loan_of(world, which)
        issued = [each for each in world.bodies(InvoiceIssued) if each.loan_id == which]
        cancelled = [each for each in world.bodies(InvoiceCancelled) if each.loan_id == which]
        assert len(issued) == (one.bill is not None), "GEN-6: at most one invoice"
        assert len(cancelled) == (one.bill is not None and one.bill.cancelled)
        assert all(cents(each.amount) <= one.retail_value for each in issued), "LOAN-5"
        assert set(one.told) <= {notice_id for _, notice_id in world.standing()}
    assert view(MEMBER, member)["loans"]
