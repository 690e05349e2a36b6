"""The vocabulary of the command line: the name and meaning of every option, and declarations of those that commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

MEANINGS: dict[str, str] = {
    "--all": "All registered weights.",
    "--allow-missing": "Score even if clips have no file; the run is then incomplete.",
    "--as": "Name to keep it under.",
    "--avatar": "Picture of the person to show: JPEG, PNG or WebP.",
    "--avatars": "Folder of pictures of persons, from which users choose by the files' names.",
    "--baseline": "Name of the baseline.",
    "--baselines": "Folder of baselines.",
    "--checkpoint": "Trained weights of the generator: a reference model's name, its folder, or a file.",
    "--citation": "Whom to cite. Default: as the generator says.",
    "--clip-seconds": "Time limit of a generator for one clip, in seconds; a slower clip is a failure. 0: no limit.",
    "--clips": "Only these clips: ids separated by commas, or @FILE with one id per line.",
    "--config": "Configuration: of a gate a file with metrics and tolerances, of a model small or paper.",
    "--contact": "Whom to ask, such as an address.",
    "--corpus": "Name of a corpus; see signbench corpora list.",
    "--device": "Device for networks, and for generators that take one, such as cuda:0.",
    "--encoding": "Encoding of text files, if it cannot be detected and no mapping names it: cp1252, cp1250 ...",
    "--estimator": "A judge that finds key points in videos: pose-estimator, or dwpose for real videos.",
    "--expected": "Expected SUS, such as 0.75.",
    "--extractor": "Only observations of this extractor or judge: its name, or its whole signature.",
    "--format": "Output format.",
    "--fps": "Convert both sides to this frame rate.",
    "--frames": "If lengths differ: refuse, keep the common prefix, or stretch onto the reference's time stamps.",
    "--fresh": "Start the run over; an older run in the folder is renamed to <name>.old-N.",
    "--generator": "Name, name:key=value, package.module:Class or file.py:Class; see signbench generators list.",
    "--github": "Print GitHub annotations, and append to the job's summary.",
    "--half-width": "Half the width of the 95 % interval to reach, such as 0.05.",
    "--id": "Column of the ids, in tables of texts.",
    "--json": "Print JSON instead of a table.",
    "--judge": "A custom judge that the task names, in the same spelling: package.module:Class or file.py:Class. Its code is run.",
    "--junit": "Write JUnit XML into this file.",
    "--key": "Write who each rater is into this new file, outside the study. Default: not stored.",
    "--layout": "Declare the key-point layout of files that state none, such as coco-wholebody-133.",
    "--leaderboards": "Folder of leaderboards.",
    "--lexicon": "A person's decisions about open answers: a filled-in file of signbench study unmatched (CSV or XLSX).",
    "--licence": "Licence of the productions, such as CC-BY-4.0. Default: the generator's.",
    "--limit": "Only the first N clips.",
    "--mapping": "Mapping file: what each column is, and how answers are judged. Without it, one is proposed.",
    "--markdown": "Write Markdown into this file.",
    "--media": (
        "Separated by commas: video, pose, motion (SMPL-X rotations), rendering:pose, rendering:hamer, rendering:smplx, "
        "rendering:cross-person (the motion by another signer)."
    ),
    "--model": "The judge whose published checkpoint it is, such as slt; it becomes a reference model.",
    "--metric": "A metric, as name or name:key=value,key=value; see signbench metrics list.",
    "--most-clips": "Most clips that one person rates; if there are more signs, they are split into packs with different raters.",
    "--out": "Where to write.",
    "--packs": "Sizes of the packs, such as 20,30.",
    "--precision": "Precision in which networks compute; part of the signature.",
    "--predictions": "Folder of predictions: files named by clip id; see signbench tasks show TASK.",
    "--progress": "Show progress bars on a terminal.",
    "--rater-spread": "How much raters differ: standard deviation on the logit scale.",
    "--raters": "How many people take part; each sees one pack.",
    "--references": "Your own copy of the data set: media and, if need be, clips.csv.",
    "--remove": "Remove what is damaged.",
    "--replace": "Replace an older one of that name, which is renamed to <name>.old-N.",
    "--require": "all: stop if weights of an extended metric are missing.",
    "--root": "Folder of the corpus, in its published layout. Default: as configured; see docs/corpora.md.",
    "--row": "Of a study: the row whose clips were rated.",
    "--report": "A page that shows its clips, beginning with https://.",
    "--run": "Run over the same clips, whose metrics are compared with SUS.",
    "--samples": "Number of dev clips whose answers each validation of a training keeps.",
    "--seed": "Seed of all random choices; the same seed gives the same result.",
    "--sign-spread": "How much signs differ: standard deviation on the logit scale.",
    "--size": "Size of images in pixels: 256 or WIDTHxHEIGHT.",
    "--source": "synthsign, or a folder with videos or key points.",
    "--source-fps": "Declare the frame rate of all files.",
    "--split": "Name of a split, such as test.",
    "--study": "Folder of a study.",
    "--suite": "The rows of a paper's table: slt, slrtp, gfslt or csl-daily; see docs/suites.md.",
    "--table": "Write clips.csv with text, gloss and signer.",
    "--take": "0 is the reference; 1, 2 ... are further performances of the same sentences.",
    "--task": "Name of a task; see signbench tasks list.",
    "--text": "Column of the texts, in tables of texts.",
    "--url": "Where to read more, beginning with https://.",
    "--verify": "If the predictions give the same numbers, write kind: verified.",
    "--videos": "Folder of the videos that raters see.",
    "--workers": "Processes that do the work; the result does not depend on their number.",
    "--yes": "Do not ask.",
}
"""The meaning of each option, which is the same in every command; a command may add a sentence about its use."""

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
"""Former spellings: (command, option) -> the current one."""


LARGEST_SEED = 2**63 - 1
"""The largest value of ``--seed``, since the networks' generators of random numbers take 64 bits."""


