"""What ``signbench corpora show`` says about a corpus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from signbench.corpora import registry
from signbench.corpora.corpus import Corpus
from signbench.corpora.on_disk import CorpusOnDisk
from signbench.errors import InputError


def described(name: str, corpus: Corpus | None, clips: Sequence[str] | None = None) -> dict[str, Any]:
    """A corpus as plain values.

    Args:
        name: its name.
        corpus: the corpus; None if it lies on disk, but not on this one.
        clips: ids of clips to show, or None.

    Raises:
        InputError: there is no such corpus or clip, or clips are asked for and the corpus is not here.
    """
    kind = registry.on_disk(name)
    known = corpus if corpus is not None else kind
    if known is None:
        raise InputError(f"there is no corpus {name}.")
    content: dict[str, Any] = {"name": known.name, "version": known.version, "licence": known.licence}
    if kind is not None:
        content |= _about(known)
    content["splits"] = _splits(known, corpus)
    if corpus is not None and kind is None:
        content |= _synthsign()
    if isinstance(corpus, CorpusOnDisk):
        content |= {"root": str(corpus.root), "source": dict(corpus.sources())}
    if clips is not None:
        if corpus is None:
            raise InputError(f"the clips of {name} are not here; name its folder with `root=DIR`.")
        shown = [corpus.clip(clip) for clip in clips]
        content["clips"] = [
            {"id": clip.id, "text": clip.text, "gloss": list(clip.gloss), "signer": clip.signer, "fps": clip.fps} for clip in shown
        ]
    return content


def _about(kind: Any) -> dict[str, Any]:
    about = kind.about
    return {
        "title": about.title,
        "from": about.source,
        "citation": about.citation,
        "layout": list(about.layout),
        "notes": list(about.notes),
    }


def _splits(known: Any, corpus: Corpus | None) -> dict[str, dict[str, Any]]:
    """Of a corpus that is here the clips that it has, of another the published numbers."""
    found = {}
    for split in known.splits:
        published = known.about.counts.get(split) if hasattr(known, "about") else None
        row: dict[str, Any] = {"count": published}
        if corpus is not None:
            try:
                ids = corpus.ids(split)
                row = {"count": len(ids), "first": ids[0], "last": ids[-1]}
            except InputError as error:
                row = {"count": None, "error": str(error)}
        found[split] = row
    return found


def _synthsign() -> dict[str, Any]:
    from signbench.corpora.synthsign.lexicon import SIGNS, minimal_pairs
    from signbench.corpora.synthsign.signers import SIGNERS

    return {
        "fps": 25,
        "signers": list(SIGNERS),
        "signs": list(SIGNS),
        "minimal_pairs": [f"{one} / {other} ({difference})" for one, other, difference in minimal_pairs()],
    }


def sentences(content: Mapping[str, Any]) -> Iterator[str]:
    """The values of :func:`described` in lines for people."""
    yield f"{content['name']} {content['version']}, licence {content['licence']}"
    if "title" in content:
        yield content["title"]
        yield f"from: {content['from']}"
        yield f"cite: {content['citation']}"
        yield f"here: {content.get('root', 'no, or not configured')}"
        yield "layout:"
        yield from (f"  {line}" for line in content["layout"])
    for split, row in content["splits"].items():
        count = "any number of" if row["count"] is None else f"{row['count']:,}"
        ends = f"   {row['first']} ... {row['last']}" if "first" in row else ""
        yield f"  {split:<13}{count:>6} clips{ends}" if "error" not in row else f"  {split:<13}unusable: {row['error']}"
    for part in ("signers", "signs", "minimal_pairs"):
        if part in content:
            yield f"{len(content[part])} {part.replace('_', ' ')}: {', '.join(content[part])}"
    yield from (f"{key}: {value}" for key, value in content.get("source", {}).items())
    yield from (f"note: {note}" for note in content.get("notes", ()))
    for clip in content.get("clips", ()):
        by = "" if clip["signer"] is None else f" by {clip['signer']}"
        yield f"{clip['id']}{by}: {clip['text']}"
        yield f"  {' '.join(clip['gloss'])}"
