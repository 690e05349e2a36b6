"""pck: compared with plain loops; units, missing points, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from signbench.errors import InputError, MediaError
from signbench.media.layouts import layout
from signbench.media.pose import Pose
from signbench.metrics.pairs import PosePair
from signbench.metrics.registry import create

KNOWN = layout("coco-wholebody-133")


def signing(seed=0, frames=7, seen=0.9):
    random = np.random.default_rng(seed)
    points = random.normal(100, 30, (1, 133, 2)) + random.normal(0, 3, (frames, 133, 2))
    confidence = (random.random((frames, 133)) < seen).astype(np.float32)
    return Pose(points.astype(np.float32), confidence, KNOWN, 25.0)


def moved(pose, noise, seed=1, seen=1.0):
    random = np.random.default_rng(seed)
    points = pose.points + random.normal(0, noise, pose.points.shape).astype(np.float32)
    return Pose(points, (pose.confidence * (random.random(pose.confidence.shape) < seen)).astype(np.float32), KNOWN, 25.0)


def pair(ours, theirs):
    return PosePair(ours, theirs, ours, theirs)


def value(name, ours, theirs):
    metric = create(name)
    return metric.clip_value(metric.record([pair(ours, theirs)]))


def lengths(pose, unit):
    """The unit of each joint, by loops."""
    at = KNOWN.joints.index

    def mean(first, second):
        found = [
            np.linalg.norm(
                np.mean([pose.points[t, a] for a in first], axis=0) - np.mean([pose.points[t, b] for b in second], axis=0)
            )
            for t in range(pose.frames)
            if all(pose.confidence[t, joint] > 0 for joint in (*first, *second))
        ]
        return np.mean(found) if found else 0.0

    if unit == "shoulders":
        return [mean([at("left_shoulder")], [at("right_shoulder")])] * 133
    if unit == "torso":
        return [mean([at("left_shoulder"), at("right_shoulder")], [at("left_hip"), at("right_hip")])] * 133
    hands = {f"{side}_hand": mean([at(f"{side}_hand_root")], [at(f"{side}_middle_1")]) for side in ("left", "right")}
    return [hands.get(part, max(hands.values())) for part in KNOWN.parts]


@pytest.mark.parametrize("unit", ["shoulders", "torso", "hand"])
@pytest.mark.parametrize("parts", ["all", "hands", "body+face"])
@pytest.mark.parametrize("threshold", [0.05, 0.2])
def test_it_is_the_share_of_points_within_the_threshold(unit, parts, threshold):
    theirs = signing()
    ours = moved(theirs, 4, seen=0.9)
    chosen = {
        "all": {"body", "face", "left_hand", "right_hand"},
        "hands": {"left_hand", "right_hand"},
        "body+face": {"body", "face"},
    }[parts]
    units = lengths(theirs, unit)
    correct = total = 0
    for t in range(theirs.frames):
        for joint, part in enumerate(KNOWN.parts):
            if part in chosen and theirs.confidence[t, joint] > 0:
                total += 1
                near = np.linalg.norm(ours.points[t, joint].astype(float) - theirs.points[t, joint]) <= threshold * units[joint]
                correct += bool(near and ours.confidence[t, joint] > 0)
    assert value(f"pck:unit={unit},parts={parts},threshold={threshold}", ours, theirs) == pytest.approx(correct / total, rel=1e-12)


def test_a_copy_is_1_and_hiding_points_never_pays():
    theirs = signing()
    assert value("pck", theirs, theirs) == 1
    ours = moved(theirs, 10)
    shown = value("pck", ours, theirs)
    for part in ("left_hand", "face", "body"):
        confidence = ours.confidence.copy()
        confidence[:, [index for index, of in enumerate(KNOWN.parts) if of == part]] = 0
        assert value("pck", Pose(ours.points, confidence, KNOWN, 25.0), theirs) < shown


def test_the_unit_comes_from_the_reference_alone():
    theirs = signing()
    middle = theirs.points.mean(axis=(0, 1))
    large = Pose((theirs.points - middle) * 3 + middle, theirs.confidence, KNOWN, 25.0)
    small, whole = (value("pck:threshold=0.7", *sides) for sides in ((large, theirs), (theirs, large)))
    assert 0 < small < whole


def test_a_missing_production_counts_as_0():
    metric = create("pck")
    records = [metric.record([pair(signing(), signing())]), metric.missing()]
    assert metric.score(records, np.ones((1, 2), np.int64)).tolist() == [0.5]
    assert set(records[0]) == set(records[1])
    assert metric.seen(records, np.ones((1, 2), np.int64)).tolist() == [1.0]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("pck:threshold=0", "threshold must be above 0"),
        ("pck:parts=all+face", "metric pck: parts=all already"),
        ("pck:unit=head", "cannot be 'head'"),
    ],
)
def test_parameters_without_meaning_are_refused(name, message):
    with pytest.raises(InputError, match=message):
        create(name)


@pytest.mark.parametrize(
    ("unit", "hidden"), [("shoulders", ["left_shoulder"]), ("torso", ["left_hip"]), ("hand", ["left_middle_1", "right_middle_1"])]
)
def test_a_reference_without_its_unit_cannot_be_measured(unit, hidden):
    theirs = signing()
    confidence = theirs.confidence.copy()
    confidence[:, [KNOWN.joints.index(name) for name in hidden]] = 0
    with pytest.raises(MediaError, match=f"never shows its {unit}"):
        value(f"pck:unit={unit}", theirs, Pose(theirs.points, confidence, KNOWN, 25.0))
