"""Paying with points: reservations at checkout (MS-8), and what an order redeems (MS-7, MS-9)."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final, NamedTuple

from models.case import Case, Ruling, digest, retold
from models.due import case_of
from models.hold import hold
from models.outputs.base import Fact
from models.points import terms
from models.points.books import Books
from models.points.events import OrderPlaced, RedemptionReleased, RedemptionReserved
from models.points.outcomes import Superseded, applied, refused, superseded
from models.points.standing import current, no_member
from models.points.state import Ended, Order, Part, Reservation
from models.points.words import cited
from models.state import Due

TIMEOUT: Final = "points.reservation"
_ALREADY: Final[Mapping[Ended, Superseded]] = MappingProxyType(
    {
        "claimed": "already_claimed",
        "released": "already_released",
        "expired": "already_expired",
        "forfeited": "already_forfeited",
        "refused": "already_refused",
    }
)


class Redeemed(NamedTuple):
    """What an order's redemption came to, and the arithmetic in words."""

    points: int
    debt: int
    working: list[str]


def reserved(case: Case, data: RedemptionReserved) -> Ruling:
    """MS-8 Set points of the oldest lots aside; all that is asked for, or nothing."""
    reservation_id, known = data.reservation_id, case.find(Reservation, data.reservation_id)
    if known and known.ended != "refused":
        return _known(known, data)
    case.arrived("reservation", reservation_id)
    case.put(reservation_id, Reservation(digest(data), None, ended="refused"))  # unless it is set aside below
    if current(case.member, case.at) is None:
        return no_member(case, f"Reservation {reservation_id}", "MS-8")
    books = Books(case, reservation_id, order=False)
    usable = books.usable(data.points)
    if usable < data.points:
        says = f"Reservation {reservation_id} asks for {data.points} points, of which {usable} are available"
        return refused("insufficient_points", f"{says}: nothing is set aside (MS-8).", "MS-8")
    until = case.at + timedelta(minutes=case.policies.reservation_minutes)
    parts = books.draw(data.points, reservation_id=reservation_id)
    case.put(reservation_id, Reservation(digest(data), until, parts))
    case.schedule(until, TIMEOUT, reservation_id)
    books.close()
    lots = "one lot" if len(parts) == 1 else f"{len(parts)} lots, oldest first,"
    says = f"{data.points} points are set aside from {lots} until {until:%Y-%m-%d %H:%M} UTC"
    return applied(f"Reservation {reservation_id}: {says} (MS-8).", "MS-8")


def released(case: Case, data: RedemptionReleased) -> Ruling:
    """MS-8 Points set aside return to their lots."""
    reservation = case.find(Reservation, data.reservation_id)
    what = f"Release of reservation {data.reservation_id}"
    if reservation is None:
        return hold(case, "reservation", data.reservation_id, f"{what} comes before it")
    if reservation.ended:
        return superseded(_ALREADY[reservation.ended], f"{what}: it was {reservation.ended} before (MS-8).", "MS-8")
    books = Books(case, data.reservation_id, order=False)
    freed = sum(part.points for part in free(case, books, data.reservation_id, "released"))
    books.close()
    expired = f", {books.expired} of them expired at once (MS-12)" if books.expired else ""
    return applied(f"{cited(f'{what}: {freed} points are back in their lots{expired}', 'MS-8')}.", "MS-8")


def timed_out(case: Case, reservation_id: str) -> None:
    """MS-8 No order claimed the reservation in time: its points return to their lots."""
    books = Books(case, reservation_id, order=False)
    freed = sum(part.points for part in free(case, books, reservation_id, "expired"))
    books.close()
    facts: dict[str, Fact] = {"reservation_id": reservation_id, "points": freed}
    case.notify("points", "points.reservation_expired", reservation_id, "MS-8", facts)


def free_all(case: Case, books: Books) -> None:
    """MS-16 Reservations are void with the membership."""
    for due in [due for due in case.member.due if due.what == TIMEOUT]:
        free(case, books, due.ref, "forfeited", expiring=False)


def free(case: Case, books: Books, reservation_id: str, how: Ended, *, expiring: bool = True) -> list[Part]:
    """End a reservation: its points go back to their lots, where they expire if the last day is past (MS-12)."""
    reservation = case.get(Reservation, reservation_id)
    parts, reservation.parts, reservation.ended = reservation.parts, [], how
    case.put(reservation_id, reservation)
    case.unschedule(TIMEOUT, reservation_id)
    for part in parts:
        books.set_aside(part, -1, reservation_id)
    if expiring:
        books.expire_past(parts)
    return parts


def redeem(case: Case, books: Books, order: Order, data: OrderPlaced) -> Redeemed:
    """MS-7 What an order was paid with in points: of its reservation first, then the oldest; MS-9 the rest is debt."""
    limit = sum(line.net for line in order.lines if line.qualifying) // terms.CENTS_PER_POINT
    amount = min(data.points_redeemed, limit)
    working = [f"{data.points_redeemed} points redeemed (MS-7)"]
    if amount < data.points_redeemed:
        working.append(
            f"at most {limit} for the qualifying lines, so {data.points_redeemed - amount} are not taken (MS-7)"
        )
    nets = [line.net if line.qualifying else 0 for line in order.lines]
    for line, share in zip(order.lines, terms.spread(amount, nets), strict=True):
        line.share = share * terms.CENTS_PER_POINT
    claimed = _claim(case, books, data, working)
    order.redeemed = order.held = books.spend("redeem", amount, "MS-7", first=claimed)
    used = {part.lot: part.points for part in order.redeemed}
    books.expire_past([Part(part.lot, part.points - used.get(part.lot, 0)) for part in claimed])
    if books.expired:
        working.append(f"{books.expired} that had been set aside and are not needed expired at once (MS-12)")
    debt = sum(part.points for part in order.redeemed if part.lot is None)
    if debt:
        working.append(f"{amount - debt} were there, {debt} became debt; support is told (MS-9)")
    return Redeemed(amount, debt, working)


def _claim(case: Case, books: Books, data: OrderPlaced, working: list[str]) -> list[Part]:
    """MS-8 The points that were set aside for the order, free again for it alone."""
    if data.reservation_id is None:
        return []
    reservation = case.find(Reservation, data.reservation_id)
    if reservation is None or reservation.ended == "refused":
        case.put(data.reservation_id, Reservation(None, None, ended="claimed"))
        case.arrived("reservation", data.reservation_id)
    elif reservation.ended:
        working.append(f"reservation {data.reservation_id} was {reservation.ended} before (MS-8)")
    elif reservation.until is None or case.at < reservation.until:
        working.append(f"reservation {data.reservation_id} claimed (MS-8)")
        return free(case, books, data.reservation_id, "claimed", expiring=False)
    else:
        working.append(f"reservation {data.reservation_id} had run out (MS-8)")
        timed_out(case_of(case.desk, Due(reservation.until, TIMEOUT, data.reservation_id)), data.reservation_id)
    return []


def _known(known: Reservation, data: RedemptionReserved) -> Ruling:
    if known.content is None:
        says = f"Reservation {data.reservation_id}: its order has come before it and took the points itself (MS-8)."
        return superseded("already_claimed", says, "MS-8")
    return retold(known.content, data, f"Reservation {data.reservation_id}")
