"""The check of entries from untrusted sources: each mistake and each trick, with its message."""

from __future__ import annotations

import json
import pickle
import shutil

import pytest
import yaml

from signbench.errors import InputError
from signbench.leaderboard.checking import check, check_entry
from signbench.leaderboard.entries import MOST_BYTES
from tests.ci.simulated_runs import CARD
from tests.leaderboard.rows import METRICS, TASK, resealed, rewritten, run_of, small_task, submit, write_task

__all__ = ["small_task"]

pytestmark = pytest.mark.usefixtures("small_task")


@pytest.fixture
def entry(tmp_path):
    return submit(run_of("model"), tmp_path / "leaderboards")


def reported(folder):
    """The problems that the check reports of an entry."""
    return [f"{problem.kind}: {problem.what}" for problem in check_entry(folder)]


def edited(folder, change):
    """Changes an entry's result."""
    path = folder / "result.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


def better(content):
    content["scores"][0]["value"] *= 0.5


def test_a_hand_edited_score_is_found(entry):
    edited(entry, better)
    said = reported(entry)
    assert any(line.startswith("digest: result.json is not the file") for line in said)
    assert any("score: result.json: l1: value is" in line and "but the records give" in line for line in said)


def test_a_hand_edited_score_is_found_even_with_correct_digests(entry):
    edited(entry, better)
    resealed(entry)
    (line,) = reported(entry)
    assert line.startswith("score: result.json: l1: value is")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda content: content["scores"][0]["interval"].__setitem__(0, 0.0), r"l1: interval\[0\] is 0, but"),
        (lambda content: content["scores"][1].update(coverage=0.5), "ssim: coverage is 0.5"),
        (lambda content: content["scores"][0].update(value=content["scores"][0]["value"] * (1 + 1e-8)), "l1: value"),
        (lambda content: content.update(expected_clips=41), "expected_clips is 41"),
        (lambda content: content["protocol"].update(frames="resample"), "protocol.frames is 'resample'"),
    ],
)
def test_everything_that_does_not_follow_from_the_records_is_found(entry, change, said):
    import re

    edited(entry, change)
    resealed(entry)
    assert any(re.search(said, line) for line in reported(entry)), reported(entry)


def test_rounding_differences_of_another_machine_pass(entry):
    edited(entry, lambda content: content["scores"][0].update(value=content["scores"][0]["value"] * (1 + 1e-12)))
    resealed(entry)
    assert reported(entry) == []


def test_a_signature_that_does_not_match_the_records_is_explained(entry):
    def resampled(content):
        content["scores"][0]["signature"] = content["scores"][0]["signature"].replace("frames:equal", "frames:resample")

    edited(entry, resampled)
    resealed(entry)
    assert any("the rule for sides with different lengths: equal against resample" in line for line in reported(entry))
    edited(entry, lambda content: content["scores"][0].update(signature="none"))
    resealed(entry)
    assert any("the signature of l1 is invalid" in line for line in reported(entry))


@pytest.mark.parametrize("name", ["result.json", "records.parquet"])
def test_a_replaced_file_is_found(entry, tmp_path, name):
    other = submit(run_of("other", 0.3, seed=9), tmp_path / "elsewhere")
    shutil.copy(other / name, entry / name)
    assert any(line.startswith(f"digest: {name} is not the file that entry.yaml was written for") for line in reported(entry))
    resealed(entry)
    assert any("but the records give" in line or "predictions_sha256" in line for line in reported(entry))


def test_a_subset_is_found(entry):
    edited(entry, lambda content: content.update(subset={"limit": 20, "clips": None}))
    assert any("clips: it covers only a subset of the clips" in line for line in reported(entry))


def test_an_old_task_version_is_found(entry, tmp_path):
    write_task(tmp_path, version=2)
    assert "task: it was measured on version 1 of tiny/text-to-video, which is at version 2" in reported(entry)


def test_clips_of_another_task_are_found(entry, tmp_path):
    write_task(tmp_path, clips=tuple(f"other-{number}" for number in range(40)))
    assert "clips: its 40 clips are not those of the task's split test" in reported(entry)


def test_another_protocol_is_found(entry, tmp_path):
    write_task(tmp_path, length="resample")
    assert "task: it was not measured with the task's protocol" in reported(entry)


def test_a_metric_that_the_task_lacks_is_found_and_a_new_extended_one_of_the_task_is_not_required(entry, tmp_path):
    write_task(tmp_path, metrics=("l1", "ssim"))
    assert "signature: the task has no metric duration-ratio" in reported(entry)
    write_task(tmp_path, metrics=("l1", "ssim", "duration-ratio"), extended=("psnr",))
    assert reported(entry) == []


