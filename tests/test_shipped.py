from pathlib import Path

import pytest

from signbench import shipped
from signbench.errors import InputError

ROOT = Path(__file__).parents[1]


def write(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(path), encoding="utf-8")


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The shipped folder of an installation with two tasks and a model; the current folder is another one, which is empty."""
    package = tmp_path / "site" / "signbench"
    data = package / "shipped"
    for kind in shipped.KINDS:
        write(data / kind / "README.md")
    write(data / "tasks/slovo/word-to-video.yaml", data / "tasks/synthsign/text-to-pose.yaml")
    write(data / "reference_models/nslt-0.1/card.yaml", data / "reference_models/nslt-0.1/weights.safetensors")
    monkeypatch.setattr(shipped, "files", lambda _: package)
    current = tmp_path / "current"
    current.mkdir()
    monkeypatch.chdir(current)
    return data


@pytest.mark.parametrize("kind", shipped.KINDS)
def test_a_checkout_finds_the_repository_s_folders_from_anywhere(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert shipped.find(kind) == ROOT / kind


@pytest.mark.parametrize("kind", shipped.KINDS)
def test_an_installation_finds_the_folders_inside_the_package(kind, installed):
    assert shipped.find(kind) == installed / kind


@pytest.mark.parametrize(
    ("kind", "name", "path"),
    [
        ("tasks", "slovo/word-to-video", "tasks/slovo/word-to-video.yaml"),
        ("tasks", "slovo/word-to-video.yaml", "tasks/slovo/word-to-video.yaml"),
        ("tasks", "slovo", "tasks/slovo"),
        ("reference_models", "nslt-0.1", "reference_models/nslt-0.1"),
        ("reference_models", "nslt-0.1/weights", "reference_models/nslt-0.1/weights.safetensors"),
    ],
)
def test_a_name_finds_a_file_with_or_without_its_suffix_or_a_folder(kind, name, path, installed):
    assert shipped.find(kind, name) == installed / path


def test_the_current_folder_takes_precedence_over_shipped_files(installed):
    own = Path.cwd() / "tasks/slovo/word-to-video.yml"
    write(own)
    assert shipped.find("tasks", "slovo/word-to-video") == own
    assert shipped.find("tasks") == Path.cwd() / "tasks"


def test_files_that_the_current_folder_lacks_are_found_among_the_shipped_ones(installed):
    write(Path.cwd() / "tasks/mine.yaml")
    assert shipped.find("tasks", "slovo/word-to-video") == installed / "tasks/slovo/word-to-video.yaml"
    assert shipped.names("tasks") == ["mine", "slovo/word-to-video", "synthsign/text-to-pose"]


def test_names_lists_files_without_suffix_readme_or_hidden_ones_and_find_takes_each(installed):
    write(installed / "tasks/.draft.yaml", installed / "tasks/slovo/README.md")
    assert shipped.names("tasks") == ["slovo/word-to-video", "synthsign/text-to-pose"]
    assert shipped.names("baselines") == []
    for name in shipped.names("reference_models"):
        assert shipped.find("reference_models", name).is_file()


def test_files_that_differ_in_their_suffix_only_must_be_named_in_full(installed):
    write(installed / "baselines/small.json", installed / "baselines/small.parquet")
    assert shipped.names("baselines") == ["small.json", "small.parquet"]
    assert shipped.find("baselines", "small.json") == installed / "baselines/small.json"
    with pytest.raises(InputError, match=r"could be small\.json or small\.parquet; write the suffix"):
        shipped.find("baselines", "small")


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        ("tasks", "slovo/word-to-vidoe", r"no slovo/word-to-vidoe among the tasks.*Did you mean slovo/word-to-video\?"),
        ("baselines", "small", r"no small among the baselines.*holds none yet"),
        ("tasks", "../secret", r"is not a valid name of one of the tasks"),
        ("tasks", "slovo/../../secret", r"is not a valid name of one of the tasks"),
        ("tasks", "/etc/hostname", r"is not a valid name of one of the tasks"),
        ("tasks", "slovo\\word-to-video", r"is not a valid name of one of the tasks"),
        ("tasks", "slovo\nword", r"is not a valid name of one of the tasks"),
        ("tasks", "", r"is not a valid name of one of the tasks"),
        ("reference_models", "..", r"is not a valid name of one of the reference models"),
        ("task", "slovo/word-to-video", r"no shipped data called task\. Did you mean tasks"),
    ],
)
def test_a_missing_file_is_an_input_error_that_says_what_to_do(kind, name, message, installed):
    with pytest.raises(InputError, match=message):
        shipped.find(kind, name)


def test_an_installation_without_its_data_is_reported(installed):
    (installed / "leaderboards/README.md").unlink()
    (installed / "leaderboards").rmdir()
    with pytest.raises(InputError, match="reinstall signbench"):
        shipped.find("leaderboards")
