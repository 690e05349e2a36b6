"""Promises about the repository as a whole: its names, its sizes, its lock file, its documentation."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from signbench.metrics.base import Parameter, spell
from signbench.metrics.registry import METRICS

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "signbench").rglob("*.py"))
BUILT_IN = sorted(METRICS.built_in)
SAYS_NOTHING = re.compile(r"(^|[_.-])(utils?|helpers?|common|misc|managers?)([_.-]|$)", re.IGNORECASE)
MOST_BYTES = 16 * 1024 * 1024
# Spelled so that this file does not hold what it looks for.
REGISTRY_ADDRESS = re.compile(
    rb"index[-_]url|find[-]links|https?://[^\s\"']*/simple\b|files\.python[h]osted|py[p]i\.org|registry\.npm[j]s"
)
MACHINE_PATH = re.compile(rb"(?<![\w.~}$])/(?:work|farm|root|home)/")


# Patterns of the words that the table "Words" of docs/design.md advises against.
DIALECT = {
    "place": r"(?<!in )(?<!take )(?<!takes )(?<!took )\bplaces?\b|\bthe place of\b",
    "trouble": r"\btroubles?\b|_troubles?\b",
    "told, tells": r"\b(?:is|are|was|were|be|been)[ _]told\b|\btold (?:as|that|apart|from)\b|(?<!\.)\btells?\b(?!\()",
    "parted": r"\bparted\b",
    "anew, made again": r"\banew\b|\bmade again\b",
    "one's own": r"\bone['’]s own\b",
    "in the eyes of": r"\bin the eyes of\b",
    "goes on": r"\b(?:go|goes|going|went|gone)[ _]on\b",
    "hand in": r"\bhand(?:ed|ing)[- _]in\b|\bhand-ins?\b|\b(?:to|may|must|and|;) hands? in\b",
    "counts on": r"\b(?:networks?|workers?) counts?\b|\bcounts? (?:on|in) (?:a |one |the )?(?:GPU|CPU|device|thread|\d+ bits)\b",
    "strange": r"\bstrange\b",
    "mend": r"\bmend(?:s|ed|ing)?\b",
    "brings along": r"\b(?:bring|brings|brought|bringing) along\b",
    "sign of life": r"\bsigns?[ _]of[ _]life\b",
    "drawn apart": r"\bdrawn apart\b",
    "held against": r"\bh(?:e|o)ld(?:s)? against\b",
    "stands beside": r"\b(?:stand|stands|standing) beside\b",
    "before work": r"\bbefore work\b(?! starts)",
    "None where": r"\b(?:None|null) where\b",
    "whoever": r"\bwhoever\b",
    "its kin": r"\bkin\b",
    "is no clip": r"(?<![Tt]here )\b(?:is|are) no "
    r"(?:archive|clip|container|entry|file|folder|id|image|interval|JSON|metric|number|record|row|video)s?\b",
}
# Files in which a word is used in its plain meaning.
SPOKEN = {
    "place": re.compile(
        r"signbench/corpora/synthsign/(?:sentences|vocabulary)\.py|README\.md|CHANGELOG\.md"
        # a column
        r"|signbench/runs/side_by_side\.py|tests/runs/test_side_by_side\.py|tests/cli/test_(?:compare|score_and_run_commands)\.py"
    ),
    # a reason that results hold; an answer of raters
    "told, tells": re.compile(r"signbench/statistics/intervals\.py|signbench/study/blank_answers\.py"),
}
# The table itself and this file, texts that others wrote, and data.
QUOTED = {"docs/design.md", "tests/test_tree.py", "LICENSE", "requirements.lock"}


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    """Files that git tracks, and new ones that it does not ignore."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout, so nothing says which files belong to it")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def holding(pattern: re.Pattern[bytes], files: list[Path]) -> list[str]:
    """The lines of text files that match a pattern, as file:line."""
    found = []
    for path in files:
        content = path.read_bytes()
        if b"\0" not in content[:8192]:
            lines = content.splitlines()
            found += [f"{path.relative_to(ROOT)}:{row}" for row, line in enumerate(lines, start=1) if pattern.search(line)]
    return found


def test_no_file_or_folder_has_a_name_that_says_nothing(tracked):
    assert [path for path in tracked if any(SAYS_NOTHING.search(part) for part in path.relative_to(ROOT).parts)] == []


@pytest.mark.parametrize("name", ["utils.py", "video_utils.py", "common", "helper.py", "test_misc.py", "run-manager.sh"])
def test_such_names_are_recognised(name):
    assert SAYS_NOTHING.search(name)


def test_no_file_is_over_16_megabytes(tracked):
    assert [path for path in tracked if path.stat().st_size > MOST_BYTES] == []


def test_no_file_names_a_package_registry(tracked):
    assert holding(REGISTRY_ADDRESS, tracked) == []


@pytest.mark.parametrize("line", ["--index" + "-url x", "https://mirror.example/root/" + "simple", "py" + "pi.org"])
def test_such_addresses_are_recognised(line):
    assert REGISTRY_ADDRESS.search(line.encode())


def test_no_file_contains_a_path_of_one_machine(tracked):
    assert holding(MACHINE_PATH, tracked) == []


