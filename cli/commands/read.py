"""`member` and `why`: one member's state, and the reasons for it, out of the views."""

import typer


def register(app: typer.Typer) -> None:
    """Adds the commands of this module."""
