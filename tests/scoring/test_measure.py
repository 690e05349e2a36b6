from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

import signbench
from signbench.errors import InputError, NotComparableError
from signbench.media.pose_files import read_pose, write_pose
from signbench.media.video_writer import write_video
from signbench.metrics import registry as metrics
from signbench.metrics.pose import DurationRatio
from tests.cli.program import environment
from tests.clips import damaged_video, moving_square, pose_sides, swaying_pose, video_sides

FRAME_METRICS = ["l1", "psnr", "ssim", "ssim:window=uniform", "tcd:range=unit", "tcd:range=byte"]
POSE_METRICS = ["ape", "nape", "dtw", "dtw:fill=1,variant=ndtwp", "dtw:variant=pt", "total-distance", "duration-ratio"]


def result_bytes(folder):
    return (folder / "result.json").read_bytes()


def test_scores_come_in_the_requested_order_with_all_that_a_reader_needs(tmp_path):
    result = signbench.measure(*video_sides(tmp_path, clips=11), metrics=FRAME_METRICS)
    assert [score.metric for score in result.scores] == ["l1", "psnr", "ssim", "ssim:window=uniform", "tcd", "tcd:range=byte"]
    without = {
        "tcd": "the score is the same without any of the clips",  # 0 for every clip
        "tcd:range=byte": "the score hangs on too few clips for its error to be known",  # 0 for all but a few
    }
    for score in result.scores:
        assert (score.clips, score.coverage) == (11, 1.0)
        if score.metric in without:
            assert (score.interval, score.interval_note) == (None, without[score.metric])
        else:
            low, high = score.interval
            assert low < score.value < high
            assert score.interval_note == "bootstrap-t"
    assert all(score.std > 0 for score in result.scores if score.metric != "tcd")
    assert result["psnr"].unit == "dB"
    assert result["ssim"].direction == "higher"
    assert result["tcd:range=unit"] == result["tcd"]
    assert 0 <= result["tcd"].reference_value <= 1
    assert result.exit_code == 0


def test_key_points_are_scored_and_the_share_of_missing_ones_is_reported(tmp_path):
    result = signbench.measure(*pose_sides(tmp_path, clips=3), metrics=POSE_METRICS)
    for score in result.scores:
        assert score.value is not None
        assert score.seen == 1.0 or score.metric == "duration-ratio"
        assert score.interval is None
        assert "fewer than 10 clips" in score.interval_note
    assert result["duration-ratio"].value == 1.0
    assert result["total-distance"].reference_value == 1.0


def test_arrays_in_memory_score_like_their_files(tmp_path):
    references, predictions = video_sides(tmp_path, clips=3)
    from_files = signbench.measure(references, predictions, metrics=FRAME_METRICS)
    arrays = [[moving_square(seed=number, shift=shift) for number in range(3)] for shift in (0, 1)]
    from_arrays = signbench.measure(*arrays, metrics=FRAME_METRICS)
    assert [score.value for score in from_arrays.scores] == [score.value for score in from_files.scores]
    poses = {name: swaying_pose(seed=3) for name in "ab"}
    as_arrays = {name: pose.points for name, pose in poses.items()}
    by_pose = signbench.measure(poses, poses, metrics=["ape"])
    by_array = signbench.measure(as_arrays, as_arrays, metrics=["ape"], layout="mediapipe-178", source_fps=25)
    assert by_pose["ape"].value == by_array["ape"].value == 0


def test_a_pandas_table_has_one_row_per_metric(tmp_path):
    table = signbench.measure(*video_sides(tmp_path, clips=2), metrics=["ssim", "l1"]).to_pandas()
    assert list(table.index) == ["ssim", "l1"]
    assert table.loc["ssim", "value"] < 1
    assert {"low", "high", "std", "coverage", "signature"} <= set(table.columns)


@pytest.mark.parametrize("workers", [2, 3])
def test_the_result_is_byte_identical_for_any_number_of_workers(tmp_path, workers):
    sides = video_sides(tmp_path, clips=5)
    signbench.measure(*sides, metrics=FRAME_METRICS, out=tmp_path / "one")
    signbench.measure(*sides, metrics=FRAME_METRICS, out=tmp_path / "several", workers=workers)
    assert result_bytes(tmp_path / "one") == result_bytes(tmp_path / "several")


