"""`config show` and `contract export`: what is set, and what is promised."""

import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from cli import talk
from cli.options import AsJson, examples, settings

config = typer.Typer(name="config", help="The settings in force.", no_args_is_help=True)
contract = typer.Typer(name="contract", help="The machine-readable contract.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    config.command(epilog=examples("memberships config show", "memberships config show --json"))(show)
    contract.command(epilog=examples("memberships contract export build/contract"))(export)
    app.add_typer(config)
    app.add_typer(contract)


def show(as_json: AsJson = False) -> None:
    """Every setting: variable, value, and where that came from.

    Secrets are masked. A variable that is set and means nothing here is named on stderr.
    """
    from pydantic import SecretStr

    from views.errors import without_login

    variables = {name.upper() for name in os.environ}  # noqa: TID251 - to tell where a value came from
    found = settings()
    rows: list[dict[str, Any]] = []
    for name, field in type(found).model_fields.items():
        value = getattr(found, name)
        variable = f"MEMBERSHIPS_{name.upper()}"
        shown = str(value) if isinstance(value, SecretStr) else value
        set_by = "environment" if variable in variables else "secret file"
        rows.append(
            {
                "variable": variable,
                "value": without_login(shown) if name == "redis_url" else shown,
                "origin": set_by if name in found.model_fields_set else "default",
                "meaning": field.description or "",
            }
        )
    if unknown := _unknown({row["variable"] for row in rows}):
        talk.say(f"set, and no such setting: {', '.join(unknown)}")
    talk.answer({"settings": rows, "unknown": unknown}, as_json, lambda: _table(rows))


def _unknown(known: set[str]) -> list[str]:
    """Variables that look like ours, and are misspelt or of another release."""
    ours = [name for name in os.environ if name.upper().startswith("MEMBERSHIPS_")]  # noqa: TID251 - to name them only
    return sorted(name for name in ours if name.upper() not in known)


def export(
    directory: Annotated[Path, typer.Argument(file_okay=False, help="Where the files go; made if it is missing.")],
    as_json: AsJson = False,
) -> None:
    """Write the contract: JSON Schemas and the AsyncAPI document.

    Generated from the models, one schema for each type.
    """
    from models.schema import export as write

    written = write(directory)
    names = sorted(str(path) for path in written)
    talk.answer({"files": names}, as_json, lambda: "\n".join(names))


def _table(rows: list[dict[str, Any]]) -> Table:
    view = Table()
    view.add_column("variable", no_wrap=True)
    for name in ("value", "origin", "meaning"):
        view.add_column(name, overflow="fold")
    for row in rows:
        view.add_row(row["variable"], "" if row["value"] is None else str(row["value"]), row["origin"], row["meaning"])
    return view
