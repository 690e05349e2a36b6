"""Markdown and LaTeX show texts as they are, whatever they hold."""

from __future__ import annotations

import re

import pytest

from signbench import markup

HOSTILE = "a|b <i>c</i> `d` [x](javascript:1) *e* _f_ ~g~ # @h \\ {i} & $j$ 5% ^\n| k\u202e"


def test_a_hostile_text_is_one_cell_of_a_markdown_table_and_no_markup():
    lines = markup.markdown_table([{"row": HOSTILE, "a | b": "1"}, {"row": "plain", "a | b": "2"}])
    assert len(lines) == 4
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {3}
    assert "<" not in "".join(lines)
    assert not re.search(r"(?<!\\)[`*_\[\]~#@]", "".join(lines))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b", r"a\|b"),
        ("<b>", "&lt;b&gt;"),
        ("a & b", "a &amp; b"),
        ("`x`", r"\`x\`"),
        ("[x](javascript:1)\n# @everyone", r"\[x\](javascript:1) \# \@everyone"),
        ("dtw:variant=slrtp ↓", "dtw:variant=slrtp ↓"),
    ],
)
def test_markdown_shows_a_text_as_it_is(text, shown):
    assert markup.markdown(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"), [("a|b", "`a|b`"), ("a`b", "``a`b``"), ("`", "`` ` ``"), ("a\nb", "`a b`"), ("``a", "``` ``a ```")]
)
def test_code_has_a_fence_that_it_cannot_close(text, shown):
    assert markup.markdown_code(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a_b 50% & #1 $x$", r"a\_b 50\% \& \#1 \$x\$"),
        ("\\input{x}", r"\textbackslash{}input\{x\}"),
        ("~^<>|`", r"\textasciitilde{}\textasciicircum{}\textless{}\textgreater{}\textbar{}\textasciigrave{}"),
        ("dtw ↓ ± 1", r"dtw $\downarrow$ $\pm$ 1"),
        ("a\nb", "a b"),
    ],
)
def test_latex_sets_a_text_as_it_is(text, shown):
    assert markup.latex(text) == shown


def test_a_latex_row_that_opens_with_a_bracket_is_no_argument_of_the_line_before():
    assert markup.latex_row(["[1, 2]", "*"]) == r"{}[1, 2] & * \\"
    assert markup.latex_row(["* a"]).startswith("{}*")
    assert markup.latex_row(["a&b", "c"]) == r"a\&b & c \\"
    assert markup.latex_comment("a\n\\input{b}") == r"% a \input{b}"
