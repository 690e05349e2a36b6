"""RWTH-PHOENIX-Weather 2014T: German Sign Language of weather forecasts, with sentences and glosses; and PHOENIX14T+.

Sources: Camgoz, Hadfield, Koller, Ney and Bowden, "Neural Sign Language Translation", CVPR 2018; for PHOENIX14T+ Wang, Tang, Cheng,
Li, Wang and Hong, "SignAligner", section 4.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path

from signbench.corpora.checking import Found, MediaFiles
from signbench.corpora.clip import Clip
from signbench.corpora.declared_rates import PoseAtRate, VideoAtRate
from signbench.corpora.intact import names_in
from signbench.corpora.on_disk import About, CorpusOnDisk, Entry, below
from signbench.corpora.phoenix14t_forms import FPS, SLRTP, Form, KeyPoints, ProgressiveTransformers, Release, form_in
from signbench.corpora.recordings import PoseFile, PoseRecording, VideoFile, VideoRecording
from signbench.errors import InputError, SignbenchError
from signbench.media.pose_files import POSE_SUFFIXES, container_ids, probe_pose

FRAMES = "features/fullFrame-210x260px"
"""The folder of frames in the release."""

_UNPACKED = (
    "PHOENIX-2014-T",
    "PHOENIX-2014-T-release-v3/PHOENIX-2014-T",
    "phoenix-2014-T.v3/PHOENIX-2014-T-release-v3/PHOENIX-2014-T",
)
_VIDEOS = (".mp4", ".mkv", ".avi", ".mov", ".webm")
_CITATION = "Camgoz, Hadfield, Koller, Ney and Bowden: Neural Sign Language Translation, CVPR 2018"
_COUNTS = {"train": 7096, "dev": 519, "test": 642}
_LICENCE = "CC BY-NC-SA 4.0"
_SOURCE = "RWTH Aachen, www-i6.informatik.rwth-aachen.de/~koller/RWTH-PHOENIX-2014-T"


class Phoenix14T(CorpusOnDisk):
    """8,257 sentences of 9 signers at 25 frames per second; see the module."""

    name = "phoenix14t"
    version = "1"
    licence = _LICENCE
    splits = ("train", "dev", "test")
    about = About(
        title="RWTH-PHOENIX-Weather 2014T",
        source=_SOURCE,
        citation=_CITATION,
        layout=(
            "annotations/manual/PHOENIX-2014-T.{train,dev,test}.corpus.csv",
            f"{FRAMES}/{{train,dev,test}}/NAME/images0001.png ...",
            "or, without frames, one of:",
            "phoenix14t.{train,dev,test}, phoenix14t.pami0.{train,dev,test}    neccam/slt",
            "{train,dev,test}.{text,gloss,files,skels}                         Progressive Transformers",
            "{train,dev,test}.pt                                               the SLRTP 2025 challenge",
            "labels.{train,dev,test}                                           GFSLT-VLP",
        ),
        counts=_COUNTS,
        notes=(
            "Key points in SPLIT.pt or SPLIT.skels are also used beside the release's annotations.",
            "The release's sentences have no final full stop, those of neccam/slt end with ' .'.",
        ),
    )

    def read(self, split: str) -> Iterable[Entry]:
        return self.form.read(split)

    def of(self, entry: Entry) -> Clip:
        return self.clip_of(entry, video=self.video(entry), pose=self._key_points(entry.split).of(entry.id))

    def media(self, split: str) -> Iterable[MediaFiles]:
        if isinstance(self.form, Release) or self._frames(split).folder.is_dir():
            yield self._named(self._frames(split), split)

    def contents(self, split: str) -> Iterable[Found]:
        points = self._key_points(split)
        if points.exists or isinstance(self.form, (SLRTP, ProgressiveTransformers)):
            yield _found(points, self.ids(split))

    def source(self) -> Mapping[str, str]:
        """Where the annotations come from, the form of the final stop, and the version of the glosses."""
        return {"annotations": self.form.name, "final full stop": self._final_stop(), "glosses": self.form.glosses}

    @cached_property
    def form(self) -> Form:
        """The annotations.

        Raises:
            InputError: there are none.
        """
        found = form_in(self.folder, self.note)
        if found is None:
            raise InputError(
                f"{self.root} holds no annotations of {self.name}, such as {Release(self.folder, self.note).file('test')}; see "
                f"signbench corpora show {self.name}."
            )
        return found

    @cached_property
    def folder(self) -> Path:
        """The folder with the annotations."""
        return below(self.root, *_UNPACKED, holding="annotations/manual")

    def video(self, entry: Entry) -> VideoRecording | None:
        """The frames of a clip; None if they are not there."""
        frames = self.path_of(self._frames(entry.split), entry.name)
        if frames is None:
            return None
        return VideoAtRate(VideoFile(frames / "1" if self._has_inner_folder else frames), FPS)

    @cached_property
    def _has_inner_folder(self) -> bool:
        """Whether frames are in a folder ``1`` in each clip's own, as the annotations say; in the third release they are not."""
        for split in self.splits:
            if names := names_in(self._frames(split).folder):
                return (self._frames(split).folder / names[0] / "1").is_dir()
        return False

    def _frames(self, split: str) -> MediaFiles:
        """Where frames lie, without the names of the clips."""
        return self._frames_by_split[split]

    @cached_property
    def _frames_by_split(self) -> Mapping[str, MediaFiles]:
        return {split: MediaFiles("video", self.folder / FRAMES / split, {}) for split in self.splits}

    def _named(self, files: MediaFiles, split: str) -> MediaFiles:
        """The same with the names of the clips, for a check."""
        entries = self.entries(split)
        inner = "1" if not files.suffixes and files.kind == "video" and self._has_inner_folder else None
        return MediaFiles(
            files.kind,
            files.folder,
            {clip: entry.name for clip, entry in entries.items()},
            suffixes=files.suffixes,
            required=files.required,
            frames={clip: entry.frames for clip, entry in entries.items() if entry.frames is not None},
            inner=inner,
        )

    def _key_points(self, split: str) -> KeyPoints:
        return self._key_points_by_split[split]

    @cached_property
    def _key_points_by_split(self) -> Mapping[str, KeyPoints]:
        return {split: KeyPoints(self.folder, split) for split in self.splits}

    def _final_stop(self) -> str:
        for split in reversed(self.splits):
            if self.form.file(split).exists():
                texts = [entry.text or "" for entry in self.entries(split).values()]
                with_stop = sum(text.endswith(".") for text in texts)
                return "yes" if with_stop == len(texts) else "no" if with_stop == 0 else f"in {with_stop} of {len(texts)} sentences"
        return "unknown"


