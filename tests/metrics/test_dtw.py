"""The six readings of DTW: values by hand, parameters, folds, and what they do with points that are not seen."""

from __future__ import annotations

import math
import pickle
import re

import numpy as np
import pytest

from signbench.errors import InputError, MediaError
from signbench.media.layouts import Layout
from signbench.media.pose import Pose
from signbench.metrics.dtw import Dtw
from signbench.metrics.pose import DurationRatio
from signbench.metrics.registry import create
from tests.metrics.signers import LAYOUT, frames_of, hand, hide, made, moved, once, pair, records, signer, value

VARIANTS = ["slrtp", "slrtp-fastdtw", "pt", "ham2pose", "dtwp", "ndtwp"]
MEANS = [variant for variant in VARIANTS if not variant.startswith("slrtp")]
PLACELESS = ["ham2pose", "ndtwp"]
HANDS = hand("left") + hand("right")
TWO = Layout("two", ("nose", "neck"), ("body", "body"))
FINGER = Layout("finger", ("left_index_4", "right_index_4"), ("left_hand", "right_hand"))


def line(*indices: float, layout: Layout = TWO) -> Pose:
    """Two joints that move along the first axis, the second ten further on."""
    return made([[[index, 0], [index + 10, 0]] for index in indices], layout=layout)


# --- values by hand --------------------------------------------------------------------------------------------------


def test_slrtp_is_the_mean_distance_of_a_joint_over_aligned_frames() -> None:
    prediction, reference = line(0, 1, 4), line(0, 3)
    # (0,0), (1,0), (2,1): both joints are off by 0, 1 and 1.
    record = Dtw().record([pair(prediction, reference)])
    assert [float(record["sum"]), float(record["count"])] == [4.0, 6.0]
    assert Dtw().clip_value(record) == pytest.approx(4 / 6)


@pytest.mark.parametrize("variant", ["slrtp", "slrtp-fastdtw"])
def test_the_mean_joint_error_counts_aligned_frames_of_all_clips_alike(variant: str) -> None:
    metric = Dtw(variant=variant)
    held = records(metric, [(line(5), line(0)), (line(0, 1, 2, 3), line(0, 1, 2, 3))])
    assert metric.score(held, once(2))[0] == pytest.approx((5 * 2 + 0) / (2 + 8))
    assert not metric.mean_of_clips


def test_pt_divides_the_accumulated_cost_by_the_reference_without_last_frames() -> None:
    prediction, reference = line(0, 1, 4, 99), line(0, 3, 77)
    # Costs of both joints together: 0 + 2 + 2, over two reference frames.
    assert value(Dtw(variant="pt"), prediction, reference) == pytest.approx(4 / 2)
    assert value(Dtw(variant="pt"), reference, prediction) == pytest.approx(4 / 3)


@pytest.mark.parametrize(
    ("prediction", "reference", "expected"), [((7,), (2,), 10), ((7, 50), (2, 60), 10), ((7,), (2, 4, 60), 16 / 2)]
)
def test_pt_always_keeps_a_frame(prediction: tuple[float, ...], reference: tuple[float, ...], expected: float) -> None:
    assert value(Dtw(variant="pt"), line(*prediction), line(*reference)) == pytest.approx(expected)


def test_dtwp_is_the_mean_over_points_of_roots_of_squared_costs() -> None:
    prediction, reference = line(0, 1, 4, layout=FINGER), line(0, 3, layout=FINGER)
    assert value(Dtw(variant="dtwp"), prediction, reference) == pytest.approx(math.sqrt(2))


@pytest.mark.parametrize(("fill", "distance"), [("paper", 10.0), (10, 10.0), (2.5, 2.5), (0, 0.0), (-4, 4.0)])
def test_dtwp_puts_the_fill_where_a_point_is_not_seen(fill: str | float, distance: float) -> None:
    prediction = made([[[0, 0], [1, 1]]], [[0, 1]], FINGER)
    reference = made([[[0, 0], [1, 1]]], layout=FINGER)
    # One point at (fill, fill) instead of (0, 0), the other in place.
    assert value(Dtw(variant="dtwp", fill=fill), prediction, reference) == pytest.approx(distance * math.sqrt(2) / 2)


