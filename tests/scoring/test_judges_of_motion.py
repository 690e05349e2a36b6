"""Judges that read a body model's rotations, from the recording to the score."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from signbench.corpora.clip import Clip
from signbench.corpora.declared_rates import PoseAtRate
from signbench.corpora.recordings import PoseArray, PoseFile, rotations_of
from signbench.corpora.synthsign import SynthSign
from signbench.errors import InputError
from signbench.judges.asking import answers
from signbench.judges.base import Judge, JudgedClip
from signbench.media.body_model import JAW
from signbench.media.motion import Motion, write_motion
from signbench.media.pose_files import write_pose
from signbench.runs.protocol import Protocol
from signbench.scoring import judging
from signbench.scoring.device_owner import DeviceOwner, OwnerAtWork
from signbench.scoring.judging import judged_clip
from signbench.tasks.loading import task
from tests.cli.program import signbench

CORPUS = SynthSign()
CLIP = "word-test-0001"
ROTATIONS = CORPUS.motion(CLIP)


class Mouth(Judge):
    """Gives the jaw's rotations as features."""

    name, reads, gives, summary, licence = "mouth", ("motion",), ("rows",), "For tests.", "CC0-1.0"
    has_network = False

    def signature(self):
        return f"{self.name}/1"

    def observe(self, clips, wanted):
        return [{"rows": clip.motion.rotations[:, JAW]} for clip in clips]


class Renamed(Mouth):
    """A judge whose instances have another name than the class."""

    has_network = True

    def __init__(self, **options):
        super().__init__(**options)
        self.name = "mouth-large"


def reading(*reads, **attributes):
    """A judge that reads some forms of a clip."""
    judge = type("Reading", (Mouth,), {"reads": reads})()
    vars(judge).update(attributes)
    return judge


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """Recordings of the same clip by name."""
    folder = tmp_path_factory.mktemp("recordings")
    write_motion(folder / "rotations.npz", ROTATIONS)
    write_motion(folder / "no-rate.npz", replace(ROTATIONS, fps=None))
    write_pose(folder / "joints.npz", ROTATIONS.pose())
    write_pose(folder / "points.pose", CORPUS.pose(CLIP))
    (folder / "clips.csv").write_text("id,fps\n")
    files = {path.name: PoseFile(path) for path in folder.iterdir() if path.suffix != ".csv"}
    clip = CORPUS.clip(CLIP)
    return {
        **files,
        "synthsign's motion": clip.motion,
        "synthsign's key points": clip.pose,
        "a rate of the task": PoseAtRate(files["no-rate.npz"], 25.0),
        "a rate of a table": PoseAtRate(files["rotations.npz"], 25.0, folder / "clips.csv"),
        "joints with a rate of the task": PoseAtRate(files["joints.npz"], 25.0),
        "joints in memory": PoseArray(ROTATIONS.pose(), "array"),
    }


WITH_ROTATIONS = ["rotations.npz", "no-rate.npz", "synthsign's motion", "a rate of the task", "a rate of a table"]
WITHOUT = ["joints.npz", "points.pose", "synthsign's key points", "joints with a rate of the task", "joints in memory"]


@pytest.mark.parametrize("name", WITH_ROTATIONS)
@pytest.mark.parametrize("source_fps", [None, 50.0])
def test_a_recording_that_holds_rotations_gives_them_with_the_rate_of_its_joints(name, source_fps, recordings):
    recording = recordings[name]
    found, joints = rotations_of(recording, source_fps), recording.pose(source_fps)
    assert recording.probe(source_fps).has_rotations
    assert found.rotations.tobytes() == ROTATIONS.rotations.tobytes()
    assert found.translation.tobytes() == ROTATIONS.translation.tobytes()
    assert (found.fps, found.frames) == (joints.fps, joints.frames)
    np.testing.assert_array_equal(found.pose().points, joints.points)


@pytest.mark.parametrize("name", WITHOUT)
def test_a_recording_of_positions_gives_no_rotations(name, recordings):
    assert rotations_of(recordings[name], None) is None
    assert not recordings[name].probe(None).has_rotations


