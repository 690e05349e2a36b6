"""The judge: what it answers about clips alone and together, which clips it refuses, and how published models read frames."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from signbench.errors import InputError, SignbenchError
from signbench.judges.base import JudgedClip
from signbench.judges.gfslt.config import CLOSING, GFSLTConfig
from signbench.judges.gfslt.judge import Decoding, GFSLTJudge, Translator
from signbench.judges.gfslt.tokenizer import LANGUAGES, SentencePieces, WordTokenizer
from signbench.networks.vocabulary import Vocabulary
from signbench.training.base import vocabulary_file
from signbench.weights.reference_models import write_model

TOKENIZER = WordTokenizer(("a", "bird", "cat", "sees", "."), "en_XX")
GLOSSES = ("<si>", "<unk>", "<pad>", "BIRD", "CAT")
TINY = replace(
    GFSLTConfig.small(len(TOKENIZER.words), TOKENIZER.opening, len(GLOSSES)),
    widths=(4, 4, 8, 8),
    width=16,
    heads=2,
    feed_forward=16,
    positions=12,
    size=32,
)
DECODING = Decoding(longest=8)


def network(config=TINY):
    """A network that writes varied sentences."""
    torch.manual_seed(2)
    built = config.build().eval()
    with torch.no_grad():
        for parameter in built.mbart.model.decoder.parameters():
            if parameter.dim() > 1:
                parameter.normal_(std=0.5)
        # so that the next word depends on the position too
        built.mbart.model.decoder.embed_positions.weight.normal_(std=4.0)
        built.mbart.lm_head.weight.normal_(std=0.5)
    return built


def model(folder, config=TINY, configuration="small", files=None, **changes):
    vocabularies = {"words.txt": vocabulary_file(TOKENIZER.words)}
    if config.glosses:
        vocabularies["glosses.txt"] = vocabulary_file(GLOSSES)
    card = {"kind": "judge", "model": "gfslt", "configuration": configuration, "summary": "For tests.", "licence": "CC0-1.0"}
    content = {**asdict(config), **asdict(DECODING), "rate": 12.5, **changes}
    tensors = network(config).state_dict()
    return write_model(folder, card, config=content, tensors=tensors, files=vocabularies if files is None else files)


@pytest.fixture(scope="module")
def judge(tmp_path_factory):
    return GFSLTJudge(model=str(model(tmp_path_factory.mktemp("models") / "tiny").folder))


def clip(frames, seed=0, size=32, text="a cat sees a bird."):
    pixels = np.random.Generator(np.random.PCG64(seed)).integers(0, 255, (frames, size, size, 3), dtype=np.uint8)
    return JudgedClip(f"clip-{seed}", frames=pixels, text=text)


def test_it_reads_frames_as_its_model_was_trained_on(judge):
    assert (judge.name, judge.size, judge.rate, judge.longest) == ("tiny", (32, 32), 12.5, 22)
    assert "+small-" in judge.signed
    assert "beam-4-alpha-1-longest-8-power-0-gloss-beam-10" in judge.signed


def test_a_clip_gets_the_same_answers_alone_and_among_others(judge):
    clips = [clip(frames, seed) for seed, frames in enumerate((20, 7, 1, 12))]
    together = judge.observe(clips, judge.gives)
    assert len({answer["text"] for answer in together}) > 1
    for one, answer in zip(clips, together, strict=True):
        (alone,) = judge.observe([one], judge.gives)
        assert (alone["text"], alone["gloss"]) == (answer["text"], answer["gloss"])
        assert alone["likelihood"].log_probability == pytest.approx(answer["likelihood"].log_probability, abs=1e-5)


def test_a_clip_gets_only_the_answers_that_are_wanted(judge):
    assert [set(answer) for answer in judge.observe([clip(5)], ["text"])] == [{"text"}]


def test_a_long_clip_reaches_the_trunk_in_pieces(monkeypatch):
    translator = Translator(network(), TINY, TOKENIZER, Vocabulary(GLOSSES), DECODING)
    frames = clip(20).frames
    with torch.no_grad():
        whole = translator.encode([frames])[0]
        monkeypatch.setattr("signbench.judges.gfslt.judge._PIECE", 3)
        assert torch.allclose(translator.encode([frames])[0].states, whole.states, atol=1e-5)


def test_a_clip_that_is_too_long_is_refused_with_the_limit(judge):
    judge.observe([clip(22)], ["text"])
    with pytest.raises(SignbenchError, match=r"clip clip-0 has 23 frames at 12.5 frames per second; .* reads at most 22"):
        judge.observe([clip(23)], ["text"])


@pytest.mark.parametrize("text", ["a cat sees a bird.", "a dog", ""], ids=["known words", "an unknown word", "no text"])
def test_the_likelihood_is_that_of_the_words_one_after_the_other(judge, text):
    shown = clip(9, text=text)
    (answer,) = judge.observe([shown], ["likelihood"])
    built, words, total = network(), TOKENIZER.encode(text)[:-2], 0.0
    with torch.no_grad():
        (memory,) = Translator(built, TINY, TOKENIZER, Vocabulary(GLOSSES), DECODING).encode([shown.frames])
        state, last = built.begin(memory), TOKENIZER.opening
        for word in [*words, CLOSING]:
            logits, state = built.step(state, torch.tensor([last]))
            total += float(torch.log_softmax(logits.double(), dim=1)[0, word])
            last = word
    assert answer["likelihood"].tokens == len(words) + 1
    assert answer["likelihood"].log_probability == pytest.approx(total, abs=1e-5)


def test_the_likelihood_of_a_text_longer_than_the_decoder_writes_is_refused(judge):
    with pytest.raises(InputError, match="has 12 words; the network reads 11"):
        judge.observe([clip(5, text="cat " * 12)], ["likelihood"])


def test_a_model_without_glosses_gives_none(tmp_path):
    judge = GFSLTJudge(model=str(model(tmp_path / "plain", replace(TINY, glosses=0)).folder))
    with pytest.raises(InputError, match="the model plain has no glosses; compare its text"):
        judge.observe([clip(5)], ["gloss"])
    assert isinstance(judge.observe([clip(5)], ["text"])[0]["text"], str)


def test_a_published_model_reads_the_middle_of_larger_frames_at_their_own_rate(tmp_path):
    pieces = SentencePieces((("\N{LOWER ONE EIGHTH BLOCK}cat", -1.0), ("\N{LOWER ONE EIGHTH BLOCK}sees", -2.0)))
    config = replace(
        TINY, words=4 + 2 + len(LANGUAGES) + 1, language=4 + 2 + LANGUAGES.index("de_DE"), glosses=0, levels="imagenet"
    )
    files = {"pieces.txt": vocabulary_file(pieces.lines())}
    folder = model(tmp_path / "official", config, "official", files, power=1.0, early=True, longest=10).folder
    judge = GFSLTJudge(model=str(folder))
    assert (judge.size, judge.rate) == ((256, 256), None)
    assert "longest-10-power-1-early" in judge.signed
    whole = clip(6, size=256)
    other = np.zeros_like(whole.frames)
    other[:, 112:144, 112:144] = whole.frames[:, 112:144, 112:144]
    answers = judge.observe([whole, replace(whole, frames=other)], ["text", "likelihood"])
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"words.txt": vocabulary_file(WordTokenizer(("a",), "en_XX").words)}, "words.txt does not fit"),
        ({"words.txt": b"a\nb\n"}, "does not begin with the lines"),
        ({"pieces.txt": vocabulary_file(SentencePieces((("a", -1.0),) * 20).lines())}, "pieces.txt does not fit"),
        ({"words.txt": vocabulary_file(TOKENIZER.words), "glosses.txt": b"a\n"}, "glosses.txt does not fit"),
        ({"words.txt": vocabulary_file(TOKENIZER.words)}, "has no file"),
    ],
    ids=["fewer words", "no special words", "pieces", "fewer glosses", "no glosses"],
)
def test_vocabularies_that_do_not_fit_the_network_are_refused(tmp_path, files, why):
    judge = GFSLTJudge(model=str(model(tmp_path / "tiny", files=files).folder))
    with pytest.raises(InputError, match=why):
        judge.observe([clip(5)], ["text"])


def test_a_model_without_a_rate_is_refused(tmp_path):
    with pytest.raises(InputError, match="has no valid rate"):
        GFSLTJudge(model=str(model(tmp_path / "tiny", rate=0).folder))