def test_ndtwp_fills_after_scaling_by_the_shoulders() -> None:
    layout = Layout("small", ("left_shoulder", "right_shoulder", "left_index_4"), ("body", "body", "left_hand"))
    reference = made([[[-50, 0], [50, 0], [0, 0]]], layout=layout)
    prediction = made([[[-50, 0], [50, 0], [0, 0]]], [[1, 1, 0]], layout)
    assert value(Dtw(variant="ndtwp"), prediction, reference) == pytest.approx(math.sqrt(2))
    assert value(Dtw(variant="ndtwp", fill=3), prediction, reference) == pytest.approx(3 * math.sqrt(2))


def test_dtwp_trims_and_ndtwp_does_not() -> None:
    points = signer(1, 30).points.copy()
    for arm in ("left", "right"):
        points[:, LAYOUT.index([f"{arm}_elbow"]), 1] = 300
        points[:, LAYOUT.index([f"{arm}_wrist"]), 1] = 400
        points[12:18, LAYOUT.index([f"{arm}_wrist"]), 1] = 200
    whole = made(points)
    trimmed = frames_of(whole, slice(7, 23))
    assert value(Dtw(variant="dtwp"), whole, trimmed) == 0
    assert value(Dtw(variant="ndtwp"), whole, trimmed) > 0


# --- every variant ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("frames", [1, 2, 3, 40])
def test_identical_sides_score_zero(variant: str, frames: int) -> None:
    pose = signer(2, frames, hidden=0.0 if variant == "ham2pose" else 0.2)
    assert value(Dtw(variant=variant), pose, pose) == 0


def test_ham2pose_of_a_copy_with_gaps_can_be_above_zero() -> None:
    # Halving hides more points, so the coarse path may leave the diagonal, and radius 1 does not lead back.
    pose = signer(2, 40, hidden=0.2)
    assert 0 < value(Dtw(variant="ham2pose"), pose, pose) < value(Dtw(variant="ham2pose"), pose, signer(3, 40))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("lengths", [(1, 100), (100, 1), (1, 1), (2, 3)])
def test_any_two_lengths_can_be_compared(variant: str, lengths: tuple[int, int]) -> None:
    found = value(Dtw(variant=variant), signer(3, lengths[0], hidden=0.1), signer(4, lengths[1], hidden=0.1))
    assert math.isfinite(found) and found > 0


@pytest.mark.parametrize("variant", ["slrtp", "dtwp", "ndtwp"])
def test_exact_distances_do_not_depend_on_which_side_is_which(variant: str) -> None:
    metric, first, second = Dtw(variant=variant), signer(5, 25), signer(6, 31)
    assert value(metric, first, second) == pytest.approx(value(metric, second, first), rel=1e-12)


@pytest.mark.parametrize("variant", VARIANTS)
def test_place_and_size_matter_unless_shoulders_normalise(variant: str) -> None:
    metric, prediction, reference = Dtw(variant=variant), signer(7, 18), signer(8, 23)
    plain, elsewhere = value(metric, prediction, reference), value(metric, moved(prediction, 0.5, 30), reference)
    assert (elsewhere == pytest.approx(plain, rel=1e-4)) == (variant in PLACELESS)


@pytest.mark.parametrize("variant", VARIANTS)
def test_scores_depend_on_weights_alone_and_not_on_the_batch(variant: str) -> None:
    metric = Dtw(variant=variant)
    held = records(metric, [(signer(seed, 9 + seed, hidden=0.1), signer(seed + 50, 12, hidden=0.1)) for seed in range(4)])
    weights = np.array([[1, 1, 1, 1], [0, 2, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]])
    scores = metric.score(held, weights)
    for row, score in zip(weights[:3], scores, strict=False):
        repeated = [record for record, times in zip(held, row, strict=True) for _ in range(times)]
        assert metric.score(held, row[None])[0] == score
        assert metric.score(repeated, once(len(repeated)))[0] == pytest.approx(score, rel=1e-14)
        assert metric.score(repeated[::-1], once(len(repeated)))[0] == pytest.approx(score, rel=1e-14)
    assert scores[2] == pytest.approx(metric.clip_value(held[3]), rel=1e-14)
    assert np.isnan(scores[3])
    if variant in MEANS:
        assert scores[0] == pytest.approx(np.mean([metric.clip_value(record) for record in held]), rel=1e-14)


