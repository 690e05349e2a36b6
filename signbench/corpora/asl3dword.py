"""ASL3DWord: isolated signs of American Sign Language as body-model motion (SignAvatar).

Source: Dong, Chaudhary, Xu, Wang, Lary and Nwogu, "SignAvatar", FG 2024, section IV. A frame has 53 joints: the root and 21 of the
body in SMPL-X's order, 15 of the left and 15 of the right hand in MANO's order (index, middle, little, ring finger, thumb), and the
jaw; axis-angle in radians. They were estimated from videos of WLASL.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signbench.corpora.checking import Found
from signbench.corpora.clip import Clip
from signbench.corpora.on_disk import About, CorpusOnDisk, Entry, below
from signbench.corpora.pickles import read_pickle
from signbench.corpora.recordings import Stamp, file_stamp
from signbench.errors import InputError, MediaError
from signbench.media.body_model import JOINT_COUNT
from signbench.media.layouts import layout
from signbench.media.motion import Motion
from signbench.media.pose import Pose
from signbench.media.pose_files import PoseProbe

JOINTS = 53
"""Joints of a frame in the data set."""

SMPLX: tuple[int, ...] = (*range(22), *range(25, 40), *range(40, 55), 22)
"""For each of the data set's joints its index among SMPL-X's 55: the root and the body, both hands, the jaw."""

LEGS = (1, 2, 4, 5, 7, 8, 10, 11)
"""Hips, knees, ankles and feet."""

UPPER: tuple[int, ...] = tuple(joint for joint in range(JOINTS - 1) if joint not in LEGS)
"""The 44 joints that SignAvatar's encoder reads: all but the legs and the jaw."""

FPS = 25.0
"""The rate that WLASL's list states for every video; the data set itself states none."""

_POSES, _LABELS = "samples_pose.pkl", "samples_label.pkl"


@dataclass(frozen=True)
class PickledMotion:
    """The motion of one clip, from the list in a pickle.

    Attributes:
        path: the pickle.
        index: of the clip in its list.
        fps: frames per second.
    """

    path: Path
    index: int
    fps: float = FPS

    @property
    def label(self) -> str:
        return f"{self.path} [{self.index}]"

    def stamp(self) -> Stamp:
        return file_stamp(self.path)

    def digest(self) -> str:
        """SHA-256 of the clip's own rotations, so that other clips of the file do not matter."""
        whole = hashlib.sha256(f"asl3dword {self.fps!r} {self._joints().shape}".encode())
        whole.update(np.ascontiguousarray(self._joints(), "<f4").tobytes())
        return whole.hexdigest()

    def probe(self, source_fps: float | None) -> PoseProbe:
        frames = len(self._joints())
        return PoseProbe(frames, layout("smplx-55"), source_fps or self.fps, 3, has_confidence=True, has_rotations=True)

    def pose(self, source_fps: float | None) -> Pose:
        return self.rotations(source_fps).pose()

    def rotations(self, source_fps: float | None) -> Motion:
        """The rotations of SMPL-X's 55 joints; the eyeballs, which the data set lacks, are at rest."""
        joints = self._joints()
        rotations = np.zeros((len(joints), JOINT_COUNT, 3), np.float32)
        rotations[:, SMPLX] = joints
        return Motion(rotations, np.zeros((len(joints), 3), np.float32), source_fps or self.fps)

    def _joints(self) -> NDArray[np.float32]:
        """float32 ``(T, 53, 3)``.

        Raises:
            MediaError: there is no such clip, or it has another shape or numbers that are not finite.
        """
        samples = _samples(self.path, file_stamp(self.path))
        if self.index >= len(samples):
            raise MediaError(f"{self.label}: the file holds only {len(samples)} clips; copy it again.")
        if (why := _defect(samples[self.index])) is not None:
            raise MediaError(f"{self.label} {why}; copy the file again.")
        return np.asarray(samples[self.index], np.float32)


