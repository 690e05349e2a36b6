"""Tables in the text of the papers, read cell by cell without knowing their expected content."""

from __future__ import annotations

import re
from dataclasses import dataclass

PAPERS = {
    "RuSignBot": "rusignbot_mimicmotion.txt",
    "SignAligner": "signaligner.txt",
    "Pose-Guided": "pgmm.txt",
    "SignAvatar": "signavatar.txt",
}
"""Files of the papers by a word of their titles."""

_CAPTION = re.compile(r"^(?:Table|TABLE) (?P<number>\d+|[IVX]+)[.:] (?P<text>.+)$", re.MULTILINE)
_MARKUP = re.compile(r"</?(?:b|i|sup)>|\*")
_REFERENCE = re.compile(r"\s*\[\d+(?:, \d+)*\]")
_ARROW = re.compile(r"\$?\\(up|down|right)arrow\$?")
_ARROWS = {"up": "↑", "down": "↓", "right": "→"}
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?: ± \d+(?:\.\d+)?)?%?")
DASH = "-"


@dataclass(frozen=True)
class PaperTable:
    """A table in a paper's text.

    Attributes:
        name: such as ``Table 2``.
        caption: the text after the name.
        lines: cells of each line, without markup, references and percent signs; every kind of dash is ``-``.
    """

    name: str
    caption: str
    lines: tuple[tuple[str, ...], ...]

    @property
    def header(self) -> tuple[str, ...]:
        """The line above the first numbers."""
        return self.lines[next(index for index, line in enumerate(self.lines) if numbers(line)) - 1]

    @property
    def count(self) -> int:
        """How many cells hold a number."""
        return sum(numbers(line) for line in self.lines)


def numbers(line: tuple[str, ...]) -> int:
    """How many cells of a line hold a number."""
    return sum(1 for cell in line if _NUMBER.fullmatch(cell))


def read_tables(text: str) -> dict[str, PaperTable]:
    """All tables of a text by name, in its order."""
    found: dict[str, PaperTable] = {}
    for match in _CAPTION.finditer(text):
        name = f"Table {match['number']}"
        assert name not in found, f"two captions of {name}"
        lines = tuple(tuple(_clean(cell) for cell in _cells(line)) for line in _body(text[match.end() :].splitlines()[1:]))
        found[name] = PaperTable(name, _clean(match["text"]), lines)
    return found


def _body(lines: list[str]) -> list[str]:
    """The lines of cells that follow a caption, up to the first other one."""
    body: list[str] = []
    for line in lines:
        if "\t" in line or line.startswith("|"):
            body.append(line)
        elif line.strip() or body:
            break
    return [line for line in body if not set(line) <= set("|- ")]


def _cells(line: str) -> list[str]:
    return line.strip().strip("|").split("|") if line.startswith("|") else line.split("\t")


def _clean(cell: str) -> str:
    text = _ARROW.sub(lambda match: _ARROWS[match[1]], _REFERENCE.sub("", _MARKUP.sub("", cell))).strip()
    text = re.sub(r"_\{(\w+)\}", r"_\1", text)
    if _NUMBER.fullmatch(text):
        return text.removesuffix("%")
    return DASH if text in ("-", "–") else text
