"""The report: opened in a real browser from the file system, with answers that would like to be more than text."""

from __future__ import annotations

import re
import shutil
from html.parser import HTMLParser

import numpy as np
import pytest

from signbench.errors import InputError
from signbench.media.video_writer import write_video
from signbench.study import figures, report
from signbench.study.report import PAGE, RESULT, SCRIPT, write_report
from signbench.study.result import read_study_result
from tests.clips import moving_square
from tests.study.judged import WORDS, a_run, exactly, judged, scored

HOSTILE_SIGN = "<img src=x onerror=\"window.owned='sign'\"><b>bold</b> & 'quoted'"
TAGGED_SIGN = "<b>дом</b> &lt;"  # plotly would draw this as one bold word
HOSTILE_ANSWER = "</script><script>window.owned='answer'</script>"
LONG_SIGN = "очень длинное выражение, которое никуда не помещается"


@pytest.fixture(scope="module")
def result():
    outcomes = exactly(160, 12, 20)
    outcomes[0, 0], outcomes[1, 0] = "open", "correct"
    signs = [HOSTILE_SIGN, LONG_SIGN, TAGGED_SIGN, *WORDS[:17]]
    rows = judged(outcomes, "pack <one>", signs, group=lambda row: ("deaf", "hearing<script>")[row % 2])
    rows = [
        type(row)(row.answer, HOSTILE_ANSWER, row.outcome, HOSTILE_ANSWER) if place % 7 == 0 and row.outcome != "correct" else row
        for place, row in enumerate(rows)
    ]
    rows += judged(exactly(150, 12, 15, seed=1), "two", WORDS[17:32], first_rater=13)
    return scored(rows, name="A study </title><script>window.owned='name'</script>")


@pytest.fixture(scope="module")
def folder(result, tmp_path_factory):
    place = tmp_path_factory.mktemp("report")
    generator = np.random.default_rng(0)
    value = {clip.clip: float(clip.accuracy + generator.normal(0, 0.2)) for clip in result.per_clip}
    run = a_run(
        place / "run",
        {"ssim": value, "ape:parts=body+hands+face": value, "fid": dict.fromkeys(value)},
        {"ape:parts=body+hands+face": "lower"},
    )
    # clips whose ids are paths of their own get no video here
    for clip in [clip.clip for clip in result.per_clip if clip.pack == "two"]:
        (place / "videos" / "two").mkdir(parents=True, exist_ok=True)
        write_video(place / "videos" / f"{clip}.mkv", iter(moving_square()), 25)
    assert write_report(result, place / "out", run, place / "videos") == place / "out" / PAGE
    return place / "out"


@pytest.fixture(scope="module")
def browser():
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        pytest.skip("no browser on this machine: neither chromium nor google-chrome")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module", params=[(1200, 900), (360, 740)], ids=["desktop", "phone"])
def page(request, browser, folder):
    opened = browser.new_page(viewport={"width": request.param[0], "height": request.param[1]})
    opened.complaints, opened.asked = [], []
    opened.on("console", lambda message: opened.complaints.append(message.text))
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.on("request", lambda asked: opened.asked.append(asked.url))
    opened.goto((folder / PAGE).as_uri())
    opened.wait_for_function("document.querySelectorAll('.js-plotly-plot .main-svg').length >= 8")
    yield opened
    opened.close()


def test_the_page_opens_from_the_file_system_without_a_complaint(page):
    page.wait_for_load_state("networkidle")
    assert page.complaints == []
    assert [url for url in page.asked if not url.startswith(("file:", "data:", "blob:"))] == []


def count(page, chart, marks):
    """How many marks a chart holds."""
    return page.evaluate("([chart, marks]) => document.querySelector(chart).querySelectorAll(marks).length", [chart, marks])


def test_every_chart_is_drawn(page):
    charts = page.query_selector_all(".chart")
    assert len(charts) == 4
    # each sign has a bar of correct answers and a bar of open ones
    assert [count(page, chart, ".barlayer .point") for chart in ("#pack-0", "#pack-1")] == [40, 30]
    assert [count(page, chart, ".scatterlayer .point") for chart in ("#metric-0", "#metric-1")] == [35, 35]
    assert all(chart.bounding_box()["height"] > 200 for chart in charts)


def test_open_answers_are_hatched_and_packs_differ_in_shape_so_that_colour_is_not_needed(page):
    assert page.evaluate("document.querySelectorAll('#pack-0 pattern').length") > 0
    shapes = page.evaluate(
        "[...document.querySelectorAll('#metric-0 .scatterlayer .trace')].map(t => t.querySelector('.point').getAttribute('d'))"
    )
    assert len(set(shapes)) == 2
    assert "/12" in page.inner_text("#pack-0")


