"""Small copies of data sets in their published layouts, written by tests."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np

WORDS = ("book", "drink", "book", "computer")
"""Words of the clips of ASL3DWord's trees; the number of each split's clips is that of the words used."""


def pickled(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(content))


def asl3dword(root: Path, train: int = 4, test: int = 3, frames: int = 6) -> Path:
    """``{train,test}/samples_{pose,label}.pkl`` with clips of some frames, each a little longer than the one before."""
    random = np.random.Generator(np.random.PCG64(1))
    for split, count in (("train", train), ("test", test)):
        poses = [random.normal(0, 0.1, (frames + number, 53, 3)).astype(np.float32) for number in range(count)]
        pickled(root / split / "samples_pose.pkl", poses)
        pickled(root / split / "samples_label.pkl", [WORDS[number % len(WORDS)] for number in range(count)])
    return root
