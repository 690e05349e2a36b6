"""The gate's rule: worse, significantly so, and by more than the tolerance; and what never passes."""

from __future__ import annotations

import numpy as np
import pytest

from signbench.ci import worst_clips
from signbench.ci.baselines import Baseline
from signbench.ci.configuration import Configuration, Tolerance
from signbench.ci.gate import check
from signbench.errors import InputError
from signbench.metrics import registry
from signbench.runs.result import TaskSplit
from tests.ci.simulated_runs import TASK, normal, simulated, with_spread

CLIPS = 100
STRICT = Configuration(tolerance=Tolerance(relative=0.0))


def checked(first, second, configuration=None, **options):
    base, run = simulated(first, "base"), simulated(second, "run", **options)
    return check(run, Baseline.of(base, "main"), configuration or Configuration())


def one(report):
    (found,) = report.checks
    return found


BASE = normal(1, CLIPS, mean=10)
NOISE = normal(2, CLIPS, mean=0, spread=0.5)


@pytest.mark.parametrize(
    ("metric", "change", "outcome", "code"),
    [
        ("l1", 0.0, "passed", 0),
        ("l1", 1.0, "regressed", 1),
        ("l1", -1.0, "improved", 0),
        ("psnr", 1.0, "improved", 0),
        ("psnr", -1.0, "regressed", 1),
        ("dtw", 1.0, "regressed", 1),
        ("dtw", -1.0, "improved", 0),
        ("duration-ratio", 1.0, "regressed", 1),  # from 10 to 11, and 1 is right
        ("duration-ratio", -1.0, "improved", 0),
    ],
)
def test_worse_follows_the_metric_s_direction(metric, change, outcome, code):
    noise = NOISE - NOISE.mean()
    report = checked({metric: BASE}, {metric: BASE + change + noise})
    assert (one(report).outcome, report.exit_code) == (outcome, code)
    assert report.verdict == outcome
    assert (one(report).moved != ()) is True


def test_a_significant_worsening_below_the_tolerance_passes():
    second = {"l1": BASE + 0.05 + (NOISE - NOISE.mean()) / 100}
    report = checked({"l1": BASE}, second)
    assert (report.verdict, one(report).outcome) == ("passed", "passed")
    assert one(report).p_holm == pytest.approx(1 / 10_001)
    assert "within the tolerance of 0.09926" in one(report).reason
    assert checked({"l1": BASE}, second, STRICT).verdict == "regressed"
    assert checked({"l1": BASE}, second, Configuration(metrics={"l1": Tolerance(absolute=0.01, relative=0)})).verdict == "regressed"


def test_a_large_worsening_that_chance_explains_passes_and_says_so():
    noise = normal(3, CLIPS, mean=0, spread=30)
    second = {"l1": BASE + 2 + noise - noise.mean()}
    found = one(checked({"l1": BASE}, second))
    assert found.outcome == "passed"
    assert "but not significantly" in found.reason


def test_p_values_are_corrected_over_the_family():
    names = ("l1", "psnr", "ssim", "dtw")
    first = {name: normal(index, CLIPS) for index, name in enumerate(names)}
    second = {name: values + normal(10 + index, CLIPS, 0.0) for index, (name, values) in enumerate(first.items())}
    found = checked(first, second, STRICT).checks
    smallest = min(each.p for each in found if each.p is not None)
    assert min(each.p_holm for each in found if each.p_holm is not None) == pytest.approx(min(1, 4 * smallest))
    alone = checked(first, second, Configuration(metrics={"dtw": None})).checks
    assert [each.metric for each in alone] == ["dtw"]
    assert alone[0].p == alone[0].p_holm


@pytest.mark.parametrize("metric", ["l1", "dtw"])
def test_a_clip_that_the_baseline_has_and_the_run_lacks_is_a_failed_check(metric):
    report = checked({metric: BASE}, {metric: BASE}, lacking=(7,), floor=0.5)
    assert one(report).lacking == ("clip-0007",)
    assert one(report).outcome in ("clips missing", "regressed")
    assert (report.verdict, report.exit_code) == ("regressed", 1)
    below_the_floor = checked({metric: BASE}, {metric: BASE}, lacking=(7,))
    assert (below_the_floor.verdict, below_the_floor.exit_code) == ("incomplete", 3)
    assert one(below_the_floor).lacking == ("clip-0007",)


def test_a_missing_clip_fails_a_distance_between_distributions_too(monkeypatch):
    with_spread(monkeypatch)
    report = checked({"spread": BASE}, {"spread": BASE}, lacking=(7,), floor=0.5)
    assert (one(report).outcome, report.exit_code) == ("clips missing", 1)
    assert one(report).run is not None


