"""Pose metrics against plain loops written from the sources' formulas, the packages they use, and their published values.

The alignments here are those of the packages fastdtw and dtaidistance, scaling and focus those of pose-format; the loops around
them are rewritten.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from dtaidistance import dtw_ndim
from fastdtw import fastdtw
from numpy.typing import NDArray
from pose_format import Pose as PoseFile
from pose_format.numpy import NumPyPoseBody
from pose_format.pose_header import PoseHeader, PoseHeaderComponent, PoseHeaderDimensions

from signbench.media.layouts import Layout
from signbench.media.pose import Pose
from signbench.metrics.dtw import Dtw
from signbench.metrics.pose import Ape, Nape, TotalDistance
from signbench.metrics.pose_normalisation import by_shoulders, ham2pose_prepared, signing_span
from tests.metrics.signers import LAYOUT, hand, made, once, pair, records, signer, value

REAL = os.environ.get("SIGNBENCH_REAL_DATA")
POSE_EVALUATION = os.environ.get("SIGNBENCH_PEER_POSE_EVALUATION")
PROGRESSIVE_TRANSFORMERS = os.environ.get("SIGNBENCH_PEER_PROGRESSIVE_TRANSFORMERS")

real_data = pytest.mark.skipif(REAL is None, reason="SIGNBENCH_REAL_DATA is not set")

Array = NDArray[np.float64]

SYNTHETIC = {
    "whole": (0.0, 41, 33),
    "gaps": (0.15, 26, 37),
    "many gaps": (0.5, 21, 21),
    "one frame": (0.2, 1, 9),
}


@cache
def synthetic(name: str) -> tuple[Pose, Pose]:
    hidden, frames, others = SYNTHETIC[name]
    return signer(1, frames, hidden=hidden), signer(2, others, hidden=hidden)


def gapped(points: Array, seen: NDArray[np.bool_]) -> Array:
    """Coordinates with NaN where a point is not seen, which spreads through means as a mask does."""
    return np.where(seen[..., None], points, np.nan)


def zero_filled(pose: Pose) -> Array:
    return np.nan_to_num(gapped(pose.points.astype(np.float64), pose.seen))


def plain_dtw(first: Array, second: Array, cost: Callable[[Array, Array], float]) -> tuple[float, list[tuple[int, int]]]:
    """Textbook dynamic programming over whole sequences; ties: diagonal, then the first sequence, then the second."""
    table = np.full((len(first) + 1, len(second) + 1), np.inf)
    table[0, 0] = 0
    for i in range(len(first)):
        for j in range(len(second)):
            table[i + 1, j + 1] = cost(first[i], second[j]) + min(table[i, j], table[i, j + 1], table[i + 1, j])
    cell = (len(first) - 1, len(second) - 1)
    path = [cell]
    while cell != (0, 0):
        i, j = cell
        earlier = [(a, b) for a, b in ((i - 1, j - 1), (i - 1, j), (i, j - 1)) if a >= 0 and b >= 0]
        cell = min(earlier, key=lambda position: table[position[0] + 1, position[1] + 1])
        path.append(cell)
    return float(table[-1, -1]), path[::-1]


# --- real pairs ------------------------------------------------------------------------------------------------------

_FINGERS = {"THUMB": "thumb", "INDEX_FINGER": "index", "MIDDLE_FINGER": "middle", "RING_FINGER": "ring", "PINKY": "pinky"}


def named(component: str, point: str, position: int) -> tuple[str, str]:
    """Our name and part of a MediaPipe Holistic point."""
    if component == "POSE_LANDMARKS":
        return point.lower(), "body"
    if component.endswith("HAND_LANDMARKS"):
        side = component.split("_", maxsplit=1)[0].lower()
        if point == "WRIST":
            return f"{side}_hand_root", f"{side}_hand"
        finger = _FINGERS[point.rpartition("_")[0]]
        return f"{side}_{finger}_{(position - 1) % 4 + 1}", f"{side}_hand"
    return f"{component.lower()}_{point}", "face" if component == "FACE_LANDMARKS" else "body"


def load(path: Path) -> Pose:
    """A MediaPipe Holistic ``.pose`` file."""
    file = PoseFile.read(path.read_bytes())
    names = [named(part.name, point, position) for part in file.header.components for position, point in enumerate(part.points)]
    layout = Layout("holistic", *(tuple(column) for column in zip(*names, strict=True)))
    confidence = file.body.confidence[:, 0].astype(np.float32)
    return made(file.body.data.data[:, 0], confidence, layout, float(file.body.fps))


@cache
def real_pairs() -> list[tuple[Pose, Pose]]:
    folder = Path(REAL or "") / "dgs_stitched"
    files = sorted((folder / "references").glob("*.pose"))
    assert len(files) == 16
    return [(load(folder / "stitched" / file.name), load(file)) for file in files]


# --- scaling by the shoulders ----------------------------------------------------------------------------------------


def as_file(pose: Pose) -> PoseFile:
    """The same pose as pose-format holds it, in float64."""
    dimensions = pose.points.shape[2]
    component = PoseHeaderComponent("all", list(pose.layout.joints), [], [], "XYZ"[:dimensions] + "C")
    header = PoseHeader(0.2, PoseHeaderDimensions(1, 1, 1), [component])
    mask = np.repeat(~pose.seen[:, None, :, None], dimensions, axis=3)
    data = np.ma.masked_array(pose.points[:, None].astype(np.float64), mask=mask)
    return PoseFile(header, NumPyPoseBody(25, data, pose.confidence[:, None]))


def scaled_by_pose_format(pose: Pose) -> PoseFile:
    file = as_file(pose)
    return file.normalize(file.header.normalization_info(p1=("all", "right_shoulder"), p2=("all", "left_shoulder")))


@pytest.mark.parametrize("name", SYNTHETIC)
@pytest.mark.parametrize("dimensions", [2, 3])
def test_scaling_by_the_shoulders_is_that_of_pose_format(name: str, dimensions: int) -> None:
    for side in synthetic(name):
        flat = made(side.points[..., :dimensions], side.confidence)
        prepared = by_shoulders(flat, "prediction")
        expected = scaled_by_pose_format(flat).body.data[:, 0]
        assert prepared.points[flat.seen] == pytest.approx(expected.data[flat.seen], rel=1e-9, abs=1e-9)


@real_data
def test_scaling_by_the_shoulders_is_that_of_pose_format_on_real_poses() -> None:
    for side in real_pairs()[6]:
        expected = scaled_by_pose_format(side).body.data[:, 0]
        assert by_shoulders(side, "prediction").points[side.seen] == pytest.approx(expected.data[side.seen], rel=1e-9, abs=1e-9)


# --- APE -------------------------------------------------------------------------------------------------------------


def plain_ape(prediction: Pose, reference: Pose, joints: tuple[str, ...], by_width: bool) -> float:
    sides = []
    for side in (prediction, reference):
        points = gapped(side.points.astype(np.float64), side.seen)
        left, right = (points[:, column] for column in side.layout.index(["left_shoulder", "right_shoulder"]))
        width = float(np.nanmean(np.sqrt(((left - right) ** 2).sum(axis=1))))
        sides.append((points - np.nanmean((left + right) / 2, axis=0)) / width if by_width else points)
    if by_width:
        width = 1.0
    total, count = 0.0, 0
    for joint in prediction.layout.index(joints):
        errors = [math.dist(ours, theirs) for ours, theirs in zip(sides[0][:, joint], sides[1][:, joint], strict=True)]
        largest = max([width, *(error for error in errors if not math.isnan(error))])
        for ours, theirs, error in zip(sides[0][:, joint], sides[1][:, joint], errors, strict=True):
            if not np.isnan(theirs).any():
                total += largest if np.isnan(ours).any() else error
                count += 1
    return total / count


@pytest.mark.parametrize("hidden", [0.0, 0.2, 0.7])
@pytest.mark.parametrize("by_width", [False, True])
@pytest.mark.parametrize("parts", ["all", "hands", "body+face"])
def test_ape_is_that_of_plain_loops(hidden: float, by_width: bool, parts: str) -> None:
    prediction, reference = signer(3, 14, hidden=hidden), signer(4, 14, hidden=hidden)
    joints = LAYOUT.joints if parts == "all" else LAYOUT.part(*parts.split("+"))
    metric = Ape(normalise="shoulders" if by_width else "none", parts=parts)
    assert value(metric, prediction, reference) == pytest.approx(plain_ape(prediction, reference, joints, by_width), rel=1e-12)


# --- SLRTP -----------------------------------------------------------------------------------------------------------


def distance(first: Array, second: Array) -> float:
    return float(np.sqrt(((first - second) ** 2).sum()))


def joint_errors(prediction: Array, reference: Array, path: list[tuple[int, int]]) -> Array:
    return np.concatenate([np.linalg.norm(prediction[i] - reference[j], axis=1) for i, j in path])


def flat(points: Array) -> Array:
    return points.reshape(len(points), -1)


def challenge_path(prediction: Array, reference: Array) -> list[tuple[int, int]]:
    _, path = fastdtw(flat(prediction), flat(reference), dist=distance)
    return list(path)


def test_slrtp_over_several_clips_is_the_mean_of_all_aligned_joints() -> None:
    for variant in ("slrtp", "slrtp-fastdtw"):
        errors = []
        for name in SYNTHETIC:
            ours, theirs = (zero_filled(side) for side in synthetic(name))
            path = challenge_path(ours, theirs) if variant == "slrtp-fastdtw" else plain_dtw(flat(ours), flat(theirs), distance)[1]
            errors.append(joint_errors(ours, theirs, path))
        metric = Dtw(variant=variant)
        held = records(metric, [synthetic(name) for name in SYNTHETIC])
        assert metric.score(held, once(len(held)))[0] == pytest.approx(np.concatenate(errors).mean(), rel=1e-12)


@real_data
def test_slrtp_fastdtw_is_the_challenges_procedure_on_all_real_pairs() -> None:
    metric = Dtw(variant="slrtp-fastdtw")
    held = records(metric, real_pairs())
    errors = []
    for record, (prediction, reference) in zip(held, real_pairs(), strict=True):
        sides = zero_filled(prediction), zero_filled(reference)
        errors.append(joint_errors(*sides, challenge_path(*sides)))
        assert metric.clip_value(record) == pytest.approx(errors[-1].mean(), rel=1e-9)
        assert record["count"] == errors[-1].size
    assert metric.score(held, once(16))[0] == pytest.approx(np.concatenate(errors).mean(), rel=1e-9)


@real_data
def test_slrtp_fastdtw_is_the_challenges_procedure_with_its_torch_distance() -> None:
    torch = pytest.importorskip("torch")

    def torch_distance(first: object, second: object) -> object:
        return torch.sqrt(torch.sum((torch.tensor(first) - torch.tensor(second)) ** 2))

    metric = Dtw(variant="slrtp-fastdtw")
    for prediction, reference in real_pairs()[3:5]:
        sides = [torch.from_numpy(zero_filled(side)).float() for side in (prediction, reference)]
        _, path = fastdtw(*(side.flatten(1) for side in sides), dist=torch_distance)
        ours, theirs = (side[[cell[axis] for cell in path]] for axis, side in enumerate(sides))
        expected = torch.norm(ours - theirs, dim=2).mean().item()
        assert value(metric, prediction, reference) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@real_data
def test_slrtp_is_plain_dynamic_programming_on_a_real_pair() -> None:
    prediction, reference = real_pairs()[15]
    ours, theirs = zero_filled(prediction), zero_filled(reference)
    _, path = plain_dtw(flat(ours), flat(theirs), distance)
    assert value(Dtw(), prediction, reference) == pytest.approx(joint_errors(ours, theirs, path).mean(), rel=1e-12)


# --- Progressive Transformers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SYNTHETIC)
def test_pt_is_plain_dynamic_programming_over_the_reference_length(name: str) -> None:
    ours, theirs = (flat(zero_filled(side))[: max(1, side.frames - 1)] for side in synthetic(name))
    cost, _ = plain_dtw(ours, theirs, lambda first, second: float(np.abs(first - second).sum()))
    assert value(Dtw(variant="pt"), *synthetic(name)) == pytest.approx(cost / len(theirs), rel=1e-12)


@pytest.mark.skipif(PROGRESSIVE_TRANSFORMERS is None, reason="SIGNBENCH_PEER_PROGRESSIVE_TRANSFORMERS is not set")
def test_pt_gives_the_value_of_its_own_code_on_its_own_data() -> None:
    """37.1230160976: its ``calculate_dtw`` on the first reference and the second sequence of ``Data/tmp/dev.skels``."""
    lines = (Path(PROGRESSIVE_TRANSFORMERS or "") / "Data/tmp/dev.skels").read_text().splitlines()[:2]
    layout = Layout("pt-50", tuple(f"joint_{number}" for number in range(50)), ("body",) * 50)
    frames = [np.array(line.split(), dtype=np.float32).reshape(-1, 151)[:, :150].reshape(-1, 50, 3) for line in lines]
    reference, prediction = (made(points, layout=layout) for points in frames)
    assert value(Dtw(variant="pt"), prediction, reference) == pytest.approx(37.1230160976, rel=1e-8)


# --- pose-evaluation -------------------------------------------------------------------------------------------------


def hands(layout: Layout) -> list[int]:
    return layout.index([*hand("left"), *hand("right")])


def plain_hand_distance(prediction: Pose, reference: Pose, fill: float, normalised: bool) -> float:
    sides = []
    for side in (prediction, reference):
        points = scaled_by_pose_format(side).body.data[:, 0].data if normalised else side.points.astype(np.float64)
        points = np.where(side.seen[..., None], points, fill)[:, hands(side.layout)]
        sides.append(points if normalised else points[signing_span(side)])
    return float(np.mean([dtw_ndim.distance(sides[0][:, joint], sides[1][:, joint]) for joint in range(42)]))


@pytest.mark.parametrize("name", SYNTHETIC)
@pytest.mark.parametrize(("variant", "fill"), [("dtwp", "paper"), ("dtwp", "2"), ("ndtwp", "paper"), ("ndtwp", "0.5")])
def test_hand_distances_are_those_of_dtaidistance(name: str, variant: str, fill: str) -> None:
    number = float(fill) if fill != "paper" else {"dtwp": 10.0, "ndtwp": 1.0}[variant]
    expected = plain_hand_distance(*synthetic(name), number, variant == "ndtwp")
    assert value(Dtw(variant=variant, fill=fill), *synthetic(name)) == pytest.approx(expected, rel=1e-9)


@real_data
@pytest.mark.parametrize("variant", ["dtwp", "ndtwp"])
def test_hand_distances_are_those_of_dtaidistance_on_real_pairs(variant: str) -> None:
    for sides in (real_pairs()[7], real_pairs()[8]):
        expected = plain_hand_distance(*sides, {"dtwp": 10.0, "ndtwp": 1.0}[variant], variant == "ndtwp")
        assert value(Dtw(variant=variant), *sides) == pytest.approx(expected, rel=1e-9)


@pytest.fixture(scope="module")
def house() -> tuple[Pose, Pose]:
    if POSE_EVALUATION is None:
        pytest.skip("SIGNBENCH_PEER_POSE_EVALUATION is not set")
    folder = Path(POSE_EVALUATION) / "pose_evaluation/utils/test/test_data/mediapipe"
    first = load(folder / "standard_landmarks/colin-1-HOUSE.pose")
    second = load(folder / "refined_landmarks/colin-HOUSE-needs-trim.pose")
    return first, second.select(first.layout.joints)


def test_ndtwp_gives_the_value_of_pose_evaluation_on_its_own_data(house: tuple[Pose, Pose]) -> None:
    """4.1584510493 by its own code; its ``examples/Pose_Evaluation_Example.ipynb`` prints 4.158450855906123 (float32)."""
    assert value(Dtw(variant="ndtwp"), *house) == pytest.approx(4.1584510493, rel=1e-8)
    assert value(Dtw(variant="ndtwp", fill=1), *house) == value(Dtw(variant="ndtwp"), *house)


def test_dtwp_gives_the_value_of_pose_evaluation_on_its_own_data(house: tuple[Pose, Pose]) -> None:
    """1991.93458720359 and trimmed lengths 63 and 45 as printed in its ``examples/Pose_Evaluation_Example.ipynb``."""
    assert [len(range(side.frames)[signing_span(side)]) for side in house] == [63, 45]
    assert value(Dtw(variant="dtwp"), *house) == pytest.approx(1991.93458720359, rel=1e-12)


# --- Ham2Pose --------------------------------------------------------------------------------------------------------

ARMS = tuple(f"{side}_{joint}" for side in ("right", "left") for joint in ("shoulder", "elbow", "wrist"))
UPPER_BODY = ("nose", "neck", *ARMS, "mid_hip")


def plain_preparation(pose: Pose) -> list[Array]:
    """Trajectories with NaN for hidden points, by pose-format's own scaling and focus."""
    file = scaled_by_pose_format(made(pose.points[..., :2], pose.confidence, pose.layout))
    file.focus()
    confidence = np.where(pose.confidence <= 0.2, 0, pose.confidence)
    points = gapped(file.body.data[:, 0].data, confidence > 0)
    face = [position for position, part in enumerate(pose.layout.parts) if part == "face"]
    wrist_columns = pose.layout.index(["right_wrist", "left_wrist"])

    def good(frame: int) -> bool:
        enough = not face or sum(float(confidence[frame, position]) for position in face) > len(face) / 2
        return enough and any(confidence[frame, column] > 0 for column in wrist_columns)

    first = next((frame for frame in range(pose.frames) if good(frame)), 0)
    last = next((frame for frame in range(pose.frames - 1, first, -1) if good(frame)), pose.frames - 1)
    kept = points[first : last + 1]
    joints = [pose.layout.index([joint])[0] for joint in UPPER_BODY if joint in pose.layout] + hands(pose.layout)
    return [kept[:, joint] for joint in joints]


