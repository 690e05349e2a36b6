"""The tasks that signbench ships: complete, consistent with their corpus, and documented."""

from __future__ import annotations

from pathlib import Path

import pytest

from signbench.judges.registry import lacking
from signbench.metrics import registry
from signbench.metrics.judged import judge_of
from signbench.tasks.loading import known, task
from signbench.tasks.references import expected_ids, open_corpus

ROOT = Path(__file__).parents[2]
NAMES = known()
SYNTHSIGN = {
    "synthsign/cross-person",
    "synthsign/reconstruction",
    "synthsign/text-to-hamer",
    "synthsign/text-to-pose",
    "synthsign/text-to-smplx",
    "synthsign/text-to-video",
    "synthsign/word-generation",
    "synthsign/word-reconstruction",
    "synthsign/word-to-video",
}

BLEU = ("bleu:order=1", "bleu:order=2", "bleu:order=3", "bleu")
TRANSLATED = (*BLEU, "rouge-l", "chrf", "likelihood")
OF_FEATURES = ("motion-fid", "diversity", "multimodality", "retrieval")
OF_MOTION = {"accuracy@nearest", "accuracy@stgcn", *(f"{metric}@stgcn" for metric in OF_FEATURES)}
OF_VIDEO = {"wer@gfslt.gloss", *(f"{metric}@gfslt" for metric in TRANSLATED)}
OF_POINTS = {f"{metric}@pose-estimator" for metric in ("ape", "pck", "dtw")}
FILMED = {"wer@corrnet", "ape@pose-estimator", "pck@pose-estimator"}
JUDGED = {
    "synthsign/cross-person": FILMED,
    "synthsign/reconstruction": FILMED,
    "synthsign/text-to-hamer": OF_VIDEO,
    "synthsign/text-to-smplx": OF_VIDEO,
    "synthsign/text-to-pose": {"wer@slt.gloss", *(f"{metric}@{judge}" for metric in TRANSLATED for judge in ("slt", "nslt"))},
    "synthsign/text-to-video": {*OF_VIDEO, *OF_POINTS},
    "synthsign/word-to-video": {*OF_POINTS, "accuracy@pose-estimator+nearest"},
    "synthsign/word-generation": OF_MOTION,
    "synthsign/word-reconstruction": OF_MOTION,
}


def test_the_tasks_of_synthsign_are_there():
    assert set(NAMES) >= SYNTHSIGN


@pytest.mark.parametrize("name", sorted(SYNTHSIGN))
def test_a_task_of_synthsign_has_core_headlines_and_a_paper(name):
    found = task(name)
    assert found.corpus == "synthsign"
    assert all(item.tier == "core" for item in found.metrics if item.headline)
    assert found.paper is not None
    assert found.open_in_paper


@pytest.mark.parametrize("name", sorted(SYNTHSIGN))
def test_a_task_of_synthsign_is_judged_by_what_reads_it(name):
    judged = {item.key: item for item in task(name).metrics if item.on is not None}
    assert set(judged) == JUDGED.get(name, set())
    assert all((lacking(judge_of(item.on)) is None) for item in judged.values()), "its judges are shipped"


@pytest.mark.parametrize("name", sorted(SYNTHSIGN))
def test_a_tasks_clips_are_those_of_its_corpus(name):
    found = task(name)
    corpus = open_corpus(found)
    for split in found.splits:
        assert len(expected_ids(found, split, corpus)) == found.clips[split].count


@pytest.mark.parametrize("name", sorted(SYNTHSIGN))
def test_a_task_is_compared_with_something_that_its_corpus_has(name):
    from signbench.tasks.references import only

    found = task(name)
    corpus = open_corpus(found)
    clip = only(corpus.clip(corpus.ids(found.default_split)[0]), found.references)
    if found.made.modality == "video":
        assert clip.video is not None
        return
    assert clip.pose is not None
    probe = clip.pose.probe(None)
    assert (probe.layout.name, probe.fps) == (found.made.joints, found.made.fps)


@pytest.mark.parametrize("name", NAMES)
def test_a_task_has_a_page_that_says_what_its_file_says(name):
    found = task(name)
    path = ROOT / "docs" / "tasks" / f"{name}.md"
    assert path.is_file(), f"{path.relative_to(ROOT)} is missing"
    page = path.read_text(encoding="utf-8")
    assert page.startswith(f"# {name}\n")
    for word in (
        *found.given,
        *(item.key for item in found.metrics),
        *found.splits,
        found.made.file,
        found.length,
        found.references,
    ):
        assert f"`{word}`" in page, f"{path.name} does not name `{word}`"
    for value in (found.made.size, found.made.joints):
        assert value is None or f"`{value}`" in page
    for line in found.open_in_paper:
        assert f"- {line}" in page
    if found.paper is not None:
        assert f"{found.paper.citation}; {found.paper.table}" in page
    for item in found.metrics:
        said = f"| `{item.key}` | {registry.create(item.metric).direction} | {item.tier} | {'yes' if item.headline else ''} |"
        assert said in page, f"{path.name} has no row {said}"


def test_the_page_of_predictions_lists_every_kind_of_problem_in_order():
    from signbench.predictions.problems import KINDS

    section = (
        (ROOT / "docs/predictions.md").read_text(encoding="utf-8").split("## What is checked before scoring")[1].split("\n## ")[0]
    )
    assert [line.split("`")[1] for line in section.splitlines() if line.startswith("| `")] == list(KINDS)


def test_the_page_of_tasks_lists_every_field_and_every_task():
    from signbench.tasks.schema import Made, Task

    page = (ROOT / "docs/tasks.md").read_text(encoding="utf-8")
    fields = [*(name for name in Task.model_fields if name != "made"), *(f"made.{name}" for name in Made.model_fields)]
    assert [name for name in fields if f"| `{name}` |" not in page] == []
    assert [name for name in NAMES if f"(tasks/{name}.md)" not in page] == []
