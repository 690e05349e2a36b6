"""``signbench compare`` as run by a user."""

from __future__ import annotations

import csv
import io
import json

import pytest
from jsonschema import Draft202012Validator

from signbench.schemas import json_schema
from tests.ci.simulated_runs import normal, simulated
from tests.cli.program import signbench

FORMS = ["table", "json", "csv", "markdown", "latex"]

pytestmark = pytest.mark.end_to_end


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three runs of 20 clips, and one of other clips."""
    root = tmp_path_factory.mktemp("runs")
    for number, name in enumerate("abc"):
        values = {"dtw": normal(number, 20) + number, "l1": normal(1, 20, 0.5, 0.1)}
        simulated(values, out=root / name, lacking=(3,) if name == "c" else ())
    simulated({"dtw": normal(1, 19)}, out=root / "other")
    return root


def test_two_runs_are_compared_in_five_forms(folder):
    ran = signbench("compare", "a", "b", folder=folder)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "first: a, second: b" in ran.stdout
    assert "dtw ↓" in ran.stdout
    document = json.loads(signbench("compare", "a", "b", "--json", folder=folder).stdout)
    Draft202012Validator(json_schema("comparison")).validate(document)
    assert document["pairs"][0]["metrics"][0]["better"] == "first"
    assert json.loads(signbench("compare", "a", "b", "--format", "json", folder=folder).stdout) == document
    rows = list(csv.DictReader(io.StringIO(signbench("compare", "a", "b", "--format", "csv", folder=folder).stdout)))
    assert [row["metric"] for row in rows] == ["dtw", "l1"]
    page = signbench("compare", "a", "b", "--format", "markdown", folder=folder).stdout
    assert page.startswith("**a** against **b**")
    assert r"dtw $\downarrow$ & " in signbench("compare", "a", "b", "--format", "latex", folder=folder).stdout


def test_several_runs_are_printed_in_every_form(folder):
    forms = {form: signbench("results", "b", "a", "--format", form, folder=folder) for form in FORMS}
    assert [(ran.returncode, ran.stderr) for ran in forms.values()] == [(0, "")] * len(FORMS)
    printed = {form: ran.stdout for form, ran in forms.items()}
    rows = json.loads(printed["json"])["rows"]
    assert [(row["place"], row["run"]) for row in rows] == [("1", "a"), ("2", "b")]
    assert all(cell in printed["table"] for row in rows for cell in row.values())
    long = list(csv.DictReader(io.StringIO(printed["csv"])))
    assert [(row["run"], row["metric"]) for row in long] == [("a", "dtw"), ("a", "l1"), ("b", "dtw"), ("b", "l1")]
    assert printed["markdown"].startswith("| place | run | dtw ↓ | l1 ↓ |\n")
    assert "\n- `metric:dtw|" in printed["markdown"]
    assert r"1 & a & \textbf{" in printed["latex"]
    assert r"\texttt{metric:dtw\textbar{}" in printed["latex"]
    assert signbench("results", "b", "a", "--json", folder=folder).stdout == printed["json"]


def test_the_name_of_a_run_neither_controls_a_terminal_nor_breaks_a_table(folder):
    name = "e\x1b[31m\n|f_&\u202e"
    simulated({"dtw": normal(5, 20), "l1": normal(1, 20, 0.5, 0.1)}, out=folder / name)
    for command in ("results", "compare"):
        for form in ("table", "markdown", "latex"):
            ran = signbench(command, "a", name, "--format", form, folder=folder)
            assert (ran.returncode, ran.stderr) == (0, "")
            assert all(letter.isprintable() or letter == "\n" for letter in ran.stdout)
            shown = {"table": "e [31m |f_& ", "markdown": r"e \[31m \|f\_&amp; ", "latex": r"e [31m \textbar{}f\_\& "}[form]
            assert (shown if (command, form) != ("compare", "latex") else "second: e [31m |f_& ") in ran.stdout


def test_several_runs_are_compared_with_the_first_and_an_incomplete_one_ends_with_3(folder):
    ran = signbench("compare", "a", "b", "c", "-m", "dtw", "--json", folder=folder)
    assert ran.returncode == 3
    document = json.loads(ran.stdout)
    assert [pair["second"]["run"] for pair in document["pairs"]] == ["b", "c"]
    assert document["tests"] == 2


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["a"], 2, "at least two runs"),
        (["a", "nowhere"], 2, "nowhere is neither a run folder nor a row"),
        (["a", "b", "-m", "dtv"], 2, "Did you mean dtw?"),
        (["a", "other"], 4, "not about the same clips: 1 only in a (clip-0019)"),
        (["a", "b", "--json", "--format", "csv"], 2, "--json and --format csv are different forms"),
    ],
)
def test_runs_that_cannot_be_compared_are_reported_in_a_sentence(folder, words, code, said):
    ran = signbench("compare", *words, folder=folder)
    assert ran.returncode == code
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""
