"""Networks against the implementations that papers use, on the same seeded random weights; and golden values with the real files.

The real files are those of the registry in the folder ``SIGNBENCH_OFFICIAL_WEIGHTS``.
"""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import signbench
from signbench.extractors.i3d import I3d
from signbench.extractors.i3d_network import i3d
from signbench.extractors.inception import Inception
from signbench.extractors.inception_network import pillow_bicubic, tensorflow_bilinear
from signbench.extractors.network_loading import (
    give_weights,
    official_weights,
    random_weights,
    torchscript_program,
    without_weights,
)
from signbench.extractors.perceptual import Perceptual
from signbench.extractors.perceptual_network import trunk
from signbench.metrics.pairs import ObservationPair
from signbench.metrics.registry import create
from tests.extractors.official_files import (
    I3D_PORT,
    I3D_TORCHSCRIPT,
    INCEPTION,
    TRUNKS,
    i3d_weights,
    inception_weights,
    use_official,
)

SIZES = [(64, 64), (120, 90), (299, 299), (210, 260), (333, 470), (1, 5)]


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def clip(height, width, frames=2, seed=0):
    """Noise on top of something smooth, so that all sizes of structure are there."""
    down, across = np.mgrid[0:height, 0:width]
    waves = 128 + 90 * np.sin(down / 7 + across / 11)[None, :, :, None]
    noise = np.random.default_rng(seed).normal(0, 30, (frames, height, width, 3))
    return np.clip(waves + noise, 0, 255).astype(np.uint8)


def rows(extractor, frames):
    observer = extractor.observer()
    return np.concatenate([*observer.update(frames), *observer.finish()])


def pixels(frames):
    return torch.from_numpy(frames).permute(0, 3, 1, 2)


@pytest.fixture(scope="module")
def torch_fidelity(tmp_path_factory):
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    torch.save(inception_weights(), path)
    network = FeatureExtractorInceptionV3("inception", ["2048"], feature_extractor_weights_path=str(path))
    return lambda frames: network(pixels(frames))[0].numpy()


@pytest.fixture(scope="module")
def pytorch_fid():
    """pytorch-fid's network, with and without its own resizing."""
    from pytorch_fid import inception

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inception, "load_state_dict_from_url", lambda *_, **__: inception_weights())
        own, bare = (inception.InceptionV3([3], resize_input=own, normalize_input=own).eval() for own in (True, False))

    def features(frames):
        with torch.inference_mode():
            return own(pixels(frames).float() / 255)[0].flatten(1).numpy()

    def of_resized(resized):
        with torch.inference_mode():
            return bare(resized)[0].flatten(1).numpy()

    return features, of_resized


@pytest.mark.parametrize("size", SIZES)
def test_tensorflows_resizing_has_the_bits_of_torch_fidelity(size):
    from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x

    frames = clip(*size)
    expected = interpolate_bilinear_2d_like_tensorflow1x(pixels(frames).float(), size=(299, 299), align_corners=False)
    assert torch.equal(tensorflow_bilinear(torch.from_numpy(frames)), expected)


@pytest.mark.parametrize("size", SIZES)
def test_pillows_resizing_has_the_bits_of_clean_fid(size):
    from cleanfid.resize import build_resizer

    frames = clip(*size)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        expected = np.stack([build_resizer("clean")(frame) for frame in frames])
    np.testing.assert_array_equal(pillow_bicubic(frames).permute(0, 2, 3, 1).numpy(), expected)


