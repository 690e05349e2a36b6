"""The shipped SignAvatar: what it reconstructs and generates is recognised, varied, and depends on word and latent vector."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from signbench.corpora.synthsign import SynthSign
from signbench.generators.registry import create
from signbench.generators.signavatar.joints import motion_of_six, six_of
from signbench.media.body_model import LEFT_WRIST, RIGHT_WRIST
from signbench.scoring.generator_evaluation import evaluate_generator

CLIPS = 62


@pytest.fixture(scope="module")
def loaded():
    return create("signavatar")._loaded


@pytest.fixture(scope="module")
def found():
    return evaluate_generator("signavatar", limit=CLIPS)


def test_reconstructions_and_generations_of_test_words_are_recognised(found):
    # on all test clips at least 90 and 75 %; here with the spread of 62 clips
    assert found.group("reconstructed", test=True).score("accuracy").value > 0.82
    assert found.group("generated", test=True).score("accuracy").value > 0.62


def test_they_are_as_varied_as_the_references(found):
    raw, made = (found.group(group, test=True).score("diversity").value for group in ("raw", "generated"))
    assert made == pytest.approx(raw, rel=0.15)


def test_the_latent_vector_is_used(loaded):
    corpus = SynthSign()
    rates = []
    with torch.no_grad():
        for name in corpus.ids("word-test")[::20]:
            six = six_of(corpus.motion(name).at_rate(loaded.config.rate).rotations)
            embedding = loaded.embedder.words([corpus.sentence(name).text])
            mask = torch.ones(1, len(six), dtype=torch.bool)
            rates.append(float(loaded.network.encode(torch.from_numpy(six)[None], mask, embedding).divergence().mean()))
    assert np.mean(rates) > 0.1  # nats for each number of the latent vector


def test_another_latent_vector_and_another_word_move_the_wrists_by_centimetres(loaded):
    def wrists(seed, word):
        latent = np.random.default_rng(seed).standard_normal(loaded.config.latent).astype(np.float32)
        with torch.no_grad():
            six = loaded.generated(latent, 18, loaded.embedder.words([word]))
        return motion_of_six(six, loaded.config.rate).pose().points[:, [LEFT_WRIST, RIGHT_WRIST]]

    first = wrists(1, "mother")
    moved = [np.linalg.norm(wrists(seed, "mother") - first, axis=-1).mean() for seed in range(2, 6)]
    assert min(moved) > 0.03
    assert np.linalg.norm(wrists(1, "house") - first, axis=-1).mean() > 0.1
