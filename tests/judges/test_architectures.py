"""The papers' networks: their sizes and the names of their weights, on the meta device, and that padding has no effect."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import torch

from signbench.judges.corrnet.config import CorrNetConfig
from signbench.judges.nslt.alexnet import AlexNet
from signbench.judges.nslt.config import NSLTConfig
from signbench.judges.pose_estimator.config import PoseEstimatorConfig
from signbench.judges.slt.config import SLTConfig
from signbench.judges.stgcn.config import STGCNConfig

NETWORKS = {
    "stgcn": (lambda: STGCNConfig.paper("smplx-53", 6, 103).build(), 3_176_465),
    "stgcn of ACTOR's shape": (lambda: STGCNConfig.paper("smpl-24", 6, 40).build(), 3_092_936),
    "stgcn of NTU RGB+D's shape": (lambda: STGCNConfig.paper("ntu-25", 3, 60).build(), 3_098_832),
    "slt": (lambda: SLTConfig.paper(150, 1090, 2891).build(), 25_670_210),
    "slt, 256 wide": (lambda: SLTConfig.paper(150, 1090, 2891, 256).build(), 10_482_498),
    "slt of the SLRTP challenge's shape": (lambda: SLTConfig.paper(534, 1090, 2891).build(), 25_866_818),
    "slt without glosses": (lambda: SLTConfig.paper(534, 0, 2891).build(), 25_307_648),
    "nslt": (lambda: NSLTConfig.paper(2891).build(), 125_986_224),
    "nslt's AlexNet": (AlexNet, 56_868_224),
    "corrnet": (lambda: CorrNetConfig.paper(1116).build(), 33_189_922),
    "corrnet of PHOENIX14's shape": (lambda: CorrNetConfig.paper(1296).build(), 33_374_242),
    "corrnet of CSL-Daily's shape": (lambda: replace(CorrNetConfig.paper(2001), correlated=(3, 4)).build(), 34_075_756),
    "HRNet-W32": (lambda: PoseEstimatorConfig.paper().build(), 28_539_941),
}
KEYS = {
    "stgcn": [
        "A",
        "data_bn.running_mean",
        "st_gcn_networks.0.gcn.conv.weight",
        "st_gcn_networks.0.tcn.0.weight",
        "st_gcn_networks.4.residual.1.weight",
        "st_gcn_networks.9.tcn.3.bias",
        "edge_importance.9",
        "fcn.weight",
    ],
    "slt": [
        "sgn_embed.ln.weight",
        "sgn_embed.norm.norm.running_var",
        "txt_embed.lut.weight",
        "encoder.layers.2.src_src_att.k_layer.bias",
        "encoder.layers.0.feed_forward.pwff_layer.3.weight",
        "encoder.pe.pe",
        "decoder.layers.2.trg_trg_att.output_layer.weight",
        "decoder.layers.0.x_layer_norm.weight",
        "decoder.layers.0.dec_layer_norm.bias",
        "decoder.output_layer.weight",
        "gloss_output_layer.bias",
    ],
    "corrnet": [
        "conv2d.layer2.0.downsample.1.running_mean",
        "conv2d.corr1.spatial_aggregation3.bias",
        "conv2d.corr3.weights2",
        "conv2d.alpha",
        "conv1d.temporal_conv.5.weight",
        "conv1d.fc.weight",
        "temporal_model.rnn.weight_hh_l1_reverse",
        "classifier.weight",
    ],
    "HRNet-W32": [
        "layer1.0.downsample.1.weight",
        "transition1.1.0.0.weight",
        "stage3.3.branches.2.3.conv2.weight",
        "stage4.0.fuse_layers.3.0.2.0.weight",
        "final_layer.bias",
    ],
}

NORM = r"(?:weight|bias|running_mean|running_var|num_batches_tracked)"
LINEAR = r"(?:weight|bias)"
ATTENTION = rf"(?:[kvq]_layer|output_layer)\.{LINEAR}"
FORWARD = rf"feed_forward\.(?:layer_norm|pwff_layer\.[03])\.{LINEAR}"
CORRELATION = rf"(?:down_conv2?\.weight|conv_back\.weight|weights2?|spatial_aggregation[123]\.{LINEAR})"
BASIC = rf"(?:conv[12]\.weight|bn[12]\.{NORM}|downsample\.(?:0\.weight|1\.{NORM}))"
ALL_KEYS = {
    "stgcn": (
        172,
        rf"A|data_bn\.{NORM}|fcn\.{LINEAR}|edge_importance\.\d",
        rf"st_gcn_networks\.\d\.(?:gcn\.conv\.{LINEAR}|tcn\.(?:2\.{LINEAR}|[03]\.{NORM}))",
        rf"st_gcn_networks\.[47]\.residual\.(?:0\.{LINEAR}|1\.{NORM})",
    ),
    "slt": (
        148,
        rf"sgn_embed\.(?:ln\.{LINEAR}|norm\.norm\.{NORM})|txt_embed\.(?:lut\.weight|norm\.norm\.{NORM})",
        rf"encoder\.layers\.[012]\.(?:layer_norm\.{LINEAR}|src_src_att\.{ATTENTION}|{FORWARD})",
        rf"decoder\.layers\.[012]\.(?:(?:x|dec)_layer_norm\.{LINEAR}|(?:trg|src)_trg_att\.{ATTENTION}|{FORWARD})",
        rf"(?:en|de)coder\.(?:layer_norm\.{LINEAR}|pe\.pe)|decoder\.output_layer\.weight|gloss_output_layer\.{LINEAR}",
    ),
    "corrnet": (
        186,
        rf"conv2d\.(?:conv1\.weight|bn1\.{NORM}|alpha|layer[1234]\.[01]\.{BASIC}|corr[123]\.{CORRELATION})",
        rf"conv1d\.(?:fc\.weight|temporal_conv\.(?:[04]\.{LINEAR}|[15]\.{NORM}))|classifier\.weight",
        r"temporal_model\.rnn\.(?:weight|bias)_[ih]h_l[01](?:_reverse)?",
    ),
    "HRNet-W32": (
        1754,
        rf"conv[12]\.weight|bn[12]\.{NORM}|final_layer\.{LINEAR}",
        rf"layer1\.[0123]\.(?:conv[123]\.weight|bn[123]\.{NORM}|downsample\.(?:0\.weight|1\.{NORM}))",
        rf"transition[123]\.[0123]\.(?:0\.)?(?:0\.weight|1\.{NORM})",
        rf"stage[234]\.[0123]\.branches\.[0123]\.[0123]\.{BASIC}",
        rf"stage[234]\.[0123]\.fuse_layers\.[0123]\.[0123]\.(?:[012]\.)?(?:0\.weight|1\.{NORM})",
    ),
}
"""How many tensors there are, and the patterns of all their names, as the published files have them."""


@pytest.fixture(scope="module")
def built():
    with torch.device("meta"):
        return {name: make() for name, (make, _) in NETWORKS.items()}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_has_as_many_parameters_as_the_published_one(name, built):
    assert sum(parameter.numel() for parameter in built[name].parameters()) == NETWORKS[name][1]


@pytest.mark.parametrize("name", KEYS)
def test_weights_have_the_names_of_the_published_ones(name, built):
    assert [key for key in KEYS[name] if key not in built[name].state_dict()] == []


@pytest.mark.parametrize("name", ALL_KEYS)
def test_weights_have_no_other_names_than_the_published_ones(name, built):
    count, *patterns = ALL_KEYS[name]
    keys = list(built[name].state_dict())
    assert [key for key in keys if not any(re.fullmatch(pattern, key) for pattern in patterns)] == []
    assert len(keys) == count


def test_a_network_without_glosses_lacks_only_their_layer(built):
    with_glosses, without = (set(built[name].state_dict()) for name in ("slt", "slt without glosses"))
    assert with_glosses - without == {"gloss_output_layer.weight", "gloss_output_layer.bias"}
    assert without <= with_glosses


def test_a_corrnet_of_csl_daily_lacks_only_the_first_correlation(built):
    whole, part = (built[name].state_dict() for name in ("corrnet", "corrnet of CSL-Daily's shape"))
    assert {key for key in whole if key not in part} == {key for key in whole if key.startswith("conv2d.corr1.")}
    assert part["conv2d.alpha"].shape == (2,)


def test_hrnets_configuration_is_the_papers(built):
    with torch.device("meta"):
        shapes = {name: tensor.shape for name, tensor in PoseEstimatorConfig.paper().build().state_dict().items()}
    assert shapes == {name: tensor.shape for name, tensor in built["HRNet-W32"].state_dict().items()}


def test_the_gloss_classifiers_of_corrnet_are_shared(built):
    assert built["corrnet"].conv1d.fc is built["corrnet"].classifier


def padded(generator, *shape):
    """Two clips, of 20 and of 13 frames, the second padded with noise."""
    clips = torch.randn(2, 20, *shape, generator=generator)
    mask = torch.arange(20)[None] < torch.tensor([20, 13])[:, None]
    return clips, mask


@pytest.mark.parametrize("name", ["stgcn", "slt", "nslt"])
def test_padding_does_not_affect_a_clip_in_a_batch(name):
    generator = torch.Generator().manual_seed(3)
    torch.manual_seed(3)
    words = torch.randint(4, 50, (2, 6), generator=generator)
    written = torch.ones(2, 6, dtype=torch.bool)
    if name == "stgcn":
        network = STGCNConfig.small("smplx-53", 6, 20).build().eval()
        clips, mask = padded(generator, 53, 6)
        together, alone = network(clips, mask)[0][1], network(clips[1:, :13])[0][0]
    elif name == "slt":
        translator = SLTConfig.small(156, 30, 50).build().eval()
        clips, mask = padded(generator, 156)
        together = translator.decode(translator.encode(clips, mask), words, written)[1]
        alone = translator.decode(translator.encode(clips[1:, :13], mask[1:, :13]), words[1:], written[1:])[0]
    else:
        recurrent = NSLTConfig.small(156, 50).build().eval()
        clips, mask = padded(generator, 156)
        together = recurrent.decode(recurrent.encode(clips, mask), words)[1]
        alone = recurrent.decode(recurrent.encode(clips[1:, :13], mask[1:, :13]), words[1:])[0]
    assert (together - alone).detach().abs().max() < 1e-5


def test_a_correlation_depends_on_the_frames_before_and_after():
    torch.manual_seed(0)
    network = CorrNetConfig.small(10).build().eval()
    with torch.no_grad():
        network.conv2d.alpha.fill_(1.0)
    frames = torch.rand(1, 3, 9, 64, 64)
    changed = frames.clone()
    changed[:, :, 0] = 0
    before, after = network.conv2d(frames), network.conv2d(changed)
    moved = (before - after).abs().amax(dim=(0, 2)) > 0
    assert moved[0] and moved[1]


@pytest.mark.parametrize("size", [64, 96, 224])
def test_corrnet_takes_pictures_of_other_sizes(size):
    network = CorrNetConfig.small(10).build().eval()
    scores = network(torch.rand(1, 3, 16, size, size), torch.tensor([16]))
    assert scores.sequence.shape[1:] == (int(scores.lengths[0]), 10)
