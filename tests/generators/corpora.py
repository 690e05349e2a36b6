"""A small corpus in memory: sentences and isolated words whose media are arrays."""

from __future__ import annotations

import zlib

import numpy as np

from signbench.corpora.clip import Clip
from signbench.corpora.recordings import FrameArray, PoseArray
from signbench.errors import InputError
from signbench.generators.base import Made
from signbench.generators.training import TrainView
from signbench.media.layouts import layout
from signbench.media.pose import Pose

FPS = 25.0
LAYOUT = layout("pt-50")
VIDEO = Made("video", FPS, size=(24, 32))
POSE = Made("pose", FPS, layout=LAYOUT, suffix=".pose")
MOTION = Made("motion", FPS)

# id, text, glosses, signer, frames
CLIPS = [
    ("train-0001", "The dog sleeps today.", ("TODAY", "DOG", "SLEEP"), "ada", 9),
    ("train-0002", "My mother drinks coffee.", ("MOTHER", "COFFEE", "DRINK"), "ben", 12),
    ("train-0003", "Does the cat drink milk?", ("CAT", "MILK", "DRINK"), "ada", 15),
    ("test-0001", "The dog is sleeping today.", ("TODAY", "DOG", "SLEEP"), "ada", 10),
    ("test-0002", "A cat drinks coffee.", ("CAT", "COFFEE", "DRINK"), "ben", 8),
    ("test-0003", "Your mother sleeps.", ("MOTHER", "SLEEP"), "ada", 14),
    ("test-0004", "Milk today!", ("TODAY", "MILK"), "ben", 7),
    ("word-train-0001", "dog", ("DOG",), "ada", 8),
    ("word-train-0002", "dog", ("DOG",), "ben", 8),
    ("word-train-0003", "to sleep", ("SLEEP",), "ada", 10),
    ("word-train-0004", "sleep", ("SLEEP",), "ada", 9),
    ("word-train-0005", "mother", ("MOTHER",), "ben", 8),
    ("word-train-0006", "drink", ("DRINK",), "ben", 8),
    ("word-test-0001", "dogs", ("DOG",), "ben", 8),
    ("word-test-0002", "mother", ("MOTHER",), "ada", 6),
]


def _seed(name):
    return zlib.crc32(name.encode())


def frames_of_clip(name, frames, height=48, width=64):
    """uint8 (T, H, W, 3): a bright square that wanders and comes back, over a ground of the clip's own colour."""
    draw = np.random.Generator(np.random.PCG64(_seed(name)))
    images = np.empty((frames, height, width, 3), np.uint8)
    images[:] = draw.integers(0, 120, 3)
    for frame in range(frames):
        index = round(30 * np.sin(np.pi * frame / max(1, frames - 1)))
        images[frame, 8:24, index : index + 16] = 255
    return images


def pose_of_clip(name, frames, kind=LAYOUT, dimensions=3):
    """Joints that move away from a home of the clip's own and come back; the last joint is never seen."""
    draw = np.random.Generator(np.random.PCG64(_seed(name)))
    home = draw.uniform(100, 400, (len(kind.joints), dimensions))
    wave = 50 * np.sin(np.pi * np.arange(frames) / max(1, frames - 1))[:, None, None]
    confidence = np.ones((frames, len(kind.joints)), np.float32)
    confidence[:, -1] = 0
    points = np.where(confidence[..., None] > 0, home + wave, 0)
    return Pose(points.astype(np.float32), confidence, kind, FPS)


class SmallCorpus:
    """Three train and four test sentences, six train and two test words; it records which clips' media were requested."""

    name = "small"
    version = "1"
    licence = "CC0-1.0"

    def __init__(self, clips=CLIPS, hidden=()):
        self._clips = {clip[0]: clip for clip in clips}
        self._hidden = hidden
        self.splits = tuple(dict.fromkeys(name.rpartition("-")[0] for name in self._clips))
        self.asked = []

    def ids(self, split):
        found = [name for name in self._clips if name.rpartition("-")[0] == split]
        if not found:
            raise InputError(f"no split {split}.")
        return found

    def clip(self, clip_id):
        if clip_id not in self._clips:
            raise InputError(f"no clip {clip_id}.")
        if clip_id.rpartition("-")[0] in self._hidden:
            raise AssertionError(f"{clip_id} must not be asked for")
        name, text, gloss, signer, frames = self._clips[clip_id]
        self.asked.append(name)
        video = FrameArray(frames_of_clip(name, frames), name, FPS)
        return Clip(
            name,
            video=video,
            pose=PoseArray(pose_of_clip(name, frames), name),
            split=name.rpartition("-")[0],
            signer=signer,
            text=text,
            gloss=gloss,
            fps=FPS,
            renderings={"hamer": FrameArray(255 - video.frames, f"{name}/hamer", FPS)},
            motion=PoseArray(pose_of_clip(f"{name}/motion", frames), name),
        )


def train_view(made, split="test", references=None, **corpus):
    """What a generator may learn from for a split of the small corpus."""
    return TrainView.of_task(SmallCorpus(**corpus), made, split=split, references=references or made.modality)
