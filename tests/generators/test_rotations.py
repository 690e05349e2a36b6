"""On tasks of motion the built-in generators make rotations, or joint positions if the recordings have no others."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace

import numpy as np
import pytest

from signbench.corpora.recordings import PoseFile, rotations_of
from signbench.errors import InputError
from signbench.generators.base import Made, Production, clip_seed
from signbench.generators.registry import GENERATORS, MODELS
from signbench.generators.stitching import Form, blended_motions, points_of, rotations_of_form
from signbench.media.body_model import JAW, LEFT_ELBOW, PELVIS
from signbench.media.layouts import layout
from signbench.media.motion import Motion, read_motion
from signbench.media.pose_files import PoseProbe
from signbench.media.rates import positions_at_rate
from signbench.media.rotations import matrix_from_axis_angle
from signbench.predictions.productions import write_production
from signbench.predictions.sampling import motion_of, pose_of, resample_positions
from tests.generators.corpora import CLIPS, FPS, LAYOUT, MOTION, POSE, VIDEO, SmallCorpus, pose_of_clip
from tests.generators.runs import SEED, TASK, prepared, prompts

BUILT_IN = [name for name in GENERATORS.built_in if name not in MODELS]
IDS = ["test-0001", "test-0002", "test-0003", "test-0004"]
SMPLX = replace(MOTION, layout=layout("smplx-55"))


@dataclass(frozen=True, eq=False)
class MotionArray:
    """Rotations in memory."""

    motion: Motion
    label: str

    def probe(self, source_fps):
        fps = source_fps or self.motion.fps
        return PoseProbe(self.motion.frames, layout("smplx-55"), fps, dimensions=3, has_confidence=True, has_rotations=True)

    def pose(self, source_fps):
        return replace(self.motion.pose(), fps=source_fps or self.motion.fps)

    def rotations(self, source_fps):
        return replace(self.motion, fps=source_fps or self.motion.fps)


def motion_of_clip(name, frames, fps=FPS):
    """All joints turn away from a rest of the clip's own and come back; the pelvis rises."""
    draw = np.random.Generator(np.random.PCG64(zlib.crc32(name.encode())))
    rest, way = draw.uniform(-1, 1, (2, 55, 3))
    wave = np.sin(np.pi * np.arange(frames) / max(1, frames - 1))
    rotations = rest + wave[:, None, None] * way
    translation = np.stack([0 * wave, wave, 0 * wave], axis=-1)
    return Motion(rotations.astype(np.float32), translation.astype(np.float32), fps)


class MovingCorpus(SmallCorpus):
    """The small corpus, whose motion has rotations, except that of the named clips."""

    def __init__(self, positions_only=(), fps=FPS):
        super().__init__()
        self._positions_only = positions_only
        self._fps = fps

    def clip(self, clip_id):
        clip = super().clip(clip_id)
        motion = motion_of_clip(clip_id, clip.motion.points.frames, self._fps)
        if clip_id in self._positions_only:
            object.__setattr__(clip.motion, "points", motion.pose())
            return clip
        return replace(clip, motion=MotionArray(motion, clip_id))


def made_by(name, made=SMPLX, given=("text",), **corpus):
    """Clip id -> production."""
    found = prompts(made, given)
    ready = prepared(name, made, corpus=MovingCorpus(**corpus))
    seeds = [clip_seed(TASK, SEED, clip) for clip in found]
    return {each.clip: each for each in ready.generate(list(found.values()), seeds)}


TRAIN = [motion_of_clip(name, frames) for name, frames in (("train-0001", 9), ("train-0002", 12), ("train-0003", 15))]