class ASL3DWord(CorpusOnDisk):
    """103 words, 1,547 clips; see the module."""

    name = "asl3dword"
    version = "1"
    licence = "not stated; made from WLASL, which is for academic use (C-UDA)"
    splits = ("train", "test")
    isolated = True
    about = About(
        title="ASL3DWord",
        source="the authors' project page, dongludeeplearning.github.io",
        citation=(
            "Dong, Chaudhary, Xu, Wang, Lary and Nwogu: SignAvatar: Sign Language 3D Motion Reconstruction and Generation, FG 2024"
        ),
        layout=(
            "train/samples_pose.pkl    list of [T, 53, 3]: axis-angle of root, 21 body, 15 left hand, 15 right hand, jaw",
            "train/samples_label.pkl   list of words",
            "test/samples_pose.pkl, test/samples_label.pkl",
        ),
        counts={"train": 1208, "test": 339},
        notes=(
            "The data set names no clips: an id is the split and the number in its list, from 1, such as test-0001.",
            "The data set states no frame rate; 25 is that of WLASL's list.",
        ),
    )

    def read(self, split: str) -> Iterator[Entry]:
        path = self._folder / split / _LABELS
        labels = _list(read_pickle(path), path, "words")
        for number, word in enumerate(labels, start=1):
            if not isinstance(word, str) or not word.strip():
                raise InputError(f"{path}: entry {number} is {word!r:.40}, not a word; copy the file again.")
            yield Entry(
                f"{split}-{number:04d}",
                split,
                text=word.strip(),
                gloss=(word.strip(),),
                fps=FPS,
                file=str(number - 1),
                where=f"{path}, entry {number}",
            )

    def of(self, entry: Entry) -> Clip:
        path = self._folder / entry.split / _POSES
        motion = PickledMotion(path, int(entry.name)) if path.is_file() else None
        return self.clip_of(entry, motion=motion)

    def contents(self, split: str) -> Iterable[Found]:
        path, clips = self._folder / split / _POSES, self.ids(split)
        if not path.is_file():
            return (Found("motion", 0, missing=tuple(clips)),)
        try:
            samples = _samples(path, file_stamp(path))
        except InputError as error:
            return (Found("motion", 0, unreadable=tuple((clip, f"is in a damaged file: {error}") for clip in clips)),)
        reasons = [_defect(sample) for sample in samples[: len(clips)]]
        damaged = tuple((clip, why) for clip, why in zip(clips, reasons, strict=False) if why is not None)
        if len(samples) > len(clips):
            self.note(f"{path} holds {len(samples)} clips, but {_LABELS} beside it has {len(clips)} words.")
        return (Found("motion", len(reasons) - len(damaged), tuple(clips[len(samples) :]), damaged),)

    @property
    def _folder(self) -> Path:
        return below(self.root, "ASL3DWord", holding="test")


class ASL3DWord30(ASL3DWord):
    """The 30 words with the most clips, which the paper scores apart; the paper does not list them."""

    name = "asl3dword-30"
    about = About(
        title="ASL3DWord, 30 words",
        source=ASL3DWord.about.source,
        citation=ASL3DWord.about.citation,
        layout=ASL3DWord.about.layout,
        notes=(*ASL3DWord.about.notes, "Neither the words nor the number of clips are published: a root has files of those words."),
    )


@lru_cache(maxsize=4)
def _samples(path: Path, stamp: Stamp) -> list[Any]:
    """The clips in a pickle, read once while the file stays the same."""
    return _list(read_pickle(path), path, "clips")


def _list(content: Any, path: Path, what: str) -> list[Any]:
    if isinstance(content, np.ndarray):
        content = list(content)
    if not isinstance(content, (list, tuple)) or not content:
        raise InputError(f"{path} holds {type(content).__name__}, not a list of {what}; copy the file again.")
    return [str(one) if isinstance(one, np.str_) else one for one in content]


def _defect(sample: Any) -> str | None:
    try:
        joints = np.asarray(sample, np.float32)
    except (TypeError, ValueError):
        return "is not an array of numbers"
    if joints.ndim != 3 or joints.shape[1:] != (JOINTS, 3) or len(joints) == 0:
        return f"has the shape {' x '.join(map(str, joints.shape)) or 'of one number'}, not frames x {JOINTS} joints x 3"
    return None if np.isfinite(joints).all() else "has rotations that are not finite numbers"
