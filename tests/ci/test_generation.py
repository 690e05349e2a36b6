"""Generate, score and check with one command."""

from __future__ import annotations

import pytest

from signbench.ci.baselines import Baseline
from signbench.ci.generation import made_run
from signbench.errors import NotComparableError
from signbench.generators.base import Card, Generator, Production
from signbench.runs.measured_run import measured_run
from signbench.runs.result import TaskSplit
from tests.ci.simulated_runs import normal, simulated
from tests.tasks.conftest import tiny_corpus
from tests.tasks.tiny import points, tiny_task

__all__ = ["tiny_corpus"]

tiny = pytest.mark.usefixtures("tiny_corpus")


class Still(Generator):
    """Generates the same pose for every clip and counts the requests."""

    card = Card(name="still", version="1", modalities=("pose",), prompt_fields=("text",), licence="MIT")

    def __init__(self):
        self.asked = []

    def generate(self, prompts, seeds):
        for prompt in prompts:
            self.asked.append(prompt.clip)
            yield Production(prompt.clip, pose=points(99), fps=25.0)


@tiny
def test_a_checkpoint_is_generated_and_scored_and_resumes_where_it_stopped(tmp_path):
    task, generator = tiny_task("pose"), Still()
    with measured_run(made_run(task, generator, baseline_of("tiny/text-to-pose"), tmp_path / "run")) as run:
        assert run.result.status == "complete"
        pinned = Baseline.of(run, "main")
    assert len(generator.asked) == 4
    again = Still()
    assert made_run(task, again, pinned, tmp_path / "run") == tmp_path / "run"
    assert again.asked == []


@tiny
@pytest.mark.parametrize(
    ("name", "version", "split", "said"),
    [
        ("tiny/other", 1, "test", "the task differs"),
        ("tiny/text-to-pose", 2, "test", "the task version differs: 1 against 2"),
        ("tiny/text-to-pose", 1, "train", "the split differs: test against train"),
    ],
)
def test_another_task_is_refused_before_anything_is_generated(tmp_path, name, version, split, said):
    generator = Still()
    with pytest.raises(NotComparableError, match=said):
        made_run(tiny_task("pose"), generator, baseline_of(name, version, split), tmp_path / "run")
    assert generator.asked == []
    assert not (tmp_path / "run").exists()


@tiny
def test_the_split_is_the_baseline_s(tmp_path):
    generator = Still()
    made_run(tiny_task("pose"), generator, baseline_of("tiny/text-to-pose", split="dev"), tmp_path / "run")
    assert [clip.split("-")[0] for clip in generator.asked] == ["dev"] * 3


def baseline_of(name, version=1, split="test"):
    return Baseline.of(simulated({"dtw": normal(1, 12)}, task=TaskSplit(name=name, version=version, split=split)), "main")
