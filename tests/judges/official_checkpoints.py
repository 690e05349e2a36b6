"""Small files in the published formats of judges' checkpoints, for tests."""

from __future__ import annotations

import copy
import random

import numpy as np
import torch
import yaml
from torch import nn

from signbench.judges.corrnet.config import CorrNetConfig
from signbench.judges.slt.config import SLTConfig


def filled(network: nn.Module, seed: int = 0) -> dict[str, torch.Tensor]:
    """The state dictionary of a network with random numbers in every tensor; shared tensors stay shared."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if tensor.is_floating_point() and not name.endswith((".pe.pe", "A")):
                tensor.copy_(torch.rand(tensor.shape, generator=generator) * 0.2 + 0.01)
    return network.state_dict()


def signjoey_config(*, feature_size=10, recognition=1.0, challenge=False, **model):
    """``config.yaml`` of a small network, with the fields of neccam/slt's ``configs/sign.yaml``."""
    part = {
        "type": "transformer",
        "num_layers": 2,
        "num_heads": 2,
        "embeddings": {"embedding_dim": 8, "scale": False, "dropout": 0.1, "norm_type": "batch", "activation_type": "softsign"},
        "hidden_size": 8,
        "ff_size": 12,
        "dropout": 0.1,
    }
    config = {
        "name": "sign_experiment",
        "data": {"feature_size": feature_size, "level": "word", "max_sent_length": 300, "txt_lowercase": True},
        "testing": {"translation_beam_sizes": [1, 2, 3], "translation_beam_alphas": [-1, 0, 1]},
        "training": {
            "recognition_loss_weight": recognition,
            "translation_loss_weight": 1.0,
            "eval_translation_beam_size": 1,
            "eval_translation_beam_alpha": -1,
            "translation_max_output_length": 30,
            "learning_rate_min": 1.0e-07,
        },
        "model": {"tied_softmax": False, "encoder": copy.deepcopy({**part, **model}), "decoder": copy.deepcopy(part)},
    }
    if challenge:
        config["data"]["skeleton_subsample"] = 2
        del config["testing"]
        for name in ("eval_translation_beam_size", "eval_translation_beam_alpha", "translation_max_output_length"):
            del config["training"][name]
    return config


WORDS = ["regen", "und", "regen", "", "<pad>", "über"]
GLOSSES = ["REGEN", "WIND", "<si>", "REGEN"]


def slt_network(*, inputs=10, recognition=True):
    return SLTConfig(inputs, 5 if recognition else 0, 8, 8, 2, 12, 2, 2, 0.1).build()


def write_signjoey(folder, config, state, *, name="best.ckpt", words=WORDS, glosses=GLOSSES):
    """A folder as neccam/slt's training leaves it, with scores that are NumPy's."""
    folder.mkdir(exist_ok=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    for file, lines in (("txt.vocab", words), ("gls.vocab", glosses)):
        if lines is not None:
            (folder / file).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    checkpoint = {
        "steps": 400,
        "total_txt_tokens": 10,
        "total_gls_tokens": 10,
        "best_ckpt_score": np.float64(12.5),
        "best_all_ckpt_scores": {"eval_translation": {"bleu": np.float32(3)}, "loss": np.inf},
        "best_ckpt_iteration": 300,
        "model_state": state,
        "optimizer_state": {"state": {0: {"step": 1, "exp_avg": torch.zeros(2)}}, "param_groups": [{"lr": 0.001, "params": [0]}]},
        "scheduler_state": {"best": np.float64(12.5), "num_bad_epochs": 0},
    }
    torch.save(checkpoint, folder / name)
    return folder / name


GLOSS_DICT = {"HAUS": [2, 14], "BAUM": [1, 3], "ÜBER": [3, 1]}


def corrnet_network(correlated=(2, 3, 4)):
    widths = (16, 16, 32, 32)
    return CorrNetConfig(len(GLOSS_DICT) + 1, widths, correlated, ("K5", "P2", "K5", "P2"), 16, 0.3, 224).build()


def write_corrnet(folder, state, *, name="dev_18.80.pt", glosses=GLOSS_DICT):
    """A checkpoint as CorrNet and VAC save it, with the states of all random generators, and the glosses."""
    folder.mkdir(exist_ok=True)
    checkpoint = {
        "epoch": 39,
        "model_state_dict": state,
        "optimizer_state_dict": {"state": {}, "param_groups": [{"lr": 1e-4, "betas": (0.9, 0.999), "params": [0, 1]}]},
        "scheduler_state_dict": {"milestones": {20: 1, 35: 1}, "gamma": 0.2},
        "rng_state": {
            "torch": torch.get_rng_state(),
            "cuda": [torch.get_rng_state()],
            "numpy": np.random.get_state(),  # noqa: NPY002 - the checkpoints hold the state of the old generator
            "random": random.getstate(),
        },
    }
    torch.save(checkpoint, folder / name)
    if glosses is not None:
        np.save(folder / "gloss_dict.npy", glosses, allow_pickle=True)
    return folder / name
