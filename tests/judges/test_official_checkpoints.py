"""Published checkpoints of judges: each format is read as its authors write it, and what does not fit is named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from signbench.errors import InputError
from signbench.judges.base import JudgedClip
from signbench.judges.corrnet.checkpoints import read_glosses
from signbench.judges.nslt import alexnet
from signbench.judges.nslt.checkpoints import read_alexnet
from signbench.judges.official import add_official, read_official
from signbench.judges.pose_estimator.config import PoseEstimatorConfig
from signbench.judges.slt.judge import SLTJudge
from signbench.judges.stgcn.config import STGCNConfig
from signbench.judges.stgcn.judge import STGCNJudge
from signbench.judges.stgcn.rows import rotation_rows
from signbench.judges.stgcn.skeletons import skeleton, skeleton_names
from signbench.media.layouts import layout
from signbench.media.motion import Motion
from signbench.media.pose import Pose
from signbench.weights.reference_models import find_model
from tests.judges.official_checkpoints import (
    GLOSS_DICT,
    corrnet_network,
    filled,
    signjoey_config,
    slt_network,
    write_corrnet,
    write_signjoey,
)


def same(network, found):
    """Whether a network of the found configuration computes with exactly the given network's tensors."""
    built = found.config.build()
    built.load_state_dict(dict(found.weights))
    wanted = network.state_dict()
    return {name for name, tensor in built.state_dict().items() if not torch.equal(tensor, wanted[name])}


# slt


def test_a_folder_of_signjoey_gives_network_vocabularies_and_decoding(tmp_path):
    network = slt_network()
    write_signjoey(tmp_path, signjoey_config(), filled(network))
    found = read_official("slt", tmp_path)
    assert same(network, found) == set()
    assert found.vocabularies["words.txt"] == ("<unk>", "<pad>", "<s>", "</s>", "regen", "und", "", "über")
    assert found.vocabularies["glosses.txt"] == ("<si>", "<unk>", "<pad>", "REGEN", "WIND")
    assert found.settings == {"beam": 1, "alpha": -1.0, "longest": 30, "gloss_beam": 1}
    assert found.obstacle == "it reads 10 numbers in a frame, which no layout of key points has"
    assert found.notes[0] == "txt.vocab repeats 1 lines, which have no index of their own"


def test_the_challenges_evaluator_has_its_own_decoding_and_rate(tmp_path):
    network = slt_network(inputs=534)
    write_signjoey(tmp_path, signjoey_config(feature_size=[178 * 2, 178], challenge=True), filled(network))
    found = read_official("slt", tmp_path)
    assert same(network, found) == set()
    decoding = {"beam": 3, "alpha": -1.0, "longest": 300, "gloss_beam": 1}
    assert found.settings == {**decoding, "rows": "flat", "layout": "slrtp-178", "rate": 12.5}
    assert (found.obstacle, [note for note in found.notes if "beams" in note]) == ("", [])


def test_a_network_that_only_translates_has_no_glosses(tmp_path):
    network = slt_network(recognition=False)
    write_signjoey(tmp_path, signjoey_config(recognition=0.0), filled(network), glosses=None)
    found = read_official("slt", tmp_path / "best.ckpt")
    assert same(network, found) == set()
    assert found.config.glosses == 0
    assert list(found.vocabularies) == ["words.txt"]
    memory = found.config.build().eval().encode(torch.zeros(2, 5, 10), torch.ones(2, 5, dtype=torch.bool))
    assert memory.gloss_logits.shape == (2, 5, 0)


def test_tensors_of_a_wrapped_network_and_of_half_precision_are_read(tmp_path):
    network = slt_network()
    state = {
        f"module.{name}": tensor.double() if tensor.is_floating_point() else tensor for name, tensor in filled(network).items()
    }
    write_signjoey(tmp_path, signjoey_config(), state, name="400.ckpt")
    assert same(network, read_official("slt", tmp_path)) == set()


def changed_config(change):
    config = signjoey_config()
    change(config)
    return config