def test_a_clip_that_the_baseline_lacked_is_left_out():
    base = simulated({"dtw": BASE}, "base", lacking=(7,), floor=0.5)
    report = check(simulated({"dtw": BASE}, "run", floor=0.5), Baseline.of(base, "main"), Configuration())
    assert (report.exit_code, one(report).difference, one(report).lacking) == (0, 0, ())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"size": (16, 16)}, "the size that images were resized to: native against 16x16"),
        ({"references": "others"}, "the references themselves"),
        ({"subset": CLIPS}, "the subset of clips: not stated against"),
    ],
)
def test_another_signature_is_never_a_pass(options, said):
    report = checked({"l1": BASE}, {"l1": BASE}, **options)
    assert (report.exit_code, report.verdict, one(report).outcome) == (4, "not comparable", "not comparable")
    assert said in one(report).reason


@pytest.mark.parametrize(
    ("task", "said"),
    [
        (TaskSplit(name=TASK.name, version=2, split="test"), "the task version differs: 2 against 1"),
        (TaskSplit(name="tiny/other", version=1, split="test"), "the task differs: tiny/other against tiny/text-to-video"),
        (TaskSplit(name=TASK.name, version=1, split="dev"), "the split differs: dev against test"),
        (None, "one of the two has no task: none against tiny/text-to-video 1 (test)"),
    ],
)
def test_another_task_or_version_is_never_a_pass(task, said):
    report = checked({"l1": BASE}, {"l1": BASE}, task=task)
    assert (report.exit_code, report.verdict, report.checks) == (4, "not comparable", ())
    assert said in report.summary


def test_a_metric_that_the_run_did_not_measure_is_never_a_pass():
    report = checked({"l1": BASE, "dtw": BASE}, {"l1": BASE})
    assert report.exit_code == 4
    assert [each.outcome for each in report.checks] == ["passed", "not comparable"]
    assert report.checks[1].reason == "run did not measure it."


@pytest.mark.parametrize("metric", ["l1", "dtw"])
def test_nothing_measured_is_never_a_pass(metric):
    report = checked({metric: BASE}, {metric: BASE}, lacking=range(CLIPS))
    assert (report.exit_code, one(report).outcome) == (4, "not tested")
    assert "no clip could be measured" in one(report).reason


def test_too_few_clips_to_test_are_never_a_pass(monkeypatch):
    with_spread(monkeypatch)
    report = checked({"spread": BASE[:9]}, {"spread": BASE[:9]})
    assert (report.exit_code, one(report).outcome) == (4, "not tested")
    assert "fewer than 10 clips" in one(report).reason


def test_of_several_problems_the_first_in_order_determines_the_exit_code():
    worse = {"l1": BASE + 1, "psnr": BASE, "ssim": BASE}
    first = {"l1": BASE, "psnr": BASE, "dtw": BASE}
    assert checked({"l1": BASE}, {"l1": BASE + 1}).exit_code == 1
    assert checked({"l1": BASE}, {"l1": BASE + 1}, lacking=(1,)).exit_code == 3
    report = checked(first, worse, lacking=(1,))
    assert report.exit_code == 4
    assert {each.outcome for each in report.checks} >= {"regressed", "not comparable"}


def test_a_configuration_may_only_name_metrics_of_the_baseline():
    with pytest.raises(InputError, match=r"the baseline main has no metric psnr. Known: l1."):
        checked({"l1": BASE}, {"l1": BASE}, Configuration(metrics={"psnr": None}))


def test_clips_of_a_signer_are_exchanged_together():
    signers = np.repeat([f"signer {number}" for number in range(5)], 20).tolist()
    effect = np.repeat([0.1, 0.2, 0.9, 0.1, -0.2], 20)
    base = Baseline.of(simulated({"l1": BASE}, "base", clusters=signers), "main")
    report = check(simulated({"l1": BASE + effect}, "run", clusters=signers), base, Configuration())
    assert (one(report).outcome, one(report).test) == ("passed", "cluster-randomisation")
    assert checked({"l1": BASE}, {"l1": BASE + effect}).verdict == "regressed"


def test_two_models_that_draw_from_one_distribution_seldom_raise_an_alarm():
    """At a tolerance of 0 and alpha 0.05, chance explains up to 18 of 200 (0.4 % of binomial counts are above)."""
    generator = np.random.default_rng(20)
    alarms = 0
    for _ in range(200):
        difficulty = generator.gamma(2, 1, 40)
        base, run = (
            simulated(
                {
                    "dtw": difficulty * generator.lognormal(0, 0.4, 40),
                    "psnr": 30 - 3 * difficulty + generator.normal(0, 1, 40),
                    "duration-ratio": np.clip(generator.normal(1.05, 0.2, 40), 0.1, None),
                },
                name,
            )
            for name in ("base", "run")
        )
        report = check(run, Baseline("main", base, tuple(base.metrics)), STRICT)
        assert report.exit_code in (0, 1)
        alarms += report.exit_code
    assert 2 <= alarms <= 18


DESTROYED = [7, 30, 62, 88, 141]


def with_destroyed(values, indices, by):
    changed = np.array(values)
    changed[list(indices)] += by
    return changed


