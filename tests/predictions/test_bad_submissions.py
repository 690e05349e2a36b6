"""What people hand in by mistake: each kind is refused before any work, with its clip, its file and what to do."""

from __future__ import annotations

import re
import shutil
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from signbench.errors import InputError
from signbench.media.pose_files import write_pose
from signbench.media.video_writer import write_video
from signbench.predictions.checking import check_predictions
from signbench.predictions.problems import refuse
from signbench.predictions.reading import read_predictions
from signbench.tasks.references import task_references
from tests.clips import moving_square, swaying_pose
from tests.tasks.tiny import FPS, FRAMES, HEIGHT, IDS, WIDTH, body, points, tiny_task

CLIP = "test-0002"


def clip_file(folder: Path, kind: str, name: str = CLIP) -> Path:
    return folder / f"{name}{tiny_task(kind).made.file}"


def video(path: Path, frames=FRAMES, height=HEIGHT, width=WIDTH, fps=25):
    write_video(path, iter(moving_square(frames, height, width)), fps)


@pytest.fixture(scope="session")
def well_made(tmp_path_factory):
    """A folder for each modality in which nothing is wrong."""
    root = tmp_path_factory.mktemp("well_made")
    for kind in ("video", "pose", "motion"):
        (root / kind).mkdir()
        for seed, name in enumerate(IDS["test"]):
            if kind == "video":
                video(clip_file(root / kind, kind, name))
            else:
                write_pose(clip_file(root / kind, kind, name), points(seed) if kind == "pose" else body(seed))
    return root


def check(kind: str, folder: Path, **changes: Any):
    task = tiny_task(kind, **changes)
    references = task_references(task, "test")
    return check_predictions(task, references.side, read_predictions(task, folder), references.clips)


def rename(folder, kind, to, name=CLIP):
    old = clip_file(folder, kind, name)
    old.rename(folder / to)


def move_all_down(folder, kind):
    inner = folder / "outputs"
    inner.mkdir()
    for name in IDS["test"]:
        clip_file(folder, kind, name).rename(clip_file(inner, kind, name))


def other_split(folder, kind):
    for old, new in zip(IDS["test"], IDS["dev"], strict=False):
        clip_file(folder, kind, old).rename(clip_file(folder, kind, new))
    clip_file(folder, kind, "test-0004").unlink()


def train_split(folder, kind):
    for old, new in zip(IDS["test"], IDS["train"], strict=False):
        clip_file(folder, kind, old).rename(clip_file(folder, kind, new))


def loose_images(folder, kind):
    for path in folder.iterdir():
        path.unlink()
    (folder / "notes.txt").write_text("made on Monday")
    for name in IDS["test"]:
        for frame in range(2):
            cv2.imwrite(str(folder / f"{name}_{frame}.png"), np.zeros((HEIGHT, WIDTH, 3), np.uint8))


def zipped(folder, kind):
    with zipfile.ZipFile(folder / "clips.zip", "w") as archive:
        for name in IDS["test"]:
            archive.write(clip_file(folder, kind, name), name)


def cut_off(folder, kind):
    path = clip_file(folder, kind)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def replaced(write):
    """Replaces the file with something else."""

    def spoil(folder, kind):
        path = clip_file(folder, kind)
        path.unlink()
        write(path)

    return spoil


def pose_with(**changes):
    def write(path):
        pose = points()
        write_pose(path, replace(pose, **{name: change(getattr(pose, name)) for name, change in changes.items()}))

    return write


def broken(points_):
    spoiled = points_.copy()
    spoiled[0, 5] = np.nan
    return spoiled


def also(suffix, write=None):
    """Adds a second file of the clip."""

    def spoil(folder, kind):
        path = folder / f"{CLIP}{suffix}"
        if write is None:
            shutil.copy(clip_file(folder, kind), path)
        else:
            write(path)

    return spoil


def in_place(suffix, write):
    """Replaces the clip with a file of another suffix."""

    def spoil(folder, kind):
        clip_file(folder, kind).unlink()
        write(folder / f"{CLIP}{suffix}")

    return spoil