WRONG_CONFIGS = {
    "without the number of layers": (
        lambda c: c["model"]["encoder"].pop("num_layers"),
        r"config\.yaml lacks model\.encoder\.num_layers",
    ),
    "of a recurrent network": (
        lambda c: c["model"]["decoder"].update(type="recurrent"),
        "decoder.type is 'recurrent'.*has transformer",
    ),
    "with another normalisation": (
        lambda c: c["model"]["encoder"]["embeddings"].update(norm_type="layer"),
        "norm_type is 'layer'; this network has batch",
    ),
    "with scaled embeddings": (lambda c: c["model"]["encoder"]["embeddings"].update(scale=True), "does not scale its embeddings"),
    "with two widths": (lambda c: c["model"]["decoder"].update(hidden_size=16), "hidden_size is 8 in the encoder and 16"),
    "that only recognises": (lambda c: c["training"].update(translation_loss_weight=0), "only recognises glosses"),
    "with a word for a number": (lambda c: c["model"]["encoder"].update(num_heads="two"), "num_heads is 'two', not a number"),
    "with half a layer": (lambda c: c["model"]["encoder"].update(num_layers=1.5), "num_layers is 1.5, not a whole number"),
    "with a list of words for a size": (lambda c: c["data"].update(feature_size=["a"]), "feature_size is"),
    "of other sizes": (
        lambda c: c["model"]["encoder"].update(num_layers=3),
        r"missing: encoder\.layers\.2\.\S+, .* and 13 more\.$",
    ),
}


@pytest.mark.parametrize(("change", "message"), WRONG_CONFIGS.values(), ids=WRONG_CONFIGS.keys())
def test_a_configuration_that_this_network_cannot_have_is_refused_with_the_field(change, message, tmp_path):
    write_signjoey(tmp_path, changed_config(change), filled(slt_network()))
    with pytest.raises(InputError, match=message):
        read_official("slt", tmp_path)


def without(state, *names):
    return {name: tensor for name, tensor in state.items() if name not in names}


WRONG_STATES = {
    "a missing tensor": (lambda s: without(s, "encoder.pe.pe"), r"missing: encoder\.pe\.pe\.$"),
    "surplus tensors": (
        lambda s: {**s, **{f"more.{number}": torch.zeros(1) for number in range(5)}},
        r"not in the network: more\.0, more\.1, more\.2 and 2 more\.$",
    ),
    "a tensor of another shape": (
        lambda s: {**s, "sgn_embed.ln.weight": torch.zeros(8, 9)},
        r"of another shape: sgn_embed\.ln\.weight \(8, 9\) where the network has \(8, 10\)",
    ),
    "another vocabulary": (lambda s: {**s, "txt_embed.lut.weight": torch.zeros(99, 8)}, "gives 8 entries .* weights have 99"),
    "no gloss layer": (lambda s: without(s, "gloss_output_layer.bias"), r"missing: gloss_output_layer\.bias"),
    "one tensor under two names": (lambda s: {**s, "module.encoder.pe.pe": s["encoder.pe.pe"]}, "twice, with and without module"),
    "a tensor that repeats one number": (
        lambda s: {**s, "encoder.pe.pe": torch.zeros(1).expand(1, 5000, 8)},
        "in a form that no weights have",
    ),
    "a sparse tensor": (lambda s: {**s, "encoder.pe.pe": torch.zeros(2, 2).to_sparse()}, "in a form that no weights have"),
    "numbers for tensors": (lambda s: {**s, "encoder.pe.pe": 3}, "has no tensors by name under model_state"),
}


@pytest.mark.parametrize(("change", "message"), WRONG_STATES.values(), ids=WRONG_STATES.keys())
def test_tensors_that_do_not_fit_are_named(change, message, tmp_path):
    write_signjoey(tmp_path, signjoey_config(), change(filled(slt_network())))
    with pytest.raises(InputError, match=message):
        read_official("slt", tmp_path)


MISSING = {
    "config.yaml": "does not exist",
    "txt.vocab": "cannot be read",
    "gls.vocab": "cannot be read",
    "best.ckpt": "it has none",
}


@pytest.mark.parametrize(("file", "message"), MISSING.items())
def test_a_missing_file_is_named(file, message, tmp_path):
    write_signjoey(tmp_path, signjoey_config(), filled(slt_network()))
    (tmp_path / file).unlink()
    with pytest.raises(InputError, match=message):
        read_official("slt", tmp_path)


def test_several_checkpoints_without_a_best_one_are_a_question(tmp_path):
    for name in ("100.ckpt", "200.ckpt"):
        write_signjoey(tmp_path, signjoey_config(), filled(slt_network()), name=name)
    with pytest.raises(InputError, match=r"it has 100\.ckpt, 200\.ckpt\. Name the checkpoint's file"):
        read_official("slt", tmp_path)
    assert read_official("slt", tmp_path / "200.ckpt").config.words == 8


