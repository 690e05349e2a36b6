from __future__ import annotations

import pickle
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from signbench.corpora.recordings import PoseArray
from signbench.errors import InputError, MediaError
from signbench.extractors.cache import observations_in
from signbench.judges.base import JudgedClip
from signbench.judges.nearest.descriptor import GRID, HAND_WEIGHT, MOMENTS, UNSEEN, descriptor, distances
from signbench.judges.nearest.judge import Nearest
from signbench.media.layouts import layout
from signbench.media.pose import Pose
from tests.tasks.tiny import points

LAYOUT = layout("coco-wholebody-133")


def signing(seed, frames=9, speed=1.0, scale=1.0, shift=0.0):
    """A motionless body whose right hand moves along a random path of the seed."""
    rng = np.random.Generator(np.random.PCG64(seed))
    still = np.random.Generator(np.random.PCG64(99)).uniform(100, 400, (len(LAYOUT.joints), 2))
    way = rng.uniform(-40, 40, (4, 2))
    time = np.linspace(0, 1, frames) ** speed
    path = np.stack([np.interp(time, np.linspace(0, 1, 4), way[:, axis]) for axis in range(2)], axis=1)
    moved = np.repeat(still[np.newaxis], frames, axis=0)
    hand = LAYOUT.index([*LAYOUT.part("right_hand"), "right_wrist"])
    moved[:, hand] += path[:, np.newaxis]
    return Pose((moved * scale + shift).astype(np.float32), np.ones(moved.shape[:2], np.float32), LAYOUT, 25.0)


@dataclass(frozen=True)
class Train:
    id: str
    word: str | None
    media: Any


def train(words=("HOUSE", "TREE", "RAIN"), each=2):
    return [
        Train(f"train-{seed}-{take}", word, PoseArray(signing(seed, 9 + take), f"train-{seed}-{take}"))
        for seed, word in enumerate(words, 1)
        for take in range(each)
    ]


@pytest.fixture
def judge(tmp_path):
    with observations_in(tmp_path / "cache"):
        made = Nearest()
        made.prepare(train())
        yield made


def test_a_descriptor_has_the_same_size_for_any_length():
    sizes = {descriptor(signing(1, frames)).shape for frames in (1, 2, 9, 60)}
    assert sizes == {(MOMENTS * 2 * (133 + 20 + 20),)} or len(sizes) == 1


@pytest.mark.parametrize(("scale", "shift"), [(1, 0), (2, 0), (0.5, 0), (1, 512), (4, -128)])
def test_position_and_size_in_the_picture_do_not_matter(scale, shift):
    ours, theirs = descriptor(signing(1)), descriptor(signing(1, scale=scale, shift=shift))
    assert np.abs(ours.astype(int) - theirs.astype(int)).max() <= 1


def test_fingers_are_included_relative_to_the_shoulders_and_larger_relative_to_their_wrist():
    pose = signing(1, frames=1)
    width = float(np.linalg.norm(np.subtract(*pose.points[0, LAYOUT.index(("left_shoulder", "right_shoulder"))].astype(float))))
    fingers = [joint for joint in LAYOUT.part("left_hand") if joint != "left_wrist"]
    first = pose.points[0, LAYOUT.index(fingers[:1])][0].astype(float) - pose.points[0, LAYOUT.index(("left_wrist",))][0]
    whole = descriptor(pose).reshape(MOMENTS, -1, 2)
    assert np.array_equal(whole[0, 133], np.rint(first / width * HAND_WEIGHT * GRID))


def test_points_that_are_not_seen_are_left_out():
    pose = signing(1)
    hidden = pose.confidence.copy()
    hidden[:, LAYOUT.index(("nose",))] = 0
    partly = descriptor(replace(pose, confidence=hidden))
    assert (partly == UNSEEN).sum() == MOMENTS * 2
    assert distances(partly, descriptor(pose)[np.newaxis])[0] == 0


