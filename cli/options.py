"""Options that several commands share, and how their help shows examples."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.errors import wrong_use

if TYPE_CHECKING:
    from agents.settings import Settings

AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON document, errors included.")]
DataDir = Annotated[Path | None, typer.Option("--data", help="Data directory; else MEMBERSHIPS_DATA, else .data.")]
Patience = Annotated[
    float, typer.Option("--timeout", min=1, metavar="SECONDS", help="Give up when nothing was decided for this long.")
]


def examples(*lines: str) -> str:
    """The end of a command's help. (The first character keeps the help formatter from joining the lines.)"""
    return "\n".join(["\b", "Examples:", *(f"  $ {line}" for line in lines)])


def settings(**overrides: Any) -> "Settings":
    """Settings from the environment; options that were given win. A wrong value is named with its variable (exit 2)."""
    from pydantic import ValidationError

    from agents.settings import Settings

    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False)[0]
        name = "_".join(["MEMBERSHIPS", *(str(part) for part in wrong["loc"])]).upper()
        hint = "`memberships config show` lists every setting"
        raise wrong_use("bad_setting", f"{name}: {wrong['msg']}", hint) from error
