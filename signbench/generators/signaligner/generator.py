"""The generator SignAligner (Wang, Tang, Cheng, Li, Wang and Hong)."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from signbench.errors import InputError
from signbench.generators.signaligner.stages import StagedGenerator


class SignAlignerGenerator(StagedGenerator):
    """Signs a sentence frame by frame, as key points, hands or body, or as a video of a person.

    Nothing of a reference is used: the first frame is the mean pose with the counter 0, and a sentence ends when the counter
    reaches 1. The network's rate may differ from the task's: between two of its frames points move along a line, and joints take
    the shortest turn. If a length is granted, the sentence is stretched to it.

    Key points that the network does not make have confidence 0. Hands and bodies are rendered as SynthSign renders its own, on
    black; hands of the stage ``hamer`` are on the arms of the body of the same sentence, because HaMeR's parameters have no
    position.

    Args:
        checkpoint: the name of a reference model or its folder; None: the shipped model.
        stage: what it makes: ``pose`` (key points), ``hamer`` (a video of hands), ``smplx`` (a video of a body, or its motion) or
            ``video`` (a video of a person, by RealisDance).
        video: of ``stage=video``: the name of a reference model of RealisDance, its folder, or a published file; None: the shipped
            model.
        person: of ``stage=video``: a signer whose picture that model has, or the file of a picture; None: the task's source
            picture, or else the signer who signs.
        co_gen: ``false``: three separate models, one for each stream.
        occ: ``false``: no online collaborative correction; with a checkpoint, that model's correction is not used.
        fed_back: whether the decoders are given the frames that they made, or the counter alone; None: as the model says.
        device: the device of the network, such as ``cuda:0``.
    """

    name: ClassVar[str] = "signaligner"
    citation: ClassVar[str] = (
        "Wang, Tang, Cheng, Li, Wang and Hong: SignAligner: Harmonizing Complementary Pose Modalities for Coherent Sign Language "
        "Generation"
    )

    def __init__(
        self,
        checkpoint: str | Path | None = None,
        *,
        stage: str = "pose",
        video: str | Path | None = None,
        person: str | Path | None = None,
        co_gen: str | bool = True,
        occ: str | bool = True,
        fed_back: str | bool | None = None,
        device: str = "cpu",
    ) -> None:
        name = self.name
        together, correct = _truth(name, "co_gen", co_gen), _truth(name, "occ", occ)
        own = name if together and correct else f"{name}-no-co-gen" if not together else f"{name}-no-occ"
        back = None if fed_back is None else _truth(name, "fed_back", fed_back)
        parts = self._prepare(checkpoint, own, stage, video=video, person=person, correct=correct, fed_back=back, device=device)
        if not together and self._config.co_generation:
            raise InputError(
                f"generator {name}: the model {self._checkpoint.name} generates all streams together; leave out co_gen=false."
            )
        parts += [] if together else ["co_gen=false"]
        parts += [] if correct else ["occ=false"]
        parts += [] if self._fed_back == self._config.fed_back else [f"fed_back={str(self._fed_back).lower()}"]
        self.card = self._card(parts)


def _truth(name: str, option: str, value: str | bool) -> bool:
    if str(value).lower() not in ("true", "false"):
        raise InputError(f"generator {name}: {option}={value} is neither true nor false.")
    return str(value).lower() == "true"
