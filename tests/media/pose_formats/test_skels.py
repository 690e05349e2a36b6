"""``.skels`` files: lines, the names next to them, and the counter."""

from __future__ import annotations

import numpy as np
import pytest

from signbench.errors import InputError, MediaError
from signbench.media.layouts import layout
from signbench.media.pose_files import container_ids, probe_pose, read_pose
from signbench.media.pose_formats import skels


def clip(frames: int, seed: int = 0) -> np.ndarray:
    return np.random.Generator(np.random.PCG64(seed)).normal(size=(frames, 50, 3)).astype(np.float32)


def line(points: np.ndarray, counter: np.ndarray | None = None) -> str:
    frames = len(points)
    column = np.arange(frames) / frames if counter is None else counter
    return " ".join(
        f"{value:.9g}" for value in np.concatenate([points.reshape(frames, -1), np.reshape(column, (-1, 1))], axis=1).ravel()
    )


@pytest.fixture
def path(tmp_path):
    return tmp_path / "dev.skels"


def test_clips_of_different_lengths_are_read_from_their_lines(path):
    clips = [clip(frames, seed=frames) for frames in (3, 1, 12)]
    path.write_text("".join(f"{line(points)}\n" for points in clips), encoding="utf-8")
    assert container_ids(path) == ["0", "1", "2"]
    for index, points in enumerate(clips):
        pose = read_pose(path, str(index))
        np.testing.assert_array_equal(pose.points, points)
        assert pose.confidence.all()
        assert (pose.layout, pose.fps) == (layout("pt-50"), 25.0)
        assert probe_pose(path, str(index)).frames == len(points)


@pytest.mark.parametrize(("joint", "start"), [(0, 0), (1, 151), (2, 302)])
def test_the_numbers_of_a_frame_are_its_joints_in_order_and_then_the_counter(joint, start, path):
    values = np.arange(3 * 151, dtype=float)
    values[150::151] = [0, 1 / 3, 2 / 3]
    path.write_text(" ".join(map(str, values)), encoding="utf-8")
    pose = read_pose(path)
    assert pose.points[joint, 0].tolist() == [start, start + 1, start + 2]
    assert pose.points[joint, 49].tolist() == [start + 147, start + 148, start + 149]


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n\n"])
@pytest.mark.parametrize("between", ["\n", "\r\n"])
def test_line_ends_of_any_system_and_empty_lines_at_the_end_do_not_count(end, between, path):
    path.write_bytes(f"{line(clip(2))}{between}{line(clip(3))}{end}".encode())
    assert container_ids(path) == ["0", "1"]
    assert read_pose(path, "1").frames == 3


def test_lines_that_span_the_blocks_of_the_index_are_found(path, monkeypatch):
    monkeypatch.setattr(skels, "_CHUNK", 100)
    clips = [clip(frames, seed=frames) for frames in (2, 5, 1)]
    path.write_text("\n".join(map(line, clips)), encoding="utf-8")
    assert [read_pose(path, member).frames for member in container_ids(path)] == [2, 5, 1]


def test_one_clip_is_read_without_the_others(path, monkeypatch):
    path.write_text("\n".join(line(clip(4, seed)) for seed in range(50)), encoding="utf-8")
    container_ids(path)
    size = path.stat().st_size
    read = []

    class Counting:
        """A file that counts the bytes read from it."""

        def __init__(self, stream):
            self.stream = stream

        def __enter__(self):
            return self

        def __exit__(self, *problem):
            self.stream.close()

        def seek(self, offset):
            return self.stream.seek(offset)

        def read(self, count=-1):
            content = self.stream.read(count)
            read.append(len(content))
            return content

    opened = type(path).open
    monkeypatch.setattr(type(path), "open", lambda self, *arguments, **options: Counting(opened(self, *arguments, **options)))
    np.testing.assert_array_equal(read_pose(path, "49").points, clip(4, 49))
    assert 0 < sum(read) < size / 20


