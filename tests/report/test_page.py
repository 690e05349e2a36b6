"""The report in a real browser, and the files that it consists of."""

from __future__ import annotations

import re

import pytest

from signbench.errors import InputError
from signbench.media.video import probe_video
from signbench.report.page import write_report
from tests.browser import CONTRASTS, DESK, PHONE, Opened
from tests.report.small_runs import HOSTILE_CLIP, generated, measured

VIDEO, POSE, HOSTILE = "video", "pose", "hostile"


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Reports by name: two video runs, a run of key points, and a run of clips with hostile names."""
    folder = tmp_path_factory.mktemp("reports")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        videos = [generated(folder, "synthsign/reconstruction", name, 2) for name in ("first-frame", "ground-truth")]
        points = generated(folder, "synthsign/text-to-pose", "nearest", 3)
        yield {
            VIDEO: write_report(videos, folder / "reports" / VIDEO),
            POSE: write_report([points], folder / "reports" / POSE),
            HOSTILE: write_report([measured(folder / "measured")], folder / "reports" / HOSTILE),
        }


def first_player(opened):
    player = opened.page.locator(".player").first
    player.scroll_into_view_if_needed()
    opened.page.wait_for_function(
        "[...document.querySelectorAll('.player')[0].querySelectorAll('video')].every(video => video.readyState >= 2)"
    )
    return player


def times(player):
    return player.evaluate("player => [...player.querySelectorAll('.panel:not(.source) video')].map(video => video.currentTime)")


def frame(player):
    return int(player.get_attribute("data-frame"))


def test_a_report_is_a_page_with_a_style_sheet_two_scripts_and_videos(reports):
    folder = reports[VIDEO].parent
    assert sorted(path.name for path in folder.iterdir()) == ["index.html", "plotly.min.js", "report.css", "report.js", "videos"]
    text = reports[VIDEO].read_text(encoding="utf-8")
    assert "http://" not in text
    assert "https://" not in text
    assert "onclick" not in text
    for name in re.findall(r'src="(videos/[^"]+)"', text):
        assert probe_video(folder / name).frames > 0


@pytest.mark.parametrize("name", [VIDEO, POSE, HOSTILE])
@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (PHONE, "dark")])
def test_a_page_loads_nothing_from_elsewhere_reports_no_error_and_is_readable(reports, browser, name, size, scheme):
    opened = Opened(browser, reports[name], size=size, scheme=scheme)
    opened.page.wait_for_selector("#distribution .plot-container")
    first_player(opened)
    assert all(url.startswith(("file:", "data:", "blob:")) for url in opened.asked)
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= size[0]
    seen, poor = opened.page.evaluate(CONTRASTS)
    assert seen > 20
    assert poor == []
    assert opened.said == []


def test_a_video_is_shown_with_the_source_image_and_its_curves(reports, browser):
    player = first_player(Opened(browser, reports[VIDEO]))
    assert player.locator("figcaption").first.inner_text().startswith("source image")
    assert player.locator(".panel.source video").get_attribute("data-frames") == "1"
    assert player.locator("[data-do=curve] option").all_inner_texts() == ["ssim", "l1", "tcd"]


def test_names_with_markup_stay_text(reports, browser):
    opened = Opened(browser, reports[HOSTILE])
    first_player(opened)
    heads = opened.page.locator(".player > h3").all_inner_texts()
    assert HOSTILE_CLIP in heads
    assert opened.page.locator("img").count() == 0
    assert opened.page.evaluate("window.sprung") is None
    opened.page.wait_for_selector("#distribution .point")
    opened.page.locator("#distribution .point").first.hover(force=True)
    assert opened.page.evaluate("window.sprung") is None
    assert opened.said == []


def test_all_videos_of_a_player_are_at_the_same_frame(reports, browser):
    player = first_player(Opened(browser, reports[VIDEO]))
    player.locator("[aria-label='Next frame']").click()
    assert frame(player) == 1
    assert times(player) == pytest.approx([1.5 / 25] * len(times(player)), abs=1e-4)
    player.locator("[aria-label='Previous frame']").click()
    player.locator("[aria-label='Previous frame']").click()
    assert frame(player) == 0
    player.locator("input[type=range]").evaluate("range => { range.value = 20; range.dispatchEvent(new Event('input')); }")
    assert times(player) == pytest.approx([20.5 / 25] * len(times(player)), abs=1e-4)


def test_a_player_is_used_with_the_keyboard(reports, browser):
    opened = Opened(browser, reports[POSE])
    player = first_player(opened)
    player.focus()
    for key, expected in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1)):
        opened.page.keyboard.press(key)
        assert frame(player) == expected
    opened.page.keyboard.press(" ")
    assert player.locator("[data-do=play]").get_attribute("aria-label") == "Pause"
    opened.page.wait_for_function("Number(document.querySelector('.player').dataset.frame) > 4")
    opened.page.keyboard.press(" ")
    stopped = frame(player)
    opened.page.wait_for_timeout(200)
    assert frame(player) == stopped
    assert opened.said == []


def test_half_speed_is_half_the_rate_of_every_video(reports, browser):
    player = first_player(Opened(browser, reports[VIDEO]))
    player.locator("[data-do=speed]").select_option("0.5")
    player.locator("[data-do=play]").click()
    rates = player.evaluate("player => [...player.querySelectorAll('.panel:not(.source) video')].map(video => video.playbackRate)")
    assert set(rates) == {0.5}


def test_a_click_on_a_curve_goes_to_its_frame(reports, browser):
    opened = Opened(browser, reports[POSE])
    player = first_player(opened)
    box = player.locator(".plot svg").bounding_box()
    player.locator(".plot svg").click(position={"x": box["width"] / 2, "y": 20})
    last = int(player.locator("input[type=range]").get_attribute("max"))
    assert abs(frame(player) - last / 2) <= 1
    assert len(player.locator(".plot path").get_attribute("d").split("L")) == last + 1


CANVASES = """player => [...player.querySelectorAll("canvas")].map((canvas) => (canvas.hidden ? 0 : canvas.width))"""


def test_the_difference_covers_each_production(reports, browser):
    player = first_player(Opened(browser, reports[VIDEO]))
    assert player.evaluate(CANVASES) == [0, 0]
    player.locator("[data-do=difference]").check()
    assert player.evaluate(CANVASES) == [128, 128]


def test_the_references_key_points_are_laid_over_the_videos(reports, browser):
    player = first_player(Opened(browser, reports[VIDEO]))
    over = player.locator(".points")
    assert [each.is_visible() for each in over.all()] == [False] * 3
    player.locator("[data-do=points]").check()
    assert [each.is_visible() for each in over.all()] == [True] * 3


def test_a_report_of_several_runs_compares_them_under_their_names(reports, browser):
    opened = Opened(browser, reports[VIDEO])
    text = opened.page.inner_text("main")
    assert "ground-truth − first-frame" in text
    assert "ground-truth is an anchor" in text
    assert str(reports[VIDEO].parent.parent.parent) not in reports[VIDEO].read_text(encoding="utf-8")


def test_a_run_whose_clips_are_gone_still_has_a_report(tmp_path, browser):
    run = measured(tmp_path / "measured", names=("one", "two"))
    (tmp_path / "measured" / "references").rename(tmp_path / "elsewhere")
    opened = Opened(browser, write_report([run], tmp_path / "report"))
    text = opened.page.inner_text("main")
    assert "The references are not shown" in text
    assert "The reference could not be found." in text
    assert opened.said == []


def test_an_older_report_is_moved_aside_and_nothing_else_is(tmp_path):
    run = measured(tmp_path / "measured", names=("one",))
    for _ in range(2):
        write_report([run], tmp_path / "report")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["measured", "report", "report.old-1"]
    assert (tmp_path / "report" / "index.html").read_bytes() == (tmp_path / "report.old-1" / "index.html").read_bytes()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "text").write_text("mine")
    with pytest.raises(InputError, match="other content than a report"):
        write_report([run], tmp_path / "mine")
