"""Key points that a copy lacks are made once, kept, and used."""

from __future__ import annotations

import json
import pickle

import pytest

from signbench.cli.main import main
from signbench.corpora import registry
from signbench.corpora.lsa64 import LSA64
from signbench.errors import InputError
from signbench.judges import registry as judges
from signbench.media.pose_files import read_pose, write_pose
from signbench.scoring.preparing import prepare_points
from tests.clips import swaying_pose
from tests.corpora import trees
from tests.judges.dwpose import stand_in

CLIPS = {"057_001_001", "057_001_002"}


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return trees.lsa64(tmp_path / "copy", signs=(57,), signers=1)


def test_key_points_are_made_kept_and_used(root, tmp_path):
    (done,) = prepare_points(LSA64(root), tmp_path / "points", "pose-estimator", splits=("test",), limit=3)
    assert (done.split, done.made, done.there) == ("test", 2, 0)
    assert done.failed == {"057_001_003": "clip 057_001_003 has no video for the judge pose-estimator."}
    judge = judges.create("pose-estimator").signed
    assert json.loads((tmp_path / "points/made-by.json").read_text()) == {"judge": judge}
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / "points/test").iterdir()}
    assert {name.removesuffix(".npz") for name in before} == CLIPS

    (done,) = prepare_points(LSA64(root), tmp_path / "points", "pose-estimator", splits=("test",), limit=2)
    assert (done.made, done.there) == (0, 2)
    assert {path.name: path.stat().st_mtime_ns for path in (tmp_path / "points/test").iterdir()} == before

    (tmp_path / "corpora.yaml").write_text("lsa64: {root: copy, points: points}\n", "utf-8")
    corpus = pickle.loads(pickle.dumps(registry.corpus("lsa64")))
    pose = corpus.clip("057_001_001").pose.pose(None)
    assert pose.layout.name == read_pose(tmp_path / "points/test/057_001_001.npz").layout.name
    assert corpus.clip("057_001_003").pose is None
    assert corpus.sources()["key points"] == f"by {judge}"
    assert registry.corpus("lsa64", root).clip("057_001_001").pose is None


def test_dwpose_s_points_are_made_at_the_video_s_own_rate_and_size_and_kept(root, tmp_path, monkeypatch, capsys):
    stand_in.put(monkeypatch, tmp_path / "weights", found=stand_in.detector((64, 64)), estimated=stand_in.estimator((64, 48)))
    words = ["corpora", "prepare", "lsa64", "--root", str(root), "--out", "points", "--estimator", "dwpose", "--split", "test"]
    monkeypatch.setattr("sys.argv", ["signbench", *words, "--limit", "2", "--json", "--no-progress"])
    for made, there in ((2, 0), (0, 2)):
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        assert json.loads(capsys.readouterr().out) == [{"split": "test", "made": made, "there": there, "failed": {}}]
    clip = LSA64(root, tmp_path / "points").clip("057_001_001")
    video, pose = clip.video.probe(None), clip.pose.pose(None)
    assert (pose.layout.name, pose.fps, pose.frames) == ("dwpose-134", video.fps, video.frames)
    assert LSA64(root, tmp_path / "points").sources()["key points"] == f"by {judges.create('dwpose').signed}"


def test_processes_share_the_clips(root, tmp_path, monkeypatch):
    for name, value in {"WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"}.items():
        monkeypatch.setenv(name, value)
    for rank in (0, 1):
        monkeypatch.setenv("RANK", str(rank))
        (done,) = prepare_points(LSA64(root), tmp_path / "points", "pose-estimator", splits=("test",), limit=2)
        assert (done.made, len(list((tmp_path / "points/test").iterdir()))) == (1, rank + 1)


@pytest.mark.parametrize(
    ("estimator", "splits", "limit", "message"),
    [
        ("slt", ("test",), 1, "the judge slt does not find key points in videos; use pose-estimator or dwpose"),
        ("pose-estimater", ("test",), 1, "Did you mean pose-estimator"),
        ("pose-estimator", ("tset",), 1, "the media of lsa64 are in the splits train, test, not in tset"),
        ("pose-estimator", ("test",), 0, "`limit` must be at least 1, not 0"),
    ],
)
def test_what_cannot_be_prepared_is_refused_and_nothing_is_written(estimator, splits, limit, message, root, tmp_path):
    with pytest.raises(InputError, match=message):
        prepare_points(LSA64(root), tmp_path / "points", estimator, splits=splits, limit=limit)
    assert not (tmp_path / "points").exists()


def test_key_points_of_two_judges_are_not_mixed(root, tmp_path):
    (tmp_path / "points").mkdir()
    (tmp_path / "points/made-by.json").write_text('{"judge": "another/1"}')
    with pytest.raises(InputError, match=r"points holds key points by another/1, not by pose-estimator\S+; choose another `out`"):
        prepare_points(LSA64(root), tmp_path / "points", "pose-estimator", splits=("test",))
    (tmp_path / "points/made-by.json").unlink()
    (tmp_path / "points/other.txt").write_text("x")
    with pytest.raises(InputError, match="points holds other files; choose another `out`"):
        prepare_points(LSA64(root), tmp_path / "points", "pose-estimator", splits=("test",))


def test_key_points_from_elsewhere_are_used_too(root, tmp_path):
    (tmp_path / "mine/test").mkdir(parents=True)
    write_pose(tmp_path / "mine/test/057_001_001.pose", swaying_pose(8, name="mediapipe-178"))
    clip = LSA64(root, tmp_path / "mine").clip("057_001_001")
    assert (clip.pose.probe(None).frames, clip.pose.probe(None).layout.name) == (8, "mediapipe-178")
    assert LSA64(root, tmp_path / "mine").sources() == LSA64(root).source()
