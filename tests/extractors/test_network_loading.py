"""Weights of networks: what is read, what is refused, and that drawing random ones disturbs nobody."""

from __future__ import annotations

import pickle
import random

import numpy as np
import pytest
import torch
from torch import nn

from signbench.errors import InputError
from signbench.extractors.network_loading import (
    device_of,
    fold_batch_norms,
    give_weights,
    official_weights,
    random_weights,
    torchscript_program,
    without_weights,
)
from signbench.extractors.precision import counting_in
from tests.extractors.official_files import I3D_TORCHSCRIPT, INCEPTION, announce, index, save

CPU = torch.device("cpu")


class Unit(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 5, 3, bias=False)
        self.bn = nn.BatchNorm2d(5, eps=0.01)

    def forward(self, x):
        return self.bn(self.conv(x))


def unit():
    network = without_weights(Unit)
    give_weights(network, random_weights(network), INCEPTION)
    return network


def test_random_weights_are_the_same_every_time_and_leave_all_generators_as_they_were():
    states = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002 - the global state is the point
    first = random_weights(without_weights(Unit))
    torch.manual_seed(9)
    second = random_weights(without_weights(Unit))
    torch.set_rng_state(states[0])
    unit()
    assert torch.equal(torch.get_rng_state(), states[0])
    np.testing.assert_array_equal(np.random.get_state()[1], states[1])  # noqa: NPY002
    assert random.getstate() == states[2]
    assert {name: tensor.tolist() for name, tensor in first.items()} == {name: tensor.tolist() for name, tensor in second.items()}


def test_random_batch_normalisation_is_nowhere_neutral():
    weights = random_weights(without_weights(Unit))
    assert (weights["bn.running_mean"] != 0).all()
    assert (weights["bn.bias"] != 0).all()
    for name in ("bn.weight", "bn.running_var"):
        assert ((weights[name] >= 0.5) & (weights[name] < 1.5)).all()


def test_folding_changes_nothing_but_the_number_of_steps():
    plain, folded = unit(), unit()
    fold_batch_norms(folded)
    frames = torch.rand(2, 3, 9, 8, generator=torch.Generator().manual_seed(1))
    assert isinstance(folded.bn, nn.Identity)
    torch.testing.assert_close(folded(frames), plain(frames), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_state_dictionary_is_read_as_it_was_written(tmp_path, monkeypatch, zipped):
    weights = random_weights(without_weights(Unit))
    path = index(monkeypatch, tmp_path, INCEPTION)
    torch.save({**weights, "half": torch.ones(2, dtype=torch.float16)}, path, _use_new_zipfile_serialization=zipped)
    announce(monkeypatch, INCEPTION, path)
    found = official_weights(INCEPTION)
    assert found.pop("half").dtype == torch.float32
    assert all(torch.equal(found[name], weights[name]) for name in weights)


def test_weights_that_are_not_there_are_answered_with_the_command_that_brings_them(tmp_path, monkeypatch):
    monkeypatch.setenv("SIGNBENCH_WEIGHTS", str(tmp_path / "nowhere"))
    for load in (lambda: official_weights(INCEPTION), lambda: torchscript_program(I3D_TORCHSCRIPT, CPU)):
        with pytest.raises(InputError, match="signbench weights fetch"):
            load()


class Evil:
    def __reduce__(self):
        return exec, ("raise SystemExit('it ran')",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "cannot be read as a checkpoint"),
        (b"not a pickle", "cannot be read as a checkpoint"),
        (b"PK\x03\x04" + bytes(100), "cannot be read as a checkpoint"),
        (pickle.dumps({"a": Evil()}), r"torch\.save did not write it"),
    ],
)
def test_files_that_hold_no_weights_are_refused_and_nothing_in_them_runs(tmp_path, monkeypatch, content, message):
    path = index(monkeypatch, tmp_path, INCEPTION)
    path.write_bytes(content)
    announce(monkeypatch, INCEPTION, path)
    with pytest.raises(InputError, match=message) as refused:
        official_weights(INCEPTION)
    assert f"signbench weights fetch {INCEPTION}" in str(refused.value)