def test_the_files_next_to_it_name_the_clips(path):
    path.write_text("\n".join(line(clip(frames)) for frames in (1, 2)), encoding="utf-8")
    path.with_suffix(".files").write_text("dev/11August_2010-2 \ndev/größe\n", encoding="utf-8")
    assert container_ids(path) == ["dev/11August_2010-2", "dev/größe"]
    assert read_pose(path, "dev/größe").frames == 2
    with pytest.raises(InputError, match=r"no clip dev/11August_2010-3\. Did you mean dev/11August_2010-2"):
        read_pose(path, "dev/11August_2010-3")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("a\n", r"dev\.skels: it has 2 lines, but dev\.files next to it names 1 clips"),
        ("a\nb\nc\n", "names 3 clips"),
        ("same\nsame\n", r"lines 1 and 2 of dev\.files both name the clip 'same'"),
    ],
)
def test_names_that_do_not_fit_the_clips_are_refused(names, message, path):
    path.write_text("\n".join(line(clip(frames)) for frames in (1, 2)), encoding="utf-8")
    path.with_suffix(".files").write_text(names, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        container_ids(path)


@pytest.mark.parametrize(
    ("counter", "frames"),
    [
        ([0, 0.2, 0.4, 0.6, 0.8], 5),
        ([0.2, 0.4, 0.6, 0.8, 1.0], 5),
        ([0, 0.5, 0.98, 0.0, 0.0], 3),
        ([0, 0.5, 0.98, 0.97, 0.96], 3),
        ([0, 0.9, 0.9, 0.0, 0.0], 2),
        ([0.9, 0.1, 0.0, 0.0, 0.0], 1),
    ],
    ids=["i/n", "up to 1", "zero padding", "falling", "twice the highest", "highest first"],
)
def test_what_comes_after_the_counters_highest_value_is_padding(counter, frames, path):
    points = clip(5)
    path.write_text(line(points, np.array(counter)), encoding="utf-8")
    assert probe_pose(path).frames == frames
    np.testing.assert_array_equal(read_pose(path).points, points[:frames])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda: line(clip(3), np.zeros(3)), r"line 1: the counter \(column 151\) is 0 in every frame"),
        (lambda: line(clip(3), np.array([0, np.nan, 1])), "counter .* of frame 1 is not finite"),
        (lambda: line(clip(2))[:-2].rsplit(" ", 1)[0], r"line 1 has 301 numbers, which is not a multiple of 151"),
        (lambda: " ".join(["0.5"] * 300), "300 numbers, which is not a multiple of 151, but of 150: the counter is missing"),
        (lambda: line(clip(1)).replace(" ", " x", 1), "line 1: its number 2 reads 'x"),
        (lambda: "\n", "it holds no clips"),
    ],
    ids=["counter stands", "counter nan", "ragged", "no counter", "a word", "nothing"],
)
def test_a_line_that_is_not_a_clip_is_refused(content, message, path):
    path.write_text(content(), encoding="utf-8")
    with pytest.raises(MediaError, match=message):
        read_pose(path)


def test_only_the_clip_of_a_bad_line_is_lost(path):
    path.write_text(f"{line(clip(2))}\n\n1 2 3\n{line(clip(4))}\n", encoding="utf-8")
    assert container_ids(path) == ["0", "1", "2", "3"]
    assert [read_pose(path, index).frames for index in ("0", "3")] == [2, 4]
    with pytest.raises(MediaError, match=r"dev\.skels \[1\]: line 2 is empty"):
        read_pose(path, "1")
    with pytest.raises(MediaError, match=r"dev\.skels \[2\]: line 3 has 3 numbers"):
        read_pose(path, "2")


def test_a_line_without_end_is_refused_before_it_is_read(path, monkeypatch):
    monkeypatch.setattr(skels, "_MOST_LINE_BYTES", 1000)
    path.write_text(line(clip(2)), encoding="utf-8")
    with pytest.raises(MediaError, match=r"line 1 is \d+ bytes long, too long for a clip"):
        read_pose(path)
