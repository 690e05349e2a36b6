"""The report of trainings: what it says of a training's folder, and its page in a browser."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from signbench.errors import InputError
from signbench.report.training import is_training, read_training, write_training_report
from tests.browser import CONTRASTS, DESK, PHONE, Opened
from tests.cli.program import signbench

SHIPPED = Path(__file__).parents[2] / "reference_models"


@pytest.fixture
def running(tmp_path):
    """A training's folder before the first validation: no card, three epochs of two phases."""
    folder = tmp_path / "<b>running"
    folder.mkdir()
    shutil.copy(SHIPPED / "slt" / "recipe.yaml", folder)
    lines = ["phase,epoch,steps,rate,ctc,dev bleu:order=4.text", "a,1,10,0.1,5.5,", "a,2,20,0.1,nan,", "b,1,30,0.01,2.5,"]
    (folder / "curve.csv").write_text("\n".join(lines) + "\n")
    return folder


def data(page):
    """The curves in a page."""
    text = page.read_text(encoding="utf-8")
    return json.loads(text.partition('id="curve-data">')[2].partition("</script>")[0])


def test_a_finished_training_has_its_losses_its_validations_and_the_best_of_them():
    training = read_training(SHIPPED / "slt")
    assert training.losses == ["ctc", "entropy"]
    assert training.validated == ["bleu:order=4.text", "wer.gloss"]
    best = max(value for _, value in training.points("dev bleu:order=4.text") if value is not None)
    assert best == pytest.approx(training.card.training.value)


def test_a_running_training_has_curves_without_a_card(running, tmp_path):
    assert is_training(running)
    training = read_training(running)
    assert (training.card, training.losses, training.validated) == (None, ["ctc"], [])
    assert training.points("ctc") == [(10, 5.5), (20, None), (30, 2.5)]
    (found,) = data(write_training_report([running], tmp_path / "report"))
    assert found["phases"] == [{"name": "b", "steps": 20}]
    text = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    assert "not finished" in text
    assert "It has not been validated yet." in text
    assert "<b>running" not in text


def test_trainings_in_folders_of_the_same_name_can_be_told_apart(tmp_path):
    for parent in ("one", "other"):
        shutil.copytree(SHIPPED / "slt", tmp_path / parent / "slt")
    page = write_training_report([tmp_path / "one" / "slt", tmp_path / "other" / "slt"], tmp_path / "report")
    assert [each["label"] for each in data(page)] == ["slt", "slt (2)"]


@pytest.mark.parametrize(
    ("curve", "message"),
    [
        ("phase,epoch,steps,rate,ctc\n", "has not finished its first epoch"),
        ("phase,epoch,steps,rate,ctc\na,1,ten,0.1,5\n", "curve.csv is damaged"),
        ("phase,epoch,steps,rate,ctc\na,1,10,0.1,much\n", "curve.csv is damaged"),
        ("phase,epoch,rate,ctc\na,1,0.1,5\n", "curve.csv is damaged"),
        (None, "is not a training: it lacks curve.csv or recipe.yaml"),
    ],
)
def test_a_damaged_curve_is_refused(curve, message, running, tmp_path):
    path = running / "curve.csv"
    if curve is None:
        path.unlink()
    else:
        path.write_text(curve)
    with pytest.raises(InputError, match=message):
        write_training_report([running], tmp_path / "report")
    assert not (tmp_path / "report").exists()


def test_a_training_is_named_once_and_another_folder_is_not_overwritten(running, tmp_path):
    with pytest.raises(InputError, match="named twice"):
        write_training_report([running, running], tmp_path / "report")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "text").write_text("mine")
    with pytest.raises(InputError, match="other content than a report"):
        write_training_report([running], tmp_path / "mine")


@pytest.mark.end_to_end
def test_the_command_takes_trainings_and_refuses_to_mix_them_with_runs(running, tmp_path):
    ran = signbench("report", SHIPPED / "slt", SHIPPED / "nslt", "--out", "report", "--json", folder=tmp_path)
    assert json.loads(ran.stdout) == {"report": "report/index.html"}
    for words, message in (
        ([SHIPPED / "slt", tmp_path], "slt is a training; a report shows runs or trainings, not both."),
        ([SHIPPED / "slt", "--study", tmp_path], "a training has no study; give --study with a run."),
    ):
        refused = signbench("report", *words, "--out", "other", folder=tmp_path)
        assert (refused.returncode, message in refused.stderr) == (2, True)


@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (PHONE, "dark")])
def test_the_page_draws_its_curves_and_is_readable(size, scheme, running, browser, tmp_path):
    page = write_training_report([SHIPPED / "slt", SHIPPED / "nslt", running], tmp_path / "report")
    opened = Opened(browser, page, size=size, scheme=scheme)
    for chart in ("losses", "dev"):
        opened.page.wait_for_selector(f"#{chart} .plot-container")
    assert opened.page.locator("#losses .legendtext").all_text_contents() == ["slt", "nslt", "<b>running"]
    opened.page.select_option("#validated", label="wer.gloss ↓")
    assert opened.page.locator("#dev .ytitle").text_content() == "wer.gloss ↓"
    opened.page.check("#logarithmic")
    assert all(url.startswith(("file:", "data:", "blob:")) for url in opened.asked)
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= size[0]
    seen, poor = opened.page.evaluate(CONTRASTS)
    assert seen > 20
    assert poor == []
    assert opened.said == []
