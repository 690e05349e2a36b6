"""Renders a gate's report for people and build servers: JUnit XML, GitHub annotations and Markdown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree

from signbench.ci.gate import Check, GateReport, Outcome
from signbench.errors import InputError, listing
from signbench.markup import markdown as shown_as_it_is
from signbench.markup import markdown_item
from signbench.runs.comparison import MovedClip
from signbench.runs.comparison_tables import p_value, signed
from signbench.runs.tables import ARROWS, UNDEFINED, decimals_of, judged_text, number
from signbench.tables import Table

_SIGNS: Mapping[Outcome, str] = {"passed": "✅", "improved": "🎉", "regressed": "❌", "clips broken": "❌", "clips missing": "❌"}
_OTHER_SIGN = "⚠️"
_FAILURES: tuple[Outcome, ...] = ("regressed", "clips broken", "clips missing")
_ERRORS: tuple[Outcome, ...] = ("not comparable", "not tested")
_BROKEN_SHOWN, _BROKEN_NAMED = 2, 50
"""Number of broken clips that tables and messages name; JSON has all of them."""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 cannot hold, not even escaped."""


def cells(check: Check) -> dict[str, str]:
    """A row of a printed table: each cell as text."""
    decimals = decimals_of(check.baseline, check.run)
    low, high = check.interval or (None, None)
    return {
        "": check.outcome,
        "metric": f"{check.metric} {ARROWS[check.direction]}" if check.direction is not None else check.metric,
        "baseline": number(check.baseline, decimals),
        "run": number(check.run, decimals),
        "difference": signed(check.difference, decimals),
        "95 % interval": f"[{signed(low, decimals)}, {signed(high, decimals)}]" if check.interval else UNDEFINED,
        "p (Holm)": p_value(check.p_holm),
        "tolerance": number(check.tolerance, decimals),
        "broken clips": listing([each.clip for each in check.broken], _BROKEN_SHOWN) if check.broken else UNDEFINED,
    }


def table_of(report: GateReport, signs: Mapping[Outcome, str] | None = None) -> Table:
    """The checks of a report.

    Args:
        report: the gate's report.
        signs: a sign to print before each outcome; None: no signs.
    """
    rows = [cells(check) for check in report.checks]
    for check, row in zip(report.checks, rows, strict=True):
        if signs is not None:
            row[""] = f"{signs.get(check.outcome, _OTHER_SIGN)} {check.outcome}"
    return Table.of(rows, numeric=("baseline", "run", "difference", "p (Holm)", "tolerance"), right=("95 % interval",))


def lines(report: GateReport) -> list[str]:
    """Each check's outcome as a sentence, with the clips with the largest differences if it failed."""
    said = []
    for check in report.checks:
        said.append(f"{check.metric}: {check.outcome}: {check.reason}")
        if check.judged is not None:
            said.append(f"{check.metric}: {judged_text(check.judged)}.")
        if check.lacking:
            said.append(f"{check.metric}: not measured: {listing(check.lacking, 10)}.")
        if check.broken:
            more = len(check.broken) - _BROKEN_NAMED
            clips = _clips(check.broken[:_BROKEN_NAMED]) + (f" and {more} more" if more > 0 else "")
            said.append(f"{check.metric}: far worse than any clip of the baseline: {clips}.")
        if check.outcome == "regressed" and check.moved:
            said.append(f"{check.metric}: moved most: {_clips(check.moved)}.")
    return said


def _clips(clips: Sequence[MovedClip]) -> str:
    decimals = decimals_of(*(value for each in clips for value in (each.first, each.second)))
    return ", ".join(f"{each.clip} ({signed(each.difference, decimals)})" for each in clips)


def markdown(report: GateReport) -> str:
    """GitHub-flavoured Markdown, for a step's summary or a comment. Names are escaped."""
    sign = {"passed": "✅", "improved": "🎉", "regressed": "❌"}.get(report.verdict, _OTHER_SIGN)
    text = [f"## {sign} signbench: {report.verdict}", "", shown_as_it_is(report.summary), ""]
    if report.checks:
        text += [*table_of(report, _SIGNS).markdown(), ""]
    text += [markdown_item(line) for line in lines(report)]
    return "\n".join(text).rstrip("\n") + "\n"


def junit(report: GateReport) -> bytes:
    """JUnit XML with a test case for each check, one for comparability, and one for completeness.

    A regression or a missing clip is a failure; a check that could not be compared or tested is an error.
    """
    suite = ElementTree.Element("testsuite")
    task = report.task.name if report.task is not None else "measure"
    cases = [("comparable", "error" if report.reasons else None, "not comparable", report.summary)]
    cases.append(("complete", None if report.complete else "error", "incomplete", f"{report.run} is incomplete."))
    for check in report.checks:
        kind = "failure" if check.outcome in _FAILURES else "error" if check.outcome in _ERRORS else None
        cases.append((check.metric, kind, check.outcome, check.reason))
    details = {check.metric: [line for line in lines(report) if line.startswith(f"{check.metric}: ")] for check in report.checks}
    for name, kind, outcome, reason in cases:
        case = ElementTree.SubElement(suite, "testcase", name=_xml(name), classname=_xml(f"{task}.{report.baseline}"), time="0")
        if kind is not None:
            fault = ElementTree.SubElement(case, kind, message=_xml(reason), type=_xml(outcome))
            fault.text = _xml("\n".join(details.get(name, [reason])))
    suite.attrib.update(
        name=_xml(f"signbench ci check {report.baseline}"),
        tests=str(len(cases)),
        failures=str(sum(kind == "failure" for _, kind, _, _ in cases)),
        errors=str(sum(kind == "error" for _, kind, _, _ in cases)),
        skipped="0",
        time="0",
    )
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites)
    content: bytes = ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)
    return content + b"\n"


def github_annotations(report: GateReport) -> list[str]:
    """GitHub workflow commands: an error for each failed check, a notice for each improvement, and the outcome in one line."""
    said = [
        _annotation("notice" if check.outcome == "improved" else "error", f"{check.metric}: {check.outcome}", check.reason)
        for check in report.checks
        if check.outcome != "passed"
    ]
    return [*said, _annotation("error" if report.exit_code else "notice", f"signbench: {report.verdict}", report.summary)]


def append_summary(report: GateReport, path: Path) -> None:
    """Appends Markdown to the file that GitHub shows as a step's summary (``$GITHUB_STEP_SUMMARY``).

    Raises:
        InputError: it cannot be written.
    """
    try:
        with path.open("a", encoding="utf-8") as stream:
            stream.write(f"{markdown(report)}\n")
    except OSError as error:
        raise InputError(f"the step summary {path} cannot be written: {error.strerror or error}.") from error


def _annotation(level: str, title: str, message: str) -> str:
    return f"::{level} title={_property(title)}::{_message(message)}"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
