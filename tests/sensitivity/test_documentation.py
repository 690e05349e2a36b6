"""The published matrix says what the code declares."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from signbench.sensitivity import tables
from signbench.sensitivity.declared import DECLARED, JUDGED
from signbench.sensitivity.degradations import KEY_POINTS, VIDEO

PAGE = Path(__file__).parents[2] / "docs" / "sensitivity.md"
CHAPTERS = ["SynthSign", "Real signing"]
WITH_JUDGES = {modality: {**DECLARED[modality], **JUDGED[modality]} for modality in DECLARED}
PUBLISHED = {"SynthSign": WITH_JUDGES, "Real signing": DECLARED}
"""Judges are compared with a corpus's answers, which the real recordings do not have."""


def chapter(title):
    found = re.search(rf"^## {title}$(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found is not None, f"docs/sensitivity.md has no heading '## {title}'"
    return found.group(1)


def rows_below(text, heading):
    """The rows of the first table below a heading, each as column -> text."""
    below = text.partition(f"{heading}\n")[2]
    assert below, f"docs/sensitivity.md lacks '{heading}'"
    lines = re.search(r"(^\|.*\n)+", below, re.MULTILINE).group(0).splitlines()
    header, _, *body = [[text.strip().strip("`") for text in line.strip("|").split("|")] for line in lines]
    return [dict(zip(header, row, strict=True)) for row in body]


@pytest.mark.parametrize("title", CHAPTERS)
@pytest.mark.parametrize("modality", ["video", "key points"])
def test_the_published_overview_is_what_is_declared(title, modality):
    published = {row.pop("metric"): row for row in rows_below(chapter(title), f"### What is declared of {modality}")}
    assert published == {
        metric: {degradation: cell.word for degradation, cell in cells.items()}
        for metric, cells in PUBLISHED[title][modality].items()
    }


@pytest.mark.parametrize("title", CHAPTERS)
@pytest.mark.parametrize("degradation", [*VIDEO, *KEY_POINTS], ids=lambda one: f"{one.modality}: {one.name}")
def test_the_published_measurements_are_of_the_strengths_and_words_of_the_code(title, degradation):
    heading = f"#### {degradation.name} ({degradation.modality}): {degradation.described}"
    rows = rows_below(chapter(title), heading)
    declared = PUBLISHED[title][degradation.modality]
    assert {row["metric"]: row["declared"] for row in rows} == {
        metric: cells[degradation.name].word for metric, cells in declared.items()
    }
    strengths = [degradation.spelled(strength) for strength in degradation.strengths]
    assert list(rows[0]) == ["metric", "declared", "perfect copy", *strengths]


@pytest.mark.parametrize("title", CHAPTERS)
def test_the_published_reasons_are_those_of_the_code(title):
    text = chapter(title)
    published = PUBLISHED[title]
    lacking = [cell.why for cells in published.values() for row in cells.values() for cell in row.values() if cell.why not in text]
    assert lacking == []


def test_the_page_explains_its_words():
    page = re.sub(r"\s+", " ", PAGE.read_text(encoding="utf-8"))
    assert "NOT KEPT" in tables.LEGEND
    assert all(f"**{word}**" in page for word in ("worse", "blind", "other"))