def manifest(*lines):
    def spoil(folder, kind):
        (folder / "manifest.jsonl").write_text("\n".join(lines) + "\n", "utf-8")

    return spoil


def named_but_gone(folder, kind):
    clip_file(folder, kind).unlink()
    manifest('{"id": "test-0002", "file": "a.mkv"}')(folder, kind)


@dataclass(frozen=True)
class Case:
    """A mistake.

    Attributes:
        name: of the test.
        kind: modality of the task.
        spoil: makes the mistake in a folder where nothing is wrong.
        found: kinds of the problems, one for each.
        says: what the first problem's message says.
        changes: fields of the task.
    """

    name: str
    kind: str
    spoil: Any
    found: list[str]
    says: str
    changes: tuple[tuple[str, Any], ...] = ()


CASES = [
    Case(
        "a file is missing",
        "video",
        lambda folder, kind: clip_file(folder, kind).unlink(),
        ["missing"],
        r"^clip test-0002: there is no video of it; make test-0002\.mkv\.$",
    ),
    Case(
        "a file is too many",
        "video",
        lambda folder, kind: shutil.copy(clip_file(folder, kind), folder / "demo.mkv"),
        ["extra"],
        r"^clip demo \(.*demo\.mkv\): no clip of the task has this id; remove it, or rename it to the id of its clip\.$",
    ),
    Case(
        "upper case where the id has lower case",
        "video",
        lambda folder, kind: rename(folder, kind, "TEST-0002.mkv"),
        ["misnamed"],
        r"TEST-0002\.mkv.*must match exactly, including case; did you mean test-0002\? Rename the file\.$",
    ),
    Case(
        "an underscore where the id has a hyphen",
        "pose",
        lambda folder, kind: rename(folder, kind, "test_0002.pose"),
        ["misnamed"],
        r"test_0002\.pose\): no clip has this id.*did you mean test-0002\?",
    ),
    Case(
        "leading zeros are lost",
        "video",
        lambda folder, kind: rename(folder, kind, "test-2.mkv"),
        ["misnamed"],
        r"clip test-2 .*did you mean test-0002\?",
    ),
    Case(
        "two suffixes one after the other",
        "video",
        lambda folder, kind: rename(folder, kind, "test-0002.mp4.mkv"),
        ["misnamed"],
        r"clip test-0002\.mp4 .*did you mean test-0002\?",
    ),
    Case(
        "a folder too much",
        "video",
        move_all_down,
        ["folder"],
        r"^4 clips are in the folder outputs, so their ids start with outputs/; "
        r"pass that folder, `predictions='\.\.\./outputs'`\.$",
    ),
    Case(
        "another split that the task scores too",
        "video",
        other_split,
        ["other-split"],
        r"^3 files are predictions of the split dev, and none of the 4 that are scored; score with `split='dev'`\.$",
    ),
    Case(
        "a split that the task does not score",
        "pose",
        train_split,
        ["other-split"],
        r"4 files are predictions of the split train, .*; submit predictions of the split that is scored\.$",
    ),
    Case(
        "a video where key points are wanted",
        "pose",
        in_place(".mkv", video),
        ["wrong-modality"],
        r"test-0002\.mkv\): it is video, not key points; submit key points as \.pose\.$",
    ),
    Case(
        "key points where video is wanted",
        "video",
        in_place(".pose", lambda path: write_pose(path, points())),
        ["wrong-modality"],
        r"test-0002\.pose\): it is a key-point file, not video; submit video as \.mkv\.$",
    ),
    Case(
        "key points where motion is wanted",
        "motion",
        in_place(".pose", lambda path: write_pose(path, points())),
        ["wrong-modality"],
        r"it is a key-point file, not body-model motion; submit body-model motion as \.npz",
    ),
    Case(
        "a kind of file that is not read",
        "pose",
        in_place(".pkl", lambda path: path.write_bytes(b"\x80\x04N.")),
        ["wrong-suffix"],
        r"test-0002\.pkl\): \.pkl is not a file type of key points; submit key points as \.pose\.$",
    ),
    Case(
        "no suffix",
        "video",
        lambda folder, kind: rename(folder, kind, CLIP),
        ["wrong-suffix"],
        r"a name without suffix is not a file type of video; submit video as \.mkv\.$",
    ),
    Case(
        "another size",
        "video",
        replaced(lambda path: video(path, height=48, width=64)),
        ["size"],
        r"its frames are 64 x 48 pixels; write 32 x 24; nothing is resized for you\.$",
    ),
    Case(
        "width and height exchanged",
        "video",
        replaced(lambda path: video(path, height=WIDTH, width=HEIGHT)),
        ["size"],
        r"its frames are 24 x 32 pixels; write 32 x 24",
    ),
    Case(
        "another frame rate",
        "video",
        replaced(lambda path: video(path, fps=30)),
        ["fps"],
        r"it has 30 frames per second; use 25, or correct the rate in the file\.$",
    ),
    Case(
        "another frame rate of key points",
        "pose",
        replaced(pose_with(fps=lambda _: 50.0)),
        ["fps"],
        r"it has 50 frames per second; use 25",
    ),
    Case(
        "a frame too much",
        "video",
        replaced(lambda path: video(path, frames=FRAMES + 1)),
        ["length"],
        r"it has 7 frames, its reference 6; the task requires equal lengths; generate as many\.$",
    ),
    Case(
        "a single frame",
        "pose",
        replaced(lambda path: write_pose(path, points(frames=1))),
        ["length"],
        r"it has 1 frame, its reference 6",
    ),
    Case(
        "joints of another layout",
        "pose",
        replaced(lambda path: write_pose(path, swaying_pose(FRAMES, dimensions=2))),
        ["joints"],
        r"its layout mediapipe-178 lacks \d+ joints of coco-wholebody-133, the first is .*; submit the 133 joints of",
    ),
    Case(
        "three coordinates where the reference has two",
        "pose",
        replaced(pose_with(points=lambda plane: np.concatenate([plane, plane[..., :1]], axis=2))),
        ["coordinates"],
        r"its points have 3 coordinates, those of its reference 2; submit 2\.$",
    ),
    Case(
        "a picture of another size",
        "pose",
        replaced(pose_with(picture=lambda _: (1280, 720))),
        ["size"],
        r"its key points are for an image of 1280 x 720 pixels; use pixels of an image of 512 x 512\.$",
    ),
    Case(
        "coordinates from 0 to 1",
        "pose",
        replaced(pose_with(points=lambda plane: plane / 512)),
        ["coordinates"],
        r"all of its coordinates are within 0\.\d+ of 0, so they are not pixels; use pixels of an image of 512 x 512\.$",
    ),
    Case(
        "millimetres where metres are wanted",
        "motion",
        replaced(lambda path: write_pose(path, replace(body(), points=body().points * 1000))),
        ["coordinates"],
        r"a joint is \d.* from the origin, so its positions are not metres; use metres\.$",
    ),
    Case(
        "a NaN in the first frame",
        "pose",
        in_place(".npz", lambda path: write_pose(path, replace(points(), points=broken(points().points)))),
        ["values"],
        r"frame 0, joint \w+ is seen .*nan.*; write numbers, or confidence 0 for points that were not seen\.$",
    ),
    Case(
        "not one point is seen",
        "pose",
        replaced(pose_with(confidence=np.zeros_like)),
        ["values"],
        r"no key point is seen in any frame; write numbers, or confidence 0",
    ),
    Case(
        "a NaN among rotations",
        "motion",
        replaced(lambda path: np.savez(path, rotations=np.full((FRAMES, 55, 3), np.nan), fps=FPS)),
        ["unreadable"],
        r"joint \w+ has the rotation \[nan, nan, nan\]; write the file again\.$",
    ),
    Case(
        "rotations of a body with other joints",
        "motion",
        replaced(lambda path: np.savez(path, rotations=np.zeros((FRAMES, 52, 3)), fps=FPS)),
        ["unreadable"],
        r"its rotations have the shape 6 x 52 x 3",
    ),
    Case(
        "an empty video",
        "video",
        replaced(lambda path: path.write_bytes(b"")),
        ["unreadable"],
        r"^clip test-0002 \(.*test-0002\.mkv\): the file is empty \(0 bytes\); write the file again\.$",
    ),
    Case(
        "empty key points",
        "pose",
        replaced(lambda path: path.write_bytes(b"")),
        ["unreadable"],
        r"test-0002\.pose\): the file is empty; write the file again\.$",
    ),
    Case("a video that was cut off", "video", cut_off, ["unreadable"], r"test-0002\.mkv.*; write the file again\.$"),
    Case("key points that were cut off", "pose", cut_off, ["unreadable"], r"test-0002\.pose.*; write the file again\.$"),
    Case(
        "a web page under the name of a video",
        "video",
        replaced(lambda path: path.write_text("<!doctype html><p>Sign in to continue")),
        ["unreadable"],
        r"a web page.*; write the file again\.$",
    ),
    Case(
        "a pointer of Git LFS",
        "video",
        replaced(lambda path: path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")),
        ["unreadable"],
        r"Git LFS pointer",
    ),
    Case(
        "pickled objects in an archive of arrays",
        "motion",
        replaced(lambda path: np.savez(path, points=np.array([{"a": 1}], dtype=object))),
        ["unreadable"],
        r"Python objects, which would have to be unpickled",
    ),
    Case(
        "a link that leads nowhere",
        "video",
        replaced(lambda path: path.symlink_to("gone.mkv")),
        ["unreadable"],
        r"test-0002\.mkv.*; write the file again\.$",
    ),
    Case(
        "two files of one clip",
        "video",
        also(".avi"),
        ["duplicate"],
        r"test-0002\.mkv\): it has the same clip id as .*test-0002\.avi; keep one of the two\.$",
    ),
    Case(
        "one clip in two folders of splits",
        "pose",
        lambda folder, kind: shutil.copytree(
            folder, folder / "dev", ignore=shutil.ignore_patterns("*1.pose", "*3.pose", "*4.pose")
        ),
        ["duplicate"],
        r"it has the same clip id as .*dev/test-0002\.pose; keep one",
    ),
    Case(
        "an archive among the files",
        "video",
        zipped,
        ["archive"],
        r"clips\.zip: it is an archive; unpack it here and remove it\.$",
    ),
    Case(
        "images of all clips in one folder",
        "video",
        loose_images,
        ["loose-images", "missing", "missing", "missing", "missing"],
        r"8 images are next to the clips; put the frames of each clip into a separate folder, named by the clip's id\.$",
    ),
    Case(
        "a container among the files",
        "pose",
        also(".skels", lambda path: path.write_text("0 0 0 0\n")),
        ["container"],
        r"it holds many clips; pass that file itself as `predictions`, or write one file for each clip\.$",
    ),
    Case(
        "a name that leads out of its folder",
        "video",
        lambda folder, kind: shutil.copy(clip_file(folder, kind), folder / "a\\b.mkv"),
        ["bad-name"],
        r"holds a backslash or a control character; rename it\.$",
    ),
    Case(
        "a manifest that is not JSON",
        "video",
        manifest("id,file", ""),
        ["manifest"],
        r"manifest\.jsonl: line 1 is not JSON; correct the manifest, or name the files by clip id and remove it\.$",
    ),
    Case(
        "a manifest that names a file that is not there",
        "video",
        named_but_gone,
        ["manifest"],
        r"^clip test-0002 \(.*manifest\.jsonl\): line 1: a\.mkv is not in ",
    ),
    Case(
        "a manifest that leads out of the folder",
        "video",
        manifest('{"id": "test-0002", "file": "../secret.mkv"}'),
        ["manifest"],
        r"line 1: '\.\./secret\.mkv' is outside the folder",
    ),
]


def test_there_are_at_least_thirty_kinds_of_mistakes():
    assert len({case.name for case in CASES}) >= 30


@pytest.mark.usefixtures("tiny_corpus")
@pytest.mark.parametrize("kind", ["video", "pose", "motion"])
def test_a_well_made_folder_has_no_problem(kind, well_made):
    assert check(kind, well_made / kind) == []


@pytest.mark.usefixtures("tiny_corpus")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_mistake_is_reported_with_its_location_and_what_to_do(case, well_made, tmp_path):
    folder = tmp_path / "predictions"
    shutil.copytree(well_made / case.kind, folder)
    case.spoil(folder, case.kind)
    problems = check(case.kind, folder, **dict(case.changes))
    assert [problem.kind for problem in problems] == case.found
    assert re.search(case.says, str(problems[0])), str(problems[0])
    with pytest.raises(InputError, match=r"cannot be scored, \d+ problems?:\n- "):
        refuse(problems, str(folder))


def as_archive(folder, kind):
    path = folder.parent / "submission.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("test-0001.mkv", b"")
    return path


def as_frames_of_one_clip(folder, kind):
    path = folder.parent / "frames"
    path.mkdir()
    cv2.imwrite(str(path / "0001.png"), np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    return path


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (as_archive, r"submission\.zip is an archive; unpack it and pass the folder"),
        (clip_file, r"test-0002\.mkv is a single file; pass the folder that holds one file for"),
        (lambda folder, kind: folder / "nowhere", r"nowhere does not exist; pass the folder"),
        (as_frames_of_one_clip, r"frames holds the frames of one clip; pass the folder that holds a folder for each clip"),
    ],
    ids=["an archive", "a single file", "nothing", "frames of one clip"],
)
def test_something_other_than_a_folder_of_predictions_is_refused_at_once(make, message, well_made, tmp_path):
    folder = tmp_path / "predictions"
    shutil.copytree(well_made / "video", folder)
    with pytest.raises(InputError, match=message):
        read_predictions(tiny_task(), make(folder, "video"))


