"""Metrics against raters: coefficients as scipy's, honest p-values, and what joins with what."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from signbench.errors import InputError, NotComparableError
from signbench.study.correlation import correlate
from signbench.study.result import ClipScore
from signbench.study.score_tables import correlation_rows
from tests.study.judged import a_run


def clips_of(accuracies, packs=None):
    return [
        ClipScore(
            clip=f"c{number:03}", pack=(packs or ["p"] * 1000)[number], sign="s", answers=20, correct=0, accuracy=float(value)
        )
        for number, value in enumerate(accuracies)
    ]


def values_of(values):
    return {f"c{number:03}": None if value is None else float(value) for number, value in enumerate(values)}


@pytest.fixture(scope="module")
def pairs():
    generator = np.random.default_rng(4)
    accuracy = generator.integers(0, 21, 50) / 20  # with ties
    return accuracy, 0.5 + 0.3 * accuracy + generator.normal(0, 0.2, 50)


@pytest.fixture(scope="module")
def found(pairs, tmp_path_factory):
    accuracy, value = pairs
    run = a_run(tmp_path_factory.mktemp("run"), {"ssim": values_of(value), "ape": values_of(-value)}, {"ape": "lower"})
    return correlate(clips_of(accuracy), run)


def test_the_coefficients_and_p_values_are_scipys(found, pairs):
    accuracy, value = pairs
    for row in found.rows[:3]:
        expected = {"pearson": stats.pearsonr, "spearman": stats.spearmanr, "kendall": stats.kendalltau}[row.coefficient](
            accuracy, value
        )
        assert row.value.value == pytest.approx(expected.statistic, abs=1e-12)
        # the permutation test against the theoretical one
        assert row.p_value == pytest.approx(expected.pvalue, abs=0.01)


def test_the_intervals_hold_the_coefficients_and_are_no_wider_than_they_should_be(found):
    for row in found.rows:
        low, high = row.value.interval
        assert low < row.value.value < high and 0.1 < high - low < 0.7


def test_a_metric_of_direction_lower_is_stated_as_it_is_and_its_sign_explained(found):
    ssim, ape = found.rows[0], found.rows[3]
    assert ape.value.value == pytest.approx(-ssim.value.value)
    assert ape.p_value == ssim.p_value
    assert (ssim.direction, ape.direction) == ("higher", "lower")
    assert [row["agrees if"] for row in correlation_rows([ssim, ape])] == ["above 0", "below 0"]


def test_holm_is_over_all_coefficients_of_all_metrics(found):
    assert len(found.rows) == 6
    smallest = min(row.p_value for row in found.rows)
    assert min(row.p_adjusted for row in found.rows) == pytest.approx(6 * smallest)


def test_permuted_p_values_are_honest_where_nothing_is_related(tmp_path):
    generator = np.random.default_rng(0)
    accuracy = generator.random(15)
    metrics = {f"metric{number}": values_of(generator.random(15)) for number in range(40)}
    rows = correlate(clips_of(accuracy), a_run(tmp_path, metrics)).rows
    p_values = np.array([row.p_value for row in rows])
    assert 0.35 < p_values.mean() < 0.65
    assert (p_values < 0.05).mean() < 0.12
    assert min(row.p_adjusted for row in rows) > 0.05


def test_two_packs_on_two_levels_correlate_over_the_study_and_not_within_packs(tmp_path):
    # RuSignBot's table 2 in small: the easy pack has the higher metric, and within the packs there is nothing
    generator = np.random.default_rng(2)
    level = np.repeat([0.0, 1.0], 25)
    accuracy, value = 0.3 + 0.5 * level + generator.random(50) * 0.2, 20 + 2 * level + generator.random(50)
    rows = correlate(clips_of(accuracy, ["a"] * 25 + ["b"] * 25), a_run(tmp_path, {"psnr": values_of(value)})).rows
    for row in rows:
        assert row.value.value > 0.4 and row.p_value < 0.001
        assert abs(row.within_packs) < 0.3


def test_with_one_pack_there_is_nothing_within_packs(found):
    assert {row.within_packs for row in found.rows} == {None}


def test_clips_are_joined_by_id_and_what_is_left_over_is_counted(tmp_path):
    run = a_run(tmp_path, {"ssim": {"c000": 0.1, "c001": 0.2, "c002": None, "other": 0.3}, "fid": dict.fromkeys(["c000", "other"])})
    found = correlate(clips_of([0.1, 0.5, 0.9, 1.0]), run)
    assert (found.only_in_study, found.only_in_run, found.without_values) == (1, 1, ("fid",))
    assert {row.clips for row in found.rows} == {2}
    assert {row.value.interval_note for row in found.rows} == {"fewer than 10 clips"}


def test_a_metric_that_is_the_same_for_all_clips_has_no_coefficient(tmp_path):
    rows = correlate(clips_of(np.linspace(0, 1, 12)), a_run(tmp_path, {"ssim": values_of([0.5] * 12)})).rows
    assert {(row.value.value, row.p_value, row.p_adjusted) for row in rows} == {(None, None, None)}
    assert {row.value.interval_note for row in rows} == {"one of the two is the same for all clips"}


def test_a_run_of_other_clips_is_not_comparable(tmp_path):
    with pytest.raises(NotComparableError, match=r"c000.*elsewhere"):
        correlate(clips_of([0.5]), a_run(tmp_path, {"ssim": {"elsewhere": 0.5}}))


def test_a_clip_of_two_packs_is_refused(tmp_path):
    clip = clips_of([0.5])[0]
    with pytest.raises(InputError, match="c000 was shown in several packs"):
        correlate([clip, clip.model_copy(update={"pack": "q"})], a_run(tmp_path, {"ssim": {"c000": 0.5}}))


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"has no per_clip\.parquet"):
        correlate(clips_of([0.5]), tmp_path)
    (tmp_path / "per_clip.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(InputError, match="cannot be read"):
        correlate(clips_of([0.5]), tmp_path)