def same(found, expected):
    return (found.rotations.tobytes(), found.translation.tobytes(), found.fps) == (
        expected.rotations.tobytes(),
        expected.translation.tobytes(),
        expected.fps,
    )


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("made", [MOTION, SMPLX, Made("motion", 10.0)], ids=["any joints", "smplx-55", "10 frames per second"])
def test_a_generator_makes_rotations_of_its_own_frames_and_rate(name, made, tmp_path):
    for clip, production in made_by(name, made, ["text", "length"]).items():
        assert production.frames is None
        assert production.pose is None
        assert (production.fps, production.motion.fps) == (made.fps, made.fps)
        line = write_production(tmp_path, production, made, generator="x", version="1", seed=1, length=production.motion.frames)
        assert line.file == f"{clip}.npz"
        assert line.frames == production.motion.frames
        assert same(read_motion(tmp_path / line.file), production.motion)


BODY = layout("smplx-55").subset(layout("smplx-55").joints[:22])


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize(
    ("made", "positions_only"),
    [(MOTION, [clip[0] for clip in CLIPS]), (replace(MOTION, suffix=".pose"), ()), (Made("motion", FPS, layout=BODY), ())],
    ids=["a corpus of positions", "a task of .pose files", "a task of fewer joints"],
)
def test_a_generator_makes_positions_where_rotations_do_not_fit(name, made, positions_only):
    for production in made_by(name, made, positions_only=positions_only).values():
        assert production.motion is None
        assert production.pose.fps == FPS


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("made", [VIDEO, POSE], ids=lambda made: made.modality)
def test_other_tasks_get_no_rotations(name, made):
    assert all(production.motion is None for production in made_by(name, made).values())


def test_ground_truth_hands_in_the_reference_s_rotations_bit_for_bit():
    for clip, production in made_by("ground-truth").items():
        assert same(production.motion, motion_of_clip(clip, production.motion.frames))


@pytest.mark.parametrize("fps", [50.0, 12.5, 30.0])
def test_another_rate_takes_the_rotations_at_the_times_of_the_joints(fps):
    motion = motion_of_clip("test-0001", 10, fps)
    made = made_by("ground-truth", fps=fps)["test-0001"].motion
    assert same(made, motion.at_rate(FPS))
    assert made.frames == len(positions_at_rate(10, fps, FPS))


def test_a_recording_without_a_rate_has_the_task_s():
    recording = MotionArray(motion_of_clip("x", 7, None), "x")
    assert same(motion_of(recording, MOTION), motion_of_clip("x", 7))


@pytest.mark.parametrize("length", [None, 4, 7, 20])
def test_rotations_have_the_frames_of_the_positions_of_the_same_recording(length):
    recording = MotionArray(motion_of_clip("x", 7, 30.0), "x")
    motion, pose = motion_of(recording, MOTION, length), pose_of(recording, MOTION, length)
    assert (motion.frames, motion.fps) == (pose.frames, pose.fps)
    np.testing.assert_allclose(motion.pose().points[[0, -1]], pose.points[[0, -1]], atol=1e-5)
    own = recording.motion.at_rate(FPS)
    assert same(motion, own if length is None else own.at_positions(resample_positions(own.frames, length)))


def test_shuffled_and_nearest_hand_in_rotations_of_others():
    shuffled = made_by("shuffled")
    sources = {
        clip: [name for name in IDS if same(production.motion, motion_of_clip(name, production.motion.frames))]
        for clip, production in shuffled.items()
    }
    assert sorted(source for (source,) in sources.values()) == IDS
    assert all([clip] != source for clip, source in sources.items())
    found = made_by("nearest")["test-0001"].motion
    assert same(found, TRAIN[0])


def test_the_first_frame_is_that_of_the_first_train_clip():
    for production in made_by("first-frame").values():
        assert (production.motion.rotations == TRAIN[0].rotations[0]).all()
        assert (production.motion.translation == TRAIN[0].translation[0]).all()
        assert production.motion.frames == 12


def chordal_mean(rotations):
    """The mean by a singular value decomposition: float64 (55, 3, 3)."""
    left, _, right = np.linalg.svd(matrix_from_axis_angle(rotations).mean(axis=0))
    sign = np.ones((55, 3))
    sign[:, 2] = np.linalg.det(left @ right)
    return left * sign[:, None] @ right