@pytest.mark.parametrize("size", [(64, 64), (333, 470)])
def test_inception_is_torch_fidelitys(torch_fidelity, size):
    frames = clip(*size)
    np.testing.assert_allclose(rows(Inception(weights="random"), frames), torch_fidelity(frames), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("size", [(64, 64), (333, 470)])
def test_inception_is_pytorch_fids(pytorch_fid, size):
    frames = clip(*size)
    found = rows(Inception(variant="pytorch-fid", weights="random"), frames)
    np.testing.assert_allclose(found, pytorch_fid[0](frames), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("size", [(64, 64), (333, 470)])
def test_inception_is_clean_fids(pytorch_fid, size):
    # clean-fid's own network is a TorchScript file; its steps after the resizing are (x - 128) / 128 and the same layers.
    from cleanfid.resize import build_resizer

    frames = clip(*size)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        resized = torch.from_numpy(np.stack([build_resizer("clean")(frame) for frame in frames])).permute(0, 3, 1, 2)
    found = rows(Inception(variant="clean", weights="random"), frames)
    np.testing.assert_allclose(found, pytorch_fid[1]((resized - 128) / 128), rtol=1e-5, atol=1e-5)


def test_the_three_variants_are_far_apart():
    found = [
        rows(Inception(variant=variant, weights="random"), clip(333, 470)) for variant in ("torch-fidelity", "pytorch-fid", "clean")
    ]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(found[one] - found[other]).max() > 1e-2


def lpips_with(net, weights, spatial=False):
    """The lpips package's own network, with a given trunk."""
    import lpips

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = lpips.LPIPS(net=net, pnet_rand=True, spatial=spatial, verbose=False)
    network.net.load_state_dict({name: weights[f"features.{name.split('.', 1)[1]}"] for name in network.net.state_dict()})

    def distance(prediction, reference):
        with torch.inference_mode():
            sides = (pixels(side).float() / 127.5 - 1 for side in (prediction, reference))
            return network(*sides).double().mean(dim=(1, 2, 3)).numpy()

    return distance


@pytest.fixture(scope="module", params=["alex", "vgg", "squeeze"])
def net(request):
    return request.param


def lpips_of(net, prediction, reference, weights="random"):
    extractor = Perceptual(net=net, weights=weights)
    metric = create(f"lpips:net={net}")
    return [
        metric.clip_value(metric.record([ObservationPair(made[None], real[None])]))
        for made, real in zip(rows(extractor, prediction), rows(extractor, reference), strict=True)
    ]


@pytest.mark.parametrize("size", [(31, 31), (45, 70), (96, 64)])
def test_lpips_is_the_squared_distance_of_rows(net, size):
    peer = lpips_with(net, random_weights(without_weights(lambda: trunk(net))))
    reference = clip(*size)
    change = np.random.default_rng(1).integers(-3, 4, reference.shape)
    one_level = reference.copy()
    one_level[..., 0] ^= 1
    for prediction in (clip(*size, seed=1), np.clip(reference + change, 0, 255).astype(np.uint8), one_level, 255 - reference):
        np.testing.assert_allclose(lpips_of(net, prediction, reference), peer(prediction, reference), rtol=2e-6)


def test_equal_frames_have_an_lpips_of_exactly_zero(net):
    assert lpips_of(net, clip(40, 50), clip(40, 50)) == [0.0, 0.0]


def second_i3d(weights, x):
    """I3D once more, from the description of its layers and TensorFlow's padding alone."""

    def padded(x, kernel, stride, value):
        sides = []
        for size, width, step in zip(x.shape[2:], kernel, stride, strict=True):
            made = math.ceil(size / step)
            missing = max((made - 1) * step + width - size, 0)
            sides.append((missing // 2, missing - missing // 2))
        (front, back), (top, bottom), (left, right) = sides
        return F.pad(x, (left, right, top, bottom, front, back), value=value)

    def unit(name, x, stride=1):
        kernel = weights[f"{name}.conv3d.weight"]
        y = F.conv3d(padded(x, kernel.shape[2:], (stride,) * 3, 0.0), kernel, stride=stride)
        mean, variance, scale, shift = (
            weights[f"{name}.bn.{part}"].double().view(1, -1, 1, 1, 1) for part in ("running_mean", "running_var", "weight", "bias")
        )
        return ((y - mean) / (variance + 1e-5).sqrt() * scale + shift).clamp_min(0)

    def pool(x, kernel, stride):
        return F.max_pool3d(padded(x, kernel, stride, -math.inf), kernel, stride)

    def mixed(name, x):
        return torch.cat(
            [
                unit(f"{name}.b0", x),
                unit(f"{name}.b1b", unit(f"{name}.b1a", x)),
                unit(f"{name}.b2b", unit(f"{name}.b2a", x)),
                unit(f"{name}.b3b", pool(x, (3, 3, 3), (1, 1, 1))),
            ],
            dim=1,
        )

    weights = {name: tensor.double() for name, tensor in weights.items()}
    x = pool(unit("Conv3d_1a_7x7", x.double(), stride=2), (1, 3, 3), (1, 2, 2))
    x = pool(unit("Conv3d_2c_3x3", unit("Conv3d_2b_1x1", x)), (1, 3, 3), (1, 2, 2))
    x = pool(mixed("Mixed_3c", mixed("Mixed_3b", x)), (3, 3, 3), (2, 2, 2))
    for letter in "bcdef":
        x = mixed(f"Mixed_4{letter}", x)
    x = mixed("Mixed_5c", mixed("Mixed_5b", pool(x, (2, 2, 2), (2, 2, 2))))
    indices = x.mean(dim=(3, 4))
    pairs = (indices[:, :, :-1] + indices[:, :, 1:]) / 2
    return pairs.mean(dim=2) @ weights["logits.conv3d.weight"].flatten(1).T + weights["logits.conv3d.bias"]


@pytest.mark.parametrize("frames", [9, 19])
def test_i3d_is_a_second_independent_forward_pass(frames):
    network = without_weights(i3d)
    give_weights(network, i3d_weights(), I3D_PORT)
    seen = torch.rand(1, 3, frames, 224, 224, generator=torch.Generator().manual_seed(frames)) * 2 - 1
    with torch.inference_mode():
        found, expected = network(seen).double(), second_i3d(i3d_weights(), seen)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5 * float(expected.abs().max()))


def test_the_row_of_a_clip_is_the_second_forward_pass_on_stretched_frames():
    frames = clip(60, 90, frames=16)
    seen = F.interpolate(pixels(frames).float(), size=(224, 224), mode="bilinear", align_corners=False)
    with torch.inference_mode():
        expected = second_i3d(i3d_weights(), (2 * seen / 255 - 1).transpose(0, 1)[None]).numpy()
    found = rows(I3d(variant="cd-fvd", weights="random"), frames)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


def test_lpips_of_black_and_white_with_the_real_trunk_is_the_golden_value(monkeypatch):
    use_official(monkeypatch, TRUNKS["alex"])
    black, white = np.zeros((1, 64, 64, 3), np.uint8), np.full((1, 64, 64, 3), 255, np.uint8)
    weights = official_weights(TRUNKS["alex"])
    # README.md of JunyaoHu/common_metrics_on_video_quality, whose LPIPS is the mean of a map that was scaled up.
    assert lpips_with("alex", weights, spatial=True)(black, white) == pytest.approx(0.8140090703964233, rel=1e-6)
    assert lpips_of("alex", black, white, "official") == pytest.approx(lpips_with("alex", weights)(black, white), rel=1e-6)


def test_the_real_inception_is_torch_fidelitys(monkeypatch):
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    from signbench.weights.store import path_of

    use_official(monkeypatch, INCEPTION)
    network = FeatureExtractorInceptionV3("inception", ["2048"], feature_extractor_weights_path=str(path_of(INCEPTION)))
    frames = clip(120, 90)
    np.testing.assert_allclose(rows(Inception(), frames), network(pixels(frames))[0].numpy(), rtol=1e-5, atol=1e-5)


def test_the_real_torchscript_file_gives_the_golden_distance_of_two_sets_of_noise(monkeypatch):
    """Needs some minutes on a CPU."""
    from signbench.metrics.frechet import frechet_distance

    use_official(monkeypatch, I3D_TORCHSCRIPT)
    program = torchscript_program(I3D_TORCHSCRIPT, torch.device("cpu"))
    sides = []
    for seed in (1, 2):
        noise = np.random.RandomState(seed)
        clips = (torch.from_numpy(noise.rand(1, 16, 224, 224, 3).astype(np.float32)).permute(0, 4, 1, 2, 3) for _ in range(128))
        with torch.inference_mode():
            logits = [program(seen, rescale=False, resize=False, return_features=True) for seen in clips]
        features = torch.cat(logits).double().numpy()
        sides += [features.mean(axis=0), np.cov(features, rowvar=False)]
    # README.md of universome/fvd-comparison, which says 10.138085 for TensorFlow and 10.138084766713924 for this file.
    assert frechet_distance(*sides) == pytest.approx(10.138085, rel=1e-3)


def test_fid_and_kid_of_the_same_videos_are_those_of_torchmetrics(torch_fidelity):
    """From frames to the score: torch-fidelity's network and torchmetrics' distances, against ours, on one set of weights."""
    from torchmetrics.image import FrechetInceptionDistance, KernelInceptionDistance

    class Features(torch.nn.Module):
        num_features = 2048

        def forward(self, images):
            return torch.from_numpy(torch_fidelity(images.permute(0, 2, 3, 1).numpy()))

    references = [clip(64, 64, frames=10, seed=seed) for seed in (1, 2)]
    predictions = [clip(64, 64, frames=10, seed=seed)[:, ::-1] // 2 + 40 for seed in (3, 4)]
    ours = signbench.measure(references, predictions, ["fid:weights=random", "kid:size=20,subsets=1,weights=random"])
    fid = FrechetInceptionDistance(feature=Features()).set_dtype(torch.float64)
    kid = KernelInceptionDistance(feature=Features(), subsets=1, subset_size=20)
    for side, real in ((references, True), (predictions, False)):
        for metric in (fid, kid):
            metric.update(pixels(np.ascontiguousarray(np.concatenate(side))), real=real)
    assert ours.scores[0].value == pytest.approx(float(fid.compute()), rel=1e-4)
    assert ours.scores[1].value == pytest.approx(float(kid.compute()[0]), rel=1e-4)
