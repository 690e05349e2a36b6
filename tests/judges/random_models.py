"""Reference models of judges with random weights, for tests."""

from __future__ import annotations

from dataclasses import asdict, replace

import torch

from signbench.judges.key_point_rows import width
from signbench.judges.slt.config import SLTConfig
from signbench.judges.slt.judge import Reading
from signbench.judges.stgcn.config import STGCNConfig
from signbench.judges.translation import Decoding
from signbench.weights.reference_models import write_model

WORDS = ("<unk>", "<pad>", "<s>", "</s>", "sentence", "1", "2", "3")
GLOSSES = ("<si>", "<unk>", "<pad>", "SENTENCE", "1", "2")


def described(model, kind="judge", splits=("train",), corpus="tiny 1"):
    return {
        "kind": kind,
        "model": model,
        "configuration": "small",
        "summary": "Random weights.",
        "licence": "CC0-1.0",
        "data": {"corpus": corpus, "splits": list(splits)},
    }


def lines(words):
    return "".join(f"{word}\n" for word in words).encode()


def tiny_slt(folder, model="slt", **card):
    """A translator with random weights."""
    torch.manual_seed(0)
    config = replace(SLTConfig.small(width(), len(GLOSSES), len(WORDS)), width=8, heads=2, feed_forward=8)
    return write_model(
        folder,
        {**described(model), **card},
        config={**asdict(config), **asdict(Reading()), **asdict(Decoding(beam=1, longest=4))},
        tensors=config.build().state_dict(),
        files={"words.txt": lines(WORDS), "glosses.txt": lines(GLOSSES)},
    )


def tiny_stgcn(folder, signs, reads="motion", **card):
    """A recogniser with random weights."""
    torch.manual_seed(0)
    skeleton, channels = ("smplx-53", 6) if reads == "motion" else ("coco-wholebody-133", 3)
    config = replace(STGCNConfig.small(skeleton, channels, len(signs)), widths=(4, 4), strides=(1, 2))
    return write_model(
        folder,
        {**described("stgcn", splits=("word-train",), corpus="synthsign 1.1"), **card},
        config={**asdict(config), "reads": reads},
        tensors=config.build().state_dict(),
        files={"signs.txt": lines(signs)},
    )
