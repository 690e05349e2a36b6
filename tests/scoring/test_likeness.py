"""Whether a production shows its own reference, whatever the file format."""

from __future__ import annotations

import numpy as np
import pytest

from signbench.corpora.clip import Clip
from signbench.corpora.recordings import FrameArray, PoseFile
from signbench.corpora.synthsign import SynthSign
from signbench.media.layouts import layout
from signbench.media.pose import Pose
from signbench.media.pose_files import write_pose
from signbench.media.video import probe_video, read_frames
from signbench.media.video_writer import write_video
from signbench.metrics import registry
from signbench.runs.outcomes import FAR
from signbench.runs.protocol import Protocol
from signbench.scoring.clip_scoring import score_clip
from signbench.scoring.likeness import SeenFrames, cell_means, frames_departure, pose_content, pose_departure
from signbench.scoring.views import ClipViews

CORPUS = SynthSign(size=64)
REFERENCE = CORPUS.pose("test-0004")
RANDOM = np.random.default_rng(1)


def changed(pose, points=None, confidence=None):
    return Pose(
        (pose.points if points is None else points).astype(np.float32),
        (pose.confidence if confidence is None else confidence).astype(np.float32),
        pose.layout,
        pose.fps,
    )


def of_frames(pose, indices):
    return Pose(pose.points[indices], pose.confidence[indices], pose.layout, pose.fps)


def hidden(pose, every):
    confidence = pose.confidence.copy()
    confidence[:, ::every] = 0
    return changed(pose, confidence=confidence)


FRAMES = np.arange(REFERENCE.frames)
COPIES = {
    "itself": REFERENCE,
    "elsewhere in the picture": changed(REFERENCE, REFERENCE.points + 40),
    "larger": changed(REFERENCE, REFERENCE.points * 1.7),
    "every third point hidden": hidden(REFERENCE, 3),
    "other confidences": changed(REFERENCE, confidence=REFERENCE.confidence * 0.5),
    "a little noise": changed(REFERENCE, REFERENCE.points + RANDOM.normal(0, 0.2, REFERENCE.points.shape)),
    "its last frames lacking": of_frames(REFERENCE, FRAMES[:-5]),
    "its first frames lacking": of_frames(REFERENCE, FRAMES[5:]),
    "one frame twice": of_frames(REFERENCE, np.sort([*FRAMES, 20])),
    "slower": of_frames(REFERENCE, np.repeat(FRAMES, 2)),
    "with a still at its end": of_frames(REFERENCE, [*FRAMES, *[FRAMES[-1]] * 60]),
}
OTHERS = {
    "another take": CORPUS.pose("test-0004", 1),
    "another clip": CORPUS.pose("test-0005"),
    "its first frame": of_frames(REFERENCE, FRAMES * 0),
    "its mean": changed(REFERENCE, np.broadcast_to(REFERENCE.points.mean(axis=0), REFERENCE.points.shape)),
    "much noise": changed(REFERENCE, REFERENCE.points + RANDOM.normal(0, 6, REFERENCE.points.shape)),
    "only a few points": hidden(hidden(REFERENCE, 2), 3),
    "nothing that is seen": changed(REFERENCE, confidence=REFERENCE.confidence * 0),
    "backwards": of_frames(REFERENCE, FRAMES[::-1]),
}


@pytest.mark.parametrize("name", COPIES)
def test_key_points_that_show_their_reference_are_near(name):
    assert pose_departure(REFERENCE, COPIES[name]) < 0.02


@pytest.mark.parametrize("name", OTHERS)
def test_key_points_that_do_not_show_their_reference_are_far(name):
    assert pose_departure(REFERENCE, OTHERS[name]) == FAR


def test_a_reference_without_points_and_sides_with_different_points_have_no_distance():
    nothing = changed(REFERENCE, confidence=REFERENCE.confidence * 0)
    assert pose_departure(nothing, REFERENCE) is None
    motion = CORPUS.motion("test-0004").pose()
    assert pose_departure(REFERENCE, motion) is None


def test_the_digest_of_key_points_covers_the_visible_ones():
    content = pose_content(REFERENCE)
    unseen = REFERENCE.confidence == 0
    assert unseen.any()
    assert pose_content(changed(REFERENCE, REFERENCE.points + 9.0 * unseen[..., None])) == content
    assert pose_content(COPIES["other confidences"]) == content
    moved = REFERENCE.points.copy()
    moved[3, 5, 0] += 0.01
    assert pose_content(changed(REFERENCE, moved)) != content
    assert pose_content(COPIES["every third point hidden"]) != content


@pytest.mark.parametrize(
    ("scale", "step", "same"), [(100.0, 1e-4, True), (100.0, 2e-3, False), (1.0, 1e-6, True), (1.0, 2e-5, False)]
)
def test_the_grid_is_finer_for_metres_than_for_pixels(scale, step, same):
    points = np.rint(np.random.default_rng(0).uniform(0, 1, (2, 178, 3)) * 1e3) / 1e3 * scale
    whole = Pose(points.astype(np.float64), np.ones((2, 178), np.float32), layout("mediapipe-178"), 25.0)
    moved = Pose(points + step * (np.arange(178) == 7)[:, None], whole.confidence, whole.layout, 25.0)
    assert (pose_content(moved) == pose_content(whole)) is same


def pictures(take=0, clip="test-0004"):
    return np.stack(list(CORPUS.frames(clip, take)))


