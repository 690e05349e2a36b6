"""What metrics are declared to see holds on SynthSign, and on real signing."""

from __future__ import annotations

import json

import numpy as np
import pytest

from signbench.errors import InputError, NotComparableError
from signbench.judges import registry
from signbench.media.pose_files import write_pose
from signbench.media.video_writer import write_video
from signbench.metrics.registry import METRICS, create, metric_class
from signbench.sensitivity import sources, tables
from signbench.sensitivity.declared import DECLARED, JUDGED, UNCHANGED, Expectation
from signbench.sensitivity.degradations import KEY_POINTS, VIDEO, DegradedModality
from signbench.sensitivity.matrix import Cell, Matrix, sensitivity
from tests.clips import moving_square, swaying_pose

NAMES: dict[DegradedModality, list[str]] = {"video": [one.name for one in VIDEO], "key points": [one.name for one in KEY_POINTS]}
EVERY_CELL = [
    (modality, metric, degradation) for modality in NAMES for metric in DECLARED[modality] for degradation in NAMES[modality]
]

JUDGED_CELLS = [
    (modality, metric, degradation) for modality in NAMES for metric in JUDGED[modality] for degradation in NAMES[modality]
]


def cell_id(cell):
    return " / ".join(cell)


def found(matrix, cell):
    return next(one for one in matrix.cells if (one.modality, one.metric, one.degradation) == cell)


def assert_kept(cell):
    at = f"{cell.metric} under {cell.degradation}: a perfect copy has {cell.undegraded}, the four strengths {cell.values}"
    assert cell.kept, f"{at}, which is not {cell.declared.word}"


# --- what is declared ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("modality", list(NAMES))
def test_every_metric_declares_every_degradation_of_its_modality(modality):
    wanted = set(NAMES[modality])
    declared = {**DECLARED[modality], **JUDGED[modality]}
    assert [metric for metric, cells in declared.items() if set(cells) != wanted] == []


def test_every_metric_of_video_and_key_points_is_declared_under_its_canonical_name():
    declared = [metric for modality in DECLARED for metric in DECLARED[modality]]
    assert [create(metric).canonical for metric in declared] == declared
    wanted = {name for name in METRICS.built_in if metric_class(name).view in ("frames", "pose", "lengths")}
    assert {metric.partition(":")[0] for metric in declared} == wanted


def test_every_variant_of_dtw_is_declared():
    variants = next(parameter.choices for parameter in metric_class("dtw").parameters if parameter.name == "variant")
    assert {create(f"dtw:variant={variant}").canonical for variant in variants} <= set(DECLARED["key points"])


def test_whatever_is_not_worse_says_why():
    cells = [DECLARED[modality][metric][degradation] for modality, metric, degradation in EVERY_CELL]
    cells += [JUDGED[modality][metric][degradation] for modality, metric, degradation in JUDGED_CELLS]
    assert all(bool(cell.why) == (cell.word != "worse") for cell in cells)
    assert all(cell.tolerance == UNCHANGED for cell in cells if cell.word != "blind")


# --- what is measured ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def on_synthsign():
    return sensitivity(*sources.synthsign(3, height=96, frames=50), answers=sources.answers("synthsign", 3))


@pytest.fixture(scope="module")
def on_real_signing(real_data):
    _, videos, _ = sources.folder(real_data / "video", 1, height=128, frames=50)
    _, _, poses = sources.folder(real_data / "dgs_stitched" / "references", 8)
    return sensitivity("real signing", videos, poses)


@pytest.mark.parametrize("cell", [*EVERY_CELL, *JUDGED_CELLS], ids=cell_id)
def test_it_is_as_declared_on_synthsign(cell, on_synthsign):
    assert_kept(found(on_synthsign, cell))


@pytest.mark.parametrize("cell", EVERY_CELL, ids=cell_id)
def test_it_is_as_declared_on_real_signing(cell, on_real_signing):
    assert_kept(found(on_real_signing, cell))


def test_measuring_again_gives_the_same_numbers():
    poses = {"a": swaying_pose(20), "b": swaying_pose(20, seed=1)}
    assert sensitivity("twice", {}, poses) == sensitivity("twice", {}, poses)


def test_metrics_of_a_judge_whose_package_is_missing_are_left_out_with_a_warning(monkeypatch, caplog):
    for declared, metric in ((DECLARED, "l1"), (JUDGED, "bleu@gfslt")):
        monkeypatch.setitem(declared, "video", {metric: declared["video"][metric]})
    monkeypatch.setattr(registry, "find_spec", lambda package: None)
    name, videos, _ = sources.synthsign(3, height=64, frames=6)
    found = sensitivity(name, videos, {}, answers=sources.answers("synthsign", 3))
    assert {cell.metric for cell in found.cells} == {"l1"}
    assert "metrics through gfslt are left out: transformers is not installed; " in caplog.text


