"""The site, in a real browser: sorting, filtering, no error, nothing injected, and a phone's width."""

from __future__ import annotations

import shutil

import pytest

from signbench.errors import InputError
from signbench.leaderboard import ranking
from signbench.leaderboard.board import HumanCell
from signbench.leaderboard.human import HumanEstimate
from signbench.leaderboard.ranking import board
from signbench.leaderboard.site import build, charts, rendered
from tests.leaderboard.rows import TASK, run_of, submit, write_task
from tests.leaderboard.test_ranking import ANCHOR, publish

PAGE = f"{TASK}/test.html"
HOSTILE = '<b>bold</b><img src=x onerror="window.sprung=1"></script><script>window.sprung=1</script>'
OTHERS = ("phoenix14t/reconstruction", "slrtp2025/text-to-pose")
PHONE, DESK = (390, 844), (1280, 900)


@pytest.fixture(scope="module")
def leaderboards(tmp_path_factory):
    """A current folder with rows of every kind."""
    folder = tmp_path_factory.mktemp("current")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        # Other tasks' published tables take their time, and have tests of their own.
        patch.setattr(ranking, "tasks_with_published_rows", lambda: [TASK, *OTHERS])
        write_task(folder)
        publish(folder)
        runs = [run_of("low", 0.3), run_of("middle", 0.5, seed=3), run_of("high", 0.7), run_of("ceiling", 0.01, card=ANCHOR)]
        for run in [*runs, run_of("copy", 0.4, seed=6, card=None, references="another copy")]:
            submit(run, folder / "leaderboards")
        build(folder / "site")
        yield folder


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium."""
    programs = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("there is no Chromium on this machine")
    with programs.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


class Opened:
    """A page, and what its console said."""

    def __init__(self, browser, path, size=DESK):
        self.page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        self.said: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("requestfailed", lambda request: self.said.append(request.url))
        self.page.goto(path.as_uri())

    def names(self, place=0):
        """The rows of the table at that place that are shown, in order."""
        rows = self.page.locator("table").nth(place).locator("tbody tr:not(.divider) .name").all()
        return [row.inner_text() for row in rows if row.is_visible()]


def test_a_site_is_pages_one_style_and_two_scripts(leaderboards):
    files = sorted(path.name for path in (leaderboards / "site").iterdir() if path.is_file())
    assert files == ["index.html", "leaderboard.css", "leaderboard.js", "plotly.min.js"]
    text = (leaderboards / "site" / PAGE).read_text(encoding="utf-8")
    assert "onclick" not in text
    assert "http://" not in text
    assert text.count("<script") == 3
    assert 'src="../../plotly.min.js"' in text


def test_equal_leaderboards_give_equal_pages_and_an_older_site_is_moved_aside(leaderboards, tmp_path, monkeypatch):
    monkeypatch.chdir(leaderboards)
    build(tmp_path / "site")
    build(tmp_path / "site")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["site", "site.old-1"]
    for path in (tmp_path / "site").rglob("*.html"):
        assert path.read_bytes() == (leaderboards / "site" / path.relative_to(tmp_path / "site")).read_bytes()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "text").write_text("mine")
    with pytest.raises(InputError, match="something else than a site"):
        build(tmp_path / "mine")


def test_a_click_on_a_head_sorts_ranked_rows_and_leaves_anchors_below(leaderboards, browser):
    opened = Opened(browser, leaderboards / "site" / PAGE)
    assert opened.names() == ["low", "middle", "high", "ceiling"]
    head = opened.page.locator("table").first.locator("thead button", has_text="ssim")
    head.click()
    assert opened.names() == ["low", "middle", "high", "ceiling"]
    head.click()
    assert opened.names() == ["high", "middle", "low", "ceiling"]
    opened.page.locator("table").first.locator("thead button", has_text="row").click()
    assert opened.names() == ["high", "low", "middle", "ceiling"]
    assert opened.page.locator("th[aria-sort]").count() == 1
    assert opened.said == []


def test_the_filter_leaves_the_rows_that_it_names(leaderboards, browser):
    opened = Opened(browser, leaderboards / "site" / PAGE)
    opened.page.fill("#filter", "MID")
    assert opened.names() == ["middle"]
    assert opened.page.inner_text("#found") == "1 of 6 rows"
    opened.page.fill("#filter", "")
    assert len(opened.names()) == 4
    index = Opened(browser, leaderboards / "site" / "index.html")
    index.page.fill("#filter", TASK)
    rows = index.page.locator("tbody tr:visible")
    assert rows.count() == 2
    rows.first.locator("a").click()
    assert index.page.url.endswith(PAGE)
    assert opened.said == index.said == []


def test_what_was_measured_otherwise_and_what_was_published_stand_apart(leaderboards, browser):
    opened = Opened(browser, leaderboards / "site" / PAGE)
    assert opened.names(1) == ["copy"]
    assert "the references themselves" in opened.page.inner_text(".apart")
    assert opened.names(2) == ["Model"]
    opened.page.locator("summary", has_text="How each number was measured").first.click()
    assert "metric:l1|" in opened.page.inner_text("details[open]")


def test_charts_show_intervals_and_metric_against_metric(leaderboards, browser):
    opened = Opened(browser, leaderboards / "site" / PAGE)
    opened.page.wait_for_selector("#intervals .scatterlayer .point")
    assert opened.page.locator("#intervals .point").count() == 5
    assert opened.page.locator("#intervals .xerror").count() >= 3
    assert opened.page.locator("#plane .point").count() == 4
    opened.page.select_option("#metric", "fvd")
    opened.page.wait_for_function("document.querySelectorAll('#intervals .point').length === 1")
    assert opened.said == []


@pytest.mark.parametrize("name", ["index.html", PAGE, *(f"{task}/test.html" for task in OTHERS)])
def test_a_phone_shows_pages_without_scrolling_sideways(leaderboards, browser, name):
    opened = Opened(browser, leaderboards / "site" / name, PHONE)
    opened.page.wait_for_load_state("load")
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert opened.said == []


def test_a_hostile_name_injects_nothing(leaderboards, browser, tmp_path, monkeypatch):
    monkeypatch.chdir(leaderboards)
    found = board(TASK)
    (row, *others), table = found.blocks[0].rows, found.published[0]
    estimate = HumanEstimate(value=0.5, interval=(0.4, 0.6), interval_note=HOSTILE)
    human = HumanCell(mean_over_signs=estimate, mean_of_packs=estimate, raters=1, signs=1, answers=1, signature=HOSTILE)
    hostile = row.model_copy(
        update={"row": HOSTILE, "generator": HOSTILE, "licence": HOSTILE, "contact": HOSTILE, "citation": HOSTILE, "human": human}
    )
    column = found.blocks[0].columns[0].model_copy(update={"signature": HOSTILE, "unit": HOSTILE})
    block = found.blocks[0].model_copy(
        update={"rows": (hostile, *others), "columns": (column, *found.blocks[0].columns[1:]), "reasons": (HOSTILE,)}
    )
    printed = table.rows[0].model_copy(update={"row": HOSTILE, "model": HOSTILE, "under": HOSTILE, "note": HOSTILE})
    evil = found.model_copy(
        update={"blocks": (block,), "published": (table.model_copy(update={"rows": (printed,), "notes": (HOSTILE,)}),)}
    )
    for name, text in rendered([evil]).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    for name in ("leaderboard.js", "leaderboard.css", "plotly.min.js"):
        shutil.copy(leaderboards / "site" / name, tmp_path)
    for name in (PAGE, "index.html"):
        opened = Opened(browser, tmp_path / name)
        opened.page.wait_for_load_state("load")
        if name == PAGE:
            opened.page.wait_for_selector("#intervals .point")
            opened.page.locator("#intervals .point").first.hover(force=True)
            opened.page.wait_for_selector("#intervals .hovertext")
            assert opened.names()[0] == HOSTILE
            labels = opened.page.locator("#intervals .ytick text").all_text_contents()
            assert sum(label.startswith("<b>bold</b><img") for label in labels) == 1
        assert opened.page.evaluate("window.sprung") is None
        assert opened.page.locator("img").count() == 0
        assert opened.said == []


def test_a_published_number_in_another_unit_is_in_no_chart(leaderboards, monkeypatch):
    monkeypatch.chdir(leaderboards)
    found = board(TASK)
    assert {point["kind"] for point in charts(found)["points"]} == {"measured", "anchor", "published"}
    table = found.published[0]
    columns = tuple(column.model_copy(update={"unit": "%"}) for column in table.columns)
    other = charts(found.model_copy(update={"published": (table.model_copy(update={"columns": columns}),)}))
    (point,) = (point for point in other["points"] if point["kind"] == "published")
    assert list(point["values"]) == ["fvd"]


def test_a_site_without_its_libraries_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr("signbench.leaderboard.site.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"jinja2 and plotly.*signbench\[report\]"):
        build(tmp_path / "site")
