"""Published files: state dictionaries with ACTOR's names, among other networks' tensors."""

from __future__ import annotations

import pytest
import torch

from signbench.errors import InputError
from signbench.generators.signavatar.checkpoints import read_official
from signbench.generators.signavatar.model import Checkpoint
from tests.generators.signavatar.tiny import TINY_CLIP, tiny_network

OTHERS = {
    "rotation2xyz.smpl_model.shapedirs": torch.zeros(2, 3),
    "rotation2xyz.smpl_model.faces_tensor": torch.zeros(4, dtype=torch.int64),
    "clip_model.positional_embedding": torch.zeros(7, 5),
}


def saved(path, weights=None, **fields):
    weights = {**tiny_network(TINY_CLIP).state_dict(), **OTHERS} if weights is None else weights
    torch.save({"state_dict": weights, **fields} if fields else weights, path)
    return path


@pytest.mark.parametrize("fields", [{}, {"epoch": 5000}], ids=["bare", "with its epoch"])
def test_a_published_file_is_read_with_the_sizes_that_its_tensors_show(tmp_path, fields):
    found = read_official(saved(tmp_path / "checkpoint_5000.pth.tar", **fields))
    assert found.config == TINY_CLIP.__class__(**{**vars(TINY_CLIP), "dropout": 0.1})
    assert not [name for name in found.weights if name in OTHERS]
    own = tiny_network(TINY_CLIP).state_dict()
    assert list(found.weights) == list(own)
    assert all(torch.equal(found.weights[name], own[name]) for name in own)
    assert "attention heads" in found.notes[0]


def test_the_names_of_several_gpus_are_read_too(tmp_path):
    weights = {f"module.{name}": tensor for name, tensor in tiny_network(TINY_CLIP).state_dict().items()}
    assert list(read_official(saved(tmp_path / "a.pth.tar", weights)).weights) == [name[7:] for name in weights]


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (
            lambda weights: weights.pop("encoder.muQuery.0.weight"),
            "is not a checkpoint of SignAvatar: it has no encoder.muQuery.0.weight",
        ),
        (lambda weights: weights.pop("decoder.finallayer.bias"), "missing: decoder.finallayer.bias"),
        (lambda weights: weights.update(extra=torch.zeros(1)), "not in the network: extra"),
        (
            lambda weights: weights.update({"decoder.finallayer.bias": torch.zeros(330)}),
            r"of another shape: decoder.finallayer.bias \(330,\) where the network has \(318,\)",
        ),
    ],
    ids=["of an action-conditioned ACTOR", "incomplete", "with more", "of the 55 joints"],
)
def test_other_files_are_refused_with_what_differs(tmp_path, harm, message):
    weights = dict(tiny_network(TINY_CLIP).state_dict())
    harm(weights)
    with pytest.raises(InputError, match=message):
        read_official(saved(tmp_path / "checkpoint.pth.tar", weights))


def test_a_generator_finds_a_published_file_by_its_path(tmp_path):
    path = saved(tmp_path / "checkpoint_5000.pth.tar")
    found = Checkpoint.found(path)
    assert (found.model, found.name) == (None, "checkpoint_5000.pth.tar")
    assert len(found.sha256) == 64
