"""The example of the page on generators, and what the page says of the built-in ones."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from signbench.generators.base import clip_seed
from signbench.generators.registry import create, known
from signbench.sides.folder import read_side
from tests.generators.corpora import POSE, pose_of_clip
from tests.generators.runs import SEED, TASK, run

PAGE = (Path(__file__).parents[2] / "docs" / "generators.md").read_text(encoding="utf-8")
TRAIN = [("train-0001", 9), ("train-0002", 12), ("train-0003", 15)]


def example(folder):
    (source,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    (folder / "my_generator.py").write_text(source, encoding="utf-8")
    return source, f"{folder}/my_generator.py:Halfway"


def test_the_example_has_about_twenty_lines(tmp_path):
    source, _ = example(tmp_path)
    assert len([line for line in source.splitlines() if line.strip()]) <= 20


def test_the_example_runs_and_does_what_it_says(tmp_path):
    _, name = example(tmp_path)
    (outcome,) = run(create(name), POSE, ["text"], tmp_path / "out")
    assert not outcome.failed
    side = read_side(tmp_path / "out")
    assert len(side.clips) == 4
    for clip, found in side.clips.items():
        source, frames = TRAIN[clip_seed(TASK, SEED, clip) % 3]
        pose = found.pose.pose(None)
        assert pose.frames == 12
        assert np.array_equal(pose.points[5], pose_of_clip(source, frames).points[frames // 2])


def test_the_example_keeps_a_granted_length_and_gives_the_same_in_shards(tmp_path):
    _, name = example(tmp_path)
    run(create(name), POSE, ["text", "length"], tmp_path / "one")
    run(create(name), POSE, ["text", "length"], tmp_path / "two", ranks=2)
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / side).iterdir()} for side in ("one", "two"))
    assert one == two
    assert [read_side(tmp_path / "one").clips[f"test-000{n}"].pose.pose(None).frames for n in (1, 2, 3, 4)] == [10, 8, 14, 7]


def test_the_page_lists_every_built_in_generator_with_what_it_sees():
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (references|prompts) ?", PAGE, re.MULTILINE))
    assert rows == {name: create(name).card.sees for name in known() if name in rows}
    assert len(rows) == 7
