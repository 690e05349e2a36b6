"""Published checkpoints of GFSLT and of its visual-language pre-training (zhoubenjia/GFSLT-VLP).

Both are dictionaries with ``model``, ``optimizer``, ``lr_scheduler`` and ``epoch``; the best ones have ``args``, and those of the
pre-training ``text_decoder``, the decoder of its masked language modelling. The vocabulary is a SentencePiece model next to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signbench.documents import parse_json
from signbench.errors import InputError, listing
from signbench.judges.gfslt.config import GFSLTConfig, PretrainingConfig
from signbench.judges.gfslt.tokenizer import PieceTokenizer, read_sentencepiece
from signbench.judges.official import OfficialModel
from signbench.pickled_files import read_checkpoint
from signbench.weights.state_dicts import check_weights, tensors_of

if TYPE_CHECKING:
    from torch import Tensor

PIECES = "pieces.txt"
"""The file with the vocabulary, see :meth:`signbench.judges.gfslt.tokenizer.SentencePieces.lines`."""

_SENTENCEPIECE, _TOKENIZER = "sentencepiece.bpe.model", "tokenizer_config.json"
_LANGUAGE = "de_DE"
_HEADS = PretrainingConfig.paper().text_heads
_SUFFIXES = (".pth", ".pt")
_SHARED = "mbart.model.shared.weight"
_COPIES = ("mbart.model.encoder.embed_tokens.weight", "mbart.model.decoder.embed_tokens.weight")

TRANSLATED = (
    ("model_images.model.conv_2d.", "backbone.conv_2d."),
    ("model_images.model.conv_1d.", "backbone.conv_1d."),
    ("model_images.trans_encoder.", "mbart.model.encoder."),
)
"""Beginnings of names in the pre-training, and of the same weights in the translator."""

DECODED = (("text_decoder.", "mbart.model.decoder."),)
"""The same for the decoder of the masked language modelling."""

HEAD = (("lm_head.", "mbart.lm_head."), ("final_logits_bias", "mbart.final_logits_bias"))
"""The same for its output layer."""

UNUSED = ("model_images.cls_token", "model_images.lm_head.", "model_txt.", "logit_scale")
"""Beginnings of names in the pre-training that the translator has no use for."""


@dataclass(frozen=True)
class Pretrained:
    """The content of a checkpoint of the pre-training.

    Attributes:
        config: the sizes.
        weights: of the two encoders, by name.
        decoder: of the decoder of the masked language modelling, by name; empty for the first version of the pre-training.
    """

    config: PretrainingConfig
    weights: Mapping[str, Tensor]
    decoder: Mapping[str, Tensor]


def read_official(path: Path) -> OfficialModel:
    """Reads a checkpoint of the translator with the vocabulary next to it.

    Args:
        path: the folder with one checkpoint (``*.pth``, ``*.pt``) and ``sentencepiece.bpe.model``; or the checkpoint in it.
            Sentences are German (``de_DE``) unless ``tokenizer_config.json`` in the folder has another ``tgt_lang``.

    Raises:
        InputError: a file is missing or cannot be read, vocabulary and weights have different sizes, or names or shapes differ from
            the network's.
    """
    import torch

    checkpoint = _checkpoint(path)
    weights = tensors_of(read_checkpoint(checkpoint), checkpoint, ("model",))
    pieces = read_sentencepiece(checkpoint.parent / _SENTENCEPIECE)
    tokenizer = PieceTokenizer(pieces, _language(checkpoint.parent / _TOKENIZER))
    sizes = _sizes(weights, checkpoint, "backbone.", "mbart.model.encoder.", "mbart.model.decoder.")
    if sizes["words"] != len(tokenizer.words):
        raise InputError(
            f"{checkpoint.parent / _SENTENCEPIECE} gives {len(tokenizer.words)} words with the special ones, and "
            f"{checkpoint.name} has {sizes['words']}; it belongs to another checkpoint."
        )
    if different := [name for name in _COPIES if not _same(weights.get(name), weights.get(_SHARED))]:
        raise InputError(
            f"{checkpoint} has {different[0]} unlike {_SHARED}; this network has them in common, as the published one."
        )
    config = replace(GFSLTConfig.paper(language=tokenizer.opening), **sizes)
    with torch.device("meta"):
        wanted = config.build().state_dict()
    return OfficialModel(
        config,
        check_weights(wanted, weights, checkpoint, "GFSLT"),
        {PIECES: pieces.lines()},
        {"beam": 4, "alpha": 0.0, "longest": 149, "power": 1.0, "early": True},
        notes=("heads and steps of the temporal convolutions are those of the paper, which weights do not show",),
    )


def read_pretrained(path: Path, language: int = GFSLTConfig.paper().language) -> Pretrained:
    """Reads a checkpoint of the visual-language pre-training.

    Args:
        path: the file.
        language: index of the language code that opens every sentence.

    Raises:
        InputError: it cannot be read, or names or shapes differ from the networks'.
    """
    import torch

    content = read_checkpoint(path)
    weights = tensors_of(content, path, ("model",))
    has_decoder = isinstance(content, Mapping) and "text_decoder" in content
    decoder = tensors_of(content, path, ("text_decoder",)) if has_decoder else {}
    sizes = _sizes({**weights, **decoder}, path, "model_images.model.", "model_images.trans_encoder.", "text_decoder.")
    text = _encoder_sizes(weights, path, "model_txt.model_txt.")
    config = replace(
        PretrainingConfig.paper(),
        translator=replace(GFSLTConfig.paper(language=language), **sizes),
        text_layers=text["encoder_layers"],
        text_feed_forward=text["feed_forward"],
    )
    with torch.device("meta"):
        wanted, wanted_decoder = config.build().state_dict(), config.build_decoder().state_dict()
    return Pretrained(
        config,
        check_weights(wanted, weights, path, "the visual-language pre-training"),
        check_weights(wanted_decoder, decoder, path, "the decoder of the masked language modelling") if decoder else {},
    )


def translator_weights(weights: Mapping[str, Tensor], decoder: Mapping[str, Tensor], *, head: bool = False) -> dict[str, Tensor]:
    """The weights of a translator that begins where the pre-training ended.

    The translator's one matrix of embeddings is that of the decoder, because the encoder of clips reads no words. What the
    pre-training does not have, the embedding ``sign_emb`` of the temporal convolutions' output, is not in the result.

    Args:
        weights: of the two encoders, as :class:`signbench.judges.gfslt.pretraining.VisualLanguageModel` names them.
        decoder: of :class:`signbench.judges.gfslt.pretraining.TextDecoder`; empty: the translator's decoder is not in the result.
        head: also take the decoder's output layer. The published training does not: it takes that of mBART, from which the
            pre-training's began too.

    Raises:
        InputError: a name belongs to neither.
    """
    embeddings = "model_images.trans_encoder.embed_tokens.weight"
    found = _renamed({name: tensor for name, tensor in weights.items() if name != embeddings}, TRANSLATED, UNUSED)
    if decoder:
        found |= _renamed(decoder, (*DECODED, *(HEAD if head else ())), () if head else tuple(old for old, _ in HEAD))
        found |= dict.fromkeys((_SHARED, *_COPIES), found[_COPIES[1]])
    return found


def _renamed(tensors: Mapping[str, Tensor], names: Sequence[tuple[str, str]], unused: tuple[str, ...]) -> dict[str, Tensor]:
    found = {}
    for name, tensor in tensors.items():
        if beginning := next(((old, new) for old, new in names if name.startswith(old)), None):
            found[beginning[1] + name.removeprefix(beginning[0])] = tensor
        elif not name.startswith(unused):
            raise InputError(f"the pre-training has weights {name}, which neither it nor the translator has in the published form.")
    return found


def _same(one: Tensor | None, other: Tensor | None) -> bool:
    """Whether two tensors are equal; a missing one is reported elsewhere."""
    import torch

    return one is None or other is None or torch.equal(one, other)


def _sizes(weights: Mapping[str, Tensor], path: Path, backbone: str, encoder: str, decoder: str) -> dict[str, Any]:
    """Fields of the translator's configuration that the shapes of its weights show."""
    stages = [f"{backbone}conv_2d.resnet.layer{stage}.0.conv1.weight" for stage in (1, 2, 3, 4)]
    _check_present(weights, path, stages)
    found = {**_encoder_sizes(weights, path, encoder), "widths": tuple(len(weights[name]) for name in stages)}
    if layers := _layers(weights, decoder):
        found["decoder_layers"] = layers
    return found


