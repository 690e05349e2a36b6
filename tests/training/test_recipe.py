"""Recipes: what they may hold, the learning rates that follow from them, and the order of examples."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from signbench.errors import InputError
from signbench.generators.signaligner.config import SignAlignerConfig
from signbench.scoring.train import recipe_for, training_data
from signbench.training.base import changed, settings_of
from signbench.training.order import batches, seed_of
from signbench.training.pose_degradations import PoseDegradations
from signbench.training.recipe import Phase, read_recipe, recipe_bytes
from signbench.training.schedules import learning_rate
from tests.training.noisy_line import RECIPE


def written(folder, content):
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def test_a_recipe_is_read_back_as_it_was_written(tmp_path):
    recipe = read_recipe(written(tmp_path, RECIPE))
    (tmp_path / "again.yaml").write_bytes(recipe_bytes(recipe))
    assert read_recipe(tmp_path / "again.yaml") == recipe


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"batch": 3}, "batch"),
        ({"phases": []}, "phases"),
        ({"configuration": "large"}, "configuration"),
        ({"phases": [{**RECIPE["phases"][0], "epochs": 0}]}, "epochs"),
        ({"phases": [{**RECIPE["phases"][0], "optimiser": {"name": "lion", "rate": 1.0}}]}, "name"),
        ({"select": {"metric": "wer", "gives": "gloss", "direction": "down"}}, "direction"),
        ({"train": "train"}, "train"),
        ({"phases": [{**RECIPE["phases"][0], "schedule": {"name": "cosine", "epochs": 1}}]}, "schedule ends after 1 epochs"),
    ],
)
def test_an_invalid_recipe_is_refused_with_the_field(tmp_path, change, message):
    with pytest.raises(InputError, match=rf"recipe\.yaml: .*{message}"):
        read_recipe(written(tmp_path, {**RECIPE, **change}))


def phase(**schedule):
    return Phase.model_validate(
        {"name": "one", "epochs": 10, "batch": 1, "optimiser": {"name": "adam", "rate": 2.0}, "schedule": schedule}
    )


@pytest.mark.parametrize(
    ("schedule", "step", "epoch", "falls", "rate"),
    [
        ({}, 50, 5, 0, 2.0),
        ({"warmup": 4}, 0, 0, 0, 0.5),
        ({"warmup": 4}, 3, 0, 0, 2.0),
        ({"name": "cosine"}, 0, 0, 0, 2.0),
        ({"name": "cosine"}, 50, 5, 0, 1.0),
        ({"name": "cosine", "lowest": 0.1}, 100, 10, 0, 0.2),
        ({"name": "cosine", "epochs": 20}, 100, 10, 0, 1.0),
        ({"name": "steps", "at": [3, 6], "factor": 0.1}, 25, 2, 0, 2.0),
        ({"name": "steps", "at": [3, 6], "factor": 0.1}, 30, 3, 0, 0.2),
        ({"name": "steps", "at": [3, 6], "factor": 0.1}, 70, 7, 0, 0.02),
        ({"name": "plateau", "factor": 0.5}, 10, 1, 2, 0.5),
        ({"name": "plateau", "factor": 0.5, "lowest": 0.4}, 10, 1, 5, 0.8),
    ],
)
def test_the_learning_rate_follows_the_schedule(schedule, step, epoch, falls, rate):
    assert learning_rate(phase(**schedule), step, 100, epoch, falls) == pytest.approx(rate)


@pytest.mark.parametrize("lengths", [None, np.arange(103) % 17], ids=["any order", "similar lengths"])
def test_each_example_is_in_at_most_one_batch_of_an_epoch(lengths):
    found = batches(103, 10, 1, "one", 0, lengths)
    assert [len(batch) for batch in found] == [10] * 10
    assert len({int(index) for batch in found for index in batch}) == 100


def test_batches_have_similar_lengths_and_another_order_in_each_epoch():
    lengths = np.random.default_rng(0).integers(10, 100, 640)
    found, plain = (batches(640, 32, 1, "one", 0, given) for given in (lengths, None))
    spread = [np.mean([np.ptp(lengths[batch]) for batch in made]) for made in (found, plain)]
    assert spread[0] < spread[1] / 4
    assert [batch.tolist() for batch in found] == [batch.tolist() for batch in batches(640, 32, 1, "one", 0, lengths)]
    for other in (
        batches(640, 32, 1, "one", 1, lengths),
        batches(640, 32, 2, "one", 0, lengths),
        batches(640, 32, 1, "two", 0, lengths),
    ):
        assert [batch.tolist() for batch in other] != [batch.tolist() for batch in found]


def test_seeds_differ_by_every_part():
    seeds = {seed_of(1, "a", 2), seed_of(1, "a", 3), seed_of(2, "a", 2), seed_of(1, "b", 2)}
    assert len(seeds) == 4
    assert all(0 <= seed < 2**63 for seed in seeds)


@pytest.mark.parametrize(
    ("given", "message"),
    [({"nois": 1.0}, "unknown field nois.*noise"), ({"noise": "much"}, "noise is 'much'"), ({"noisy": True}, "noisy is True")],
)
def test_settings_of_the_data_are_checked(given, message):
    with pytest.raises(InputError, match=message):
        settings_of(PoseDegradations, given, "data")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"widht": 3}, "network has an unknown field widht.*width"),
        ({"width": 3.5}, "width is 3.5, but should be like 112"),
        ({"width": True}, "width is True"),
        ({"rate": "fast"}, "rate is 'fast', but should be like 12.5"),
        ({"occ": False}, "unknown field occ"),
        ({"correction": "litteral"}, "correction is 'litteral', but should be one of concatenated, literal"),
        ({"streams": ["pose", "hand"]}, r"streams is \['pose', 'hand'\], but should be one of pose, hamer, smplx"),
        ({"streams": "pose"}, "streams is 'pose', but should be like"),
        ({"heads": 3}, "width and correction_width are multiples of heads"),
        ({"longest": 0}, "longest are at least 1"),
        ({"streams": ["pose"]}, "a correction needs three streams"),
        ({"streams": [], "correction_layers": 0}, "streams has some of pose, hamer and smplx, each once"),
        ({"dropout": 1.0}, r"dropout is in \[0, 1\)"),
    ],
)
def test_fields_of_the_network_are_checked(given, message):
    with pytest.raises(InputError, match=message):
        changed(SignAlignerConfig.small(0), given, "network")


def test_fields_of_the_network_are_the_recipe_s():
    made = changed(SignAlignerConfig.small(0), {"rate": 25, "streams": ["pose"], "correction_layers": 0}, "network")
    assert (made.rate, made.streams, made.width) == (25, ("pose",), 112)


@pytest.mark.parametrize(
    ("name", "configuration", "message"),
    [("slr", "small", "slr"), ("slt", "large", "no configuration large"), ("nowhere.yaml", "small", "cannot be read")],
)
def test_an_unknown_model_configuration_or_recipe_is_refused(name, configuration, message):
    with pytest.raises(InputError, match=message):
        recipe_for(name, configuration)


def test_a_model_without_a_training_is_refused():
    recipe = recipe_for("slt").model_copy(update={"model": "sltt"})
    with pytest.raises(InputError, match="there is no training of a model sltt"):
        training_data(recipe)
