"""Orders, returns, redemptions, disputes and the points membership itself (MS)."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from models.payload import Payload
from models.values import (
    ITEMS,
    LINES,
    MONEY_MAX,
    SERIALS,
    Date,
    Id,
    Instant,
    Label,
    Model,
    Money,
    Points,
    Quantity,
    SignedPoints,
    State,
    Text,
    dollars,
    refuse,
)

PaymentMethod = Literal["card", "paypal", "affirm", "other"]
Category = Literal["camera", "lens", "audio", "tv", "accessory", "warranty", "care", "other"]


class Bonus(Model):
    """MS-5 Promotion points of a line, with their own expiry day if they have one."""

    offer_id: Id
    points: Annotated[Points, Field(ge=1)]
    expires_on: Date | None = None


class OrderLine(Model):
    """One line as bought. Its net price is unit price x quantity - discount."""

    line_id: Id
    sku: Label
    description: Text | None = None
    category: Category
    quantity: Quantity
    unit_price: Money
    discount: Money | None = None
    """Off the whole line, not off each piece."""
    qualifying: bool
    serial_numbers: Annotated[tuple[Id, ...], Field(max_length=SERIALS, fail_fast=True)] | None = None
    bonus: Bonus | None = None
    promo_price_saving: Money | None = None
    """CARE-7 What a member price saved on this line."""

    @property
    def gross(self) -> int:
        """Cents before the discount."""
        return self.unit_price * self.quantity

    @property
    def net(self) -> int:
        """Cents after the discount, without tax and shipping."""
        return self.unit_price * self.quantity - (self.discount or 0)


class ComplimentaryItem(Model):
    """CARE-7 Something given for nothing, and what it is worth."""

    description: Text
    value: Money


class OrderPlaced(Payload):
    """MS-3, CARE-2 A purchase at the store, paid."""

    TYPE: ClassVar = "order.placed.v1"
    order_id: Id
    signed_in: bool
    placed_at: Instant
    ship_state: State | None = None
    payment_method: PaymentMethod
    lines: Annotated[tuple[OrderLine, ...], Field(min_length=1, max_length=LINES, fail_fast=True)]
    tax: Money | None = None
    shipping: Money | None = None
    points_redeemed: Points
    reservation_id: Id | None = None
    complimentary_items: Annotated[tuple[ComplimentaryItem, ...], Field(max_length=ITEMS, fail_fast=True)] | None = None
    shipping_upgrade_value: Money | None = None

    @property
    def happened_at(self) -> datetime:
        """When the purchase was made."""
        return self.placed_at

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        # One pass for the whole order: a validator per line would cost as much as parsing the line.
        total = 0
        line_ids = set()
        for line in self.lines:
            gross = line.unit_price * line.quantity
            total += gross
            line_ids.add(line.line_id)
            if line.discount is not None and line.discount > gross:
                raise refuse(f"{self._path(line)}.discount", "at most unit_price x quantity")
            if line.serial_numbers is not None:
                self._check_serials(line)
        if len(line_ids) != len(self.lines):
            raise refuse("lines.line_id", "each line_id once in an order")
        if total > MONEY_MAX:
            raise refuse("lines", f"prices of at most {dollars(MONEY_MAX)} together")
        if self.reservation_id is not None and not self.points_redeemed:
            raise refuse("points_redeemed", "more than 0 where a reservation is claimed")
        return self

    def _check_serials(self, line: OrderLine) -> None:
        serials = line.serial_numbers or ()
        if len(serials) > line.quantity:
            raise refuse(f"{self._path(line)}.serial_numbers", "at most one per piece")
        if len(set(serials)) != len(serials):
            raise refuse(f"{self._path(line)}.serial_numbers", "each serial number once")

    def _path(self, line: OrderLine) -> str:
        return f"lines.{self.lines.index(line)}"


class OrderCancelled(Payload):
    """MS-13 The whole order, or what is left of it, is off."""

    TYPE: ClassVar = "order.cancelled.v1"
    order_id: Id
    before_shipment: bool


class OrderShipped(Payload):
    """CARE-7 The order left the store: it can no longer be cancelled before shipment."""

    TYPE: ClassVar = "order.shipped.v1"
    order_id: Id


class OrderPriceMatched(Payload):
    """MS-14 A line's price was lowered after the purchase."""

    TYPE: ClassVar = "order.price_matched.v1"
    order_id: Id
    line_id: Id
    new_unit_price: Money


class RedemptionReserved(Payload):
    """MS-8 Points set aside at checkout."""

    TYPE: ClassVar = "redemption.reserved.v1"
    reservation_id: Id
    points: Annotated[Points, Field(ge=1)]


class RedemptionReleased(Payload):
    """MS-8 Points set aside are free again."""

    TYPE: ClassVar = "redemption.released.v1"
    reservation_id: Id


class ReturnLine(Model):
    """Pieces of one order line that came back."""

    line_id: Id
    quantity: Quantity


class ReturnCompleted(Payload):
    """MS-10 Pieces of an order came back and were taken."""

    TYPE: ClassVar = "return.completed.v1"
    return_id: Id
    order_id: Id
    lines: Annotated[tuple[ReturnLine, ...], Field(min_length=1, max_length=LINES, fail_fast=True)]
    in_window: bool
    """CARE-7 Within the store's return window."""

    @model_validator(mode="after")
    def _lines_once(self) -> Self:
        if len({line.line_id for line in self.lines}) != len(self.lines):
            raise refuse("lines.line_id", "each line_id once in a return")
        return self


class ReturnRejected(Payload):
    """MS-10 Inspection undid an earlier return."""

    TYPE: ClassVar = "return.rejected.v1"
    return_id: Id


class PaymentDisputed(Payload):
    """MS-15 The bank took back some of an order's money."""

    TYPE: ClassVar = "payment.disputed.v1"
    order_id: Id
    dispute_id: Id
    amount: Money


class PaymentDisputeWon(Payload):
    """MS-15 The bank gave the disputed money back."""

    TYPE: ClassVar = "payment.dispute_won.v1"
    dispute_id: Id


class PointsJoined(Payload):
    """MS-1, MS-2 Somebody joins the points programme."""

    TYPE: ClassVar = "points.joined.v1"
    PERSONAL: ClassVar = True
    birth_date: Date
    state: State


class PointsCancelRequested(Payload):
    """MS-16 The member wants to leave the points programme."""

    TYPE: ClassVar = "points.cancel_requested.v1"


class PointsCancelWithdrawn(Payload):
    """MS-16 The member stays after all."""

    TYPE: ClassVar = "points.cancel_withdrawn.v1"


class PointsAdjusted(Payload):
    """MS-18 Goodwill by a named actor; with `approves`, the second actor's yes to an earlier adjustment."""

    TYPE: ClassVar = "points.adjusted.v1"
    adjustment_id: Id
    points: SignedPoints
    reason: Annotated[Text, Field(min_length=1)]
    actor: Label
    approves: Id | None = None


EVENTS: tuple[type[Payload], ...] = (
    OrderPlaced,
    OrderCancelled,
    OrderShipped,
    OrderPriceMatched,
    RedemptionReserved,
    RedemptionReleased,
    ReturnCompleted,
    ReturnRejected,
    PaymentDisputed,
    PaymentDisputeWon,
    PointsJoined,
    PointsCancelRequested,
    PointsCancelWithdrawn,
    PointsAdjusted,
)