def test_the_result_does_not_depend_on_the_folder(tmp_path):
    sides = video_sides(tmp_path, clips=3)
    signbench.measure(*sides, metrics=FRAME_METRICS, out=tmp_path / "here")
    for side in sides:
        shutil.copytree(side, tmp_path / "elsewhere" / side.name)
    signbench.measure(
        tmp_path / "elsewhere" / "references", tmp_path / "elsewhere" / "predictions", metrics=FRAME_METRICS, out=tmp_path / "there"
    )
    assert result_bytes(tmp_path / "here") == result_bytes(tmp_path / "there")
    assert str(tmp_path).encode() not in result_bytes(tmp_path / "there")


def test_a_finished_run_resumes_without_reading_the_clips_again(tmp_path, monkeypatch):
    sides = video_sides(tmp_path, clips=3)
    signbench.measure(*sides, metrics=["ssim"], out=tmp_path / "run")
    before = result_bytes(tmp_path / "run")

    def refuse(*_, **__):
        raise AssertionError("a clip was read again")

    monkeypatch.setattr("signbench.media.video.read_frames", refuse)
    monkeypatch.setattr("signbench.media.video.probe_video", refuse)
    signbench.measure(*sides, metrics=["ssim"], out=tmp_path / "run")
    assert result_bytes(tmp_path / "run") == before


def test_a_result_can_be_recomputed_from_the_records_alone(tmp_path):
    sides = video_sides(tmp_path, clips=3)
    first = signbench.measure(*sides, metrics=["ssim", "tcd"], out=tmp_path / "run")
    before = result_bytes(tmp_path / "run")
    (tmp_path / "run" / "result.json").unlink()
    for side in sides:
        shutil.move(side, tmp_path / f"gone-{side.name}")
    from signbench.runs.folder import RunFolder
    from signbench.runs.plan import RunPlan
    from signbench.scoring.engine import finish

    folder = RunFolder(tmp_path / "run")
    assert finish(RunPlan.from_run(folder.read()), folder) == first
    assert result_bytes(tmp_path / "run") == before


def test_another_specification_in_the_same_folder_is_refused_and_fresh_moves_the_old_run_aside(tmp_path):
    sides = video_sides(tmp_path, clips=2)
    out = tmp_path / "run"
    signbench.measure(*sides, metrics=["l1"], out=out)
    with pytest.raises(InputError, match=r"different specification.*metrics"):
        signbench.measure(*sides, metrics=["ssim"], out=out)
    with pytest.raises(InputError, match="different specification"):
        signbench.measure(*sides, metrics=["l1"], out=out, size=(12, 16))
    old = result_bytes(out)
    signbench.measure(*sides, metrics=["ssim"], out=out, fresh=True)
    assert result_bytes(tmp_path / "run.old-1") == old
    assert json.loads(result_bytes(out))["scores"][0]["metric"] == "ssim"


def test_an_input_that_changed_is_refused_and_a_touched_one_is_not(tmp_path):
    references, predictions = video_sides(tmp_path, clips=2)
    out = tmp_path / "run"
    signbench.measure(references, predictions, metrics=["l1"], out=out)
    (predictions / "clip_001.mkv").touch()
    signbench.measure(references, predictions, metrics=["l1"], out=out)
    write_video(predictions / "clip_001.mkv", iter(moving_square(seed=99)), 25)
    with pytest.raises(InputError, match=r"clip_001\.mkv changed"):
        signbench.measure(references, predictions, metrics=["l1"], out=out)
    write_video(references / "clip_9.mkv", iter(moving_square()), 25)
    write_video(predictions / "clip_9.mkv", iter(moving_square()), 25)
    with pytest.raises(InputError, match="the clips changed"):
        signbench.measure(references, predictions, metrics=["l1"], out=out)


def test_a_subset_is_stated_in_the_result(tmp_path):
    sides = video_sides(tmp_path, clips=4)
    whole = signbench.measure(*sides, metrics=["l1"])
    limited = signbench.measure(*sides, metrics=["l1"], limit=2)
    chosen = signbench.measure(*sides, metrics=["l1"], clips=["clip_003", "clip_000"])
    assert whole.subset is None
    assert signbench.measure(*sides, metrics=["l1"], limit=4).subset is None
    assert (limited.subset.limit, limited.expected_clips) == (2, 2)
    assert chosen.subset.clips == ("clip_000", "clip_003")
    assert len({result["l1"].signature for result in (whole, limited, chosen)}) == 3


