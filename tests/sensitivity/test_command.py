"""``signbench metrics sensitivity`` as a user types it."""

from __future__ import annotations

import json

import pytest

from signbench.media.pose_files import write_pose
from tests.cli.program import signbench
from tests.clips import swaying_pose

pytestmark = pytest.mark.end_to_end


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    root = tmp_path_factory.mktemp("signing")
    for number in range(3):
        write_pose(root / f"clip_{number}.pose", swaying_pose(40, seed=number))
    return root


def test_the_matrix_of_a_folder_is_printed_as_tables_with_words_and_numbers(clips):
    ran = signbench("metrics", "sensitivity", "--source", clips)
    assert ran.returncode == 0, ran.stderr
    assert "joint noise (key points): Gaussian noise whose sigma is 1 / 2 / 4 / 8 % of the shoulder width" in ran.stdout
    assert "duration-ratio: blind: it looks at nothing but the number of frames." in ran.stdout
    assert "\x1b" not in ran.stdout
    row = next(line.split() for line in ran.stdout.splitlines() if line.split()[:1] == ["total-distance"] and "1" in line)
    assert (row[1], len(row)) == ("worse", 7)


def test_the_same_as_json_or_markdown_but_not_both(clips):
    content = json.loads(signbench("metrics", "sensitivity", "--source", clips, "--limit", 2, "--json").stdout)
    assert content["clips"] == {"video": [], "key points": ["clip_0", "clip_1"]}
    assert {cell["modality"] for cell in content["cells"]} == {"key points"}
    page = signbench("metrics", "sensitivity", "--source", clips, "--limit", 2, "--format", "markdown").stdout
    assert "### What is declared of key points" in page
    assert "video" not in page
    both = signbench("metrics", "sensitivity", "--source", clips, "--json", "--format", "markdown")
    assert both.returncode == 2
    assert "are different forms; use one of them" in both.stderr


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    ran = signbench("metrics", "sensitivity", "--source", tmp_path / "nowhere")
    assert ran.returncode == 2
    assert "synthsign or a folder of clips" in ran.stderr
