"""What every metric declares of itself."""

from __future__ import annotations

import pytest

from signbench.metrics import registry


@pytest.mark.parametrize("name", registry.known())
def test_the_worst_value_of_a_metric_is_within_its_limits(name: str) -> None:
    metric = registry.create(name)
    low, high = metric.limits
    assert low is None or high is None or low < high
    missing = metric.missing()
    if missing is None:
        return
    worst = metric.clip_value(missing)
    assert worst is not None
    assert low is None or worst >= low
    assert high is None or worst <= high


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        ("ssim", (-1.0, 1.0)),
        ("psnr", (0.0, 100.0)),
        ("dtw", (0.0, None)),
        ("bleu:order=4", (0.0, 100.0)),
        ("wer", (0.0, None)),
        ("accuracy", (0.0, 1.0)),
        ("kid", (None, None)),
        ("fid", (0.0, None)),
    ],
)
def test_limits_are_those_of_the_definition(name: str, limits: tuple[float | None, float | None]) -> None:
    assert registry.create(name).limits == limits
