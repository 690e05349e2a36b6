"""retrieval: ranks, groups, ties, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from signbench.errors import InputError
from signbench.metrics.pairs import FeaturePair
from signbench.metrics.registry import create
from signbench.metrics.retrieval import ranks


def recorded(name, ours, theirs):
    metric = create(name)
    return metric, [metric.record([FeaturePair(first, second, None)]) for first, second in zip(ours, theirs, strict=True)]


def value(name, ours, theirs, weights=None):
    metric, records = recorded(name, ours, theirs)
    return float(metric.score(records, np.ones((1, len(records)), np.int64) if weights is None else np.array([weights]))[0])


def noisy(count=60, noise=1.0, seed=0):
    random = np.random.default_rng(seed)
    theirs = random.normal(size=(count, 4))
    return theirs + random.normal(0, noise, theirs.shape), theirs


@pytest.mark.parametrize("at", [1, 5, 10])
@pytest.mark.parametrize("noise", [0.0, 0.3, 1.0, 5.0])
def test_recall_and_mean_average_precision_are_those_of_torchmetrics(at, noise):
    from torchmetrics.retrieval import RetrievalMAP, RetrievalRecall

    ours, theirs = noisy(noise=noise)
    # torchmetrics ranks positive numbers only
    nearness = torch.from_numpy(100 - np.linalg.norm(ours[:, None] - theirs[None], axis=2)).flatten()
    correct, query = torch.eye(60, dtype=torch.bool).flatten(), torch.arange(60).repeat_interleave(60)
    assert value(f"retrieval:at={at}", ours, theirs) == pytest.approx(
        float(RetrievalRecall(top_k=at)(nearness, correct, query)), abs=1e-6
    )
    assert value("retrieval:measure=map", ours, theirs) == pytest.approx(float(RetrievalMAP()(nearness, correct, query)), abs=1e-6)


@pytest.mark.parametrize("at", [1, 2, 3])
def test_groups_of_32_give_the_precision_of_text_to_motion(at):
    ours, theirs = noisy(96)
    means = []
    for seed in range(4):
        order = np.random.Generator(np.random.PCG64(seed)).permutation(96).reshape(3, 32)
        found = []
        for group in order:
            distances = np.linalg.norm(ours[group][:, None] - theirs[group][None], axis=2)
            # calculate_R_precision: whether the diagonal is among the first columns after sorting
            found += [number in np.argsort(row)[:at] for number, row in enumerate(distances)]
        means.append(np.mean(found))
    assert value(f"retrieval:pool=32,repeats=4,at={at}", ours, theirs) == pytest.approx(np.mean(means), rel=1e-12)


def test_productions_that_are_all_alike_find_nothing():
    _, theirs = noisy(20)
    assert value("retrieval", np.zeros((20, 4)), np.ones((20, 4))) == 0
    assert value("retrieval:measure=map", np.zeros((20, 4)), np.ones((20, 4))) == pytest.approx(1 / 20)
    assert value("retrieval", theirs, theirs) == 1


def test_ranks_of_many_clips_are_computed_block_by_block():
    ours, theirs = noisy(600)
    distances = np.linalg.norm(ours[:, None] - theirs[None], axis=2)
    assert ranks(ours, theirs).tolist() == [int((row <= row[index] + 1e-12).sum()) for index, row in enumerate(distances)]


def test_a_clip_that_is_left_out_is_neither_a_query_nor_a_reference():
    ours, theirs = noisy(30)
    kept = [index for index in range(30) if index % 3]
    weights = [int(index in kept) for index in range(30)]
    assert value("retrieval", ours, theirs, weights) == value("retrieval", ours[kept], theirs[kept])


def test_a_clip_that_counts_twice_is_two_queries_and_one_reference():
    ours, theirs = noisy(10)
    found = [float(rank <= 1) for rank in ranks(ours, theirs)]
    weights = [2] + [1] * 9
    assert value("retrieval", ours, theirs, weights) == pytest.approx(np.average(found, weights=weights))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("retrieval:at=0", "at must be an integer of at least 1"),
        ("retrieval:pool=1", "always has the reference"),
        ("retrieval:pool=32,at=32", "always has the reference"),
        ("retrieval:repeats=0", "repeats must be an integer of at least 1"),
    ],
)
def test_parameters_without_meaning_are_refused(name, message):
    with pytest.raises(InputError, match=message):
        create(name)


@pytest.mark.parametrize(("name", "count", "fewest"), [("retrieval", 1, 2), ("retrieval:pool=32", 31, 32)])
def test_too_few_clips_are_an_error_that_says_how_many_it_needs(name, count, fewest):
    with pytest.raises(InputError, match=f"needs at least {fewest} clips, not {count}"):
        value(name, *noisy(count))


def test_only_parameters_that_matter_are_in_the_signature():
    assert create("retrieval").resolved() == {"at": 1, "measure": "recall", "pool": 0}
    assert create("retrieval:measure=map").resolved() == {"measure": "map", "pool": 0}
    assert set(create("retrieval:pool=32").resolved()) == {"at", "measure", "pool", "repeats", "seed"}
