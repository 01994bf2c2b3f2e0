"""How `whatif` looks on a terminal: what would be different after, then what would happen, step by step.

Everything shown is data: nothing of it is markup. `--json` has all of it.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cli.cards import label, words
from cli.reasons import brief, coloured, minute, plain
from views.timeline import Line
from views.whatif import Change, Moved, Outcome, Step

FACTS: Final = ("causes", "term", "auto_renew", "next_charge", "open_invoice", "ends_on", "uncharged")
"""What is shown of a programme besides its status, where it changes."""
DEADLINES: Final = 12
"""Deadlines, and promises, that are shown; the rest is counted."""
NONE: Final = Text("none", style="dim")


def card(outcome: Outcome) -> Panel:
    """The whole answer."""
    view = Table.grid(padding=(0, 2))
    for name, lines in _parts(outcome):
        head = Text(name, style="bold")
        for line in lines:
            view.add_row(plain(head), plain(line))
            head = Text("")
    steps = [line for step in outcome["steps"] for line in _step(step)] or [Text("Nothing would happen.", style="dim")]
    title = Text.assemble(("what if ", "dim"), (outcome["member"], "bold"))
    was, then = (minute(instant) for instant in (outcome["now"]["before"], outcome["now"]["after"]))
    times = f"as of {was}" if was == then else f"from {was} to {then}"
    known = outcome["document"]["before"]
    state = f"revision {known['revision']}" if known else "not known yet"
    foot = f"{state}, {times} UTC; nothing of this has happened"
    return Panel(Group(view, "", *steps), title=plain(title), title_align="left", subtitle=foot, subtitle_align="left")


def _parts(outcome: Outcome) -> Iterator[tuple[str, Iterable[Text]]]:
    before, after = (outcome["document"][when] or {} for when in ("before", "after"))
    for program, status in outcome["statuses"].items():
        were, are = (document.get("memberships", {}).get(program, {}) for document in (before, after))
        facts = [
            _fact(name, was if were else fact, fact)
            for name in FACTS
            if (was := were.get(name)) != (fact := are.get(name)) and (was or fact)
        ]
        yield program, [Text("   ").join([_status(status), *facts])]
    were, are = (outcome["balance"][when] or {} for when in ("before", "after"))
    if were or are:
        yield "balance", [Text("   ").join(_fact(name, were.get(name, 0), are.get(name, 0)) for name in were | are)]
    if repairs := list(_repairs(before, after)):
        yield "repairs", repairs
    if promises := list(_promises(before, after)):
        yield "promises", promises
    for name in ("held_events", "quarantined", "erased_at"):
        if (was := before.get(name) or None) != (now := after.get(name) or None):
            yield label(name), [_arrow(_words(was), _words(now))]
    if outcome["deadlines"]:
        yield "deadlines", _deadlines(outcome["deadlines"], outcome["now"]["after"])


def _repairs(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Text]:
    were, are = ({one["repair_id"]: one["status"] for one in doc.get("repairs", ())} for doc in (before, after))
    for repair in were | are:
        if were.get(repair) != are.get(repair):
            status = Change(before=were.get(repair), after=are.get(repair))
            yield Text.assemble(f"{repair} ", _status(status))


def _promises(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Text]:
    """What is owed then and not now, or otherwise; or not any more."""
    were, are = ({(one["kind"], one["ref"]): one for one in doc.get("promises", ())} for doc in (before, after))
    changed = [(were.get(name), are.get(name)) for name in were | are]
    lines = [_promise(was, now) for was, now in changed if _standing(was) != _standing(now)]
    yield from lines[:DEADLINES]
    if rest := lines[DEADLINES:]:
        yield Text(f"and {len(rest):,} more (--json)", style="dim")


def _standing(promise: Mapping[str, Any] | None) -> tuple[Any, ...] | None:
    return (promise["state"], promise["due"], promise["by"], promise["what"]) if promise else None


def _promise(was: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> Text:
    shown = now or was
    if shown is None:
        raise ValueError("a promise that neither is nor was")
    states = [coloured(one["state"]) if one else NONE for one in (was, now)]
    state = states[1] if was and now and was["state"] == now["state"] else _arrow(*states)
    dues = [minute(one["due"]) if one and one["due"] else "no deadline" for one in (was or shown, shown)]
    until = dues[0] if dues[0] == dues[1] else _arrow(*dues)
    return Text.assemble(state, f"  {shown['what']}  ", until, (f"  {shown['clause']}", "bold"))


def _deadlines(moved: list[Moved], now: str | None) -> Iterator[Text]:
    for one in moved[:DEADLINES]:
        before, after = one["before"], one["after"]
        if before is None:
            what, when = "new", minute(after)
        elif after is None:
            is_past = now is not None and datetime.fromisoformat(before) <= datetime.fromisoformat(now)
            what, when = "came" if is_past else "called off", minute(before)
        else:
            what, when = "moved", f"{minute(before)} → {minute(after)}"
        yield Text.assemble((f"{what:10}  ", "dim"), f"{when}  ", (one["what"], "bold"), f" {one['which']}")
    if rest := moved[DEADLINES:]:
        yield Text(f"and {len(rest):,} more (--json)", style="dim")


def _step(step: Step) -> Iterator[Text]:
    """What one record brings; nothing of a tick that nobody minds."""
    told = {(one["deadline"]["what"], one["deadline"]["which"]) for one in step["told"] if one["deadline"]}
    for came in step["due"]:
        if (came["what"], came["which"]) not in told:  # nothing follows from it
            time, name = (f"{minute(step['now'])}  ", "dim"), (came["what"], "bold")
            yield plain(
                Text.assemble(
                    time, name, (f" {came['which']}  ", "dim"), coloured("due"), "  nothing is booked or told"
                )
            )
    yield from (brief(one) for one in step["told"])
    for one in step["sent_on"]:
        yield plain(Text(f"    sent on to {one['to']}: {one['event']['type'].removesuffix('.v1')}", style="cyan"))
    said = {one["says"] for one in step["told"]}
    for letter in step["set_aside"]:
        if letter["error"] in said:
            continue
        yield plain(Text(f"    a dead letter, {letter['reason']}: {_last_line(letter)}", style="red"))


def _last_line(letter: Line) -> str:
    """Of a traceback what was raised; `--json` has the whole."""
    return str(letter["error"]).strip().rpartition("\n")[2]


def _status(change: Change) -> Text:
    before, after = (coloured(status) if status else NONE for status in (change["before"], change["after"]))
    return before if change["before"] == change["after"] else _arrow(before, after)


def _fact(name: str, before: Any, after: Any) -> Text:
    said = Text(_words(after)) if before == after else _arrow(_words(before), _words(after))
    return Text.assemble((f"{label(name)} ", "dim"), said)


def _arrow(before: Text | str, after: Text | str) -> Text:
    return Text.assemble(before, (" → ", "dim"), after)


def _words(fact: Any) -> str:
    if fact is None or fact == []:
        return "none"
    if isinstance(fact, dict):
        return " ".join(f"{label(name)} {_words(one)}" for name, one in fact.items())
    return ", ".join(_words(one) for one in fact) if isinstance(fact, list) else words(fact)
