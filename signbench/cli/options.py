"""The vocabulary of the command line: each option is named, explained and, where several commands have it, declared here once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

MEANINGS: dict[str, str] = {
    "--all": "All registered weights.",
    "--allow-missing": "Score although clips have no file; the run is then incomplete.",
    "--as": "The name that it is kept under.",
    "--baseline": "Name of the baseline.",
    "--baselines": "Folder of baselines.",
    "--checkpoint": "Trained weights, for generators that take some.",
    "--citation": "Whom to cite. Default: as the generator says.",
    "--clip-seconds": "How long a generator may take for one clip; longer is a failure. 0: no limit.",
    "--clips": "Only these clips: ids with commas between, or @FILE with one a line.",
    "--config": "Metrics and tolerances, such as signbench-ci.yaml.",
    "--contact": "Whom to ask, such as an address.",
    "--device": "Device of networks, and of generators that take one, such as cuda:0.",
    "--encoding": "Of text files, where it cannot be found out and no mapping names it yet: cp1252, cp1250 ...",
    "--expected": "SUS that is expected, such as 0.75.",
    "--extractor": "Only what this extractor made: its name, or its whole signature.",
    "--format": "How to print.",
    "--fps": "Convert both sides to this frame rate.",
    "--frames": "Where lengths differ: refuse, keep the common prefix, or stretch onto the reference's time stamps.",
    "--fresh": "Start the run over; an older run in that folder is renamed to <name>.old-N.",
    "--generator": "Name, name:key=value, package.module:Class or file.py:Class; see signbench generators list.",
    "--github": "Print GitHub annotations, and append to the step's summary.",
    "--half-width": "Half the length of the 95 % interval that is wanted, such as 0.05.",
    "--id": "Column of a table of texts that holds the ids.",
    "--json": "Print JSON instead of a table.",
    "--judge": "A custom judge that the task names, as it spells it: package.module:Class or file.py:Class. Its code runs.",
    "--junit": "Write JUnit XML into this file.",
    "--key": "Write who each rater is into this new file, outside the study. Default: kept nowhere.",
    "--layout": "Declare the key-point layout of files that carry none, such as coco-wholebody-133.",
    "--leaderboards": "Folder of leaderboards.",
    "--lexicon": "What a person decided about open answers: a filled file of signbench study unmatched (CSV or XLSX).",
    "--licence": "Of the productions, such as CC-BY-4.0. Default: the generator's.",
    "--limit": "Only the first N clips.",
    "--mapping": "What each column is, and how answers are judged. Without it one is proposed.",
    "--markdown": "Write Markdown into this file.",
    "--media": (
        "Separated by commas: video, pose, motion (SMPL-X rotations), rendering:pose, rendering:hamer, rendering:smplx, "
        "rendering:cross-person (the motion by another signer)."
    ),
    "--metric": "A metric, as name or name:key=value,key=value; see signbench metrics list.",
    "--most-clips": "How many clips one person looks at, at most; more signs are dealt into packs with raters of their own.",
    "--out": "Where to write.",
    "--packs": "Sizes of the packs, such as 20,30.",
    "--precision": "Precision of networks; it is signed.",
    "--predictions": "Folder of predictions: files named by clip id; see signbench tasks show TASK.",
    "--progress": "Show progress on a terminal.",
    "--rater-spread": "How much raters differ: standard deviation on the logit scale.",
    "--raters": "How many people take part; each sees one pack.",
    "--references": "Your own copy of the data set: media and, if need be, clips.csv.",
    "--remove": "Remove what is damaged.",
    "--replace": "Write although there is an older one of that name, which is renamed to <name>.old-N.",
    "--require": "all: stop where weights of an extended metric are missing.",
    "--row": "Of a study: the row whose clips were judged.",
    "--run": "Run over the same clips, whose metrics are held against SUS.",
    "--seed": "Of all draws; equal seeds give equal packs and orders.",
    "--sign-spread": "How much signs differ: standard deviation on the logit scale.",
    "--size": "Size of images in pixels: 256 or WIDTHxHEIGHT.",
    "--source": "synthsign, or a folder with videos or key points.",
    "--source-fps": "Declare the frame rate of all files.",
    "--split": "Name of a split, such as test.",
    "--suite": "The rows of a kind of paper's table: slt, slrtp, gfslt or csl-daily; see docs/suites.md.",
    "--table": "Write clips.csv with text, gloss and signer.",
    "--take": "0 is the reference; 1, 2 ... are further performances of the same sentences.",
    "--task": "Name of a task; see signbench tasks list.",
    "--text": "Column of a table of texts that holds the texts.",
    "--url": "Where to read more, beginning with https://.",
    "--verify": "Where the predictions give the same, write kind: verified.",
    "--videos": "Folder of the videos that raters see.",
    "--workers": "Processes for scoring; the numbers do not depend on it. Default: one per core.",
    "--yes": "Do not ask.",
}
"""Each option's meaning, which is the same in every command that has it; a command may add a sentence about its own use of it."""

