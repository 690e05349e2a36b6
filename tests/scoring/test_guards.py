"""A submitter's choices cannot move a number under one signature: rates, picture sizes, masks, labels, numbers of frames."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import signbench
from signbench.errors import InputError
from signbench.media.pose import Pose
from signbench.media.pose_files import write_pose
from signbench.runs.fold import fold
from signbench.runs.protocol import Protocol
from signbench.runs.records import RecordFile
from signbench.runs.signature import parse
from signbench.runs.store import RecordStore
from signbench.scoring.measure import prepare
from tests.clips import moving_square, swaying_pose

POSE_METRICS = (
    "ape",
    "nape",
    "total-distance",
    *(f"dtw:variant={variant}" for variant in ("slrtp", "slrtp-fastdtw", "pt", "ham2pose", "dtwp", "ndtwp")),
)
IN_SHOULDER_WIDTHS = ("ape:normalise=shoulders", "nape", "dtw:variant=ham2pose", "dtw:variant=ndtwp")
FEATURE_METRICS = ("motion-fid", "diversity:pairs=all", "diversity:size=4")


def poses(fps: float | None = 25.0, clips: int = 3, **changes: Any) -> list[Pose]:
    return [dataclasses.replace(swaying_pose(10 + seed, seed), fps=fps, **changes) for seed in range(clips)]


def other_poses(fps: float | None = 25.0) -> list[Pose]:
    return [dataclasses.replace(swaying_pose(10 + seed, seed, noise=3.0), fps=fps) for seed in range(3)]


def files(folder: Path, clips: list[Pose], suffix: str = ".npz") -> Path:
    folder.mkdir(parents=True)
    for number, pose in enumerate(clips):
        write_pose(folder / f"{number}{suffix}", pose)
    return folder


def features(folder: Path, labels: list[str] | None, seed: int = 0) -> Path:
    folder.mkdir()
    np.save(folder / "all.npy", np.random.default_rng(seed).normal(size=(12, 4)))
    rows = [f"clip{number:02d}" + (f",{labels[number]}" if labels else "") for number in range(12)]
    (folder / "ids.csv").write_text("\n".join(["id,label" if labels else "id", *rows]) + "\n")
    return folder / "all.npy"


def measured(sides: Sequence[Any], *metrics: str) -> signbench.Result:
    references, predictions = sides
    return signbench.measure(references, predictions, metrics=metrics)


def signed(result: signbench.Result, key: str) -> list[str | None]:
    return [parse(signature).get(key) for signature in result.signatures.values()]


# --- rates -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*POSE_METRICS, "duration-ratio"])
@pytest.mark.parametrize("kind", ["in memory", "files"])
def test_stated_rates_that_differ_are_refused_by_every_metric_of_key_points(tmp_path: Path, name: str, kind: str) -> None:
    sides: list[Any] = [poses(25), poses(12.5)]
    if kind == "files":
        sides = [files(tmp_path / f"side{index}", poses(fps)) for index, fps in enumerate((25, 12.5))]
    with pytest.raises(InputError, match=r"the reference has 25 frames per second, the prediction 12\.5; convert both with `fps`"):
        measured(sides, name)


def test_fvd_refuses_rates_that_differ_and_the_only_rate_is_in_the_signature(tmp_path: Path) -> None:
    from signbench.media.video_writer import write_video

    for side, fps in (("references", 25), ("predictions", 50), ("equal", 25)):
        (tmp_path / side).mkdir()
        for clip in range(2):
            write_video(tmp_path / side / f"{clip}.mkv", iter(moving_square(20, seed=clip)), fps)
    name = "fvd:weights=random"
    with pytest.raises(InputError, match="the reference has 25 frames per second, the prediction 50"):
        signbench.measure(tmp_path / "references", tmp_path / "predictions", metrics=[name])
    assert signed(signbench.measure(tmp_path / "references", tmp_path / "equal", metrics=[name]), "rate") == ["25"]


@pytest.mark.parametrize(
    ("reference", "prediction", "rate"),
    [(25.0, 25.0, "25"), (None, None, "unstated"), (25.0, None, "25/unstated"), (None, 25.0, "unstated/25"), (30.0, 29.97, "30")],
)
def test_rates_are_in_the_signature_of_key_points_in_memory_too(
    reference: float | None, prediction: float | None, rate: str
) -> None:
    result = signbench.measure(poses(reference), poses(prediction), metrics=list(POSE_METRICS))
    assert signed(result, "rate") == [rate] * len(POSE_METRICS)


def test_many_rates_are_summarised_by_number_and_range_in_the_signature() -> None:
    clips = [dataclasses.replace(swaying_pose(10, seed), fps=20.0 + seed) for seed in range(6)]
    assert signed(signbench.measure(clips, clips, metrics=["dtw"]), "rate") == ["6 from 20 to 25"]
    assert signed(signbench.measure(clips[:3], clips[:3], metrics=["dtw"]), "rate") == ["20+21+22"]


@pytest.mark.parametrize("broken", [[0], [0, 1, 2]], ids=["one", "all"])
@pytest.mark.parametrize("how", ["no header", "no numbers"])
@pytest.mark.parametrize("name", ["dtw", "duration-ratio"])
def test_failed_clips_do_not_change_the_rate_and_unit_of_the_references(
    tmp_path: Path, broken: list[int], how: str, name: str
) -> None:
    clips = [dataclasses.replace(swaying_pose(10, seed), fps=20.0 + seed) for seed in range(3)]
    references, predictions = files(tmp_path / "r", clips, ".pose"), files(tmp_path / "p", clips, ".pose")
    whole = signbench.measure(references, predictions, metrics=[name])
    work = prepare(str(references), str(predictions), [name], Protocol())
    with RecordFile(None, write=True) as records:
        todo = work.todo(RecordStore([records]))
        for number in broken:
            path = predictions / f"{number}.pose"
            path.write_bytes(b"" if how == "no header" else path.read_bytes()[:-4])
        work.score(todo, records)
        result = fold(work.plan, RecordStore([records]))
    assert result[name].clips == 3 - len(broken)
    assert result[name].signature == whole[name].signature


def test_converted_rates_are_in_the_signature_as_the_target_rate() -> None:
    result = signbench.measure(poses(25), poses(50), metrics=["dtw"], fps=12.5)
    assert (signed(result, "rate"), signed(result, "fps")) == ([None], ["12.5"])


@pytest.mark.parametrize(("fps", "unit"), [(25.0, "seconds"), (None, "frames")])
def test_the_unit_of_durations_is_in_the_signature(fps: float | None, unit: str) -> None:
    result = signbench.measure(poses(fps), poses(fps), metrics=["duration-ratio"])
    assert (result["duration-ratio"].value, signed(result, "unit")) == (1.0, [unit])


def test_a_rate_nearly_equal_to_the_reference_s_does_not_move_a_duration() -> None:
    result = signbench.measure(poses(25), poses(25.2), metrics=["duration-ratio", "dtw"])
    assert (result["duration-ratio"].value, result["dtw"].duration_ratio) == (1.0, 1.0)
    assert signed(result, "rate") == ["25", "25"]


@pytest.mark.parametrize(("reference", "prediction"), [(25.0, None), (None, 25.0)])
def test_durations_in_seconds_and_in_frames_are_refused(reference: float | None, prediction: float | None) -> None:
    with pytest.raises(InputError, match="states no rate; declare it with `source_fps`"):
        signbench.measure(poses(reference), poses(prediction), metrics=["duration-ratio"])
    declared = signbench.measure(poses(reference), poses(prediction), metrics=["duration-ratio"], source_fps=25)
    assert (declared["duration-ratio"].value, signed(declared, "unit")) == (1.0, ["seconds"])


def test_the_ratio_of_durations_stands_beside_every_score_that_takes_any_lengths() -> None:
    longer = [swaying_pose(2 * (10 + seed), seed) for seed in range(3)]
    result = signbench.measure(poses(), longer, metrics=["dtw", "nape", "total-distance"])
    assert [score.duration_ratio for score in result.scores] == [2.0] * 3
    assert signbench.measure(poses(), poses(), metrics=["ape"])["ape"].duration_ratio is None


# --- sizes of pictures -----------------------------------------------------------------------------------------------


def halved(pose: Pose) -> Pose:
    return dataclasses.replace(pose, points=pose.points / np.float32(2), picture=(640, 360))


@pytest.mark.parametrize("suffix", [".pose", ".npz", None])
def test_key_points_of_pictures_of_two_sizes_are_refused_unless_shoulders_are_the_unit(tmp_path: Path, suffix: str | None) -> None:
    references = poses(picture=(1280, 720))
    clips = references, [halved(pose) for pose in references]
    sides: list[Any] = [files(tmp_path / str(index), side, suffix) if suffix else side for index, side in enumerate(clips)]
    for name in set(POSE_METRICS) - set(IN_SHOULDER_WIDTHS):
        with pytest.raises(
            InputError, match="a picture of 1280 x 720 pixels, the prediction's from 640 x 360; scale them to one size"
        ):
            measured(sides, name)
    result = measured(sides, *IN_SHOULDER_WIDTHS)
    assert [score.value for score in result.scores] == pytest.approx([0] * 4, abs=1e-5)


def test_a_size_that_only_one_side_states_is_not_a_difference(tmp_path: Path) -> None:
    sides = files(tmp_path / "a", poses(picture=(1280, 720)), ".pose"), files(tmp_path / "b", poses(), ".pose")
    assert signbench.measure(*sides, metrics=["dtw"])["dtw"].value == 0


# --- masks -----------------------------------------------------------------------------------------------------------


def with_holes(pose: Pose) -> tuple[np.ma.MaskedArray, Pose]:
    """Hides the left hand and more: as a masked array that keeps the values, and as a pose."""
    hidden = np.zeros(pose.confidence.shape, dtype=bool)
    hidden[:, pose.layout.index(pose.layout.part("left_hand"))] = True
    hidden[3:5, 20:40] = True
    mask = np.broadcast_to(hidden[..., None], pose.points.shape)
    points = np.where(mask, 0, pose.points).astype(np.float32)
    return np.ma.masked_array(pose.points, mask), dataclasses.replace(pose, points=points, confidence=(~hidden).astype(np.float32))


@pytest.mark.parametrize("form", ["masked", "with one person", "NaN", "float64", "masked pose", "pose"])
def test_masked_key_points_score_bit_for_bit_like_files_that_mark_them_as_missing(tmp_path: Path, form: str) -> None:
    masked, stated = zip(*(with_holes(pose) for pose in other_poses()), strict=True)
    names = [*POSE_METRICS, "duration-ratio"]
    from_files = signbench.measure(files(tmp_path / "r", poses()), files(tmp_path / "p", list(stated)), metrics=names)
    given: dict[str, list[Any]] = {
        "masked": list(masked),
        "with one person": [array[:, None] for array in masked],
        "NaN": [array.filled(np.nan) for array in masked],
        "float64": [array.astype(np.float64) for array in masked],
        "masked pose": [dataclasses.replace(pose, points=array) for pose, array in zip(other_poses(), masked, strict=True)],
        "pose": list(stated),
    }
    from_arrays = signbench.measure(poses(), given[form], metrics=names, layout="mediapipe-178", source_fps=25)
    assert [score.value for score in from_arrays.scores] == [score.value for score in from_files.scores]
    assert [score.seen for score in from_arrays.scores] == [score.seen for score in from_files.scores]
    assert from_files["ape"].seen is not None and from_files["ape"].seen < 0.9


def test_a_point_with_one_masked_coordinate_is_missing() -> None:
    pose = swaying_pose()
    array = np.ma.masked_array(pose.points, np.zeros(pose.points.shape, dtype=bool))
    array[2, 5, 1] = np.ma.masked
    result = signbench.measure([pose], [array], metrics=["ape"], layout="mediapipe-178")
    assert result["ape"].seen == pytest.approx(1 - 1 / pose.confidence.size)
    assert result["ape"].value is not None and result["ape"].value > 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"confidence": np.full((12, 178), -0.5, np.float32)}, "frame 0, joint 0 has the confidence -0.5"),
        ({"confidence": np.full((12, 178), np.nan, np.float32)}, "frame 0, joint 0 has the confidence nan"),
        ({"confidence": np.eye(12, 178, dtype=np.float32)}, "left hand moves but has confidence 0 in every frame"),
    ],
)
def test_key_points_in_memory_are_checked_as_files_are(change: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(InputError, match=rf"predictions\[0\]: .*{message}"):
        signbench.measure([swaying_pose()], [dataclasses.replace(swaying_pose(), **change)], metrics=["ape"])


@pytest.mark.parametrize("name", FEATURE_METRICS)
def test_features_with_a_masked_number_are_refused_and_an_empty_mask_is_accepted(name: str) -> None:
    vectors: list[Any] = list(np.random.default_rng(0).normal(size=(12, 4)))
    whole = [np.ma.masked_array(vector, np.zeros(4, dtype=bool)) for vector in vectors]
    holed = [np.ma.masked_array(vector, [False, True, False, False]) for vector in vectors]
    plain = signbench.measure(vectors, vectors, metrics=[name])
    assert signbench.measure(vectors, whole, metrics=[name]).as_json() == plain.as_json()
    with pytest.raises(InputError, match=r"predictions\[00\], number 1 is masked"):
        signbench.measure(vectors, holed, metrics=[name])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("name", FEATURE_METRICS)
def test_features_in_memory_give_the_result_of_their_files_to_the_byte(tmp_path: Path, name: str, dtype: type) -> None:
    sides = []
    arrays: list[dict[str, Any]] = []
    for side in ("references", "predictions"):
        (tmp_path / side).mkdir()
        vectors: dict[str, Any] = {
            f"clip{n:02d}": np.random.default_rng([n, len(side)]).normal(size=4).astype(dtype) for n in range(12)
        }
        for clip, vector in vectors.items():
            np.save(tmp_path / side / f"{clip}.npy", vector)
        sides.append(tmp_path / side)
        arrays.append(vectors)
    assert measured(sides, name).as_json() == measured(arrays, name).as_json()


def test_masked_pixels_are_refused() -> None:
    frames = moving_square()
    with pytest.raises(InputError, match=r"predictions\[0\] has masked pixels"):
        signbench.measure([frames], [np.ma.masked_less(frames, 30)], metrics=["l1"])
    assert signbench.measure([frames], [np.ma.masked_array(frames)], metrics=["l1"])["l1"].value == 0


# --- points that one side lacks --------------------------------------------------------------------------------------


def test_points_that_the_references_never_have_are_reported_with_the_score() -> None:
    references = [with_holes(pose)[1] for pose in poses()]
    far = [dataclasses.replace(pose, points=pose.points.copy()) for pose in poses()]
    for pose in far:
        pose.points[:, pose.layout.index(pose.layout.part("left_hand"))] += 999
    result = signbench.measure(references, far, metrics=["ape"])
    assert (result["ape"].value, result["ape"].seen) == (0.0, 1.0)
    hidden = sum((~reference.seen).sum() for reference in references)
    assert result["ape"].surplus == pytest.approx(hidden / sum(pose.confidence.size for pose in far))


@pytest.mark.parametrize("suffix", [".npz", ".pose"])
def test_a_part_without_visible_points_on_either_side_makes_the_clip_missing(tmp_path: Path, suffix: str) -> None:
    def blind(pose: Pose) -> Pose:
        confidence = pose.confidence.copy()
        confidence[:, pose.layout.index(pose.layout.part("hands", "face"))] = 0
        return dataclasses.replace(pose, confidence=confidence)

    for index, sides in enumerate(((poses(), [*poses()[:2], blind(poses()[2])]), ([*poses()[:2], blind(poses()[2])], poses()))):
        folders = [files(tmp_path / f"{index}{side}", list(clips), suffix) for side, clips in enumerate(sides)]
        (missing,) = measured(folders, "dtw")["dtw"].missing
        assert "moves but has confidence 0 in every frame" in missing.reason


# --- labels ----------------------------------------------------------------------------------------------------------


def test_labels_come_from_the_references_and_are_part_of_them(tmp_path: Path) -> None:
    groups = [["A", "B", "C"][number % 3] for number in range(12)]
    others = [["A", "B", "C"][number // 4] for number in range(12)]
    metric = "multimodality:pairs=all"
    plain, first, second = features(tmp_path / "plain", None), features(tmp_path / "1", groups), features(tmp_path / "2", others)
    made = features(tmp_path / "made", None, seed=1)
    scores = [signbench.measure(side, made, metrics=[metric]) for side in (first, second)]
    assert scores[0][metric].value != scores[1][metric].value
    assert signed(scores[0], "refs") != signed(scores[1], "refs")
    with pytest.raises(InputError, match=r"groups clips by the references' labels, and .* has none; add a column label"):
        signbench.measure(plain, features(tmp_path / "labelled", groups, seed=1), metrics=[metric])


def test_different_labels_on_the_two_sides_make_the_clip_missing(tmp_path: Path) -> None:
    groups = [["A", "B", "C"][number % 3] for number in range(12)]
    sides = features(tmp_path / "r", groups), features(tmp_path / "p", ["B", *groups[1:]], seed=1)
    (missing,) = signbench.measure(*sides, metrics=["multimodality:pairs=all"])["multimodality:pairs=all"].missing
    assert missing.reason == "clip clip00: its label is A, but that of the prediction is B; correct one of them."


def test_labels_in_memory_are_read_like_those_of_files(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("id,label\n0,gr\u00fc\u00df\n")
    (tmp_path / "p.csv").write_text("id,prediction\n0, gru\u0308\u00df \n")
    assert signbench.measure(tmp_path / "l.csv", tmp_path / "p.csv", metrics=["accuracy"])["accuracy"].value == 1
    assert signbench.measure(["gr\u00fc\u00df"], [" gru\u0308\u00df "], metrics=["accuracy"])["accuracy"].value == 1


def test_predicted_labels_do_not_change_the_classes() -> None:
    result = signbench.measure(["a", "a", "b"], ["a", "b", "b"], metrics=["accuracy:average=class"])
    assert result["accuracy:average=class"].value == pytest.approx((1 / 2 + 1) / 2)
    assert signed(result, "refs") == signed(signbench.measure(["a", "a", "b"], ["c"] * 3, metrics=["accuracy"]), "refs")


@pytest.mark.parametrize("average", ["instance", "class"])
@pytest.mark.parametrize("nothing", ["", [], ()])
def test_a_clip_without_predicted_labels_is_wrong_and_does_not_stop_the_run(average: str, nothing: Any) -> None:
    name = f"accuracy:average={average}"
    result = signbench.measure(["a", "b"], ["a", nothing], metrics=[name])
    assert (result[name].value, result[name].coverage, result.exit_code) == (0.5, 1.0, 0)
    (missing,) = signbench.measure([nothing, "b"], ["a", "b"], metrics=[name])[name].missing
    assert "needs the true label of each clip; the reference has none" in missing.reason


def test_an_empty_cell_is_wrong_and_the_message_for_a_missing_row_suggests_it(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("id,label\n1,a\n2,b\n")
    (tmp_path / "empty.csv").write_text("id,prediction\n1,a\n2,\n")
    (tmp_path / "fewer.csv").write_text("id,prediction\n1,a\n")
    assert signbench.measure(tmp_path / "labels.csv", tmp_path / "empty.csv", metrics=["accuracy"])["accuracy"].value == 0.5
    with pytest.raises(InputError, match=r"1 references have no prediction \(2\); add rows with an empty prediction"):
        signbench.measure(tmp_path / "labels.csv", tmp_path / "fewer.csv", metrics=["accuracy"])


# --- sample sizes of distances ------------------------------------------------------------------------------------


def test_the_number_of_predicted_frames_is_in_the_signature() -> None:
    names = ["fid:weights=random", "kid:size=2,subsets=2,weights=random"]
    clips = [moving_square(3, seed=seed) for seed in range(2)]
    shorter = signbench.measure(clips, [clip[:2] for clip in clips], metrics=names)
    whole = signbench.measure(clips, clips, metrics=names)
    assert (signed(shorter, "samples"), signed(whole, "samples")) == (["4/6"] * 2, ["6/6"] * 2)
    assert [score.duration_ratio for score in shorter.scores] == pytest.approx([2 / 3] * 2)


@pytest.mark.parametrize("name", ["fid:weights=random", "fvd:weights=random", "l1"])
def test_frames_of_two_sizes_are_refused_even_if_a_network_resizes_them(name: str) -> None:
    clips = [moving_square(20, seed=seed) for seed in range(2)]
    smaller = [clip[:, ::2, ::2].copy() for clip in clips]
    with pytest.raises(InputError, match=r"the reference is 32 x 24 pixels, the prediction 16 x 12; convert both with `size`"):
        signbench.measure(clips, smaller, metrics=[name])


def test_confidences_above_1_are_accepted_and_reported_with_the_score(tmp_path: Path) -> None:
    for side, factor in (("references", 1.0), ("predictions", 7.5)):
        (tmp_path / side).mkdir()
        for number, pose in enumerate(poses()):
            np.savez(
                tmp_path / side / f"{number}.npz",
                points=pose.points,
                confidence=pose.confidence * factor,
                layout="mediapipe-178",
                fps=25,
            )
    score = signbench.measure(tmp_path / "references", tmp_path / "predictions", metrics=["dtw"])["dtw"]
    assert (score.value, score.coverage) == (0.0, 1.0)
    assert score.note == f"confidences above 1 in the files, which count as 1: {(10 + 11 + 12) * 178}"
