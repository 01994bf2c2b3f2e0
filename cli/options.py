"""Options that several commands share, and how their help shows examples."""

import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.errors import CommandError, wrong_use

if TYPE_CHECKING:
    from pydantic import ValidationError

    from agents.settings import Settings

AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON document, errors included.")]
DataDir = Annotated[Path | None, typer.Option("--data", help="Data directory; else MEMBERSHIPS_DATA, else .data.")]
Patience = Annotated[
    float, typer.Option("--timeout", min=1, metavar="SECONDS", help="Give up when nothing was decided for this long.")
]


def examples(*lines: str) -> str:
    """The end of a command's help. (The first character keeps the help formatter from joining the lines.)"""
    return "\n".join(["\b", "Examples:", *(f"  $ {line}" for line in lines)])


def instant(text: str, option: str) -> datetime:
    """A day, which is its start in UTC, or a time with a zone. Raises BadParameter (exit 2), naming the option."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or (found.tzinfo is None and len(text) > len("2026-03-01")):
        raise typer.BadParameter(f"{text!r} is neither a day nor a time with a zone", param_hint=option)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def settings(**overrides: Any) -> "Settings":
    """Settings from the environment; options that were given win. A wrong value is named with its variable (exit 2)."""
    from pydantic import ValidationError

    from agents.settings import Settings

    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        found = Settings(**given)
    except ValidationError as error:
        name = str(error.errors(include_input=False, include_url=False)[0]["loc"][0])
        raise _bad_setting(f"MEMBERSHIPS_{_first(error, str.upper)}", name) from error
    try:
        found.rules()
    except ValidationError as error:
        raise _bad_setting(f"MEMBERSHIPS_POLICIES: {found.policies}: {_first(error)}", "policies") from error
    except tomllib.TOMLDecodeError as error:
        raise _bad_setting(f"MEMBERSHIPS_POLICIES: {found.policies}: {error}", "policies") from error
    except OSError as error:
        raise _bad_setting(f"MEMBERSHIPS_POLICIES: {found.policies}: {error.strerror}", "policies") from error
    return found


def _bad_setting(message: str, name: str) -> CommandError:
    """The hint says what the setting is: `config show` cannot, as long as one is wrong."""
    from agents.settings import Settings

    field = Settings.model_fields[name]
    default = "" if field.default is None else f", {field.default} if unset"
    return wrong_use("bad_setting", message, f"this setting: {field.description}{default}")


def _first(error: "ValidationError", spelled: Callable[[str], str] = str) -> str:
    """The first finding: the field, spelled that way, and what is wrong with it."""
    wrong = error.errors(include_input=False, include_url=False)[0]
    return f"{spelled('_'.join(str(part) for part in wrong['loc']))}: {wrong['msg']}"