@pytest.mark.parametrize("variant", VARIANTS)
def test_records_are_finite_float64_scalars_and_repeatable(variant: str) -> None:
    sides = signer(9, 30, hidden=0.3), signer(10, 22, hidden=0.3)
    before = [(side.points.copy(), side.confidence.copy()) for side in sides]
    (record,) = records(Dtw(variant=variant), [sides])
    (again,) = records(Dtw(variant=variant), [sides])
    assert set(record) == {"sum", "count", "seen", "seen_of", "surplus", "surplus_of", "capped"}
    for key, array in record.items():
        assert array.dtype == np.float64 and array.shape == () and np.isfinite(array)
        assert array.tobytes() == again[key].tobytes()
    for side, (points, confidence) in zip(sides, before, strict=True):
        assert np.array_equal(side.points, points) and np.array_equal(side.confidence, confidence)


@pytest.mark.parametrize("variant", VARIANTS)
def test_seen_counts_the_joints_that_the_variant_uses(variant: str) -> None:
    metric, reference = Dtw(variant=variant), signer(11, 10)
    held = records(metric, [(hide(reference, HANDS[:21]), reference), (hide(reference, ["left_knee"]), reference)])
    without_hand, without_knee = metric.seen(held, np.eye(2, dtype=np.int64))
    used = {"ham2pose": 51, "dtwp": 42, "ndtwp": 42}.get(variant, len(LAYOUT.joints))
    assert without_hand == pytest.approx(1 - 21 / used)
    assert without_knee == pytest.approx(1 if used < len(LAYOUT.joints) else 1 - 1 / used)


@pytest.mark.parametrize("variant", ["slrtp", "slrtp-fastdtw", "pt"])
def test_points_that_are_not_seen_are_at_zero(variant: str) -> None:
    reference = signer(12, 9)
    hidden = hide(reference, ["right_wrist"], slice(2, 5))
    assert value(Dtw(variant=variant), hidden, reference) > 0
    shown = made(hidden.points)
    assert value(Dtw(variant=variant), shown, reference) == value(Dtw(variant=variant), hidden, reference)


def test_ham2pose_forgives_what_the_reference_lacks_and_halves_what_the_prediction_lacks() -> None:
    metric, reference, prediction = Dtw(variant="ham2pose"), signer(13, 12), signer(14, 15)
    assert value(metric, prediction, hide(reference, HANDS[1:21])) < value(metric, prediction, reference)
    assert value(metric, hide(reference, HANDS[1:2]), reference) > 0


@pytest.mark.parametrize("variant", PLACELESS)
@pytest.mark.parametrize("side", ["prediction", "reference"])
def test_shoulders_that_are_never_seen_make_the_clip_missing(variant: str, side: str) -> None:
    sides = {"prediction": signer(15, 5), "reference": signer(16, 5)}
    sides[side] = hide(sides[side], ("right_shoulder",))
    with pytest.raises(MediaError, match=f"^{side}: no frame shows both shoulders"):
        value(Dtw(variant=variant), **sides)


@pytest.mark.parametrize("variant", ["dtwp", "ndtwp"])
def test_layouts_without_hands_are_refused_by_name(variant: str) -> None:
    pose = signer(17, 4).select(["left_shoulder", "right_shoulder", "nose"])
    with pytest.raises(InputError, match="signer-61 has no hands"):
        value(Dtw(variant=variant), pose, pose)


@pytest.mark.parametrize("variant", ["slrtp", "slrtp-fastdtw", "pt", "dtwp", "ndtwp"])
def test_points_in_the_plane_and_in_space_are_not_compared(variant: str) -> None:
    with pytest.raises(MediaError, match="prediction has 2 coordinates per point, the reference 3"):
        value(Dtw(variant=variant), signer(1, 4, dimensions=2), signer(2, 4))


