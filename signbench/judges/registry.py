"""All judges by name; each is imported on first use.

A judge's name is that of a class that signbench ships or another package installs, or that of a reference model, which is the same
class with other weights: ``slt`` and ``slt-slrtp2025`` share their code.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from signbench.errors import InputError, nearest
from signbench.judges.through_key_points import JOINT, class_through_key_points
from signbench.registry import Registry

if TYPE_CHECKING:
    from signbench.judges.base import Judge

JUDGES: Registry[Judge] = Registry(
    "judge",
    "signbench.judges.base:Judge",
    {
        "nearest": "signbench.judges.nearest.judge:Nearest",
        "stgcn": "signbench.judges.stgcn.judge:STGCNJudge",
        "slt": "signbench.judges.slt.judge:SLTJudge",
        "nslt": "signbench.judges.nslt.judge:NSLTJudge",
        "gfslt": "signbench.judges.gfslt.judge:GFSLTJudge",
        "corrnet": "signbench.judges.corrnet.judge:CorrNetJudge",
        "pose-estimator": "signbench.judges.pose_estimator.judge:PoseEstimator",
        "dwpose": "signbench.judges.dwpose.judge:DWPose",
    },
    group="signbench.judges",
    custom=True,
)

PUBLISHED: dict[str, str] = {
    "slt-slrtp2025": "slt",
    "nslt-phoenix14t-plus": "nslt",
    "gfslt-phoenix14t-plus": "gfslt",
    "corrnet-phoenix14t": "corrnet",
    "corrnet-csl-daily": "corrnet",
    "stgcn-asl3dword": "stgcn",
    "pose-estimator-wholebody": "pose-estimator",
}
"""The judges of papers' tables, whose weights are not shipped: the name that a task gives to each, and the judge that it is."""

_ALWAYS_TRAINED = ("nslt",)
"""Judges whose published checkpoints cannot be converted."""


def known() -> list[str]:
    """Names of all judges: built in, installed by other packages under the entry point ``signbench.judges``, reference models.

    Reference models that are not trained or added yet are among them; :func:`lacking` says what brings them.
    """
    from signbench.weights.reference_models import model_names, recipe_names

    names = JUDGES.known()
    others = {*model_names(), *recipe_names(), *PUBLISHED} - set(names)
    return [*names, *sorted(name for name in others if _network_of(name) is not None)]


def is_custom(name: str) -> bool:
    """Whether a name is the path of a custom judge's code: ``package.module:Class`` or ``file.py:Class``.

    Tasks, runs and leaderboard entries contain such names and may come from untrusted sources, so reading them never imports it.
    """
    return ":" in name


def judge_class(name: str) -> type[Judge]:
    """The class of a judge. The code of a custom judge is imported.

    Args:
        name: the name of a judge or of a reference model, two of them joined by ``+``
            (:mod:`signbench.judges.through_key_points`), or the code of a custom judge.

    Raises:
        InputError: no judge has that name, with the closest names; or it cannot be imported, or its declarations are wrong.
    """
    if not is_custom(name) and JOINT in name:
        first, _, second = name.partition(JOINT)
        return class_through_key_points(name, judge_class(first), judge_class(second))
    if not is_custom(name) and name not in JUDGES.known():
        network = _network_of(name)
        if network is None:
            raise InputError(f"there is no judge {name}. {nearest(name, known())}")
        return JUDGES.class_of(network)
    found = JUDGES.class_of(name)
    if not JUDGES.is_built_in(name):
        _check_declared(found, name)
    return found


def create(text: str, **options: Any) -> Judge:
    """Creates a judge; its weights are not loaded yet.

    Args:
        text: the name of a judge or of a reference model, the path of a model's folder, which contains a ``/``, or the code of a
            custom judge.
        options: arguments of its ``__init__``.

    Raises:
        InputError: an unknown judge, one whose model is not there, or an option that it does not take.
    """
    if is_folder(text):
        return JUDGES.create(_judge_in(text), model=text, **options)
    judge_class(text)
    if (command := lacking(text)) is not None:
        raise InputError(f"the weights of the judge {text} are not present; run: {command}.")
    if not is_custom(text) and JOINT in text:
        first, _, second = text.partition(JOINT)
        kind = class_through_key_points(text, judge_class(first), judge_class(second))
        return kind(create(first, **options), create(second, **options))
    if not is_custom(text) and text not in JUDGES.known():
        return JUDGES.create(str(_network_of(text)), model=text, **options)
    return JUDGES.create(text, **options)


