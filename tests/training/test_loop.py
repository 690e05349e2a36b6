"""The training loop: what it leaves, and that interruptions do not affect it."""

from __future__ import annotations

import copy
import csv
import json
import multiprocessing

import pytest
import torch

from signbench.errors import InputError
from signbench.scoring.train import measured
from signbench.training.checkpoints import Checkpoints
from signbench.training.loop import Settings, TrainingError, train
from signbench.training.recipe import Optimiser, read_recipe
from signbench.training.schedules import optimiser_of, resume_optimiser
from signbench.weights.reference_models import read_model
from tests.training.killing import KilledError, killed_at
from tests.training.noisy_line import RECIPE, Lines, lines

pytest.importorskip("accelerate")


def run(out, progress=None, workers=0, **changes):
    more = {} if progress is None else {"progress": progress}
    return train(lines(**changes), measured, Settings(out, save_seconds=0.0, workers=workers, **more))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return run(tmp_path_factory.mktemp("whole") / "line")


def test_it_leaves_a_model_with_card_recipe_curve_and_weights(whole):
    assert {path.name for path in whole.folder.iterdir()} >= {
        "card.yaml",
        "recipe.yaml",
        "config.json",
        "model.safetensors",
        "labels.txt",
        "curve.csv",
        "logs",
    }
    assert not (whole.folder / "checkpoints").exists()
    card = whole.card
    assert (card.name, card.model, card.configuration, card.parameters) == ("line", "line", "small", 58)
    assert (card.training.seed, card.training.steps, card.training.selected) == (1, 3 * 10 + 2 * 5, "accuracy.label")
    assert card.training.value > 0.9
    rows = list(csv.DictReader((whole.folder / "curve.csv").read_text().splitlines()))
    assert [(row["phase"], row["epoch"]) for row in rows] == [
        ("first", "1"),
        ("first", "2"),
        ("first", "3"),
        ("head", "1"),
        ("head", "2"),
    ]
    assert max(float(row["dev accuracy.label"]) for row in rows) == pytest.approx(card.training.value, abs=1e-4)
    assert read_recipe(whole.folder / "recipe.yaml") == lines().recipe


def test_samples_of_each_validation_are_kept_and_change_nothing_else(whole, tmp_path):
    rows = list(csv.DictReader((whole.folder / "curve.csv").read_text().splitlines()))
    validated = [f"{int(row['steps']):08d}" for row in rows if row["dev accuracy.label"]]
    assert sorted(path.name for path in (whole.folder / "samples").iterdir()) == validated
    kept = json.loads((whole.folder / "samples" / validated[-1] / "answers.json").read_text())
    assert [row["clip"] for row in kept] == ["0", "1"]
    assert all(row["said"]["label"]["text"] and row["expected"]["label"]["text"] for row in kept)
    without = train(lines(), measured, Settings(tmp_path / "line", samples=0))
    assert not (without.folder / "samples").exists()
    for name in ("model.safetensors", "curve.csv", "recipe.yaml", "config.json"):
        assert (without.folder / name).read_bytes() == (whole.folder / name).read_bytes()


@pytest.mark.parametrize("stops", [[1], [7], [10], [12, 3], [30], [31], [33, 2, 1, 1], [40]])
def test_a_training_that_was_interrupted_ends_with_the_same_bytes(whole, tmp_path, stops):
    for step in stops:
        with pytest.raises(KilledError):
            run(tmp_path / "line", killed_at(step))
    again = run(tmp_path / "line")
    for name in ("model.safetensors", "curve.csv", "config.json"):
        assert (again.folder / name).read_bytes() == (whole.folder / name).read_bytes(), name


def test_a_training_that_began_on_another_device_names_both(tmp_path):
    with pytest.raises(KilledError):
        run(tmp_path / "line", killed_at(12))
    checkpoints = Checkpoints(tmp_path / "line" / "checkpoints")
    state, tensors = checkpoints.load()
    assert state.devices == ("cpu",)
    state.devices = ("cuda",)
    checkpoints.save(state, tensors)
    assert run(tmp_path / "line").card.training.device == "cuda and cpu"


@pytest.mark.parametrize("name", ["sgd", "adam", "adamw"])
@pytest.mark.parametrize("fused", [True, False, None])
def test_a_resumed_optimiser_has_the_other_s_state_and_computes_as_its_own_device_does(name, fused):
    phase = lines().recipe.phases[0].model_copy(update={"optimiser": Optimiser(name=name, rate=0.1)})
    first, second = (torch.nn.Parameter(torch.ones(2)) for _ in range(2))
    old, new = optimiser_of(phase, [first]), optimiser_of(phase, [second])
    first.grad = torch.ones(2)
    old.step()
    saved = copy.deepcopy(old.state_dict())
    saved["param_groups"][0]["fused"] = fused
    resume_optimiser(new, saved)
    assert new.param_groups[0]["fused"] is None
    assert new.state_dict()["state"].keys() == saved["state"].keys()
    second.data, second.grad = first.data.clone(), first.grad.clone()
    old.param_groups[0]["fused"] = None
    for one in (old, new):
        one.step()
    assert torch.equal(first, second)


def test_worker_processes_do_not_affect_the_bytes(whole, tmp_path):
    with pytest.raises(KilledError):
        run(tmp_path / "line", killed_at(7), workers=2)
    assert multiprocessing.active_children() == []  # gone with the error
    again = run(tmp_path / "line", workers=2)
    for name in ("model.safetensors", "curve.csv", "config.json"):
        assert (again.folder / name).read_bytes() == (whole.folder / name).read_bytes(), name


