"""A member's paid memberships with all that PRO brings: the accounts of fees and of service, on one line of time.

What is due of either happens in the order in which it was due, as a fee that lapses ends what a repair can claim, and a loan
that is not back suspends PRO. Of what is due at one instant fees come first.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.fees import Fees
from audit.fees.account import HANDLERS as OF_FEES
from audit.fees.benefits import Benefits
from audit.service import Majeure, Service
from audit.service.account import HANDLERS as OF_SERVICE

FOLLOWED = OF_FEES.keys() | OF_SERVICE.keys()
"""The events that mean anything to either."""


@dataclass(slots=True)
class Programmes:
    """One member's."""

    fees: Fees
    service: Service

    @property
    def pro(self) -> Benefits:
        """What the account of service knows of fees."""
        return Benefits(self.fees.facts)

    def take(self, event: Any, now: datetime | None) -> None:
        """Take notice of news."""
        if event.type in OF_FEES:
            self.fees.take(event, now)
        if event.type in OF_SERVICE:
            self.service.take(event, now, self.pro)

    def hear(self, majeure: Majeure) -> None:
        """PRO-11 With an event of the member's, news or not."""
        self.service.hear(majeure, self.pro)

    def tick(self, now: datetime, majeure: Majeure) -> None:
        """GEN-4 The partition's time has come to ``now``."""
        fees, service, pro = self.fees, self.service, self.pro
        service.hear(majeure, pro)
        fees.begin(now)
        service.begin(now, pro)
        while True:
            of_fees, of_service = fees.first, service.first
            if of_fees and of_fees[0] <= now and (of_service is None or of_fees[0] <= of_service[0]):
                fees.act(of_fees)
            elif of_service and of_service[0] <= now:
                service.act(of_service, pro)
            else:
                break

    def next_due(self, now: datetime, majeure: Majeure) -> datetime | None:
        """Which tick has to be told next: the first from then on; None: none as yet. ``now``: the first there is to tell."""
        if self.service.has_to_hear(majeure, self.pro):
            return now
        return min([at for at in (self.fees.next_due, self.service.next_due) if at], default=None)
