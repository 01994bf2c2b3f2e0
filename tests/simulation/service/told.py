"""What stands of what a member was told of repairs, loans and visits: each thing once, and nothing whose reason is gone (NTF-1, NTF-3)."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final, TypeAlias

from tests.simulation.dates import cents, later
from tests.simulation.partition import Json
from tests.simulation.service.account import Service
from tests.simulation.service.cleanings import Visit
from tests.simulation.service.loans import Loan
from tests.simulation.service.repairs import Repair
from tests.simulation.service.shown import instant_of

ABOUT: Final = {"repair": "repair_id", "loan": "loan_id", "cleaning": "cleaning_id"}
Standing: TypeAlias = tuple[str, str]
"""(kind, what it is about)."""


def sent(service: Service, kind: str, params: Json, at: datetime) -> None:
    """A notice that a deadline sends, when it is sent: in its time, and for a reason."""
    if kind == "repair.fee_reimbursed":
        assert service.reimbursed.get(params["invoice_id"]) == params["repair_id"], (
            "REP-9: not the fee of that term, once"
        )
    elif kind == "repair.at_risk":
        turnaround = service.turnaround(service.repairs[params["repair_id"]])
        assert turnaround
        assert turnaround.due
        assert later(turnaround.due, -1) <= at < turnaround.due, "REP-8: told on the last day"
    elif kind == "repair.estimate_reminder":
        by = service.repairs[params["repair_id"]].answer_by
        assert by
        assert at < by, "REP-6: reminded of what can be answered"
    elif kind == "force_majeure.may_terminate":
        assert instant_of(params["declared_at"]) in service.may_leave, "PRO-11: it has not lasted for so long"
    elif kind == "loan.due_soon":
        due = service.due(service.loans[params["loan_id"]])
        assert due
        assert later(due, -4) <= at < due, "LOAN-5: three days before the day on which it is due"


def _is_true(service: Service, kind: str, params: Json) -> bool:
    """Whether a notice that stands says what is so."""
    if kind in ("repair.at_risk", "repair.turnaround_started", "repair.turnaround_missed"):
        turnaround = service.turnaround(service.repairs[params["repair_id"]])
        return turnaround is not None and instant_of(params["deadline"]) == turnaround.due
    if kind == "repair.estimate":
        return cents(params["to_pay"]) == service.repairs[params["repair_id"]].price
    return True


def check(service: Service, standing: Iterable[Json]) -> None:
    """All that stands after a message or a tick."""
    standing = list(standing)
    may_leave = [
        notice["params"]["declared_at"]
        for notice in standing
        if notice["notification"] == "force_majeure.may_terminate"
    ]
    assert [instant_of(at) for at in may_leave] == service.may_leave, "PRO-11: told once for each force majeure"
    found = Counter([about for notice in standing if (about := _about(notice))])
    untrue = [one for one in standing if not _is_true(service, one["notification"], one["params"])]
    assert not untrue, f"NTF-2: it is not so, {untrue}"
    again = [about for about, times in found.items() if times > 1]
    assert not again, f"NTF-1: told twice, {again}"
    must, may = set[Standing](), set[Standing]()
    for repair in service.repairs.values():
        must.update((f"repair.{kind}", repair.id) for kind in _of_repair(service, repair))
        may.update((f"repair.{kind}", repair.id) for kind in _perhaps(service, repair))
    for loan in service.loans.values():
        must.update((f"loan.{kind}", loan.id) for kind in _of_loan(service, loan))
        may.update([("loan.due_soon", loan.id)] if loan.out and not loan.overdue and not loan.bought else ())
    must.update((f"cleaning.{_of_visit(one)}", one.id) for one in service.cleanings.visits.values())
    missing = {about for about in must - found.keys() if about[0] != "cleaning.cancelled"}
    assert not missing, f"not told: {missing}"
    assert not found.keys() - must - may, f"NTF-3: {found.keys() - must - may} stand for nothing"


def _about(notice: Json) -> Standing | None:
    kind: str = notice["notification"]
    name = ABOUT.get(kind.partition(".")[0])
    return (kind, notice["params"][name]) if name else None


def _of_repair(service: Service, repair: Repair) -> Iterator[str]:
    """Where it is, what was confirmed, what was decided."""
    if repair.refused:
        yield "refused"
        return
    if repair.missed:
        yield "turnaround_missed"
    if repair.id in service.reimbursed.values():
        yield "fee_reimbursed"
    if repair.gone:
        yield "shipped"
        return
    if "received" in repair.steps:
        yield "received"
    if repair.declined or repair.unanswered is not None:
        yield "returned_unrepaired"
    elif repair.answer_by:
        yield "estimate"
    elif (turnaround := service.turnaround(repair)) and turnaround.state == "open":
        yield "turnaround_started"


def _perhaps(service: Service, repair: Repair) -> Iterator[str]:
    """What deadlines have told, as long as it holds."""
    if repair.gone or repair.refused:
        return
    turnaround = service.turnaround(repair)
    state = turnaround.state if turnaround else ""
    if repair.answer_by:
        yield "estimate_reminder"
    if state == "open":
        yield "at_risk"
    if state in ("open", "missed") and not repair.loaner_answered:
        yield "loaner_offered"


def _of_loan(service: Service, loan: Loan) -> Iterator[str]:
    owed = loan.invoice is not None and loan.invoice.is_owed
    if owed:
        yield "invoiced"
    if loan.returned or loan.bought:
        yield from () if owed else ("closed",)
    elif loan.overdue:
        yield "overdue"
    elif loan.shipped:
        yield "shipped"
    elif loan.reasons(service.product_back(loan)):
        yield "refused"
    elif loan.answer:
        yield "approved"


def _of_visit(visit: Visit) -> str:
    if visit.status != "booked":
        return visit.status
    return "booked" if visit.free and not visit.charged_products else "chargeable"
