"""The report, opened in a real browser from the file system, with answers that contain HTML and scripts."""

from __future__ import annotations

import html
import re
import shutil
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

from signbench.errors import InputError
from signbench.media.video_writer import write_video
from signbench.study.report import figures
from signbench.study.report import page as page_module
from signbench.study.report.page import PAGE, RESULT, write_report
from signbench.study.scores.result import read_study_result
from tests.clips import moving_square
from tests.study.judged import WORDS, a_run, exactly, judged, scored

HOSTILE_SIGN = "<img src=x onerror=\"window.owned='sign'\"><b>bold</b> & 'quoted'"
TAGGED_SIGN = "<b>дом</b> &lt;"
ARABIC_SIGN = "بيت | كبير"
LONG_WORD = "Donaudampfschifffahrtsgesellschaftskapitän"
HOSTILE_ANSWER = "</script><script>window.owned='answer'</script>"
METHOD = ("No lemmatiser was used.", "A blank answer counts as wrong.")
NOTES = ("pack <one>: empty rows, left out: 3.",)
LONG_SIGN = "очень длинное выражение, которое никуда не помещается"


@pytest.fixture(scope="module")
def result():
    outcomes = exactly(160, 12, 20)
    outcomes[0, 0], outcomes[1, 0] = "open", "correct"
    signs = [HOSTILE_SIGN, LONG_SIGN, TAGGED_SIGN, ARABIC_SIGN, LONG_WORD, *WORDS[:15]]
    rows = judged(outcomes, "pack <one>", signs, group=lambda row: ("deaf", "hearing<script>")[row % 2])
    rows = [
        type(row)(row.answer, HOSTILE_ANSWER, row.outcome, HOSTILE_ANSWER) if index % 7 == 0 and row.outcome != "correct" else row
        for index, row in enumerate(rows)
    ]
    rows += judged(exactly(150, 12, 15, seed=1), "two", WORDS[17:32], first_rater=13)
    found = scored(rows, name="A study </title><script>window.owned='name'</script>")
    return found.model_copy(update={"method": METHOD, "import_notes": NOTES})


@pytest.fixture(scope="module")
def folder(result, tmp_path_factory):
    path = tmp_path_factory.mktemp("report")
    generator = np.random.default_rng(0)
    value = {clip.clip: float(clip.accuracy + generator.normal(0, 0.2)) for clip in result.per_clip}
    run = a_run(
        path / "run",
        {"ssim": value, "ape:parts=body+hands+face": value, "fid": dict.fromkeys(value)},
        {"ape:parts=body+hands+face": "lower"},
    )
    # clips whose ids are paths get no video here
    for clip in [clip.clip for clip in result.per_clip if clip.pack == "two"]:
        (path / "videos" / "two").mkdir(parents=True, exist_ok=True)
        write_video(path / "videos" / f"{clip}.mkv", iter(moving_square()), 25)
    assert write_report(result, path / "out", run=run, videos=path / "videos") == path / "out" / PAGE
    return path / "out"


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
    yield opened
    opened.close()


def test_the_page_opens_from_the_file_system_without_an_error(page):
    page.wait_for_load_state("networkidle")
    assert page.complaints == []
    assert [url for url in page.asked if not url.startswith(("file:", "data:", "blob:"))] == []


def shown(page, figure):
    """The drawing of a figure that is visible; the other one is for windows of another width."""
    return page.locator(f"svg.chart:has([id^={figure}-]):visible")


def test_every_figure_is_drawn_once(page):
    assert page.locator("svg.chart:visible").count() == 4
    assert [shown(page, figure).locator("rect.bar").count() for figure in ("figure-pack-0", "figure-pack-1")] == [20, 15]
    assert [shown(page, figure).locator("path.marker").count() for figure in ("figure-metric-0", "figure-metric-1")] == [35, 35]
    assert all(chart.bounding_box()["height"] > 200 for chart in page.locator("svg.chart:visible").all())


def test_open_answers_are_hatched_and_packs_differ_in_shape_so_that_colour_is_not_needed(page):
    first = shown(page, "figure-pack-0")
    hatched = first.locator("rect.open").first
    assert hatched.evaluate("rect => getComputedStyle(rect).fill").startswith('url("#figure-pack-0-')
    shapes = {marker.get_attribute("d") for marker in shown(page, "figure-metric-0").locator("path.marker").all()}
    assert len(shapes) == 2
    assert "/12" in first.text_content()


def test_a_figure_has_a_title_for_screen_readers(page):
    for figure, words in (("figure-pack-1", "each sign of pack two"), ("figure-metric-0", "of each clip against ssim")):
        drawn = shown(page, figure)
        assert drawn.get_attribute("role") == "img"
        title = page.locator(f"#{drawn.get_attribute('aria-labelledby')}")
        assert words in title.text_content()


def labels(drawing):
    """The names in a figure, without line breaks and direction isolates."""
    parts = [label.locator("tspan").all_text_contents() for label in drawing.locator("text.label").all()]
    return [" ".join(part.strip("\u2068\u2069") for part in lines) for lines in parts]


def test_names_are_whole_inside_the_figure_and_never_broken_in_a_word(page):
    first = shown(page, "figure-pack-0")
    assert {HOSTILE_SIGN, LONG_SIGN, TAGGED_SIGN, ARABIC_SIGN, LONG_WORD} <= set(labels(first))
    assert first.evaluate(
        """drawing => { const figure = drawing.closest('figure'), left = drawing.getBoundingClientRect().left;
        return [...drawing.querySelectorAll('text')].every(text => {
          const box = text.getBoundingClientRect();
          return box.left >= left - 1 && box.right <= left + Math.max(figure.scrollWidth, drawing.clientWidth) + 1; }); }"""
    )
    lines = page.evaluate(
        """word => [...document.querySelectorAll('td:nth-child(2) bdi')].filter(name => name.textContent === word)
        .map(name => name.getClientRects().length).filter(lines => lines > 0)""",
        LONG_WORD,
    )
    assert lines == [1]