class Phoenix14TPlus(Phoenix14T):
    """PHOENIX14T with key points, hands and bodies as SignAligner's authors estimated them, and their renderings."""

    name = "phoenix14t-plus"
    about = About(
        title="PHOENIX14T+",
        source="its authors; no public files are known",
        citation=(
            "Wang, Tang, Cheng, Li, Wang and Hong: SignAligner: Harmonizing Complementary Pose Modalities for Coherent Sign "
            f"Language Generation; {_CITATION}"
        ),
        layout=(
            *Phoenix14T.about.layout[:2],
            "pose/{train,dev,test}/NAME.npz      key points, 60 x 2 in the paper: .npz, .pose or .json that name their joints",
            "hamer/{train,dev,test}/NAME.npz     rotations of both hands, 16 x 3 each",
            "smplx/{train,dev,test}/NAME.npz     rotations: 55 x 3",
            "videos/{pose,hamer,smplx}/{train,dev,test}/NAME.mp4    the rendered forms, as videos or folders of frames",
        ),
        counts=_COUNTS,
        notes=("The authors' layout is not known; this one is signbench's.",),
    )

    def of(self, entry: Entry) -> Clip:
        pose = self.path_of(self._files("key points", "pose", entry.split), entry.name)
        body = self.path_of(self._files("SMPL-X", "smplx", entry.split), entry.name)
        drawn = {name: video for name in ("pose", "hamer", "smplx") if (video := self._rendering(name, entry)) is not None}
        return self.clip_of(
            entry,
            video=self.video(entry),
            pose=_file(pose) or self._key_points(entry.split).of(entry.id),
            motion=_file(body),
            renderings=drawn,
        )

    def media(self, split: str) -> Iterable[MediaFiles]:
        yield from super().media(split)
        for kind, folder in (("key points", "pose"), ("hands", "hamer"), ("SMPL-X", "smplx")):
            yield self._named(self._files(kind, folder, split), split)
        for name in ("pose", "hamer", "smplx"):
            files = self._renderings(name, split)
            yield self._named(files, split)

    def _files(self, kind: str, folder: str, split: str) -> MediaFiles:
        return MediaFiles(kind, self.folder / folder / split, {}, suffixes=POSE_SUFFIXES, required=False)

    def _renderings(self, name: str, split: str) -> MediaFiles:
        folder = self.folder / "videos" / name / split
        as_files = any(file.lower().endswith(_VIDEOS) for file in names_in(folder)[:1])
        return MediaFiles(f"rendering of {name}", folder, {}, suffixes=_VIDEOS if as_files else (), required=False)

    def _rendering(self, name: str, entry: Entry) -> VideoRecording | None:
        path = self.path_of(self._renderings(name, entry.split), entry.name)
        return None if path is None else VideoAtRate(VideoFile(path), FPS)


