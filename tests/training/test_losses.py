"""The losses of judges: their definitions, compared with plain ones, and that padding does not affect them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from signbench.judges.corrnet.training import distillation, sentence_loss
from signbench.judges.key_point_sentences import gloss_loss, word_loss
from signbench.networks.connectionist import log_likelihood
from signbench.training.sentences import targets

RANDOM = torch.Generator().manual_seed(0)


def logits(*shape):
    return torch.randn(*shape, generator=RANDOM)


GLOSSES = [[3, 1], [2], [4, 4, 1]]
FLAT = torch.tensor([gloss for sentence in GLOSSES for gloss in sentence])
COUNTS = torch.tensor([len(sentence) for sentence in GLOSSES])
LENGTHS = torch.tensor([9, 4, 7])


def alone(scores):
    """- log p of each clip's glosses by the forward algorithm."""
    return [
        -log_likelihood(torch.log_softmax(row[:length].double(), dim=1).numpy(), sentence)
        for row, length, sentence in zip(scores, LENGTHS.tolist(), GLOSSES, strict=True)
    ]


def test_ctc_of_signjoey_is_the_mean_over_clips_of_the_loss_per_gloss():
    scores = logits(3, 9, 5)
    expected = np.mean([loss / len(sentence) for loss, sentence in zip(alone(scores), GLOSSES, strict=True)])
    assert float(gloss_loss(scores, LENGTHS, FLAT, COUNTS)) == pytest.approx(expected, rel=1e-5)


def test_ctc_of_vac_is_the_mean_over_clips_of_the_loss_of_the_sentence():
    scores = logits(3, 9, 5)
    assert float(sentence_loss(scores, LENGTHS, FLAT, COUNTS)) == pytest.approx(np.mean(alone(scores)), rel=1e-5)


@pytest.mark.parametrize("loss", [gloss_loss, sentence_loss])
def test_padding_does_not_affect_ctc_and_a_clip_that_is_too_short_counts_0(loss):
    scores = logits(3, 9, 5)
    other = scores.clone()
    other[1, 4:] = 7.0
    assert float(loss(other, LENGTHS, FLAT, COUNTS)) == float(loss(scores, LENGTHS, FLAT, COUNTS))
    short = loss(scores, torch.tensor([9, 4, 2]), FLAT, COUNTS)
    assert torch.isfinite(short)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_of_words_is_a_mean_over_words_with_smoothed_targets(smoothing):
    given, wanted, known = targets([[5, 6], [4]], 2, 3, 1)
    assert given.tolist() == [[2, 5, 6], [2, 4, 1]]
    assert wanted.tolist() == [[5, 6, 3], [4, 3, 1]]
    assert known.tolist() == [[True, True, True], [True, True, False]]
    scores = logits(2, 3, 8)
    each = -torch.log_softmax(scores, dim=2)
    expected = [
        (1 - smoothing) * each[n, t, wanted[n, t]] + smoothing * each[n, t].mean()
        for n in range(2)
        for t in range(3)
        if known[n, t]
    ]
    assert float(word_loss(scores, wanted, 1, smoothing)) == pytest.approx(float(torch.stack(expected).mean()), rel=1e-5)


@pytest.mark.parametrize("temperature", [1.0, 8.0])
def test_distillation_is_the_divergence_of_vac(temperature):
    student, teacher = logits(2, 4, 6), logits(2, 4, 6)
    own, other = (torch.softmax(part[..., 1:] / temperature, dim=-1) for part in (student, teacher))
    expected = (other * (other.log() - own.log())).sum() / 8 * temperature**2
    assert float(distillation(student, teacher, temperature)) == pytest.approx(float(expected), rel=1e-4)
    assert float(distillation(student, student, temperature)) == pytest.approx(0, abs=1e-5)


def test_the_teacher_does_not_learn_from_the_student():
    student, teacher = (logits(1, 2, 4).requires_grad_() for _ in range(2))
    distillation(student, teacher, 8.0).backward()
    assert student.grad is not None
    assert teacher.grad is None