def test_the_mean_pose_has_the_chordal_mean_of_every_joint_and_the_mean_pelvis():
    rotations = np.concatenate([motion.rotations for motion in TRAIN])
    translation = np.concatenate([motion.translation for motion in TRAIN]).mean(axis=0)
    for production in made_by("mean-pose").values():
        assert (production.motion.rotations == production.motion.rotations[0]).all()
        np.testing.assert_allclose(matrix_from_axis_angle(production.motion.rotations[0]), chordal_mean(rotations), atol=1e-6)
        np.testing.assert_allclose(production.motion.translation, translation[None].repeat(12, axis=0), atol=1e-6)


def test_noise_turns_every_joint_about_its_mean_by_a_radian_along_each_axis():
    (mean,) = {production.motion.rotations[0].tobytes() for production in made_by("mean-pose").values()}
    home = matrix_from_axis_angle(np.frombuffer(mean, np.float32).reshape(55, 3))
    made = made_by("noise", given=("text",))
    rotations = np.concatenate([production.motion.rotations for production in made.values()])
    angles = np.arccos(
        np.clip((np.trace(np.swapaxes(home, 1, 2) @ matrix_from_axis_angle(rotations), axis1=2, axis2=3) - 1) / 2, -1, 1)
    )
    # the length of three normal deviates, beyond half a turn counted from the other side
    drawn = np.linalg.norm(np.random.default_rng(1).normal(size=(200_000, 3)), axis=1)
    expected = np.abs((drawn + np.pi) % (2 * np.pi) - np.pi)
    assert angles.mean() == pytest.approx(expected.mean(), abs=0.03)
    assert angles.std() == pytest.approx(expected.std(), abs=0.03)
    moved = np.concatenate([production.motion.translation for production in made.values()])
    assert len({production.motion.rotations.tobytes() for production in made.values()}) == 4
    assert 0.2 < moved.std() < 1.0, "on the scale of the signer, metres"


def test_the_jaw_survives_all_that_copies_motion():
    for name in ("ground-truth", "shuffled", "first-frame", "nearest", "stitched", "mean-pose"):
        assert all(np.abs(production.motion.rotations[:, JAW]).max() > 0.05 for production in made_by(name).values()), name


@pytest.mark.parametrize("name", ["stitched", "mean-pose", "noise"])
def test_one_clip_of_positions_makes_positions_of_all_that_it_is_joined_with(name):
    made = made_by(name, positions_only=["word-train-0001", "word-train-0002", "train-0001"])["test-0001"]
    assert made.motion is None
    assert made.pose.layout.joints == layout("smplx-55").joints


def test_a_reference_of_positions_among_rotations_stays_positions():
    made = made_by("ground-truth", positions_only=["test-0002"])
    assert [clip for clip, production in made.items() if production.motion is None] == ["test-0002"]
    np.testing.assert_array_equal(made["test-0002"].pose.points, motion_of_clip("test-0002", 8).pose().points)


@pytest.mark.parametrize("isolated", [True, False])
def test_a_form_has_the_same_frames_in_rotations_and_in_positions(isolated):
    form = Form("x", None, MotionArray(motion_of_clip("x", 20), "x"), (0.25, 0.75), isolated)
    motion, pose = rotations_of_form(form, MOTION), points_of(form, MOTION)
    assert 1 < motion.frames < 20
    np.testing.assert_array_equal(motion.pose().points, pose.points)


def held(turn, frames, height=0.0, joint=LEFT_ELBOW):
    """A joint that is turned about its first axis and held."""
    rotations = np.zeros((frames, 55, 3), np.float32)
    rotations[:, joint, 0] = turn
    translation = np.zeros((frames, 3), np.float32)
    translation[:, 1] = height
    return Motion(rotations, translation, FPS)


