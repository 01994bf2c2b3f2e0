"""PAY-1 Payment methods on file: the latest word on each counts, by the time in the events."""

from models.case import Case, Ruling, applied, refused, superseded
from models.fees.events import MethodAdded, MethodRemoved, MethodUpdated
from models.fees.state import METHODS, Declined, Method
from models.hold import hold


def added(case: Case, data: MethodAdded) -> Ruling:
    """It is on file from now on; one that is known already is replaced."""
    found = find(case, data.method_id)
    if found is None:
        if not _room(case):
            says = f"{METHODS} payment methods are on file already: {data.method_id} is not added."
            return refused("too_many_methods", says, "PAY-1")
        new = Method(data.method_id, data.kind, data.position, case.at, data.expires, case.at, case.at, True, case.at)
        if case.find(Declined, new.id):
            new.declined_hard_at = case.take(Declined, new.id).at
        case.member.methods.append(new)
        case.arrived("method", data.method_id)
        return applied(f"Method {data.method_id} is on file (PAY-1).", "PAY-1")
    known = [
        _place(case, found, data.position),
        _date(case, found, data.expires),
        _renew(case, found),
        _presence(case, found, on=True),
    ]
    return _ruling(found, any(known))


def updated(case: Case, data: MethodUpdated) -> Ruling:
    """It was replaced or moved. What only moves it does not replace it; what is absent stays as it was."""
    found = find(case, data.method_id)
    if found is None:
        return hold(case, "method", data.method_id, f"Method {data.method_id} is changed before it is known")
    news = []
    if data.position is not None:
        news.append(_place(case, found, data.position))
    if data.expires is not None:
        news.append(_date(case, found, data.expires))
    if data.expires is not None or data.position is None:
        news.append(_renew(case, found))
    return _ruling(found, any(news))


def removed(case: Case, data: MethodRemoved) -> Ruling:
    """It is gone."""
    found = find(case, data.method_id)
    if found is None:
        return hold(case, "method", data.method_id, f"Method {data.method_id} is removed before it is known")
    return _ruling(found, _presence(case, found, on=False))


def find(case: Case, method_id: str) -> Method | None:
    """The method, removed or not."""
    return next((method for method in case.member.methods if method.id == method_id), None)


def declined_hard(case: Case, method_id: str) -> bool:
    """PAY-1 A hard decline retires the method, unless it was replaced since; one that is not known yet, once it is. Returns
    whether it is retired by now.
    """
    method = find(case, method_id)
    if method is None:
        before = case.find(Declined, method_id)
        case.put(method_id, Declined(max(before.at, case.at) if before else case.at))
        return False
    method.declined_hard_at = max(method.declined_hard_at or case.at, case.at)
    return method.retired


def _place(case: Case, method: Method, position: int) -> bool:
    if case.at < method.placed_at:
        return False
    method.position, method.placed_at = position, case.at
    return True


def _date(case: Case, method: Method, expires: str | None) -> bool:
    if case.at < method.dated_at:
        return False
    method.expires, method.dated_at = expires, case.at
    return True


def _renew(case: Case, method: Method) -> bool:
    if case.at < method.renewed_at:
        return False
    method.renewed_at = case.at
    return True


def _presence(case: Case, method: Method, *, on: bool) -> bool:
    if case.at < method.since:
        return False
    method.on_file, method.since = on, case.at
    return True


def _ruling(method: Method, news: bool) -> Ruling:
    if not news:
        says = f"Of method {method.id} something later is known already: that stands."
        return superseded("later_word", says, "PAY-1")
    until = f", good through {method.expires}" if method.expires else ""
    state = f"is on file at place {method.position}{until}" if method.on_file else "is not on file any more"
    return applied(f"Method {method.id} {state} (PAY-1).", "PAY-1")


def _room(case: Case) -> bool:
    """Whether another method can be kept: the mark of the one that was removed first makes room."""
    methods = case.member.methods
    if len(methods) < METHODS:
        return True
    gone = [method for method in methods if not method.on_file]
    if gone:
        methods.remove(min(gone, key=lambda method: (method.since, method.id)))
    return bool(gone)
