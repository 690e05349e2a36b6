"""The gate's configuration file."""

from __future__ import annotations

import re

import pytest

from signbench.ci.configuration import Configuration, Tolerance, read_configuration
from signbench.errors import InputError


def read(tmp_path, text):
    path = tmp_path / "signbench-ci.yaml"
    path.write_text(text)
    return read_configuration(path)


def test_without_a_file_the_defaults_hold(tmp_path):
    assert read(tmp_path, "") == Configuration()
    assert Configuration().alpha == 0.05
    assert Configuration().of("dtw") == Tolerance(absolute=0, relative=0.01)


@pytest.mark.parametrize(
    ("tolerance", "baseline", "expected"),
    [
        (Tolerance(), 40.0, 0.4),
        (Tolerance(), -40.0, 0.4),
        (Tolerance(), 0.0, 0.0),
        (Tolerance(absolute=0.5), 40.0, 0.5),
        (Tolerance(absolute=0.5, relative=0.1), 40.0, 4.0),
        (Tolerance(relative=0.0), 40.0, 0.0),
    ],
)
def test_the_larger_tolerance_counts(tolerance, baseline, expected):
    assert tolerance.of(baseline) == pytest.approx(expected)


def test_a_metric_may_have_a_tolerance_of_its_own_and_any_spelling(tmp_path):
    found = read(tmp_path, "alpha: 0.01\ntolerance: {relative: 0.02}\nmetrics:\n  dtw:variant=slrtp: {absolute: 1}\n  l1:\n")
    assert found.alpha == 0.01
    assert found.metrics is not None
    assert list(found.metrics) == ["dtw", "l1"]
    assert found.of("dtw") == Tolerance(absolute=1, relative=0.01)
    assert found.of("l1") == Tolerance(relative=0.02)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("alhpa: 0.05", "field alhpa is not one of the configuration of the gate. Did you mean alpha?"),
        ("alpha: 1.5", "field alpha cannot be 1.5; write a number between 0 and 1"),
        ("alpha: '0.05'", "field alpha cannot be '0.05'"),
        ("alpha: .nan", "field alpha cannot be nan"),
        ("tolerance: {relative: -1}", "field tolerance.relative cannot be -1; write a number of 0 or more"),
        ("tolerance: {relativ: 1}", "Did you mean relative?"),
        ("metrics: {}", "field metrics cannot be {}; write the metrics to check"),
        ("metrics: [dtw]", "field metrics cannot be ['dtw']"),
        ("metrics: {dtv: }", "Did you mean dtw?"),
        ("metrics: {dtw: , 'dtw:variant=slrtp': }", "names dtw twice"),
        ("metrics: {dtw: , dtw: }", "duplicate field dtw"),
        ("- alpha", "is not a configuration of the gate"),
        ("alpha: [", "is not YAML"),
        ("alpha: !!python/object:os.system {}", "is not YAML"),
    ],
)
def test_a_wrong_file_is_refused_with_the_field_and_what_to_write(tmp_path, text, said):
    with pytest.raises(InputError, match=re.escape(said)):
        read(tmp_path, text)
