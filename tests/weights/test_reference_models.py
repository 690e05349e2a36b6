"""Reference models: their folders, names, and what is refused; and those that are shipped."""

from __future__ import annotations

import shutil

import pytest
import torch

from signbench.documents import read_yaml
from signbench.errors import InputError
from signbench.shipped import own_folder
from signbench.training.recipe import read_recipe
from signbench.weights.reference_models import (
    find_model,
    has_model,
    model_names,
    models_folder,
    read_model,
    recipe_of,
    write_model,
)

SHIPPED = sorted(path.parent for path in own_folder("reference_models").glob("*/card.yaml"))
RECIPES = [path for path in sorted(own_folder("reference_models").glob("*/*.yaml")) if path.name != "card.yaml"]
CARD = {"kind": "judge", "model": "slt", "configuration": "small", "summary": "For tests.", "licence": "CC0-1.0"}


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tensors = {"weight": torch.arange(6.0).view(2, 3), "norm.running_mean": torch.zeros(3)}
    return write_model(
        tmp_path / "reference_models" / "tiny", CARD, config={"width": 3}, tensors=tensors, files={"words.txt": b"a\nb\n"}
    )


def test_a_model_is_read_back_as_it_was_written(model):
    again = find_model("tiny")
    assert again.card.name == "tiny"
    assert again.card.parameters == 6, "statistics of batches are no parameters"
    assert (again.config(), again.lines("words.txt")) == ({"width": 3}, ("a", "b"))
    assert torch.equal(again.weights()["weight"], torch.arange(6.0).view(2, 3))
    assert again.digest == model.digest


def test_equal_models_have_equal_bytes_and_digests(model, tmp_path):
    other = write_model(
        tmp_path / "elsewhere" / "tiny",
        CARD,
        config={"width": 3},
        tensors={"norm.running_mean": torch.zeros(3), "weight": torch.arange(6.0).view(2, 3)},
        files={"words.txt": b"a\nb\n"},
    )
    assert other.digest == model.digest
    assert {path.name: path.read_bytes() for path in other.folder.iterdir()} == {
        path.name: path.read_bytes() for path in model.folder.iterdir()
    }


def test_the_current_folder_comes_before_the_user_s_models(model, monkeypatch):
    mine = write_model(models_folder() / "tiny", CARD, config={"width": 4}, tensors={"weight": torch.zeros(1)}, files={})
    assert find_model("tiny").folder == model.folder
    shutil.rmtree(model.folder)
    assert find_model("tiny").folder == mine.folder
    shutil.rmtree(mine.folder)
    assert not has_model("tiny")


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "words.txt"])
@pytest.mark.parametrize("harm", ["changed", "missing"])
def test_a_changed_or_missing_file_is_named(model, name, harm):
    if harm == "changed":
        (model.folder / name).write_bytes(b"x" + (model.folder / name).read_bytes())
    else:
        (model.folder / name).unlink()
    with pytest.raises(InputError, match=name.replace(".", r"\.")):
        find_model("tiny").weights()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("kind: judge\n", "kind"),
        ("licence: CC0-1.0\n", "licence"),
        ("name: tiny\n", "name"),
    ],
)
def test_a_card_without_a_field_is_refused(model, line, message):
    card = model.folder / "card.yaml"
    card.write_text(card.read_text().replace(line, ""))
    with pytest.raises(InputError, match=f"card.yaml.*{message}"):
        read_model(model.folder)


@pytest.mark.parametrize("name", ["../words.txt", "a/b.txt", ".hidden"])
def test_a_card_cannot_name_files_outside_its_folder(model, name):
    card = model.folder / "card.yaml"
    card.write_text(card.read_text().replace("words.txt:", f"{name}:"))
    with pytest.raises(InputError, match="not a plain file name"):
        read_model(model.folder)


@pytest.mark.parametrize("name", ["tini", "Tiny", "..", "a b", ""])
def test_an_unknown_name_is_refused(model, name):
    with pytest.raises(InputError, match="there is no model"):
        find_model(name)


def test_a_folder_without_a_card_is_no_model(tmp_path):
    with pytest.raises(InputError, match=r"it has no card\.yaml"):
        find_model(tmp_path)


def test_a_model_s_folder_is_never_overwritten(model):
    with pytest.raises(InputError):
        write_model(model.folder, CARD, config={}, tensors={}, files={})
    assert find_model("tiny").digest == model.digest


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_a_shipped_model_is_whole_small_and_has_its_recipe_and_curve(folder):
    model = read_model(folder)
    assert model.card.name == folder.name
    assert model.weights()
    assert all(path.stat().st_size <= 8_000_000 for path in folder.iterdir())
    recipe = read_recipe(folder / "recipe.yaml")
    assert (recipe.model, recipe.summary) == (model.card.model, model.card.summary)
    assert model.card.training is not None
    assert model.card.training.seed == recipe.seed
    epochs = sum(phase.epochs for phase in recipe.phases)
    assert len((folder / "curve.csv").read_text().splitlines()) == 1 + epochs
    assert folder.name in model_names()


@pytest.mark.parametrize("name", ["mimicmotion", "mimicmotion-base", "pgmm", "realisdance", "signavatar"])
def test_a_shipped_generator_s_card_has_what_its_paper_leaves_open(name):
    from signbench.scoring.train import training_data

    model = find_model(name)
    assert model.card.choices
    assert model.card.choices == training_data(read_recipe(model.folder / "recipe.yaml")).choices()


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_recipe_is_valid_and_can_be_trained(path):
    from signbench.scoring.train import TRAININGS

    recipe = read_recipe(path)
    assert recipe.model in TRAININGS
    assert recipe_of(path.parent.name, path.name) == path
    assert set(read_yaml(path, "a recipe")) <= set(recipe.as_json())
