"""Every kind of entry by its name, the first part of its key: what tells of any table value what it is."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from msgspec import Struct

from models import state
from models.care.state import Claim, Cover, GuestPurchase, Purchase, Window
from models.cleaning.state import Visit
from models.fees.state import Declined, Invoice
from models.hold import Held, Waiting
from models.loans.state import Lent, Loan, LoanInvoice
from models.majeure import Majeure
from models.points.state import Adjustment, Dispute, Lapsed, Order, Page, Reservation, Return
from models.pro.state import Application
from models.products.state import Owned, Product
from models.repairs.state import Awaiting, Repair, Shipment
from models.state import Member, Quarantine

_ENTRIES: Final[tuple[type[Any], ...]] = (
    *(Order, Return, Reservation, Dispute, Adjustment, Lapsed, Page),
    *(Invoice, Declined, Application, Product, Owned, Purchase, GuestPurchase, Window, Cover, Claim, Repair, Visit),
    *(Shipment, Awaiting, Held, Waiting, Quarantine, Majeure),
    *(Loan, LoanInvoice, Lent),
)
ENTRIES: Final[Mapping[str, type[Any]]] = MappingProxyType({kind.KIND: kind for kind in _ENTRIES})
"""Of the tables `entries` and `lots`."""


def kind_of(table: str, key: bytes) -> type[Struct]:
    """What the value of that key is. KeyError for a table, or a kind of entry, that is not of ours."""
    if table == state.MEMBERS:
        return Member
    if table not in (state.ENTRIES, state.LOTS):
        raise KeyError(table)
    return ENTRIES[key.partition(b"|")[0].decode()]
