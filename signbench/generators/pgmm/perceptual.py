"""The frozen networks that perceptual losses compare pictures with."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from signbench.errors import InputError
from signbench.extractors.network_loading import give_weights, official_weights, without_weights
from signbench.generators.pgmm.losses import FeatureDistance
from signbench.networks.resnet import ResNet18
from signbench.weights.reference_models import find_model

_VGG = "vgg19-dcbb9e9d"
_ENDS = (2, 7, 12, 21, 30)
_RESNET = "resnet."


def of_vgg() -> FeatureDistance:
    """Features of VGG-19 after relu1_1, relu2_1, relu3_1, relu4_1 and relu5_1, at four sizes of the pictures, as in TPSMM.

    Raises:
        InputError: its weights are not present; the message says how to get them.
    """
    import torchvision

    weights = official_weights(_VGG)
    network = without_weights(lambda: nn.ModuleDict({"features": torchvision.models.vgg19(weights=None).features[: _ENDS[-1]]}))
    kept = {name: tensor for name, tensor in weights.items() if name in network.state_dict()}
    give_weights(network, kept, _VGG)
    layers = list(network["features"].children())
    for layer in layers:
        if isinstance(layer, nn.ReLU):
            # what is compared after a stage must not be changed by the next one
            layer.inplace = False
    stages = [nn.Sequential(*layers[start:end]) for start, end in zip((0, *_ENDS), _ENDS, strict=False)]
    return FeatureDistance(stages, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def of_recogniser(model: str | Path) -> FeatureDistance:
    """The pictures at four sizes, and features of a trunk's first three stages at two sizes.

    Args:
        model: name or folder of a reference model of the kind ``frame-trunk``.

    Raises:
        InputError: there is none, or it is of another kind.
    """
    found = find_model(model)
    if found.card.model != "frame-trunk":
        raise InputError(f"the model {found.card.name} is of the kind {found.card.model}, not frame-trunk; choose another.")
    widths = found.config().get("widths", ())
    network = without_weights(lambda: ResNet18(widths))
    give_weights(
        network,
        {name.removeprefix(_RESNET): tensor for name, tensor in found.weights().items() if name.startswith(_RESNET)},
        f"the model {found.card.name}",
    )
    first = nn.Sequential(network.conv1, network.bn1, nn.ReLU(), network.maxpool, network.get_submodule("layer1"))
    stages = [first, network.get_submodule("layer2"), network.get_submodule("layer3")]
    # a trunk's pictures are on [-1, 1]
    return FeatureDistance(stages, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), scales=(1.0, 0.5), pictures=True)
