"""The Inception extractor: loading, batches, signatures, and that nothing but the clip decides its rows."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch

from signbench.errors import InputError, MediaError
from signbench.extractors import inception
from signbench.extractors.inception import Inception
from signbench.extractors.inception_network import inception_v3
from signbench.extractors.network_loading import fold_batch_norms, give_weights, random_weights, without_weights
from tests.extractors.official_files import INCEPTION, inception_weights, save

VARIANTS = ["torch-fidelity", "pytorch-fid", "clean"]
CLIP = np.random.default_rng(3).integers(0, 256, (6, 40, 52, 3), dtype=np.uint8)


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


@pytest.fixture(scope="module")
def whole():
    return rows(Inception(weights="random"), CLIP)


def test_a_frame_gives_2048_features_that_tell_frames_apart(whole):
    assert whole.shape == (6, 2048)
    assert whole.dtype == np.float32
    assert np.isfinite(whole).all()
    assert 0.05 < (whole == 0).mean() < 0.5
    assert whole.std(axis=0).mean() > 1e-3


@pytest.mark.parametrize("size", [1, 4, 5])
def test_rows_are_the_same_bits_however_the_clip_is_cut(whole, size):
    np.testing.assert_array_equal(rows(Inception(weights="random"), CLIP, size), whole)


def test_a_row_is_the_same_bits_wherever_its_frame_stands_and_whatever_is_shown_with_it(whole):
    np.testing.assert_array_equal(rows(Inception(weights="random"), CLIP[[3, 5, 1]]), whole[[3, 5, 1]])


def test_the_state_of_torchs_generator_stays_as_it_was():
    before = torch.get_rng_state()
    inception._loaded.cache_clear()
    rows(Inception(weights="random"), CLIP[:1])
    assert torch.equal(torch.get_rng_state(), before)


def test_folding_and_channels_last_change_nothing_beyond_rounding():
    plain, folded = (without_weights(inception_v3) for _ in range(2))
    for network in (plain, folded):
        give_weights(network, random_weights(network), INCEPTION)
    fold_batch_norms(folded)
    folded.to(memory_format=torch.channels_last)
    frames = torch.rand(1, 3, 299, 299, generator=torch.Generator().manual_seed(2)) * 2 - 1
    with torch.inference_mode():
        torch.testing.assert_close(folded(frames), plain(frames), rtol=1e-5, atol=1e-5)


def test_the_official_format_is_what_is_loaded(tmp_path, monkeypatch, whole):
    path = save(monkeypatch, tmp_path, INCEPTION, inception_weights())
    extractor = Inception()
    np.testing.assert_array_equal(rows(extractor, CLIP), whole)
    digest = extractor.signature().split("+")[1]
    assert len(digest) == 12
    path.unlink()
    with pytest.raises(InputError, match=f"signbench weights fetch {INCEPTION}"):
        extractor.observer()


def test_a_file_without_a_layer_is_refused(tmp_path, monkeypatch):
    weights = inception_weights()
    del weights["Mixed_7c.branch_pool.bn.running_var"]
    save(monkeypatch, tmp_path, INCEPTION, weights)
    with pytest.raises(InputError, match=r"do not match their network: missing: Mixed_7c\.branch_pool\.bn\.running_var"):
        Inception().observer()


def test_signatures_say_what_the_rows_depend_on():
    signatures = [Inception(variant=variant, weights="random").signature() for variant in VARIANTS]
    assert signatures[0] == "inception-v3/1+random+bilinear-299-tf1+float32"
    assert len(set(signatures)) == 3
    assert Inception(weights="random", precision="bf16").signature().endswith("+bf16")
    assert Inception(weights="random", device="cuda:0").signature() == signatures[0]


def test_weights_that_are_needed_are_named():
    assert Inception().needs == (INCEPTION,)
    assert Inception(weights="random").needs == ()


@pytest.mark.parametrize("variant", VARIANTS)
def test_extractors_are_pickled_and_compared_by_value(variant):
    extractor = Inception(variant=variant, weights="random")
    assert pickle.loads(pickle.dumps(extractor)) == extractor
    assert hash(pickle.loads(pickle.dumps(extractor))) == hash(extractor)


@pytest.mark.parametrize("variant", VARIANTS)
def test_frames_of_any_size_can_be_seen(variant):
    for size in ((1, 1), (2, 700)):
        found = rows(Inception(variant=variant, weights="random"), np.full((1, *size, 3), 130, np.uint8))
        assert np.isfinite(found).all()


def test_sixteen_bits_come_close_and_are_not_the_same(whole):
    found = rows(Inception(weights="random", precision="bf16"), CLIP[:4])
    assert found.dtype == np.float32
    assert not np.array_equal(found, whole[:4])
    np.testing.assert_allclose(found, whole[:4], rtol=0.1, atol=0.5)


def test_an_empty_clip_and_a_device_that_is_not_there_are_refused():
    with pytest.raises(MediaError, match="at least one frame"):
        rows(Inception(weights="random"), CLIP[:0])
    with pytest.raises(InputError, match="device cuda:99 cannot be used"):
        Inception(weights="random", device="cuda:99").observer()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
@pytest.mark.parametrize("variant", VARIANTS)
def test_a_gpu_agrees(variant):
    expected = rows(Inception(weights="random", variant=variant), CLIP)
    found = rows(Inception(weights="random", variant=variant, device="cuda:0"), CLIP)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)
