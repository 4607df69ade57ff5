"""The command `gp365` with everything below it, and what becomes of errors: a message, a fix and an exit code."""

from __future__ import annotations

import errno
import sys
import traceback
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.main import get_command

from gp365 import __version__
from gp365.cli.alert_commands import alerts_app
from gp365.cli.demo_command import demo
from gp365.cli.flow_commands import apply, plan, sync
from gp365.cli.gp_commands import gp_app
from gp365.cli.judge_commands import assess, whatif
from gp365.cli.ledger_commands import ledger_app, replay
from gp365.cli.look_commands import explain, history, status
from gp365.cli.output import prepare_streams, write_error
from gp365.cli.parked_commands import parked_app
from gp365.cli.reconcile_commands import reconcile_app
from gp365.cli.request_commands import requests_app
from gp365.cli.serve_command import serve
from gp365.cli.session import Folder, Json, Pair, Session
from gp365.cli.setup_commands import doctor, flows_app, init, provision_app, secret_app, sim
from gp365.cli.undo_commands import undo
from gp365.cli.unkept_commands import unkept_app
from gp365.cli.webhook_commands import webhooks_app
from gp365.cli.worker_command import worker
from gp365.model.errors import Bug, Gp365Error, Misconfigured

INTERRUPTED = 130

app = typer.Typer(
    name="gp365",
    help="Keeps Microsoft Dynamics GP and Microsoft Dynamics 365 in step, in both directions.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"gp365 {__version__}\n")
        raise typer.Exit


@app.callback()
def everywhere(
    context: typer.Context,
    folder: Folder = None,
    json: Json = False,
    pair: Pair = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Keep Microsoft Dynamics GP and Microsoft Dynamics 365 in step, in both directions."""
    del version
    context.obj = Session(folder, json, pair)


for command in (
    init,
    doctor,
    assess,
    plan,
    apply,
    sync,
    serve,
    worker,
    undo,
    replay,
    status,
    history,
    explain,
    whatif,
    sim,
    demo,
):
    app.command()(command)
for group, name in (
    (secret_app, "secret"),
    (provision_app, "provision"),
    (flows_app, "flows"),
    (parked_app, "parked"),
    (requests_app, "requests"),
    (unkept_app, "unkept"),
    (alerts_app, "alerts"),
    (reconcile_app, "reconcile"),
    (ledger_app, "ledger"),
    (gp_app, "gp"),
    (webhooks_app, "webhooks"),
):
    app.add_typer(group, name=name)


@cache
def _command() -> Any:
    """Make the command with everything below it: once, or it costs as much as a round that finds nothing."""
    return get_command(app)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; no error leaves as a traceback."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    prepare_streams()
    try:
        ended = _command()(given, prog_name="gp365", standalone_mode=False)
        return ended if isinstance(ended, int) else 0
    except Gp365Error as error:
        return _handed_over(error, given, as_json)
    except typer.Exit as ended:
        return ended.exit_code
    except typer.TyperException as wrong:
        return _misused(wrong, given, as_json)
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("gp365: interrupted; the progress is kept.\n")
        return INTERRUPTED
    except BrokenPipeError:
        return 0
    except OSError as error:
        return _failed(_of_system(error), given, as_json)
    except Exception as error:  # noqa: BLE001  the last place where a bug can be told to the operator
        told = Bug("bug", f"An error of gp365 itself: {type(error).__name__}.")
        return _failed(told, given, as_json, trail=traceback.format_exc())


def _handed_over(error: Gp365Error, given: Sequence[str], as_json: bool) -> int:
    """Let a running service do what it keeps from being done here; any other error is told."""
    if error.code != "folder-locked":
        return _failed(error, given, as_json)
    from gp365.cli.beside import hand_over

    try:
        code = hand_over(given, _folder_of(given), as_json=as_json)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Gp365Error as other:
        return _failed(other, given, as_json)
    return _failed(error, given, as_json) if code is None else code


def _misused(wrong: typer.TyperException, given: Sequence[str], as_json: bool) -> int:
    """A command without arguments shows its help; what cannot be read is a usage error."""
    if "Usage:" in wrong.message:
        sys.stderr.write(f"{wrong.message}\n")
        return Misconfigured.exit_code
    return _failed(Misconfigured("usage", wrong.format_message()), given, as_json)


def _of_system(error: OSError) -> Gp365Error:
    if error.errno == errno.ENOSPC:
        return Bug("disk-full", "The disk is full.", value=str(error.filename or ""))
    message = f"The operating system refuses: {error.strerror or type(error).__name__}."
    return Bug("store-failed", message, value=str(error.filename or ""))


def _failed(error: Gp365Error, given: Sequence[str], as_json: bool, trail: str = "") -> int:
    from gp365.app.actions.exits import exit_of

    code = exit_of(error)
    trail = trail or ("".join(traceback.format_exception(error)) if isinstance(error, Bug) else "")
    _log(error, given, trail)
    write_error(error, as_json=as_json)
    return code


def _log(error: Gp365Error, given: Sequence[str], trail: str) -> None:
    """Write an error to the project's log, if there is a project; never fail over it."""
    from gp365.app.log import LogFile
    from gp365.app.project import project_folder
    from gp365.app.settings_file import FILE

    try:
        folder = project_folder(_folder_of(given))
        if (folder / FILE).is_file():
            log = LogFile(folder / ".gp365" / "logs")
            log.note("error", error=error.as_dict(), trail=trail)
            log.close()
    except OSError:
        return


def _folder_of(given: Sequence[str]) -> Path | None:
    for flag in ("-C", "--folder"):
        if flag in given[:-1]:
            return Path(given[list(given).index(flag) + 1])
    return None