# --- cells -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "values", "kept"),
    [
        ("worse", (0.1, 0.2, 0.3, 0.4), True),
        ("worse", (0.1, 0.2, 0.2, 0.4), False),
        ("worse", (0.0, 0.2, 0.3, 0.4), False),
        ("worse", (0.1, 0.3, 0.2, 0.4), False),
        ("worse", (0.1, 0.2, 0.3, None), False),
        ("blind", (0.0, 0.0, 0.0, 1e-10), True),
        ("blind", (0.0, 0.0, 0.0, -2e-9), False),
        ("blind", (0.0, None, 0.0, 0.0), False),
        ("other", (0.1, -0.2, 0.0, 0.4), True),
        ("other", (0.1, None, 0.0, 0.4), False),
    ],
)
def test_a_cell_is_kept_only_where_every_strength_is_as_declared(word, values, kept):
    assert Cell("video", "l1", "blur", Expectation(word), 0.0, values, values).kept is kept


@pytest.mark.parametrize(
    ("metric", "degradation", "rising"),
    [("psnr", "blur", False), ("ssim", "noise", False), ("l1", "blur", True)],
)
def test_worse_goes_by_the_metrics_own_direction(metric, degradation, rising, on_synthsign):
    cell = found(on_synthsign, ("video", metric, degradation))
    assert (cell.values[3] > cell.values[0]) is rising
    assert cell.worsening[3] > cell.worsening[0] > 0


def test_for_a_metric_with_a_reference_value_worse_is_farther_from_it(on_synthsign):
    drop = found(on_synthsign, ("key points", "total-distance", "frame drop"))
    noise = found(on_synthsign, ("key points", "total-distance", "joint noise"))
    assert drop.values[3] < 1 < noise.values[3]
    assert drop.worsening[3] == pytest.approx(1 - drop.values[3])
    assert noise.worsening[3] == pytest.approx(noise.values[3] - 1)


# --- sources ---------------------------------------------------------------------------------------------------------


def test_a_folder_gives_the_clips_of_each_modality_that_it_has(tmp_path):
    for number in range(3):
        write_video(tmp_path / f"v{number}.mkv", iter(moving_square(9, height=48, width=64)), 25)
        write_pose(tmp_path / f"p{number}.pose", swaying_pose(7))
    _, videos, poses = sources.folder(tmp_path, 2, height=24, frames=5)
    assert {name: clip.shape for name, clip in videos.items()} == dict.fromkeys(("v0", "v1"), (5, 24, 32, 3))
    assert {name: clip.frames for name, clip in poses.items()} == dict.fromkeys(("p0", "p1"), 7)


def test_small_video_is_not_enlarged(tmp_path):
    write_video(tmp_path / "v.mkv", iter(moving_square(9, height=24, width=32)), 25)
    _, videos, _ = sources.folder(tmp_path)
    assert np.array_equal(videos["v"], moving_square(9, height=24, width=32))


def test_a_source_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="synthsign or a folder of clips"):
        sources.media(str(tmp_path / "none"))
    with pytest.raises(NotComparableError):
        sources.media(str(tmp_path))


# --- tables ----------------------------------------------------------------------------------------------------------


def test_a_broken_promise_is_said_in_words():
    cell = Cell("video", "l1", "blur", Expectation("worse"), 0.0, (0.1, 0.3, 0.2, 0.4), (0.1, 0.3, 0.2, 0.4))
    matrix = Matrix("made up", {"video": ("a",), "key points": ()}, (cell,))
    assert matrix.broken == (cell,)
    assert tables.as_markdown(matrix).count("worse, NOT KEPT") == 2


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "none"), (0.0, "0"), (0.012345, "0.0123"), (-0.5, "-0.5"), (12345.6, "12346"), (2e-6, "2e-06")],
)
def test_numbers_are_printed_with_three_digits(value, text):
    assert tables.number(value) == text


def test_the_matrix_as_json_holds_every_cell_with_its_strengths(on_synthsign):
    content = json.loads(json.dumps(on_synthsign.as_json(), allow_nan=False))
    assert len(content["cells"]) == len(EVERY_CELL) + len(JUDGED_CELLS)
    assert content["degradations"]["video"]["blur"]["strengths"] == [0.5, 1, 2, 4]
    assert content["cells"][0]["declared"]["word"] in ("worse", "blind", "other")
