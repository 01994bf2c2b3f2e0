"""What the account of repairs and loans knows of a member's PRO, and says to it: from the simulation's own account of fees."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from tests.simulation.dates import start_of
from tests.simulation.known import Known
from tests.simulation.partition import Message


@dataclass
class OfKnown:
    """An `audit.service.facts.Pro`."""

    known: Known
    gear: dict[str, datetime] = field(default_factory=dict)
    """LOAN-1 Models that an application lists, and the earliest that does."""

    def applied(self, message: Message) -> None:
        for one in (*message.data["bodies"], *message.data["lenses"]):
            self.gear[one["model"]] = min(message.time, self.gear.get(one["model"], message.time))

    @property
    def is_known(self) -> bool:
        return self.known.own["pro"].stage is not None

    def status_at(self, at: datetime) -> Literal["active", "suspended", "none"]:
        """PRO-9"""
        status = self.known.own["pro"].stood(at, self.known.now)
        return "active" if status == "active" else "suspended" if status else "none"

    def owns(self, model: str, at: datetime) -> bool:
        return model in self.gear and self.gear[model] <= at

    def year_at(self, at: datetime) -> str:
        """CLN-2 The one that had begun last."""
        return [year.fee for year in self.known.own["pro"].years if start_of(year.first) <= at][-1]

    def give_back(self, start: datetime, repair_id: str) -> str:
        """REP-9 The fee of the term that contains the start, once."""
        own = self.known.own["pro"]
        year = next((year for year in reversed(own.years) if year.holds(start)), None)
        if year is None or year.fee in self.known.reimbursed:
            return ""
        self.known.reimbursed[year.fee] = repair_id
        fee = own.fees[year.fee]
        fee.owed_back, fee.used = fee.owed_back + fee.used, 0
        return year.fee

    def loans_in_default(self, since: datetime | None) -> None:
        """LOAN-6"""
        own = self.known.own["pro"]
        self.known.counts["suspended for a loan"] += bool(since) and own.default is None
        own.default = since