def test_hostile_text_is_shown_and_does_nothing(page):
    assert page.evaluate("window.owned") is None
    assert page.evaluate("document.querySelectorAll('main img[src=x], header img, svg image, svg a').length") == 0
    assert HOSTILE_ANSWER in page.inner_text("#confusions ~ .scroll")
    assert "A study </title><script>" in page.inner_text("h1")
    labels = page.evaluate("[...document.querySelectorAll('#pack-0 .ytick text')].map(t => t.textContent)")
    assert {figures.shortened(HOSTILE_SIGN), figures.shortened(LONG_SIGN), TAGGED_SIGN} <= set(labels)


def test_the_page_is_no_wider_than_the_window(page):
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_a_point_shows_its_video(page):
    assert page.evaluate(
        "[...document.querySelectorAll('.clip img, .gallery img')].every(i => i.complete && i.naturalHeight === 144)"
    )
    assert len(page.query_selector_all(".gallery li")) == 15
    before = page.inner_text("#metric-0 + .clip")
    page.evaluate(
        """() => { const chart = document.getElementById('metric-0'), trace = chart.data[1];
        chart.emit('plotly_click', {points: [{customdata: trace.customdata[trace.customdata.length - 1]}]}); }"""
    )
    assert page.inner_text("#metric-0 + .clip") != before


def test_the_values_of_a_figure_are_in_its_table_in_the_same_order(page):
    page.click("#pack-1 >> xpath=ancestor::figure/following-sibling::details[1]/summary")
    table = page.locator("#pack-1").locator("xpath=ancestor::figure/following-sibling::details[1]")
    rows = table.locator("tbody tr td:first-child").all_text_contents()
    labels = page.evaluate("[...document.querySelectorAll('#pack-1 .ytick text')].map(t => t.textContent)")
    assert rows == labels[::-1]


class Tags(HTMLParser):
    """Collects the scripts of a page."""

    def __init__(self):
        super().__init__()
        self.scripts = []

    def handle_starttag(self, tag, attrs):
        if tag == "script":
            self.scripts.append(dict(attrs))


def test_the_page_holds_four_scripts_of_its_own_and_one_of_them_is_a_file_beside_it(folder):
    tags = Tags()
    text = (folder / PAGE).read_text(encoding="utf-8")
    tags.feed(text)
    assert tags.scripts == [
        {"type": "application/json", "id": "charts"},
        {"type": "application/json", "id": "pictures"},
        {"src": SCRIPT},
        {},
    ]
    assert not re.search(r"https?://", text)


def test_the_report_holds_the_script_once_and_the_whole_result(folder, result):
    assert sorted(path.name for path in folder.iterdir()) == sorted([PAGE, SCRIPT, RESULT, "thumbnails"])
    assert (folder / SCRIPT).stat().st_size > 1_000_000
    assert len(list((folder / "thumbnails").iterdir())) == 15
    read = read_study_result(folder / RESULT)
    assert read.correlations is not None
    assert read.model_copy(update={"correlations": None}) == result


def test_a_report_without_run_and_videos_has_no_part_for_them(result, tmp_path):
    text = write_report(result, tmp_path / "out").read_text(encoding="utf-8")
    assert 'id="metrics"' not in text and 'id="clips"' not in text and 'id="pack-1"' in text


def test_an_older_report_is_moved_aside(result, tmp_path):
    for _ in range(2):
        write_report(result, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "out.old-1"]


def test_a_report_is_the_same_every_time(result, folder, tmp_path):
    pages = [write_report(result, tmp_path / name).read_bytes() for name in "ab"]
    assert pages[0] == pages[1]


def test_a_folder_of_other_videos_is_refused_and_nothing_is_written(result, tmp_path):
    (tmp_path / "videos").mkdir()
    write_video(tmp_path / "videos" / "other.mkv", iter(moving_square()), 25)
    with pytest.raises(InputError, match="no video of the study's clips"):
        write_report(result, tmp_path / "out", videos=tmp_path / "videos")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["videos"]


def test_without_the_extra_the_report_names_it(result, tmp_path, monkeypatch):
    monkeypatch.setattr(report, "find_spec", lambda name: None if name == "plotly" else object())
    with pytest.raises(InputError, match=r"needs plotly; install signbench with its extra: signbench\[report\]"):
        write_report(result, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_pack_without_an_interval_says_why(tmp_path):
    text = write_report(scored(judged(exactly(20, 5, 6))), tmp_path / "out").read_text(encoding="utf-8")
    assert "fewer than 10 raters" in text
    assert "no interval" in text