def test_a_pair_of_lengths_is_a_mistake_of_the_program() -> None:
    with pytest.raises(TypeError, match="duration-ratio measures lengths"):
        DurationRatio().record([pair(signer(1, 2), signer(2, 2))])


# --- parameters ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "canonical", "resolved"),
    [
        ("dtw", "dtw", {"variant": "slrtp"}),
        ("dtw:variant=slrtp", "dtw", {"variant": "slrtp"}),
        ("dtw:fill=paper,variant=pt", "dtw:variant=pt", {"variant": "pt"}),
        ("dtw:variant=dtwp", "dtw:variant=dtwp", {"fill": 10.0, "variant": "dtwp"}),
        ("dtw:variant=ndtwp", "dtw:variant=ndtwp", {"fill": 1.0, "variant": "ndtwp"}),
        ("dtw:variant=ndtwp,fill=1", "dtw:fill=1,variant=ndtwp", {"fill": 1.0, "variant": "ndtwp"}),
        ("dtw:fill=1.0,variant=ndtwp", "dtw:fill=1,variant=ndtwp", {"fill": 1.0, "variant": "ndtwp"}),
        ("dtw:fill=+1e0,variant=ndtwp", "dtw:fill=1,variant=ndtwp", {"fill": 1.0, "variant": "ndtwp"}),
        ("dtw:fill=-0,variant=dtwp", "dtw:fill=0,variant=dtwp", {"fill": 0.0, "variant": "dtwp"}),
        ("dtw:fill=0.25,variant=dtwp", "dtw:fill=0.25,variant=dtwp", {"fill": 0.25, "variant": "dtwp"}),
    ],
)
def test_equal_measures_have_equal_names_and_signatures(given: str, canonical: str, resolved: dict[str, object]) -> None:
    metric = create(given)
    assert metric.canonical == canonical
    assert dict(metric.resolved()) == resolved
    assert list(metric.resolved()) == sorted(resolved)
    assert create(canonical).canonical == canonical
    again = pickle.loads(pickle.dumps(metric))
    assert (again.canonical, dict(again.resolved())) == (canonical, resolved)


def test_the_fill_may_be_given_as_a_number_from_python() -> None:
    assert Dtw(variant="ndtwp", fill=1).canonical == Dtw(variant="ndtwp", fill=1.0).canonical == "dtw:fill=1,variant=ndtwp"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("dtw:fill=1", "the variant slrtp has no fill"),
        ("dtw:fill=1,variant=ham2pose", "the variant ham2pose has no fill"),
        ("dtw:fill=ten,variant=dtwp", "fill must be a finite number or paper, not 'ten'"),
        ("dtw:fill=nan,variant=dtwp", "fill must be a finite number or paper, not 'nan'"),
        ("dtw:fill=inf,variant=dtwp", "fill must be a finite number or paper, not 'inf'"),
        ("dtw:variant=dtw-p", "Did you mean dtwp"),
        ("dtw:variant=slrtp+pt", "cannot be 'slrtp+pt'"),
        ("dtw:radius=2", "has no parameter radius"),
    ],
)
def test_wrong_parameters_are_refused(name: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        create(name)


@pytest.mark.parametrize(
    ("variant", "unit"),
    [
        ("slrtp", "input units"),
        ("slrtp-fastdtw", "input units"),
        ("pt", "input units"),
        ("ham2pose", "shoulder widths"),
        ("dtwp", "input units"),
        ("ndtwp", "shoulder widths"),
    ],
)
def test_each_variant_declares_the_contract(variant: str, unit: str) -> None:
    metric = Dtw(variant=variant)
    assert metric.unit == unit
    assert (metric.direction, metric.view, metric.pairs_frames, metric.missing()) == ("lower", "pose", False, None)
    assert metric.mean_of_clips == (variant in MEANS)
    assert metric.reference_score([], once(0)) is None
