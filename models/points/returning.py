"""Returns and their rejection (MS-10). What moves follows from the facts of the order, as in `undoing.py`.

Whether a return is of more than is left can depend on a rejection that is still to come. So a refused return is
remembered: once a rejection makes room, it counts as if it were told then, named by the decision on that rejection.
"""

from collections.abc import Iterator
from datetime import timedelta

from msgspec.structs import replace

from models.case import Case, Ruling, digest, retold
from models.hold import hold
from models.points.events import ReturnCompleted, ReturnRejected
from models.points.outcomes import duplicate, refused, superseded
from models.points.state import Order, Refused, Return
from models.points.undoing import follow


def returned(case: Case, data: ReturnCompleted) -> Ruling:
    """MS-10 What came back takes its points along; too much of a line is refused whole."""
    known = case.find(Return, data.return_id)
    if known and (known.rejected or not known.refused):
        return retold(known.content, data, f"Return {known.id}")
    order = case.find(Order, data.order_id)
    if order is None:
        return hold(case, "order", data.order_id, f"Return {data.return_id} comes before its order {data.order_id}")
    pieces = {part.line_id: part.quantity for part in data.lines}
    record = Return(data.return_id, digest(data), order.id, pieces, case.at, data.in_window)
    case.arrived("return", record.id)
    _no_longer_refused(order, record)
    why_not = _too_much(order, record)
    if why_not:
        _remember(case, order, record)
        return why_not
    return _count(case, order, record, 1)


def return_rejected(case: Case, data: ReturnRejected) -> Ruling:
    """MS-10 A rejected return is undone: the points it took come back to the same lots."""
    record = case.find(Return, data.return_id)
    if record is None:
        return hold(case, "return", data.return_id, f"The rejection of return {data.return_id} comes before it")
    if record.rejected:
        return duplicate("already_rejected", f"Return {record.id} had been rejected already (MS-10).", "MS-10")
    record.rejected = True
    order = case.get(Order, record.order_id)
    if record.refused:
        _no_longer_refused(order, record)
        case.put(order.id, order)
        case.put(record.id, record)
        says = f"Rejected return {record.id} of order {order.id} had been refused: nothing moves (MS-10)."
        return superseded("return_refused", says, "MS-10")
    return _let_in(case, order, _count(case, order, record, -1))


def _too_much(order: Order, record: Return) -> Ruling | None:
    """MS-10 The refusal of a return of more than is left of a line, or of what the order has not."""
    for line_id, quantity in record.quantities.items():
        place = order.place(line_id)
        if place is None:
            says = f"Return {record.id} has {quantity} of line {line_id}, and the order has no such line: refused whole"
            return refused("unknown_line", f"{says} (MS-10).", "MS-10")
        left = order.lines[place].quantity - order.lines[place].returned
        if quantity > left:
            says = f"Return {record.id} has {quantity} of line {line_id}, of which {left} are left: refused whole"
            return refused("more_than_left", f"{says} (MS-10).", "MS-10")
    return None


def _remember(case: Case, order: Order, record: Return) -> None:
    """GEN-2 Keep a refused return for as long as an event may come late; of very many the latest."""
    now, policies = case.desk.moment.now, case.policies
    until = now + timedelta(days=policies.hold_days) if now else None
    record.refused = Refused(case.cause.source, case.cause.id, case.at, until)
    order.refused = [*order.refused, record.id][-policies.held_at_most :]
    case.put(record.id, record)
    case.put(order.id, order)


def _no_longer_refused(order: Order, record: Return) -> None:
    order.refused = [return_id for return_id in order.refused if return_id != record.id]


def _let_in(case: Case, order: Order, rejection: Ruling) -> Ruling:
    """GEN-2 After a rejection, count the refused returns for which there is room now, first what happened first."""
    says, now = rejection.says, case.desk.moment.now
    for told, record in sorted(_refused(case, order), key=lambda one: (one[0].at, one[0].source, one[0].event_id)):
        if not (told.until and now and told.until <= now) and not _too_much(order, record):
            record.refused = None
            _no_longer_refused(order, record)
            later = Case(case.desk, told.cause, told.at)
            says += f" That leaves room for one that was refused before. {_count(later, order, record, 1).says}"
            case.ledger += later.ledger
            case.notices += later.notices
    return replace(rejection, says=says)


def _refused(case: Case, order: Order) -> Iterator[tuple[Refused, Return]]:
    for return_id in order.refused:
        record = case.get(Return, return_id)
        if record.refused and record.order_id == order.id:  # else it was told anew since, of another order
            yield record.refused, record


def _count(case: Case, order: Order, record: Return, sign: int) -> Ruling:
    """Count a return in (+1) or out again (-1), and move the points that follow from it."""
    for line in order.lines:
        line.returned += sign * record.quantities.get(line.id, 0)
    order.returns = tuple(sorted({*order.returns, record.id}))
    case.put(order.id, order)
    case.put(record.id, record)
    what = f"{'Return' if sign > 0 else 'Rejected return'} {record.id} of order {order.id}"
    ruling = follow(case, order, "MS-10", what, record.notices, undoes=sign < 0)
    record.notices = list(case.standing)
    return ruling
