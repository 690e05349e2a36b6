from pathlib import Path

import pytest
import yaml

from signbench.errors import InputError
from signbench.tasks.freeze import freeze, freeze_below
from signbench.tasks.loading import read_task
from tests.tasks.tiny import IDS, fields, tiny_task

pytestmark = pytest.mark.usefixtures("tiny_corpus")


@pytest.fixture
def thawed(tmp_path, monkeypatch):
    """A task file of the current folder that expects other clips, with a comment."""
    monkeypatch.chdir(tmp_path)
    content = fields(clips={split: {"count": 99, "ids_sha256": None} for split in ("test", "dev")})
    path = tmp_path / "tasks/tiny/text-to-video.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("# A comment.\n" + yaml.safe_dump(content, sort_keys=False))
    return path


def test_the_clips_of_the_corpus_are_written_and_nothing_else_is_changed(thawed):
    before = thawed.read_text()
    assert list(freeze_below(Path("tasks"))) == [("tiny/text-to-video", "written")]
    after = thawed.read_text()
    assert read_task(thawed) == tiny_task()
    assert after.startswith("# A comment.\n")
    assert after.split("clips:")[0] == before.split("clips:")[0]
    assert after.split("seed:")[1] == before.split("seed:")[1]
    assert list(freeze_below(Path("tasks"), ["tiny/text-to-video"])) == [("tiny/text-to-video", "unchanged")]
    assert thawed.read_text() == after


@pytest.mark.usefixtures("thawed")
def test_an_unknown_task_is_refused_with_the_nearest():
    with pytest.raises(InputError, match=r"Did you mean tiny/text-to-video\?"):
        list(freeze_below(Path("tasks"), ["tiny/text-to-vidio"]))


def test_a_block_that_is_not_found_is_refused(thawed):
    thawed.write_text(thawed.read_text().replace("clips:", '"clips":'))
    with pytest.raises(InputError, match=r"has 0 blocks 'clips:' at the start of a line"):
        freeze(thawed)


def test_every_split_is_written(thawed):
    freeze(thawed)
    assert {split: clips.count for split, clips in read_task(thawed).clips.items()} == {
        "test": len(IDS["test"]),
        "dev": len(IDS["dev"]),
    }