def test_distances_are_exact_means_of_squares_over_what_both_show():
    rng = np.random.Generator(np.random.PCG64(5))
    one, others = (rng.integers(-32000, 32000, shape).astype(np.int16) for shape in ((300,), (700, 300)))
    one[::7], others[:, ::5], others[3] = UNSEEN, UNSEEN, UNSEEN
    shared = (one != UNSEEN) & (others != UNSEEN)
    apart = np.where(shared, others.astype(int) - one.astype(int), 0)
    found = distances(one, others)
    assert found[3] == np.inf
    kept = np.arange(700) != 3
    assert np.array_equal(found[kept], (apart**2).sum(axis=1)[kept] / shared.sum(axis=1)[kept])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda pose: pose.select(("nose", "left_wrist")), "has no shoulders"),
        (lambda pose: replace(pose, confidence=np.zeros_like(pose.confidence)), "no frame shows both shoulders"),
        (lambda pose: replace(pose, points=np.ones_like(pose.points)), "both shoulders coincide"),
    ],
)
def test_a_clip_without_shoulders_cannot_be_judged(change, message):
    with pytest.raises(MediaError, match=message):
        descriptor(change(signing(1)))


@pytest.mark.parametrize(("seed", "word"), [(1, "HOUSE"), (2, "TREE"), (3, "RAIN")])
def test_a_sign_is_recognised_at_another_speed_and_size(judge, seed, word):
    shown = JudgedClip("x", pose=signing(seed, frames=23, speed=1.2, scale=1.5, shift=20))
    (said,) = judge.observe([shown], ["label", "rows"])
    assert said["label"][0] == word
    assert sorted(said["label"]) == ["HOUSE", "RAIN", "TREE"]
    assert said["rows"].shape == (1, len(descriptor(shown.pose)))


def test_an_answer_does_not_depend_on_other_clips(judge):
    shown = [JudgedClip(str(seed), pose=signing(seed, 7 + seed)) for seed in (1, 2, 3, 1)]
    alone = [judge.observe([clip], ["label"])[0]["label"] for clip in shown]
    assert [said["label"] for said in judge.observe(shown, ["label"])] == alone


def test_words_at_the_same_distance_are_in_alphabetical_order(tmp_path):
    twins = [Train("a", "ZEBRA", PoseArray(signing(1), "a")), Train("b", "APE", PoseArray(signing(1), "b"))]
    with observations_in(tmp_path):
        judge = Nearest()
        judge.prepare(twins)
    assert judge.observe([JudgedClip("x", pose=signing(1))], ["label"])[0]["label"] == ("APE", "ZEBRA")


def test_its_signature_depends_only_on_the_train_split(judge, tmp_path):
    with observations_in(tmp_path / "other"):
        again, others, words = Nearest(device="cuda:0"), Nearest(), Nearest()
        again.prepare(train()[::-1])
        others.prepare(train()[:-1])
        words.prepare(train(words=("HOUSE", "TREE", "SNOW")))
    assert judge.signature().startswith("nearest/1+train-6-")
    assert again.signature() == judge.signature()
    assert len({made.signature() for made in (judge, others, words)}) == 3


def test_a_prepared_judge_can_be_pickled(judge):
    other = pickle.loads(pickle.dumps(judge))
    assert other.signature() == judge.signature()
    shown = JudgedClip("x", pose=signing(2))
    assert other.observe([shown], ["label"]) == judge.observe([shown], ["label"])


def test_the_train_split_is_read_once_per_cache(tmp_path):
    class Counted(PoseArray):
        read = 0

        def pose(self, source_fps):
            Counted.read += 1
            return super().pose(source_fps)

    clips = [Train(clip.id, clip.word, Counted(*vars(clip.media).values())) for clip in train()]
    seen = []
    with observations_in(tmp_path):
        for _ in range(2):
            judge = Nearest()
            judge.prepare(clips, lambda done, total: seen.append((done, total)))
    assert Counted.read == len(clips)
    assert seen == [(number, 6) for number in range(1, 7)]


@pytest.mark.parametrize(
    ("clips", "message"),
    [
        ([], "needs a train split, but it is empty"),
        ([Train("s", None, PoseArray(points(1), "s"))], "recognises isolated signs, and the train clip s has no word"),
    ],
)
def test_a_train_split_that_it_cannot_learn_from_is_refused(clips, message, tmp_path):
    with observations_in(tmp_path), pytest.raises(InputError, match=message):
        Nearest().prepare(clips)
