"""APE, nAPE, total distance, the ratio of durations, and the share of points seen."""

from __future__ import annotations

import dataclasses
import pickle
import re

import numpy as np
import pytest

from signbench.errors import InputError, MediaError
from signbench.media.layouts import Layout
from signbench.media.pose import Pose
from signbench.metrics.base import Metric
from signbench.metrics.pairs import LengthPair, Pair
from signbench.metrics.pose import Ape, DurationRatio, Nape, TotalDistance, WholeClip
from signbench.metrics.registry import create
from tests.metrics.signers import BODY, FACE, LAYOUT, frames_of, hand, hide, made, moved, once, pair, records, signer, value

TWO_WRISTS = Layout("two-wrists", ("left_wrist", "right_wrist"), ("body", "body"))
THREE_POINTS = Layout("three-points", ("left_shoulder", "right_shoulder", "left_wrist"), ("body",) * 3)
NO_SHOULDERS = Layout("no-shoulders", ("nose", "left_wrist"), ("body", "body"))

ALL = [
    "ape",
    "ape:normalise=shoulders",
    "ape:normalise=shoulders,parts=hands",
    "nape",
    "total-distance",
]


def three_points(wrists: list[list[float]], width: float = 2.0) -> list[list[list[float]]]:
    return [[[0.0, 0.0], [width, 0.0], wrist] for wrist in wrists]


# --- APE -------------------------------------------------------------------------------------------------------------


def test_ape_is_the_mean_distance_of_paired_points() -> None:
    reference = made(three_points([[5, 5], [5, 5]]), layout=THREE_POINTS)
    prediction = made(three_points([[8, 9], [5, 6]]), layout=THREE_POINTS)
    assert value(Ape(), prediction, reference) == pytest.approx((5 + 1) / 6)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_ape_takes_all_the_coordinates_that_the_file_has(dimensions: int) -> None:
    reference = signer(1, 7, dimensions=dimensions)
    assert value(Ape(), moved(reference, shift=3), reference) == pytest.approx(3 * np.sqrt(dimensions), rel=1e-5)


def test_ape_leaves_out_points_that_the_reference_lacks() -> None:
    reference = made(three_points([[5, 5], [5, 5]]), [[1, 1, 1], [1, 1, 0]], THREE_POINTS)
    prediction = made(three_points([[8, 9], [99, 99]]), layout=THREE_POINTS)
    record = Ape().record([pair(prediction, reference)])
    assert record["points"] == 5
    assert Ape().clip_value(record) == pytest.approx(5 / 5)


@pytest.mark.parametrize(
    ("wrists", "cost"),
    [
        pytest.param([[5, 6], [9, 9], [9, 9]], 2.0, id="a shoulder width is larger than all of the point's distances"),
        pytest.param([[8, 9], [9, 9], [5, 6]], 5.0, id="the point's largest distance is larger than a shoulder width"),
    ],
)
def test_a_point_that_only_the_prediction_lacks_costs_the_larger_of_both(wrists: list[list[float]], cost: float) -> None:
    reference = made(three_points([[5, 5]] * 3), layout=THREE_POINTS)
    prediction = made(three_points(wrists), [[1, 1, 1], [1, 1, 0], [1, 1, int(cost == 5.0)]], THREE_POINTS)
    shown = sum(np.hypot(x - 5, y - 5) for (x, y), seen in zip(wrists, prediction.confidence[:, 2], strict=True) if seen)
    hidden = int((prediction.confidence[:, 2] == 0).sum())
    assert value(Ape(), prediction, reference) == pytest.approx((shown + hidden * cost) / 9)


def test_a_point_that_the_prediction_never_has_costs_a_shoulder_width_in_every_frame() -> None:
    reference = signer(2, 9)
    prediction = hide(reference, ["left_wrist"])
    shoulders = reference.points[:, LAYOUT.index(["left_shoulder", "right_shoulder"])].astype(float)
    width = np.linalg.norm(shoulders[:, 0] - shoulders[:, 1], axis=1).mean()
    assert value(Ape(), prediction, reference) == pytest.approx(width / len(LAYOUT.joints))
    assert value(Ape(normalise="shoulders"), prediction, reference) == pytest.approx(1 / len(LAYOUT.joints))


