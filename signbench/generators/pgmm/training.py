"""The training of PGMM and TPSMM: pairs of frames of one video, of which the first is moved to show the second."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.generators.pgmm.config import PGMMConfig
from signbench.training.base import Answer, Batch, Report, TrainingData, changed, chosen, settings_of
from signbench.training.clip_arrays import ClipArrays
from signbench.training.frame_degradations import FrameDegradations
from signbench.training.frames import FrameSource
from signbench.training.ranges import COUNT, NOT_NEGATIVE, POSITIVE, SHARE, check_ranges
from signbench.training.videos import trunk_weights

if TYPE_CHECKING:
    from torch import Tensor, nn

    from signbench.generators.pgmm.network import MotionModel, Reconstruction
    from signbench.generators.pgmm.pose_maps import PoseMaps

_PIECE = 16
_RANGES = {
    **dict.fromkeys(("rate", "dev_rate", "sharpness"), POSITIVE),
    **dict.fromkeys(("pairs", "dropout_rise"), COUNT),
    **dict.fromkeys(("mirrored", "jitter", "least_peak", "dropout_start", "dropout_most"), SHARE),
    **dict.fromkeys(("perceptual_weight", "equivariance", "warp", "background", "pose_distance", "alignment"), NOT_NEGATIVE),
    **dict.fromkeys(("dropout_epochs", "background_from", "plate_affine", "plate_bending"), NOT_NEGATIVE),
}

_OPEN = ("mask", "mask_kernel", "final_blend", "pose_scales", "pose_size", "fusion")
_OPEN_IN_LEARNING = (
    "sharpness",
    "least_peak",
    "alignment_summed",
    "alignment_stopped",
    "perceptual",
    "perceptual_weight",
    "equivariance",
    "warp",
    "background",
    "pose_distance",
    "alignment",
    "mirrored",
    "jitter",
    "dropout_epochs",
    "dropout_rise",
    "dropout_start",
    "dropout_most",
)
"""Fields that the paper leaves open, for a model's card."""


@dataclass(frozen=True)
class Settings:
    """Settings of the data and the losses.

    Attributes:
        trunk: the reference model of the kind ``frame-trunk`` whose ResNet the key-point detector begins with; empty: random, as in
            the papers.
        rate: frames per second of the train clips.
        dev_rate: frames per second of the dev clips.
        pairs: pairs of frames of each clip in an epoch.
        mirrored: share of the pairs that are mirrored.
        jitter: largest change of brightness, contrast and colour, as a share, the same for both frames.
        perceptual: what the perceptual loss compares: ``pyramid-l1`` pictures at four sizes, ``recogniser`` also the features of a
            reference model's trunk, ``vgg19`` features of VGG-19, as in the papers.
        recogniser: the reference model of the kind ``frame-trunk``.
        perceptual_weight: weight of each term of the perceptual loss.
        equivariance: weight of the equivariance loss.
        warp: weight of the warp loss.
        background: weight of the background loss.
        pose_distance: weight of the Pose Distance Loss; 0: none.
        sharpness: of its soft-arg-max.
        least_peak: it leaves out key points whose heat map has a lower peak.
        alignment: weight of the Feature Alignment Loss; 0: none.
        alignment_summed: whether it is summed over the convolution modules, or averaged.
        alignment_stopped: whether its driving side is a constant.
        dropout_epochs: epochs with dropout of splines; 0: none.
        dropout_rise: epochs in which its probability rises.
        dropout_start: its first probability.
        dropout_most: its highest probability.
        background_from: finished epochs from which the background can move.
        plate_affine: standard deviation of the affine part of the random splines of the equivariance loss.
        plate_bending: standard deviation of their weights.
    """

    trunk: str = ""
    rate: float = 25.0
    dev_rate: float = 2.5
    pairs: int = 5
    mirrored: float = 0.5
    jitter: float = 0.1
    perceptual: Literal["pyramid-l1", "recogniser", "vgg19"] = "vgg19"
    recogniser: str = "frame-trunk"
    perceptual_weight: float = 10.0
    equivariance: float = 10.0
    warp: float = 10.0
    background: float = 10.0
    pose_distance: float = 1.0
    sharpness: float = 25.0
    least_peak: float = 0.2
    alignment: float = 1.0
    alignment_summed: bool = True
    alignment_stopped: bool = False
    dropout_epochs: int = 35
    dropout_rise: int = 10
    dropout_start: float = 0.0
    dropout_most: float = 0.7
    background_from: int = 0
    plate_affine: float = 0.05
    plate_bending: float = 0.005


