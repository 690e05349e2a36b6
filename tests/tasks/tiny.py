"""A corpus of a few tiny clips, and tasks over it."""

from __future__ import annotations

import copy
import dataclasses

import numpy as np

from signbench.corpora.clip import Clip
from signbench.corpora.recordings import FrameArray, PoseArray
from signbench.errors import InputError, nearest
from signbench.media.layouts import layout
from signbench.media.pose import Pose
from signbench.tasks.schema import Task, ids_digest
from tests.clips import moving_square

FRAMES = 6
FPS = 25.0
HEIGHT, WIDTH = 24, 32
IDS = {
    "train": [f"train-{number:04d}" for number in range(1, 7)],
    "test": [f"test-{number:04d}" for number in range(1, 5)],
    "dev": [f"dev-{number:04d}" for number in range(1, 4)],
}

VIDEO = {
    "name": "tiny/text-to-video",
    "version": 1,
    "corpus": "tiny",
    "splits": ["test", "dev"],
    "given": ["text"],
    "made": {"modality": "video", "file": ".mkv", "size": f"{WIDTH}x{HEIGHT}", "fps": FPS, "joints": None},
    "length": "equal",
    "references": "video",
    "clips": {split: {"count": len(IDS[split]), "ids_sha256": ids_digest(IDS[split])} for split in ("test", "dev")},
    "seed": 1,
    "samples_per_clip": 1,
    "coverage_floor": 1.0,
    "cluster": None,
    "metrics": [{"metric": "l1", "on": None, "tier": "core", "headline": True}],
    "paper": {"citation": "Nobody: Nothing", "table": "Table 1"},
    "open_in_paper": ["Everything."],
}
POSE = {
    **VIDEO,
    "name": "tiny/text-to-pose",
    "made": {"modality": "pose", "file": ".pose", "size": "512x512", "fps": FPS, "joints": "coco-wholebody-133"},
    "references": "pose",
    "metrics": [{"metric": "dtw", "on": None, "tier": "core", "headline": True}],
}
MOTION = {
    **POSE,
    "name": "tiny/text-to-motion",
    "made": {"modality": "motion", "file": ".npz", "size": None, "fps": FPS, "joints": "smplx-55"},
    "references": "motion",
}


def fields(kind="video", **changes):
    """A task's fields, some of them changed; ``made_file=...`` changes one of ``made``."""
    found = copy.deepcopy({"video": VIDEO, "pose": POSE, "motion": MOTION}[kind])
    for name, value in changes.items():
        if name.startswith("made_"):
            found["made"][name.removeprefix("made_")] = value
        else:
            found[name] = value
    return found


def tiny_task(kind="video", **changes):
    return Task.model_validate(fields(kind, **changes))


def points(seed=0, frames=FRAMES):
    kind = layout("coco-wholebody-133")
    noise = np.random.Generator(np.random.PCG64(seed)).uniform(50, 450, (frames, len(kind.joints), 2))
    return Pose(noise.astype(np.float32), np.ones(noise.shape[:2], np.float32), kind, FPS)


def body(seed=0, frames=FRAMES):
    kind = layout("smplx-55")
    noise = np.random.Generator(np.random.PCG64(seed)).uniform(-1, 1, (frames, len(kind.joints), 3))
    return Pose(noise.astype(np.float32), np.ones(noise.shape[:2], np.float32), kind, FPS)


class TinyCorpus:
    """Clips of all modalities in memory."""

    name = "tiny"
    version = "1"
    licence = "CC0-1.0"
    splits = tuple(IDS)

    def ids(self, split):
        if split not in IDS:
            raise InputError(f"tiny has no split {split}. {nearest(split, IDS)}")
        return list(IDS[split])

    def clip(self, clip_id):
        split, seed = clip_id.split("-")[0], int(clip_id[-4:])
        video = FrameArray(moving_square(FRAMES, HEIGHT, WIDTH, seed=seed), clip_id, FPS)
        return Clip(
            clip_id,
            video=video,
            pose=PoseArray(points(seed), clip_id),
            split=split,
            signer="ann",
            text=f"sentence {seed}",
            gloss=("SENTENCE", str(seed)),
            fps=FPS,
            renderings={"hamer": dataclasses.replace(video, label=f"{clip_id} hands")},
            motion=PoseArray(body(seed), clip_id),
        )
