"""Published checkpoints of CorrNet and of its parent VAC, whose network is the same without the correlation modules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signbench.errors import InputError, listing
from signbench.judges.corrnet.config import CorrNetConfig
from signbench.judges.official import OfficialModel
from signbench.networks.vocabulary import SILENCE
from signbench.pickled_files import read_pickled_array
from signbench.weights.state_dicts import check_weights, state_dict

if TYPE_CHECKING:
    from torch import Tensor

GLOSSES = "glosses.txt"
"""The file with the glosses, one a line, by index."""

_DICTIONARY = "gloss_dict.npy"
_MOST_DICTIONARY_BYTES = 50_000_000
_BEAM = 10
_STAGES = (1, 2, 3, 4)


def read_official(path: Path) -> OfficialModel:
    """Reads a checkpoint with the glosses next to it.

    Args:
        path: the folder with one checkpoint (``*.pt``, ``*.pth``) and ``gloss_dict.npy``, or the checkpoint in it.

    Raises:
        InputError: a file is missing or cannot be read, glosses and weights have different sizes, or names or shapes differ from
            the network's.
    """
    import torch

    checkpoint = _checkpoint(path)
    weights = state_dict(checkpoint, ("model_state_dict",))
    config = _config(weights, checkpoint)
    dictionary = checkpoint.parent / _DICTIONARY
    glosses = read_glosses(dictionary)
    if len(glosses) != config.classes:
        raise InputError(
            f"{dictionary} has {len(glosses) - 1} glosses, and {checkpoint.name} has {config.classes} classes, "
            "one of them the blank; it belongs to another checkpoint."
        )
    _check_shared(weights, checkpoint)
    notes: tuple[str, ...] = ()
    if not config.correlated:
        # VAC's trunk has the pictures' two axes, and no weights of correlation modules
        weights = {
            "conv2d.alpha": torch.zeros(0),
            **{
                name: tensor.unsqueeze(2) if name.startswith("conv2d.") and tensor.dim() == 4 else tensor
                for name, tensor in weights.items()
            },
        }
        notes = ("it has no correlation modules: a network of VAC",)
    with torch.device("meta"):
        wanted = config.build().state_dict()
    return OfficialModel(
        config, check_weights(wanted, weights, checkpoint, "CorrNet"), {GLOSSES: glosses}, {"gloss_beam": _BEAM}, notes=notes
    )


def read_glosses(path: Path) -> tuple[str, ...]:
    """The glosses by index from ``gloss_dict.npy``: a dictionary from a gloss to its index, from 1, and its count.

    Args:
        path: the file.

    Raises:
        InputError: it cannot be read or is another dictionary.
    """
    content = read_pickled_array(path, most_bytes=_MOST_DICTIONARY_BYTES)
    if not isinstance(content, Mapping) or not content:
        raise InputError(f"{path} does not hold a dictionary of glosses, but {type(content).__name__}.")
    indices = {str(gloss): _index(value) for gloss, value in content.items()}
    if wrong := [gloss for gloss, index in indices.items() if index is None or "\n" in gloss]:
        raise InputError(f"{path} has no index for {listing([repr(gloss) for gloss in wrong], 3)}.")
    by_index = sorted(indices, key=lambda gloss: indices[gloss] or 0)
    if [indices[gloss] for gloss in by_index] != list(range(1, len(by_index) + 1)):
        raise InputError(f"{path} does not number its {len(by_index)} glosses from 1 to {len(by_index)}.")
    return (SILENCE, *by_index)


def _index(value: Any) -> int | None:
    first = value[0] if isinstance(value, (list, tuple)) and value else value
    return first if isinstance(first, int) and not isinstance(first, bool) else None


def _checkpoint(path: Path) -> Path:
    if not path.is_dir():
        return path
    found = sorted(one for one in path.iterdir() if one.suffix in (".pt", ".pth"))
    if len(found) != 1:
        names = listing([one.name for one in found]) or "none"
        raise InputError(f"{path} needs exactly one checkpoint *.pt or *.pth; it has {names}. Name the checkpoint's file.")
    return found[0]


def _config(weights: Mapping[str, Tensor], checkpoint: Path) -> CorrNetConfig:
    """The sizes that the weights have."""
    stems = [f"conv2d.layer{stage}.0.conv1.weight" for stage in _STAGES]
    if lacking := [name for name in (*stems, "classifier.weight") if name not in weights]:
        raise InputError(f"{checkpoint} is not a checkpoint of CorrNet: it lacks {listing(lacking, 3)}.")
    hidden, classes = weights["classifier.weight"].shape
    first, second, third, fourth = (len(weights[name]) for name in stems)
    # the module after stage n + 1 is corr<n>; CSL-Daily's weights lack the first and keep the others' names
    correlated = tuple(stage for stage in _STAGES[1:] if f"conv2d.corr{stage - 1}.down_conv.weight" in weights)
    paper = CorrNetConfig.paper(classes)
    return replace(paper, widths=(first, second, third, fourth), correlated=correlated, hidden=hidden)


def _check_shared(weights: Mapping[str, Tensor], checkpoint: Path) -> None:
    """Compares the two names of the one gloss classifier.

    Raises:
        InputError: they are two classifiers.
    """
    import torch

    other = weights.get("conv1d.fc.weight")
    if other is not None and not torch.equal(other, weights["classifier.weight"]):
        raise InputError(f"{checkpoint} has two gloss classifiers, conv1d.fc and classifier; this network shares one.")
