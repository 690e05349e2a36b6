"""The generators PGMM and TPSMM: a picture of a signer moves as in a driving video."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.generators.base import Card, Generator
from signbench.generators.computing import computing
from signbench.generators.pgmm.checkpoints import SIZE, read_official
from signbench.generators.pgmm.config import PGMMConfig
from signbench.judges.network_judge import configured
from signbench.predictions.prompts import Production, Prompt
from signbench.predictions.sampling import frames_of, wanted_length
from signbench.weights.digests import remembered_sha256_of
from signbench.weights.reference_models import ReferenceModel, find_checkpoint, find_model, has_model, read_model_of

if TYPE_CHECKING:
    from signbench.generators.pgmm.animation import Mode
    from signbench.generators.pgmm.network import MotionModel
    from signbench.generators.pgmm.pose_maps import PoseMaps

_MODES = ("standard", "relative", "avd")


class PGMMGenerator(Generator):
    """Moves the source picture as in the driving video, guided by heat maps of the driving frames.

    The production has the size that the task requires. If that is larger than the network's pictures, the network's picture is
    enlarged, and what the flow takes from the source picture is taken at the larger size.

    Args:
        checkpoint: the name of a reference model, its folder, or a published file of TPSMM; None: the shipped model.
        estimator: name or folder of the pose estimator; None: the one that the model was trained with.
        mode: ``standard``, or for models without pose also ``relative`` or ``avd``, see
            :class:`~signbench.generators.pgmm.animation.Animation`.
        background: ``true``: the background's motion is predicted, for driving videos of the same person and background.
        size: height and width of the pictures of a published file.
        device: the device of the networks, such as ``cuda:0``.
    """

    name: ClassVar[str] = "pgmm"
    citation: ClassVar[str] = "Shi, Hu, Shang, Feng, Liu and Feng 2024: Pose-Guided Fine-Grained Sign Language Video Generation"

    def __init__(
        self,
        checkpoint: str | Path | None = None,
        *,
        estimator: str | Path | None = None,
        mode: str = "standard",
        background: str | bool = False,
        size: str | int = SIZE,
        device: str = "cpu",
    ) -> None:
        name = type(self).name
        if mode not in _MODES:
            raise InputError(f"generator {name}: mode={mode} is unknown; use standard, relative or avd.")
        if str(background).lower() not in ("true", "false"):
            raise InputError(f"generator {name}: background={background} is neither true nor false.")
        if not str(size).isdigit() or int(size) < 1:
            raise InputError(f"generator {name}: size={size} is not a number of pixels.")
        if checkpoint is None and not has_model(name):
            raise InputError(
                f"the weights of {name} are not present; run signbench train {name} --out reference_models/{name}, or name "
                f"others: {name}:checkpoint=NAME."
            )
        self._path = find_checkpoint(name if checkpoint is None else checkpoint)
        self._model = None if self._path.is_file() else read_model_of(self._path, name)
        self._mode = cast("Mode", mode)
        self._background = str(background).lower() == "true"
        self._published_size = int(size)
        self._estimator_name = estimator
        self._device = device
        self.choices = {} if self._model is None else self._model.card.choices
        self.card = Card(
            name=self._card_name(checkpoint),
            version="1",
            modalities=("video",),
            prompt_fields=("source_image", "driving_video"),
            licence="not stated in the files" if self._model is None else self._model.card.licence,
            checkpoint=self._digest(),
            citation=type(self).citation,
        )

    def _card_name(self, checkpoint: str | Path | None) -> str:
        name = type(self).name
        shown = self._path.name if self._model is None else self._model.card.name
        parts = [] if checkpoint is None or shown == name else [f"checkpoint={shown}"]
        parts += [] if self._estimator_name is None else [f"estimator={Path(self._estimator_name).name}"]
        parts += [] if self._mode == "standard" else [f"mode={self._mode}"]
        parts += ["background=true"] if self._background else []
        parts += [f"size={self._published_size}"] if self._model is None and self._published_size != SIZE else []
        return name + (":" + ",".join(parts) if parts else "")

    @cached_property
    def _config(self) -> PGMMConfig:
        return self._published[0] if self._model is None else configured(PGMMConfig, self._model.config(), self._model)

    @cached_property
    def _published(self) -> tuple[PGMMConfig, Any]:
        found = read_official(self._path, self._published_size)
        return found.config, found.weights

    def _estimator_model(self) -> ReferenceModel | None:
        """The model of the pose estimator; None for a network that sees no pose.

        Raises:
            InputError: there is none.
        """
        if self._model is None or not self._config.sees_pose:
            if self._estimator_name is not None:
                raise InputError(f"generator {type(self).name}: this model sees no pose, so it takes no estimator.")
            return None
        return find_model(self._estimator_name or self._config.pose_estimator)

    def _digest(self) -> str:
        """SHA-256 of a published file; of a model, over the names and digests of its files and its estimator's."""
        if self._model is None:
            return remembered_sha256_of(self._path)
        models = [self._model] if (estimator := self._estimator_model()) is None else [self._model, estimator]
        listed = "".join(f"{name} {digest}\n" for model in models for name, digest in sorted(model.card.files.items()))
        return hashlib.sha256(listed.encode()).hexdigest()

    @cached_property
    def _networks(self) -> tuple[MotionModel, PoseMaps | None]:
        from signbench.extractors.network_loading import device_of, give_weights, without_weights
        from signbench.generators.pgmm.network import MotionModel
        from signbench.generators.pgmm.pose_maps import PoseMaps

        device = device_of(self._device)
        weights = self._published[1] if self._model is None else self._model.weights()
        network = without_weights(lambda: MotionModel(self._config))
        give_weights(network, weights, f"the checkpoint {self._path}")
        found = self._estimator_model()
        estimator = None if found is None else PoseMaps(found.folder, self._config.pose_points, self._config.pose_size).to(device)
        return network.to(device), estimator

    def generate(self, prompts: Sequence[Prompt], seeds: Sequence[int]) -> Iterator[Production]:
        for prompt in prompts:
            yield Production(prompt.clip, frames=self._frames(prompt), fps=prompt.fps)

    def _frames(self, prompt: Prompt) -> Iterator[NDArray[np.uint8]]:
        from signbench.generators.pgmm.animation import CHUNK, Animation

        if prompt.source_image is None or prompt.driving_video is None:
            raise InputError(f"clip {prompt.clip}: {type(self).name} needs a source picture and a driving video.")
        model, estimator = self._networks
        with computing(self._device):
            animation = Animation(model, estimator, prompt.source_image, prompt.size, mode=self._mode, background=self._background)
        side = self._config.size
        driving = frames_of(prompt.driving_video, replace(prompt.made, size=(side, side)), wanted_length(prompt))
        while chunk := list(islice(driving, CHUNK)):
            with computing(self._device):
                made = animation.frames(np.stack(chunk))
            yield from made


class TPSMMGenerator(PGMMGenerator):
    """Moves the source picture as in the driving video, by key points that nobody has labelled: PGMM's baseline."""

    name = "tpsmm"
    citation = "Zhao and Zhang 2022: Thin-Plate Spline Motion Model for Image Animation"
