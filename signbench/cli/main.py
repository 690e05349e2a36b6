"""The ``signbench`` command: its groups, and how its errors become exit codes."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from pathlib import Path
from typing import Any

import typer

from signbench import interruption
from signbench.cli import (
    cache,
    ci,
    compare,
    corpora,
    doctor,
    generators,
    judges,
    leaderboard,
    measure,
    metrics,
    report,
    results,
    rusignbot,
    score,
    signature,
    streams,
    study,
    tasks,
    train,
    weights,
)
from signbench.cli.groups import Group
from signbench.cli.options import RETIRED
from signbench.foreign import supervision

_OF_THE_MACHINE = frozenset(
    {
        errno.EACCES,
        errno.EDQUOT,
        errno.EFBIG,
        errno.EMFILE,
        errno.ENAMETOOLONG,
        errno.ENFILE,
        errno.ENOSPC,
        errno.EPERM,
        errno.EROFS,
    }
)
"""Errors of the file system or the machine, which are not bugs even if nothing handled them."""

app = typer.Typer(
    name="signbench",
    cls=Group,
    help="Score sign-language generation: numbers that say how they were measured.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("measure")(measure.command)
app.command("score")(score.score)
app.command("run")(score.run)
app.command("train")(train.command)
app.command("results")(results.command)
app.command("report")(report.command)
app.command("doctor")(doctor.command)
app.add_typer(metrics.app, name="metrics")
app.add_typer(corpora.app, name="corpora")
app.add_typer(tasks.app, name="tasks")
app.add_typer(generators.app, name="generators")
app.add_typer(judges.app, name="judges")
app.add_typer(signature.app, name="signature")
app.add_typer(weights.app, name="weights")
app.add_typer(cache.app, name="cache")
app.add_typer(study.app, name="study")
app.add_typer(rusignbot.app, name="rusignbot")
app.command("compare")(compare.command)
app.add_typer(ci.app, name="ci")
app.add_typer(leaderboard.app, name="leaderboard")


@app.callback(invoke_without_command=True)
def _version(
    version: bool = typer.Option(False, "--version", help="Print the version and exit."),
) -> None:
    if version:
        import signbench

        sys.stdout.write(f"signbench {signbench.__version__}\n")
        raise typer.Exit


def main() -> None:
    """Runs the command line, and exits with the code of the outcome.

    0 done, 2 wrong use or bad input, 3 incomplete, 4 not comparable or nothing measured, 70 internal error, 130 interrupted.
    """
    from signbench.errors import SignbenchError

    interruption.heed()
    try:
        streams.prepare()
        code = _run()
    except SignbenchError as error:
        _say(str(error), error.rank)
        code = error.exit_code
    if sys.stdout is not None:
        try:
            sys.stdout.flush()
        except SignbenchError as error:
            _say(str(error))
            code = code or error.exit_code
    supervision.finish(code)
    sys.exit(code)


def _run() -> int:
    """Runs a command, and returns its exit code; errors that signbench raises on purpose pass through.

    Raises:
        SignbenchError: has its own exit code.
    """
    from signbench.errors import SignbenchError

    try:
        code = app(prog_name="signbench", standalone_mode=False)
    except SignbenchError:
        raise
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    except MemoryError:
        _say("there is not enough memory for this; try fewer --workers, a smaller --size, or a machine with more memory.")
        return 70
    except Exception as error:  # noqa: BLE001 - every bug ends with a sentence, a log and exit code 70
        if hasattr(error, "format_message"):  # errors of the command line's parser, whichever library raises them
            _say(_wrong_use(error))
            return 2
        if isinstance(error, OSError) and error.filename is not None and error.errno in _OF_THE_MACHINE:
            _say(f"{os.fsdecode(error.filename)}: {error.strerror}.")
            return 2
        log = _error_log(traceback.format_exc())
        _say(f"internal error: {type(error).__name__}: {error}. The traceback is in {log}; please report it.")
        return 70
    if code == 130:
        _say("interrupted; rerun the command to resume.")
    return code if isinstance(code, int) else 0


def _wrong_use(error: Any) -> str:
    """A parser's error as one sentence that names the command's help, or the current spelling of a former option."""
    context = getattr(error, "ctx", None)
    path = str(context.command_path) if context is not None else "signbench"
    former = getattr(error, "option_name", None)
    if former is not None and (today := RETIRED.get((path.removeprefix("signbench "), former))):
        return f"{former} is now {today}; see {path} --help."
    message = str(error.format_message()).rstrip(".").replace("Value error, ", "")
    return f"{message}; see {path} --help."


def _say(text: str, own: int | None = None) -> None:
    """Prints a message. If all ranks have the same one, only the first prints it.

    Args:
        text: the message; parameters that it names become flags.
        own: the rank, if it is the only one with this error.
    """
    from signbench.errors import in_flags

    said = in_flags(text)
    if own is not None:
        sys.stderr.write(f"signbench, rank {own}: {said}\n")
        return
    rank, world = os.environ.get("RANK", ""), os.environ.get("WORLD_SIZE", "")
    if rank.isdecimal() and world.isdecimal() and 0 < int(rank) < int(world):
        return  # only the first of several processes prints it
    sys.stderr.write(f"signbench: {said}\n")


def _error_log(text: str) -> Path:
    """Writes a traceback into the folder of the current run if there is one, otherwise into a new temporary file.

    Neither follows a link of that name.
    """
    import tempfile

    from signbench.errors import InputError
    from signbench.whole_files import write_atomically

    engine = sys.modules.get("signbench.scoring.engine")
    at_work: Path | None = engine.folder_at_work() if engine is not None else None
    content = text.encode("utf-8", "backslashreplace")
    if at_work is not None and at_work.is_dir():
        try:
            write_atomically(at_work / "error.log", content)
            return at_work / "error.log"
        except InputError:
            pass
    try:
        handle, name = tempfile.mkstemp(prefix="signbench-error-", suffix=".log")
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        return Path(name)
    except OSError:
        sys.stderr.write(text)
        return Path("standard error, above")
