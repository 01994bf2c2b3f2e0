"""How memberships begin: applied, reviewed and paid (PRO-1 to PRO-4, PRO-8), or bought (CARE-1, CARE-2)."""

from tests.simulation import refunds, shopping
from tests.simulation.dates import day_of
from tests.simulation.fees import Fee
from tests.simulation.known import Known
from tests.simulation.partition import Json, Message
from tests.simulation.terms import Membership


def applied(known: Known, own: Membership, message: Message) -> None:
    """PRO-1, PRO-2"""
    data = message.data
    lacks = len(data["bodies"]) < 2 or len(data["lenses"]) < 3 or data["state"] == "PR"
    barred = own.stage in ("applied", "terminated") or (own.stage == "open" and not own.is_over(message.time))
    barred = barred or message.time < own.over_was
    known.counts["applied again"] += bool(own.applications)
    own.applications[data["application_id"]] = {
        "invoice": data["invoice_id"], "rejected": lacks or barred, "approved": None, "at": message.time,
        "auto": data["auto_renew"],
    }  # fmt: skip
    fee = known.new_fee(own, data["invoice_id"])
    if not lacks and not barred:
        over = own.over() if own.stage == "open" else None
        own.over_was = over[0] if over else own.over_was
        own.stage, own.current = "applied", data["application_id"]
    elif own.stage in (None, "rejected"):
        own.stage = "rejected"
    known.arrived(data["application_id"])
    known.arrived(fee.id)


def reviewed(known: Known, own: Membership, message: Message) -> None:
    """PRO-3"""
    data = message.data
    application = own.applications.get(data["application_id"])
    if application is None:
        known.wait(data["application_id"], message)
        return
    application["approved"] = data["approved"]
    if not data["approved"] and not application["rejected"]:
        application["rejected"] = True
        own.stage = "rejected"
    opens(known, own, application)


def opens(known: Known, own: Membership, application: Json) -> None:
    """PRO-3 Rejected: what was paid goes back. PRO-4 Approved and paid: a year from the day of the payment."""
    fee = own.fees[application["invoice"]]
    if application["rejected"]:
        fee.owed_back, fee.used = fee.owed_back + fee.used, 0
        known.counts["application refunded"] += bool(fee.owed_back)
    elif application["approved"] and fee.paid:
        own.at_hand = Fee("")
        own.open(day_of(fee.paid), application["at"], fee.id, renews=application["auto"])
        known.counts["29 Feb"] += own.follow(known.name)


def terminated(known: Known, own: Membership, message: Message) -> None:
    """PRO-8 At once and for good; an application that is open is refused."""
    if own.stage not in ("applied", "open"):
        return
    known.counts["terminated"] += 1
    if own.stage == "applied":
        application = own.applications[own.current]
        application["rejected"] = True
        opens(known, own, application)
    own.stage, own.terminated = "terminated", message.time


def bought(known: Known, own: Membership, message: Message) -> None:
    """CARE-1, CARE-2"""
    data = message.data
    order_id = data.get("order_id")
    order = known.care.orders.get(order_id)
    if order_id and order is None:
        known.wait(order_id, message)
        return
    barred = own.stage == "open" and not own.is_over(message.time)
    if own.stage == "refunded" and own.years:  # else it is as if it had not been bought
        ended = known.care.windows[known.care.granted].ended
        barred = ended is not None and message.time < ended
    needless = order is not None and not order.qualifies(message.time)
    known.counts["Care without a qualifying product"] += needless
    if barred or needless or data["state"] == "PR":
        not_sold(known, own, data["invoice_id"])
        return
    fee = known.new_fee(own, data["invoice_id"])
    own.applications[fee.id] = {"invoice": fee.id, "rejected": False}
    own.at_hand = Fee("")
    own.open(day_of(message.time), message.time, fee.id, renews=True)
    known.counts["29 Feb"] += own.follow(known.name)
    known.counts["Care bought with an order"] += order is not None
    window = refunds.can_be_asked_back(known, own, message.time)
    if order:
        shopping.bought_with(known, own, order, window)
    known.arrived(fee.id)


def handed_over(known: Known, own: Membership, message: Message) -> None:
    """CARE-3 What was bought as a guest is the member's, who cannot have Care twice."""
    known.counts["bought as a guest"] += 1
    purchase = {name: fact for name, fact in message.data["purchase"].items() if name != "order_id"}
    bought(known, own, message._replace(kind="care.purchased", data=purchase | {"state": "CA"}))


def handed_on(known: Known, _own: Membership, message: Message) -> None:
    """CARE-3 What the guest's key was told of the fee."""
    known.handle(
        message._replace(kind=message.kind.replace("guest.payment_", "payment."), data=message.data["payment"])
    )


def not_sold(known: Known, own: Membership, invoice_id: str) -> None:
    """CARE-1 Its fee goes back, whenever it comes."""
    own.applications[invoice_id] = {"invoice": invoice_id, "rejected": True}
    known.new_fee(own, invoice_id)
    known.arrived(invoice_id)