@pytest.mark.parametrize("word", DIALECT)
def test_the_project_is_written_in_plain_english(tracked, word):
    pattern = re.compile(DIALECT[word])
    spoken = SPOKEN.get(word, re.compile(r"(?!)"))
    found = []
    for path in tracked:
        name = path.relative_to(ROOT).as_posix()
        if name in QUOTED or spoken.fullmatch(name):
            continue
        if path.suffix in {".py", ".md", ".yaml", ".toml", ".html", ".js", ""} and path.name != "published.yaml":
            lines = path.read_text(encoding="utf-8").splitlines()
            found += [f"{name}:{row}: {line.strip()}" for row, line in enumerate(lines, start=1) if pattern.search(line)]
    assert not found, "\n".join([f"docs/design.md says what to write instead of '{word}':", *found])


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("for place, row in enumerate(rows):", "place"),
        ("the loss takes the place of the score", "place"),
        ("what is missing is told before work", "told, tells"),
        ("cells that are parted by tabs", "parted"),
        ("it is computed anew", "anew, made again"),
        ("repeating the command goes on", "goes on"),
        ("as it was handed in", "hand in"),
        ("networks count in 32 bits", "counts on"),
        ("coverage stands beside the score", "stands beside"),
        ("a file that is no clip", "is no clip"),
    ],
)
def test_dialect_is_recognised(line, word):
    assert re.search(DIALECT[word], line)


@pytest.mark.parametrize(
    "line",
    ["the array is changed in place", "position = stream.tell()", "there is no clip of that name", "for hand in (LEFT, RIGHT):"],
)
def test_plain_english_is_not_mistaken_for_dialect(line):
    assert [word for word, pattern in DIALECT.items() if re.search(pattern, line)] == []


def pinned() -> dict[str, str]:
    """The lock file's entries by package; a package with several entries, by Python version, has them in a list."""
    entries: dict[str, str] = {}
    for entry in re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text(encoding="utf-8").strip()):
        name = canonicalize_name(re.split(r"[=\[ ;]", entry, maxsplit=1)[0])
        entries[name] = entries.get(name, "") + entry + "\n"
    return entries


def test_every_entry_of_the_lock_file_has_a_version_and_a_hash():
    entry = re.compile(r"[a-z0-9._-]+(\[[a-z0-9,_-]+\])?==\S+( ; .+)? \\\n( +--hash=sha256:[0-9a-f]{64}( \\)?\n)+( +#.*\n)*")
    wrong = [name for name, text in pinned().items() if not re.fullmatch(f"({entry.pattern})+", text)]
    assert wrong == []


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_the_lock_file_fits_every_requirement_of_the_project_on_each_python(version):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    environment = {"python_version": version, "python_full_version": f"{version}.0"}
    locked = pinned()
    for line in [*project["project"]["dependencies"], *project["dependency-groups"]["dev"], *project["build-system"]["requires"]]:
        wanted = Requirement(line)
        head = [row.removesuffix(" \\") for row in locked.get(canonicalize_name(wanted.name), "").splitlines() if "==" in row]
        candidates = [Requirement(row) for row in head]
        versions = [str(found.specifier)[2:] for found in candidates if found.marker is None or found.marker.evaluate(environment)]
        assert len(versions) == 1, f"{wanted.name} is locked {len(versions)} times for Python {version}; run make lock"
        assert wanted.specifier.contains(versions[0], prereleases=True), f"{line} does not allow {versions[0]}; run make lock"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_says_what_it_is(path):
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_every_public_method_is_documented_by_itself_or_by_the_contract_that_it_keeps():
    classes = [
        (path, node)
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]
    methods = [
        (path, kind.name, node)
        for path, kind in classes
        for node in kind.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]
    contracts = {node.name for _, _, node in methods if ast.get_docstring(node)}
    silent = [f"{path.name}: {kind}.{node.name}" for path, kind, node in methods if node.name not in contracts]
    assert silent == []


def code_spans(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", text)


def tokens(text: str) -> set[str]:
    """Words in code spans, of which ``dtw:fill=1,variant=ndtwp`` has five."""
    return {word for span in code_spans(text) for word in (span, *re.split(r"[\s:=,+|]+", span))}


def section(page: str, title: str) -> str:
    """The text below a heading, up to the next heading of its level."""
    found = re.search(rf"^## {title}$(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found is not None, f"the page has no heading '## {title}'"
    return found.group(1)


@pytest.fixture(scope="module", params=BUILT_IN)
def metric(request):
    return METRICS.class_of(request.param)


@pytest.fixture(scope="module")
def page(metric) -> str:
    path = ROOT / "docs" / "metrics" / f"{metric.name}.md"
    assert path.is_file(), f"{path.relative_to(ROOT)} is missing"
    return path.read_text(encoding="utf-8")


def test_a_metrics_page_says_which_way_is_better(metric, page):
    said = re.findall(r"^\W*direction\W+(\w+)", page, re.IGNORECASE | re.MULTILINE)
    assert said == [metric.direction], f"docs/metrics/{metric.name}.md needs one line 'Direction: {metric.direction}'"


def test_a_metrics_page_lists_its_parameters_with_defaults_and_choices_and_no_others(metric, page):
    rows = [line for line in section(page, "Parameters").splitlines() if line.startswith("| `")]
    listed = {code_spans(row)[0]: row for row in rows}
    parameters: dict[str, Parameter] = {parameter.name: parameter for parameter in metric.parameters}
    assert list(listed) == list(parameters)
    for name, parameter in parameters.items():
        values = {spell(value) for value in (parameter.default, *(parameter.choices or ()))}
        assert values - tokens(listed[name]) == set(), f"docs/metrics/{metric.name}.md does not give these values of {name}"
