"""The I3D extractor: how clips are prepared, which file runs, and the network's size."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch

from signbench.errors import InputError, MediaError
from signbench.extractors import i3d as i3d_module
from signbench.extractors.i3d import I3d
from signbench.extractors.i3d_network import i3d
from signbench.extractors.network_loading import without_weights
from tests.extractors.official_files import (
    I3D_PORT,
    I3D_TORCHSCRIPT,
    announce,
    i3d_weights,
    index,
    save,
    save_torchscript,
)

VARIANTS = ["stylegan-v", "common-metrics", "cd-fvd"]
FEWEST = {"stylegan-v": 16, "common-metrics": 10, "cd-fvd": 16}
CLIP = np.random.default_rng(5).integers(0, 256, (18, 30, 44, 3), dtype=np.uint8)


class Network:
    """A stand-in for the network that records its input."""

    def __init__(self):
        self.clips = []

    def __call__(self, clip):
        self.clips.append(clip.clone())
        return torch.arange(400.0)[None]


@pytest.fixture
def network(monkeypatch):
    found = Network()
    monkeypatch.setattr(i3d_module, "_loaded", lambda digest, device: found)
    return found


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def rows(extractor, frames, size=100):
    observer = extractor.observer()
    found = [part for at in range(0, len(frames), size) for part in observer.update(frames[at : at + size])]
    return [*found, *observer.finish()]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("size", [1, 5, 16, 17, 100])
def test_one_row_a_clip_of_the_same_bits_however_the_clip_is_cut(network, variant, size):
    extractor = I3d(variant=variant, weights="random")
    (row,) = rows(extractor, CLIP, size)
    assert (row.shape, row.dtype) == ((1, 400), np.float32)
    rows(extractor, CLIP)
    cut, whole = network.clips
    assert torch.equal(cut, whole)
    assert whole.shape == (1, 3, {"common-metrics": 18}.get(variant, 16), 224, 224)


@pytest.mark.parametrize("variant", ["stylegan-v", "cd-fvd"])
def test_the_row_comes_with_the_sixteenth_frame_and_later_ones_do_not_matter(network, variant):
    observer = I3d(variant=variant, weights="random").observer()
    assert [len(row) for row in observer.update(CLIP[:15])] == []
    assert [len(row) for row in observer.update(CLIP[15:])] == [1]
    assert [len(row) for row in observer.update(255 - CLIP)] == []
    assert list(observer.finish()) == []
    assert len(network.clips) == 1


@pytest.mark.parametrize("variant", VARIANTS)
def test_clips_that_are_too_short_are_refused_at_their_end(network, variant):
    extractor = I3d(variant=variant, weights="random")
    fewest = FEWEST[variant]
    assert extractor.fewest_frames == fewest
    extractor.check_frames(30, 44, 1)
    assert len(rows(extractor, CLIP[:fewest])) == 1
    for count in (0, 1, fewest - 1):
        with pytest.raises(MediaError, match=f"at least {fewest} frames, this one has {count}"):
            rows(extractor, CLIP[:count])


@pytest.mark.parametrize("variant", VARIANTS)
def test_black_is_minus_one_and_white_is_one(network, variant):
    for level, expected in ((0, -1.0), (255, 1.0)):
        rows(I3d(variant=variant, weights="random"), np.full((16, 50, 30, 3), level, np.uint8))
        torch.testing.assert_close(network.clips[-1], torch.full((1, 3, 16, 224, 224), expected), rtol=0, atol=1e-6)


def test_stretching_keeps_every_edge_and_cropping_keeps_the_middle(network):
    wide = np.zeros((16, 56, 168, 3), np.uint8)
    wide[:, :, :56, 0], wide[:, :, 56:112, 1], wide[:, :, 112:, 2] = 255, 255, 255
    rows(I3d(variant="cd-fvd", weights="random"), wide)
    rows(I3d(variant="common-metrics", weights="random"), wide)
    stretched, cropped = (clip[0, :, 0] for clip in network.clips)
    middle = (stretched[:, 112, 10], stretched[:, 112, 112], stretched[:, 112, 213])
    assert [int(colour.argmax()) for colour in middle] == [0, 1, 2]
    assert (cropped[:, :, 8:-8].argmax(dim=0) == 1).all()


@pytest.mark.parametrize(("height", "width"), [(10, 7), (7, 10), (9, 9), (224, 224), (300, 225), (1, 3), (219, 219)])
def test_any_size_becomes_224_square(network, height, width):
    for variant in VARIANTS:
        rows(I3d(variant=variant, weights="random"), np.full((16, height, width, 3), 77, np.uint8))
        assert network.clips[-1].shape == (1, 3, 16, 224, 224)
        torch.testing.assert_close(network.clips[-1], torch.full_like(network.clips[-1], 2 * 77 / 255 - 1))


def test_frames_of_224_pixels_pass_as_they_are(network):
    frames = np.random.default_rng(0).integers(0, 256, (16, 224, 224, 3), dtype=np.uint8)
    for variant in VARIANTS:
        rows(I3d(variant=variant, weights="random"), frames)
        expected = torch.from_numpy(frames).permute(3, 0, 1, 2)[None] / 127.5 - 1
        torch.testing.assert_close(network.clips[-1], expected, rtol=0, atol=1e-6)


def test_the_network_is_as_large_as_published():
    # 12.69 million: OpenVINO's Open Model Zoo on i3d-rgb-tf, from DeepMind's checkpoint, whose batch normalisation has no scales;
    # table 1 of the paper says 25 million for two streams.
    network = without_weights(i3d)
    scales = sum(tensor.numel() for name, tensor in network.named_parameters() if name.endswith("bn.weight"))
    everything = sum(tensor.numel() for tensor in network.parameters())
    assert (everything, scales) == (12_697_264, 7_280)
    assert round((everything - scales) / 1e6, 2) == 12.69
    assert round(2 * everything / 1e6) == 25


def test_the_port_is_loaded_under_its_own_names(tmp_path, monkeypatch):
    weights = i3d_weights()
    assert {
        "Conv3d_1a_7x7.conv3d.weight",
        "Mixed_3b.b1a.bn.running_mean",
        "Mixed_5c.b3b.conv3d.weight",
        "logits.conv3d.bias",
    } < set(weights)
    assert weights["logits.conv3d.weight"].shape == (400, 1024, 1, 1, 1)
    save(monkeypatch, tmp_path, I3D_PORT, weights)
    official, random = I3d(variant="cd-fvd"), I3d(variant="cd-fvd", weights="random")
    assert official.needs == (I3D_PORT,)
    (found,), (expected,) = rows(official, CLIP), rows(random, CLIP)
    np.testing.assert_array_equal(found, expected)
    assert official.signature() != random.signature()


@pytest.fixture(scope="module")
def torchscript(tmp_path_factory):
    path = tmp_path_factory.mktemp("torchscript") / "i3d_torchscript.pt"
    save_torchscript(path)
    return path


@pytest.mark.parametrize(("variant", "frames"), [("stylegan-v", 16), ("common-metrics", 24)])
def test_the_torchscript_file_is_called_as_its_implementation_calls_it(monkeypatch, torchscript, variant, frames):
    assert index(monkeypatch, torchscript.parent, I3D_TORCHSCRIPT) == torchscript
    announce(monkeypatch, I3D_TORCHSCRIPT, torchscript)
    clip = np.resize(CLIP, (frames, *CLIP.shape[1:]))
    official = I3d(variant=variant)
    assert official.needs == (I3D_TORCHSCRIPT,)
    (first,), (again,), (expected,) = rows(official, clip), rows(official, clip), rows(I3d(variant=variant, weights="random"), clip)
    np.testing.assert_allclose(first, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())
    np.testing.assert_array_equal(again, first)


def test_another_torchscript_file_than_the_registered_one_never_runs(tmp_path, monkeypatch, torchscript):
    path = index(monkeypatch, tmp_path, I3D_TORCHSCRIPT)
    path.write_bytes(torchscript.read_bytes())
    monkeypatch.setattr(torch.jit, "load", lambda *_, **__: pytest.fail("it was opened"))
    for variant in ("stylegan-v", "common-metrics"):
        with pytest.raises(InputError, match=f"is not the registered file of the weights {I3D_TORCHSCRIPT}"):
            I3d(variant=variant).observer()


def test_the_state_of_torchs_generator_stays_as_it_was():
    before = torch.get_rng_state()
    i3d_module._loaded.cache_clear()
    I3d(weights="random").observer()
    assert torch.equal(torch.get_rng_state(), before)


def test_signatures_and_pickles_tell_variants_apart():
    extractors = [I3d(variant=variant, weights="random") for variant in VARIANTS]
    assert extractors[2].signature() == "i3d/1+random+first-16-stretch-224+float32"
    assert len({extractor.signature() for extractor in extractors}) == 3
    assert [pickle.loads(pickle.dumps(extractor)) for extractor in extractors] == extractors
    assert not any(extractor.by_frame for extractor in extractors)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_gpu_agrees(variant):
    (expected,) = rows(I3d(variant=variant, weights="random"), CLIP)
    (found,) = rows(I3d(variant=variant, weights="random", device="cuda:0"), CLIP)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())
