"""A member's repairs, loans and visits: the audit's own account of them (`audit/service`), told what happens here."""

from datetime import datetime
from typing import Final

from audit.served import Told, differing_from_told
from audit.service import Majeure, Service
from models.events import EVENT
from tests.simulation.dates import NEVER
from tests.simulation.known import Known
from tests.simulation.partition import POLICIES, Json, Message
from tests.simulation.service import told
from tests.simulation.service.pro import OfKnown

AREAS: Final = ("product", "repair", "loaner", "loan", "loan_invoice", "cleaning")
"""Of its events: what comes before the point."""


class Desk:
    """What comes and goes. It is told each tick that anything is due at, once."""

    def __init__(self, known: Known, majeure: Majeure) -> None:
        self.account = Service(known.name, POLICIES)
        self.pro = OfKnown(known)
        self.is_news = False
        """Whether anything has happened that was not checked yet."""
        self.quiet_until = NEVER
        """Nothing is due before that."""
        self._known, self._majeure = known, majeure
        self._told = Told()
        self._ticked_at = NEVER

    @property
    def is_used(self) -> bool:
        """Whether there is anything to look at."""
        facts = self.account.facts
        return bool(facts.repairs or facts.loans or facts.visits or self._told.told)

    def event(self, message: Message) -> None:
        """An event of these areas, when it is handled."""
        self.is_news = True
        repair = self.account.facts.repairs.get(message.data.get("repair_id", ""))
        missed = repair.missed if repair else None
        self._known.counts["told after the miss"] += bool(
            missed and missed.due and message.kind.startswith("repair.") and message.time < missed.due
        )
        self.account.take(EVENT.validate_json(message.value), self._known.now, self.pro)

    def was_told(self) -> None:
        """PRO-11 After each event of the member's, of whatever kind."""
        self.account.hear(self._majeure, self.pro)
        self._set_alarm()

    def time_passes(self, now: datetime) -> None:
        """GEN-4 What is due by now is decided, in its order; what an event has put into the past acts at the next tick."""
        if now > self._ticked_at and self.quiet_until <= now:
            self.account.hear(self._majeure, self.pro)
            self.account.tick(now, self.pro)
            self.is_news = True
            self._set_alarm()
        self._ticked_at = max(now, self._ticked_at)

    def _set_alarm(self) -> None:
        self.quiet_until = self.account.next_due or told.NEVER_DUE

    def request(self, kind: str, data: Json) -> None:
        """About a loan."""
        self._known.counts["invoice" if kind == "invoice.issued.v1" else "invoice cancelled"] += 1
        self._told.take_request(data)

    def notice(self, notice_id: str, data: Json) -> None:
        """Any."""
        self._told.take_notice(notice_id, data)

    def check(self) -> None:
        """What was told and asked for is what should have been."""
        found = [what for _, differences in differing_from_told(self.account.facts, self._told) for what in differences]
        assert found == [], "NTF-1, NTF-3, LOAN-5"
