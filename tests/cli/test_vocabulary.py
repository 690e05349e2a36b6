"""One name for each thing across all commands."""

from __future__ import annotations

import inspect
import io
import json
import re
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from signbench.cli.main import main
from signbench.cli.options import MEANINGS, RETIRED, Format
from tests.cli.commands import commands, groups

COMMANDS = {command.name: command for command in commands()}
REGISTRIES = ("tasks", "corpora", "generators", "metrics", "judges")
ON_CLIPS = {
    "measure",
    "score",
    "run",
    "ci check",
    "compare",
    "corpora export",
    "leaderboard check",
    "metrics sensitivity",
    "train",
    "judges evaluate",
    "generators evaluate",
}
ON_MUCH = {
    "cache verify",
    "corpora check",
    "corpora prepare",
    "doctor",
    "leaderboard build",
    "leaderboard list",
    "leaderboard submit",
    "report",
    "results",
    "rusignbot say",
    "study new",
    "study plan",
    "study report",
    "weights fetch",
    "weights verify",
}
WITH_NETWORKS = {"measure", "score", "run", "ci check", "leaderboard check"}
STARTS_A_RUN = {"measure", "score", "run", "ci check"}
KEEPS_UNDER_A_NAME = {"ci pin", "leaderboard submit", "study import"}


def having(option: str) -> set[str]:
    return {name for name, command in COMMANDS.items() if option in command.options()}


