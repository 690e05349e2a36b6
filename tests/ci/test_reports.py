"""A gate's report as JUnit XML, annotations, Markdown and JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from signbench.ci.baselines import Baseline
from signbench.ci.configuration import Configuration
from signbench.ci.gate import Check, GateReport, check
from signbench.ci.reports import append_summary, cells, github_annotations, junit, lines, markdown
from signbench.errors import InputError
from tests.ci.simulated_runs import TASK, normal, simulated

etree: Any = pytest.importorskip("lxml.etree")
SCHEMA = Path(__file__).with_name("junit.xsd")
HOSTILE = "a|b<script>&\"'\x00\x1b[31m\ud800\uffff]]>\n::error::%0A, **x** [y](javascript:1)"


def report_of(*outcomes, complete=True, reasons=(), run="runs/new", baseline="main", reason="because."):
    checks = tuple(
        Check(metric=f"metric-{number}", outcome=outcome, reason=reason, direction="lower")
        for number, outcome in enumerate(outcomes)
    )
    return GateReport(
        run=run, generator="model 1", baseline=baseline, task=TASK, alpha=0.05, complete=complete, reasons=reasons, checks=checks
    )


REPORTS = {
    "passed": report_of("passed", "passed"),
    "improved": report_of("improved", "passed"),
    "regressed": report_of("regressed", "passed", "clips missing"),
    "incomplete": report_of("passed", complete=False),
    "not comparable": report_of("regressed", "not comparable", "not tested", complete=False),
    "another task": report_of(reasons=("the task differs: a against b",)),
    "hostile": report_of("regressed", "improved", run=HOSTILE, baseline=HOSTILE, reason=HOSTILE),
}


@pytest.mark.parametrize(
    ("name", "verdict", "code", "failures", "errors"),
    [
        ("passed", "passed", 0, 0, 0),
        ("improved", "improved", 0, 0, 0),
        ("regressed", "regressed", 1, 2, 0),
        ("incomplete", "incomplete", 3, 0, 1),
        ("not comparable", "not comparable", 4, 1, 3),
        ("another task", "not comparable", 4, 0, 1),
        ("hostile", "regressed", 1, 1, 0),
    ],
)
def test_all_forms_report_the_same(name, verdict, code, failures, errors):
    report = REPORTS[name]
    assert (report.verdict, report.exit_code) == (verdict, code)
    assert json.loads(json.dumps(report.as_json()))["verdict"] == verdict
    assert markdown(report).splitlines()[0].endswith(f"signbench: {verdict}")
    suite = etree.fromstring(junit(report))[0]
    assert (suite.get("failures"), suite.get("errors")) == (str(failures), str(errors))
    assert suite.get("tests") == str(len(suite)) == str(len(report.checks) + 2)
    said = github_annotations(report)
    assert said[-1].startswith(f"::{'error' if code else 'notice'} title=signbench%3A {verdict}::")
    assert sum(line.startswith("::error") for line in said[:-1]) == sum(
        each.outcome not in ("passed", "improved") for each in report.checks
    )


@pytest.mark.parametrize("name", REPORTS)
def test_junit_is_valid_to_its_schema(name):
    etree.XMLSchema(etree.parse(SCHEMA)).assertValid(etree.fromstring(junit(REPORTS[name])))


def test_the_schema_refuses_invalid_reports():
    schema = etree.XMLSchema(etree.parse(SCHEMA))
    content = junit(REPORTS["regressed"])
    for old, new in ((b'classname="', b'klass="'), (b"<failure", b"<fault"), (b'tests="5"', b'tests="five"')):
        assert old in content
        changed = content.replace(old, new).replace(b"</failure", b"</fault" if old == b"<failure" else b"</failure")
        assert not schema.validate(etree.fromstring(changed))


def test_names_in_junit_are_text_whatever_they_hold():
    suite = etree.fromstring(junit(REPORTS["hostile"]))[0]
    readable = HOSTILE.translate({0: "\ufffd", 0x1B: "\ufffd", 0xD800: "\ufffd", 0xFFFF: "\ufffd"})
    assert suite.get("name") == f"signbench ci check {readable}"
    assert suite[2][0].get("message") == readable
    assert readable in suite[2][0].text


def test_annotations_stay_in_their_line_and_their_field():
    said = github_annotations(REPORTS["hostile"])
    assert all(line.count("\n") == 0 and line.startswith(("::error title=", "::notice title=")) for line in said)
    assert said[0].startswith("::error title=metric-0%3A regressed::a|b<script>&")
    assert "%0A::error::%250A, **x**" in said[0]


def test_markdown_shows_names_as_they_are():
    text = markdown(REPORTS["hostile"])
    assert "<script>" not in text
    assert "](" not in text.replace("\\](", "")
    assert "\x1b" not in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 4
    assert {line.replace("\\|", "").count("|") for line in rows} == {10}


def test_a_regression_names_the_clips_that_moved_most():
    base = normal(1, 40)
    moves = normal(2, 40, 1.0, 0.1)
    moves[7] = 9
    report = check(simulated({"l1": base + moves}, "new"), Baseline.of(simulated({"l1": base}), "main"), Configuration())
    first, second = lines(report)
    assert first.startswith("l1: regressed: worse by 1.")
    assert second.startswith("l1: moved most: clip-0007 (+9.000), ")
    row = cells(report.checks[0])
    assert (row[""], row["metric"], row["difference"][0]) == ("regressed", "l1 ↓", "+")
    failure = etree.fromstring(junit(report))[0][2][0]
    assert "clip-0007 (+9.000)" in failure.text


def test_the_step_summary_is_appended_to(tmp_path):
    path = tmp_path / "summary.md"
    path.write_text("before\n")
    append_summary(REPORTS["passed"], path)
    append_summary(REPORTS["regressed"], path)
    text = path.read_text()
    assert text.startswith("before\n## ✅ signbench: passed\n")
    assert "\n## ❌ signbench: regressed\n" in text
    with pytest.raises(InputError, match="cannot be written"):
        append_summary(REPORTS["passed"], tmp_path / "nowhere" / "summary.md")
