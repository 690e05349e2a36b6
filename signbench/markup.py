"""Texts and tables in Markdown and LaTeX that show what they are given as it is, whatever it holds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

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


def markdown(text: str) -> str:
    """Text that Markdown shows as it is: no markup, no HTML, no second cell, no line of its own."""
    entities = one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]|~#!@])", r"\\\1", entities)


def markdown_code(text: str) -> str:
    """Text as code in a line of Markdown, not in a table. The fence is longer than any run of backticks in it."""
    plain = one_line(text)
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", plain)), default=0))
    room = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{fence}{room}{plain}{room}{fence}"


def markdown_table(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """The lines of a GitHub-flavoured table; none where there are no rows.

    Args:
        rows: text by name of the column; the first row names the columns.
    """
    if not rows:
        return []
    lines = ["| " + " | ".join(map(markdown, rows[0])) + " |", "|" + " --- |" * len(rows[0])]
    return lines + ["| " + " | ".join(map(markdown, row.values())) + " |" for row in rows]


def latex(text: str) -> str:
    """Text that LaTeX sets as it is, arrows and ± by its own signs."""
    return "".join(_LATEX.get(letter, letter) for letter in one_line(text))


def latex_comment(text: str) -> str:
    """A line that LaTeX passes over."""
    return f"% {one_line(text)}"


def latex_row(cells: Sequence[str]) -> str:
    """A line of a LaTeX table. One that opens with a bracket is no argument of the line before it."""
    row = " & ".join(map(latex, cells)) + r" \\"
    return "{}" + row if row.startswith(("[", "*")) else row


def one_line(text: str) -> str:
    """Text without line ends and control characters: a space for each."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
