"""Judges of key points that are shown videos: ``estimator+judge``."""

from __future__ import annotations

import numpy as np
import pytest

from signbench.corpora.synthsign import SynthSign
from signbench.errors import InputError, MediaError
from signbench.extractors.cache import observations_in
from signbench.judges.base import JudgedClip
from signbench.judges.registry import JUDGES, create, judge_class, lacking
from signbench.media.layouts import layout
from signbench.media.pose import Pose
from signbench.media.video_writer import write_video
from signbench.runs.protocol import Protocol
from signbench.scoring.judging import judged_clip
from tests.clips import moving_square
from tests.judges.parrot import Parrot
from tests.scoring.test_judging import judged, scored
from tests.tasks.conftest import tiny_corpus
from tests.tasks.tiny import FPS, FRAMES, HEIGHT, IDS, WIDTH

__all__ = ["tiny_corpus"]

WRISTS = layout("coco-wholebody-133").subset(("left_wrist", "right_wrist"))


class Eye(Parrot):
    """Finds both wrists at a point that says which clip it is; in a dark video it sees nothing."""

    name, reads, gives = "eye", ("frames",), ("pose",)

    def _of(self, clip, wanted):
        Parrot.asked.append((self.name, clip.id))
        seen = np.full((len(clip.frames), 2), float(clip.frames.any()), np.float32)
        return {"pose": Pose(np.full((*seen.shape, 2), self._nearest(clip), np.float32), seen, WRISTS, FPS)}


class Reader(Parrot):
    """Says which clip the wrists are of."""

    name, reads, gives = "reader", ("pose",), ("text", "label", "rows")

    def _of(self, clip, wanted):
        Parrot.asked.append((self.name, clip.id))
        if not clip.pose.confidence.any():
            raise MediaError("it sees nobody.")
        known = int(clip.pose.points[0, 0, 0])
        said = {"text": f"sentence {known}", "label": (f"sentence {known}",), "rows": np.full((1, 2), known, np.float32)}
        return {gives: said[gives] for gives in wanted}


@pytest.fixture(autouse=True)
def both(monkeypatch, tmp_path):
    for name in ("Eye", "Reader"):
        monkeypatch.setitem(JUDGES.built_in, name.lower(), f"{__name__}:{name}")
    monkeypatch.setattr(Parrot, "asked", [])
    with observations_in(tmp_path / "cache"):
        yield


def video(seed):
    return moving_square(FRAMES, HEIGHT, WIDTH, seed=seed)


def submitted(folder, seeds):
    folder.mkdir()
    for clip, seed in zip(IDS["test"], seeds, strict=True):
        write_video(folder / f"{clip}.mkv", iter(video(seed)), FPS)


@pytest.mark.parametrize("key", ["accuracy@eye+reader", "wer@eye+reader", "motion-fid@eye+reader"])
def test_the_second_judge_answers_about_the_points_that_the_first_one_finds(tmp_path, tiny_corpus, key):
    submitted(tmp_path / "right", (1, 2, 3, 4))
    submitted(tmp_path / "wrong", (2, 1, 6, 3))
    right, wrong = (
        scored(tmp_path, judged(key, kind="video"), out=f"run-{name}", predictions=name, limit=3) for name in ("right", "wrong")
    )
    assert right[key].value == (1.0 if key.startswith("accuracy") else pytest.approx(0.0, abs=1e-6))
    assert wrong[key].value != right[key].value


def test_the_points_of_a_side_are_found_once_for_all_metrics(tmp_path, tiny_corpus):
    task = judged("accuracy@eye+reader", "ape@eye", "pck@eye", "wer@eye+reader", kind="video")
    submitted(tmp_path / "submission", (1, 2, 3, 4))
    scored(tmp_path, task)
    asked = [clip for name, clip in Parrot.asked if name == "eye"]
    assert len(asked) == 2 * len(IDS["test"])


def test_in_a_dark_video_nothing_is_recognised():
    judge = create("eye+reader")
    dark, bright = JudgedClip("dark", frames=np.zeros_like(video(1))), JudgedClip("bright", frames=video(3))
    said = judge.observe([dark, bright], ("label", "text"))
    assert said == [{"label": (), "text": ""}, {"label": ("sentence 3",), "text": "sentence 3"}]
    with pytest.raises(MediaError, match="sees nobody"):
        judge.observe([dark], ("rows",))


def test_a_dark_video_is_scored_as_not_recognised(tmp_path, tiny_corpus):
    submitted(tmp_path / "submission", (1, 2, 3, 4))
    write_video(tmp_path / "submission" / f"{IDS['test'][0]}.mkv", iter(np.zeros_like(video(1))), FPS)
    found = scored(tmp_path, judged("accuracy@eye+reader", kind="video"), limit=3)["accuracy@eye+reader"]
    assert (found.value, found.clips) == (2 / 3, 3)


def test_it_declares_what_both_declare():
    judge = create("eye+reader")
    assert (judge.name, judge.reads, judge.gives, judge.learns) == ("eye+reader", ("frames",), Reader.gives, False)
    assert judge.signature() == "parrot/1+float32+to+parrot/1+float32"
    assert judge_class("eye+reader") is judge_class("eye+reader")
    assert judge_class("pose-estimator+nearest").learns


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("slt+nearest", "slt finds no key points in videos"),
        ("pose-estimator+corrnet", "corrnet reads frames; use one that reads key points after the [+]"),
        ("pose-estimator+stgcn", "whose model reads motion; use another judge after the [+]"),
        ("pose-estimator+slr", "there is no judge slr. Did you mean slt"),
        ("pose-estimator+", "there is no judge "),
        ("+slt", "there is no judge "),
    ],
)
def test_a_pair_that_does_not_fit_is_refused(name, why):
    with pytest.raises(InputError, match=why):
        create(name)


def test_what_one_of_both_lacks_the_pair_lacks():
    assert lacking("pose-estimator+slt") is None
    assert lacking("pose-estimator+slt-slrtp2025") == lacking("slt-slrtp2025") is not None


def test_shipped_judges_recognise_videos_of_signs():
    corpus = SynthSign()
    estimator, slt, both = (create(name) for name in ("pose-estimator", "slt", "pose-estimator+slt"))
    clip = corpus.clip("dev-0004")
    shown = judged_clip(both, clip, Protocol(), None)
    pose = estimator.observe([shown], ("pose",))[0]["pose"]
    expected = slt.observe([JudgedClip(clip.id, pose=slt_view(slt, pose))], ("text", "gloss"))[0]
    said = both.observe([shown], ("text", "gloss"))[0]
    assert said == expected
    # a run gives it the points that its first judge has found for other metrics
    assert both.observe([JudgedClip(clip.id, pose=pose)], ("text", "gloss")) == [said]
    assert set(said["gloss"]) & set(clip.gloss)


def slt_view(judge, pose):
    from signbench.media.pose import in_layout

    return in_layout(pose, layout(judge.layout)).at_rate(judge.rate)
