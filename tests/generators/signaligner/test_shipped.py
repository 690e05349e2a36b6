"""The shipped SignAligner and Progressive Transformers: what they sign is read, they move, and the streams belong together."""

from __future__ import annotations

import numpy as np
import pytest

from signbench.corpora.synthsign import SynthSign
from signbench.generators.base import Made
from signbench.generators.registry import create
from signbench.generators.training import prompt_of
from signbench.judges.base import JudgedClip
from signbench.judges.registry import create as create_judge
from signbench.media.layouts import layout

CORPUS = SynthSign()
CLIPS = CORPUS.ids("test")[::17]
POSE = Made("pose", 25.0, layout=layout("coco-wholebody-133"))
NAMES = (
    *("signaligner", "signaligner:fed_back=false", "signaligner:occ=false", "signaligner:co_gen=false"),
    *("progressive-transformers", "progressive-transformers:checkpoint=progressive-transformers-three-streams"),
)


@pytest.fixture(scope="module")
def made():
    return {name: signed(name) for name in NAMES}


def signed(name):
    """The production of each clip by a generator."""
    generator = create(name)
    prompts = [prompt_of(CORPUS.clip(clip), POSE, ("text",), references="pose") for clip in CLIPS]
    return {prompt.clip: next(generator.generate([prompt], [1])).pose for prompt in prompts}


def read(poses):
    """Share of the corpus's glosses that the SLT reads in the productions."""
    judge = create_judge("slt")
    found = [
        (set(judge.observe([JudgedClip(clip, pose=pose.at_rate(judge.rate))], ("gloss",))[0]["gloss"]), CORPUS.sentence(clip).gloss)
        for clip, pose in poses.items()
    ]
    return sum(gloss in said for said, expected in found for gloss in expected) / sum(len(expected) for _, expected in found)


@pytest.mark.parametrize("name", NAMES)
def test_most_glosses_of_test_sentences_are_read_in_what_it_signs(made, name):
    assert read(made[name]) > 0.7


def test_nothing_is_read_in_the_sentences_of_other_clips(made):
    poses = list(made["signaligner"].values())
    assert read(dict(zip(CLIPS, poses[1:] + poses[:1], strict=True))) < 0.3


@pytest.mark.parametrize("name", NAMES)
def test_sentences_last_about_as_long_as_the_corpus_s(made, name):
    ratios = [pose.frames / CORPUS.length(clip) for clip, pose in made[name].items()]
    assert 0.85 < np.mean(ratios) < 1.15
    assert np.abs(np.log(ratios)).max() < 0.5


@pytest.mark.parametrize("name", ["signaligner", "progressive-transformers"])
def test_hands_move_as_far_as_the_corpus_s_up_to_the_end(made, name):
    def path(pose):
        wrists = pose.select(("left_wrist", "right_wrist")).points[..., :2]
        return np.linalg.norm(np.diff(wrists, axis=0), axis=-1).sum(axis=-1)

    for clip, pose in made[name].items():
        own, reference = path(pose), path(CORPUS.pose(clip))
        assert 0.5 < own.sum() / reference.sum() < 1.3
        assert own[len(own) // 2 :].sum() > 0.15 * own.sum(), "it does not stand still after some frames"


def test_hands_of_the_three_streams_move_together():
    generator = create("signaligner")
    alike = []
    for clip in CLIPS[:6]:
        sentence = generator._signed(prompt_of(CORPUS.clip(clip), POSE, ("text",), references="pose"))
        tracks = [track(sentence.pose()), track(sentence.motion(hands=True).pose())]
        count = min(len(one) for one in tracks)
        for side, axis in np.ndindex(2, 2):
            moved = [one[:count, side, axis] for one in tracks]
            if min(np.ptp(one) for one in moved) > 0.2:  # in shoulder widths
                alike.append(abs(np.corrcoef(*moved)[0, 1]))
    assert np.median(alike) > 0.95
    assert min(alike) > 0.6


def track(pose):
    """Both wrists from the middle of the shoulders, in shoulder widths, ``(T, 2, 2)``."""
    points = pose.select(("left_wrist", "right_wrist", "left_shoulder", "right_shoulder")).points[..., :2]
    middle = points[:, 2:].mean(axis=1, keepdims=True)
    width = np.linalg.norm(points[:, 2] - points[:, 3], axis=-1).mean()
    return (points[:, :2] - middle) / width
