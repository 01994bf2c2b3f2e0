"""What stands of what a member was told of repairs and loans says what is so (NTF-2)."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from audit.service import repairs
from audit.service.facts import Facts
from tests.simulation.dates import cents
from tests.simulation.partition import Json
from tests.simulation.service.shown import instant_of

NEVER_DUE: Final = datetime.max.replace(tzinfo=UTC)


def check(facts: Facts, standing: Iterable[Json]) -> None:
    """All that stands after a message or a tick."""
    untrue = [one for one in standing if not _is_true(facts, one["notification"], one["params"])]
    assert not untrue, f"NTF-2: it is not so, {untrue}"


def _is_true(facts: Facts, kind: str, params: Json) -> bool:
    if kind in ("repair.at_risk", "repair.turnaround_started", "repair.turnaround_missed"):
        turnaround = repairs.turnaround(facts, facts.repairs[params["repair_id"]])
        return turnaround is not None and instant_of(params["deadline"]) == turnaround.due
    if kind == "repair.estimate":
        offer = repairs.offer(facts, facts.repairs[params["repair_id"]])
        return offer is not None and cents(params["to_pay"]) == offer.price
    if kind == "repair.fee_reimbursed":
        return facts.repairs[params["repair_id"]].remedy == f"invoice {params['invoice_id']}"
    return True