@pytest.mark.parametrize(
    ("sight", "error", "cost"),
    [
        pytest.param([[1, 1], [1, 0], [1, 1]], 9.0, 9.0, id="that point's largest distance, where it is larger"),
        pytest.param([[1, 1], [1, 0], [1, 1]], 4.0, 5.0, id="the diagonal of the reference's extent"),
        pytest.param([[1, 0], [1, 0], [1, 0]], 0.0, 5.0, id="the diagonal, whatever the prediction's own errors"),
    ],
)
def test_without_shoulders_an_absence_costs_at_least_the_extent_of_the_reference(
    sight: list[list[int]], error: float, cost: float
) -> None:
    points = np.zeros((3, 2, 2))
    points[:, 1] = 3, 4
    reference = made(points, layout=NO_SHOULDERS)
    points[0, 1, 0] += error
    prediction = made(points, sight, NO_SHOULDERS)
    absences = 6 - np.array(sight).sum()
    assert value(Ape(), prediction, reference) == pytest.approx((error * sight[0][1] + absences * cost) / 6)


@pytest.mark.parametrize("sight", [[1, 0], [0, 1]], ids=["one shoulder never seen", "the other never seen"])
def test_hiding_everything_but_a_point_does_not_pay_where_the_reference_has_no_pair_of_shoulders(sight: list[int]) -> None:
    reference = signer(3, 12)
    for joint, seen in zip(("left_shoulder", "right_shoulder"), sight, strict=True):
        reference = reference if seen else hide(reference, [joint])
    poor = moved(reference, 1.0, 20.0)
    hidden = hide(reference, [joint for joint in LAYOUT.joints if joint != "nose"])
    hand_alone = reference.select(hand("left"))
    tip = hide(hand_alone, hand("left")[1:])
    assert value(Ape(), hidden, reference) > value(Ape(), poor, reference)
    assert value(Ape(), tip, hand_alone) > value(Ape(), moved(hand_alone, 1.0, 20.0), hand_alone)


def test_shoulders_at_one_place_measure_no_absence() -> None:
    reference = made(three_points([[5, 5]] * 2, width=0.0), layout=THREE_POINTS)
    prediction = made(three_points([[5, 5]] * 2, width=0.0), [[1, 1, 1], [1, 1, 0]], THREE_POINTS)
    assert value(Ape(), prediction, reference) == pytest.approx(np.hypot(5, 5) / 6)


def test_an_absence_next_to_a_reference_of_a_single_place_cannot_be_measured() -> None:
    points = np.ones((2, 2, 2))
    prediction, reference = made(points, [[1, 0]] * 2, NO_SHOULDERS), made(points, layout=NO_SHOULDERS)
    with pytest.raises(MediaError, match="neither shoulders nor an extent that sets their cost"):
        value(Ape(), prediction, reference)


@pytest.mark.parametrize("normalise", ["none", "shoulders"])
@pytest.mark.parametrize("frames", [slice(None), slice(0, 5), slice(3, None, 2)])
@pytest.mark.parametrize("joints", [hand("right"), ("left_wrist",), FACE])
def test_hiding_points_never_improves_ape_while_errors_are_below_a_shoulder_width(
    joints: tuple[str, ...], frames: slice, normalise: str
) -> None:
    reference = signer(3, 12, hidden=0.1)
    prediction = moved(reference, 1.1, 2.0)
    metric = Ape(normalise=normalise)
    assert value(metric, hide(prediction, joints, frames), reference) >= value(metric, prediction, reference)


def test_ape_by_shoulders_knows_neither_place_nor_size() -> None:
    reference, prediction = signer(4, 10, hidden=0.1), signer(5, 10, hidden=0.1)
    metric = Ape(normalise="shoulders")
    elsewhere = moved(prediction, 3.5, 40), moved(reference, 0.25, -9)
    assert value(metric, *elsewhere) == pytest.approx(value(metric, prediction, reference), rel=1e-4)
    assert value(Ape(), moved(prediction, 3.5), reference) != pytest.approx(value(Ape(), prediction, reference), rel=0.1)


def test_ape_looks_at_the_paired_sides_only() -> None:
    reference, prediction = signer(6, 10), signer(7, 14)
    assert value(Ape(), prediction, reference) == value(Ape(), frames_of(prediction, slice(10)), reference)


