"""Published weights of ST-GCN: st-gcn's own and those of ACTOR's copy, both plain state dictionaries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError, listing
from signbench.judges.official import OfficialModel
from signbench.judges.stgcn.config import STGCNConfig
from signbench.judges.stgcn.judge import SIGNS
from signbench.judges.stgcn.skeletons import Skeleton, skeleton, skeleton_names
from signbench.weights.state_dicts import check_weights, state_dict

if TYPE_CHECKING:
    from torch import Tensor

_BLOCK = re.compile(r"st_gcn_networks\.(\d+)\.tcn\.2\.weight")


def read_official(path: Path) -> OfficialModel:
    """Reads a file such as ``st_gcn.kinetics.pt``, or a checkpoint of ACTOR's recognition model.

    The graph ``A`` in the file must have the bones of one of signbench's skeletons; it is kept as it is in the file, since its
    groups may be those of st-gcn's code (see :meth:`signbench.judges.stgcn.skeletons.Skeleton.adjacency`).

    Args:
        path: the file; ``signs.txt`` next to it names the classes, one a line.

    Raises:
        InputError: it cannot be read, its graph is unknown, or names or shapes differ from the network's.
    """
    import torch

    weights = state_dict(path, ("state_dict",))
    needed = ("A", "data_bn.weight", "fcn.weight")
    if lacking := [name for name in needed if name not in weights]:
        raise InputError(f"{path} is not a checkpoint of ST-GCN: it has no {listing(lacking)}.")
    graph = weights["A"].numpy()
    known = _skeleton_of(graph, path)
    config = _config(weights, known)
    with torch.device("meta"):
        wanted = config.build().state_dict()
    weights = check_weights(wanted, weights, path, "ST-GCN")
    signs, notes = _signs(path.parent / SIGNS, config.classes)
    if not np.allclose(graph, known.adjacency(), atol=1e-6):
        notes += ("its graph distinguishes inwards from outwards only next to the centre, as st-gcn's code does",)
    return OfficialModel(config, weights, {SIGNS: signs}, notes=notes)


def _signs(path: Path, classes: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the classes, which checkpoints do not hold, and a note if they are only numbers."""
    if not path.is_file():
        return tuple(map(str, range(classes))), (
            f"its {classes} classes are numbered from 0, since there was no {SIGNS} next to it",
        )
    try:
        signs = tuple(path.read_text("utf-8").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error
    if len(signs) != classes or len(set(signs)) != classes:
        raise InputError(
            f"{path} has {len(set(signs))} different signs, and the checkpoint has {classes} classes; write one a line."
        )
    return signs, ()


def _config(weights: Mapping[str, Tensor], known: Skeleton) -> STGCNConfig:
    widths = {int(block[1]): len(tensor) for name, tensor in weights.items() if (block := _BLOCK.fullmatch(name))}
    paper = STGCNConfig.paper(known.name, len(weights["data_bn.weight"]) // known.joints, len(weights["fcn.weight"]))
    found = tuple(widths[index] for index in sorted(widths))
    # strides leave no trace in weights: the published ones are wherever the width doubles
    strides = tuple(2 if before and before != width else 1 for before, width in zip((0, *found), found, strict=False))
    kernel = weights["st_gcn_networks.0.tcn.2.weight"].shape[2] if 0 in widths else paper.kernel
    return STGCNConfig(known.name, paper.channels, paper.classes, found or paper.widths, strides or paper.strides, kernel, 0.5)


def _skeleton_of(graph: NDArray[np.float32], path: Path) -> Skeleton:
    """The skeleton with the bones of a graph.

    Raises:
        InputError: there is none; the message has the bones by which the nearest one differs.
    """
    joints = graph.shape[-1]
    candidates = [known for known in map(skeleton, skeleton_names()) if known.joints == joints]
    if graph.ndim != 3 or graph.shape[:2] != (3, joints) or not candidates:
        raise InputError(
            f"{path} has a graph A of the shape {graph.shape}; signbench has skeletons with 3 groups and "
            f"{', '.join(str(skeleton(name).joints) for name in skeleton_names())} joints ({', '.join(skeleton_names())})."
        )
    for known in candidates:
        if any(np.allclose(graph, known.adjacency(hops), atol=1e-6) for hops in (None, 1)):
            return known
    known = candidates[0]
    differing = np.argwhere(np.abs(graph.sum(axis=0) - known.adjacency().sum(axis=0)) > 1e-6)
    bones = [f"{first}-{second}" for first, second in differing if first < second]
    what = f"at the bones {listing(bones)}" if bones else "in the groups of neighbours"
    raise InputError(f"{path} has a graph A that differs from the skeleton {known.name} {what}; its weights need their own graph.")