@pytest.fixture
def signbench(monkeypatch, capsys, tmp_path):
    """Runs ``signbench WORDS`` in this process and an empty folder: exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["signbench", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out, said.err

    return run


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_in_the_vocabulary_and_means_the_same_in_every_command(name):
    for spelling, option in COMMANDS[name].options().items():
        if spelling != "--help":
            assert spelling in MEANINGS, f"signbench {name} has {spelling}, which signbench/cli/options.py does not explain"
            assert option.help.startswith(MEANINGS[spelling]), f"signbench {name} explains {spelling} in its own way"


def test_every_word_of_the_vocabulary_is_in_use():
    assert set(MEANINGS) == {spelling for command in COMMANDS.values() for spelling in command.options()} - {"--help"}


def test_an_option_has_values_of_the_same_type_in_every_command():
    found = defaultdict(set)
    for command in COMMANDS.values():
        for spelling, kind in command.types().items():
            found[spelling].add(kind)
    assert {spelling: kinds for spelling, kinds in found.items() if len(kinds) > 1} == {}


@pytest.mark.parametrize(
    ("option", "names"),
    [
        ("--json", set(COMMANDS)),
        ("--progress", ON_CLIPS | ON_MUCH),
        (
            "--device",
            WITH_NETWORKS
            | {"train", "judges evaluate", "generators evaluate", "corpora prepare", "rusignbot say", "rusignbot serve"},
        ),
        ("--workers", WITH_NETWORKS | {"judges evaluate", "train"}),
        ("--fresh", STARTS_A_RUN),
        ("--replace", KEEPS_UNDER_A_NAME),
        ("--format", {"results", "compare", "leaderboard show", "metrics sensitivity"}),
    ],
)
def test_every_command_has_the_options_that_apply_to_it(option, names):
    assert having(option) == names


@pytest.mark.parametrize("name", sorted(ON_CLIPS | ON_MUCH))
def test_progress_can_be_turned_off_for_long_work(name):
    (option,) = (found for spelling, found in COMMANDS[name].options().items() if spelling == "--progress")
    assert (option.secondary_opts, option.default) == (["--no-progress"], True)
    assert "progress_bars(" in inspect.getsource(sys.modules[COMMANDS[name].callback.__module__])


@pytest.mark.parametrize("name", [None, *groups()])
def test_a_bare_group_prints_its_help_once_and_exits_with_0(name, signbench):
    code, out, err = signbench(*([name] if name else []))
    assert (code, err) == (0, "")
    assert out.count("Usage: ") == 1
    assert "Commands" in out
    assert out == signbench(*([name] if name else []), "--help")[1]


@pytest.mark.parametrize("name", REGISTRIES)
def test_a_registry_is_listed_and_shown_alike(name, signbench):
    code, out, _ = signbench(name, "list", "--json")
    assert code == 0
    names = [row["name"] for row in json.loads(out)]
    shown = json.loads(signbench(name, "show", names[0], "--json")[1])
    assert shown["name"] == names[0]
    code, out, err = signbench(name, "show", f"{names[0]}x")
    assert (code, out) == (2, "")
    assert "Did you mean" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["meassure"], "No such command 'meassure'. Did you mean measure"),
        (["xyz"], "No such command 'xyz'. Known: cache, ci, compare,"),
        (["tasks", "lsit"], "No such command 'lsit'. Did you mean list? See signbench tasks --help."),
        (["tasks", "list", "--jsn"], "No such option: --jsn"),
        (["--vrsion"], "No such option: --vrsion"),
    ],
)
def test_the_message_for_a_wrong_name_suggests_the_nearest(words, said, signbench):
    code, out, err = signbench(*words)
    assert (code, out) == (2, "")
    assert err.startswith(f"signbench: {said}")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(("name", "option"), RETIRED)
def test_the_message_for_a_former_spelling_names_the_current_one(name, option, signbench):
    today = RETIRED[name, option]
    assert option not in COMMANDS[name].options()
    assert today.split()[0] in COMMANDS[name].options()
    code, out, err = signbench(*name.split(), option, "x")
    assert (code, out) == (2, "")
    assert err == f"signbench: {option} is now {today}; see signbench {name} --help.\n"


@pytest.mark.parametrize(
    "words",
    [
        *(["results", "x", "--format", form.value, "--json"] for form in (Format.csv, Format.markdown, Format.latex)),
        ["compare", "a", "b", "--format", "csv", "--json"],
        ["metrics", "sensitivity", "--format", "csv"],
        ["leaderboard", "show", "synthsign/text-to-pose", "--format", "csv", "--json"],
    ],
)
def test_an_unknown_form_and_two_forms_are_refused_before_the_work_starts(words, signbench):
    code, out, err = signbench(*words)
    assert (code, out) == (2, "")
    assert "--format" in err


@pytest.mark.parametrize(
    "words",
    [
        ["corpora", "show", "synthsign", "--clips", "test-0001,test-0002"],
        ["tasks", "freeze"],
        ["weights", "list"],
        ["weights", "verify"],
        ["cache", "show"],
        ["cache", "verify"],
        ["cache", "clear", "--yes"],
        ["leaderboard", "show", "slovo/word-to-video"],
    ],
)
def test_only_json_is_on_standard_output(words, signbench, monkeypatch, tmp_path):
    monkeypatch.setenv("SIGNBENCH_CACHE", str(tmp_path / "cache"))
    code, out, err = signbench(*words, "--json")
    assert code == 0, err
    json.loads(out)


def test_progress_bars_are_shown_only_on_a_terminal_and_only_if_wanted(monkeypatch):
    from signbench.cli import printing

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    for shown, stream in ((True, io.StringIO()), (False, Terminal())):
        monkeypatch.setattr(sys, "stderr", stream)
        with printing.progress_bars(shown) as report:
            report("scoring", 1, 2)
        assert stream.getvalue() == ""
    monkeypatch.setattr(sys, "stderr", Terminal())
    with printing.progress_bars(True) as report:
        report("scoring", 1, 2)
    assert "scoring" in sys.stderr.getvalue()


ROOT = Path(__file__).parents[2]
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "Makefile", *(ROOT / "baselines").glob("*.md")])


def shown_commands(text):
    """Commands of signbench in a text, each with the options that follow it on its line."""
    for line in text.replace("\\\n", " ").splitlines():
        for words in re.split(r"(?=\bsignbench )", line.partition(" # ")[0])[1:]:
            said = re.split(r"`| \| ", words.removeprefix("signbench "))[0]
            for name in sorted(COMMANDS, key=len, reverse=True):
                if re.match(rf"{name}\b", said):
                    yield name, re.findall(r"(?<![\w-])--[a-z][a-z-]*", said)
                    break


def test_commands_are_found_in_texts():
    text = "`signbench cache clear --yes`, then $(BIN)/signbench run T --generator g \\\n --fresh # not --this\nno signbench"
    assert list(shown_commands(text)) == [("cache clear", ["--yes"]), ("run", ["--generator", "--fresh"])]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_commands_in_the_documentation_have_existing_options(page):
    known = {
        name: {word for found in command.options().values() for word in (*found.opts, *found.secondary_opts)}
        for name, command in COMMANDS.items()
    }
    wrong = [
        f"signbench {name} {option}"
        for name, options in shown_commands(page.read_text(encoding="utf-8"))
        for option in options
        if option not in known[name]
    ]
    assert wrong == []
