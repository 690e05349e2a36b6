"""Key points that a judge found, over the videos of a player."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import yaml

import signbench
from signbench.media.layouts import layout
from signbench.media.pose import Pose
from signbench.media.video import probe_video
from signbench.metrics.pairs import PosePair
from signbench.report.asked import asked, wanted
from signbench.report.choice import values_of
from signbench.report.found_points import drawn_over, found_points
from signbench.report.page import write_report
from signbench.report.sources import sources_of
from signbench.runs.measured_run import measured_run
from signbench.tasks.loading import task
from tests.browser import Opened
from tests.clips import swaying_pose

KIND = layout("coco-wholebody-133")


def shoulders_at(left, right, frames=4, picture=(128, 128)):
    """Key points of which only the shoulders, and so a neck, are seen."""
    points, sure = np.zeros((frames, len(KIND.joints), 2), np.float32), np.zeros((frames, len(KIND.joints)), np.float32)
    for joint, position in (("left_shoulder", left), ("right_shoulder", right)):
        points[:, KIND.index([joint])[0]], sure[:, KIND.index([joint])[0]] = position, 1.0
    return Pose(points, sure, KIND, 25.0, picture=picture)


def centre(picture):
    rows, columns = np.nonzero(picture.max(axis=2) > 80)
    return columns.mean() / picture.shape[1], rows.mean() / picture.shape[0]


@pytest.mark.parametrize(
    ("picture", "size", "shape"),
    [((128, 128), (128, 128), (256, 256)), ((128, 128), (260, 210), (260, 210)), ((640, 480), (90, 120), (270, 360))],
)
def test_points_lie_where_they_were_found_at_any_size(picture, size, shape):
    width, height = picture
    pose = shoulders_at((0.75 * width, 0.5 * height), (0.25 * width, 0.5 * height), picture=picture)
    drawn = list(drawn_over(pose, size, 4))
    assert [one.shape for one in drawn] == [(*shape, 3)] * 4
    assert centre(drawn[0]) == pytest.approx((0.5, 0.5), abs=0.02)
    moved = shoulders_at((0.75 * width, 0.25 * height), (0.25 * width, 0.25 * height), picture=picture)
    assert centre(next(drawn_over(moved, size, 1)))[1] == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize("frames", [1, 5, 10, 25])
def test_frames_are_spread_from_the_first_to_the_last(frames):
    pose = swaying_pose(10)
    shown = replace(pose, points=pose.points[..., :2] / 4, picture=(128, 128))
    drawn = list(drawn_over(shown, (128, 128), frames))
    every = list(drawn_over(shown, (128, 128), 10))
    assert len(drawn) == frames
    assert np.array_equal(drawn[0], every[0])
    assert frames == 1 or np.array_equal(drawn[-1], every[-1])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of two videos whose task compares key points that the shipped estimator finds."""
    folder = tmp_path_factory.mktemp("found")
    fields = task("synthsign/reconstruction").model_dump(mode="json")
    fields["metrics"] = [item for item in fields["metrics"] if item["metric"] == "l1" or item["on"] == "pose-estimator"]
    fields["metrics"][0]["headline"] = True
    path = folder / "tasks" / "synthsign" / "reconstruction.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(yaml.safe_dump(fields), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("SIGNBENCH_CACHE", str(folder / "cache"))
        signbench.run("synthsign/reconstruction", "first-frame", limit=2, out=folder / "run", workers=1)
        yield folder / "run"


def test_they_are_those_that_the_metric_compared(run):
    with measured_run(run) as opened:
        sources = sources_of(opened, run)
        use = asked(opened, sources, "pose")
        assert list(use.metrics) == ["pose-estimator, pose"] and use.notes == []
        assert wanted(use.metrics, use.metrics["pose-estimator, pose"]) == ("pose",)
        found = found_points(opened, sources, opened.plan.clips)
        assert found.judge == "pose-estimator" and set(found.of_clip) == set(opened.plan.clips)
        for clip, pair in found.of_clip.items():
            assert pair.reference.picture == pair.production.picture == (128, 128)
            compared = opened.metrics["ape@pose-estimator"]
            of_pair = PosePair(pair.production, pair.reference, pair.production, pair.reference)
            record = compared.metric.inner.record([of_pair])
            assert compared.metric.clip_value(record) == pytest.approx(values_of(compared)[clip])
        assert asked(opened, sources, "text").metrics == {}


def test_a_player_lays_them_over_the_videos_on_demand(run, browser, tmp_path):
    page = write_report([run], tmp_path / "report")
    opened = Opened(browser, page)
    player = opened.page.locator(".player").first
    player.scroll_into_view_if_needed()
    over = player.locator(".found")
    assert [each.is_visible() for each in over.all()] == [False, False]
    player.get_by_label("Key points that pose-estimator finds").check()
    assert [each.is_visible() for each in over.all()] == [True, True]
    opened.page.wait_for_function(
        "[...document.querySelectorAll('.player')[0].querySelectorAll('video')].every(v => v.readyState >= 2)"
    )
    for panel in ("reference", "run-1"):
        video, points = (probe_video(page.parent / "videos" / f"001-{panel}{more}.mp4") for more in ("", "-found"))
        assert (points.frames, points.fps) == (video.frames, video.fps)
        assert (points.height, points.width) == (256, 256)
    assert opened.said == []
