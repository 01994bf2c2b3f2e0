"""How letters look, to programs and on a terminal. Everything shown is data: nothing of it is markup."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson
from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cli.cards import COLOURS
from cli.dlq.box import Fate
from cli.dlq.letters import Chains, Letter
from cli.dlq.plan import Step
from cli.talk import printable
from models.calendar import record_time, rfc3339
from models.state import Quarantine

SHOWN: Final = 50
"""Letters of a plan that people are shown."""


def row(letter: Letter, fate: Fate, chains: Chains) -> dict[str, Any]:
    """A letter without its content, JSON-ready."""
    later = chains.last(letter.place)
    return {
        "letter": str(letter.place),
        "set_aside_at": _time(letter.timestamp_ms),
        "record": {"topic": letter.topic, "partition": letter.partition, "offset": letter.offset},
        "member": letter.member,
        "source": letter.names.source,
        "id": letter.names.id,
        "type": letter.names.type,
        "reason": letter.reason,
        "redriven_from": letter.redriven_from and str(letter.redriven_from),
        "set_aside_again": None if later == letter.place else str(later),
        "answer": fate.answer and _brief(fate.answer),
    }


def whole(letter: Letter, fate: Fate, chains: Chains) -> dict[str, Any]:
    """A letter with everything that came with it, JSON-ready."""
    return row(letter, fate, chains) | {
        "first_seen": letter.first_seen,
        "rules_version": letter.rules_version,
        "error": letter.error,
        "unreadable_now": letter.refused and {"reason": letter.refused.reason, "error": letter.refused.error},
        "key": _content(letter.key),
        "headers": [{"name": name, "value": _content(value)} for name, value in letter.headers],
        "value": _content(letter.value),
        "decision": fate.decision,
        "answers": fate.answers,
    }


def table(rows: Sequence[dict[str, Any]], older: int) -> Table:
    """Letters for people; `older`: how many were left off."""
    view = Table(title="Dead letters", title_justify="left", caption_justify="left")
    for name in ("letter", "set aside", "record", "member", "event", "reason", "since then"):
        view.add_column(name, overflow="fold")
    for one in rows:
        record = one["record"]
        view.add_row(
            one["letter"],
            one["set_aside_at"][:19].replace("T", " "),
            f"{record['topic']}[{record['partition']}]@{record['offset']}",
            *(_text(part) for part in (one["member"] or "", _event(one), one["reason"])),
            _since(one),
        )
    open_ = sum(_since(one).plain == "open" for one in rows)
    view.caption = f"{len(rows):,} letter{'s' if len(rows) != 1 else ''}, {open_:,} open" + (
        f"; {older:,} older ones not shown" if older else ""
    )
    return view


def card(found: dict[str, Any]) -> Panel:
    """One letter for people."""
    parts: list[Any] = []
    facts = Table.grid(padding=(0, 2))
    for name, value in _facts(found):
        facts.add_row(Text(name, style="bold"), value)
    parts.append(facts)
    for name, text in (("value", _pretty(found["value"])), ("error", found["error"].rstrip())):
        parts += [Text(), Text(name, style="bold"), _text(text)]
    return Panel(Group(*parts), title=Text(f"dead letter {found['letter']}", style="bold"), title_align="left")


def planned(steps: Sequence[Step], chains: Chains, member: str | None, standing: Quarantine | None) -> dict[str, Any]:
    """What a redrive would do, JSON-ready."""
    release = standing and {
        "member": member,
        "reason": standing.reason,
        "decision": standing.seq,
        "since": standing.since and rfc3339(standing.since),
    }
    return {
        "dry_run": True,
        "release": release,
        "send": [
            row(step.letter, step.fate, chains) | {"to": {"topic": step.letter.topic, "partition": step.letter.home}}
            for step in steps
            if not step.left_out
        ],
        "left_out": [_left_out(step) for step in steps if step.left_out],
    }


def done(steps: Sequence[Step], released: str | None, summary: dict[str, Any]) -> dict[str, Any]:
    """What a redrive did, JSON-ready; summary: of the publisher."""
    told = {name: summary[name] for name in ("sent", "decided", "outcomes", "seconds")}
    left_out = [_left_out(step) for step in steps if step.left_out]
    return {"dry_run": False, "released": released, "left_out": left_out} | told


def dry_run(body: dict[str, Any]) -> Group:
    """What would be done, for people."""
    parts: list[Any] = []
    if release := body["release"]:
        since = release["since"] or "before the first tick"
        words = f"{release['member']} is quarantined ({release['reason']}, {since}); that would be lifted first"
        parts.append(_text(f"{words}: --actor and --because are needed"))
    if body["send"]:
        view = Table(
            "letter", "to", "member", "event", "reason", title="To be sent, in this order", title_justify="left"
        )
        for one in body["send"][:SHOWN]:
            to = f"{one['to']['topic']}[{one['to']['partition']}]"
            view.add_row(
                one["letter"], to, *(_text(part) for part in (one["member"] or "", _event(one), one["reason"]))
            )
        parts += [view, *_more(body["send"])]
    parts += _left_out_table(body["left_out"])
    count = len(body["send"])
    parts.append(_text(f"{count:,} would be sent, {len(body['left_out']):,} left out; nothing done without --yes"))
    return Group(*parts)


def redriven(body: dict[str, Any], outcomes: Table) -> Group:
    """What was done, for people."""
    parts: list[Any] = [_text(f"{body['released']} is released")] if body["released"] else []
    return Group(*parts, *_left_out_table(body["left_out"]), outcomes if body["sent"] else "nothing to send")


def _left_out(step: Step) -> dict[str, Any]:
    code, why = step.left_out or ("", "")
    return {"letter": str(step.letter.place), "member": step.letter.member, "code": code, "why": why}


def _more(found: Sequence[Any]) -> list[Text]:
    return [Text(f"and {len(found) - SHOWN:,} more (--json has all)", style="dim")] if len(found) > SHOWN else []


def _left_out_table(left_out: Sequence[dict[str, Any]]) -> list[Any]:
    if not left_out:
        return []
    view = Table("letter", "member", "why", title="Left out", title_justify="left")
    for one in left_out[:SHOWN]:
        view.add_row(one["letter"], *(_text(part) for part in (one["member"] or "", one["why"])))
    return [view, *_more(left_out)]


def _facts(found: dict[str, Any]) -> Iterator[tuple[str, Text]]:
    record, decision = found["record"], found["decision"]
    yield "record", _text(f"{record['topic']}[{record['partition']}]@{record['offset']}, seen {found['first_seen']}")
    yield "set aside", _text(f"{found['set_aside_at']}, rules {found['rules_version']}")
    yield "member", _text(found["member"] or "unknown")
    yield "event", _text(f"{_event(found)}, source {found['source'] or 'unknown'}")
    yield "reason", Text(found["reason"], style=COLOURS["dead_lettered"])
    yield "decision", _text(decision["says"] if decision else "none: a deadline failed, or it was not found")
    yield "since then", _since(found)
    for answer in found["answers"]:
        yield "", _text(answer["says"])
    if found["unreadable_now"]:
        yield "read today", _text(f"{found['unreadable_now']['reason']}: {found['unreadable_now']['error']}")
    yield "key", _text(_pretty(found["key"]))
    for header in found["headers"]:
        yield "header", _text(f"{header['name']}: {_pretty(header['value'])}")


def _since(one: dict[str, Any]) -> Text:
    if one["answer"]:
        outcome, reason = one["answer"]["outcome"], one["answer"]["reason"]
        return Text(f"{outcome} {reason or ''}".rstrip(), style=COLOURS.get(outcome, ""))
    if one["set_aside_again"]:
        return Text(f"set aside again as {one['set_aside_again']}", style="yellow")
    return Text("open", style="red")


def _event(one: dict[str, Any]) -> str:
    return " ".join(part for part in ((one["type"] or "unreadable").removesuffix(".v1"), one["id"]) if part)


def _brief(decision: dict[str, Any]) -> dict[str, Any]:
    return {name: decision[name] for name in ("outcome", "reason", "says", "now")}


def _content(raw: bytes | None) -> dict[str, Any] | None:
    """Bytes as JSON can carry them, under the name of how: `json`, `text` or `base64`; None where there are none."""
    if raw is None:
        return None
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return {"base64": b64encode(raw).decode()}
    try:
        parsed = orjson.loads(raw)
        orjson.dumps(parsed)
    except (orjson.JSONDecodeError, TypeError):  # TypeError: nested deeper than orjson writes
        return {"text": text}
    return {"json": parsed} if isinstance(parsed, dict | list) else {"text": text}


def _pretty(content: dict[str, Any] | None) -> str:
    if content is None:
        return "none"
    [(how, what)] = content.items()
    if how == "json":
        return orjson.dumps(what, option=orjson.OPT_INDENT_2).decode()
    return f"{what} (base64)" if how == "base64" else str(what)


def _text(text: str) -> Text:
    return Text(printable(text))


def _time(timestamp_ms: int) -> str:
    return rfc3339(record_time(timestamp_ms))