class Hostile:
    def __reduce__(self):
        return exec, ("raise SystemExit('it ran')",)


@pytest.mark.parametrize("judge", ["slt", "corrnet", "stgcn", "pose-estimator"])
def test_no_checkpoint_can_call_anything(judge, tmp_path):
    path = tmp_path / ("best.ckpt" if judge == "slt" else "model.pt")
    write_signjoey(tmp_path, signjoey_config(), {})
    torch.save({"model_state": {}, "more": Hostile()}, path)
    with pytest.raises(InputError, match="its pickle calls exec, and no code from a file is executed"):
        read_official(judge, path)


@pytest.mark.parametrize("judge", ["slt", "corrnet", "stgcn", "pose-estimator"])
def test_a_truncated_checkpoint_is_refused(judge, tmp_path):
    path = write_signjoey(tmp_path, signjoey_config(), filled(slt_network()))
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(InputError, match="it is damaged"):
        read_official(judge, path)


# corrnet

CORRNETS = {"of PHOENIX": (2, 3, 4), "of CSL-Daily, without the first correlation": (3, 4)}


@pytest.mark.parametrize("correlated", CORRNETS.values(), ids=CORRNETS.keys())
@pytest.mark.parametrize("wrapped", [False, True], ids=["plain", "on several GPUs"])
def test_a_checkpoint_of_corrnet_gives_network_and_glosses(correlated, wrapped, tmp_path):
    network = corrnet_network(correlated)
    state = filled(network)
    if wrapped:
        state = {name.replace("conv2d.", "conv2d.module."): tensor for name, tensor in state.items()}
    write_corrnet(tmp_path, state)
    found = read_official("corrnet", tmp_path)
    assert same(network, found) == set()
    assert found.config.correlated == correlated
    assert len(found.weights["conv2d.alpha"]) == len(correlated)
    assert ("conv2d.corr1.weights" in found.weights) == (2 in correlated)
    assert found.vocabularies == {"glosses.txt": ("<si>", "BAUM", "HAUS", "ÜBER")}
    assert found.weights["conv1d.fc.weight"].data_ptr() == found.weights["classifier.weight"].data_ptr()


def test_a_checkpoint_of_vac_is_a_corrnet_without_correlations(tmp_path):
    network = corrnet_network(())
    state = {
        name: tensor.squeeze(2) if name.startswith("conv2d.") and tensor.dim() == 5 else tensor
        for name, tensor in filled(network).items()
        if name != "conv2d.alpha"
    }
    assert state["conv2d.conv1.weight"].shape == (16, 3, 7, 7)
    write_corrnet(tmp_path, state)
    found = read_official("corrnet", tmp_path)
    assert same(network, found) == set()
    assert found.notes == ("it has no correlation modules: a network of VAC",)


WRONG_CORRNETS = {
    "two classifiers": (lambda s: {**s, "conv1d.fc.weight": s["classifier.weight"] + 1}, "two gloss classifiers"),
    "no classifier": (lambda s: without(s, "classifier.weight"), r"lacks classifier\.weight"),
    "a classifier with a bias": (lambda s: {**s, "classifier.bias": torch.zeros(4)}, r"not in the network: classifier\.bias"),
    "alphas of other modules": (
        lambda s: {**s, "conv2d.alpha": torch.zeros(2)},
        r"conv2d\.alpha \(2,\) where the network has \(3,\)",
    ),
    "half a module": (lambda s: without(s, "conv2d.corr2.conv_back.weight"), r"missing: conv2d\.corr2\.conv_back\.weight"),
    "another number of glosses": (
        lambda s: {**s, "classifier.weight": torch.zeros(16, 9), "conv1d.fc.weight": torch.zeros(16, 9)},
        r"has 3 glosses, and dev_18\.80\.pt has 9 classes",
    ),
}


@pytest.mark.parametrize(("change", "message"), WRONG_CORRNETS.values(), ids=WRONG_CORRNETS.keys())
def test_a_checkpoint_that_is_not_this_corrnet_is_refused(change, message, tmp_path):
    write_corrnet(tmp_path, change(filled(corrnet_network())))
    with pytest.raises(InputError, match=message):
        read_official("corrnet", tmp_path)


