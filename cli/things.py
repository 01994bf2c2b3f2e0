"""How repairs, loans, visits and promises look on a member's card: where each is, what is owed for it, what can be done next.

What is owed for a repair or a loan is told with it; the promises have the rest.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from rich.text import Text

from cli.reasons import coloured, minute

Facts: TypeAlias = Mapping[str, Any]
"""A part of the member's document."""

OF_THINGS: Final = ("repair.", "loan.")
"""Kinds of promises that are told with what they are about."""
LISTED: Final = 8
"""Promises and visits that are shown; the rest is counted."""


def promised(found: Sequence[Facts], _promises: Sequence[Facts]) -> Iterator[Text]:
    """Soonest first, but for what is told with a repair or a loan."""
    rest = [one for one in found if not one["kind"].startswith(OF_THINGS)]
    yield from (_promise(one) for one in rest[:LISTED])
    if more := rest[LISTED:]:
        yield Text(f"and {len(more)} more (memberships promises)", style="dim")


def _promise(one: Facts) -> Text:
    """`open  the points membership ended  until 2026-03-19 07:00 UTC  MS-16`."""
    until = f"  {'since' if one['state'] == 'missed' else 'until'} {minute(one['due'])} UTC" if one["due"] else ""
    by = "" if one["by"] == "sony" else "  by the member"
    return Text.assemble(coloured(one["state"]), f"  {one['what']}", (f"{by}{until}", "dim"), f"  {one['clause']}")


def repairs(found: Sequence[Facts], promises: Sequence[Facts]) -> Iterator[Text]:
    """REP-1, REP-3, REP-10."""
    for one in found:
        known = [one.get("model"), one.get("serial")]
        yield _head(one["repair_id"], one["status"], *known, _warranty(one), _tracking(one))
        if one.get("extended"):
            yield Text("  no deadline: its shipment has too many pieces (REP-7)", style="yellow")
        yield from _owed(one["repair_id"], promises)


def _warranty(repair: Facts) -> str | None:
    return {True: "in warranty", False: "out of warranty"}.get(repair.get("in_warranty"))  # type: ignore[arg-type]


def _tracking(repair: Facts) -> str | None:
    return f"tracking {repair['tracking']}" if repair.get("tracking") else None


def loans(found: Sequence[Facts], promises: Sequence[Facts]) -> Iterator[Text]:
    """LOAN-7; the whole trail is in `--json`."""
    for one in found:
        due = one["due"] or {}
        when = f"due on {due['on']}, {due['why']}" if due.get("on") else f"needed on {one['needed_on']}"
        insurance = "insurance is missing" if one["insurance"] == "missing" else None
        yield _head(one["loan_id"], one["status"], one["model"], one["kind"], when, insurance)
        for reason in one["reasons"]:
            yield Text(f"  {reason['says']}", style="yellow")
        yield from _owed(one["loan_id"], promises)


def cleanings(found: Facts, _promises: Sequence[Facts]) -> Iterator[Text]:
    """CLN-1, CLN-2 The counts of the membership year, and its visits."""
    counts = "  ".join(f"{found[name]} {name}" for name in ("left", "booked", "done"))
    yield Text.assemble(counts, (f"  in the year from {found['term']['from']} to {found['term']['to']}", "dim"))
    visits = found["visits"]
    for one in visits[:LISTED]:
        products = ", ".join(f"{product['kind']} {product['serial']}" for product in one["products"])
        charged = "charged" if one["visit_charged"] and one["status"] != "cancelled" else None
        yield _head(one["cleaning_id"], one["status"], products, charged, *one["reasons"])
    if more := visits[LISTED:]:
        yield Text(f"and {len(more)} more (--json)", style="dim")


def _head(name: str, status: str, *facts: str | None) -> Text:
    return Text.assemble(
        (name, "bold"),
        "  ",
        coloured(status.replace("_", " ")),
        (f"  {'  '.join(filter(None, facts))}".rstrip(), "dim"),
    )


def _owed(name: str, promises: Sequence[Facts]) -> Iterator[Text]:
    """What is owed for a thing, what a miss led to, and what can be done about it."""
    for one in promises:
        if one["ref"] == name and one["kind"].startswith(OF_THINGS):
            yield Text.assemble("  ", _promise(one))
            if one["state"] == "missed" and one["remedy"]:
                yield Text(f"    so: {one['remedy']}", style="yellow")
            if one["options"] and one["state"] not in ("kept", "void"):
                yield Text(f"    next: {'; or '.join(one['options'])}", style="dim")


SHOWN: Final[Mapping[str, Callable[[Any, Sequence[Facts]], Iterator[Text]]]] = MappingProxyType(
    {"promises": promised, "repairs": repairs, "loans": loans, "cleanings": cleanings}
)
"""Parts of the document -> their lines; the second argument are the member's promises."""
