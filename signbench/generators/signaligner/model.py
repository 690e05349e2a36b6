"""A SignAligner ready to use: its network, its vocabulary, and what is made of a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from signbench.generators.signaligner.config import Stream
from signbench.generators.signaligner.numbers import motion_of_numbers, numbers_of_body, pose_of_numbers
from signbench.media.layouts import layout
from signbench.media.pose import in_layout
from signbench.networks.sentences import words_of
from signbench.networks.vocabulary import CLOSING, PADDING, Vocabulary
from signbench.predictions.sampling import stretched

if TYPE_CHECKING:
    from torch import Tensor

    from signbench.generators.signaligner.network import SignAligner
    from signbench.media.layouts import Layout
    from signbench.media.motion import Motion
    from signbench.media.pose import Pose

WORDS = "words.txt"
"""The file of the vocabulary, one word a line, special ones first."""


def source_of(text: str | None, gloss: Sequence[str] | None, signer: str | None, config: Any) -> list[str]:
    """The words that a sentence is given by.

    Args:
        text: the sentence.
        gloss: its glosses.
        signer: whose signing is wanted; not used by a network without signers.
        config: the network's.

    Returns:
        The name of the signer, for a network with signers; the glosses, or the words of the text in lower case; the closing word.
    """
    words = list(gloss or ()) if config.source == "gloss" else [word.lower() for word in words_of(text or "")]
    return [*([f"<{signer}>"] if config.signers else []), *words, CLOSING]


def padded_words(sentences: Sequence[Sequence[str]], vocabulary: Vocabulary) -> tuple[Tensor, Tensor]:
    """Words of sentences as indices ``(N, S)``, and a bool mask ``(N, S)``, false for padding."""
    import torch

    longest = max(len(sentence) for sentence in sentences)
    words = torch.full((len(sentences), longest), vocabulary.indices[PADDING])
    for index, sentence in enumerate(sentences):
        words[index, : len(sentence)] = torch.tensor(vocabulary.encode(sentence))
    return words, words != vocabulary.indices[PADDING]


@dataclass(frozen=True, eq=False)
class Sentence:
    """What a network made of a sentence, at its rate.

    Attributes:
        numbers: for each stream float32 ``(T, D)``.
    """

    numbers: Mapping[Stream, NDArray[np.float32]]
    network: SignAligner

    def pose(self, camera: NDArray[np.float32] | None = None, wanted: Layout | None = None) -> Pose:
        """The key points.

        Args:
            camera: middle and distance of the shoulders, float32 ``(3,)``; None: those of the train split.
            wanted: their layout; None: ``coco-wholebody-133``, or ``pt-50`` for a network that makes it.

        Raises:
            InputError: the layout has a point that is neither made nor one of a whole body's.
        """
        network = self.network
        chosen = network.camera.cpu().numpy() if camera is None else camera
        # of the whole bodies only this one has the neck, which the network makes
        whole = layout("dwpose-134") if wanted is not None and "neck" in wanted.joints else None
        pose = pose_of_numbers(self.numbers["pose"], network.config, chosen, network.seen.cpu().numpy(), whole)
        return pose if wanted is None else in_layout(pose, wanted)

    def motion(self, *, hands: bool = False) -> Motion:
        """The body's rotations; with ``hands`` those of the hands are the stream ``hamer``'s, on the body's arms.

        If the streams have lengths of their own, the body is stretched to the hands'.
        """
        body = self.numbers["smplx"]
        if not hands:
            return motion_of_numbers(body, self.network.config)
        own = self.numbers["hamer"]
        if len(body) != len(own):
            body = numbers_of_body(stretched(motion_of_numbers(body, self.network.config), len(own)).rotations, self.network.config)
        return motion_of_numbers(body, self.network.config, own)


def signed(
    network: SignAligner,
    sentences: Sequence[Sequence[str]],
    vocabulary: Vocabulary,
    *,
    correct: bool = True,
    fed_back: bool | None = None,
) -> list[Sentence]:
    """Sentences in free running, see :meth:`~signbench.generators.signaligner.network.SignAligner.sign`.

    Args:
        network: in evaluation mode.
        sentences: their words, see :func:`source_of`; those of a call share a padded batch.
        vocabulary: the network's.
        correct: whether the streams are corrected.
        fed_back: as for :meth:`~signbench.generators.signaligner.network.SignAligner.sign`.
    """
    words, mask = padded_words(sentences, vocabulary)
    device = next(network.parameters()).device
    found = network.sign(words.to(device), mask.to(device), correct=correct, fed_back=fed_back)
    made = []
    for index in range(len(sentences)):
        numbers: dict[Stream, NDArray[np.float32]] = {}
        for stream, scores in found.frames.items():
            length = int(found.masks[stream][index].sum())
            numbers[stream] = network.numbers(stream, scores[index, :length]).float().cpu().numpy()
        made.append(Sentence(numbers, network))
    return made


def kept_tensors(state: Mapping[str, Any]) -> dict[str, Any]:
    """The tensors that a model's file holds: all but those that the network computes itself."""
    from signbench.networks.transformer import POSITIONS

    return {name: tensor for name, tensor in state.items() if not name.endswith(POSITIONS)}
