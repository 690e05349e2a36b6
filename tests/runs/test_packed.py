"""The packed form of a run: what it keeps, what it leaves out, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from signbench.errors import InputError
from signbench.runs import packed
from signbench.runs.fold import fold
from signbench.runs.measured_run import MeasuredRun
from signbench.runs.packed import pack_run, read_packed
from signbench.runs.plan import Measured
from tests.ci.simulated_runs import normal, simulated, with_spread

CLIPS = 40


def opened(content, folder):
    path = folder / "records.parquet"
    path.write_bytes(content)
    return read_packed(path, "pack it again")


@pytest.mark.parametrize("lacking", [(), (3, 7)])
def test_a_packed_run_says_what_the_run_said(tmp_path, lacking):
    run = simulated({"l1": normal(1, CLIPS), "dtw": normal(3, CLIPS)}, "run", lacking=lacking, clusters=list("ab") * 20)
    found = opened(pack_run(run), tmp_path)
    again = found.run("run", run.result)
    assert fold(found.plan, found.store) == run.result
    assert (found.plan.references, found.plan.predictions, found.provenance) == (None, None, "here")
    assert (found.plan.clips, found.plan.clusters, found.plan.keys) == (run.plan.clips, run.plan.clusters, run.plan.keys)
    for name, measured in run.metrics.items():
        assert again.metrics[name].recorded == measured.recorded
        for clip in run.plan.clips:
            assert found.store.failure(clip, measured.key) == run.store.failure(clip, measured.key)
            ours, theirs = run.store.record(clip, measured.key), found.store.record(clip, measured.key)
            assert (ours is None) == (theirs is None)
            assert all(np.array_equal(value, theirs[field]) for field, value in (ours or {}).items())
            assert found.store.row(clip).lengths == run.store.row(clip).lengths
    assert found.references().keys() == set(run.plan.clips)


@pytest.mark.parametrize("large", [True, False])
def test_a_run_that_was_unpacked_is_packed_into_the_same_bytes(tmp_path, monkeypatch, large):
    with_spread(monkeypatch)
    if large:
        monkeypatch.setattr(packed, "MOST_RECORD_BYTES", 10)
    run = simulated({"l1": normal(1, CLIPS), "spread": normal(2, CLIPS)}, "run", lacking=(3,))
    content = pack_run(run)
    found = opened(content, tmp_path)
    assert set(found.left_out) == ({"spread"} if large else set())
    assert pack_run(found.run("another label", run.result)) == content


def test_scores_through_several_judges_keep_their_names(tmp_path, monkeypatch):
    judges = {"l1": "l1@nearest", "dtw:variant=pt": "dtw:variant=pt@st-gcn+2"}
    run = simulated({name: normal(1, CLIPS) for name in judges}, "run")
    monkeypatch.setattr(Measured, "name", property(lambda item: judges[item.metric.canonical]))
    scores = tuple(score.model_copy(update={"metric": judges[score.metric]}) for score in run.result.scores)
    result = run.result.model_copy(update={"scores": scores})
    judged = MeasuredRun(label="run", plan=run.plan, result=result, store=run.store)
    found = opened(pack_run(judged), tmp_path).run("run", result)
    assert list(found.metrics) == list(judges.values())
    assert all(measured.recorded == set(run.plan.clips) for measured in found.metrics.values())


def test_only_distances_between_distributions_go_without_their_records(tmp_path, monkeypatch):
    monkeypatch.setattr(packed, "MOST_RECORD_BYTES", 10)
    run = simulated({"l1": normal(1, CLIPS)}, "run")
    found = opened(pack_run(run), tmp_path)
    assert found.left_out == {}
    assert found.store.record("clip-0000", run.plan.keys[0]) is not None


def test_a_record_beyond_all_bounds_is_refused_with_its_metric_and_clip(monkeypatch):
    monkeypatch.setattr(packed, "_MOST_CELL_BYTES", 10)
    with pytest.raises(InputError, match=r"l1: the record of clip clip-0000 has .* bytes, .* keep at most 10; measure without"):
        pack_run(simulated({"l1": normal(1, CLIPS)}, "run"))


def with_metadata(content, change):
    """The file with other metadata."""
    import pyarrow as arrow
    from pyarrow import parquet

    table = parquet.read_table(arrow.BufferReader(content))
    about = json.loads(table.schema.metadata[b"signbench"])
    change(about)
    stream = arrow.BufferOutputStream()
    parquet.write_table(table.replace_schema_metadata({b"signbench": json.dumps(about).encode()}), stream)
    return stream.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda about: about.update(records_version=3), "was written by a newer signbench; update signbench to read it"),
        (
            lambda about: about.update(records_version=1),
            "was written by an older signbench, which .* again and pack it again",
        ),
        (lambda about: about.update(records_version="two"), "is not a packed run, .*: it has no records_version; pack it again"),
        (lambda about: about.pop("keys"), "does not hold the records of a run: 'keys'; pack it again"),
        (lambda about: about["run"]["clips"].reverse(), "its clips are not in order"),
        (lambda about: about["keys"].pop("l1"), "rows for 40 clips and 0 metrics"),
        (lambda about: about["run"]["measured"][0].update(metric="l2"), "there is no metric l2"),
    ],
)
def test_something_other_than_a_packed_run_is_refused_with_what_to_do(tmp_path, change, said):
    content = pack_run(simulated({"l1": normal(1, CLIPS)}, "run"))
    with pytest.raises(InputError, match=said):
        opened(with_metadata(content, change), tmp_path)


def test_records_of_another_revision_are_left_alone(tmp_path):
    run = simulated({"l1": normal(1, CLIPS), "dtw": normal(2, CLIPS)}, "run")
    content = with_metadata(pack_run(run), lambda about: about["keys"].update(dtw="dtw||1|pose-1"))
    found = opened(content, tmp_path)
    assert found.foreign == ("dtw",)
    measured = found.run("run", run.result).metrics
    assert (measured["dtw"].of_another_revision, measured["l1"].of_another_revision) == (True, False)


def test_a_file_that_is_not_a_table_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"is not a Parquet file .*; pack it again"):
        opened(b"nothing", tmp_path)
    with pytest.raises(InputError, match=r"does not hold the records of a run: .*; pack it again"):
        read_packed(tmp_path / "nowhere.parquet", "pack it again")