def is_folder(text: str) -> bool:
    """Whether a judge is given by the path of its model's folder, which contains a ``/``."""
    return "/" in text and not is_custom(text)


def lacking(name: str) -> str | None:
    """The command that brings the model of a judge, or its files in the registry of weights.

    Args:
        name: the name of a judge or of a reference model.

    Returns:
        None if they are there, or if the judge needs none.
    """
    from signbench.weights.reference_models import has_model, recipe_names

    if is_custom(name) or has_model(name):
        return None
    if JOINT in name:
        return next((command for part in name.split(JOINT) if (command := lacking(part)) is not None), None)
    network = name if JUDGES.is_built_in(name) else _network_of(name) if name not in JUDGES.known() else None
    if network is None:
        return None
    if not _has_model(network):
        return _fetching(JUDGES.class_of(network))
    if name in recipe_names():
        return f"signbench train {name} --out reference_models/{name}"
    if network in _ALWAYS_TRAINED:
        return f"signbench train RECIPE.yaml --out reference_models/{name}"
    return f"signbench weights add FILE --as {name} --model {network}"


def missing_package(judge: Judge | type[Judge]) -> tuple[str, str] | None:
    """A package that a judge needs and this machine lacks.

    Args:
        judge: the judge or its class; nothing is imported.

    Returns:
        Its import name, and the command that installs it; None if all packages are there.
    """
    return next(((package, command) for package, command in judge.packages.items() if find_spec(package) is None), None)


def _fetching(kind: type[Judge]) -> str | None:
    """The command that fetches the files of a judge without a model of its own; None if they are there, or if it needs none."""
    from signbench.weights.store import present

    absent = [name for name in kind().needs if not present(name)]
    return f"signbench weights fetch {' '.join(absent)}" if absent else None


def _has_model(network: str) -> bool:
    from signbench.judges.network_judge import NetworkJudge

    return issubclass(JUDGES.class_of(network), NetworkJudge)


def _network_of(name: str) -> str | None:
    """The built-in judge that a reference model is, whether its weights are there or not; None if it is none."""
    from signbench.training.recipe import read_recipe
    from signbench.weights.reference_models import find_model, has_model, recipe_names, recipe_of

    network: str | None = None
    if has_model(name):
        card = find_model(name).card
        network = card.model if card.kind == "judge" else None
    elif name in recipe_names():
        network = read_recipe(recipe_of(name)).model
    else:
        network = PUBLISHED.get(name)
    return network if network in JUDGES.built_in else None


def _judge_in(folder: str) -> str:
    """The built-in judge of a model's folder.

    Raises:
        InputError: the folder holds no model, or not that of a judge.
    """
    from signbench.weights.reference_models import find_model

    card = find_model(folder).card
    if card.kind != "judge" or card.model not in JUDGES.built_in:
        raise InputError(f"{folder} holds the {card.kind} {card.name} ({card.model}), which is no judge; choose another folder.")
    return card.model


def _check_declared(kind: type[Judge], name: str) -> None:
    """Checks the declared attributes of a third-party judge.

    Raises:
        InputError: names the first wrong attribute.
    """
    from signbench.judges.base import GIVES, READS

    def refuse(attribute: str, wanted: str) -> None:
        raise InputError(f"judge {name}: {attribute} is {getattr(kind, attribute, None)!r}; it must be {wanted}.")

    for attribute in ("name", "summary", "licence"):
        text = getattr(kind, attribute, None)
        if not isinstance(text, str) or not text.strip() or not text.isprintable():
            refuse(attribute, "a line of text")
    for attribute, known in (("reads", READS), ("gives", GIVES)):
        said = getattr(kind, attribute, None)
        if not isinstance(said, tuple) or not said or not set(said) <= set(known):
            refuse(attribute, f"a tuple of some of {', '.join(known)}")
    revision: object = kind.revision
    if not isinstance(revision, int) or revision < 1:
        refuse("revision", "a whole number from 1")