class Plain(Lines):
    """The same with a network and points without chance, so that a step's gradients do not depend on its pieces."""

    def build(self):
        return torch.nn.Linear(2, 2)

    def batch(self, phase, indices, random):
        self.seen = [*getattr(self, "seen", []), len(indices)]
        return {"points": torch.from_numpy(self.points[indices]), "labels": torch.from_numpy(self.labels[indices])}


def in_pieces(at_once, out):
    phases = [{**phase, **({} if at_once is None else {"at_once": at_once})} for phase in RECIPE["phases"]]
    data = Plain(lines(phases=phases).recipe, lines().corpus)
    return data, train(data, measured, Settings(out, save_seconds=0.0))


def test_a_step_in_pieces_has_the_gradients_of_the_whole_step(tmp_path):
    data, whole = in_pieces(None, tmp_path / "whole")
    assert set(data.seen) == {10, 20}
    data, pieces = in_pieces(4, tmp_path / "pieces")
    assert data.seen[:3] == [4, 3, 3] and max(data.seen) == 4
    for name, wanted in whole.weights().items():
        assert torch.allclose(pieces.weights()[name], wanted, atol=1e-5), name
    curves = [list(csv.DictReader((model.folder / "curve.csv").read_text().splitlines())) for model in (whole, pieces)]
    for one, two in zip(*curves, strict=True):
        assert float(two["entropy"]) == pytest.approx(float(one["entropy"]), rel=1e-4)


def test_a_training_in_pieces_that_was_interrupted_ends_with_the_same_bytes(tmp_path):
    phases = [{**phase, "at_once": 4} for phase in RECIPE["phases"]]
    whole = run(tmp_path / "whole", phases=phases)
    with pytest.raises(KilledError):
        run(tmp_path / "killed", killed_at(7), phases=phases)
    again = run(tmp_path / "killed", phases=phases)
    assert again.card.files == whole.card.files


def test_another_seed_gives_other_weights(whole, tmp_path):
    assert run(tmp_path / "line", seed=2).digest != whole.digest


def test_a_finished_training_is_not_repeated(whole):
    before = (whole.folder / "model.safetensors").stat().st_mtime_ns
    assert run(whole.folder).digest == whole.digest
    assert (whole.folder / "model.safetensors").stat().st_mtime_ns == before


def test_a_later_phase_trains_only_its_own_parameters(tmp_path):
    first = run(tmp_path / "one", phases=[lines().recipe.as_json()["phases"][0]])
    # the second phase begins with the last weights of the first, not with the averaged ones, and changes only the head
    weights, both = first.weights(), run(tmp_path / "two").weights()
    assert set(weights) == set(both)


@pytest.mark.parametrize("content", ["recipe of another seed", "something else"])
def test_a_folder_with_something_else_is_refused(whole, tmp_path, content):
    out = whole.folder if content == "recipe of another seed" else tmp_path
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="choose another `out`"):
        run(out, seed=3)


def test_too_few_examples_are_refused(tmp_path):
    phase = {"name": "first", "epochs": 1, "batch": 101, "optimiser": {"name": "adam", "rate": 0.1}}
    with pytest.raises(InputError, match="has 100 examples, fewer than a batch of 101"):
        run(tmp_path / "line", phases=[phase])


@pytest.mark.parametrize(
    ("processes", "at_once", "words"),
    [
        (11, None, "the phase first has a batch of 10 for 11 processes; start at most 10"),
        (3, 3, "the phase first has a batch of 10 in pieces of 3, which 3 processes cannot share evenly"),
        (15, None, "the phase first has a batch of 10 for 15 processes"),
    ],
)
def test_processes_that_cannot_share_a_batch_are_refused(processes, at_once, words, tmp_path, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", str(processes))
    phases = [{**phase, "at_once": at_once} for phase in RECIPE["phases"]]
    with pytest.raises(InputError, match=words):
        run(tmp_path / "line", phases=phases)
    assert not (tmp_path / "line").exists()


def test_a_loss_that_is_not_a_number_stops_the_training(tmp_path):
    with pytest.raises(TrainingError, match=r"the loss entropy is nan in epoch 1, step 1 of the phase first; lower"):
        run(tmp_path / "line", data={"scale": float("nan")})


def test_a_disk_without_room_is_refused_before_the_first_step(tmp_path, monkeypatch):
    import shutil

    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 10, 10))
    with pytest.raises(InputError, match="GB are free; make room"):
        run(tmp_path / "line")


def test_a_damaged_checkpoint_is_named(tmp_path):
    with pytest.raises(KilledError):
        run(tmp_path / "line", killed_at(12))
    latest = Checkpoints(tmp_path / "line" / "checkpoints").latest
    latest.write_bytes(latest.read_bytes()[:100])
    with pytest.raises(InputError, match=r"state\.pt is damaged"):
        run(tmp_path / "line")


def test_a_model_whose_file_changed_is_refused(whole, tmp_path):
    import shutil

    copy = shutil.copytree(whole.folder, tmp_path / "copy")
    (copy / "labels.txt").write_text("no\nmaybe\n")
    with pytest.raises(InputError, match=r"labels\.txt is not the file of the model line"):
        _ = read_model(copy).digest
