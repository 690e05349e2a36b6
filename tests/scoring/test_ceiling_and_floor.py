"""On SynthSign's tasks, the references are the ceiling and noise is the floor."""

from __future__ import annotations

import pytest

from signbench.generators import registry as generators
from signbench.judges.registry import judge_class
from signbench.metrics import registry as metrics
from signbench.metrics.judged import judge_of
from signbench.runs.side_by_side import distance
from signbench.scoring.task_runs import Generation, TaskRun, run_generator
from signbench.tasks.loading import task

pytestmark = pytest.mark.end_to_end

ELSEWHERE = {"tcd", "duration-ratio"}
"""Metrics whose optimum is not that of the references, or that ignore what is signed, as documented."""


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("synthsign/text-to-pose", ["nearest", "mean-pose"]),
        ("synthsign/reconstruction", ["first-frame"]),
        ("synthsign/cross-person", ["first-frame"]),
        ("synthsign/text-to-hamer", ["shuffled"]),
        ("synthsign/word-generation", ["nearest"]),
    ],
)
def test_the_references_are_best_and_noise_is_worst(tmp_path, name, others):
    results = {}
    for generator in ("ground-truth", *others, "noise"):
        run = TaskRun.of(task(name), limit=4)
        results[generator] = run_generator(Generation(run, generators.create(generator)), tmp_path / generator, fresh=False)[1]
        assert results[generator].exit_code == 0
    for item in task(name).metrics:
        if metrics.create(item.metric).name in ELSEWHERE:
            continue
        order = sorted(results, key=lambda generator: distance(results[generator][item.key]))
        assert order[0] == "ground-truth", item.key
        levels = results["noise"][item.key].judged
        if levels is None or not {"text", "gloss"} & set(judge_class(judge_of(item.on)).gives):
            assert order[-1] == "noise", item.key
        else:  # a translator understands a body at rest as little as noise
            assert levels.between < 0.4, item.key
    leading = results["ground-truth"].scores[0]
    assert distance(leading) == pytest.approx({"higher": -1.0}.get(leading.direction, 0.0), abs=1e-6)
