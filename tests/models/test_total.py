"""Deciding is total: whatever arrives, in whatever order and with whatever ids, gets one answer, and the books balance."""

from hypothesis import given, settings
from hypothesis import strategies as st

from models.outputs import Decided, LedgerEntry, Notification, Request
from models.policies import Policies
from models.state import MEMBERS, Member, decode
from models.values import permanent_id
from tests.models import facts as given_
from tests.models.facts import MEMBER, Fact, line, step
from tests.models.world import World

GUEST = f"guest:{'e' * 64}"
# Few ids and many events, so that they meet.
orders, returns, invoices, applications, repairs, claims, serials, visits, loans = (
    st.sampled_from([f"{letter}{n}" for n in range(3)]) for letter in ("o", "r", "i", "a", "x", "k", "S", "v", "n")
)
kinds = st.sampled_from(["body", "lens"])
loan_invoices = st.builds(permanent_id, st.just("loan_invoice"), st.just(MEMBER), loans)
LOAN_STEPS = ["approved", "approved", "declined", "insurance_proved", "shipped", "shipped", "recalled"]
methods = st.sampled_from(["card-1", "card-2"])
renewals = st.builds("pro-m-1-2027-{:02}-{:02}".format, st.integers(1, 12), st.integers(1, 28))
instants = st.builds("2026-{:02}-{:02} {:02}:00".format, st.integers(1, 12), st.integers(1, 28), st.integers(0, 23))
lines = st.builds(
    line,
    st.sampled_from(["l1", "l2"]),
    st.sampled_from(["0.00", "0.49", "19.99", "500.00"]),
    st.integers(1, 3),
    qualifying=st.booleans(),
    category=st.sampled_from(["camera", "camera", "warranty"]),
    serial_numbers=st.lists(serials, max_size=1),
    promo_price_saving=st.sampled_from(["0.00", "0.01", "150.00"]),
)
facts: st.SearchStrategy[Fact] = st.one_of(
    st.builds(given_.joined, state=st.sampled_from(["CA", "CA", "PR"])),
    st.builds(given_.order, orders, lines, placed_at=instants, signed_in=st.sampled_from([True, True, False])),
    st.builds(given_.returned, returns, orders, l1=st.integers(1, 3), in_window=st.booleans()),
    st.builds(given_.return_rejected, returns),
    st.builds(given_.cancelled, orders, before_shipment=st.booleans()),
    st.builds(
        given_.applied_for, applications, invoices, auto_renew=st.booleans(), state=st.sampled_from(["CA", "GU"])
    ),
    st.builds(given_.reviewed, applications, st.booleans()),
    st.builds(given_.paid, invoices, paid_at=instants, amount=st.sampled_from(["100.00", "100.00", "5.00"])),
    st.builds(given_.paid, renewals, paid_at=instants, attempt_id=st.sampled_from(["t1", "t2"])),
    st.builds(
        given_.failed,
        st.one_of(invoices, renewals),
        st.sampled_from(["t1", "t2"]),
        method_id=methods,
        reason=st.sampled_from(["other", "stolen"]),
    ),
    st.builds(given_.added, methods, st.integers(0, 2), st.sampled_from([None, "2026-06", "2040-01"])),
    st.builds(given_.updated, methods, position=st.integers(0, 2)),
    st.builds(given_.updated, methods, expires=st.sampled_from(["2026-06", "2040-01"])),
    st.builds(given_.removed, methods),
    st.builds(given_.care_bought, invoices, purchased_at=instants, state=st.sampled_from(["CA", "PR"])),
    st.builds(given_.care_bought, invoices, purchased_at=instants, order_id=orders),
    st.builds(given_.claimed, claims, serials, orders, filed_by=st.sampled_from([given_.MEMBER, "m-9"])),
    st.builds(given_.paid, invoices, paid_at=instants, program=st.just("care"), amount=st.just("179.99")),
    st.builds(given_.failed, invoices, program=st.just("care")),
    st.builds(lambda on: ("care.auto_renew_changed", {"on": on}), st.booleans()),
    st.builds(lambda refund: ("care.cancel_requested", {"refund_requested": refund}), st.booleans()),
    st.sampled_from([("pro.cancel_requested", {}), ("pro.terminated", {"reason": "breach"})]),
    st.builds(given_.auto_renew, st.booleans()),
    st.builds(given_.registered, serials, condition=st.sampled_from(["new", "new", "counterfeit"])),
    st.builds(given_.booked, visits, S1=kinds, S2=kinds),
    st.builds(given_.booked, visits),
    st.builds(given_.visit_cancelled, visits),
    st.builds(given_.cleaned, visits),
    st.builds(given_.loan, loans, model=serials, retail_value=st.sampled_from(["0.00", "20.00", "3000.00"])),
    st.builds(given_.repair_loan, loans, repairs),
    st.builds(given_.loan_step, st.sampled_from(LOAN_STEPS), loans),
    st.builds(given_.loan_step, st.just("returned"), loans, damaged=st.booleans()),
    st.builds(given_.loan_paid, loan_invoices, st.sampled_from(["20.00", "3000.00"])),
    st.builds(given_.repair, repairs, sent_by=st.sampled_from(["member", "member", "dealer"])),
    st.builds(
        step,
        st.sampled_from(["received", "diagnosed", "warranty_validated", "completed", "handed_to_carrier", "delivered"]),
        repairs,
    ),
    st.builds(
        step,
        st.sampled_from(
            ["parts_unavailable", "parts_available", "estimate_issued", "estimate_answered", "payment_accepted"]
        ),
        repairs,
    ),
    st.builds(given_.loaner, st.sampled_from(["requested", "unavailable"]), repairs),
)
bought = st.builds(given_.care_bought, invoices, purchased_at=instants, state=st.sampled_from(["CA", "CA", "PR"]))
of_guests: st.SearchStrategy[Fact] = st.one_of(
    bought,
    bought,
    st.builds(
        given_.paid, invoices, paid_at=instants, program=st.just("care"), amount=st.sampled_from(["179.99", "5.00"])
    ),
    st.builds(given_.failed, invoices, program=st.just("care")),
    st.just(given_.account_opened()),
)
everybody = st.tuples(st.builds(given_.majeure, st.sampled_from(["declared", "ended"])), instants, st.just("*"))
ours = st.tuples(st.one_of(facts, facts, st.just(given_.account_opened())), instants, st.just(MEMBER))
moves = st.one_of(
    ours,
    ours,
    everybody,
    st.tuples(of_guests, instants, st.just(GUEST)),
    st.tuples(st.none(), instants, st.just(MEMBER)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(moves, min_size=1, max_size=40), st.sampled_from([None, "2026-01-01 00:00"]))
def test_every_event_gets_one_answer_and_the_books_balance(
    story: list[tuple[Fact | None, str, str]], now: str | None
) -> None:
    world = World(now=now, policies=Policies(held_at_most=5, hold_days=7))
    sent = 0
    for fact, time, key in story:
        if fact is None:
            world.tick(time)
            continue
        sent += 1
        answer = world.send(fact, event_id=f"fact-{sent}", time=time, member=key)
        assert answer.event.id == f"fact-{sent}"
        assert answer.says.endswith(".")
    world.tick("2030-01-01 00:00")  # the first tick, for some: it starts the count of what is held
    world.tick("2030-02-01 00:00")
    own = [decision.event.id for decision in world.decisions]
    held = [decision for decision in world.decisions if decision.outcome == "held"]
    told = sent + len(world.transfers)
    assert len(own) == told + len(held), "one answer each, and one more when a held one settles"
    assert len(set(world.ids(Decided))) == len(own)
    for kind in (Notification, LedgerEntry, Request):
        assert len(set(world.ids(kind))) == len(world.bodies(kind))
    members = {key.decode(): decode(raw, Member) for (table, key), raw in world.tables.items() if table == MEMBERS}
    assert not any(member.held for member in members.values())
    if MEMBER in members and members[MEMBER].points:
        world.check_books()
        assert world.points.debt == 0
