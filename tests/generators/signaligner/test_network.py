"""SignAligner's network: its size, what a frame depends on, free running, and the correction."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from signbench.errors import InputError
from signbench.generators.signaligner.config import STREAMS, SignAlignerConfig
from signbench.generators.signaligner.model import kept_tensors
from signbench.generators.signaligner.network import FrameDecoder, SignAligner, TextEncoder
from signbench.generators.signaligner.numbers import width
from tests.generators.signaligner.tiny import TINY, VOCABULARY, tiny_network

WORDS = torch.tensor([[4, 6, 7, 8, 3], [5, 11, 8, 3, 1]])
MASK = WORDS != 1


def parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


def frames(config, stream, count=7, seed=1):
    draw = torch.Generator().manual_seed(seed)
    values = torch.randn(2, count, width(stream, config), generator=draw)
    values[:, 0] = 0
    return values, torch.linspace(0, 0.9, count).expand(2, -1).contiguous()


@pytest.mark.parametrize(
    ("numbers", "expected"), [(150, 8_564_224), (120, 8_533_504), (48, 8_459_776), (96, 8_508_928), (165, 8_579_584)]
)
def test_a_decoder_has_the_parameters_of_progressive_transformers(numbers, expected):
    with torch.device("meta"):
        assert parameters(FrameDecoder(numbers, SignAlignerConfig.paper(10))) == expected


def test_the_encoder_has_the_parameters_of_progressive_transformers():
    with torch.device("meta"):
        assert parameters(TextEncoder(SignAlignerConfig.paper(1089))) == 6_305_792 + 512 * 1089


def test_the_paper_s_streams_have_its_dimensions():
    config = SignAlignerConfig.paper(10)
    assert [width(stream, config) for stream in STREAMS] == [60 * 2, 2 * 16 * 3, 55 * 3]
    small = SignAlignerConfig.small(10)
    assert [width(stream, small) for stream in STREAMS] == [128 * 2, 2 * 16 * 6, 55 * 6]


def test_separate_models_have_an_encoder_each_and_no_correction():
    with torch.device("meta"):
        together = SignAligner(replace(TINY, correction_layers=0))
        separate = SignAligner(replace(TINY, correction_layers=0, co_generation=False))
        assert parameters(separate) - parameters(together) == 2 * parameters(together.texts[0])
        with pytest.raises(InputError, match="generated together"):
            SignAligner(replace(TINY, co_generation=False))
        with pytest.raises(InputError, match="three streams"):
            SignAligner(replace(TINY, streams=("pose",)))


@pytest.mark.parametrize("stream", STREAMS)
def test_a_later_frame_does_not_change_what_follows_an_earlier_one(stream):
    network = tiny_network()
    memory = network.encode(WORDS, MASK)
    given, counter = frames(TINY, stream)
    whole = network.decode(stream, memory, given, counter)
    for changed in range(1, 7):
        other, rises = given.clone(), counter.clone()
        other[:, changed] += 3
        rises[:, changed] += 0.3
        found = network.decode(stream, memory, other, rises)
        torch.testing.assert_close(found.frames[:, :changed], whole.frames[:, :changed], rtol=0, atol=0)
        torch.testing.assert_close(found.counter[:, :changed], whole.counter[:, :changed], rtol=0, atol=0)
        assert (found.frames[:, changed] - whole.frames[:, changed]).abs().max() > 1e-3


@pytest.mark.parametrize("counter", ["absolute", "step"])
def test_step_by_step_it_predicts_what_it_predicts_at_once(counter):
    config = replace(TINY, counter=counter)
    network = tiny_network(config)
    memory = network.encode(WORDS, MASK)
    given, rises = frames(config, "pose")
    whole = network.decode("pose", memory, given, rises)
    decoder = network.decoders["pose"]
    before, kept = [None, None], decoder.remembered(memory.states["pose"])
    for position in range(given.shape[1]):
        one = slice(position, position + 1)
        found, before = decoder.step(given[:, one], rises[:, one], position, before, kept, memory.mask)
        torch.testing.assert_close(found.frames, whole.frames[:, one], rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(found.counter, whole.counter[:, one], rtol=1e-4, atol=1e-5)


def test_padding_words_change_nothing():
    network = tiny_network()
    alone = network.sign(WORDS[1:, :4], MASK[1:, :4])
    padded = network.sign(WORDS[1:], MASK[1:])
    for stream in STREAMS:
        torch.testing.assert_close(padded.frames[stream], alone.frames[stream], rtol=1e-4, atol=1e-5)


def test_a_sentence_is_signed_the_same_beside_others():
    network = tiny_network()
    both = network.sign(WORDS, MASK)
    for index in range(2):
        alone = network.sign(WORDS[index : index + 1], MASK[index : index + 1])
        for stream in STREAMS:
            length = int(both.masks[stream][index].sum())
            assert alone.frames[stream].shape[1] == length
            torch.testing.assert_close(both.frames[stream][index, :length], alone.frames[stream][0], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("co_generation", [True, False])
def test_counters_never_fall_and_end_the_sentence(co_generation):
    config = replace(TINY, correction_layers=0, co_generation=co_generation, longest=60)
    network = tiny_network(config)
    for stream in STREAMS:
        with torch.no_grad():
            network.decoders[stream].decoder.output_layer.weight[-1].fill_(0.2)
    found = network.sign(WORDS, MASK)
    for stream in STREAMS:
        counter, mask = found.counters[stream], found.masks[stream]
        assert (counter.diff(dim=1) >= 0).all()
        for index in range(2):
            length = int(mask[index].sum())
            assert mask[index, :length].all()
            assert (counter[index, : length - 1] < 1).all()
            assert counter[index, length - 1] >= 1 or length == 60
        assert not found.frames[stream][~mask].any()
    if co_generation:
        assert torch.equal(found.counters["pose"], found.counters["smplx"])


def test_without_feedback_only_the_counter_is_given():
    network = tiny_network(replace(TINY, correction_layers=0))
    memory = network.encode(WORDS[:1], MASK[:1])
    found = network.sign(WORDS[:1], MASK[:1], fed_back=False)
    counter = torch.cat([torch.zeros(1, 1), found.counters["pose"][:, :-1]], dim=1)
    for stream in STREAMS:
        hidden = torch.zeros_like(found.frames[stream])
        expected = network.decode(stream, memory, hidden, counter).frames[:, :, 0]
        torch.testing.assert_close(found.frames[stream], expected, rtol=1e-4, atol=1e-5)


def test_a_counter_that_never_rises_ends_at_the_longest_length():
    network = tiny_network()
    with torch.no_grad():
        for stream in STREAMS:
            network.decoders[stream].decoder.output_layer.weight[-1].zero_()
    assert network.sign(WORDS, MASK).frames["pose"].shape[1] == TINY.longest


def test_a_correction_that_begins_is_the_identity():
    network = SignAligner.random(TINY).eval()
    plain = network.sign(WORDS, MASK, correct=False)
    corrected = network.sign(WORDS, MASK)
    for stream in STREAMS:
        torch.testing.assert_close(corrected.frames[stream], plain.frames[stream], rtol=0, atol=0)


@pytest.mark.parametrize("reading", ["concatenated", "literal"])
def test_a_stream_is_corrected_by_both_others_and_never_by_padding(reading):
    config = replace(TINY, correction=reading)
    correction = tiny_network(config).correction
    given = {stream: frames(config, stream)[0] for stream in STREAMS}
    mask = torch.ones(2, 7, dtype=torch.bool)
    mask[1, 5:] = False
    masks = dict.fromkeys(STREAMS, mask)
    whole = correction(given, masks)
    for stream in STREAMS:
        assert not whole[stream][~mask].any()
        for other in STREAMS:
            changed = {**given, other: given[other] + 1}
            assert (correction(changed, masks)[stream] - whole[stream]).abs().max() > 1e-4
            hidden = {**given, other: torch.where(mask[..., None], given[other], 9.0)}
            torch.testing.assert_close(correction(hidden, masks)[stream], whole[stream], rtol=1e-5, atol=1e-6)


def test_the_readings_of_the_correction_differ():
    given = {stream: frames(TINY, stream)[0] for stream in STREAMS}
    masks = dict.fromkeys(STREAMS, torch.ones(2, 7, dtype=torch.bool))
    found = [tiny_network(replace(TINY, correction=reading)).correction(given, masks) for reading in ("concatenated", "literal")]
    assert (found[0]["pose"] - found[1]["pose"]).abs().max() > 1e-4


def test_z_scores_and_numbers_are_inverse():
    network = tiny_network()
    network.mean_pose.normal_()
    network.scale_pose.uniform_(0.1, 2)
    numbers = torch.randn(3, width("pose", TINY))
    torch.testing.assert_close(network.numbers("pose", network.normalised("pose", numbers)), numbers)


def test_several_future_frames_come_from_one_position():
    config = replace(TINY, future=3, correction_layers=0)
    found = tiny_network(config).decode("pose", tiny_network(config).encode(WORDS, MASK), *frames(config, "pose"))
    assert found.frames.shape == (2, 7, 3, width("pose", config))
    assert len(VOCABULARY) == config.words


@pytest.mark.parametrize(
    "changes",
    [{}, {"co_generation": False, "correction_layers": 0}, {"streams": ("pose",), "correction_layers": 0}],
    ids=["full", "separate", "pose"],
)
def test_small_configurations_can_be_shipped(changes):
    with torch.device("meta"):
        network = SignAligner(replace(SignAlignerConfig.small(300), **changes))
    tensors = kept_tensors(network.state_dict())
    assert 4 * sum(tensor.numel() for tensor in tensors.values()) < 7_900_000