PICTURES = pictures()
PICTURE_COPIES = {
    "itself": PICTURES,
    "brighter": np.clip(PICTURES.astype(np.int16) + 6, 0, 255).astype(np.uint8),
    "noise": np.clip(PICTURES + RANDOM.normal(0, 3, PICTURES.shape), 0, 255).astype(np.uint8),
    "a frame late": PICTURES[[0, *range(len(PICTURES) - 1)]],
    "frames lacking": PICTURES[4:],
}
OTHER_PICTURES = {
    "another take": pictures(1),
    "its first frame": PICTURES[[0] * len(PICTURES)],
    "grey": np.full_like(PICTURES, 127),
    "its mean": np.repeat(PICTURES.mean(axis=0, keepdims=True).astype(np.uint8), len(PICTURES), axis=0),
}


@pytest.mark.parametrize("name", PICTURE_COPIES)
def test_frames_that_show_their_reference_are_near(name):
    assert frames_departure(cell_means(PICTURES), cell_means(PICTURE_COPIES[name])) < 0.016


@pytest.mark.parametrize("name", OTHER_PICTURES)
def test_frames_that_do_not_show_their_reference_are_far(name):
    assert frames_departure(cell_means(PICTURES), cell_means(OTHER_PICTURES[name])) == FAR


@pytest.mark.parametrize("clip", ["test-0004", "test-0050", "word-test-0003"])
def test_a_video_that_was_re_encoded_for_the_web_is_near_its_reference(tmp_path, clip):
    frames = np.stack(list(CORPUS.frames(clip, size=128)))
    path = tmp_path / "web.mp4"
    write_video(path, iter(frames), 25.0, lossless=False)
    probe = probe_video(path)
    encoded = np.concatenate(list(read_frames(path, probe=probe, positions=np.arange(probe.frames), size=None)))
    assert 0 < frames_departure(cell_means(frames), cell_means(encoded)) < 0.035
    another = np.stack(list(CORPUS.frames(clip, 1, size=128)))
    assert frames_departure(cell_means(frames), cell_means(another)) == FAR


def test_missing_frames_and_frames_of_another_shape_have_no_distance():
    cells = cell_means(PICTURES)
    assert frames_departure(cells, cells[:0]) is None
    assert frames_departure(cells, cell_means(PICTURES[:, :8])) is None
    assert SeenFrames().content is None


@pytest.mark.parametrize("size", [(16, 16), (17, 31), (5, 40), (64, 48)])
def test_cells_are_means_of_their_pixels_rounded_once(size):
    height, width = size
    frames = np.random.default_rng(3).integers(0, 256, (2, height, width, 3), dtype=np.uint8)
    cells = cell_means(frames)
    rows, columns = cells.shape[1:3]
    assert (rows, columns) == (min(16, height), min(16, width))
    for row in range(rows):
        for column in range(columns):
            part = frames[
                :,
                row * height // rows : (row + 1) * height // rows,
                column * width // columns : (column + 1) * width // columns,
            ]
            assert np.array_equal(cells[:, row, column], np.floor(part.mean(axis=(1, 2)) + 0.5))


def test_the_digest_does_not_depend_on_the_chunks():
    whole, parts = SeenFrames(), SeenFrames()
    whole.add(PICTURES)
    for start in range(0, len(PICTURES), 7):
        parts.add(PICTURES[start : start + 7])
    assert whole.content == parts.content


def scored(clip, prediction, metrics):
    views = ClipViews(clip, prediction, Protocol())
    return score_clip(views, list(enumerate(map(registry.create, metrics))))


@pytest.mark.parametrize("file", ["copy.pose", "copy.npz"])
def test_the_digest_of_a_scored_clip_does_not_depend_on_the_container(tmp_path, file):
    clip = CORPUS.clip("test-0004")
    write_pose(tmp_path / file, REFERENCE)
    copy = Clip(clip.id, pose=PoseFile(tmp_path / file))
    inputs = scored(clip, copy, ["dtw", "duration-ratio"]).inputs
    assert inputs["reference.pose"].sha256 != inputs["prediction.pose"].sha256
    assert inputs["reference.pose"].content == inputs["prediction.pose"].content is not None
    assert (inputs["reference.pose"].departure, inputs["prediction.pose"].departure) == (None, 0.0)


def test_a_scored_video_has_a_digest_of_its_contents():
    clip = CORPUS.clip("test-0004")
    copy = Clip(clip.id, video=FrameArray(PICTURES, "copy", 25.0))
    other = Clip(clip.id, video=FrameArray(pictures(0, "test-0005"), "other", 25.0))
    inputs = scored(clip, copy, ["l1", "duration-ratio"]).inputs
    assert inputs["reference.video"].content == inputs["prediction.video"].content is not None
    assert inputs["prediction.video"].departure == 0.0
    views = ClipViews(clip, other, Protocol(frames="truncate"))
    inputs = score_clip(views, [(0, registry.create("l1"))]).inputs
    assert inputs["reference.video"].content != inputs["prediction.video"].content
    assert inputs["prediction.video"].departure == FAR


def test_there_is_no_digest_if_only_lengths_are_compared():
    clip = CORPUS.clip("test-0004")
    inputs = scored(clip, clip, ["duration-ratio"]).inputs
    assert {file.content for file in inputs.values()} == {None}