class PGMMTraining(TrainingData):
    """Pairs of frames of each train clip, drawn again in each epoch."""

    kind = "generator"

    def prepare(self, report: Report) -> None:
        self.settings: Settings = settings_of(Settings, self.recipe.data, "data")
        check_ranges(self.settings, _RANGES)
        given, side = self.settings, self.config().size
        if given.pose_distance and not self.config().sees_pose:
            raise InputError("the recipe's data: a network without pose has no pose_distance; set it to 0.")
        self.degradations = FrameDegradations(
            share=float(given.jitter > 0),
            mirrored=given.mirrored,
            shift=0.0,
            scale=0.0,
            turn=0.0,
            brightness=255 * given.jitter,
            contrast=given.jitter,
            colour=given.jitter,
            blurred=0.0,
            grain=0.0,
            compressed=0.0,
        )
        self.parts: list[ClipArrays[np.uint8]] = [
            FrameSource(self.corpus, split, (side, side), given.rate).frames(progress=report, workers=self.workers)
            for split in self.recipe.train
        ]
        self.clips = [(part, clip) for part, frames in enumerate(self.parts) for clip in range(len(frames))]
        self.dev = FrameSource(self.corpus, self.recipe.dev, (side, side), given.dev_rate).frames(progress=report)
        self.estimator: PoseMaps | None = self._estimator()
        self.perceptual: nn.Module = self._perceptual()

    def choices(self) -> Mapping[str, str | int | float | bool]:
        if self.recipe.model == "tpsmm":  # its authors published all of it
            return {}
        return chosen(self.config(), _OPEN, settings_of(Settings, self.recipe.data, "data"), _OPEN_IN_LEARNING)

    def config(self) -> PGMMConfig:
        made = PGMMConfig.small() if self.recipe.configuration == "small" else PGMMConfig.paper()
        if self.recipe.model == "tpsmm":
            made = made.as_tpsmm()
        return changed(made, self.recipe.network, "network")

    def build(self) -> nn.Module:
        from signbench.generators.pgmm.network import MotionModel

        network = MotionModel(self.config())
        if self.settings.trunk:
            weights = trunk_weights(self.settings.trunk, self.config().point_widths)
            # a trunk's pictures are on [-1, 1], the detector's on [0, 1]
            weights["bn1.running_mean"] = weights["bn1.running_mean"] + weights["conv1.weight"].sum(dim=(1, 2, 3))
            weights["conv1.weight"] = 2 * weights["conv1.weight"]
            network.kp_detector.fg_encoder.load_state_dict(weights, strict=False)
        return network

    def _estimator(self) -> PoseMaps | None:
        from signbench.generators.pgmm.pose_maps import PoseMaps

        config = self.config()
        return PoseMaps(config.pose_estimator, config.pose_points, config.pose_size) if config.sees_pose else None

    def _perceptual(self) -> nn.Module:
        from signbench.generators.pgmm.losses import PyramidDistance
        from signbench.generators.pgmm.perceptual import of_recogniser, of_vgg

        if self.settings.perceptual == "vgg19":
            return of_vgg()
        return of_recogniser(self.settings.recogniser) if self.settings.perceptual == "recogniser" else PyramidDistance()

    def examples(self, phase: str) -> int:
        return len(self.clips) * self.settings.pairs

    def batch(self, phase: str, indices: NDArray[np.int64], random: np.random.Generator) -> Batch:
        import torch

        pairs = []
        for index in indices.tolist():
            part, clip = self.clips[index // self.settings.pairs]
            frames = self.parts[part][clip]
            chosen = random.integers(0, len(frames), 2)
            pairs.append(self.degradations.of(np.ascontiguousarray(frames[chosen]), random))
        joined = torch.from_numpy(np.stack(pairs))
        return {"source": joined[:, 0], "driving": joined[:, 1]}

    def losses(self, network: nn.Module, batch: Batch, phase: str) -> Mapping[str, Tensor]:
        from signbench.generators.pgmm import losses as terms
        from signbench.generators.pgmm.transformations import random_plates

        model, given = cast("MotionModel", network), self.settings
        source, driving = (levels(batch[name]) for name in ("source", "driving"))
        self.perceptual.to(source.device)
        maps = self.maps(driving)
        made: Reconstruction = model(
            source, driving, maps, background=self.epoch >= given.background_from, dropout=self.dropout(self.epoch)
        )
        found = {"perceptual": given.perceptual_weight * self.perceptual(made.picture, driving)}
        if given.equivariance:
            plates = random_plates(len(driving), given.plate_affine, given.plate_bending, 5, driving)
            of_moved = model.kp_detector(terms.moved_pictures(driving, plates))
            found["equivariance"] = given.equivariance * terms.equivariance(made.driving_points, of_moved, plates)
        if given.warp or given.alignment:
            own = model.inpainting_network.encode(driving)
        if given.warp:
            found["warp"] = given.warp * terms.warp_distance(made.decoded.visible, own, made.motion)
        if given.background and made.background is not None and model.bg_predictor is not None:
            back = model.bg_predictor(driving, source)
            found["background"] = given.background * terms.background_cycle(made.background, back)
        if given.pose_distance and maps is not None and self.estimator is not None:
            distance = terms.pose_distance(self.estimator(made.picture), maps, given.sharpness, given.least_peak)
            found["pose_distance"] = given.pose_distance * distance
        if given.alignment:
            still = model.inpainting_network.still(own, made.pose)
            found["alignment"] = given.alignment * terms.alignment(
                made.decoded.modules, still, summed=given.alignment_summed, stopped=given.alignment_stopped
            )
        return found

    def maps(self, pictures: Tensor) -> Tensor | None:
        """Heat maps of pictures ``(N, 3, H, W)``; None for a network that sees no pose."""
        import torch

        if self.estimator is None:
            return None
        with torch.no_grad():
            maps: Tensor = self.estimator.to(pictures.device)(pictures)
        return maps

    def dropout(self, epoch: int) -> float:
        """The probability of leaving out a spline after some finished epochs."""
        given = self.settings
        if epoch >= given.dropout_epochs:
            return 0.0
        return min(epoch / given.dropout_rise * given.dropout_most + given.dropout_start, given.dropout_most)

    def answers(self, network: nn.Module) -> Iterator[Answer]:
        import torch

        model = cast("MotionModel", network)
        device = next(network.parameters()).device
        for name in self.dev_ids():
            frames = np.array(self.dev[self.dev.ids.index(name)])
            pictures = levels(torch.from_numpy(frames).to(device))
            source = pictures[:1]
            made = []
            for start in range(0, len(pictures), _PIECE):
                driving = pictures[start : start + _PIECE]
                one = model(source.expand(len(driving), -1, -1, -1), driving, self.maps(driving), background=False)
                made.append((one.picture * 255).round().clamp(0, 255).byte().permute(0, 2, 3, 1).cpu().numpy())
            yield Answer(name, {"video": np.concatenate(made)}, {"video": frames})


def levels(frames: Tensor) -> Tensor:
    """Frames uint8 ``(N, H, W, 3)`` as pictures, float32 ``(N, 3, H, W)`` on [0, 1]."""
    return frames.permute(0, 3, 1, 2).float().contiguous() / 255
