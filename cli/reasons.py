"""How `why` looks on a terminal: a member's story, a few lines for each thing that happened; or one thing with all its
entries and notices. Everything shown is data: nothing of it is markup. `--json` has every id in full.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cli.talk import printable
from views.ids import short
from views.timeline import Explanation, Line

COLOURS = {
    "active": "green",
    "applied": "green",
    "due": "cyan",
    "open": "cyan",
    "kept": "green",
    "missed": "red",
    "stopped": "yellow",
    "extended": "yellow",
    "void": "dim",
    "held": "yellow",
    "superseded": "yellow",
    "duplicate": "dim",
    "suspended": "red",
    "conflict": "red",
    "refused": "red",
    "dead_lettered": "red",
}
MOVES = 8
"""Ledger entries that a story's line names; the rest is counted."""
INDENT = (0, 0, 0, 4)
ASKED = {
    "charge.requested": "a charge",
    "refund.requested": "a refund",
    "invoice.issued": "an invoice",
    "invoice.cancelled": "an invoice to be cancelled",
}
REQUEST_HEAD = frozenset({"id", "time", "request", "clause", "cause"})
"""What a request's row says elsewhere."""


def story(member_id: str, told: Sequence[Explanation]) -> Panel:
    """What happened to a member and why, in the order in which it was decided."""
    return _panel(member_id, "", Text("\n").join(brief(one) for one in told))


def details(member_id: str, asked: str, told: Sequence[Explanation]) -> Panel:
    """All that became of one thing: each answer with its entries, notices, and where the record lies."""
    parts: list[RenderableType] = []
    for one in told:
        parts += ["", *_whole(one)] if parts else _whole(one)
    return _panel(member_id, asked, Group(*parts))


def coloured(word: str) -> Text:
    """A status or an outcome."""
    return Text(word, style=COLOURS.get(word, ""))


def minute(time: str | None) -> str:
    """An instant to the minute, in UTC like all instants."""
    return "before the first tick" if time is None else time[:16].replace("T", " ")


def _panel(member_id: str, asked: str, body: RenderableType) -> Panel:
    title = Text.assemble(("why ", "dim"), (printable(member_id), "bold"), (f" {printable(asked)}".rstrip(), "bold"))
    return Panel(body, title=title, title_align="left", subtitle="times in UTC", subtitle_align="left")


def plain(text: Text) -> Text:
    """The text without what could steer a terminal."""
    text.plain = printable(text.plain)
    return text


def brief(one: Explanation) -> Text:
    """One thing that happened, in a few lines."""
    text = _head(one).append(f"\n    {one['says']}")
    moves = [_move(entry) for entry in one["ledger"][:MOVES]]
    if more := len(one["ledger"]) - MOVES:
        moves += [f"{more} more entries"] if more > 0 else []
    if one["balance_after"]:
        text.append(f"\n    {'; '.join(moves)}", "cyan").append(f"  balance {_balance(one['balance_after'])}", "dim")
    told = [words for notice in one["notifications"] for words in _notice(notice)]
    told += [_request(request) for request in one["requests"]]
    if told:
        text.append(f"\n    {'; '.join(told)}", "cyan")
    return plain(text)


def _head(one: Explanation) -> Text:
    """When, what, the answer and its clause, on one line."""
    text = Text.assemble((minute(one["time"]), "dim"), "  ")
    event, came = one["event"], one["deadline"]
    if came:
        text.append(came["what"], "bold").append(f" {came['which']}".rstrip(), "dim")
    elif event:
        text.append((event["type"] or "unreadable").removesuffix(".v1"), "bold").append(f" {event['id'] or ''}", "dim")
    else:
        text.append(f"{one['cause']['id']}", "bold")
    text.append("  ").append_text(coloured(one["outcome"]))
    if one["reason"]:
        text.append(f" {one['reason']}")
    if one["clause"]:
        text.append(f"  {one['clause']}", "bold")
    if one["at"] and minute(one["at"]) != minute(one["time"]):
        text.append(f"  happened {minute(one['at'])}", "dim")
    if came and minute(came["due"]) != minute(one["time"]):
        text.append(f"  was due {minute(came['due'])}", "dim")
    return text


def _move(entry: Line) -> str:
    """`redeem -100 of lot o-1`; points that became or paid debt have no lot."""
    amount = f"{abs(entry['reserved']):,}" if entry.get("reserved") else f"{entry['points']:+,}"
    lot = entry.get("lot_id")
    return f"{entry['kind']} {amount} {f'of lot {short(lot)}' if lot else 'of debt'}"


def _balance(after: dict[str, int]) -> str:
    extra = [f"{after[name]:,} {words}" for name, words in (("reserved", "reserved"), ("debt", "debt")) if after[name]]
    return ", ".join([f"{after['available']:,}", *extra])


