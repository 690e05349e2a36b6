"""Prepared frames and key points: what is in them, that they belong together, and what a kill leaves."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from signbench.corpora.clip import Clip
from signbench.corpora.recordings import FrameArray, PoseArray
from signbench.corpora.synthsign.corpus import SynthSign
from signbench.errors import InputError
from signbench.media.layouts import layout
from signbench.media.pose import Pose
from signbench.media.video import resize_frames
from signbench.training import clip_arrays
from signbench.training.frames import FrameSource
from tests.clips import moving_square

CORPUS = SynthSign(size=64)
SOURCE = FrameSource(CORPUS, "word-test", (64, 64), clips=2)


class Filmed:
    """A corpus of two videos without key points, and with one performance each."""

    name, version, licence = "filmed", "1", "CC0-1.0"
    splits: tuple[str, ...] = ("train",)

    def ids(self, split):
        return ["a", "b"]

    def clip(self, clip_id):
        return Clip(clip_id, video=FrameArray(moving_square(12 if clip_id == "a" else 5), clip_id, 25.0), fps=25.0)


def test_every_second_frame_of_a_corpus_of_25_a_second_is_kept(tmp_path):
    frames = SOURCE.frames(tmp_path)
    assert frames.ids == tuple(CORPUS.ids("word-test")[:2])
    for index, clip in enumerate(frames.ids):
        assert np.array_equal(frames[index], np.stack(list(CORPUS.frames(clip)))[::2])
    assert frames.lengths().sum() == len(frames.rows)


@pytest.mark.parametrize("rendering", ["video", "hamer", "smplx"])
def test_frames_are_resized_as_they_are_for_scoring(rendering, tmp_path):
    frames = replace(SOURCE, corpus=SynthSign(size=96), rendering=rendering, clips=1).frames(tmp_path)
    whole = np.stack(list(SynthSign().frames(frames.ids[0], size=96, rendering=rendering)))[::2]
    assert np.array_equal(frames[0], resize_frames(whole, (64, 64)))


def test_key_points_are_those_of_the_frames_in_their_pixels(tmp_path):
    points, frames = SOURCE.key_points(tmp_path), SOURCE.frames(tmp_path)
    pose = CORPUS.pose(points.ids[0])
    seen = pose.seen[::2]
    assert np.array_equal(points.lengths(), frames.lengths())
    assert np.allclose(points[0][..., :2][seen], (pose.points[::2][seen] + 0.5) / 8 - 0.5, atol=1e-4)
    assert np.array_equal(points[0][..., 2], pose.confidence[::2])


class OfTwoShapes:
    """A corpus of two pictures of a disc, 80 x 160 and 120 x 60 pixels, and drawn in 60 x 60; its lowest point is the key point."""

    name, version, licence = "shapes", "1", "CC0-1.0"
    splits: tuple[str, ...] = ("train",)
    sides: ClassVar = {"wide": (80, 160), "high": (120, 60)}

    def ids(self, split):
        return list(self.sides)

    def clip(self, clip_id):
        height, width = self.sides[clip_id]
        radius = min(height, width) / 4
        rows, columns = np.mgrid[:height, :width]
        disc = (rows - (height - 1) / 2) ** 2 + (columns - (width - 1) / 2) ** 2 <= radius**2
        frames = np.repeat((disc[None, ..., None] * 255).astype(np.uint8), 3, axis=3)
        lowest = np.array([[[(width - 1) / 2, (height - 1) / 2 + radius]]])
        pose = Pose(lowest, np.ones((1, 1)), layout("coco-wholebody-133").subset(("nose",)), 25.0, picture=(width, height))
        video, drawing = FrameArray(frames, clip_id, 25.0), FrameArray(resize_frames(frames, (60, 60)), clip_id, 25.0)
        return Clip(clip_id, video=video, pose=PoseArray(pose, clip_id), fps=25.0, renderings={"hamer": drawing})


def extent(frame):
    """Height and width of the disc in a frame, and its middle."""
    rows, columns = np.nonzero(frame[..., 0] > 127)
    return np.ptp(rows) + 1, np.ptp(columns) + 1, columns.mean(), rows.mean()


def test_pictures_of_another_shape_are_cut_in_the_middle_and_not_stretched(tmp_path):
    source = FrameSource(OfTwoShapes(), "train", (40, 80), 25.0, shape=(80, 160))
    frames = source.frames(tmp_path)
    for clip, side in enumerate((20, 40)):
        height, width, *middle = extent(frames[clip][0])
        assert abs(height - side) <= 1 and abs(width - side) <= 1
        assert np.allclose(middle, (39.5, 19.5), atol=0.5)
    stretched = replace(source, shape=None).frames(tmp_path)
    assert np.array_equal(stretched[0], frames[0])
    height, width, *_ = extent(stretched[1][0])
    assert width > 3 * height
    assert len(list(tmp_path.glob("[!.]*.npy"))) == 2


def test_key_points_follow_pictures_that_are_cut(tmp_path):
    source = FrameSource(OfTwoShapes(), "train", (40, 80), 25.0, shape=(80, 160))
    points, frames = source.key_points(tmp_path), source.frames(tmp_path)
    for clip, lowest in enumerate((19.5 + 10, 19.5 + 20)):
        assert np.allclose(points[clip][0, 0], [39.5, lowest, 1], atol=1e-4)
        rows, _ = np.nonzero(frames[clip][0, ..., 0] > 127)
        assert abs(rows.max() - points[clip][0, 0, 1]) <= 1


def test_renderings_of_another_shape_are_cut_as_their_videos(tmp_path):
    source = FrameSource(OfTwoShapes(), "train", (40, 80), 25.0, shape=(80, 160))
    video, drawing = source.frames(tmp_path), replace(source, rendering="hamer").frames(tmp_path)
    for clip in range(2):
        assert np.allclose(extent(video[clip][0]), extent(drawing[clip][0]), atol=2)


@pytest.mark.parametrize("other", [{"take": 1}, {"rate": 25.0}, {"size": (48, 48)}, {"clips": 1}, {"rendering": "smplx"}])
def test_other_frames_have_another_file(other, tmp_path):
    SOURCE.frames(tmp_path)
    replace(SOURCE, **other).frames(tmp_path)
    assert len(list(tmp_path.glob("[!.]*.npy"))) == 2


def test_prepared_frames_are_read_and_not_made_again(tmp_path):
    SOURCE.frames(tmp_path)
    done = []
    replace(SOURCE).frames(tmp_path, lambda *state: done.append(state))
    assert done == []


@pytest.mark.parametrize("workers", [0, 2])
def test_an_interrupted_preparation_resumes_with_the_next_clip(workers, tmp_path, monkeypatch):
    monkeypatch.setattr(clip_arrays, "CHUNK", 1)
    source = replace(SOURCE, clips=4)
    whole = np.array(source.frames(tmp_path / "whole").rows)

    def killed(_, rows, total):
        if rows > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        source.frames(tmp_path / "part", killed, workers)
    assert list((tmp_path / "part").glob("[!.]*")) == []
    with next((tmp_path / "part").glob(".*.part")).open("ab") as stream:
        stream.write(b"half a frame")
    made = []
    resumed = source.frames(tmp_path / "part", lambda _, rows, __: made.append(rows), workers)
    assert len(made) < 4
    assert np.array_equal(resumed.rows, whole)
    assert list((tmp_path / "part").glob(".*.part")) == []


def test_a_disk_that_is_too_small_is_refused_before_any_work_starts(tmp_path, monkeypatch):
    monkeypatch.setattr(clip_arrays.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10**9})())
    with pytest.raises(InputError, match=r"needs 0\.0 GB and 1\.1 GB to spare, and the disk of .* has 1\.0 GB left; make room"):
        SOURCE.frames(tmp_path)
    assert list(tmp_path.glob("*.npy")) == []


def test_any_corpus_with_videos_will_do(tmp_path):
    frames = FrameSource(Filmed(), "train", (12, 16)).frames(tmp_path)
    assert frames.lengths().tolist() == [6, 3]
    assert np.array_equal(frames[1], resize_frames(moving_square(5)[::2], (12, 16)))


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (FrameSource(Filmed(), "train", (12, 16), take=1), "has one performance of each clip; its take is 0, not 1"),
        (FrameSource(Filmed(), "train", (12, 16), rendering="smplx"), "clip a of filmed has no smplx"),
        (FrameSource(CORPUS, "nowhere", (64, 64)), "SynthSign has no split nowhere"),
        (FrameSource(CORPUS, "word-test", (64, 64), rendering="smlx", clips=1), "has no smlx. .*smplx"),
    ],
)
def test_what_a_corpus_lacks_is_an_error_with_a_name(source, why, tmp_path):
    with pytest.raises(InputError, match=why):
        source.frames(tmp_path)


def test_a_corpus_without_key_points_has_none_to_prepare(tmp_path):
    with pytest.raises(InputError, match="clip a of filmed has no key points"):
        FrameSource(Filmed(), "train", (12, 16)).key_points(tmp_path)
