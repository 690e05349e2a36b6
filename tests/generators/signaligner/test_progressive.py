"""Progressive Transformers: published files, free running, and the decoding of its release."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from signbench.corpora.recordings import PoseArray
from signbench.errors import InputError
from signbench.generators.base import Anchor, Made, Prompt
from signbench.generators.registry import create
from signbench.generators.signaligner.checkpoints import read_official
from signbench.generators.signaligner.config import SignAlignerConfig
from signbench.generators.signaligner.network import SignAligner
from signbench.generators.signaligner.numbers import points_of
from signbench.generators.signaligner.progressive import ProgressiveTransformersGenerator, ProgressiveTransformersLeaking
from signbench.media.layouts import layout
from signbench.media.pose import Pose
from tests.generators.signaligner.tiny import TINY, VOCABULARY, write_tiny

GLOSSES = ("REGEN", "MORGEN", "NORD")
PUBLISHED = replace(
    SignAlignerConfig.paper(4 + len(GLOSSES)),
    width=16,
    feed_forward=24,
    encoder_layers=2,
    decoder_layers=3,
    streams=("pose",),
    correction_layers=0,
    points="pt-50",
    longest=30,
)
MADE = Made("pose", 25.0, layout=layout("pt-50"), suffix=".pose")


def published(path, config=PUBLISHED, harm=None):
    """A file as the release writes it, with tables of sines."""
    torch.manual_seed(3)
    network = SignAligner.random(config)
    state = {}
    for name, value in network.state_dict().items():
        if name.startswith("texts.0."):
            state[name.removeprefix("texts.0.")] = value
        elif name.startswith("decoders.pose."):
            state[name.removeprefix("decoders.pose.")] = value
    state |= {"encoder.pe.pe": torch.zeros(1, 20, 16), "decoder.pe.pe": torch.zeros(1, 20, 16)}
    if harm is not None:
        harm(state)
    torch.save({"steps": 7, "best_ckpt_score": 10.6, "model_state": state, "optimizer_state": {}, "scheduler_state": None}, path)
    vocabulary = path.with_name("src_vocab.txt")
    vocabulary.write_text("\n".join(("<unk>", "<pad>", "<s>", "</s>", *GLOSSES)) + "\n")
    return network, vocabulary


@pytest.mark.parametrize("future", [1, 10])
def test_a_published_file_is_read_with_the_sizes_that_its_tensors_show(tmp_path, future):
    network, _ = published(tmp_path / "best.ckpt", replace(PUBLISHED, future=future))
    config, weights = read_official(tmp_path / "best.ckpt")
    assert replace(config, longest=30) == replace(PUBLISHED, future=future)
    own = {name: value for name, value in network.state_dict().items() if name in weights}
    assert len(weights) == sum(1 for name in network.state_dict() if name.startswith(("texts", "decoders")) and ".pe." not in name)
    assert all(torch.equal(weights[name], value) for name, value in own.items())


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda state: state.pop("decoder.layer_norm.weight"), r"missing: decoders\.pose\.decoder\.layer_norm\.weight"),
        (lambda state: state.update({"decoder.extra": torch.zeros(2)}), r"not in the network: decoders\.pose\.decoder\.extra"),
        (
            lambda state: state.pop("trg_embed.weight"),
            r"not a checkpoint of Progressive Transformers: it has no trg_embed\.weight",
        ),
        (lambda state: state.update({"trg_embed.weight": torch.zeros(16, 97)}), "reads 96 numbers of a frame and predicts 150"),
        (lambda state: state.update({"trg_embed.bias": torch.zeros(3)}), "of another shape"),
    ],
)
def test_other_files_are_refused_with_what_differs(tmp_path, harm, message):
    published(tmp_path / "best.ckpt", harm=harm)
    with pytest.raises(InputError, match=message):
        read_official(tmp_path / "best.ckpt")


def test_a_published_file_signs_glosses_with_its_vocabulary(tmp_path):
    _, vocabulary = published(tmp_path / "best.ckpt")
    generator = ProgressiveTransformersGenerator(tmp_path / "best.ckpt", vocabulary=vocabulary)
    assert (generator.card.prompt_fields, generator.card.name) == (("gloss",), "progressive-transformers:checkpoint=best.ckpt")
    first, second = generator.generate(
        [Prompt(clip=c, made=MADE, gloss=g) for c, g in (("a", ("REGEN",)), ("b", ("NORD",)))], [1, 2]
    )
    assert first.pose.points.shape[1:] == (50, 3)
    assert first.pose.points.tobytes() != second.pose.points.tobytes()


def test_a_vocabulary_must_belong_to_the_file(tmp_path):
    path = tmp_path / "best.ckpt"
    _, vocabulary = published(path)
    with pytest.raises(InputError, match=r"has no vocabulary; name its src_vocab\.txt"):
        ProgressiveTransformersGenerator(path)
    with pytest.raises(InputError, match=r"missing\.txt does not exist; name a file of glosses"):
        ProgressiveTransformersGenerator(path, vocabulary=tmp_path / "missing.txt")
    vocabulary.write_text("REGEN\nNORD\n")
    generator = ProgressiveTransformersGenerator(path, vocabulary=vocabulary)
    with pytest.raises(InputError, match="has 6 words, and its network 7"):
        list(generator.generate([Prompt(clip="a", made=MADE, gloss=("REGEN",))], [1]))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    config = replace(TINY, streams=("pose",), correction_layers=0)
    return write_tiny(tmp_path_factory.mktemp("models") / "tiny", config, model="progressive-transformers")


class Given:
    """References in memory."""

    def __init__(self, poses):
        self.poses = poses

    def media(self, clip):
        return PoseArray(self.poses[clip], clip)


def reference(frames, seed=0, kind="coco-wholebody-133"):
    draw = np.random.default_rng(seed)
    count, dimensions = (133, 2) if kind == "coco-wholebody-133" else (50, 3)
    points = draw.uniform(100, 400, (frames, count, dimensions)).astype(np.float32)
    return Pose(points, np.ones((frames, count), np.float32), layout(kind), 25.0)


def test_the_release_s_decoding_is_an_anchor_and_has_the_reference_s_length_and_first_frame(model):
    made = Made("pose", 25.0, layout=layout("coco-wholebody-133"), suffix=".pose")
    generator = ProgressiveTransformersLeaking(model.folder)
    assert isinstance(generator, Anchor)
    assert generator.card.sees == "references"
    assert generator.card.name == "progressive-transformers-leaking:checkpoint=tiny"
    found = {}
    for frames, seed in ((20, 0), (20, 1), (31, 0)):
        generator.see(Given({"a": reference(frames, seed)}))
        (production,) = generator.generate([Prompt(clip="a", made=made, text="The dog sleeps.")], [1])
        assert abs(production.pose.frames - frames) <= 1
        found[frames, seed] = production.pose.points
    assert np.abs(found[20, 0][0] - found[20, 1][0]).max() > 1
    free = ProgressiveTransformersGenerator(model.folder)
    assert free.card.sees == "prompts"


def test_what_the_reference_does_not_show_is_the_mean_as_in_training(model):
    generator = ProgressiveTransformersLeaking(model.folder)
    given = reference(20)
    given.confidence[:, given.layout.index(("left_elbow", "left_wrist"))] = 0
    generator.see(Given({"a": given}))
    made = Made("pose", 25.0, layout=layout("coco-wholebody-133"), suffix=".pose")
    (network, _), seen = generator._loaded, []
    led = network.led
    network.led = lambda *given, **options: seen.append(given[2]) or led(*given, **options)
    list(generator.generate([Prompt(clip="a", made=made, text="The dog sleeps.")], [1]))
    first = seen[0][0, 0].reshape(-1, 2)
    hidden = [points_of(network.config.points).index(name) for name in ("left_elbow", "left_wrist")]
    assert not first[hidden].any() and first.any()


def test_a_published_file_is_led_from_the_reference_s_first_frame_on(tmp_path):
    _, vocabulary = published(tmp_path / "best.ckpt")
    generator = ProgressiveTransformersLeaking(tmp_path / "best.ckpt", vocabulary=vocabulary)
    given = reference(12, kind="pt-50")
    generator.see(Given({"a": given}))
    (production,) = generator.generate([Prompt(clip="a", made=MADE, gloss=("REGEN",))], [1])
    assert production.pose.frames == 12
    np.testing.assert_allclose(production.pose.points[0], given.points[0], rtol=1e-6)


def test_the_leading_counters_and_frames_are_those_of_teacher_forcing_for_the_first_prediction(tmp_path):
    network = SignAligner.random(PUBLISHED).eval()
    words = torch.tensor([[4, 5, 3]])
    mask = torch.ones_like(words, dtype=torch.bool)
    first = torch.randn(1, 1, 150, generator=torch.Generator().manual_seed(1))
    counter = torch.arange(5)[None] / 5
    found = network.led(words, mask, first, counter, start=False)
    expected = network.decode("pose", network.encode(words, mask), found[:, :4], counter[:, :4]).frames[:, :, 0]
    torch.testing.assert_close(found[:, 1:], expected, rtol=1e-4, atol=1e-5)
    assert found.shape[1] == 5


def test_both_are_found_by_name(model):
    for name in ("progressive-transformers", "progressive-transformers-leaking"):
        card = create(name, checkpoint=model.folder).card
        assert (card.name, card.modalities) == (f"{name}:checkpoint=tiny", ("pose",))
    assert len(VOCABULARY) == TINY.words


VIDEO = Made("video", 25.0, size=(64, 64))
PROMPTS = [Prompt(clip=clip, made=VIDEO, text=text) for clip, text in (("a", "The dog sleeps today."), ("b", "The mother sleeps."))]


@pytest.fixture(scope="module")
def separate(tmp_path_factory):
    config = replace(TINY, co_generation=False, correction_layers=0)
    return write_tiny(tmp_path_factory.mktemp("models") / "three", config, model="progressive-transformers")


@pytest.mark.parametrize("stage", ["hamer", "smplx"])
def test_three_models_make_the_hands_and_bodies_that_signaligner_makes_of_the_same_weights(separate, tmp_path, stage):
    generator = create(f"progressive-transformers:stage={stage}", checkpoint=separate.folder)
    assert generator.card.name == f"progressive-transformers:checkpoint=three,stage={stage}"
    assert generator.card.modalities == (("video", "motion") if stage == "smplx" else ("video",))
    same = write_tiny(tmp_path / "same", replace(TINY, co_generation=False, correction_layers=0))
    found, expected = (
        [np.stack(list(made.frames)) for made in one.generate(PROMPTS, [1, 2])]
        for one in (generator, create(f"signaligner:stage={stage},co_gen=false", checkpoint=same.folder))
    )
    assert found[0].shape[1:] == (64, 64, 3)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
    shown = min(len(one) for one in found)
    assert not np.array_equal(found[0][:shown], found[1][:shown])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stage": "smplx"}, "progressive-transformers: the model tiny has no stream smplx, which stage=smplx needs"),
        ({"stage": "hands"}, "progressive-transformers: stage=hands is unknown; use pose, hamer, smplx or video"),
        ({"person": "Ada"}, "video and person are parameters of stage=video"),
    ],
)
def test_what_a_model_cannot_make_is_refused(model, options, message):
    with pytest.raises(InputError, match=message):
        ProgressiveTransformersGenerator(model.folder, **options)


def test_a_model_has_its_own_vocabulary(model):
    with pytest.raises(InputError, match="has its own vocabulary; leave out vocabulary="):
        ProgressiveTransformersGenerator(model.folder, vocabulary="words.txt")