@pytest.mark.parametrize("content", [[torch.zeros(2)], {"a": 1}, torch.zeros(3), {"a": {"b": torch.zeros(1)}}])
def test_files_of_anything_but_tensors_by_name_are_refused(tmp_path, monkeypatch, content):
    save(monkeypatch, tmp_path, INCEPTION, content)
    with pytest.raises(InputError, match="does not hold tensors by name"):
        official_weights(INCEPTION)


def test_a_file_with_another_digest_than_the_registered_one_is_not_opened(tmp_path, monkeypatch):
    for name, load in ((INCEPTION, official_weights), (I3D_TORCHSCRIPT, lambda name: torchscript_program(name, CPU))):
        index(monkeypatch, tmp_path, name).write_bytes(b"anything")
        with pytest.raises(InputError, match=f"is not the registered file of the weights {name}"):
            load(name)


def test_weights_that_do_not_fit_are_refused_with_their_names():
    weights = random_weights(without_weights(Unit))
    for wrong, name in (
        ({key: value for key, value in weights.items() if key != "bn.bias"}, "bn.bias"),
        ({**weights, "more": torch.zeros(1)}, "more"),
        ({**weights, "conv.weight": torch.zeros(5, 3, 1, 1)}, "conv.weight"),
    ):
        with pytest.raises(InputError, match=rf"do not match their network: [\w ]+: {name}"):
            give_weights(without_weights(Unit), wrong, INCEPTION)


def test_layers_that_the_network_leaves_out_and_counters_that_old_files_lack_make_no_difference():
    weights = random_weights(without_weights(Unit))
    del weights["bn.num_batches_tracked"]
    network = without_weights(Unit)
    give_weights(network, {**weights, "fc.weight": torch.zeros(2)}, INCEPTION, unused="fc.")
    torch.testing.assert_close(network.state_dict()["conv.weight"], weights["conv.weight"], rtol=0, atol=0)


@pytest.mark.parametrize("name", ["gpu", "cuda:99", "cpu:x", "meta", ""])
def test_devices_that_are_not_there_are_refused(name):
    with pytest.raises(InputError, match="cannot be used"):
        device_of(name)


def switches():
    backends = torch.backends
    return [part.fp32_precision for part in (backends.cudnn.conv, backends.cudnn.rnn, backends.mkldnn.conv)]


@pytest.mark.parametrize(("precision", "expected"), [("float32", "ieee"), ("tf32", "tf32"), ("bf16", "ieee")])
def test_precision_is_settled_within_and_as_it_was_outside(precision, expected):
    before = switches()
    with counting_in(precision, CPU):
        assert switches() == [expected] * 3
        assert torch.is_inference_mode_enabled()
        assert torch.is_autocast_enabled("cpu") == (precision == "bf16")
    assert switches() == before
    with pytest.raises(ValueError, match="broken"), counting_in(precision, CPU):
        raise ValueError("broken")
    assert switches() == before


def test_what_the_program_around_counts_in_does_not_reach_the_network():
    network, frames = unit(), torch.rand(2, 3, 9, 8, generator=torch.Generator().manual_seed(1))
    with counting_in("float32", CPU):
        expected = network(frames)
    before = torch.backends.mkldnn.conv.fp32_precision
    torch.backends.mkldnn.conv.fp32_precision = "bf16"
    try:
        with torch.autocast("cpu", dtype=torch.bfloat16), counting_in("float32", CPU):
            found = network(frames)
        assert torch.backends.mkldnn.conv.fp32_precision == "bf16"
    finally:
        torch.backends.mkldnn.conv.fp32_precision = before
    assert found.dtype == torch.float32
    assert torch.equal(found, expected)
    with counting_in("bf16", CPU):
        assert not torch.equal(network(frames).float(), expected)