WRONG_GLOSSES = {
    "a list": (["HAUS"], "does not hold a dictionary of glosses"),
    "an index of 0": ({"HAUS": [0, 1]}, "does not number its 1 glosses from 1 to 1"),
    "an index twice": ({"HAUS": [1, 1], "BAUM": [1, 1]}, "does not number its 2 glosses"),
    "no index": ({"HAUS": "1"}, "has no index for 'HAUS'"),
    "a call": ({"HAUS": Hostile()}, r"its pickle calls builtins\.exec, and no code"),
}


@pytest.mark.parametrize(("content", "message"), WRONG_GLOSSES.values(), ids=WRONG_GLOSSES.keys())
def test_a_wrong_dictionary_of_glosses_is_refused(content, message, tmp_path):
    np.save(tmp_path / "gloss_dict.npy", np.array(content, dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match=message):
        read_glosses(tmp_path / "gloss_dict.npy")


@pytest.mark.parametrize("values", [lambda index: [index, 7], lambda index: (np.int64(index), 7), lambda index: index])
def test_a_gloss_has_its_index_first(values, tmp_path):
    np.save(tmp_path / "gloss_dict.npy", {gloss: values(index) for gloss, (index, _) in GLOSS_DICT.items()}, allow_pickle=True)
    assert read_glosses(tmp_path / "gloss_dict.npy") == ("<si>", "BAUM", "HAUS", "ÜBER")


# nslt


class SmallAlexNet(nn.Module):
    """The layers of AlexNet around its last feature maps, with few channels."""

    def __init__(self):
        super().__init__()
        self.conv5 = nn.Conv2d(4, 6, 3, 1, 1, groups=2)
        self.fc6 = nn.Linear(6 * 6 * 6, 5)
        self.fc7 = nn.Linear(5, 3)

    def forward(self, x):
        return self.fc7(torch.relu(self.fc6(torch.relu(self.conv5(x)).flatten(1))))


def tensorflow_layers(seed=0):
    draw = np.random.default_rng(seed)
    shapes = {"conv5": (3, 3, 2, 6), "fc6": (6 * 6 * 6, 5), "fc7": (5, 3), "fc8": (3, 1000)}
    return {
        name: [draw.normal(size=shape).astype("f4"), draw.normal(size=shape[-1]).astype("f4")] for name, shape in shapes.items()
    }


def as_tensorflow(layers, x):
    """The network on ``(N, H, W, C)``: groups split and joined, rows and columns before channels in the dense layer."""
    kernel, bias = layers["conv5"]
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    groups = []
    for inputs, outputs in zip(np.split(padded, 2, axis=3), np.split(kernel, 2, axis=3), strict=True):
        windows = np.lib.stride_tricks.sliding_window_view(inputs, (3, 3), axis=(1, 2))
        groups.append(np.einsum("nxychw,hwco->nxyo", windows, outputs))
    x = np.maximum(np.concatenate(groups, axis=3) + bias, 0).reshape(len(x), -1)
    x = np.maximum(x @ layers["fc6"][0] + layers["fc6"][1], 0)
    return x @ layers["fc7"][0] + layers["fc7"][1]


def test_alexnets_weights_compute_in_torch_what_they_compute_in_tensorflow(tmp_path, monkeypatch):
    monkeypatch.setattr(alexnet, "AlexNet", SmallAlexNet)
    layers = tensorflow_layers()
    np.save(tmp_path / "bvlc_alexnet.npy", layers, allow_pickle=True)
    network = SmallAlexNet()
    network.load_state_dict(read_alexnet(tmp_path / "bvlc_alexnet.npy"))
    x = np.random.default_rng(1).normal(size=(2, 6, 6, 4)).astype("f4")
    found = network(torch.from_numpy(x.transpose(0, 3, 1, 2))).detach().numpy()
    np.testing.assert_allclose(found, as_tensorflow(layers, x), rtol=1e-4, atol=1e-4)


WRONG_ALEXNETS = {
    "a missing layer": (lambda layers: layers.pop("fc7"), r"missing: fc7\.bias, fc7\.weight"),
    "an unknown layer": (lambda layers: layers.update(fc9=layers["fc7"]), r"not in the network: fc9\.bias, fc9\.weight"),
    "a layer without bias": (lambda layers: layers["fc7"].pop(), "layer fc7 is not a kernel and a bias; it has"),
    "a layer of other sizes": (lambda layers: layers.update(fc7=layers["fc8"]), r"of another shape: fc7\.bias"),
    "a layer of numbers": (lambda layers: layers.update(fc7=[1, 2]), "it has no arrays"),
}


@pytest.mark.parametrize(("change", "message"), WRONG_ALEXNETS.values(), ids=WRONG_ALEXNETS.keys())
def test_layers_that_are_not_alexnets_are_named(change, message, tmp_path, monkeypatch):
    monkeypatch.setattr(alexnet, "AlexNet", SmallAlexNet)
    layers = tensorflow_layers()
    change(layers)
    np.save(tmp_path / "bvlc_alexnet.npy", layers, allow_pickle=True)
    with pytest.raises(InputError, match=message):
        read_alexnet(tmp_path / "bvlc_alexnet.npy")


@pytest.mark.parametrize(
    ("file", "message"), [("translate.ckpt-150000.index", "TensorFlow's GRU"), ("a.npy", "alone do not make a judge")]
)
def test_checkpoints_of_nslt_are_refused_with_the_reason(file, message, tmp_path):
    with pytest.raises(InputError, match=message):
        read_official("nslt", tmp_path / file)


# stgcn


def st_gcn_graph(known):
    """The graph as st-gcn's ``net/utils/graph.py`` computes it, with the distance between any two joints cut off after one bone."""
    near = np.eye(known.joints)
    for first, second in known.bones:
        near[first, second] = near[second, first] = 1
    distance = np.where(near > 0, 1 - np.eye(known.joints), np.inf)
    weights = near @ np.diag(1 / near.sum(axis=0))
    graph = np.zeros((3, known.joints, known.joints))
    for i in range(known.joints):
        for j in range(known.joints):
            if i == j:
                graph[0, j, i] = weights[j, i]
            elif distance[j, i] == 1:
                inwards = distance[j, known.centre] < distance[i, known.centre]
                graph[2 if inwards else 1, j, i] = weights[j, i]
    return torch.from_numpy(graph).float()


def stgcn_network(name, channels=3):
    return STGCNConfig(name, channels, 7, (4, 4, 8), (1, 1, 2), 9, 0.5).build()


@pytest.mark.parametrize("name", skeleton_names())
def test_a_checkpoint_of_st_gcn_keeps_its_own_graph(name, tmp_path):
    network = stgcn_network(name)
    network.A.copy_(st_gcn_graph(skeleton(name)))
    state = {key: tensor for key, tensor in filled(network).items() if not key.endswith("num_batches_tracked")}
    torch.save(state, tmp_path / "st_gcn.pt", _use_new_zipfile_serialization=False)
    found = read_official("stgcn", tmp_path / "st_gcn.pt")
    assert same(network, found) == set()
    assert found.config == STGCNConfig(name, 3, 7, (4, 4, 8), (1, 1, 2), 9, 0.5)
    assert "only next to the centre" in found.notes[1]
    assert found.vocabularies == {"signs.txt": tuple("0123456")}
    assert found.notes[0].startswith("its 7 classes are numbered from 0")


def test_a_graph_with_the_papers_groups_is_read_too(tmp_path):
    network = stgcn_network("smpl-24", 6)
    torch.save({f"module.{name}": tensor for name, tensor in filled(network).items()}, tmp_path / "checkpoint_0100.pth.tar")
    (tmp_path / "signs.txt").write_text("a\nb\nc\nd\ne\nf\ng\n", encoding="utf-8")
    found = read_official("stgcn", tmp_path / "checkpoint_0100.pth.tar")
    assert same(network, found) == set()
    assert found.notes == ()
    assert found.vocabularies == {"signs.txt": tuple("abcdefg")}
    (tmp_path / "signs.txt").write_text("a\na\n", encoding="utf-8")
    with pytest.raises(InputError, match="has 1 different signs, and the checkpoint has 7 classes"):
        read_official("stgcn", tmp_path / "checkpoint_0100.pth.tar")


def test_the_papers_sizes_are_recognised(tmp_path):
    network = STGCNConfig.paper("ntu-25", 3, 60).build()
    torch.save(filled(network), tmp_path / "st_gcn.ntu-xsub.pt")
    assert read_official("stgcn", tmp_path / "st_gcn.ntu-xsub.pt").config == STGCNConfig.paper("ntu-25", 3, 60)


def other_bone(state):
    graph = state["A"].clone()
    graph[1, 3, 20] = 0.5
    return {**state, "A": graph}


WRONG_STGCNS = {
    "no graph": (lambda s: without(s, "A"), "it has no A"),
    "a graph of other joints": (lambda s: {**s, "A": torch.zeros(3, 7, 7)}, r"of the shape \(3, 7, 7\); signbench has skeletons"),
    "a graph with another bone": (other_bone, "differs from the skeleton smpl-24 at the bones 3-20"),
    "no importance of edges": (
        lambda s: {name: tensor for name, tensor in s.items() if not name.startswith("edge")},
        r"missing: edge_importance\.0, edge_importance\.1, edge_importance\.2",
    ),
    "another classifier": (lambda s: {**s, "fcn.bias": torch.zeros(8)}, r"fcn\.bias \(8,\) where the network has \(7,\)"),
    "a residual path where there is none": (
        lambda s: {**s, "st_gcn_networks.1.residual.0.bias": torch.zeros(4)},
        r"not in the network: st_gcn_networks\.1\.residual",
    ),
}


@pytest.mark.parametrize(("change", "message"), WRONG_STGCNS.values(), ids=WRONG_STGCNS.keys())
def test_a_checkpoint_that_is_not_this_st_gcn_is_refused(change, message, tmp_path):
    torch.save(change(filled(stgcn_network("smpl-24"))), tmp_path / "a.pt")
    with pytest.raises(InputError, match=message):
        read_official("stgcn", tmp_path / "a.pt")


# pose estimator


SMALL_HRNET = replace(PoseEstimatorConfig.paper(5), widths=(4,), modules=(1, 2, 1))


def small_hrnet():
    return SMALL_HRNET.build()


def mmpose(head):
    return lambda state: {
        "meta": {
            "mmpose_version": "1.0",
            "dataset_meta": {"sigmas": np.ones(5, "f4"), "dataset_name": "coco"},
            "seed": np.int64(1),
        },
        "state_dict": {
            (f"{head}.{name}" if name.startswith("final_layer") else f"backbone.{name}"): tensor for name, tensor in state.items()
        },
    }


HRNETS = {
    "the authors' plain file": lambda state: state,
    "the authors' checkpoint": lambda state: {
        "epoch": 210,
        "model": "pose_hrnet",
        "perf": np.float64(0.7),
        "state_dict": {},
        "best_state_dict": {f"module.{name}": tensor for name, tensor in state.items()},
    },
    "MMPose 0": mmpose("keypoint_head"),
    "MMPose 1": mmpose("head"),
}


@pytest.mark.parametrize("form", HRNETS.values(), ids=HRNETS.keys())
def test_hrnets_of_all_sources_have_the_same_weights(form, tmp_path):
    network = small_hrnet()
    torch.save(form(filled(network)), tmp_path / "hrnet.pth")
    found = read_official("pose-estimator", tmp_path / "hrnet.pth")
    assert same(network, found) == set()
    assert found.config == SMALL_HRNET


WRONG_HRNETS = {
    "a classifier": (lambda s: without(s, "final_layer.weight"), r"it lacks final_layer\.weight"),
    "upsampling layers": (
        lambda s: {**s, "head.deconv_layers.0.weight": torch.zeros(1)},
        r"not in the network: head\.deconv_layers",
    ),
    "a name twice": (lambda s: {**s, "backbone.conv1.weight": s["conv1.weight"]}, r"conv1\.weight under two names"),
    "nothing": (lambda s: {}, "has no tensors by name under best_state_dict or state_dict"),
}


@pytest.mark.parametrize(("change", "message"), WRONG_HRNETS.values(), ids=WRONG_HRNETS.keys())
def test_a_checkpoint_that_is_not_this_hrnet_is_refused(change, message, tmp_path):
    torch.save(change(filled(small_hrnet())), tmp_path / "hrnet.pth")
    with pytest.raises(InputError, match=message):
        read_official("pose-estimator", tmp_path / "hrnet.pth")


def test_an_unknown_judge_is_answered_with_the_nearest(tmp_path):
    with pytest.raises(InputError, match=r"no reader for published checkpoints of stgen\. Did you mean stgcn"):
        read_official("stgen", tmp_path)


# as reference models


@pytest.fixture
def models(tmp_path, monkeypatch):
    monkeypatch.setenv("SIGNBENCH_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "weights" / "models"


def test_an_added_checkpoint_is_a_reference_model_that_judges_with_the_same_weights(models, tmp_path):
    network = slt_network(inputs=150)
    write_signjoey(tmp_path / "official", signjoey_config(feature_size=150), filled(network))
    made = add_official("slt", tmp_path / "official", "slt-phoenix")
    found = find_model("slt-phoenix")
    assert found.folder == made.folder == models / "slt-phoenix"
    assert (found.card.kind, found.card.model, found.card.configuration) == ("judge", "slt", "official")
    assert sorted(found.card.files) == ["config.json", "glosses.txt", "model.safetensors", "words.txt"]
    assert "txt.vocab repeats 1 lines" in found.card.summary
    judge = SLTJudge(model="slt-phoenix")
    assert judge.vocabularies[0].words == ("<unk>", "<pad>", "<s>", "</s>", "regen", "und", "", "über")
    assert (judge.layout, judge.rate, judge.decode.beam, judge.config.width) == ("pt-50", 25.0, 1, 8)
    state = judge.network().state_dict()
    assert {name for name, tensor in network.state_dict().items() if not torch.equal(tensor, state[name])} == set()
    points = np.random.default_rng(0).normal(size=(9, 50, 3)).astype("f4")
    pose = Pose(points, np.ones((9, 50), "f4"), layout("pt-50"), 25.0)
    (answer,) = judge.observe([JudgedClip("a", pose=pose, text="regen")], judge.gives)
    assert set(answer) == {"text", "gloss", "likelihood"}


def test_a_network_that_reads_features_of_others_cannot_be_a_judge(models, tmp_path):
    write_signjoey(tmp_path / "official", signjoey_config(), filled(slt_network()))
    with pytest.raises(InputError, match="cannot be a judge: it reads 10 numbers in a frame, which no layout"):
        add_official("slt", tmp_path / "official", "slt-features")


def write_stgcn(folder):
    folder.mkdir()
    network = STGCNConfig("smplx-53", 6, 3, (4, 8), (1, 2), 9, 0.5).build()
    network.A.copy_(st_gcn_graph(skeleton("smplx-53")))
    torch.save(filled(network), folder / "recogniser.pt")
    (folder / "signs.txt").write_text("house\ntree\nover\n", encoding="utf-8")
    return network.eval()


def test_a_judge_answers_with_an_added_checkpoint(models, tmp_path):
    network = write_stgcn(tmp_path / "official")
    add_official("stgcn", tmp_path / "official" / "recogniser.pt", "stgcn-official")
    judge = STGCNJudge(model="stgcn-official")
    motion = Motion(np.random.default_rng(0).normal(size=(12, 55, 3)).astype("f4"), np.zeros((12, 3), "f4"), 25.0)
    (answer,) = judge.observe([JudgedClip("a", motion=motion)], {"label", "rows"})
    logits, features = network(torch.from_numpy(rotation_rows(motion.rotations))[None])
    assert answer["label"][0] == ("house", "tree", "over")[int(logits.argmax())]
    np.testing.assert_allclose(answer["rows"][0], features[0].detach().numpy(), rtol=1e-5, atol=1e-6)
    assert judge.signature().startswith("stgcn/") and "official-" in judge.signature()


NAMES = {
    "a capital letter": ("Mine", "is not a name of a model"),
    "a path": ("../mine", "is not a name of a model"),
    "the judge's own": ("stgcn", "is the judge itself; choose another name, such as stgcn-official"),
    "a taken one": ("taken", "there is a model taken already"),
}


@pytest.mark.parametrize(("name", "message"), NAMES.values(), ids=NAMES.keys())
def test_a_name_that_a_model_cannot_have_is_refused(name, message, models, tmp_path):
    write_stgcn(tmp_path / "official")
    add_official("stgcn", tmp_path / "official" / "recogniser.pt", "taken")
    with pytest.raises(InputError, match=message):
        add_official("stgcn", tmp_path / "official" / "recogniser.pt", name)


def test_a_checkpoint_that_is_refused_leaves_no_folder(models, tmp_path):
    torch.save({"a": torch.zeros(1)}, tmp_path / "a.pt")
    with pytest.raises(InputError, match="is not a checkpoint of ST-GCN"):
        add_official("stgcn", tmp_path / "a.pt", "mine")
    assert not models.exists()


@pytest.mark.parametrize("judge", ["slt", "gfslt", "corrnet", "stgcn", "pose-estimator"])
def test_a_checkpoint_that_does_not_exist_is_named(judge, tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.ckpt"):
        read_official(judge, tmp_path / "nowhere.ckpt")