@pytest.mark.parametrize("lacking", [("ssim",), ("ssim", "duration-ratio"), ("l1",), ("l1", "ssim", "duration-ratio")])
def test_a_row_without_a_core_metric_is_refused_and_the_metric_is_named(tmp_path, lacking):
    metrics = tuple(metric for metric in METRICS if metric not in lacking) or ("psnr",)
    write_task(tmp_path, metrics=metrics)
    entry = submit(run_of("model", metrics=metrics), tmp_path / "leaderboards")
    write_task(tmp_path)
    (line,) = (line for line in reported(entry) if "core metrics of the task were not measured" in line)
    assert all(metric in line for metric in lacking)


@pytest.mark.parametrize("name", ["entry.yaml", "result.json", "records.parquet"])
def test_a_link_is_refused(entry, tmp_path, name):
    (entry / name).rename(tmp_path / "outside")
    (entry / name).symlink_to(tmp_path / "outside")
    assert f"path: {name} is a link, which can point outside the folder" in reported(entry)


def test_a_folder_that_is_a_link_is_refused(entry, tmp_path):
    moved = tmp_path / "outside"
    entry.rename(moved)
    entry.symlink_to(moved)
    report = check(tmp_path / "leaderboards")
    assert [problem.what for problem in report.problems] == ["it is a link, which can point outside the folder"]


@pytest.mark.parametrize(
    ("field", "value"), [("task", "../../etc"), ("task", "/etc"), ("split", "../test"), ("row", "../../model"), ("task", "a\\b")]
)
def test_a_path_that_leaves_the_folder_is_refused(entry, field, value):
    rewritten(entry, **{field: value})
    (line,) = (line for line in reported(entry) if line.startswith("card"))
    assert f"field {field} is" in line


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "a\x1b[2J", 'x" onmouseover="alert(1)'])
def test_a_script_in_its_name_is_refused(entry, name):
    rewritten(entry, row=name)
    assert any(line.startswith("card: entry.yaml: field row is") for line in reported(entry))


@pytest.mark.parametrize("field", ["licence", "contact", "citation"])
def test_a_script_elsewhere_is_refused(entry, field):
    rewritten(entry, **{field: "<img src=x onerror=alert(1)>"})
    assert any(f"field {field} is" in line and "contains < or >" in line for line in reported(entry))


def test_a_pickle_is_refused_under_any_name_and_is_not_opened(entry, tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    content = pickle.dumps(Trap())
    for name in ("weights.pkl", "notes.txt"):
        (entry / name).write_bytes(content)
        assert f"file: {name} is a pickle, which can run code when it is opened" in reported(entry)
        (entry / name).unlink()
    (entry / "records.parquet").write_bytes(content)
    assert "file: records.parquet is a pickle, which can run code when it is opened" in reported(entry)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("name", ["notes.txt", ".hidden"])
def test_any_other_file_is_refused(entry, name):
    (entry / name).write_text("mine")
    assert f"file: {name} is not part of an entry, which consists of entry.yaml, result.json, records.parquet" in reported(entry)


def test_a_folder_within_and_a_missing_file_are_refused(entry):
    (entry / "more").mkdir()
    (entry / "result.json").unlink()
    said = reported(entry)
    assert "file: more is a folder, and an entry has no folders" in said
    assert "file: result.json is missing" in said


def test_an_entry_that_is_too_large_is_refused_without_being_read(entry):
    with (entry / "result.json").open("ab") as stream:
        stream.truncate(MOST_BYTES + 1)
    assert any("it has 8.0 MB, and the limit is 8 MB" in line for line in reported(entry))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a: &a [x]\nb: *a\n", "has a reference"),
        ("- 1\n", "is not a leaderboard entry"),
        ("entry_version: 2\n", "newer signbench"),
        ("row: [\n", "is not YAML"),
        ("row: a\nrow: b\n", "duplicate field row"),
        ("row: a\n", "is missing"),
    ],
)
def test_an_invalid_card_is_refused(entry, content, said):
    (entry / "entry.yaml").write_text(content)
    assert any(said in line for line in reported(entry)), reported(entry)


@pytest.mark.parametrize("content", [b"", b"PAR1 no parquet at all PAR1", b"{}"])
def test_invalid_records_are_refused(entry, content):
    (entry / "records.parquet").write_bytes(content)
    assert any(line.startswith("records: records.parquet") for line in reported(entry))


@pytest.mark.parametrize("content", ["{", "[" * 100_000, '{"schema_version": 2}', "[]"])
def test_an_invalid_result_is_refused(entry, content):
    (entry / "result.json").write_text(content)
    assert any(line.startswith("result: result.json") for line in reported(entry))


