"""A run in which clips could not be generated: the page says so, and shows what there is."""

from __future__ import annotations

import numpy as np
import pytest

import signbench
from signbench.report.page import write_report
from signbench.report.words import failures
from signbench.runs.measured_run import measured_run
from tests.browser import Opened
from tests.report.small_runs import without_judges

TASK = "synthsign/text-to-pose"


class Forgetful(signbench.Generator):
    """Holds one frame of a train clip, but fails on the second of three clips."""

    card = signbench.Card(name="forgetful", version="1", modalities=("pose",), prompt_fields=("text",), licence="CC0-1.0")

    def prepare(self, train):
        self.clip = next(iter(train)).media.pose(None)

    def generate(self, prompts, seeds):
        for prompt in prompts:
            if prompt.clip.endswith("2"):
                raise RuntimeError("it does not know <i>this</i> sentence")
            points, confidence = (np.repeat(values[:1], 20, axis=0) for values in (self.clip.points, self.clip.confidence))
            yield signbench.Production(prompt.clip, pose=signbench.Pose(points, confidence, self.clip.layout, fps=25.0), fps=25.0)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of such a run."""
    folder = tmp_path_factory.mktemp("failing")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        without_judges(folder, TASK)
        signbench.run(TASK, Forgetful(), limit=3, out=folder / "run", workers=1)
        yield folder / "run"


def test_failures_are_counted_by_reason_with_what_they_count_as(run):
    with measured_run(run) as opened:
        (row,) = failures(opened)
    assert (row["clips"], row["examples"]) == (1, ["test-0002"])
    assert "it does not know <i>this</i> sentence" in row["reason"]
    assert any(text.startswith("dtw: ") for text in row["counted_as"])


def test_the_page_names_the_clip_and_the_reason_and_shows_the_others(run, browser, tmp_path, monkeypatch):
    monkeypatch.chdir(run.parent)
    opened = Opened(browser, write_report([run], tmp_path / "report"))
    text = opened.page.locator("main").inner_text()
    assert "Clips that could not be measured" in text
    assert "it does not know <i>this</i> sentence" in text
    assert opened.page.locator("td i").count() == 0
    assert opened.page.locator(".panel.production video").count() >= 2
    assert opened.said == []
