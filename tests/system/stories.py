"""Sets of events within which GEN-2 lets the order of arrival not matter, made up from a seed."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any

from cli.lines import Message, Tick
from models.events import GUEST
from models.policies import Policies
from tests.system import scenario
from tests.system.memory import Installation

START = datetime(2026, 3, 2, 18, tzinfo=UTC)
SOURCE = "/stories"
NOW = Tick((START + timedelta(days=1)).isoformat())
"""The one tick of an installation that hears stories."""
NO_TICKS = Policies(ahead_days=400)
"""The settings under which a story is decided whole while the clock stands still."""


class Story:
    """One member: `before` is in order and comes first, `free` may come in any order, repeated as often as one likes."""

    def __init__(self, member: str, chance: Random) -> None:
        self.member, self.chance = member, chance
        self.before: list[Message] = []
        self.free: list[Message] = []
        self._time = START

    @property
    def keys(self) -> list[str]:
        """All whom it is about."""
        return sorted({message.subject for message in (*self.before, *self.free)})

    def told_at_random(self, chance: Random) -> list[Message]:
        """What may come in any order, so; each of it once or some times."""
        copies = [message for message in self.free for _ in range(chance.choice((1, 1, 2, 3)))]
        return chance.sample(copies, len(copies))

    def _message(self, kind: str, subject: str | None = None, /, **data: Any) -> Message:
        self._time += timedelta(minutes=7)
        event_id = f"{self.member}-{self._time:%H%M}"
        return scenario.message(kind, subject or self.member, data, self._time, event_id, SOURCE)

    def pause(self, length: timedelta) -> None:
        """Nothing happens for that long."""
        self._time += length

    def given(self, kind: str, **data: Any) -> None:
        self.before.append(self._message(kind, **data))

    def when(self, kind: str, subject: str | None = None, /, **data: Any) -> None:
        self.free.append(self._message(kind, subject, **data))


def an_order(member: str, chance: Random) -> Story:
    """An order of a member, returned in parts; a part of that rejected; now and then cancelled."""
    story = Story(member, chance)
    story.given("points.joined")
    left = {f"l{number}": chance.randint(1, 5) for number in range(chance.randint(1, 3))}
    lines = [
        {"line_id": name, "quantity": quantity, "unit_price": f"{chance.randint(0, 300)}.{chance.randint(0, 99):02}"}
        | ({"bonus": {"offer_id": "b", "points": chance.randint(1, 99)}} if chance.random() < 0.3 else {})
        for name, quantity in left.items()
    ]
    story.when("order.placed", order_id="o1", lines=lines)
    for number in range(chance.randint(0, 4)):
        back = {name: chance.randint(1, pieces) for name, pieces in left.items() if pieces and chance.random() < 0.6}
        if not back:
            continue
        left = {name: pieces - back.get(name, 0) for name, pieces in left.items()}
        parts = [{"line_id": name, "quantity": pieces} for name, pieces in back.items()]
        story.when("return.completed", return_id=f"r{number}", order_id="o1", lines=parts)
        if chance.random() < 0.3:
            story.when("return.rejected", return_id=f"r{number}")
    if chance.random() < 0.25:
        story.when("order.cancelled", order_id="o1")
    return story


def an_application(member: str, chance: Random) -> Story:
    """An application with its review and its fee, which may have failed first."""
    story = Story(member, chance)
    story.when("pro.applied", state=chance.choice(("CA", "CA", "CA", "PR")))
    for number in range(chance.randint(0, 2)):
        story.when("payment.failed", invoice_id="fee-1", attempt_id=f"try-{number}")
    story.when("payment.succeeded", paid_at=(START + timedelta(days=chance.randint(-3, 0))).isoformat())
    story.when("pro.reviewed", approved=chance.random() < 0.8)
    return story


def a_renewal(member: str, chance: Random) -> Story:
    """A renewal fee that fails some times and is paid at last, before the term is over or after.

    Paid before, it may even be told before the application that opened the membership.
    """
    story = Story(member, chance)
    late, invoice = chance.random() < 0.5, f"pro-{member}-{START.date().replace(year=START.year + 1)}"
    for kind in ("pro.applied", "payment.succeeded", "pro.reviewed"):
        (story.given if late else story.when)(kind)
    if late:
        story.pause(timedelta(days=366))
    for number in range(chance.randint(1, 3)):
        story.when("payment.failed", invoice_id=invoice, attempt_id=f"try-{number}")
    story.when("payment.succeeded", invoice_id=invoice, attempt_id="try-9")
    return story


def a_repair(member: str, chance: Random) -> Story:
    """A repair in warranty up to some step, on the way possibly without a message for one or the other; parts may be missing."""
    story = _a_member_with_a_camera(member, chance)
    story.when("repair.requested", pieces=chance.choice((1, 1, 4)))
    steps = ("received", "diagnosed", "warranty_validated", "completed", "handed_to_carrier", "delivered")
    for step in steps[: chance.randint(1, len(steps))]:
        if chance.random() < 0.8:
            story.when(f"repair.{step}")
        if step == "warranty_validated" and chance.random() < 0.3:
            story.when("repair.parts_unavailable")
            story.when("repair.parts_available")
    return story


def a_paid_repair(member: str, chance: Random) -> Story:
    """A repair out of warranty: an estimate or two, answered or not, paid or not, sent back repaired or not."""
    story = _a_member_with_a_camera(member, chance)
    story.when("repair.requested", preapproved_amount=chance.choice((None, "100.00", "500.00")))
    story.when("repair.received")
    if chance.random() < 0.5:
        story.when("repair.warranty_validated", proof=chance.random() < 0.3)
    for number in range(chance.randint(1, 2)):
        story.when("repair.estimate_issued", estimate_id=f"e{number}", standard_fee=f"{chance.randint(80, 400)}.33")
        if chance.random() < 0.7:
            story.when("repair.estimate_answered", estimate_id=f"e{number}", approved=chance.random() < 0.7)
    if chance.random() < 0.7:
        story.when("repair.payment_accepted", amount=f"{chance.randint(60, 330)}.00")
    if chance.random() < 0.6:
        story.when("repair.handed_to_carrier", repaired=chance.random() < 0.7)
    return story


def a_loan(member: str, chance: Random) -> Story:
    """A loan for a repair or to try a lens, up to some step; given back whole, damaged, or not at all."""
    story = _a_member_with_a_camera(member, chance)
    if chance.random() < 0.5:
        story.given("repair.requested")
        story.when("loan.requested", kind="repair", repair_id="rep")
        if chance.random() < 0.5:
            story.when("repair.delivered")
    else:
        needed_on = (START + timedelta(days=20)).date().isoformat()
        story.when("loan.requested", needed_on=needed_on, retail_value="12998.00")
        if chance.random() < 0.7:
            story.when("loan.insurance_proved")
    story.when("loan.approved" if chance.random() < 0.8 else "loan.declined")
    if chance.random() < 0.8:
        story.when("loan.shipped")
    if chance.random() < 0.3:
        story.when("loan.recalled")
    if chance.random() < 0.6:
        story.when("loan.returned", damaged=chance.random() < 0.3)
    return story


def a_visit(member: str, chance: Random) -> Story:
    """A clean and check that is booked, and then called off, done, done by halves, or both."""
    story = _a_member_with_a_camera(member, chance)
    story.when("cleaning.booked")
    if chance.random() < 0.3:
        story.when("cleaning.cancelled")
    if chance.random() < 0.7:
        story.when("cleaning.done")
    return story


def _a_member_with_a_camera(member: str, chance: Random) -> Story:
    story = Story(member, chance)
    for kind in ("pro.applied", "payment.succeeded", "pro.reviewed", "product.registered"):
        story.given(kind)
    return story


def a_guest(member: str, chance: Random) -> Story:
    """A guest's purchase, the fee, which may fail and be told under either key, and the account, some of it told twice."""
    story, email = Story(member, chance), sha256(member.encode()).hexdigest()
    guest, fee = f"{GUEST}{email}", {"invoice_id": "care-1", "program": "care"}
    story.when("care.purchased", guest, email_hash=email)
    if chance.random() < 0.5:
        story.when("payment.failed", guest, **fee, attempt_id="try-1")
    for key in chance.choice(([guest], [member], [guest, member], [])):
        story.when("payment.succeeded", key, **fee, amount="179.99", attempt_id="try-2")
    for _ in range(chance.randint(0, 2)):
        story.when("account.opened", member, email_hash=email)
    return story


def all_kinds(seed: int, each: int = 5) -> Iterator[Story]:
    """Some stories of each kind."""
    chance = Random(seed)
    for tell in (an_order, an_application, a_renewal, a_repair, a_paid_repair, a_loan, a_visit, a_guest):
        for number in range(each):
            yield tell(f"{tell.__name__}-{number}", chance)


def begun(told: Iterable[Story]) -> Installation:
    """An installation in memory that has heard, in order, what comes first."""
    installation = Installation(policies=NO_TICKS)
    installation.tick(NOW)
    for message in (message for story in told for message in story.before):
        installation.send(message)
        installation.work()
    return installation


def in_order(told: Iterable[Story]) -> Installation:
    """An installation in memory that has heard the stories in the order in which they happened."""
    told = list(told)
    installation = begun(told)
    for message in (message for story in told for message in story.free):
        installation.send(message)
        installation.work()
    return installation
