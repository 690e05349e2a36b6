"""The site in a real browser: sorting, filtering, no error, no injection, and the width of a phone."""

from __future__ import annotations

import re
import shutil

import pytest

from signbench.errors import InputError
from signbench.leaderboard import ranking
from signbench.leaderboard.board import HumanCell
from signbench.leaderboard.human import HumanEstimate
from signbench.leaderboard.ranking import board
from signbench.leaderboard.site import build, charts, rendered
from signbench.runs.result import Level
from tests.browser import CONTRASTS, DESK, HOSTILE, PHONE
from tests.browser import Opened as Page
from tests.leaderboard.rows import TASK, run_of, submit, write_task
from tests.leaderboard.test_ranking import ANCHOR, publish

PAGE = f"{TASK}/test.html"
REPORT = "https://example.org/report/index.html"
OTHERS = ("phoenix14t/reconstruction", "slrtp2025/text-to-pose")


@pytest.fixture(scope="module")
def leaderboards(tmp_path_factory):
    """A current folder with rows of every kind."""
    folder = tmp_path_factory.mktemp("current")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        # Other tasks' published tables and the shipped rows take long to build, and have separate tests.
        patch.setattr(ranking, "tasks_with_published_rows", lambda: [TASK, *OTHERS])
        write_task(folder)
        publish(folder)
        runs = [run_of("low", 0.3), run_of("middle", 0.5, seed=3), run_of("high", 0.7), run_of("ceiling", 0.01, card=ANCHOR)]
        for run in [*runs, run_of("copy", 0.4, seed=6, card=None, references="another copy")]:
            submit(run, folder / "leaderboards", report=REPORT if run.label == "high" else None)
        build(folder / "site", folder / "leaderboards")
        yield folder


class Opened(Page):
    """A leaderboard's page."""

    def names(self, index=0):
        """The visible rows of a table, in order."""
        rows = self.page.locator("table").nth(index).locator("tbody tr:not(.divider) .name").all()
        return [row.inner_text() for row in rows if row.is_visible()]


def changed(found, **fields):
    """A leaderboard's first block with other fields."""
    return found.blocks[0].model_copy(update=fields)


def written(found, leaderboards, folder):
    """Writes a site with a single leaderboard, and returns the path of its page."""
    for name, text in rendered([found]).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    for name in ("leaderboard.js", "leaderboard.css", "plotly.min.js"):
        shutil.copy(leaderboards / "site" / name, folder)
    return folder / PAGE


def test_a_site_has_pages_a_style_sheet_and_two_scripts(leaderboards):
    files = sorted(path.name for path in (leaderboards / "site").iterdir() if path.is_file())
    assert files == ["index.html", "leaderboard.css", "leaderboard.js", "plotly.min.js"]
    text = (leaderboards / "site" / PAGE).read_text(encoding="utf-8")
    assert "onclick" not in text
    assert "http://" not in text
    assert text.count("<script") == 3
    assert 'src="../../plotly.min.js"' in text


def test_equal_leaderboards_give_equal_pages_and_an_older_site_is_moved_aside(leaderboards, tmp_path, monkeypatch):
    monkeypatch.chdir(leaderboards)
    for _ in range(2):
        build(tmp_path / "site", leaderboards / "leaderboards")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["site", "site.old-1"]
    for path in (tmp_path / "site").rglob("*.html"):
        assert path.read_bytes() == (leaderboards / "site" / path.relative_to(tmp_path / "site")).read_bytes()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "text").write_text("mine")
    with pytest.raises(InputError, match="other content than a site"):
        build(tmp_path / "mine", leaderboards / "leaderboards")


def heads(opened, text, index=0):
    return opened.page.locator("table").nth(index).locator("thead .head", has_text=text)


def orders(opened, text, index=0):
    """The rows after the first, the second and the third click on a head."""
    shown = []
    for _ in range(3):
        heads(opened, text, index).click()
        shown.append(opened.names(index))
    return shown


@pytest.mark.parametrize(
    ("head", "best_first", "spoken"),
    [
        ("l1", ["low", "middle", "high", "ceiling"], "ascending"),
        ("ssim", ["high", "middle", "low", "ceiling"], "descending"),
        ("duration-ratio", ["high", "middle", "low", "ceiling"], "other"),  # 0.9, 0.7 and 0.5; that of the references is 1
    ],
)
def test_the_first_click_puts_the_best_first_the_second_the_worst_the_third_the_ranks(
    leaderboards, browser, head, best_first, spoken
):
    opened = Opened(browser, leaderboards / "site" / PAGE)
    ranked = ["low", "middle", "high", "ceiling"]
    assert opened.names() == ranked
    once, twice, thrice = orders(opened, head)
    assert once == best_first
    assert twice == [*reversed(best_first[:3]), "ceiling"]
    assert thrice == ranked
    heads(opened, head).click()
    assert opened.page.locator("table").first.locator("th[aria-sort]").get_attribute("aria-sort") == spoken
    heads(opened, "rank").click()
    assert opened.names() == ranked
    assert opened.page.locator("table").first.locator("th[aria-sort]").inner_text().startswith("rank")
    assert opened.said == []


