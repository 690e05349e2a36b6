"""Starts a study: draws clips into packs and an order for each rater, and writes videos, blank sheets and the mapping file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from signbench.corpora import clip_table
from signbench.corpora.clip_table import read_clip_table
from signbench.corpora.recordings import VideoFile
from signbench.errors import InputError, NotComparableError
from signbench.progress import Progress, silent
from signbench.sides.folder import read_side
from signbench.spreadsheets import csv_bytes
from signbench.study.planning.neutral_videos import write_neutral
from signbench.study.settings import LongSheet, ShownClip, StudySettings, settings_yaml
from signbench.study.sheets.workbooks import workbook_bytes
from signbench.whole_files import write_atomically
from signbench.whole_folders import whole_folder

SHEET_COLUMNS = ("participant", "group", "order", "video", "answer")
"""Columns of a blank sheet; participants fill in the last one."""

KEY_COLUMNS = ("video", "clip", "sign", "pack")
"""Columns of the answer key."""


@dataclass(frozen=True)
class Presentation:
    """Which rater sees which clips, in which order.

    Attributes:
        codes: clip -> the neutral name that raters see, such as ``v001``.
        packs: pack -> its clips, in order of code.
        orders: pack -> rater -> the pack's clips in the rater's order of presentation.
    """

    codes: Mapping[str, str]
    packs: Mapping[str, tuple[str, ...]]
    orders: Mapping[str, Mapping[str, tuple[str, ...]]]


def present(clips: Sequence[str], *, sizes: Sequence[int], raters: int, seed: int) -> Presentation:
    """Draws the clips of each pack, the raters of each pack (as evenly as possible), and the order of each rater.

    Args:
        clips: ids.
        sizes: of the packs.
        raters: number of raters.
        seed: of all draws; equal seeds give equal presentations.

    Raises:
        InputError: there are fewer clips than the packs need, or fewer raters than packs.
    """
    wanted = sum(sizes)
    if not sizes or min(sizes) < 1:
        raise InputError("every pack needs at least 1 clip; use sizes such as 20,30.")
    if wanted > len(clips):
        raise InputError(f"the packs need {wanted} clips, but there are only {len(clips)}; use smaller packs or more clips.")
    if raters < len(sizes):
        raise InputError(f"{raters} raters are too few for {len(sizes)} packs; use at least one rater for each pack.")
    draws = np.random.Generator(np.random.PCG64(seed))
    drawn = [sorted(clips)[index] for index in draws.permutation(len(clips))[:wanted]]
    codes = {clip: f"v{number:03d}" for number, clip in enumerate(drawn, start=1)}
    names = [f"p{number:03d}" for number in range(1, raters + 1)]
    shuffled = [names[index] for index in draws.permutation(raters)]
    packs: dict[str, tuple[str, ...]] = {}
    orders: dict[str, dict[str, tuple[str, ...]]] = {}
    start = 0
    for number, size in enumerate(sizes):
        pack = tuple(drawn[start : start + size])
        start += size
        packs[f"pack-{number + 1}"] = pack
        orders[f"pack-{number + 1}"] = {
            rater: tuple(pack[index] for index in draws.permutation(size)) for rater in sorted(shuffled[number :: len(sizes)])
        }
    return Presentation(codes, packs, orders)


def parse_sizes(text: str) -> tuple[int, ...]:
    """Parses sizes of packs, such as ``20,30``.

    Raises:
        InputError: the text is not a list of whole numbers, separated by commas.
    """
    words = [word.strip() for word in text.split(",")]
    if not all(word.isascii() and word.isdigit() and len(word) < 7 for word in words):
        raise InputError(f"packs: {text!r} is not a list of sizes; use whole numbers separated by commas, such as 20,30.")
    return tuple(int(word) for word in words)


def new_study(
    videos: Path, out: Path, *, sizes: Sequence[int], raters: int, seed: int = 0, progress: Progress = silent
) -> Presentation:
    """Writes the files that a study starts with.

    These are ``videos/``, the drawn clips under neutral names and without titles, comments, chapters and sound (which may name the
    sign); a blank sheet for each pack as CSV and XLSX; ``answer_key.csv``; and ``study.yaml``, the mapping with which
    ``signbench study import`` reads the filled-in sheets.

    Args:
        videos: folder with the clips as videos; a ``clips.csv`` in it may name their signs (columns ``id`` and ``gloss`` or
            ``text``), otherwise the sign is the clip's id.
        out: a new folder.
        sizes: of the packs.
        raters: number of raters.
        seed: of all draws.
        progress: told how many videos are copied.

    Raises:
        InputError: there are no videos or too few, a video cannot be copied, ``clips.csv`` does not fit the videos, or ``out`` is
            not empty.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} is not an empty folder; choose another output folder.")
    found = _videos(videos)
    signs = _signs(videos / clip_table.NAME, found)
    presentation = present(list(found), sizes=sizes, raters=raters, seed=seed)
    with whole_folder(out) as begun:
        (begun / "videos").mkdir()
        for copied, (clip, code) in enumerate(presentation.codes.items()):
            progress("copying", copied, len(presentation.codes))
            write_neutral(found[clip].path, begun / "videos", code)
        for pack, orders in presentation.orders.items():
            rows: list[list[str | int | None]] = [
                [rater, None, position, presentation.codes[clip], None]
                for rater, clips in orders.items()
                for position, clip in enumerate(clips, start=1)
            ]
            write_atomically(begun / f"{pack}.csv", csv_bytes(rows, SHEET_COLUMNS))
            write_atomically(begun / f"{pack}.xlsx", workbook_bytes({pack: [list(SHEET_COLUMNS), *rows]}))
        key = [[code, clip, signs[clip], _pack_of(clip, presentation)] for clip, code in presentation.codes.items()]
        write_atomically(begun / "answer_key.csv", csv_bytes(key, KEY_COLUMNS))
        write_atomically(begun / "study.yaml", settings_yaml(_settings(presentation, signs)).encode())
    return presentation


