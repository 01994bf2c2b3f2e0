"""Noting a fact of a repair: the repair is found, the fact added, the repair settled, and the answer says what came of it."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal, TypeAlias

from models import shelf
from models.case import Case, Ruling, applied, duplicate, refused
from models.hold import hold
from models.repairs import answers
from models.repairs.events import RepairPayload
from models.repairs.facts import FACTS, Payment, Told, Word
from models.repairs.settling import contradicted, settle
from models.repairs.state import Repair

Noting: TypeAlias = Callable[[Repair], bool]
"""Notes a fact; returns whether that is news."""


def noted(case: Case, data: RepairPayload, note: Noting, says: str, clause: str, *, limited: bool = False) -> Ruling:
    """Note a fact and settle; the answer says what changed by it, and whether it came too late for a decision (GEN-6).

    limited: whether such facts can be told ever again, so that not all of them can be kept.
    """
    repair = shelf.find(case, Repair, case.member.repairs, data.repair_id)
    if repair is None:
        return hold(case, "repair", data.repair_id, f"'{data.TYPE}' comes before repair {data.repair_id}")
    if limited and repair.facts >= FACTS:
        return refused("too_many_facts", f"{FACTS} words are known of repair {repair.id}: no more are kept.", clause)
    wrong, before = contradicted(case, repair), answers.Before.of(repair)
    if not note(repair):
        return duplicate("already_known", f"Repair {repair.id}: {says} was known already.", clause)
    settle(case, repair)
    if repair.why_refused:
        return refused("repair_refused", f"Repair {repair.id} was refused ({repair.why_refused}).", "REP-1")
    if news := contradicted(case, repair) - wrong:
        return applied(answers.told_after(case, repair, says, news), "GEN-6", answers.TOLD_AFTER)
    starts = repair.turnaround is not None and before.turnaround is None
    return applied(f"Repair {repair.id}: {says}.{answers.news(case, before, repair)}", "REP-4" if starts else clause)


def add_word(words: list[Word], word: Word) -> bool:
    """Add a word. Of two that say the same of the same time one counts, whichever is told first (GEN-2)."""
    known = next((known for known in words if (known.at, known.yes) == (word.at, word.yes)), None)
    if known and known <= word:
        return False
    words[:] = sorted([*[other for other in words if other is not known], word])
    return True


def add_payment(repair: Repair, payment: Payment) -> bool:
    """The same of a payment."""
    same = (payment.at, payment.amount)
    known = next((known for known in repair.payments if (known.at, known.amount) == same), None)
    if known and known <= payment:
        return False
    repair.payments = sorted([*[other for other in repair.payments if other is not known], payment])
    return True


def note_loaner(repair: Repair, what: Literal["requested", "unavailable", "shipped"], told: Told) -> bool:
    """The earliest counts."""
    known: Told | None = getattr(repair.loaner, what)
    if known and known <= told:
        return False
    setattr(repair.loaner, what, told)
    return True


def told(case: Case) -> tuple[datetime, str, str]:
    """What makes the case's fact a `Told`."""
    return case.at, case.cause.source, case.cause.id
