"""What members are told: each notice when it is sent (NTF-1, NTF-2), and those that stand after a tick (NTF-3)."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from tests.simulation import charges, refunds, shopping
from tests.simulation.dates import day_of, later
from tests.simulation.fees import FEES
from tests.simulation.known import Known
from tests.simulation.partition import Json
from tests.simulation.suspended import Suspensions
from tests.simulation.terms import Membership

OF_A_FEE = (
    "pro.renewal_notice",
    "care.renewal_notice",
    "payment.failed",
    "payment.final_notice",
    "membership.suspended",
)
"""Notices that do not outlive what they are about."""


OF_SERVICE = ("repair", "loan", "cleaning", "force_majeure")


@dataclass
class Notices:
    """Of one member."""

    known: Known
    sent: set[str] = field(default_factory=set)
    standing: dict[str, Json] = field(default_factory=dict)
    suspensions: dict[str, Suspensions] = field(default_factory=lambda: {program: Suspensions() for program in FEES})

    def notice(self, notice_id: str, data: Json, at: datetime) -> None:
        """One is sent."""
        kind, params, own = data["notification"], data["params"], self.known.own[data["program"]]
        told = self.suspensions[own.program].told
        for gone in [*data["replaces"], *([params["retracts"]] if kind == "retracted" else [])]:
            assert gone in self.sent, "NTF-2: replaces what was never sent"
            replaced = self.standing.pop(gone, None)
            assert replaced or kind != "retracted", "NTF-3: withdrawn twice"
            if (
                kind == "retracted"
                and replaced
                and replaced["notification"] == "membership.suspended"
                and not _of_loans(replaced)
            ):
                told.withdrawn()
        self.known.counts[kind] += 1
        if kind == "retracted":
            return
        self.sent.add(notice_id)
        self.standing[notice_id] = data
        if _of_loans(data) or kind.partition(".")[0] in OF_SERVICE:
            return
        told.notice(data, own.at_hand.failed_at)
        if kind in ("care.claim_accepted", "care.claim_refused"):
            shopping.claim_told(self.known, kind, params)
        elif kind in ("care.refund", "care.refund_refused"):
            refunds.told(self.known, kind, params)
        else:
            self._of_a_fee(own, kind, params, at)

    def _of_a_fee(self, own: Membership, kind: str, params: Json, at: datetime) -> None:
        fee = own.at_hand
        if kind in OF_A_FEE:
            assert params["invoice_id"] == fee.id, "of the renewal at hand"
        if kind.endswith(".renewal_notice"):
            assert not fee.told_at, "told once"
            assert later(own.due, -30) <= at, "CARE-5: not before it is due"
            fee.told_at = at
            self.known.counts["told too late"] += fee.uncharged
            assert params["charged"] == own.wanted, params
        elif kind == "payment.failed":
            charges.round_failed(self.known, own, fee, params["round"], at)
        elif kind == "payment.final_notice":
            fee.final += 1
            assert fee.final == 1, "PAY-6: exactly once"
            assert fee.failed_rounds[-1] == 3, "PAY-6: after the last round"
        elif kind == "membership.suspended":
            assert own.due <= at, "PAY-3: never before the paid term ends"
            assert not fee.paid, "PAY-5: never when it is paid"
        elif kind == "payment.method_expiring":
            assert later(own.due, -30) <= at < own.due, "PAY-7"
            assert own.wanted, "PAY-1: no PAY-7 with auto-renewal off"
            card = self.known.wallet.cards()[params["method_id"]]
            assert card.on_file
            assert card.expires is not None
            assert card.expires < f"{own.end:%Y-%m}"
            assert card.takes(own.program), "CARE-8"

    def check(self, own: Membership, status: str | None, now: datetime) -> None:
        """NTF-3 None stands whose reason is gone."""
        self.suspensions[own.program].check()
        standing = [notice for notice in self.standing.values() if notice["program"] == own.program]
        of_loans = [notice for notice in standing if _of_loans(notice)]
        standing = [notice for notice in standing if not _of_loans(notice)]
        told = sum(notice["notification"] == "membership.suspended" for notice in of_loans)
        assert told <= (own.default is not None), "LOAN-6: told of a suspension for nothing"
        assert told or not own.default or status not in ("active", "suspended"), "LOAN-6: not told of the suspension"
        of_fee = {notice["params"]["invoice_id"] for notice in standing if notice["notification"] in OF_A_FEE}
        assert of_fee <= {own.at_hand.id}, "a notice of another fee stands"
        kinds = Counter(notice["notification"] for notice in standing)
        dunned = kinds["payment.failed"] + kinds["payment.final_notice"]
        if status == "suspended":
            assert kinds["membership.suspended"] == 1
            assert dunned >= 1
        else:
            assert kinds["membership.suspended"] == dunned == 0, "NTF-3: it is dunned for nothing"
        if status != "suspended" and (status != "active" or (own.cancelled and not own.wanted)):
            assert not of_fee, "NTF-3: told of a renewal that does not come"
        for notice in standing:
            if notice["notification"] == "payment.method_expiring" and notice["params"]["charge_on"] > f"{day_of(now)}":
                assert status == "active", "NTF-3: warned of a charge that does not come"
                assert own.wanted, "NTF-3: warned of a charge that does not come"
                assert notice["params"]["charge_on"] == str(own.end)
        assert kinds[f"{own.program}.cancelled"] <= (own.cancelled is not None and status in ("active", "suspended"))


def _of_loans(notice: Json) -> bool:
    """LOAN-6 Of a suspension by loans, or its end."""
    return bool(notice["params"].get("cause") == "loan")
