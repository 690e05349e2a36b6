"""Tiny judges with random weights, in the form of reference models."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from signbench.judges import key_point_rows
from signbench.judges.corrnet.config import CorrNetConfig
from signbench.judges.nslt.config import NSLTConfig
from signbench.judges.slt.config import SLTConfig
from signbench.judges.slt.judge import Reading
from signbench.judges.stgcn.config import STGCNConfig
from signbench.judges.translation import Decoding
from signbench.training.base import vocabulary_file
from signbench.weights.reference_models import ReferenceModel, write_model

WORDS = ("<unk>", "<pad>", "<s>", "</s>", "a", "bird", "cat", "sees", ".")
GLOSSES = ("<si>", "<unk>", "<pad>", "BIRD", "CAT", "SEE")
SIGNS = ("bird", "cat", "see", "bread", "cheese")
DECODING = Decoding(longest=8)

CONFIGS: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "stgcn of rotations": ("stgcn", STGCNConfig("smplx-53", 6, 5, (8, 8, 16), (1, 2, 1), 5, 0.2), {"reads": "motion"}),
    "stgcn of key points": ("stgcn", STGCNConfig("coco-wholebody-133", 3, 5, (4, 8), (1, 2), 5, 0.2), {"reads": "pose"}),
    "slt": (
        "slt",
        SLTConfig(key_point_rows.width(), len(GLOSSES), len(WORDS), 16, 2, 32, 1, 1, 0.1),
        {**asdict(Reading()), **asdict(DECODING)},
    ),
    "nslt": ("nslt", NSLTConfig("pose", key_point_rows.width(), len(WORDS), 16, 2, 0.2), asdict(DECODING)),
    "corrnet": (
        "corrnet",
        replace(CorrNetConfig.small(len(GLOSSES)), widths=(8, 16, 16, 16), hidden=16, size=32),
        {"silent": 3, "rate": 12.5, "gloss_beam": 10},
    ),
}
"""The judge, its configuration, and the further content of its config.json."""

FILES: dict[str, dict[str, bytes]] = {
    "stgcn": {"signs.txt": vocabulary_file(SIGNS)},
    "slt": {"words.txt": vocabulary_file(WORDS), "glosses.txt": vocabulary_file(GLOSSES)},
    "nslt": {"words.txt": vocabulary_file(WORDS)},
    "corrnet": {"glosses.txt": vocabulary_file(GLOSSES)},
}


def written(folder: Path, name: str, seed: int = 1) -> ReferenceModel:
    """A model of one of :data:`CONFIGS` with random weights that give varied answers."""
    judge, config, more = CONFIGS[name]
    torch.manual_seed(seed)
    network = config.build().eval()
    with torch.no_grad():
        for key, tensor in network.state_dict().items():
            if key.endswith("running_var"):
                tensor.uniform_(0.5, 1.5)
            elif tensor.is_floating_point() and tensor.dim() > 1 and key != "A" and not key.endswith(".pe"):
                tensor.mul_(2)
        if judge == "corrnet":
            network.conv2d.alpha.fill_(0.5)
    card = {"kind": "judge", "model": judge, "configuration": "small", "summary": "For tests.", "licence": "CC0-1.0"}
    return write_model(folder, card, config={**asdict(config), **more}, tensors=network.state_dict(), files=FILES[judge])