def option(name: str, more: str = "", **settings: Any) -> Any:
    """Declares an option of the vocabulary, inside ``Annotated``.

    Args:
        name: one of :data:`MEANINGS`.
        more: text that a command adds to the meaning: its default, or its use of the option.
        settings: arguments of :func:`typer.Option`, such as ``min``.
    """
    return typer.Option(*_SPELLINGS.get(name, (name,)), help=f"{MEANINGS[name]} {more}".rstrip(), **settings)


class Format(StrEnum):
    """Forms in which numbers are printed."""

    table = "table"
    json = "json"
    csv = "csv"
    markdown = "markdown"
    latex = "latex"


def chosen(form: Format | None, *, json: bool, but: tuple[Format, ...] = ()) -> Format:
    """Resolves ``--format`` and ``--json`` to one form.

    Args:
        form: the value of ``--format``.
        json: whether ``--json`` is given, which is short for ``--format json``.
        but: forms that the command does not have.

    Raises:
        InputError: the two options differ, or the command does not have that form.
    """
    from signbench.errors import InputError

    if json and form not in (None, Format.json):
        raise InputError(f"--json and --format {form} are different forms; use one of them.")
    if form in but:
        *others, last = (known.value for known in Format if known not in but)
        raise InputError(f"this command has no --format {form}; use {', '.join(others)} or {last}.")
    return Format.json if json else form or Format.table


_A_SUBSET = "Marks the result as a subset."
_FOUND_FIRST = "in the current folder, then the shipped ones."

Json = Annotated[bool, option("--json")]
JsonForm = Annotated[bool, option("--json", "The same as --format json.")]
Form = Annotated[Format | None, option("--format", "Default: table.")]
Progress = Annotated[bool, option("--progress")]
Device = Annotated[str, option("--device")]
GeneratorDevice = Annotated[str | None, option("--device", "Default: cpu, or the generator's own default.")]
Workers = Annotated[int | None, option("--workers", "Default: one per core.", min=1)]
Limit = Annotated[int | None, option("--limit", _A_SUBSET)]
Clips = Annotated[str | None, option("--clips", _A_SUBSET)]
RunOut = Annotated[Path | None, option("--out", "Default: runs/<task or measure>-<name>-<hash>; rerun to resume.")]
Fresh = Annotated[bool, option("--fresh")]
Root = Annotated[Path | None, option("--root")]
Replace = Annotated[bool, option("--replace")]
Checkpoint = Annotated[str | None, option("--checkpoint")]
Judges = Annotated[list[str] | None, option("--judge", "May be repeated.")]
ClipSeconds = Annotated[float, option("--clip-seconds", min=0)]
TaskSplit = Annotated[str | None, option("--split", "Default: the task's first.")]
ReadBaselines = Annotated[Path | None, option("--baselines", f"Default: baselines/ {_FOUND_FIRST}")]
WrittenBaselines = Annotated[Path, option("--baselines")]
ReadLeaderboards = Annotated[Path | None, option("--leaderboards", f"Default: leaderboards/ {_FOUND_FIRST}")]
WrittenLeaderboards = Annotated[Path, option("--leaderboards")]


def clip_ids(text: str | None) -> list[str] | None:
    """Reads ``--clips``: ids separated by commas, or ``@FILE`` with one id per line.

    Raises:
        InputError: the file cannot be read, or contains no id.
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
        raise InputError(f"--clips: {text!r} names no clips; write ids separated by commas, or @FILE with one id per line.")
    return ids