class SLRTP2025(Phoenix14T):
    """The data of the SLRTP 2025 challenge: PHOENIX14T's sentences with 178 key points in 3D."""

    name = "slrtp2025"
    about = About(
        title="SLRTP 2025 Sign Production Challenge",
        source="the challenge's page, github.com/walsharry/SLRTP-Sign-Production-Evaluation, which names a drive",
        citation=(
            "Walsh, Fish, Sincan, Lakhal, Bowden and others: SLRTP2025 Sign Language Production Challenge: Methodology, Results, "
            f"and Future Work; {_CITATION}"
        ),
        layout=("{train,dev,test}.pt    id -> {name, text, gloss, poses_3d [T, 178, 3], speaker}, 25 frames per second",),
        counts=_COUNTS,
        notes=(
            "The challenge publishes what its own back-translation says of test's references: BLEU-1 34.396, BLEU-4 12.777.",
            "Further: chrF 34.585, ROUGE 35.196, WER 85.775. Its model, as the judge slt-slrtp2025, should have this ceiling.",
        ),
    )

    @cached_property
    def form(self) -> Form:
        """The dictionaries of the challenge."""
        return SLRTP(self.folder, self.note)

    @cached_property
    def folder(self) -> Path:
        """The folder with the dictionaries."""
        return below(self.root, "data", "demo_data", holding="test.pt")


def _file(path: Path | None) -> PoseRecording | None:
    return None if path is None else PoseAtRate(PoseFile(path), FPS)


def _found(points: KeyPoints, clips: list[str]) -> Found:
    """The state of key points in a container."""
    if not points.exists:
        return Found(points.kind, 0, missing=tuple(clips))
    try:
        members = points.members()
        whole = len(container_ids(points.path))  # the lines of a .skels file are counted
    except SignbenchError as error:
        return Found(points.kind, 0, unreadable=tuple((clip, f"is in a damaged file: {error}") for clip in clips))
    missing = tuple(clip for clip in clips if clip not in members)
    damaged = []
    if points.path.suffix == ".pt":  # its headers are quick to read
        for clip in clips:
            try:
                if clip in members:
                    probe_pose(points.path, members[clip])
            except SignbenchError as error:
                damaged.append((clip, f"is damaged: {error}"))
    return Found(points.kind, min(whole, len(clips) - len(missing) - len(damaged)), missing, tuple(damaged))