@pytest.mark.usefixtures("tiny_corpus")
def test_an_empty_folder_lacks_every_clip(tmp_path):
    problems = check("video", tmp_path)
    assert [(problem.kind, problem.clip) for problem in problems] == [("missing", clip) for clip in IDS["test"]]


@pytest.mark.usefixtures("tiny_corpus")
def test_all_problems_are_collected_and_the_summary_counts_those_it_leaves_out(well_made, tmp_path):
    folder = tmp_path / "predictions"
    shutil.copytree(well_made / "video", folder)
    for name in IDS["test"]:
        clip_file(folder, "video", name).unlink()
        if name != "test-0004":
            video(clip_file(folder, "video", name), frames=3, height=48, width=64)
    problems = check("video", folder)
    assert [problem.kind for problem in problems] == ["missing", "size", "size", "size", "length", "length", "length"]
    with pytest.raises(InputError) as refused:
        refuse(problems, str(folder))
    lines = str(refused.value).splitlines()
    assert lines[0] == f"{folder} cannot be scored, 7 problems:"
    assert lines[-2:] == [
        "- and 1 more",
        "- 1 clip without a file (test-0004); generate them, or score the others as an incomplete run with `allow_missing=True`.",
    ]
    assert all("write 32 x 24" in line for line in lines[1:4])


@pytest.mark.usefixtures("tiny_corpus")
def test_missing_clips_are_let_through_on_request_and_nothing_else_is(well_made, tmp_path):
    folder = tmp_path / "predictions"
    shutil.copytree(well_made / "video", folder)
    clip_file(folder, "video").unlink()
    assert refuse(check("video", folder), str(folder), allow_missing=True) == (CLIP,)
    video(clip_file(folder, "video", "test-0001"), fps=30)
    with pytest.raises(InputError, match=r"1 problem:\n- clip test-0001 .*30 frames per second"):
        refuse(check("video", folder), str(folder), allow_missing=True)


@pytest.mark.usefixtures("tiny_corpus")
def test_a_problem_as_json_has_its_clip_file_and_sentence(well_made, tmp_path):
    folder = tmp_path / "predictions"
    shutil.copytree(well_made / "video", folder)
    video(clip_file(folder, "video"), fps=30)
    (problem,) = check("video", folder)
    assert problem.as_json() == {
        "kind": "fps",
        "clip": CLIP,
        "file": str(clip_file(folder, "video")),
        "what": "it has 30 frames per second",
        "remedy": "use 25, or correct the rate in the file",
        "message": str(problem),
    }