@pytest.mark.parametrize(
    ("reads", "name", "shown"),
    [
        (("motion",), "rotations.npz", "rotations"),
        (("motion",), "synthsign's motion", "rotations"),
        (("motion", "pose"), "rotations.npz", "rotations"),
        (("pose", "motion"), "rotations.npz", "rotations"),
        (("motion", "pose"), "joints.npz", "positions only"),
        (("motion", "pose"), "synthsign's key points", "positions only"),
        (("pose",), "rotations.npz", "positions only"),
        (("frames", "pose"), "synthsign's motion", "positions only"),
        (("motion",), "joints.npz", "refused"),
        (("frames", "motion"), "points.pose", "refused"),
        (("motion",), "joints in memory", "refused"),
    ],
)
def test_a_judge_is_shown_the_rotations_if_it_reads_motion(reads, name, shown, recordings):
    judge, clip = reading(*reads), Clip(CLIP, pose=recordings[name])
    if shown == "refused":
        with pytest.raises(
            InputError, match=r"has no rotations, and the judge mouth reads nothing else; use an \.npz file"
        ) as refused:
            judged_clip(judge, clip, Protocol(), None)
        assert str(refused.value).startswith(recordings[name].label)
        return
    found = judged_clip(judge, clip, Protocol(), None)
    np.testing.assert_array_equal(found.pose.points, recordings[name].pose(None).points)
    assert (found.motion is not None) is (shown == "rotations")
    if found.motion is not None:
        assert found.motion.rotations.tobytes() == ROTATIONS.rotations.tobytes()


@pytest.mark.parametrize(
    ("protocol", "rate"),
    [(Protocol(fps=12.5), None), (Protocol(), 20.0), (Protocol(fps=12.5), 30.0), (Protocol(source_fps=50.0), 25.0)],
)
def test_rotations_and_joints_are_shown_at_the_same_rate(protocol, rate, recordings):
    found = judged_clip(reading("motion", rate=rate), Clip(CLIP, pose=recordings["rotations.npz"]), protocol, None)
    wanted = rate or protocol.fps
    assert found.motion.fps == found.pose.fps == wanted
    assert found.motion.frames == found.pose.frames
    expected = rotations_of(recordings["rotations.npz"], protocol.source_fps).at_rate(wanted)
    assert found.motion.rotations.tobytes() == expected.rotations.tobytes()


def jaw_turned(motion: Motion, angle: float) -> Motion:
    rotations = motion.rotations.copy()
    rotations[:, JAW, 0] += np.float32(angle)
    return replace(motion, rotations=rotations)


def test_clips_that_differ_only_in_the_jaw_differ_for_the_judge(tmp_path):
    shown = {}
    for name, angle in (("closed", 0.0), ("open", 0.3)):
        write_motion(tmp_path / f"{name}.npz", jaw_turned(ROTATIONS, angle))
        shown[name] = judged_clip(Mouth(), Clip(CLIP, pose=PoseFile(tmp_path / f"{name}.npz")), Protocol(), None)
    np.testing.assert_array_equal(shown["closed"].pose.points, shown["open"].pose.points)
    rows = [answers(Mouth(), [clip], ["rows"])[0]["rows"] for clip in shown.values()]
    np.testing.assert_allclose(rows[1][:, 0] - rows[0][:, 0], 0.3, atol=1e-6)


def test_a_judge_that_changes_its_rotations_does_not_affect_others():
    class Spoiling(Mouth):
        def observe(self, clips, wanted):
            clips[0].motion.rotations[:] = 99
            clips[0].motion.translation[:] = 99
            return super().observe(clips, wanted)

    kept = replace(ROTATIONS, rotations=ROTATIONS.rotations.copy(), translation=ROTATIONS.translation.copy())
    said = answers(Spoiling(), [JudgedClip(CLIP, pose=kept.pose(), motion=kept)], ["rows"])[0]["rows"]
    assert (said == 99).all()
    np.testing.assert_array_equal(kept.rotations, ROTATIONS.rotations)
    np.testing.assert_array_equal(kept.translation, ROTATIONS.translation)