def _settings(presentation: Presentation, signs: Mapping[str, str]) -> StudySettings:
    sheet = LongSheet(
        layout="long",
        file="*",  # any number of copies of the sheets, with any names
        rater="participant",
        group="group",
        order="order",
        clip="video",
        answer="answer",
        clips={
            presentation.codes[clip]: ShownClip(clip=clip, sign=signs[clip], pack=pack)
            for pack, clips in presentation.packs.items()
            for clip in clips
        },
    )
    return StudySettings(sheets=(sheet,), signs={signs[clip]: (signs[clip],) for clip in presentation.codes})


def _pack_of(clip: str, presentation: Presentation) -> str:
    return next(pack for pack, clips in presentation.packs.items() if clip in clips)


def _videos(folder: Path) -> dict[str, VideoFile]:
    try:
        clips = read_side(folder).clips
    except NotComparableError:
        clips = {}
    videos = {name: clip.video for name, clip in clips.items() if isinstance(clip.video, VideoFile)}
    if not videos:
        raise InputError(f"{folder} contains no videos; give the folder of the clips to show.")
    return videos


def _signs(table: Path, videos: Mapping[str, VideoFile]) -> dict[str, str]:
    """The sign of each clip, from ``clips.csv`` if it exists, otherwise the clip's id.

    Raises:
        InputError: ``clips.csv`` lacks a column, a clip, or a clip's sign.
    """
    if not table.is_file():
        return {clip: clip for clip in videos}
    clips = read_clip_table(table)
    column = "gloss" if "gloss" in clips.columns else "text"
    if column not in clips.columns:
        raise InputError(f"{table} needs a column gloss or text for the sign.")
    signs: dict[str, str] = {}
    for clip in videos:
        if clip not in clips.rows:
            raise InputError(f"{table} has no row for clip {clip}; add one with its sign.")
        sign = clips.rows[clip].gloss if column == "gloss" else clips.rows[clip].text
        if sign is None:
            raise InputError(f"{clips.where(clip)}: clip {clip} has no {column}, which names its sign; fill in the cell.")
        signs[clip] = sign
    return signs
