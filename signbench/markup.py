"""Escaping for Markdown and LaTeX, so that any text is shown literally; tables are in :mod:`signbench.tables`."""

from __future__ import annotations

import re
from collections.abc import Sequence

_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "→": r"$\rightarrow$",
    "±": r"$\pm$",
    **{letter: rf"\{letter}" for letter in "&%$#_{}"},
}
_JOINERS = "\u200c\u200d"


def markdown(text: str) -> str:
    """Text that Markdown shows literally: no markup, no HTML, no second cell, no line break."""
    entities = one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]|~#!@])", r"\\\1", entities)


def markdown_code(text: str) -> str:
    """Text as code in a line of Markdown, not in a table. The fence is longer than any run of backticks in it."""
    plain = one_line(text)
    if not plain:
        return ""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", plain)), default=0))
    room = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{fence}{room}{plain}{room}{fence}"


def markdown_code_cell(text: str) -> str:
    """Text as code in a cell of a table, where a bar ends the cell even in code."""
    return markdown_code(text).replace("|", r"\|")


def markdown_item(text: str) -> str:
    """Text as an item of a list. Text that starts like a list does not become a nested list."""
    shown = markdown(text).strip()
    return "- " + re.sub(r"\A(?:([-+])|(\d+)([.)]))(?=\s|\Z)", r"\2\\\1\3", shown)


def latex(text: str) -> str:
    """Text that LaTeX sets literally: arrows and ± as LaTeX symbols, a thin space between a number and its per cent sign."""
    written = "".join(_LATEX.get(letter, letter) for letter in one_line(text))
    return re.sub(r"(?<=\d) (?=\\%)", r"\\,", written)


def latex_comment(text: str) -> str:
    """A LaTeX comment."""
    return f"% {one_line(text)}"


def latex_note(texts: Sequence[str]) -> list[str]:
    """Lines that LaTeX sets small below a table, one paragraph for each text; signatures may break at their bars."""
    if not texts:
        return []
    breaking = [latex(text).replace(r"\textbar{}", r"\textbar{}\allowbreak{}") for text in texts]
    return [r"\par\smallskip", r"{\footnotesize\raggedright", *(rf"\texttt{{{text}}}\par" for text in breaking), "}"]


def one_line(text: str) -> str:
    """Text without line ends, control characters and marks of writing direction: a space for each.

    The joiners of Persian and Indic words and of emoji stay.
    """
    return "".join(letter if letter.isprintable() or letter in _JOINERS else " " for letter in text)