def test_a_clip_that_fails_while_scoring_is_missing_and_the_others_continue(tmp_path):
    references, predictions = video_sides(tmp_path, clips=12, frames=30)
    damaged = damaged_video(predictions / "clip_004.mkv")
    out = tmp_path / "run"
    result = signbench.measure(references, predictions, metrics=["l1", "ssim"], out=out)
    assert result.exit_code == 3
    assert result.status == "incomplete"
    score = result["ssim"]
    assert (score.clips, score.coverage) == (11, 11 / 12)
    assert [(clip.clip, clip.counted_as) for clip in score.missing] == [("clip_004", "worst value")]
    assert "clip_004.mp4" in score.missing[0].reason
    assert str(tmp_path) not in score.missing[0].reason
    healthy = signbench.measure(references, predictions, metrics=["ssim"], clips=[f"clip_{n:03d}" for n in range(12) if n != 4])
    assert score.value == pytest.approx(healthy["ssim"].value * 11 / 12)
    damaged.unlink()
    write_video(damaged.with_suffix(".mkv"), iter(moving_square(30, seed=4, shift=1)), 25)
    repaired = signbench.measure(references, predictions, metrics=["l1", "ssim"], out=out)
    assert repaired.exit_code == 0
    assert repaired.scores == signbench.measure(references, predictions, metrics=["l1", "ssim"]).scores


def test_a_reference_that_fails_is_left_out_and_not_counted_against_the_prediction(tmp_path):
    references, predictions = video_sides(tmp_path, clips=3, frames=30)
    damaged_video(references / "clip_001.mkv")
    score = signbench.measure(references, predictions, metrics=["l1"])["l1"]
    assert (score.clips, score.missing[0].counted_as) == (2, "left out")


@pytest.mark.parametrize("spoil", ["nan", "infinite", "unseen"])
def test_key_points_that_are_not_numbers_make_their_clip_missing_and_never_perfect(tmp_path, spoil):
    references, predictions = pose_sides(tmp_path, clips=3)
    pose = read_pose(predictions / "clip_001.pose")
    if spoil == "unseen":
        pose.confidence[:] = 0
    else:
        pose.points[3, 5] = np.nan if spoil == "nan" else np.inf
    np.savez(predictions / "clip_001.npz", points=pose.points, confidence=pose.confidence, fps=25.0, layout="mediapipe-178")
    (predictions / "clip_001.pose").unlink()
    result = signbench.measure(references, predictions, metrics=["ape", "dtw"])
    assert result.exit_code == 3
    for score in result.scores:
        assert score.clips == 2
        assert [clip.clip for clip in score.missing] == ["clip_001"]
        assert np.isfinite(score.value)
    assert ("no key point is seen" if spoil == "unseen" else "frame 3") in result["ape"].missing[0].reason


def test_a_run_in_which_no_clip_can_be_measured_has_no_scores(tmp_path):
    references, predictions = pose_sides(tmp_path, clips=2)
    for path in predictions.iterdir():
        pose = read_pose(path)
        pose.confidence[:] = 0
        write_pose(path, pose)
    result = signbench.measure(references, predictions, metrics=["ape"])
    assert result.exit_code == 4
    assert result["ape"].value is None
    assert result["ape"].note == "no clip could be measured"


def test_lengths_sizes_and_rates_that_differ_stop_before_the_work_starts(tmp_path):
    references, predictions = video_sides(tmp_path, clips=3)
    write_video(predictions / "clip_000.mkv", iter(moving_square(5)), 25)
    with pytest.raises(InputError, match=r"clip_000.*8 frames, the prediction 5.*`frames="):
        signbench.measure(references, predictions, metrics=["l1"], out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
    result = signbench.measure(references, predictions, metrics=["l1"], frames="truncate")
    assert result["l1"].duration_ratio == pytest.approx((1 + 1 + 5 / 8) / 3)
    assert signbench.measure(references, predictions, metrics=["l1"], frames="resample")["l1"].value > 0
    write_video(predictions / "clip_000.mkv", iter(moving_square(8, height=20)), 25)
    with pytest.raises(InputError, match=r"32 x 24 pixels, the prediction 32 x 20.*`size`"):
        signbench.measure(references, predictions, metrics=["l1"])
    assert signbench.measure(references, predictions, metrics=["ssim"], size=(16, 20))["ssim"].coverage == 1
    write_video(predictions / "clip_000.mkv", iter(moving_square(8)), 50)
    with pytest.raises(InputError, match=r"25 frames per second, the prediction 50.*`fps`"):
        signbench.measure(references, predictions, metrics=["l1"])
    assert signbench.measure(references, predictions, metrics=["l1"], fps=25, frames="truncate")["l1"].duration_ratio < 1


def test_ids_without_a_partner_are_named(tmp_path):
    references, predictions = video_sides(tmp_path, clips=3)
    (predictions / "clip_001.mkv").rename(predictions / "clip_1.mkv")
    with pytest.raises(InputError, match=r"no prediction \(clip_001\).*no reference \(clip_1\)"):
        signbench.measure(references, predictions, metrics=["l1"])


def test_sides_without_the_files_that_a_metric_needs_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"no key points, which ape measures"):
        signbench.measure(*video_sides(tmp_path / "videos", clips=2), metrics=["ape"])
    with pytest.raises(InputError, match=r"no video, which ssim measures"):
        signbench.measure(*pose_sides(tmp_path / "poses", clips=2), metrics=["ssim"])