def test_names_that_look_like_numbers_are_sorted_as_names(leaderboards, browser, tmp_path, monkeypatch):
    monkeypatch.chdir(leaderboards)
    found = board(TASK)
    rows = [row.model_copy(update={"row": name}) for row, name in zip(found.blocks[0].rows, ("None", "10", "9"), strict=True)]
    page = written(found.model_copy(update={"blocks": (changed(found, rows=tuple(rows)),)}), leaderboards, tmp_path)
    ranked = ["None", "10", "9", "ceiling"]
    assert orders(Opened(browser, page), "row") == [["9", "10", "None", "ceiling"], ranked, ranked]


def test_values_on_both_sides_of_the_references_are_sorted_by_distance(leaderboards, browser, tmp_path, monkeypatch):
    monkeypatch.chdir(leaderboards)
    found = board(TASK)
    rows = []
    for row, value in zip(found.blocks[0].rows, (0.7, 1.1, 2.0), strict=True):
        cell = row.cells["duration-ratio"].model_copy(update={"value": value, "reference_value": 1.0})
        rows.append(row.model_copy(update={"cells": {**row.cells, "duration-ratio": cell}}))
    page = written(found.model_copy(update={"blocks": (changed(found, rows=tuple(rows)),)}), leaderboards, tmp_path)
    assert orders(Opened(browser, page), "duration-ratio")[0] == ["middle", "low", "high", "ceiling"]


def test_a_row_links_to_its_report_if_the_submitter_gave_one(leaderboards, browser):
    links = Opened(browser, leaderboards / "site" / PAGE).page.locator("th a", has_text="clips")
    assert [(link.get_attribute("href"), link.get_attribute("rel")) for link in links.all()] == [(REPORT, "nofollow noopener")]


def test_a_copied_row_has_complete_numbers(leaderboards, browser):
    opened = Opened(browser, leaderboards / "site" / PAGE)
    copied, text, values = opened.page.evaluate(
        """() => {
          const row = document.querySelector("table tbody tr");
          getSelection().selectAllChildren(row);
          const values = [...row.querySelectorAll("b")].map((value) => value.textContent);
          return [getSelection().toString(), row.textContent, values];
        }"""
    )
    assert len(values) == 3
    for words in (copied.split(), text.split()):
        assert words[:2] == ["1", "low"]
        assert set(values) < set(words)
        assert words[words.index(values[1]) + 1].startswith("#")


def test_the_third_click_restores_the_order_of_a_paper(leaderboards, browser):
    opened = Opened(browser, leaderboards / "site" / "slrtp2025/text-to-pose/test.html")
    paper = ["Ground Truth", "Team 1 (USTC-MoE)", "Team 2 (hfut-lmc)", "Team 3 (Hacettepe)", "Progressive Transformer"]
    assert opened.names() == paper
    once, twice, thrice = orders(opened, "Total Distance")
    assert once == [paper[0], paper[3], paper[1], paper[4], paper[2]]  # from 1.000: 0.798, 1.631, 0.257, 2.512
    assert twice == list(reversed(once))
    assert thrice == paper


def test_a_label_without_the_model_has_the_model_below_it(leaderboards, browser):
    opened = Opened(browser, leaderboards / "site" / PAGE)
    assert opened.names(2) == ["Ours"]
    assert "Model" in opened.page.locator("tr.published th").inner_text().split()


def test_a_first_rank_is_highlighted_only_if_some_row_is_worse(leaderboards, browser):
    opened = Opened(browser, leaderboards / "site" / PAGE)
    tables = opened.page.locator("table")
    assert tables.nth(0).locator(".rank.first").count() == 3
    assert opened.names(1) == ["copy"]
    assert tables.nth(1).locator(".rank").count() > 0
    assert tables.nth(1).locator(".rank.first").count() == 0


def test_no_button_of_a_chart_sends_data(leaderboards, browser):
    opened = Opened(browser, leaderboards / "site" / PAGE)
    opened.page.wait_for_selector("#plane .modebar-btn", state="attached")
    for chart in ("intervals", "plane"):
        buttons = opened.page.locator(f"#{chart} .modebar-btn").evaluate_all("all => all.map((each) => each.dataset.title)")
        assert buttons == ["Download plot as a PNG", "Zoom", "Pan", "Reset axes"]
    assert opened.page.locator("text=Share chart").count() == 0
    assert opened.page.locator("a[href*=plot]").count() == 0
    assert opened.page.evaluate("fetch('https://example.org').then(() => 'sent', () => 'refused')") == "refused"
    assert any("Content Security Policy" in said for said in opened.said)