@pytest.mark.parametrize(("parts", "joints"), [("body", BODY), ("hands", hand("left") + hand("right")), ("face", FACE)])
def test_parts_pick_their_joints(parts: str, joints: tuple[str, ...]) -> None:
    reference, prediction = signer(8, 6), signer(9, 6)
    ours, theirs = (side.points[:, LAYOUT.index(joints)].astype(float) for side in (prediction, reference))
    expected = np.linalg.norm(ours - theirs, axis=2).mean()
    assert value(Ape(parts=parts), prediction, reference) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        ("ape", "ape"),
        ("ape:parts=all", "ape"),
        ("ape:parts=hands+body", "ape:parts=body+hands"),
        ("ape:parts=body+body", "ape:parts=body"),
        ("ape:parts=face+hands+body", "ape"),
        ("ape:parts=hands,normalise=shoulders", "ape:normalise=shoulders,parts=hands"),
    ],
)
def test_one_set_of_parts_has_one_name(given: str, canonical: str) -> None:
    metric = create(given)
    assert metric.canonical == canonical
    assert create(canonical).resolved() == metric.resolved()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ape:parts=all+body", "parts=all already includes the others"),
        ("ape:parts=legs", "cannot be 'legs'"),
        ("ape:normalise=shoulder", "Did you mean shoulders"),
        ("ape:scale=1", "has no parameter scale"),
        ("nape:parts=body", "has no parameter parts. It has none"),
    ],
)
def test_wrong_parameters_are_refused(name: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        create(name)


def test_a_part_that_the_layout_lacks_is_refused() -> None:
    pose = made(three_points([[5, 5]]), layout=THREE_POINTS)
    with pytest.raises(InputError, match="ape:parts=body\\+face: the layout three-points has no face joints"):
        value(Ape(parts="body+face"), pose, pose)


def test_a_reference_that_never_shows_the_parts_is_not_a_perfect_score() -> None:
    reference = hide(signer(10, 4), FACE)
    with pytest.raises(MediaError, match="never shows a point of face"):
        value(Ape(parts="face"), signer(11, 4), reference)


def test_points_in_the_plane_and_in_space_are_not_compared() -> None:
    for metric in (Ape(), TotalDistance()):
        with pytest.raises(MediaError, match="prediction has 2 coordinates per point, the reference 3"):
            value(metric, signer(1, 4, dimensions=2), signer(2, 4))


# --- what all share --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", [Ape(normalise="shoulders"), Nape()], ids=["ape", "nape"])
@pytest.mark.parametrize("side", ["prediction", "reference"])
@pytest.mark.parametrize(
    ("joints", "message"),
    [(("left_shoulder", "right_shoulder"), "no frame shows both shoulders"), (("left_shoulder",), "no frame shows both shoulders")],
)
def test_shoulders_that_are_never_seen_together_make_the_clip_missing(
    metric: Metric, side: str, joints: tuple[str, ...], message: str
) -> None:
    sides = {"prediction": signer(12, 5), "reference": signer(13, 5)}
    sides[side] = hide(sides[side], joints)
    with pytest.raises(MediaError, match=f"^{side}: {message}"):
        value(metric, **sides)


def test_shoulders_at_one_point_make_the_clip_missing() -> None:
    flat = made(three_points([[5, 5]], width=0.0), layout=THREE_POINTS)
    with pytest.raises(MediaError, match="prediction: both shoulders coincide"):
        value(Ape(normalise="shoulders"), flat, made(three_points([[5, 5]]), layout=THREE_POINTS))


@pytest.mark.parametrize("metric", [Ape(normalise="shoulders"), Nape()], ids=["ape", "nape"])
def test_a_layout_without_shoulders_is_refused_by_name(metric: Metric) -> None:
    pose = made(np.ones((2, 2, 2)), layout=NO_SHOULDERS)
    with pytest.raises(InputError, match="the layout no-shoulders has no left_shoulder"):
        value(metric, pose, pose)


@pytest.mark.parametrize("name", [name for name in ALL if name != "total-distance"])
@pytest.mark.parametrize("frames", [1, 2, 30])
def test_identical_sides_score_zero(name: str, frames: int) -> None:
    pose = signer(14, frames, hidden=0.2)
    assert value(create(name), pose, pose) == 0.0


@pytest.mark.parametrize("name", ALL)
def test_scores_depend_on_weights_alone_and_not_on_the_batch(name: str) -> None:
    metric = create(name)
    held = records(metric, [(signer(seed, 8 + seed, hidden=0.1), signer(seed + 50, 8 + seed, hidden=0.1)) for seed in range(5)])
    weights = np.array([[1, 1, 1, 1, 1], [0, 2, 0, 1, 3], [1, 0, 0, 0, 0], [0, 0, 0, 0, 0]])
    scores, seen = metric.score(held, weights), metric.seen(held, weights)
    assert seen is not None
    for row, score, share in zip(weights, scores, seen, strict=True):
        repeated = [record for record, times in zip(held, row, strict=True) for _ in range(times)]
        assert metric.score(held, row[None])[0] == pytest.approx(score, rel=0, abs=0, nan_ok=True)
        if repeated:
            assert score == pytest.approx(metric.score(repeated, once(len(repeated)))[0], rel=1e-14)
            alone = metric.seen(repeated, once(len(repeated)))
            assert alone is not None and share == pytest.approx(alone[0], rel=1e-14)
    assert np.isnan([scores[3], seen[3]]).all()
    assert scores[2] == pytest.approx(metric.clip_value(held[0]), rel=1e-14)


@pytest.mark.parametrize("name", [*ALL, "duration-ratio"])
def test_metrics_declare_the_contract(name: str) -> None:
    metric = create(name)
    again = pickle.loads(pickle.dumps(metric))
    assert again.canonical == metric.canonical and again.resolved() == metric.resolved()
    assert metric.pairs_frames == (metric.name == "ape")
    assert metric.missing() is None
    assert metric.mean_of_clips == (metric.name != "total-distance")
    assert metric.unit == ("1" if metric.direction == "reference" else "input units" if name == "ape" else "shoulder widths")


@pytest.mark.parametrize("name", ALL)
def test_records_are_finite_float64_of_fixed_shapes(name: str) -> None:
    shapes = set()
    for frames in (1, 5, 40):
        (record,) = records(create(name), [(signer(15, frames, hidden=0.3), signer(16, frames, hidden=0.3))])
        assert all(array.dtype == np.float64 for array in record.values())
        assert all(np.isfinite(array).all() for array in record.values())
        shapes.add(tuple((key, array.shape) for key, array in sorted(record.items())))
    assert len(shapes) == 1


@pytest.mark.parametrize("name", ALL)
def test_measuring_changes_neither_side(name: str) -> None:
    sides = signer(17, 9, hidden=0.2), signer(18, 9, hidden=0.2)
    before = [(side.points.copy(), side.confidence.copy()) for side in sides]
    value(create(name), *sides)
    for side, (points, confidence) in zip(sides, before, strict=True):
        assert np.array_equal(side.points, points) and np.array_equal(side.confidence, confidence)


def test_a_clip_is_taken_as_a_whole() -> None:
    recorder = WholeClip(lambda pair: {})
    with pytest.raises(ValueError, match="no chunk"):
        recorder.finish()
    recorder.update(LengthPair(1, 1, None, None))
    with pytest.raises(ValueError, match="as a whole"):
        recorder.update(LengthPair(1, 1, None, None))


@pytest.mark.parametrize(
    ("metric", "wrong"), [(Ape(), LengthPair(1, 1, None, None)), (DurationRatio(), pair(signer(1, 2), signer(2, 2)))]
)
def test_pairs_of_another_kind_are_a_mistake_of_the_program(metric: Metric, wrong: Pair) -> None:
    with pytest.raises(TypeError, match=metric.name):
        metric.record([wrong])


# --- seen ------------------------------------------------------------------------------------------------------------


def seen_share(metric: Metric, prediction: Pose, reference: Pose) -> float:
    found = metric.seen(records(metric, [(prediction, reference)]), once(1))
    assert found is not None
    return float(found[0])


@pytest.mark.parametrize("name", ALL)
def test_identical_sides_have_seen_everything(name: str) -> None:
    pose = signer(19, 11, hidden=0.3)
    assert seen_share(create(name), pose, pose) == 1.0


def test_seen_of_paired_frames_counts_points() -> None:
    reference = made(three_points([[5, 5]] * 4), [[1, 1, 1], [1, 1, 1], [1, 1, 0], [1, 1, 0]], THREE_POINTS)
    prediction = made(three_points([[5, 5]] * 4), [[1, 1, 0], [1, 1, 1], [1, 0, 1], [1, 1, 1]], THREE_POINTS)
    assert seen_share(Ape(), prediction, reference) == pytest.approx(8 / 10)


def test_seen_of_unpaired_frames_compares_shares_joint_by_joint() -> None:
    reference = made(np.ones((4, 2, 2)), [[1, 1], [1, 1], [1, 0], [1, 0]], TWO_WRISTS)
    prediction = made(np.ones((2, 2, 2)), [[1, 1], [0, 1]], TWO_WRISTS)
    # Left 1/2 of 1, right at most 1/2 of 1/2: too much of one joint does not make up for another.
    assert seen_share(TotalDistance(), prediction, reference) == pytest.approx((0.5 + 0.5) / 1.5)


def test_seen_counts_clips_by_the_frames_of_the_reference() -> None:
    def clip(frames: int, shown: bool) -> tuple[Pose, Pose]:
        reference = made(np.ones((frames, 2, 2)), layout=TWO_WRISTS)
        return (reference if shown else made(np.ones((frames, 2, 2)), np.zeros((frames, 2)), TWO_WRISTS)), reference

    metric = TotalDistance()
    held = records(metric, [clip(30, True), clip(10, False)])
    assert metric.seen(held, np.array([[1, 1], [1, 3], [0, 1]])).tolist() == [0.75, 0.5, 0.0]


def test_clips_whose_reference_never_shows_the_joints_do_not_count_in_seen() -> None:
    metric = TotalDistance()
    blind = hide(signer(20, 6), ["left_wrist", "right_wrist"])
    held = records(metric, [(signer(21, 6), blind), (signer(22, 6), signer(23, 6))])
    assert metric.seen(held, np.array([[1, 1], [1, 0]])).tolist() == pytest.approx([1.0, np.nan], nan_ok=True)


def surplus_share(metric: Metric, prediction: Pose, reference: Pose) -> float:
    found = metric.surplus(records(metric, [(prediction, reference)]), once(1))
    assert found is not None
    return float(found[0])


@pytest.mark.parametrize("name", ALL)
def test_points_that_only_the_prediction_shows_are_its_surplus(name: str) -> None:
    metric, prediction = create(name), signer(19, 11)
    reference = hide(prediction, [*hand("left"), "left_wrist"])
    used = {"nape": 51, "total-distance": 2, "ape:normalise=shoulders,parts=hands": 42}.get(name, len(LAYOUT.joints))
    hidden = {"total-distance": 1, "ape:normalise=shoulders,parts=hands": 21}.get(name, 22)
    assert surplus_share(metric, prediction, reference) == pytest.approx(hidden / used)
    assert surplus_share(metric, reference, prediction) == 0
    assert seen_share(metric, reference, prediction) == pytest.approx(1 - hidden / used)


def test_surplus_of_unpaired_frames_compares_shares_joint_by_joint() -> None:
    reference = made(np.ones((2, 2, 2)), [[1, 1], [0, 1]], TWO_WRISTS)
    prediction = made(np.ones((4, 2, 2)), [[1, 1], [1, 1], [1, 0], [1, 0]], TWO_WRISTS)
    assert surplus_share(TotalDistance(), prediction, reference) == pytest.approx((0.5 + 0) / 1.5)


@pytest.mark.parametrize("name", [*ALL, *(f"dtw:variant={variant}" for variant in ("slrtp", "ham2pose", "pt", "dtwp", "ndtwp"))])
def test_confidences_above_1_in_the_files_are_reported(name: str) -> None:
    metric, pose = create(name), signer(20, 6)
    held = records(metric, [(dataclasses.replace(pose, capped=3), dataclasses.replace(pose, capped=4)), (pose, pose)])
    assert metric.note(held) == "confidences above 1 in the files, which count as 1: 7"
    assert metric.note(held[1:]) is None


# --- nAPE ------------------------------------------------------------------------------------------------------------


def test_nape_of_one_moved_joint_is_its_distance_over_joints() -> None:
    reference = signer(24, 10, dimensions=2)
    points = reference.points.copy()
    column = LAYOUT.index(["left_index_4"])[0]
    corner = points.reshape(-1, 2).min(axis=0)
    assert (points[:, column].min(axis=0) > corner + 20).all()
    points[:, column] += np.array([-3, 4], dtype=np.float32)
    prediction = dataclasses.replace(reference, points=points)
    shoulders = reference.points[:, LAYOUT.index(["left_shoulder", "right_shoulder"])].astype(float)
    width = np.linalg.norm(shoulders[:, 0] - shoulders[:, 1], axis=1).mean()
    assert value(Nape(), prediction, reference) == pytest.approx(5 / width / 51, rel=1e-5)


@pytest.mark.parametrize("joints", [FACE, ("left_hip", "left_knee", "right_knee")])
def test_nape_looks_at_neither_face_nor_legs(joints: tuple[str, ...]) -> None:
    reference = signer(25, 10, dimensions=2)
    points = reference.points.copy()
    inner = points.reshape(-1, 2).mean(axis=0)  # inside the extent, so that the focus stays
    points[:, LAYOUT.index(joints)] = inner
    assert value(Nape(), dataclasses.replace(reference, points=points), reference) == pytest.approx(0, abs=1e-6)


def test_nape_ignores_depth() -> None:
    reference = signer(26, 10)
    points = reference.points.copy()
    points[..., 2] *= 5
    assert value(Nape(), dataclasses.replace(reference, points=points), reference) == 0


def test_nape_knows_neither_place_nor_size() -> None:
    reference, prediction = signer(27, 15, hidden=0.1), signer(28, 24, hidden=0.1)
    elsewhere = moved(prediction, 2.5, 70), moved(reference, 0.5, 11)
    assert value(Nape(), *elsewhere) == pytest.approx(value(Nape(), prediction, reference), rel=1e-4)


def test_nape_fills_the_shorter_side_up_with_the_origin() -> None:
    long = signer(29, 20, dimensions=2)
    short = frames_of(long, slice(1))
    assert value(Nape(), short, long) > 0.5
    assert value(Nape(), short, long) == pytest.approx(value(Nape(), long, short), rel=1e-12)


def test_hiding_a_hand_helps_nape_as_its_page_says() -> None:
    reference, prediction = signer(30, 10), signer(31, 10)
    hidden = hide(prediction, hand("left")[1:])
    assert value(Nape(), hidden, reference) < value(Nape(), prediction, reference)
    assert seen_share(Nape(), hidden, reference) < 1


@pytest.mark.parametrize("confidence", [0.2, 0.05])
def test_nape_hides_points_of_low_confidence(confidence: float) -> None:
    reference, prediction = signer(32, 8), signer(33, 8)
    column = LAYOUT.index(["right_pinky_2"])[0]
    doubtful = prediction.confidence.copy()
    doubtful[:, column] = confidence
    lowered = dataclasses.replace(prediction, confidence=doubtful)
    hidden = hide(prediction, ["right_pinky_2"])
    assert value(Nape(), lowered, reference) == pytest.approx(value(Nape(), hidden, reference), rel=1e-6)


@pytest.mark.parametrize("name", ["nape", "dtw:variant=ham2pose"])
def test_points_that_the_metric_hides_are_not_seen(name: str) -> None:
    """`seen` covers the points that the number is based on, so points at the threshold are not among them."""
    metric, reference = create(name), signer(32, 8)
    doubtful = signer(33, 8).confidence.copy()
    doubtful[:, LAYOUT.index(hand("left") + hand("right"))] = 0.2
    prediction = dataclasses.replace(signer(33, 8), confidence=doubtful)
    assert seen_share(metric, prediction, reference) == pytest.approx(9 / 51)
    assert surplus_share(metric, reference, prediction) == pytest.approx(42 / 51)


def test_a_prediction_without_a_point_that_nape_compares_is_missing_and_not_perfect() -> None:
    prediction = dataclasses.replace(signer(33, 8), confidence=np.full((8, len(LAYOUT.joints)), 0.2, dtype=np.float32))
    with pytest.raises(MediaError, match=r"none of the reference's points with a confidence above 0\.2"):
        value(Nape(), prediction, signer(32, 8))


@pytest.mark.parametrize("name", ["nape", "dtw:variant=ham2pose"])
def test_a_reference_without_a_point_that_is_compared_is_not_a_perfect_score(name: str) -> None:
    reference = dataclasses.replace(signer(33, 8), confidence=np.full((8, len(LAYOUT.joints)), 0.2, dtype=np.float32))
    with pytest.raises(MediaError, match="reference never shows upper body or hands"):
        value(create(name), signer(32, 8), reference)


def test_nape_sees_the_frames_that_it_compares() -> None:
    reference = signer(34, 12)
    late = hide(reference, [*FACE, "left_wrist", "right_wrist"], slice(0, 6))  # trimmed, so its frames come six earlier
    assert seen_share(Nape(), late, reference) == 1.0
    assert seen_share(Nape(), frames_of(reference, slice(6)), reference) == 1.0
    assert seen_share(Nape(), hide(reference, hand("left"), slice(0, 6)), reference) == pytest.approx(1 - 21 * 6 / (51 * 12))


# --- total distance --------------------------------------------------------------------------------------------------


def wrists(left: list[float], right: list[float]) -> Pose:
    return made([[[x, 0], [y, 0]] for x, y in zip(left, right, strict=True)], layout=TWO_WRISTS)


def test_total_distance_is_the_mean_of_both_wrists_ratios_of_mean_paths() -> None:
    metric = TotalDistance()
    held = records(
        metric,
        [
            (wrists([0, 1, 3], [0, 0, 0]), wrists([0, 2], [0, 4])),
            (wrists([5, 0], [1, 9]), wrists([0, 6, 0], [0, 1, 2])),
        ],
    )
    left, right = (3 + 5) / (2 + 12), (0 + 8) / (4 + 2)
    assert metric.score(held, once(2))[0] == pytest.approx((left + right) / 2)
    assert metric.clip_value(held[0]) == pytest.approx((3 / 2 + 0 / 4) / 2)
    assert metric.reference_score(held, np.ones((3, 2), dtype=np.int64)).tolist() == [1, 1, 1]


def test_copies_have_the_references_own_total_distance() -> None:
    metric = TotalDistance()
    held = records(metric, [(signer(seed, 9, hidden=0.2),) * 2 for seed in range(4)])
    assert metric.score(held, once(4))[0] == 1.0


def test_a_hidden_wrist_jumps_to_the_origin_and_back() -> None:
    reference = made([[[3, 4], [0, 1]]] * 3, layout=TWO_WRISTS)
    prediction = made([[[3, 4], [0, 1]]] * 3, [[1, 1], [0, 1], [1, 1]], TWO_WRISTS)
    record = TotalDistance().record([pair(prediction, reference)])
    assert record["prediction"].tolist() == [10.0, 0.0]


def test_a_reference_that_never_moves_has_no_ratio() -> None:
    metric = TotalDistance()
    held = records(metric, [(wrists([0, 1], [0, 1]), wrists([2, 2], [0, 1]))])
    assert metric.clip_value(held[0]) is None
    assert np.isnan(metric.score(held, once(1))[0])


def test_a_single_frame_travels_nowhere() -> None:
    record = TotalDistance().record([pair(signer(35, 1), signer(36, 5))])
    assert record["prediction"].tolist() == [0.0, 0.0]


def test_a_layout_without_wrists_is_refused_by_name() -> None:
    pose = made(three_points([[5, 5]]), layout=THREE_POINTS)
    with pytest.raises(InputError, match="the layout three-points has no joint right_wrist"):
        value(TotalDistance(), pose, pose)


# --- duration ratio --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lengths", "ratio"),
    [
        (LengthPair(30, 20, None, None), 1.5),
        (LengthPair(30, 20, 30 / 25, 20 / 25), 1.5),
        (LengthPair(30, 20, 30 / 50, 20 / 25), 0.75),
        (LengthPair(1, 400, None, None), 0.0025),
    ],
)
def test_duration_ratio_counts_seconds_where_both_rates_are_known(lengths: LengthPair, ratio: float) -> None:
    metric = DurationRatio()
    assert metric.clip_value(metric.record([lengths])) == pytest.approx(ratio)


@pytest.mark.parametrize("lengths", [LengthPair(30, 20, 30 / 25, None), LengthPair(30, 20, None, 20 / 25)])
def test_seconds_and_frames_make_no_ratio(lengths: LengthPair) -> None:
    with pytest.raises(MediaError, match="only one side states its frame rate"):
        DurationRatio().record([lengths])


def test_duration_ratio_is_a_mean_of_clips_with_reference_value_one() -> None:
    metric = DurationRatio()
    held = [metric.record([LengthPair(frames, 10, None, None)]) for frames in (5, 10, 30)]
    assert metric.score(held, np.array([[1, 1, 1], [2, 0, 1]])).tolist() == pytest.approx([1.5, (0.5 * 2 + 3) / 3])
    assert metric.reference_score(held, np.ones((2, 3), dtype=np.int64)).tolist() == [1, 1]
    assert metric.seen(held, once(3)) is None
    assert (metric.view, metric.direction) == ("lengths", "reference")