def test_layouts_are_matched_by_name_or_refused(tmp_path):
    references, predictions = pose_sides(tmp_path, clips=1)
    write_pose(references / "clip_000.pose", swaying_pose(name="mediapipe-178"))
    write_pose(predictions / "clip_000.pose", swaying_pose(name="mediapipe-178", dimensions=2))
    with pytest.raises(InputError, match=r"3 coordinates per point, the prediction 2"):
        signbench.measure(references, predictions, metrics=["ape"])
    (predictions / "clip_000.pose").unlink()
    write_pose(predictions / "clip_000.npz", swaying_pose(name="pt-50"))
    with pytest.raises(InputError, match=r"pt-50 lacks \d+ joints"):
        signbench.measure(references, predictions, metrics=["ape"])


@pytest.mark.parametrize(
    ("metrics", "words"),
    [
        (["sim"], r"no metric sim.*ssim"),
        (["ssim:windows=uniform"], r"no parameter windows.*window"),
        (["ssim:window=round"], r"cannot be 'round'"),
        (["ssim:window"], r"not key=value"),
        (["tcd:threshold=x"], r"number"),
        (["dtw:fill=1"], r"fill"),
        ([], r"no metric"),
    ],
)
def test_the_message_for_unknown_metrics_and_parameters_suggests_the_nearest(tmp_path, metrics, words):
    with pytest.raises(InputError, match=words):
        signbench.measure([moving_square()], [moving_square()], metrics=metrics)


@pytest.mark.parametrize(
    ("references", "words"),
    [
        ([np.zeros((3, 8, 8, 3), np.float32)], "float32"),
        ([np.zeros((3, 8, 8), np.uint8)], "uint8"),
        ([], "empty"),
        (7, "path, a list"),
        ({"../a": moving_square()}, "out of its folder"),
    ],
)
def test_arrays_that_are_neither_frames_nor_key_points_are_refused(references, words):
    with pytest.raises(InputError, match=words):
        signbench.measure(references, [moving_square()], metrics=["l1"])


def test_an_empty_folder_measures_nothing(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotComparableError):
        signbench.measure(tmp_path / "empty", tmp_path / "empty", metrics=["l1"])


def test_the_per_clip_table_has_a_row_per_clip_and_metric(tmp_path):
    import pandas as pd

    result = signbench.measure(*video_sides(tmp_path, clips=3), metrics=["l1", "ssim"], out=tmp_path / "run")
    rows = pd.read_parquet(tmp_path / "run" / "per_clip.parquet")
    assert len(rows) == 6
    assert rows[rows.metric == "ssim"].value.mean() == pytest.approx(result["ssim"].value)


def test_a_result_conforms_to_the_shipped_schema(tmp_path):
    import jsonschema

    from signbench.schemas import schema_file

    shipped = json.loads(schema_file("result").read_text())
    signbench.measure(*video_sides(tmp_path, clips=2), metrics=["l1", "tcd"], out=tmp_path / "run")
    content = json.loads(result_bytes(tmp_path / "run"))
    jsonschema.validate(content, shipped)
    content["scores"][0]["surprise"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, shipped)


def test_one_frame_and_odd_sizes_are_measured(tmp_path):
    references, predictions = video_sides(tmp_path, clips=2, frames=1, height=23, width=31)
    result = signbench.measure(references, predictions, metrics=["l1", "psnr", "ssim", "duration-ratio"])
    assert result.exit_code == 0
    assert result["duration-ratio"].value == 1
    with pytest.raises(InputError, match=r"clip_000.*tcd.*3 frames"):
        signbench.measure(references, predictions, metrics=["l1", "tcd"])
    one = [swaying_pose(frames=1)]
    names = ["ape", "nape", "total-distance", "dtw", "dtw:variant=pt", "dtw:variant=ham2pose", "dtw:variant=dtwp"]
    scores = {score.metric: score for score in signbench.measure(one, one, metrics=names).scores}
    assert scores.pop("total-distance").note == "the measured clips leave the score undefined"
    assert {score.value for score in scores.values()} == {0.0}


