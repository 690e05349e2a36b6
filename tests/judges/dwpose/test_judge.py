"""The judge, and what is said where a file, the package or the device is missing."""

from __future__ import annotations

import pickle
import sys

import numpy as np
import pytest
from onnx import TensorProto, helper

from signbench.errors import InputError
from signbench.judges import registry
from signbench.judges.base import JudgedClip
from signbench.judges.dwpose.judge import DWPose, points
from signbench.judges.dwpose.sessions import DETECTOR, ESTIMATOR, loaded
from signbench.weights.registry import registered
from tests.judges.dwpose import stand_in

SMALL = {"found": stand_in.detector((64, 64)), "estimated": stand_in.estimator((64, 48))}


def video(frames=3):
    return np.stack([stand_in.scene(60, 80, seed=seed) for seed in range(frames)])


@pytest.fixture
def small(monkeypatch, tmp_path):
    stand_in.put(monkeypatch, tmp_path, **SMALL)
    return tmp_path


def test_the_judge_gives_the_surest_person_s_points_and_hides_unsure_ones(small):
    judge = registry.create("dwpose")
    (answer,) = judge.observe([JudgedClip("a", frames=video(), fps=30.0)], ["pose"])
    pose = answer["pose"]
    wanted = np.stack([points(loaded(DETECTOR, "cpu"), loaded(ESTIMATOR, "cpu"), frame)[0] for frame in video()])
    seen = wanted[..., 2] >= 0.3
    assert (pose.layout.name, pose.fps, pose.picture, pose.frames) == ("dwpose-134", 30.0, (80, 60), 3)
    assert np.array_equal(pose.seen, seen) and 0 < seen.mean() < 1
    assert np.array_equal(pose.points[seen], wanted[seen, :2].astype(np.float32))
    assert np.array_equal(pose.confidence[seen], wanted[seen, 2].astype(np.float32))
    assert not pose.points[~seen].any()
    pose.check_finite()


def test_a_frame_s_points_do_not_depend_on_other_frames_or_clips(small):
    judge = DWPose()
    whole, last = (judge.observe([JudgedClip("a", frames=frames)], ["pose"])[0]["pose"] for frames in (video(), video()[-1:]))
    both = pickle.loads(pickle.dumps(judge)).observe([JudgedClip(name, frames=video()) for name in "ab"], ["pose"])
    assert np.array_equal(whole.points[-1:], last.points) and np.array_equal(whole.confidence[-1:], last.confidence)
    assert all(np.array_equal(answer["pose"].points, whole.points) for answer in both)


def test_a_confidence_above_1_counts_as_1(monkeypatch, tmp_path):
    stand_in.put(monkeypatch, tmp_path, **{**SMALL, "estimated": stand_in.estimator((64, 48), height=3.0)})
    pose = DWPose().observe([JudgedClip("a", frames=video())], ["pose"])[0]["pose"]
    assert pose.confidence.max() == 1
    assert pose.capped > 0


def test_the_signature_has_both_files_and_not_the_precision_of_other_judges(small):
    digests = [registered()[name].sha256[:12] for name in ("yolox-l", "dw-ll-ucoco-384")]
    first = DWPose().signed
    assert first.startswith("dwpose/1+") and first.endswith("+float32")
    assert DWPose(precision="bfloat16").signed == first
    assert not any(digest in first for digest in digests), "the stand-in's digests, not those of the published files"
    assert DWPose().needs == ("yolox-l", "dw-ll-ucoco-384")


def test_a_clip_without_frames_is_refused(small):
    with pytest.raises(InputError, match="clip a: the judge dwpose reads frames"):
        DWPose().observe([JudgedClip("a")], ["pose"])


def test_absent_files_are_named_with_the_command_that_fetches_them(monkeypatch, tmp_path):
    stand_in.put(monkeypatch, tmp_path, **SMALL)
    assert registry.lacking("dwpose") is None
    (tmp_path / "dw-ll_ucoco_384.onnx").unlink()
    assert registry.lacking("dwpose") == "signbench weights fetch dw-ll-ucoco-384"
    with pytest.raises(InputError, match=r"the weights dw-ll-ucoco-384 are not present .* run: signbench weights fetch dw-ll-"):
        str(DWPose().signed)
    (tmp_path / "yolox_l.onnx").unlink()
    command = "signbench weights fetch yolox-l dw-ll-ucoco-384"
    with pytest.raises(InputError, match=f"the weights of the judge dwpose are not present; run: {command}"):
        registry.create("dwpose")


def test_a_file_with_another_digest_is_not_loaded(small):
    (small / "yolox_l.onnx").write_bytes(stand_in.detector((64, 64), seed=3).SerializeToString())
    with pytest.raises(InputError, match=r"yolox_l\.onnx is not the registered file of the weights yolox-l"):
        loaded(DETECTOR, "cpu")


def of_any_size():
    given, made = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 3, "height", "width"]) for name in ("x", "y"))
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "any", [given], [made])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"yolox_l\.onnx cannot be loaded: .* Move it away and run: signbench weights fetch yolox-l"),
        (b"not a network", r"yolox_l\.onnx cannot be loaded: .* Move it away"),
        (stand_in.detector((64, 64)).SerializeToString()[:-200], r"yolox_l\.onnx cannot be loaded: .* Move it away"),
        (of_any_size(), r"it reads \[1, 3, 'height', 'width'\], not colour pictures of a fixed size"),
    ],
    ids=["an empty file", "text", "the first part of a network", "pictures of any size"],
)
def test_a_registered_file_that_is_no_such_network_is_refused(content, message, monkeypatch, tmp_path):
    stand_in.put(monkeypatch, tmp_path, found=content)
    with pytest.raises(InputError, match=message):
        loaded(DETECTOR, "cpu")


def test_a_device_that_onnxruntime_does_not_have_is_refused(small):
    with pytest.raises(InputError, match=r"device cuda:0 cannot be used: the installed onnxruntime has .*CPUExecutionProvider"):
        DWPose(device="cuda:0").observe([JudgedClip("a", frames=video())], ["pose"])


def test_without_onnxruntime_the_command_that_installs_it_is_named(small, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InputError, match=r'DWPose needs onnxruntime; run: pip install "signbench\[pose\]"'):
        loaded(DETECTOR, "cpu")
    assert DWPose.packages == {"onnxruntime": 'pip install "signbench[pose]"'}
