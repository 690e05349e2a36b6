"""Published weights of HRNet: its authors' and those of MMPose."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from signbench.errors import InputError, listing
from signbench.judges.official import OfficialModel
from signbench.judges.pose_estimator.config import PoseEstimatorConfig
from signbench.media.layouts import layout
from signbench.weights.state_dicts import check_weights, state_dict

if TYPE_CHECKING:
    from torch import Tensor

_PREFIXES = {"backbone.": "", "keypoint_head.final_layer.": "final_layer.", "head.final_layer.": "final_layer."}
"""MMPose's prefixes, of its versions 0 and 1, and what they are here."""

_STAGE = re.compile(r"stage([234])\.(\d+)\.")


def read_official(path: Path) -> OfficialModel:
    """Reads a checkpoint of HRNet's authors (``pose_hrnet_w32_256x192.pth``) or of MMPose.

    Args:
        path: the file.

    Raises:
        InputError: it cannot be read, or names or shapes differ from the network's.
    """
    import torch

    weights = _renamed(state_dict(path, ("best_state_dict", "state_dict")), path)
    finest = "stage2.0.branches.0.0.conv1.weight"
    if lacking := [name for name in ("final_layer.weight", finest) if name not in weights]:
        raise InputError(f"{path} is not a checkpoint of HRNet with heat maps: it lacks {listing(lacking)}.")
    counts = {"2": 1, "3": 1, "4": 1}
    for name in weights:
        if found := _STAGE.match(name):
            counts[found[1]] = max(counts[found[1]], int(found[2]) + 1)
    config = replace(
        PoseEstimatorConfig.paper(len(weights["final_layer.weight"])),
        widths=(len(weights[finest]),),
        modules=(counts["2"], counts["3"], counts["4"]),
    )
    with torch.device("meta"):
        wanted = config.build().state_dict()
    known = layout(config.layout)
    notes = (f"its {config.joints} heat maps are read in the order of {known.name}, since the file names none",)
    obstacle = (
        "" if config.joints == len(known.joints) else f"it has {config.joints} heat maps, and {known.name} has {len(known.joints)}"
    )
    return OfficialModel(config, check_weights(wanted, weights, path, "HRNet"), notes=notes, obstacle=obstacle)


def _renamed(weights: Mapping[str, Tensor], path: Path) -> dict[str, Tensor]:
    """MMPose's names as HRNet's; all others stay."""
    renamed: dict[str, Tensor] = {}
    for name, tensor in weights.items():
        prefix = next((prefix for prefix in _PREFIXES if name.startswith(prefix)), "")
        own = _PREFIXES.get(prefix, "") + name.removeprefix(prefix)
        if own in renamed:
            raise InputError(f"{path} has the tensor {own} under two names; keep one.")
        renamed[own] = tensor
    return renamed