def table(folder, change):
    """Rewrites an entry's records, column by column."""
    import pyarrow as arrow
    from pyarrow import parquet

    path = folder / "records.parquet"
    found = parquet.read_table(path)
    columns = {name: found.column(name).to_pylist() for name in found.schema.names}
    change(columns)
    kinds = {field.name: field.type for field in found.schema}
    made = arrow.table({name: arrow.array(values, kinds[name]) for name, values in columns.items()})
    parquet.write_table(made.replace_schema_metadata(found.schema.metadata), path)
    resealed(folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda columns: columns["record"].__setitem__(0, b'{"sum": ["|O8", []]}\n12345678'), "does not hold the records"),
        (lambda columns: columns["record"].__setitem__(0, b"no record"), "does not hold the records"),
        (lambda columns: columns["record"].__setitem__(0, b"x" * 5000), "does not hold the records"),
        (lambda columns: columns["record"].__setitem__(0, b"x" * 100_000), "more than 65,536 bytes"),
        (lambda columns: columns["record"].__setitem__(0, b'{"sum": ["<f8", []]}\n12345678'), "cannot be folded"),
        (lambda columns: columns["clip"].__setitem__(0, "other"), "not one for each clip and metric"),
        (lambda columns: columns["record"].__setitem__(0, None), "but the records give"),
    ],
)
def test_records_that_were_tampered_with_are_refused(entry, change, said):
    table(entry, change)
    assert any(said in line for line in reported(entry)), reported(entry)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "verified"}, "kind: verified and verified_with belong together"),
        ({"kind": "anchor"}, "its generator does not see the references"),
        ({"kind": "published"}, "field kind cannot be 'published'"),
        ({"predictions_sha256": "0" * 64}, "predictions_sha256 is not the digest of the productions"),
        ({"licence": ""}, "field licence is ''"),
        ({"contact": None}, "field contact cannot be None"),
        ({"generator": None}, "the generator's card is not the one in result.json"),
        ({"references": "own copy"}, "references: own copy is not what result.json says"),
        ({"split": "dev"}, "belongs in tiny/text-to-video/dev/model, but is not there"),
        ({"row": "another"}, "belongs in tiny/text-to-video/test/another, but is not there"),
        ({"task": "tiny/nothing"}, "the task tiny/nothing cannot be read"),
        ({"split": "train"}, "is not scored on a split train"),
        ({"sha256": {}}, "needs the digests of result.json and records.parquet"),
        ({"more": 1}, "field more is not one of an entry"),
    ],
)
def test_a_card_that_contradicts_the_other_files_is_found(entry, changes, said):
    rewritten(entry, **changes)
    assert any(said in line for line in reported(entry)), reported(entry)


def test_an_anchor_that_pretends_to_be_a_submission_is_found(tmp_path):
    folder = submit(run_of("ceiling", card={**CARD, "sees": "references"}), tmp_path / "leaderboards")
    assert reported(folder) == []
    rewritten(folder, kind="measured")
    assert "card: its generator sees the references, so it is an anchor, not a measured row" in reported(folder)


def test_all_problems_of_all_entries_are_reported_at_once(entry, tmp_path):
    boards = tmp_path / "leaderboards"
    other = submit(run_of("other", seed=4), boards)
    edited(entry, better)
    (other / "notes.txt").write_text("mine")
    (boards / TASK / "stray.bin").write_bytes(b"")
    (boards / "README.md").write_text("fine")
    report = check(boards)
    assert report.entries == (str(entry), str(other))
    assert {problem.entry for problem in report.problems} == {str(entry), str(other), str(boards / TASK)}
    document = json.loads(json.dumps(report.as_json()))
    assert all(set(problem) == {"entry", "kind", "what", "remedy", "message"} for problem in document["problems"])


def test_duplicates_are_found_in_a_folder_and_of_a_single_entry(entry):
    copy = entry.with_name("copy")
    shutil.copytree(entry, copy)
    rewritten(copy, row="copy")
    both = [problem.what for problem in check(entry.parents[3]).problems if problem.kind == "duplicate"]
    alone = [problem.what for problem in check(copy).problems if problem.kind == "duplicate"]
    assert both == [f"{copy} has the same predictions"]
    assert alone == [f"{entry} has the same predictions"]


def test_what_a_maintainer_should_know_is_noted(entry):
    rewritten(entry, kind="verified", verified_with="1")
    report = check(entry)
    assert report.problems == ()
    assert "says that it is verified" in report.notes[0]


def test_an_entry_that_was_moved_aside_is_not_checked(entry, tmp_path):
    submit(run_of("model", seed=3), tmp_path / "leaderboards", replace=True)
    report = check(tmp_path / "leaderboards")
    assert report.problems == ()
    assert "was moved aside" in report.notes[0]


def test_a_folder_without_an_entry_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="has no entry"):
        check(tmp_path / "empty")
    with pytest.raises(InputError, match="is not a folder"):
        check(tmp_path / "nowhere")


def test_random_weights_are_found(entry):
    def random(content):
        content["scores"][0]["signature"] = content["scores"][0]["signature"].replace("reader:", "reader:i3d+random+")

    edited(entry, random)
    assert any("used random weights" in line for line in reported(entry))


def test_the_card_is_plain_yaml(entry):
    content = yaml.safe_load((entry / "entry.yaml").read_text())
    assert content["kind"] == "measured"
    assert content["predictions_sha256"] != content["sha256"]["result.json"]
