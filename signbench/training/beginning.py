"""Fine-tuning: a training that begins with the weights of a reference model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signbench.errors import InputError
from signbench.training.recipe import Recipe
from signbench.weights.reference_models import find_model

if TYPE_CHECKING:
    from torch import nn


def begin_with(network: nn.Module, recipe: Recipe) -> str:
    """Gives a network the weights of the recipe's ``begin``: all tensors that have the same name and shape.

    Others, such as the rows of another vocabulary, stay random.

    Args:
        network: with random weights.
        recipe: of the training.

    Returns:
        Name and digest of that model, and how many of the network's tensors are its.

    Raises:
        InputError: there is no such model, it is of another judge or generator, or nothing of it fits.
    """
    import torch

    model = find_model(str(recipe.begin))
    if model.card.model != recipe.model:
        raise InputError(f"the recipe begins with {recipe.begin}, which is of {model.card.model}, not of {recipe.model}.")
    own, theirs = network.state_dict(), model.weights()
    fitting = [name for name, tensor in own.items() if name in theirs and theirs[name].shape == tensor.shape]
    if not fitting:
        raise InputError(f"the recipe begins with {recipe.begin}, but none of its tensors fits the network; see `configuration`.")
    with torch.no_grad():
        for name in fitting:
            own[name].copy_(theirs[name])
    return f"{recipe.begin}-{model.digest}, {len(fitting)} of {len(own)} tensors"
