"""Baselines: what the gate needs of a run, pinned under a name and small enough for a repository.

A baseline is a folder::

    baseline.json     the checked metrics, and the digests of all three files
    result.json       that of the run
    records.parquet   the run in its packed form (:mod:`signbench.runs.packed`)
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from signbench import shipped
from signbench.documents import json_bytes
from signbench.documents.models import VersionedDocument
from signbench.documents.versions import Form
from signbench.errors import IncompleteError, InputError, nearest
from signbench.runs.fold import fold
from signbench.runs.measured_run import MeasuredRun
from signbench.runs.packed import pack_run, read_packed
from signbench.runs.result import Result, Score, read_result
from signbench.whole_folders import whole_folder

MOST_BYTES = 8 * 1024 * 1024
_MANIFEST, _RESULT, _RECORDS = "baseline.json", "result.json", "records.parquet"


@dataclass(frozen=True, eq=False)
class Baseline:
    """A pinned run.

    Attributes:
        name: the name of the baseline.
        run: the run.
        family: the metrics that are checked by default: headline and core, one variant each.
    """

    name: str
    run: MeasuredRun
    family: tuple[str, ...]

    @classmethod
    def of(cls, run: MeasuredRun, name: str) -> Baseline:
        """Turns a run into a baseline.

        Raises:
            InputError: it covers only a subset of the clips, a metric uses random weights, or its scores do not follow from its
                records.
            IncompleteError: the run is incomplete.
        """
        if run.result.subset is not None:
            raise InputError(f"{run.label} covers only a subset of the clips; a baseline needs a run without `limit` and `clips`.")
        if run.result.status != "complete":
            raise IncompleteError(f"{run.label} is incomplete; a baseline needs a run that measured every clip.")
        for metric, text in run.result.signatures.items():
            if "+random+" in text:
                raise InputError(f"{run.label}: {metric} uses random weights, so its scores mean nothing; leave it out.")
        if not _same_scores(fold(run.plan, run.store), run.result):
            raise InputError(f"{run.label}: result.json does not follow from its records; repeat the run's command, then pin it.")
        return cls(name, run, default_family(run))

    def files(self) -> dict[str, bytes]:
        """The baseline's files by name.

        Raises:
            InputError: the records are too large.
        """
        content = {_RESULT: self.run.result.json_bytes(), _RECORDS: pack_run(self.run)}
        if len(content[_RECORDS]) > MOST_BYTES:
            raise InputError(
                f"the records of {self.run.label} take {len(content[_RECORDS]) / 2**20:.0f} MB, and a baseline at most "
                f"{MOST_BYTES / 2**20:.0f} MB; pin a run with fewer metrics."
            )
        digests = {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
        manifest = BaselineManifest(family=self.family, sha256=digests)
        return {_MANIFEST: manifest.signed().json_bytes(), **content}


class BaselineManifest(VersionedDocument):
    """Contents of ``baseline.json``."""

    form = Form("a baseline", "baseline_version", 3, again="pin the run again")

    baseline_version: Literal[3] = 3
    """Version of this format."""
    family: tuple[str, ...]
    """The metrics that are checked by default."""
    sha256: dict[str, str]
    """Digest of each file; for this file, the digest of everything in it except this digest."""

    def signed(self) -> BaselineManifest:
        """A copy with its own digest filled in."""
        return self.model_copy(update={"sha256": {**self.sha256, _MANIFEST: self.digest()}})

    def digest(self) -> str:
        """SHA-256 of everything except this digest, in hexadecimal."""
        content = self.model_dump(mode="json")
        content["sha256"].pop(_MANIFEST, None)
        return hashlib.sha256(json_bytes(content)).hexdigest()


def default_family(run: MeasuredRun) -> tuple[str, ...]:
    """The metrics that are checked by default: headline and core, one variant of each metric.

    If a metric has several variants, the headline one is taken, otherwise the first. The task states which metrics are extended;
    without a task none is.
    """
    from signbench.tasks.loading import task

    extended: set[str] = set()
    if run.result.task is not None:
        try:
            extended = {item.key for item in task(run.result.task.name).metrics if item.tier == "extended"}
        except InputError:  # a custom task whose file is not on this machine
            extended = set()
    scores = [score for score in run.result.scores if score.value is not None and (score.headline or score.metric not in extended)]
    chosen: dict[tuple[str, str], str] = {}
    for score in sorted(scores, key=lambda score: not score.headline):
        name, _, judge = score.metric.partition("@")
        chosen.setdefault((name.partition(":")[0], judge), score.metric)
    return tuple(score.metric for score in scores if score.metric in chosen.values())


def pin(run: MeasuredRun, name: str, folder: Path, *, replace: bool) -> tuple[Path, Literal["pinned", "replaced", "unchanged"]]:
    """Pins a run as a baseline.

    Args:
        run: the run.
        name: the name of the baseline; parts joined by ``/`` are folders.
        folder: the folder of baselines.
        replace: move an existing baseline with that name to ``<name>.old-N``.

    Returns:
        The baseline's folder, and what was done, as a sentence.

    Raises:
        InputError: see :meth:`Baseline.of`; the name is taken or not valid; or the folder cannot be written.
        IncompleteError: the run is incomplete.
    """
    target = folder.joinpath(*_parts(name))
    content = Baseline.of(run, name).files()
    older = target.exists()
    if older:
        if not (target / _MANIFEST).is_file():
            raise InputError(f"{target} is not a baseline; choose another `name`.")
        if all((target / file).is_file() and (target / file).read_bytes() == data for file, data in content.items()):
            return target, "unchanged"
        if not replace:
            raise InputError(
                f"the baseline {name} exists already and holds other scores; choose another `name`, or use `replace=True` to move "
                "it aside."
            )
    with whole_folder(target, move_aside=older, parameter="baselines") as made:
        for file, data in content.items():
            (made / file).write_bytes(data)
    return target, "replaced" if older else "pinned"


def known(folder: Path | None = None) -> list[str]:
    """Names of all baselines in a folder, or in ``baselines/`` of the current folder and among those shipped with signbench."""
    if folder is not None:
        return sorted(path.parent.relative_to(folder).as_posix() for path in folder.rglob(_MANIFEST))
    ending = f"/{Path(_MANIFEST).stem}"
    return [name.removesuffix(ending) for name in shipped.names("baselines") if name.endswith(ending)]


def baseline(name: str, folder: Path | None = None) -> Baseline:
    """The baseline with a name.

    Args:
        name: the name of the baseline.
        folder: the folder of baselines; None: ``baselines/`` of the current folder, then those shipped with signbench.

    Raises:
        InputError: no baseline has that name (the message suggests the nearest), or it is damaged or was edited.
    """
    parts = _parts(name)
    if name not in known(folder):
        where = f"in {folder}" if folder is not None else "in baselines/ of the current folder, nor shipped"
        names = known(folder)
        hint = nearest(name, names) if names else "There are none yet; create one with signbench ci pin."
        raise InputError(f"there is no baseline {name} {where}. {hint}")
    path = folder.joinpath(*parts) if folder is not None else shipped.find("baselines", f"{name}/{_MANIFEST}").parent
    return _read(path, name)


def _read(path: Path, name: str) -> Baseline:
    manifest = BaselineManifest.read(path / _MANIFEST)
    if manifest.digest() != manifest.sha256.get(_MANIFEST):
        raise InputError(f"{path / _MANIFEST} was edited since it was pinned; pin the run again.")
    for file in (_RESULT, _RECORDS):
        try:
            digest = hashlib.sha256((path / file).read_bytes()).hexdigest()
        except OSError as error:
            raise InputError(f"{path / file} cannot be read: {error.strerror or error}; pin the run again.") from error
        if digest != manifest.sha256.get(file):
            raise InputError(f"{path / file} changed since it was pinned; pin the run again.")
    run = read_packed(path / _RECORDS, "pin the run again").run(name, read_result(path / _RESULT))
    return Baseline(name, run, manifest.family)


def _same_scores(derived: Result, stored: Result) -> bool:
    """Whether a result follows from its records, whatever machine it was folded on."""

    def same(one: Score, other: Score) -> bool:
        if (one.metric, one.clips, one.signature) != (other.metric, other.clips, other.signature):
            return False
        if one.value is None or other.value is None:
            return one.value is other.value
        return math.isclose(one.value, other.value, rel_tol=1e-9)

    return len(derived.scores) == len(stored.scores) and all(map(same, derived.scores, stored.scores))


def _parts(name: str) -> tuple[str, ...]:
    parts = PurePosixPath(name).parts
    bad = not parts or name.startswith("/") or "\\" in name or not name.isprintable() or any(part.startswith(".") for part in parts)
    if bad or str(PurePosixPath(name)) != name:
        raise InputError(f"{name!r} is not a name for a baseline; use words joined by /, such as text-to-pose/main.")
    return parts
