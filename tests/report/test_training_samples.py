"""Samples of a training over time: what is read, and the page in a browser."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from signbench.errors import InputError
from signbench.report.training import write_training_report
from signbench.report.training_samples import SHOWN, Sample, Shown, read_samples
from signbench.training.base import Answer
from signbench.training.samples import keep_samples
from tests.browser import CONTRASTS, DESK, PHONE, Opened
from tests.clips import moving_square, swaying_pose

SHIPPED = Path(__file__).parents[2] / "reference_models"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def training(tmp_path):
    """A shipped training with samples of three validations: words, a video and key points."""
    folder = tmp_path / "slt"
    shutil.copytree(SHIPPED / "slt", folder)
    for number, steps in enumerate((10, 200, 3000)):
        words = {"text": " ".join(["regen", "im", "norden"][: number + 1]), "gloss": ("NORD",) * number}
        said = {**words, "video": moving_square(12, 48, 64, seed=number), "pose": swaying_pose(12, seed=number)}
        right = {"text": "regen im norden", "gloss": "NORD REGEN", "video": moving_square(12, 48, 64), "pose": swaying_pose(12)}
        keep_samples(folder, steps, [Answer(HOSTILE, said, right), Answer("b", {"text": "b"}, {"text": "b"})])
    return folder


def test_each_kind_of_answer_is_read_over_time_next_to_the_correct_one(training, tmp_path):
    samples = read_samples(training, tmp_path, "sample-1")
    assert [(sample.clip, sample.kind) for sample in samples] == [
        (HOSTILE, "text"),
        (HOSTILE, "gloss"),
        (HOSTILE, "video"),
        (HOSTILE, "pose"),
        ("b", "text"),
    ]
    assert samples[0] == Sample(
        HOSTILE,
        "text",
        Shown("regen im norden"),
        [(10, Shown("regen")), (200, Shown("regen im")), (3000, Shown("regen im norden"))],
    )
    for steps, shown in samples[2].over_time:
        assert shown.picture == f"sample-1-{steps:08d}-0-said-video.jpg"
        assert (tmp_path / shown.picture).is_file()
    assert (tmp_path / samples[3].expected.picture).is_file()


def test_many_validations_are_thinned_and_the_first_and_last_are_kept(tmp_path):
    for steps in range(1, 41):
        keep_samples(tmp_path, steps, [Answer("a", {"text": str(steps)}, {"text": "a"})])
    (sample,) = read_samples(tmp_path, tmp_path, "s")
    steps = [steps for steps, _ in sample.over_time]
    assert len(steps) == SHOWN
    assert (steps[0], steps[-1]) == (1, 40)
    assert [shown.said for _, shown in sample.over_time] == [str(number) for number in steps]


def test_a_training_without_samples_has_none_and_a_missing_picture_is_named(training, tmp_path):
    assert read_samples(SHIPPED / "slt", tmp_path, "s") == []
    (training / "samples" / "00000010" / "0-said-video.jpg").unlink()
    video = read_samples(training, tmp_path, "s")[2]
    assert video.over_time[0] == (10, Shown("0-said-video.jpg is missing"))
    assert video.over_time[1][1].picture


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[1]",
        '[{"said": {}}]',
        '[{"clip": "a", "said": {"text": {"text": 3}}, "expected": {}}]',
        '[{"clip": "a", "said": {"video": {"picture": "../../card.yaml"}}, "expected": {}}]',
    ],
)
def test_a_damaged_file_is_refused(content, training, tmp_path):
    (training / "samples" / "00000200" / "answers.json").write_text(content)
    with pytest.raises(InputError, match=r"answers\.json is damaged .*; remove .*00000200, and write the report again"):
        write_training_report([training], tmp_path / "report")
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (PHONE, "dark")])
def test_the_page_shows_them(size, scheme, training, browser, tmp_path):
    page = write_training_report([training, SHIPPED / "nslt"], tmp_path / "report")
    opened = Opened(browser, page, size=size, scheme=scheme)
    pictures = opened.page.locator(".sample img")
    assert pictures.count() == 2 * 4
    for index in range(pictures.count()):
        pictures.nth(index).scroll_into_view_if_needed()
        opened.page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=pictures.nth(index).element_handle())
    assert opened.page.locator(".sample figcaption").first.text_content() == f"{HOSTILE}: text"
    assert opened.page.locator(".sample").first.locator("tr").nth(1).locator("th, td").all_text_contents() == ["10 steps", "regen"]
    assert opened.page.locator(".sample").nth(1).locator("td").nth(1).text_content() == "(nothing)"
    assert all(url.startswith(("file:", "data:", "blob:")) for url in opened.asked)
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert opened.page.evaluate(CONTRASTS)[1] == []
    assert "script" not in json.dumps(opened.page.locator("#training-1").all_text_contents())
