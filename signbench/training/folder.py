"""The folder that a training leaves: it belongs to one recipe."""

from __future__ import annotations

from pathlib import Path

from signbench.errors import InputError
from signbench.training.recipe import Recipe, read_recipe, recipe_bytes
from signbench.weights.reference_models import RECIPE
from signbench.whole_files import write_atomically


def begin_folder(out: Path, recipe: Recipe) -> None:
    """Creates the folder, or checks that the one that exists belongs to this training.

    Raises:
        InputError: it holds something else, or cannot be written.
    """
    if (out / RECIPE).is_file():
        check_recipe(out, recipe)
        return
    if out.is_dir() and any(out.iterdir()):
        raise InputError(f"{out} holds something else than a training; choose another `out`.")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror or error}; choose another `out`.") from error
    write_atomically(out / RECIPE, recipe_bytes(recipe))


def check_recipe(out: Path, recipe: Recipe) -> None:
    """Checks that a folder belongs to a training.

    Args:
        out: the folder.
        recipe: of the training.

    Raises:
        InputError: it has another recipe or none.
    """
    if not (out / RECIPE).is_file() or read_recipe(out / RECIPE) != recipe:
        raise InputError(f"{out} holds a training by another recipe or seed; choose another `out`.")