def test_hostile_text_is_shown_and_does_nothing(page):
    assert page.evaluate("window.owned") is None
    foreign = "main img[src=x], header img, svg image, svg a:not([href^='#clip-'])"
    assert page.locator(foreign).count() == 0
    assert HOSTILE_ANSWER in page.inner_text("#confusions ~ .scroll")
    assert "A study </title><script>" in page.inner_text("h1")


def test_the_page_is_no_wider_than_the_window(page):
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_a_point_links_to_its_thumbnail(page):
    assert page.evaluate("[...document.querySelectorAll('.gallery img')].every(i => i.complete && i.naturalHeight === 144)")
    assert len(page.query_selector_all(".gallery li")) == 15
    links = shown(page, "figure-metric-0").locator("a")
    assert links.count() == 15
    for link in links.all():
        said = link.locator("title").text_content()
        assert page.locator(f".gallery {link.get_attribute('href')} b").text_content() in said


def test_the_values_of_a_figure_are_in_its_table_in_the_same_order(page):
    details = shown(page, "figure-pack-1").locator("xpath=ancestor::figure/following-sibling::details[1]")
    assert details.locator("tbody tr td:first-child").all_text_contents() == labels(shown(page, "figure-pack-1"))


class Tags(HTMLParser):
    """Collects the scripts of a page."""

    def __init__(self):
        super().__init__()
        self.scripts = []

    def handle_starttag(self, tag, attrs):
        if tag == "script":
            self.scripts.append(dict(attrs))


def test_the_page_has_no_script_and_no_address(folder):
    tags = Tags()
    text = (folder / PAGE).read_text(encoding="utf-8")
    tags.feed(text)
    assert tags.scripts == []
    assert not re.search(r"https?://", text)


def test_the_report_contains_the_page_the_thumbnails_and_the_whole_result(folder, result):
    assert sorted(path.name for path in folder.iterdir()) == sorted([PAGE, RESULT, "thumbnails"])
    assert len(list((folder / "thumbnails").iterdir())) == 15
    read = read_study_result(folder / RESULT)
    assert read.correlations is not None
    assert read.model_copy(update={"correlations": None}) == result


def test_the_page_says_how_answers_were_judged_and_metrics_measured(folder):
    text = html.unescape((folder / PAGE).read_text(encoding="utf-8"))
    for sentence in (
        *METHOD,
        *NOTES,
        "metric:ssim|revision:1",
        "Metrics without values for single clips: fid.",
        "p is that of the coefficient",
    ):
        assert sentence in text


def test_a_report_without_run_and_videos_has_no_part_for_them(result, tmp_path):
    text = write_report(result, tmp_path / "out").read_text(encoding="utf-8")
    assert 'id="metrics"' not in text and 'id="clips"' not in text and 'id="figure-pack-1-wide-title"' in text


def test_an_older_report_is_moved_aside(result, tmp_path):
    for _ in range(2):
        write_report(result, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "out.old-1"]


def test_only_a_report_is_moved_aside(result, tmp_path):
    other = tmp_path / "other"
    makers = {
        "folder with a file": lambda path: (path.mkdir(), (path / "thesis.tex").write_text("years of work")),
        "folder with a page": lambda path: (path.mkdir(), (path / PAGE).write_text("my home page")),
        "report with a note": lambda path: (write_report(result, path), (path / "note.txt").write_text("mine")),
        "report with a picture": lambda path: (
            write_report(result, path),
            (path / "thumbnails").mkdir(),
            (path / "thumbnails" / "mine.jpg").write_bytes(b""),
        ),
        "file": lambda path: path.write_text("mine"),
        "link": lambda path: (other.mkdir(), path.symlink_to(other)),
    }
    for name, make in makers.items():
        path = tmp_path / name
        make(path)
        before = sorted(path.rglob("*"))
        with pytest.raises(InputError, match="choose a new output folder"):
            write_report(result, path)
        assert sorted(path.rglob("*")) == before
    assert not list(tmp_path.glob("*.old-*"))


def test_an_interrupted_report_leaves_the_older_one_and_no_half_page(result, tmp_path, monkeypatch):
    older = write_report(result, tmp_path / "out").read_bytes()

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(page_module, "_page", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_report(result, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out" / PAGE).read_bytes() == older


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("short", ["short"]),
        ("one two three", ["one two", "three"]),
        (LONG_WORD, [LONG_WORD]),
        ("手语手语 手语手语", ["手语手语", "手语手语"]),
        ("", [""]),
    ],
)
def test_a_name_is_broken_between_words_only(text, lines):
    assert figures.broken(text, 9) == lines


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-3.2, 17.0), (25.69, 25.71), (1e-7, 3e-7), (1e6, 1.1e6)])
def test_ticks_are_round_within_the_axis_and_not_too_many(low, high):
    found = figures.ticks(low, high, 5)
    assert 2 <= len(found) <= 6
    assert all(low - 1e-12 <= tick <= high * (1 + 1e-9) for tick in found)
    assert len({round(after - before, 12) for before, after in pairwise(found)}) == 1


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
    monkeypatch.setattr(page_module, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"requires jinja2; install signbench\[report\]"):
        write_report(result, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_a_pack_without_an_interval_says_why(tmp_path):
    text = write_report(scored(judged(exactly(20, 5, 6))), tmp_path / "out").read_text(encoding="utf-8")
    assert "fewer than 10 raters" in text
    assert "no interval" in text