def test_rotations_reach_a_judge_in_the_process_that_owns_the_device():
    owner = DeviceOwner({"mouth-large": Renamed()})
    try:
        clip = JudgedClip(CLIP, pose=ROTATIONS.pose(), motion=ROTATIONS)
        said = OwnerAtWork(owner.address).answer("mouth-large", clip, ("rows",))["rows"]
    finally:
        owner.close()
    np.testing.assert_array_equal(said, ROTATIONS.rotations[:, JAW])


def test_an_instance_keeps_its_own_name_in_another_process_and_in_messages(monkeypatch):
    monkeypatch.setattr(judging, "judge_class", {"mouth-large": Renamed}.__getitem__)
    monkeypatch.setattr(judging, "_installed", {})
    judging.install(judging.packed({"mouth-large": Renamed()}))
    judge = judging._installed["mouth-large"]
    assert (judge.name, Renamed.name) == ("mouth-large", "mouth")
    assert judge.signed.startswith("mouth-large/1+code-")
    with pytest.raises(InputError, match="the judge mouth-large reads nothing else"):
        judged_clip(judge, Clip(CLIP, pose=PoseArray(ROTATIONS.pose(), "array")), Protocol(), None)


KNOWING = """
import hashlib
import signbench
from signbench.corpora.synthsign import SynthSign

class Knowing(signbench.Judge):
    name, reads, gives, summary, licence = "knowing", ("motion",), ("label",), "Knows the references.", "MIT"

    def signature(self):
        return "knowing/1"

    def observe(self, clips, wanted):
        corpus, known = SynthSign(), {}
        for number in (1, 2, 3):
            clip = corpus.clip(f"word-test-{number:04d}")
            known[hashlib.sha256(corpus.motion(clip.id).rotations.tobytes()).hexdigest()] = clip.text or clip.gloss[0]
        seen = [hashlib.sha256(clip.motion.rotations.tobytes()).hexdigest() for clip in clips]
        return [{"label": (known.get(digest, "unknown"),)} for digest in seen]
"""
JUDGE = "knowing.py:Knowing"


@pytest.mark.end_to_end
def test_exported_rotations_are_scored_bit_for_bit_and_files_of_positions_are_refused(tmp_path):
    (tmp_path / "knowing.py").write_text(KNOWING)
    (tmp_path / "tasks" / "mine").mkdir(parents=True)
    fields = task("synthsign/word-generation").model_dump(mode="json") | {
        "name": "mine/motion",
        "metrics": [{"metric": "accuracy", "on": JUDGE, "tier": "core", "headline": True}],
    }
    (tmp_path / "tasks" / "mine" / "motion.yaml").write_text(json.dumps(fields))
    exported = ["--split", "word-test", "--limit", "3", "--media", "motion", "--out", "made", "--no-table"]
    ran = signbench("corpora", "export", "synthsign", *exported, folder=tmp_path)
    assert ran.returncode == 0, ran.stderr
    score = ["score", "mine/motion", "--split", "word-test", "--limit", "3", "--predictions", "made", "--judge", JUDGE]
    ran = signbench(*score, "--out", "run", "--workers", "1", "--json", folder=tmp_path)
    assert ran.returncode == 0, ran.stderr
    (found,) = json.loads(ran.stdout)["scores"]
    assert (found["value"], found["judged"]["ceiling"]["value"]) == (1.0, 1.0)
    file = tmp_path / "made" / "word-test-0002.npz"
    write_pose(file, CORPUS.motion("word-test-0002").pose())
    ran = signbench(*score, "--out", "other", "--workers", "1", folder=tmp_path)
    assert (ran.returncode, len(ran.stderr.splitlines())) == (2, 1), ran.stderr
    assert (
        "word-test-0002.npz has no rotations, and the judge knowing.py:Knowing reads nothing else; use an .npz file" in ran.stderr
    )
    assert not (tmp_path / "other").exists(), "it is found before the work starts"