def _encoder_sizes(weights: Mapping[str, Tensor], path: Path, encoder: str) -> dict[str, Any]:
    words, positions, inner = (f"{encoder}{name}.weight" for name in ("embed_tokens", "embed_positions", "layers.0.fc1"))
    _check_present(weights, path, [words, positions, inner])
    if weights[words].shape[-1] % _HEADS:
        raise InputError(
            f"{path} has embeddings of {weights[words].shape[-1]} numbers, which {_HEADS} heads of attention cannot share."
        )
    return {
        "words": weights[words].shape[0],
        "width": weights[words].shape[-1],
        # mBART leaves the first two positions free
        "positions": weights[positions].shape[0] - 2,
        "feed_forward": weights[inner].shape[0],
        "encoder_layers": _layers(weights, encoder),
    }


def _layers(weights: Mapping[str, Tensor], beginning: str) -> int:
    return len({name.split(".")[beginning.count(".") + 1] for name in weights if name.startswith(f"{beginning}layers.")})


def _check_present(weights: Mapping[str, Tensor], path: Path, names: Sequence[str]) -> None:
    if lacking := [name for name in names if name not in weights or weights[name].dim() < 2]:
        raise InputError(f"{path} is not a checkpoint of GFSLT: it lacks {listing(lacking, 3)}.")


def _checkpoint(path: Path) -> Path:
    if not path.is_dir():
        return path
    found = sorted(one for one in path.iterdir() if one.suffix in _SUFFIXES)
    if len(found) != 1:
        names = listing([one.name for one in found]) or "none"
        raise InputError(f"{path} needs exactly one checkpoint {' or '.join(f'*{one}' for one in _SUFFIXES)}; it has {names}.")
    return found[0]


def _language(path: Path) -> str:
    """The code of the language of sentences, from the tokenizer's settings."""
    if not path.is_file():
        return _LANGUAGE
    try:
        content = parse_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error
    found = content.get("tgt_lang") if isinstance(content, dict) else None
    if found is not None and not isinstance(found, str):
        raise InputError(f"{path}: tgt_lang is {found!r:.40}, not a language code.")
    return found or _LANGUAGE
