"""`memberships`: the command line. stdout is data, stderr is talk; what ends badly says what to do about it."""

import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from cli import talk
from cli.commands import (
    check,
    configuration,
    demo,
    dlq,
    erase,
    feed,
    flags,
    producers,
    promises,
    read,
    run,
    services,
    whatif,
)
from cli.errors import ExitCode, Problem, explain

app = typer.Typer(
    name="memberships",
    help="Membership stream processor: points, paid memberships and repairs on Kafka, exactly once.",
    epilog="Settings come from MEMBERSHIPS_* variables: see `memberships config show`.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["--help", "-h"]},
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        from models.policies import RULES_VERSION

        typer.echo(f"memberships {version('memberships')}, rules {RULES_VERSION}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Show the version and exit.")
    ] = False,
) -> None:
    del version  # was shown


PARTS = (demo, services, run, feed, read, promises, flags, whatif, dlq, producers, erase, check, configuration)
for part in PARTS:
    part.register(app)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The entry point: runs the command and ends the process with its exit code."""
    sys.exit(execute(sys.argv[1:] if arguments is None else arguments))


def execute(arguments: Sequence[str]) -> int:
    """Runs one command; every error becomes a message and an exit code here, and nowhere else."""
    as_json = "--json" in arguments
    try:
        if (text := _help(arguments)) is not None:
            typer.echo(text)
            return ExitCode.DONE
        code = app(args=list(arguments), prog_name="memberships", standalone_mode=False)
    except TyperException as error:
        return _misused(error, as_json)
    except typer.Abort:
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the top of the program: whatever comes gets a message and a code
        return _failed(error, as_json)
    if code == ExitCode.INTERRUPTED:
        talk.say("interrupted")
    return code if isinstance(code, int) else ExitCode.DONE


def _help(arguments: Sequence[str]) -> str | None:
    """The help asked for by `command --help`. Parsing the flag the usual way would take longer than everything else."""
    command = typer.main.get_command(app)
    context = typer.Context(command, info_name="memberships", **command.context_settings)
    for word in arguments:
        if word == "--help":
            return command.get_help(context)
        found = command.get_command(context, word) if isinstance(command, TyperGroup) else None
        if found is None:
            return None
        command, context = found, typer.Context(found, info_name=word, parent=context)
    return None


def _misused(error: TyperException, as_json: bool) -> int:
    if as_json:
        hint = "see `memberships --help`, or --help of the command"
        talk.print_json(Problem("usage", error.format_message(), hint, ExitCode.WRONG_USE).as_json())
    else:
        show = getattr(error, "show", None)  # usage errors show themselves, with the usage line
        show() if show else talk.say(str(error))
    return ExitCode.WRONG_USE


def _failed(error: Exception, as_json: bool) -> int:
    problem = explain(error)
    if problem.exit_code == ExitCode.BUG:
        sys.stderr.write(talk.printable("".join(traceback.format_exception(error))))
    if as_json:
        talk.print_json(problem.as_json())
    else:
        talk.say_problem(problem)
    return problem.exit_code
