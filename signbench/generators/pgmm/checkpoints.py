"""Published checkpoints of TPSMM (``vox.pth.tar``, ``taichi.pth.tar``, ``ted.pth.tar``, ``mgif.pth.tar``); PGMM has none.

Source: yoyo-nb/Thin-Plate-Spline-Motion-Model, ``logger.py``: a dictionary with the state dictionaries of the networks, of the
optimisers, and the epoch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signbench.errors import InputError, listing
from signbench.generators.pgmm.config import PGMMConfig
from signbench.generators.pgmm.transformations import GROUP
from signbench.pickled_files import read_checkpoint
from signbench.weights.state_dicts import check_weights, tensors_of

if TYPE_CHECKING:
    from torch import Tensor

SIZE = 256
"""Height and width of the pictures of the published checkpoints, except for ``ted.pth.tar``, which has 384; no file says so."""

_NEEDED = ("inpainting_network", "dense_motion_network", "kp_detector")
_OPTIONAL = ("bg_predictor", "avd_network")
_UNUSED = ("optimizer", "optimizer_bg_predictor", "optimizer_avd", "epoch")


@dataclass(frozen=True, eq=False)
class PublishedModel:
    """The content of a published checkpoint.

    Attributes:
        config: the network's configuration.
        weights: float32 and int64 tensors on the CPU, with exactly the names and shapes of the network of that configuration.
    """

    config: PGMMConfig
    weights: Mapping[str, Tensor]


def read_official(path: Path, size: int = SIZE) -> PublishedModel:
    """Reads a checkpoint; nothing in it is executed.

    Args:
        path: the file.
        size: height and width of its pictures.

    Raises:
        InputError: it cannot be read, or is not a checkpoint of TPSMM; the message names what is missing and what is surplus.
    """
    import torch

    from signbench.generators.pgmm.network import MotionModel

    content = read_checkpoint(path)
    if not isinstance(content, Mapping):
        raise InputError(f"{path} holds {type(content).__name__}, not the networks of TPSMM by name.")
    if missing := [part for part in _NEEDED if part not in content]:
        raise InputError(f"{path} is not a checkpoint of TPSMM: it lacks {listing(missing)}.")
    if surplus := [str(part) for part in content if part not in (*_NEEDED, *_OPTIONAL, *_UNUSED)]:
        raise InputError(f"{path} is not a checkpoint of TPSMM: it has {listing(surplus)}, which TPSMM has not.")
    weights = {
        f"{part}.{name}": tensor
        for part in (*_NEEDED, *_OPTIONAL)
        if part in content
        for name, tensor in tensors_of(content[part], path, ()).items()
    }
    config = _config(weights, path, size)
    with torch.device("meta"):
        wanted = MotionModel(config).state_dict()
    return PublishedModel(config, check_weights(wanted, weights, path, "TPSMM"))


def _config(weights: Mapping[str, Tensor], path: Path, size: int) -> PGMMConfig:
    """The configuration whose sizes the weights have."""
    known = _Shapes(weights, path)
    points = len(known.of("kp_detector.fg_encoder.fc.bias"))
    first, *others = known.rows("inpainting_network.", "first.conv.weight", "down_blocks.{}.conv.weight")
    motion = known.rows("dense_motion_network.hourglass.encoder.", "", "down_blocks.{}.conv.weight")
    background = known.rows("bg_predictor.bg_encoder.", "", "layer{}.0.conv1.weight", start=1)
    identity = [f"avd_network.{part}_encoder.9.weight" for part in ("id", "pose")]
    doublings = len(known.rows("dense_motion_network.", "", "up.{}.conv.weight"))
    if not others or not motion or doublings not in (1, 2):
        raise InputError(f"{path} is not a checkpoint of TPSMM: it lacks blocks that halve or double the size.")
    return replace(
        PGMMConfig.paper().as_tpsmm(),
        size=size,
        transformations=points // (2 * GROUP),
        width=first,
        most_width=max(first, *others),
        halvings=len(others),
        # the first block of the hourglass has twice its width
        motion_width=motion[0] // 2,
        most_motion_width=max(motion),
        motion_blocks=len(motion),
        motion_scale=1 / 2**doublings,
        point_widths=known.rows("kp_detector.fg_encoder.", "", "layer{}.0.conv1.weight", start=1),
        background_widths=background,
        mask_kernel=known.of("dense_motion_network.occlusion.0.weight").shape[-1],
        identity_width=tuple(len(known.of(name)) for name in identity) if identity[0] in weights else (),
    )


@dataclass(frozen=True)
class _Shapes:
    """The sizes of weights by name."""

    weights: Mapping[str, Tensor]
    path: Path

    def of(self, name: str) -> Any:
        """A tensor.

        Raises:
            InputError: it is missing.
        """
        if name not in self.weights:
            raise InputError(f"{self.path} is not a checkpoint of TPSMM: it lacks {name}.")
        return self.weights[name]

    def rows(self, prefix: str, single: str, numbered: str, start: int = 0) -> tuple[int, ...]:
        """Output channels of one tensor, if named, and of the numbered ones, as many as there are."""
        found = [len(self.of(prefix + single))] if single else []
        number = start
        while (name := prefix + numbered.format(number)) in self.weights:
            found.append(len(self.weights[name]))
            number += 1
        return tuple(found)
