"""What a notebook shows of runs: a clip's player, a figure, and a table."""

from __future__ import annotations

import re

import pandas as pd
import pytest

import signbench
from signbench.errors import InputError
from signbench.runs.result import read_result
from signbench.scoring.finished import FinishedRun
from tests.browser import Opened
from tests.report.small_runs import HOSTILE_CLIP, generated, measured

TASK = "synthsign/text-to-pose"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs of key points, and one of videos with hostile names."""
    folder = tmp_path_factory.mktemp("notebook")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield [*(generated(folder, TASK, name, 3) for name in ("nearest", "mean-pose")), measured(folder / "measured")]


def test_a_clip_is_shown_with_all_runs_in_step_and_nothing_is_loaded(runs, browser, tmp_path, monkeypatch):
    monkeypatch.chdir(runs[0].parent)
    shown = signbench.show(runs[:2], "test-0002")
    assert shown._repr_html_().startswith('<iframe srcdoc="')
    (tmp_path / "clip.html").write_text(shown.page, encoding="utf-8")
    opened = Opened(browser, tmp_path / "clip.html")
    player = opened.page.locator(".player")
    opened.page.wait_for_function("[...document.querySelectorAll('video')].every(video => video.readyState >= 2)")
    assert player.locator(".panel.production figcaption").first.inner_text().strip().startswith("nearest")
    player.locator("[aria-label='Next frame']").click()
    assert player.get_attribute("data-frame") == "1"
    assert all(url.startswith(("file:", "data:", "blob:")) for url in opened.asked)
    assert opened.said == []


def test_names_stay_text(runs, browser, tmp_path):
    (tmp_path / "clip.html").write_text(signbench.show(runs[2], HOSTILE_CLIP).page, encoding="utf-8")
    opened = Opened(browser, tmp_path / "clip.html")
    opened.page.wait_for_selector(".player")
    assert opened.page.locator("h3").first.inner_text() == HOSTILE_CLIP
    assert opened.page.evaluate("window.sprung") is None


def test_a_figure_has_a_box_for_each_run_and_a_point_for_each_clip(runs):
    figure = signbench.plot(runs[:2], "dtw")
    assert [(box.name, len(box.y)) for box in figure.data] == [("nearest", 3), ("mean-pose", 3)]
    result = read_result(runs[0] / "result.json")
    table = pd.read_parquet(runs[0] / "per_clip.parquet").query("metric == 'dtw'").set_index("clip")["value"]
    assert dict(zip(figure.data[0].text, figure.data[0].y, strict=True)) == pytest.approx(dict(table))
    finished = FinishedRun(folder=runs[0], result=result)
    assert signbench.plot(finished).data[0].y == figure.data[0].y


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda runs: signbench.show(runs[0], "test-9999"), r"has no clip test-9999\. Did you mean"),
        (lambda runs: signbench.plot(runs[0], "ssim"), r"ssim was not measured"),
        (lambda runs: signbench.plot(runs, "dtw"), r"did not measure dtw; name a metric that all runs have"),
        (lambda runs: signbench.plot([]), r"there is no run; give a run or its folder"),
        (lambda runs: signbench.show(runs[0].parent, "test-0001"), r"is not a run|is no run|not the folder"),
    ],
)
def test_what_cannot_be_shown_is_refused(call, message, runs):
    with pytest.raises(InputError, match=message):
        call(runs)


def test_a_result_is_a_table(runs):
    result = read_result(runs[0] / "result.json")
    table = result._repr_html_()
    assert table == FinishedRun(folder=runs[0], result=result)._repr_html_()
    assert [name for name in re.findall("<th>([^<]+)</th>", table) if name in result.signatures] == list(result.signatures)
    assert f"<td>{result['dtw'].value:.4g}</td>" in table