@pytest.mark.parametrize("metric", ["l1", "dtw", "ssim"])
def test_five_of_two_hundred_clips_that_became_noise_fail_and_are_named(metric):
    base = normal(1, 200, mean=0.8 if metric == "ssim" else 10, spread=0.05 if metric == "ssim" else 3)
    by = -0.75 if metric == "ssim" else 60  # 15 % of DTW's mean, which no paired test sees
    others = {"psnr": normal(2, 200), "duration-ratio": normal(3, 200)}
    report = checked({metric: base, **others}, {metric: with_destroyed(base, DESTROYED, by), **others})
    found = report.checks[0]
    # five of five changes are for the worse: 3 / 2^5 after correction
    assert found.p_holm == pytest.approx(0.094, abs=0.02)
    assert (found.outcome, report.exit_code, report.verdict) == ("clips broken", 1, "regressed")
    assert sorted(each.clip for each in found.broken) == [f"clip-{index:04d}" for index in DESTROYED]
    assert "5 clips are far worse than any of the baseline's" in found.reason


def test_one_broken_clip_fails_even_if_the_model_got_better():
    base = normal(1, 200)
    better = with_destroyed(base - 1 + normal(2, 200, mean=0, spread=0.1), [9], 40)
    report = checked({"l1": base}, {"l1": better})
    assert (one(report).outcome, [each.clip for each in one(report).broken]) == ("clips broken", ["clip-0009"])
    off = checked({"l1": base}, {"l1": better}, Configuration(broken_clips=False))
    assert (one(off).outcome, one(off).broken) == ("improved", ())


def test_a_regression_with_broken_clips_is_a_regression_and_names_them():
    base = normal(1, 200)
    report = checked({"l1": base}, {"l1": with_destroyed(base + 1, DESTROYED, 40)})
    assert one(report).outcome == "regressed"
    assert len(one(report).broken) == 5


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (normal(1, 200) * 1.007, "everything is 0.7 % worse"),
        (normal(9, 200), "another draw"),
        (normal(1, 200) + np.random.default_rng(3).standard_t(3, 200), "long tails in both ways"),
        (with_destroyed(normal(1, 200), [5], 3), "a clip as bad as others are"),
        (with_destroyed(with_destroyed(normal(1, 200), [5], 20), [9], -20), "a clip gained as much as another lost"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_changes_of_single_clips_by_chance_pass(second, why):
    report = checked({"l1": normal(1, 200)}, {"l1": second}, Configuration(tolerance=Tolerance(relative=0.05)))
    assert (one(report).outcome, one(report).broken) == ("passed", ()), why


@pytest.mark.parametrize(("clips", "base"), [(49, normal(1, 49)), (200, np.ones(200))])
def test_few_clips_and_equal_clips_are_not_covered(clips, base):
    assert worst_clips.broken(base, with_destroyed(base, [4], 100)) == []


@pytest.mark.parametrize(
    ("metric", "covered"),
    [("dtw", True), ("wer", True), ("duration-ratio", True), ("total-distance", False), ("accuracy", False), ("fid", False)],
)
def test_metrics_are_covered_whose_clips_have_values_of_the_score_s_size(metric, covered):
    assert worst_clips.covers(registry.create(metric)) is covered


def test_clips_that_a_side_lacks_are_missing_rather_than_broken():
    base = simulated({"l1": normal(1, 100, mean=0.1, spread=0.01)}, "base")
    run = simulated({"l1": normal(1, 100, mean=0.1, spread=0.01)}, "run", lacking=(7,), floor=0.5)
    found = one(check(run, Baseline.of(base, "main"), Configuration()))
    assert (found.lacking, found.broken) == (("clip-0007",), ())


def test_so_few_clusters_that_nothing_could_fail_are_never_a_pass():
    signers = np.repeat([f"signer {number}" for number in range(5)], 20).tolist()
    names = ("l1", "psnr", "ssim")
    first = {name: normal(index, CLIPS) for index, name in enumerate(names)}
    base = Baseline.of(simulated(first, "base", clusters=signers), "main")
    worse = {name: values + (3 if name == "l1" else 0) for name, values in first.items()}
    report = check(simulated(worse, "run", clusters=signers), base, Configuration())
    # 3 / 2^5
    assert (report.checks[0].outcome, report.exit_code) == ("not tested", 4)
    assert "no p below 0.094 after correction" in report.checks[0].reason
    alone = check(simulated(worse, "run", clusters=signers), base, Configuration(metrics={"l1": None}))
    assert (one(alone).outcome, alone.exit_code) == ("regressed", 1)


@pytest.mark.parametrize("shape", ["normal", "skewed", "hits and misses"])
def test_honest_models_seldom_break_a_clip(shape):
    generator = np.random.default_rng(21)
    alarms = 0
    for _ in range(1000):
        if shape == "normal":
            sides = generator.normal(0, 1, 200) + generator.normal(0, 0.5, (2, 200))
        elif shape == "skewed":
            sides = generator.gamma(2, 1, 200) * generator.lognormal(0, 0.3, (2, 200))
        else:
            sides = np.where(generator.random((2, 200)) < 0.15, 0.18, 0.02) * generator.lognormal(0, 0.3, (2, 200))
        alarms += bool(worst_clips.broken(*sides))
    # 1 % and three standard errors
    assert alarms <= 19