def _notice(notice: Line) -> Iterator[str]:
    """What a notice said to the member; of a retraction, what it withdrew."""
    if notice["notification"] == "retracted":
        for earlier in notice["earlier"]:
            yield f"withdrew {_earlier(earlier)}"
        return
    yield f"told {notice['notification']}{_fate(notice)}"


def _request(request: Line) -> str:
    """`asked for a charge of $100.00 from card-1, invoice pro-m-1-2026-03-10, round 0`."""
    what = ASKED.get(request["request"], request["request"])
    amount = f" of ${request['amount']}" if "amount" in request else ""
    method = f" from {request['method_id']}" if "method_id" in request else ""
    number = f", round {request['round']}" if "round" in request else ""
    return f"asked for {what}{amount}{method}, invoice {request['invoice_id']}{number}"


def _fate(notice: Line) -> str:
    """What became of a notice since, in brackets."""
    since = notice["ended_by"]
    if since is None:
        return ""
    if since["notification"] == "retracted":
        return f" (withdrawn {minute(since['time'])})"
    return f" (replaced {minute(since['time'])} by {since['notification']})"


def _earlier(notice: Line) -> str:
    if notice["notification"] is None:
        return f"notice {short(notice['id'])}, no longer kept here"
    return f"{notice['notification']} of {minute(notice['time'])}"


def _whole(one: Explanation) -> list[RenderableType]:
    parts: list[RenderableType] = [plain(_head(one)), Padding(plain(Text(one["says"])), INDENT)]
    parts.append(Padding(plain(Text(_origin(one), style="dim")), INDENT))
    if one["ledger"]:
        parts.append(Padding(_entries(one["ledger"]), INDENT))
    if one["notifications"]:
        parts.append(Padding(_notices(one["notifications"]), INDENT))
    if one["requests"]:
        parts.append(Padding(_requests(one["requests"]), INDENT))
    return parts


def _origin(one: Explanation) -> str:
    """Where it comes from: for people who go on to search in logs and topics."""
    event, cause = one["event"], one["cause"]
    if event is None:
        return f"cause {cause['source']} {cause['id']}"
    place = f"{event['topic']}-{event['partition']} @ {event['offset']}"
    return f"cause {cause['source']} {cause['id']}, record {place}, decision {one['seq']} of its partition"


def _entries(ledger: Sequence[Line]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("entry", "kind"):
        table.add_column(name)
    for name in ("points", "reserved"):
        table.add_column(name, justify="right")
    for name in ("lot", "order", "line", "clause"):
        table.add_column(name)
    for name in ("after: available", "reserved", "debt"):
        table.add_column(name, justify="right")
    for entry in ledger:
        after = entry["balance_after"]
        table.add_row(
            *(_cell(text) for text in (short(entry["id"]), entry["kind"])),
            f"{entry['points']:+,}" if entry["points"] else "",
            f"{entry['reserved']:+,}" if entry.get("reserved") else "",
            _cell(short(entry["lot_id"]) if entry.get("lot_id") else "(debt)"),
            *(_cell(entry.get(name) or "") for name in ("order_id", "line_id", "clause")),
            *(f"{after[name]:,}" for name in ("available", "reserved", "debt")),
        )
    return table


def _notices(notifications: Sequence[Line]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("notice", "told", "clause", "saying", "and since"):
        table.add_column(name)
    for notice in notifications:
        ended = [f"replaces {_earlier(earlier)}" for earlier in notice["earlier"]]
        if notice["notification"] == "retracted":
            ended = [f"withdraws {_earlier(earlier)}" for earlier in notice["earlier"]]
        facts = [f"{name.replace('_', ' ')} {_fact(fact)}" for name, fact in notice.get("params", {}).items()]
        if notice["notification"] == "retracted":
            facts = [f"{notice['params']['why']}"]
        since = _fate(notice).strip(" ()") or "stands"
        row = (short(notice["id"]), notice["notification"], notice["clause"], "; ".join([*facts, *ended]), since)
        table.add_row(*map(_cell, row))
    return table


def _requests(requests: Sequence[Line]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("request", "asked for", "clause", "saying"):
        table.add_column(name)
    for request in requests:
        facts = [
            f"{name.replace('_', ' ')} {_fact(fact)}" for name, fact in request.items() if name not in REQUEST_HEAD
        ]
        table.add_row(*map(_cell, (short(request["id"]), request["request"], request["clause"], "; ".join(facts))))
    return table


def _fact(fact: Any) -> str:
    if isinstance(fact, list):
        return ", ".join(map(_fact, fact))
    if isinstance(fact, dict):
        return " ".join(f"{name} {_fact(one)}" for name, one in fact.items())
    if isinstance(fact, bool) or fact is None:
        return {True: "yes", False: "no", None: "none"}[fact]
    return f"{fact:,}" if isinstance(fact, int) else str(fact)


def _cell(text: str) -> Text:
    return Text(printable(text))