@pytest.mark.parametrize(
    ("turns", "overlap", "expected"),
    [
        ((0.0, 0.9), 2, [0, 0, 0.3, 0.6, 0.9, 0.9]),
        ((0.0, 0.9), 0, [0, 0, 0, 0, 0.9, 0.9, 0.9, 0.9]),
        ((0.0, 0.9), 9, [0, 0, 0.3, 0.6, 0.9, 0.9]),
        # 3.0 and -3.0 are 0.28 apart, over half a turn
        ((3.0, -3.0), 1, [3, 3, 3, np.pi, -3, -3, -3]),
    ],
    ids=["two shared frames", "no shared frame", "at most half of a piece is shared", "the shortest turn"],
)
@pytest.mark.parametrize("joint", [PELVIS, LEFT_ELBOW, JAW])
def test_pieces_are_joined_by_the_shortest_turn_and_the_pelvis_by_a_line(turns, overlap, expected, joint):
    pieces = [held(turn, 4, height, joint) for turn, height in zip(turns, (0.0, 0.9), strict=True)]
    joined = blended_motions(pieces, overlap)
    wanted = np.zeros((len(expected), 55, 3))
    wanted[:, joint, 0] = expected
    np.testing.assert_allclose(matrix_from_axis_angle(joined.rotations), matrix_from_axis_angle(wanted), atol=1e-6)
    assert joined.translation[0, 1] == 0
    assert joined.translation[-1, 1] == np.float32(0.9)
    assert (np.diff(joined.translation[:, 1]) >= 0).all()
    assert joined.rotations.dtype == joined.translation.dtype == np.float32


def test_a_single_piece_stays_what_it_is():
    piece = motion_of_clip("x", 5)
    assert same(blended_motions([piece], 3), piece)


def moving(frames=4, **changes):
    return replace(motion_of_clip("x", frames), **changes)


def unfit(**changes):
    """Motion with values that its constructor does not check."""
    motion = moving()
    for name, value in changes.items():
        getattr(motion, name)[2] = value
    return motion


@pytest.mark.parametrize(
    ("production", "made", "said"),
    [
        (Production("c", motion=moving(), fps=FPS), POSE, "has rotations; the task requires key points"),
        (Production("c", motion=moving(), fps=FPS), VIDEO, "has rotations; the task requires frames"),
        (Production("c", frames=iter([]), fps=FPS), MOTION, "has frames; the task requires rotations or joint positions"),
        (Production("c", motion=moving(), pose=moving().pose(), fps=FPS), MOTION, "not key points and rotations"),
        (Production("c", motion=moving(), fps=30.0), MOTION, "has 30 frames per second; the task requires 25"),
        (Production("c", motion=moving(5), fps=FPS), MOTION, "has 5 frames; the task grants 4"),
        (Production("c", motion=moving().rotations, fps=FPS), MOTION, "are a ndarray; return a signbench.Motion"),
        (Production("c", motion=moving(rotations=np.zeros((4, 55, 3))), fps=FPS), MOTION, "must be float32, not float64"),
        (Production("c", motion=moving(translation=np.zeros((4, 3))), fps=FPS), MOTION, "not float32 and float64"),
        (Production("c", motion=unfit(rotations=np.nan), fps=FPS), MOTION, "c: frame 2, joint pelvis has the rotation"),
        (Production("c", motion=unfit(translation=np.inf), fps=FPS), MOTION, "c: frame 2 has the translation"),
        (Production("c", motion=moving(), fps=FPS), replace(MOTION, suffix=".pose"), "requires positions as .pose"),
        (Production("c", motion=moving(), fps=FPS), replace(MOTION, layout=LAYOUT), "50 joints of pt-50 as .npz"),
    ],
)
def test_rotations_that_are_not_what_the_task_wants_are_refused_with_what_is_wrong(production, made, said, tmp_path):
    with pytest.raises(InputError, match=said):
        write_production(tmp_path, production, made, generator="x", version="1", seed=1, length=4)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_generator_may_still_return_positions_on_a_task_of_motion(tmp_path):
    pose = pose_of_clip("x", 4, layout("smplx-55"))
    write_production(tmp_path, Production("c", pose=pose, fps=FPS), SMPLX, generator="x", version="1", seed=1)
    np.testing.assert_array_equal(PoseFile(tmp_path / "c.npz").pose(None).points, pose.points)
    assert rotations_of(PoseFile(tmp_path / "c.npz"), None) is None
