"""`config show` and `contract export`: what is set, and what is promised."""

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
    """Every setting: its variable, its value (secrets masked) and where the value came from."""
    from pydantic import SecretStr

    from cli.errors import without_password

    found = settings()
    rows: list[dict[str, Any]] = []
    for name, field in type(found).model_fields.items():
        value = getattr(found, name)
        shown = str(value) if isinstance(value, SecretStr) else value
        rows.append(
            {
                "variable": f"MEMBERSHIPS_{name.upper()}",
                "value": without_password(shown) if name == "redis_url" else shown,
                "origin": "environment" if name in found.model_fields_set else "default",
                "meaning": field.description or "",
            }
        )
    talk.answer({"settings": rows}, as_json, lambda: _table(rows))


def export(
    directory: Annotated[Path, typer.Argument(file_okay=False, help="Where the files go; made if it is missing.")],
    as_json: AsJson = False,
) -> None:
    """Write the contract generated from the models: one JSON Schema for each type, and the AsyncAPI document."""
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