def test_the_security_policy_of_every_page_forbids_sending_data(leaderboards):
    for path in (leaderboards / "site").rglob("*.html"):
        policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', path.read_text(encoding="utf-8"))
        assert policy is not None
        assert {"connect-src 'none'", "form-action 'none'"} <= set(policy[1].split("; "))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["index.html", PAGE, f"{OTHERS[1]}/test.html"])
def test_every_text_has_enough_contrast_in_both_color_schemes(leaderboards, browser, name, scheme):
    opened = Opened(browser, leaderboards / "site" / name, scheme=scheme)
    if name != "index.html":
        opened.page.wait_for_selector("#plane .point")
    dark = opened.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 21, 26)"
    assert dark == (scheme == "dark")
    seen, poor = opened.page.evaluate(CONTRASTS)
    assert seen > 20
    assert poor == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE])
def test_ceiling_and_chance_are_readable_in_the_head_of_their_column(leaderboards, browser, size, scheme, tmp_path, monkeypatch):
    monkeypatch.chdir(leaderboards)
    found = board(TASK)
    block = found.blocks[0]
    levels = {name: Level(value=value, interval=None, clips=40) for name, value in (("ceiling", 0.9417), ("chance", 0.012345))}
    columns = (block.columns[0].model_copy(update=levels), *block.columns[1:])
    cells = [{name: cell.model_copy(update={"between": 0.6181}) for name, cell in row.cells.items()} for row in block.rows]
    rows = tuple(row.model_copy(update={"cells": own}) for row, own in zip(block.rows, cells, strict=True))
    page = written(found.model_copy(update={"blocks": (changed(found, columns=columns, rows=rows),)}), leaderboards, tmp_path)
    opened = Opened(browser, page, size=size, scheme=scheme)
    key = opened.page.locator("thead th.number .key").nth(1)
    assert " ".join(key.inner_text().split()) == "chance 0.0123, ceiling 0.9417"
    for part in key.locator(".whole").all():
        assert part.bounding_box()["height"] < 20, "it is on one line"
    assert opened.page.evaluate("[...document.querySelectorAll('thead th')].every(head => head.scrollWidth <= head.clientWidth)")
    assert opened.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert opened.page.evaluate(CONTRASTS)[1] == []
    assert opened.page.locator("td .span[title='0.62 of the way from chance to ceiling']").count() > 0
    assert opened.said == []


def test_charts_follow_a_change_of_the_color_scheme(leaderboards, browser):
    opened = Opened(browser, leaderboards / "site" / PAGE)
    opened.page.wait_for_selector("#plane .point")
    opened.page.emulate_media(color_scheme="dark")
    opened.page.wait_for_function(
        "getComputedStyle(document.querySelector('#plane .main-svg')).backgroundColor === 'rgb(23, 30, 37)'"
    )


def test_the_filter_leaves_matching_rows(leaderboards, browser):
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


def test_rows_that_were_measured_differently_and_published_rows_are_separate(leaderboards, browser):
    opened = Opened(browser, leaderboards / "site" / PAGE)
    assert opened.names(1) == ["copy"]
    assert "the references themselves" in opened.page.inner_text(".apart")
    assert opened.names(2) == ["Ours"]
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
    block = changed(found, rows=(hostile, *others), columns=(column, *found.blocks[0].columns[1:]), reasons=(HOSTILE,))
    printed = table.rows[0].model_copy(update={"row": HOSTILE, "model": HOSTILE, "under": HOSTILE, "note": HOSTILE})
    evil = found.model_copy(
        update={"blocks": (block,), "published": (table.model_copy(update={"rows": (printed,), "notes": (HOSTILE,)}),)}
    )
    written(evil, leaderboards, tmp_path)
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


def test_a_published_number_in_another_unit_is_left_out_of_charts(leaderboards, monkeypatch):
    monkeypatch.chdir(leaderboards)
    found = board(TASK)
    assert {point["kind"] for point in charts(found)["points"]} == {"measured", "anchor", "published"}
    table = found.published[0]
    columns = tuple(column.model_copy(update={"unit": "%"}) for column in table.columns)
    other = charts(found.model_copy(update={"published": (table.model_copy(update={"columns": columns}),)}))
    (point,) = (point for point in other["points"] if point["kind"] == "published")
    assert list(point["values"]) == ["fvd"]


def test_a_site_without_its_libraries_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr("signbench.pages.house.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"jinja2 and plotly.*signbench\[report\]"):
        build(tmp_path / "site")
