"""Published checkpoints of sign language transformers: those of neccam/slt and of its descendants.

A folder holds ``config.yaml``, ``txt.vocab``, ``gls.vocab`` and a checkpoint whose ``model_state`` has this network's names. So do
neccam/slt (``signjoey``), Sign-IDD-SLT and the evaluator of the SLRTP 2025 challenge, whose ``config.yaml`` is recognised by
``data.skeleton_subsample``; they differ in sizes and in decoding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from signbench.documents import read_yaml
from signbench.errors import InputError, listing
from signbench.judges.official import OfficialModel
from signbench.judges.slt.config import SLTConfig
from signbench.judges.slt.judge import GLOSSES, WORDS, Reading
from signbench.judges.translation import Decoding
from signbench.media.layouts import known_layouts, layout
from signbench.networks.vocabulary import CLOSING, OPENING, PADDING, SILENCE, UNKNOWN
from signbench.weights.state_dicts import check_weights, state_dict

_WORD_SPECIALS = (UNKNOWN, PADDING, OPENING, CLOSING)
_GLOSS_SPECIALS = (SILENCE, UNKNOWN, PADDING)
_CONFIG = "config.yaml"
_MOST_VOCABULARY_BYTES = 50_000_000
_CHALLENGE = "slrtp-178"
_RECORDED = 25.0
"""Frames per second of the recordings of PHOENIX14T."""

_REQUIRED = object()


def read_official(path: Path) -> OfficialModel:
    """Reads a checkpoint with the files next to it.

    Args:
        path: the folder, in which ``best.ckpt`` or the only ``*.ckpt`` is read; or the checkpoint in it.

    Raises:
        InputError: a file is missing or cannot be read, the configuration is of another network, or names or shapes differ from the
            network's.
    """
    import torch

    checkpoint = _checkpoint(path)
    folder = checkpoint.parent
    settings = _Settings(folder / _CONFIG)
    words, notes = _vocabulary(folder / "txt.vocab", _WORD_SPECIALS)
    glosses: tuple[str, ...] = ()
    if not settings.number("training.translation_loss_weight", 1.0) > 0:
        raise InputError(f"{settings.path} has translation_loss_weight 0: a network that only recognises glosses is not this one.")
    if settings.number("training.recognition_loss_weight", 1.0) > 0:
        glosses, more = _vocabulary(folder / "gls.vocab", _GLOSS_SPECIALS)
        notes += more
    config = _config(settings, len(glosses), len(words))
    weights = state_dict(checkpoint, ("model_state",))
    _check_vocabularies(weights, folder, config)
    with torch.device("meta"):
        wanted = config.build().state_dict()
    decoding, more = _decoding(settings)
    reading = _reading(settings, config.inputs)
    return OfficialModel(
        config,
        check_weights(wanted, weights, checkpoint, "the sign language transformer"),
        {WORDS: words, **({GLOSSES: glosses} if glosses else {})},
        {**asdict(decoding), **(asdict(reading) if reading else {})},
        notes + more,
        "" if reading else f"it reads {config.inputs} numbers in a frame, which no layout of key points has",
    )


def _checkpoint(path: Path) -> Path:
    if not path.exists():
        raise InputError(f"{path} does not exist; name the checkpoint's file, or the folder with it.")
    if not path.is_dir():
        return path
    best = path / "best.ckpt"
    found = [best] if best.is_file() else sorted(path.glob("*.ckpt"))
    if len(found) != 1:
        names = listing([one.name for one in found]) or "none"
        raise InputError(f"{path} needs best.ckpt or exactly one file *.ckpt; it has {names}. Name the checkpoint's file.")
    return found[0]


class _Settings:
    """The content of ``config.yaml``, read by dotted names."""

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise InputError(f"{path} does not exist; a checkpoint of a sign language transformer needs it next to itself.")
        self.path = path
        self.content = read_yaml(path, "a configuration")
        self.challenge = self.value("data.skeleton_subsample", None) is not None

    def value(self, name: str, default: Any = _REQUIRED) -> Any:
        """The value of a field, or the default where it is absent or null."""
        found = self.content
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        if found is None and default is _REQUIRED:
            raise InputError(f"{self.path} lacks {name}.")
        return default if found is None else found

    def number(self, name: str, default: Any = _REQUIRED) -> float:
        found = self.value(name, default)
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            raise InputError(f"{self.path}: {name} is {found!r:.40}, not a number.")
        return found

    def whole(self, name: str, default: Any = _REQUIRED) -> int:
        found = self.number(name, default)
        if found != int(found) or not 0 < found <= 10**6:
            raise InputError(f"{self.path}: {name} is {found}, not a whole number above 0.")
        return int(found)


def _config(settings: _Settings, glosses: int, words: int) -> SLTConfig:
    fixed = (("type", "transformer"), ("embeddings.norm_type", "batch"), ("embeddings.activation_type", "softsign"))
    for side in ("encoder", "decoder"):
        for name, wanted in fixed:
            if (found := settings.value(f"model.{side}.{name}", "none")) != wanted:
                raise InputError(f"{settings.path}: model.{side}.{name} is {found!r:.40}; this network has {wanted}.")
        if settings.value(f"model.{side}.embeddings.scale", default=False):
            raise InputError(f"{settings.path}: model.{side}.embeddings.scale is on; this network does not scale its embeddings.")
    shared = {}
    for name in ("hidden_size", "num_heads", "ff_size"):
        shared[name] = settings.whole(f"model.encoder.{name}")
        if (other := settings.whole(f"model.decoder.{name}")) != shared[name]:
            raise InputError(f"{settings.path}: {name} is {shared[name]} in the encoder and {other} in the decoder, not the same.")
    return SLTConfig(
        _feature_size(settings),
        glosses,
        words,
        shared["hidden_size"],
        shared["num_heads"],
        shared["ff_size"],
        settings.whole("model.encoder.num_layers"),
        settings.whole("model.decoder.num_layers"),
        settings.number("model.encoder.dropout", 0.0),
    )


def _feature_size(settings: _Settings) -> int:
    """Numbers per frame; a list has the sizes of several features that are joined."""
    sizes = settings.value("data.feature_size")
    if not isinstance(sizes, list):
        return settings.whole("data.feature_size")
    if not sizes or not all(isinstance(size, int) and not isinstance(size, bool) and size > 0 for size in sizes):
        raise InputError(f"{settings.path}: data.feature_size is {sizes!r:.60}, not whole numbers above 0.")
    return sum(sizes)


def _decoding(settings: _Settings) -> tuple[Decoding, tuple[str, ...]]:
    """How the authors decode, and notes."""
    gloss_beam = settings.whole("training.eval_recognition_beam_size", 1)
    if settings.challenge:
        # the challenge's evaluator fixes the beam in its code and takes the limit from the data's settings
        return Decoding(3, -1.0, settings.whole("data.max_sent_length"), gloss_beam), ()
    decoding = Decoding(
        settings.whole("training.eval_translation_beam_size", 1),
        float(settings.number("training.eval_translation_beam_alpha", -1)),
        settings.whole("training.translation_max_output_length", 30),
        gloss_beam,
    )
    return decoding, ("beams and alpha are those of training; the authors choose them again on dev, which the files do not record",)


def _reading(settings: _Settings, inputs: int) -> Reading | None:
    """What the network reads; None if no layout of key points has as many numbers."""
    rate = _RECORDED / settings.whole("data.skeleton_subsample") if settings.challenge else _RECORDED
    fitting = [name for name in known_layouts() if inputs in (2 * len(layout(name).joints), 3 * len(layout(name).joints))]
    if settings.challenge and _CHALLENGE in fitting:
        fitting = [_CHALLENGE]
    return Reading("flat", fitting[0], rate) if fitting else None


def _vocabulary(path: Path, specials: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tokens by index, and a note on lines that have none: special tokens come first, and a repeated line has no index."""
    try:
        if path.stat().st_size > _MOST_VOCABULARY_BYTES:
            raise InputError(f"{path} has more than {_MOST_VOCABULARY_BYTES:,} bytes; a vocabulary has one word a line.")
        with path.open(encoding="utf-8") as stream:
            lines = [line.rstrip("\n") for line in stream]
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}. It belongs next to the checkpoint.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text.") from error
    tokens = tuple(dict.fromkeys((*specials, *lines)))
    repeated = len(lines) - len(set(lines))
    return tokens, (f"{path.name} repeats {repeated} lines, which have no index of their own",) if repeated else ()


def _check_vocabularies(weights: Mapping[str, Any], folder: Path, config: SLTConfig) -> None:
    """Compares vocabularies with weights before anything else, since a wrong file is the likeliest reason of a difference.

    Raises:
        InputError: a vocabulary has another size than the weights.
    """
    for file, layer, size in (
        ("txt.vocab", "txt_embed.lut.weight", config.words),
        ("gls.vocab", "gloss_output_layer.weight", config.glosses),
    ):
        if size and layer in weights and len(weights[layer]) != size:
            raise InputError(
                f"{folder / file} gives {size} entries with the special ones, and the weights have {len(weights[layer])}: "
                "it belongs to another checkpoint."
            )
