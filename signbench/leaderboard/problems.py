"""Problems with entries: what is wrong, in which folder, and what to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Kind = Literal[
    "file", "path", "card", "result", "records", "task", "clips", "signature", "score", "digest", "human", "text", "duplicate"
]
"""The part of an entry that a problem is about."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with an entry.

    Attributes:
        entry: the entry's folder, as the user wrote it.
        kind: the part of the entry that it is about.
        what: what is wrong, in a sentence without its full stop.
        remedy: what to do.
    """

    entry: str
    kind: Kind
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.entry}: {self.what}; {self.remedy}."

    def as_json(self) -> dict[str, str]:
        """The problem as plain values, with the whole sentence under ``message``."""
        return {**asdict(self), "message": str(self)}
