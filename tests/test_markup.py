"""Markdown and LaTeX show any text unchanged."""

from __future__ import annotations

import pytest

from signbench import markup


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
def test_markdown_shows_a_text_unchanged(text, shown):
    assert markup.markdown(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"), [("a|b", "`a|b`"), ("a`b", "``a`b``"), ("`", "`` ` ``"), ("a\nb", "`a b`"), ("``a", "``` ``a ```")]
)
def test_code_has_a_fence_that_it_cannot_close(text, shown):
    assert markup.markdown_code(text) == shown
    assert markup.markdown_code_cell(text) == shown.replace("|", r"\|")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a_b 50% & #1 $x$", r"a\_b 50\% \& \#1 \$x\$"),
        ("\\input{x}", r"\textbackslash{}input\{x\}"),
        ("~^<>|`", r"\textasciitilde{}\textasciicircum{}\textless{}\textgreater{}\textbar{}\textasciigrave{}"),
        ("dtw ↓ ± 1", r"dtw $\downarrow$ $\pm$ 1"),
        ("a\nb", "a b"),
        ("95 % interval", r"95\,\% interval"),
    ],
)
def test_latex_shows_a_text_unchanged(text, shown):
    assert markup.latex(text) == shown


def test_a_comment_in_latex_is_one_line():
    assert markup.latex_comment("a\n\\input{b}") == r"% a \input{b}"


def test_a_note_in_latex_breaks_a_signature_at_its_bars():
    note = markup.latex_note(["metric:dtw|refs:a_b"])
    assert note[-2:] == [r"\texttt{metric:dtw\textbar{}\allowbreak{}refs:a\_b}\par", "}"]
    assert markup.latex_note([]) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a is incomplete.", "- a is incomplete."),
        ("- a", r"- \- a"),
        ("  + a", r"- \+ a"),
        ("1. a", r"- 1\. a"),
        ("12) a", r"- 12\) a"),
        ("1.5 is a number", "- 1.5 is a number"),
        ("-0.5", "- -0.5"),
        ("# a", r"- \# a"),
    ],
)
def test_an_item_of_a_list_does_not_become_a_nested_list(text, shown):
    assert markup.markdown_item(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb\r\nc", "a b  c"),
        ("a\x1b[31mb\x07", "a [31mb "),
        ("a\u202eb\u2066c", "a b c"),
        ("a\u200cb", "a\u200cb"),
        ("\ud800", " "),
    ],
)
def test_a_line_has_no_control_characters_and_no_marks_of_direction(text, shown):
    assert markup.one_line(text) == shown