def test_frames_smaller_than_the_window_are_refused_before_the_work_starts(tmp_path):
    references, predictions = video_sides(tmp_path, clips=2, height=20, width=20)
    with pytest.raises(InputError, match=r"ssim.*11 x 11.*10 x 9"):
        signbench.measure(references, predictions, metrics=["ssim"], size=(9, 10))
    uniform = signbench.measure(references, predictions, metrics=["ssim:window=uniform"], size=(9, 10))
    assert uniform.scores[0].value < 1


def test_half_the_rate_equals_every_second_frame(tmp_path):
    references, predictions = video_sides(tmp_path / "whole", clips=2, frames=9)
    poses = pose_sides(tmp_path / "poses", clips=2, frames=9)
    for side in ("references", "predictions"):
        (tmp_path / "half" / side).mkdir(parents=True)
    for number in range(2):
        for side, shift in (("references", 0), ("predictions", 1)):
            frames = moving_square(9, seed=number, shift=shift)[::2]
            write_video(tmp_path / "half" / side / f"clip_{number:03d}.mkv", iter(frames), 12.5)
            pose = read_pose(poses[shift] / f"clip_{number:03d}.pose")
            every_second = signbench.Pose(pose.points[::2], pose.confidence[::2], pose.layout, 12.5)
            write_pose(tmp_path / "half" / side / f"clip_{number:03d}.pose", every_second)
    half = (tmp_path / "half" / "references", tmp_path / "half" / "predictions")
    for chosen, whole in ((["ssim", "l1"], (references, predictions)), (["dtw", "ape"], poses)):
        converted = signbench.measure(*whole, metrics=chosen, fps=12.5)
        every = signbench.measure(*half, metrics=chosen)
        assert [score.value for score in converted.scores] == [score.value for score in every.scores]


@pytest.mark.parametrize("module", ["signbench.scoring.measure", "signbench.scoring.torchmetric"])
def test_the_examples_of_the_documentation_are_correct(module):
    import doctest
    import importlib

    ran = doctest.testmod(importlib.import_module(module))
    assert ran.attempted > 0
    assert ran.failed == 0


SCRIPT = """
import signbench
{guard}print(signbench.measure({references!r}, {predictions!r}, metrics=["dtw"], workers=2)["dtw"].clips)
"""


@pytest.mark.parametrize(
    ("guard", "code", "said"), [("", 1, "under 'if __name__ == \"__main__\":'"), ("if __name__ == '__main__':\n    ", 0, "")]
)
def test_a_script_without_a_main_guard_is_refused_if_it_requests_workers(guard, code, said, tmp_path):
    references, predictions = map(str, pose_sides(tmp_path, clips=3))
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(guard=guard, references=references, predictions=predictions))
    ran = subprocess.run([sys.executable, script], env=environment(), capture_output=True, text=True, timeout=240, check=False)
    assert ran.returncode == code, ran.stderr
    assert said in ran.stderr
    assert "bootstrapping" not in ran.stderr
    assert ran.stdout == ("" if code else "3\n")


class Nasty(DurationRatio):
    """A custom metric that does what a class attribute says."""

    name = "nasty"
    what = None

    def recorder(self):
        if Nasty.what is not None:
            raise Nasty.what
        return super().recorder()

    def score(self, records, weights):
        if Nasty.what is not None:
            raise Nasty.what
        return super().score(records, weights)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (SystemExit(0), "it tried to end the program: sys.exit(0)"),
        (ValueError("no idea"), "nasty: ValueError: no idea"),
        (KeyboardInterrupt(), "it raised KeyboardInterrupt"),
    ],
)
def test_an_exception_of_a_custom_metric_is_its_clip_s_failure(error, said, tmp_path, monkeypatch):
    monkeypatch.setitem(metrics.METRICS.built_in, "nasty", f"{__name__}:Nasty")
    monkeypatch.setattr(Nasty, "what", error)
    result = signbench.measure(*pose_sides(tmp_path, clips=3), metrics=["dtw", "nasty"])
    assert result["dtw"].coverage == 1
    assert (result["nasty"].value, result["nasty"].coverage) == (None, 0)
    assert said in result["nasty"].missing[0].reason


def test_an_exception_of_a_custom_metric_in_its_fold_is_bad_input(tmp_path, monkeypatch):
    monkeypatch.setitem(metrics.METRICS.built_in, "nasty", f"{__name__}:Nasty")
    monkeypatch.setattr(Nasty, "score", lambda *_: sys.exit(0))
    with pytest.raises(InputError, match=r"metric nasty cannot fold its records: it tried to end the program: sys.exit\(0\)"):
        signbench.measure(*pose_sides(tmp_path, clips=3), metrics=["nasty"])