_SPELLINGS = {"--metric": ("--metric", "-m"), "--progress": ("--progress/--no-progress",), "--table": ("--table/--no-table",)}

RETIRED: dict[tuple[str, str], str] = {
    ("compare", "--markdown"): "--format markdown",
    ("corpora show", "--clip"): "--clips",
    ("leaderboard show", "--markdown"): "--format markdown",
    ("metrics sensitivity", "--clips"): "--limit",
    ("metrics sensitivity", "--markdown"): "--format markdown",
    ("results", "--markdown"): "--format markdown",
    ("study import", "--fresh"): "--replace",
    ("study new", "--clips"): "--videos",
}
"""Former spellings: (command, option) -> what is written today."""


def option(name: str, more: str = "", **settings: Any) -> Any:
    """Declares an option of the vocabulary, inside ``Annotated``.

    Args:
        name: one of :data:`MEANINGS`.
        more: what a command adds to the meaning: its default, or its own use of it.
        settings: as :func:`typer.Option` takes them, such as ``min``.
    """
    return typer.Option(*_SPELLINGS.get(name, (name,)), help=f"{MEANINGS[name]} {more}".rstrip(), **settings)


class Format(StrEnum):
    """Forms that numbers are printed in."""

    table = "table"
    json = "json"
    csv = "csv"
    markdown = "markdown"
    latex = "latex"


def chosen(form: Format | None, *, json: bool, but: tuple[Format, ...] = ()) -> Format:
    """The form that ``--format`` and ``--json`` ask for together.

    Args:
        form: of ``--format``.
        json: whether ``--json`` is given, which is short for a form.
        but: forms that the command does not have.

    Raises:
        InputError: the two ask for different forms, or for one that is not there.
    """
    from signbench.errors import InputError

    if json and form not in (None, Format.json):
        raise InputError(f"--json and --format {form} are different forms; ask for one of them.")
    if form in but:
        *others, last = (known.value for known in Format if known not in but)
        raise InputError(f"--format {form} is not one that this command has; give {', '.join(others)} or {last}.")
    return Format.json if json else form or Format.table


_A_SUBSET = "Marks the result as a subset."
_FOUND_FIRST = "of the current folder, then those of signbench."

Json = Annotated[bool, option("--json")]
JsonForm = Annotated[bool, option("--json", "The same as --format json.")]
Form = Annotated[Format | None, option("--format", "Default: table.")]
Progress = Annotated[bool, option("--progress")]
Device = Annotated[str, option("--device")]
GeneratorDevice = Annotated[str | None, option("--device", "Default: cpu, and for generators as they say.")]
Workers = Annotated[int | None, option("--workers", min=1)]
Limit = Annotated[int | None, option("--limit", _A_SUBSET)]
Clips = Annotated[str | None, option("--clips", _A_SUBSET)]
RunOut = Annotated[Path | None, option("--out", "Default: runs/<task or measure>-<name>-<hash>, so that a repeat goes on.")]
Fresh = Annotated[bool, option("--fresh")]
Replace = Annotated[bool, option("--replace")]
Checkpoint = Annotated[Path | None, option("--checkpoint")]
Judges = Annotated[list[str] | None, option("--judge", "May be repeated.")]
ClipSeconds = Annotated[float, option("--clip-seconds", min=0)]
TaskSplit = Annotated[str | None, option("--split", "Default: the task's first.")]
ReadBaselines = Annotated[Path | None, option("--baselines", f"Default: baselines/ {_FOUND_FIRST}")]
WrittenBaselines = Annotated[Path, option("--baselines")]
ReadLeaderboards = Annotated[Path | None, option("--leaderboards", f"Default: leaderboards/ {_FOUND_FIRST}")]
WrittenLeaderboards = Annotated[Path, option("--leaderboards")]


def clip_ids(text: str | None) -> list[str] | None:
    """Reads ``--clips``: ids with commas between, or ``@FILE`` with one a line.

    Raises:
        InputError: the file cannot be read, or no id stands there.
    """
    from signbench.errors import InputError

    if text is None:
        return None
    if not text.startswith("@"):
        ids = [name.strip() for name in text.split(",") if name.strip()]
    else:
        try:
            ids = [line.strip() for line in Path(text[1:]).read_text(encoding="utf-8-sig").splitlines() if line.strip()]
        except (OSError, ValueError) as error:
            raise InputError(f"--clips: {text[1:]} cannot be read: {getattr(error, 'strerror', None) or error}.") from error
    if not ids:
        raise InputError(f"--clips: {text!r} names no clip; write ids with commas between, or @FILE with one a line.")
    return ids
