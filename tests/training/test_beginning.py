"""Fine-tuning: tensors of a model that fit are the first weights of a training."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from signbench.errors import InputError
from signbench.judges.stgcn.config import STGCNConfig
from signbench.training.beginning import begin_with
from signbench.training.recipe import read_recipe
from signbench.weights.reference_models import find_model

RECIPE = read_recipe(Path(__file__).parents[2] / "reference_models/stgcn/recipe.yaml")


def recipe(begin):
    return RECIPE.model_copy(update={"begin": begin})


def test_tensors_that_fit_are_taken_and_the_others_stay_random():
    torch.manual_seed(1)
    network = STGCNConfig.small("smplx-53", 6, 3).build()  # of three signs
    random = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    begun = begin_with(network, recipe("stgcn"))
    theirs = find_model("stgcn").weights()
    taken = {name for name, tensor in network.state_dict().items() if name in theirs and torch.equal(tensor, theirs[name])}
    left = set(random) - taken
    assert 0 < len(left) < len(random) / 4
    assert all(torch.equal(network.state_dict()[name], random[name]) for name in left)
    of_signs = {name for name in random if random[name].shape[:1] == (3,) and "weight" in name}
    assert {name for name in left if "weight" in name} == of_signs
    assert begun.startswith(f"stgcn-{find_model('stgcn').digest}, {len(taken)} of {len(random)} ")


@pytest.mark.parametrize(
    ("begin", "message"),
    [
        ("stgnc", "Did you mean stgcn"),
        ("slt", "the recipe begins with slt, which is of slt, not of stgcn"),
    ],
)
def test_a_model_that_does_not_fit_is_refused(begin, message):
    with pytest.raises(InputError, match=message):
        begin_with(STGCNConfig.small("smplx-53", 6, 3).build(), recipe(begin))


def test_a_network_of_other_shapes_is_refused():
    with pytest.raises(InputError, match="the recipe begins with stgcn, but none of its tensors fits the network"):
        begin_with(torch.nn.Linear(2, 2), recipe("stgcn"))