def masked_distance(first: Array, second: Array) -> float:
    if np.isnan(second).any():
        return 0.0
    return math.hypot(*second) / 2 if np.isnan(first).any() else math.dist(first, second)


def padded_error(first: Array, second: Array) -> float:
    frames = max(len(first), len(second))
    ours, theirs = (np.concatenate([side, np.zeros((frames - len(side), 2))]) for side in (first, second))
    errors = [math.dist(a, b) for a, b in zip(ours, theirs, strict=True)]
    return sum(0.0 if math.isnan(error) else error for error in errors) / frames


@pytest.mark.parametrize("name", SYNTHETIC)
def test_ham2pose_measures_are_those_of_plain_loops(name: str) -> None:
    trajectories = list(zip(*(plain_preparation(side) for side in synthetic(name)), strict=True))
    assert len(trajectories) == 51
    warped = np.mean([fastdtw(ours, theirs, dist=masked_distance)[0] for ours, theirs in trajectories])
    assert value(Dtw(variant="ham2pose"), *synthetic(name)) == pytest.approx(warped, rel=1e-9)
    padded = np.mean([padded_error(ours, theirs) for ours, theirs in trajectories])
    assert value(Nape(), *synthetic(name)) == pytest.approx(padded, rel=1e-9)


@real_data
@pytest.mark.parametrize("position", [4, 8, 13])
def test_ham2pose_measures_are_those_of_plain_loops_on_real_pairs(position: int) -> None:
    sides = real_pairs()[position]
    trajectories = list(zip(*(plain_preparation(side) for side in sides), strict=True))
    assert len(trajectories) == 48
    assert [len(side) for side in trajectories[0]] == [len(ham2pose_prepared(side, "side").points) for side in sides]
    warped = np.mean([fastdtw(ours, theirs, dist=masked_distance)[0] for ours, theirs in trajectories])
    assert value(Dtw(variant="ham2pose"), *sides) == pytest.approx(warped, rel=1e-9, abs=1e-12)
    padded = np.mean([padded_error(ours, theirs) for ours, theirs in trajectories])
    assert value(Nape(), *sides) == pytest.approx(padded, rel=1e-9, abs=1e-12)


# --- total distance --------------------------------------------------------------------------------------------------


def travelled(pose: Pose, wrist: str) -> float:
    path = zero_filled(pose)[:, pose.layout.index([wrist])[0]]
    return sum(math.dist(path[frame], path[frame + 1]) for frame in range(len(path) - 1))


def plain_total_distance(clips: list[tuple[Pose, Pose]]) -> float:
    ratios = []
    for wrist in ("left_wrist", "right_wrist"):
        ours, theirs = (np.mean([travelled(clip[side], wrist) for clip in clips]) for side in (0, 1))
        ratios.append(ours / theirs)
    return float(np.mean(ratios))


def test_total_distance_is_that_of_plain_loops() -> None:
    clips = [synthetic(name) for name in SYNTHETIC]
    metric = TotalDistance()
    assert metric.score(records(metric, clips), once(len(clips)))[0] == pytest.approx(plain_total_distance(clips), rel=1e-12)


@real_data
def test_total_distance_is_that_of_plain_loops_on_real_pairs() -> None:
    metric = TotalDistance()
    held = [metric.record([pair(*sides)]) for sides in real_pairs()]
    assert metric.score(held, once(16))[0] == pytest.approx(plain_total_distance(real_pairs()), rel=1e-12)
