"""The LPIPS extractor: its rows, its sizes, its linear layers, its weights."""

from __future__ import annotations

import hashlib
import importlib.util
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from signbench.errors import InputError, MediaError
from signbench.extractors import perceptual, perceptual_network
from signbench.extractors.perceptual import Perceptual
from signbench.extractors.perceptual_network import linear_layers
from tests.extractors.official_files import TRUNKS, save, trunk_weights

NETS = ["alex", "vgg", "squeeze"]
LEAST = {"alex": 31, "vgg": 16, "squeeze": 17}
CLIP = np.random.default_rng(4).integers(0, 256, (11, 36, 33, 3), dtype=np.uint8)


def rows(extractor, frames, size=100):
    observer = extractor.observer()
    found = [part for at in range(0, len(frames), size) for part in observer.update(frames[at : at + size])]
    return np.concatenate([*found, *observer.finish()])


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", params=NETS)
def net(request):
    return request.param


@pytest.fixture(scope="module")
def whole(net):
    return rows(Perceptual(net=net, weights="random"), CLIP)


@pytest.mark.parametrize("size", [1, 3, 8])
def test_rows_are_the_same_bits_however_the_clip_is_cut(net, whole, size):
    np.testing.assert_array_equal(rows(Perceptual(net=net, weights="random"), CLIP, size), whole)


def test_a_row_is_the_same_bits_wherever_its_frame_stands_and_whatever_is_shown_with_it(net, whole):
    np.testing.assert_array_equal(rows(Perceptual(net=net, weights="random"), CLIP[[9, 2, 7]]), whole[[9, 2, 7]])


def test_rows_leave_out_what_weighs_nothing_where_that_is_much(net, whole):
    indices = {"alex": [56, 9, 1, 1, 1], "vgg": [1188, 288, 72, 16, 4], "squeeze": [272, 64, 16, 4, 4, 4, 4]}[net]
    channels = {
        "alex": [64 - 35, 192 - 55, 384, 256, 256],
        "vgg": [64, 128, 256, 512, 512],
        "squeeze": [64, 128, 256, 384, 384, 512, 512],
    }[net]
    assert whole.dtype == np.float32
    assert whole.shape == (11, sum(count * index for count, index in zip(channels, indices, strict=True)))


def test_no_row_is_longer_than_the_weights_allow(net, whole):
    # Activations have norm 1 at every position, so no row is longer than the sum of the largest weights of the layers.
    bound = sum(float(weight.max()) for weight in linear_layers(net))
    assert (np.square(whole, dtype=np.float64).sum(axis=1) <= bound * (1 + 1e-5)).all()


def test_frames_need_the_size_that_leaves_something_to_look_at(net):
    extractor = Perceptual(net=net, weights="random")
    least = LEAST[net]
    assert np.isfinite(rows(extractor, np.full((1, least, least, 3), 9, np.uint8))).all()
    extractor.check_frames(least, least, 1)
    for height, width in ((least - 1, 400), (400, least - 1)):
        message = f"at least {least} x {least} pixels, these have {width} x {height}"
        with pytest.raises(MediaError, match=message):
            extractor.check_frames(height, width, 1)
        with pytest.raises(MediaError, match=message):
            rows(extractor, np.zeros((1, height, width, 3), np.uint8))


def test_a_smaller_frame_than_that_breaks_the_trunk(net, monkeypatch):
    monkeypatch.setattr(Perceptual, "check_frames", lambda *_: None)
    with pytest.raises(RuntimeError):
        rows(Perceptual(net=net, weights="random"), np.zeros((1, LEAST[net] - 1, 60, 3), np.uint8))


def test_the_official_format_is_what_is_loaded(tmp_path, monkeypatch, net, whole):
    save(monkeypatch, tmp_path, TRUNKS[net], trunk_weights(net))
    extractor = Perceptual(net=net)
    assert extractor.needs == (TRUNKS[net],)
    np.testing.assert_array_equal(rows(extractor, CLIP), whole)
    assert extractor.signature() != Perceptual(net=net, weights="random").signature()


def test_the_wrong_trunk_is_refused(tmp_path, monkeypatch):
    save(monkeypatch, tmp_path, TRUNKS["alex"], trunk_weights("squeeze"))
    with pytest.raises(InputError, match="the weights alexnet-owt-7be5be79 do not match their network"):
        Perceptual().observer()


def test_the_state_of_torchs_generator_stays_as_it_was(net):
    before = torch.get_rng_state()
    perceptual._loaded.cache_clear()
    rows(Perceptual(net=net, weights="random"), CLIP[:1])
    assert torch.equal(torch.get_rng_state(), before)


def test_signatures_tell_nets_apart():
    assert Perceptual(weights="random").signature() == "lpips-0.1/1+random+alex+float32"
    assert len({Perceptual(net=net, weights="random").signature() for net in NETS}) == 3


def test_extractors_are_pickled_and_compared_by_value(net):
    extractor = Perceptual(net=net, weights="random")
    assert pickle.loads(pickle.dumps(extractor)) == extractor
    assert extractor.kept_for == "references"


def test_no_published_weight_of_a_channel_is_negative(net):
    assert all((weight >= 0).all() and (weight > 0).any() for weight in linear_layers(net))


@pytest.mark.parametrize(
    ("change", "message"), [("bytes", "does not hold the published linear layers"), ("sign", "negative weights")]
)
def test_linear_layers_other_than_the_published_ones_are_refused(tmp_path, monkeypatch, change, message):
    published = Path(importlib.util.find_spec("lpips").origin).parent / "weights" / "v0.1" / "alex.pth"
    layers = torch.load(published, map_location="cpu", weights_only=True)
    if change == "sign":
        layers["lin2.model.1.weight"][0, 5] = -0.5
    path = tmp_path / "weights" / "v0.1" / "alex.pth"
    path.parent.mkdir(parents=True)
    torch.save(layers, path)
    if change == "sign":
        monkeypatch.setitem(perceptual_network._LINEAR_LAYERS, "alex", hashlib.sha256(path.read_bytes()).hexdigest())
    found = importlib.util.spec_from_file_location("lpips", tmp_path / "__init__.py")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: found)
    with pytest.raises(InputError, match=message):
        linear_layers("alex")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
def test_a_gpu_agrees(net, whole):
    found = rows(Perceptual(net=net, weights="random", device="cuda:0"), CLIP)
    np.testing.assert_allclose(found, whole, rtol=1e-3, atol=1e-5)
