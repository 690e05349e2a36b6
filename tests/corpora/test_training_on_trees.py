"""The whole way from a data set on disk to a metric through a judge that was trained on it."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
import yaml

from signbench.cli.main import main
from signbench.corpora.asl3dword import ASL3DWord
from signbench.corpora.phoenix14t import Phoenix14T
from signbench.scoring.train import on_corpus, recipe_for
from tests.corpora import trees

RECIPE = Path(__file__).parents[2] / "reference_models/stgcn/recipe.yaml"


@pytest.fixture
def signbench(monkeypatch, capsys, tmp_path):
    """Runs ``signbench WORDS`` in an empty folder and returns its JSON."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["signbench", *map(str, words), "--no-progress", "--json"])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        assert not ended.value.code, printed.err
        return json.loads(printed.out)

    return run


def test_a_recipe_is_adapted_to_the_splits_and_performances_of_another_corpus(tmp_path):
    recipe = recipe_for(RECIPE)
    adapted = on_corpus(recipe, ASL3DWord(trees.asl3dword(tmp_path / "asl")))
    assert (adapted.corpus, adapted.train, adapted.dev) == ("asl3dword", ("train",), "train")
    assert (recipe.data["takes"], adapted.data["takes"]) == (3, 1)
    adapted = on_corpus(recipe, Phoenix14T(trees.phoenix14t(tmp_path / "phoenix")))
    assert (adapted.train, adapted.dev) == (("train",), "dev")


@pytest.mark.end_to_end
def test_a_shipped_judge_is_fine_tuned_on_a_copy_and_a_task_is_scored_through_it(signbench, tmp_path):
    root = trees.asl3dword(tmp_path / "copy", train=24, test=12)
    recipe = yaml.safe_load(RECIPE.read_text("utf-8"))
    recipe["phases"][0] |= {"epochs": 8, "batch": 8, "validate_every": 4}
    recipe["phases"][0]["schedule"]["warmup"] = 4
    del recipe["also"]  # the five best of three words
    recipe["begin"] = "stgcn"
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe), "utf-8")
    card = signbench("train", "recipe.yaml", "--corpus", "asl3dword", "--root", root, "--out", "reference_models/stgcn-asl3dword")
    assert (card["data"]["corpus"], card["data"]["splits"]) == ("asl3dword 1", ["train"])
    assert re.fullmatch(r"stgcn-[0-9a-f]{12}, \d+ of \d+ tensors", card["training"]["begun"])
    assert str(root) not in (tmp_path / "reference_models/stgcn-asl3dword/recipe.yaml").read_text("utf-8")
    found = signbench("judges", "evaluate", "stgcn-asl3dword", "--root", root, "--split", "test", "--workers", "1")
    assert found["corpus"] == "asl3dword 1"
    made = signbench(
        *("run", "asl3dword/generation", "--generator", "nearest", "--root", root, "--workers", "1"),
    )
    scores = {item["metric"]: item for item in made["scores"]}
    assert scores["accuracy@stgcn-asl3dword"]["value"] is not None
    assert scores["accuracy@stgcn-asl3dword"]["signature"].count("judge:stgcn/") == 1


@pytest.mark.parametrize(
    ("name", "streams"),
    [
        ("signaligner", ["pose", "hamer", "smplx"]),
        ("progressive-transformers", ["pose"]),
        ("progressive-transformers-three-streams", ["pose", "hamer", "smplx"]),
    ],
)
def test_the_paper_s_recipe_of_a_sentence_generator_trains_on_phoenix14t_plus(signbench, tmp_path, name, streams):
    root = trees.phoenix14t_plus(tmp_path / "copy", length=12)
    recipe = yaml.safe_load((RECIPE.parents[1] / name / "paper.yaml").read_text("utf-8"))
    assert (recipe["corpus"], recipe["data"]["judge"]) == ("phoenix14t-plus", "slt-phoenix14t-plus")
    recipe["data"]["judge"] = "slt"  # in place of one that is trained on the data set first
    recipe["network"] = {**recipe.get("network", {}), "width": 16, "feed_forward": 16, "correction_width": 16, "longest": 20}
    recipe["phases"][0] |= {"epochs": 2, "batch": 2, "validate_every": 1}
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe), "utf-8")
    card = signbench("train", "recipe.yaml", "--root", root, "--out", f"reference_models/{name}-plus")
    assert card["data"]["corpus"] == "phoenix14t-plus 1"
    made = json.loads((tmp_path / f"reference_models/{name}-plus/config.json").read_text("utf-8"))
    assert (made["streams"], made["source"], made["points"], made["signers"]) == (streams, "gloss", "body-hands", [])
    words = (tmp_path / f"reference_models/{name}-plus/words.txt").read_text("utf-8").split()
    glosses = {gloss for where, _, _, line, _ in trees.phoenix_rows() if where == "train" for gloss in line.split()}
    assert set(words[-len(glosses) :]) == glosses
    for stream in streams:
        generator = f"{name.removesuffix('-three-streams')}:stage={stream}"
        scored = signbench(
            *("run", f"phoenix14t-plus/text-to-{stream}", "--generator", generator, "--checkpoint", f"{name}-plus"),
            *("--root", root, "--limit", "1", "--workers", "1", "--out", f"runs/{stream}"),
        )
        assert scored["scores"][0]["value"] is not None
