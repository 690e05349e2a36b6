"""Tiny networks of PGMM and TPSMM, with weights that are random but sensible, and models of them in folders."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import torch

from signbench.extractors.network_loading import random_weights, without_weights
from signbench.generators.pgmm.config import PGMMConfig
from signbench.generators.pgmm.network import MotionModel
from signbench.judges.frame_trunk.config import FrameTrunkConfig
from signbench.judges.pose_estimator.config import PoseEstimatorConfig
from signbench.weights.reference_models import ReferenceModel, write_model

TINY = replace(
    PGMMConfig.small(),
    size=32,
    transformations=2,
    width=4,
    most_width=16,
    halvings=2,
    motion_width=4,
    most_motion_width=16,
    motion_blocks=3,
    point_widths=(4, 4, 8, 8),
    background_widths=(4, 4, 8, 8),
    pose_points=(0, 5, 9, 91, 112),
    pose_size=32,
)
WITHOUT_POSE = replace(TINY.as_tpsmm(), identity_width=(4, 6))


def weights_of(config: PGMMConfig) -> dict[str, torch.Tensor]:
    """Random weights with key points apart from each other, and a background that hardly moves."""
    with torch.device("meta"):
        network = MotionModel(config)
    weights = random_weights(network)
    weights["kp_detector.fg_encoder.fc.weight"] *= 0.1
    if config.background_widths:
        weights["bg_predictor.bg_encoder.fc.weight"] *= 0.001
        weights["bg_predictor.bg_encoder.fc.bias"] = torch.tensor([1.0, 0.0, 0.0, 0.0, 1.0, 0.0])
    return weights


def built(config: PGMMConfig = TINY):
    """A network in evaluation mode."""
    torch.manual_seed(0)
    network = MotionModel(config)
    network.load_state_dict(weights_of(config))
    return network.eval()


def pictures(count: int, size: int = 32, seed: int = 0) -> torch.Tensor:
    """Smooth random pictures, float32 ``(count, 3, size, size)`` on [0, 1]."""
    drawn = torch.rand(count, 3, size // 4, size // 4, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(drawn, size=(size, size), mode="bicubic").clamp(0, 1)


def heat_maps(count: int, points: int = 5, size: int = 8, seed: int = 0) -> torch.Tensor:
    """Gaussians at random cells, float32 ``(count, points, size, size)``."""
    centres = size * torch.rand(count, points, 2, generator=torch.Generator().manual_seed(seed))
    cells = torch.arange(size, dtype=torch.float32)
    across = torch.exp(-((cells - centres[..., :1]) ** 2) / 2)
    down = torch.exp(-((cells - centres[..., 1:]) ** 2) / 2)
    return down[..., :, None] * across[..., None, :]


def _written(folder: Path, model: str, config, kind: str) -> ReferenceModel:
    card = {"kind": kind, "model": model, "configuration": "small", "summary": "Random weights.", "licence": "CC0-1.0"}
    weights = weights_of(config) if isinstance(config, PGMMConfig) else random_weights(without_weights(config.build))
    return write_model(folder, card, config=asdict(config), tensors=weights, files={})


def written_estimator(folder: Path) -> ReferenceModel:
    """A pose estimator of pictures of 32 x 32 with random weights."""
    return _written(folder, "pose-estimator", replace(PoseEstimatorConfig.small(), widths=(4, 8), size=(32, 32)), "judge")


def written_generator(folder: Path, config: PGMMConfig = TINY, model: str = "pgmm") -> ReferenceModel:
    """A generator's model with random weights."""
    return _written(folder, model, config, "generator")


def written_trunk(folder: Path) -> ReferenceModel:
    """A trunk with random weights."""
    return _written(folder, "frame-trunk", FrameTrunkConfig((4, 4, 8, 8), 8, 3, 32), "trunk")
