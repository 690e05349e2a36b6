"""An index of sentence embeddings, which is built once and kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.generators.text_search import SentenceModel, weights_digest
from signbench.user_folders import user_cache
from signbench.weights.locking import locked
from signbench.whole_files import write_atomically

Search = Literal["faiss", "exact"]

_FIRST = 16
"""Neighbours that FAISS is asked for at first."""

_ALIKE = 1e-5
"""Cosines that differ by less are compared again: FAISS's have 7 digits."""


def index_folder() -> Path:
    """The folder of kept indices: ``glosses`` in the user's cache, or ``$SIGNBENCH_GLOSSES``."""
    return user_cache("SIGNBENCH_GLOSSES", "glosses")


class EmbeddingIndex:
    """Texts by their embedding; a flat index of FAISS if the package is installed, else the same search with NumPy.

    Both compare a query with every text, and FAISS's nearest are compared again as NumPy compares all, so they find the same. Each
    text is embedded separately, so that no vector depends on the
    others, and only once: the vectors are kept in a file whose name is a digest of the model's weights and the texts.

    Args:
        texts: in order of preference on a tie.
        model: a sentence-transformer.
        folder: where the file is kept; None: :func:`index_folder`.

    Attributes:
        path: the file.
        search: ``faiss`` or ``exact``.

    Raises:
        InputError: the file cannot be read or written, or is damaged.
    """

    def __init__(self, texts: Sequence[str], model: SentenceModel, folder: Path | None = None) -> None:
        self._model = model
        described = json.dumps([weights_digest(model), list(texts)], ensure_ascii=False)
        digest = hashlib.sha256(described.encode()).hexdigest()[:16]
        self.search: Search = "exact" if find_spec("faiss") is None else "faiss"
        self.path = (folder or index_folder()) / f"{digest}.npy"
        self._vectors = self._kept(texts)
        self._flat: Any = None
        if self.search == "faiss":
            self._flat = import_module("faiss").IndexFlatIP(self._vectors.shape[1])
            self._flat.add(self._vectors)

    def nearest(self, query: str) -> tuple[int, float]:
        """The number of the text nearest to a query, and their cosine, rounded to 6 digits; the first one on a tie.

        Raises:
            InputError: the file of vectors is damaged.
        """
        vector = self._vector(query)
        if vector.shape != self._vectors.shape[1:]:
            raise self._damaged(f"its vectors have {self._vectors.shape[1]} numbers, the model's {vector.size}")
        numbers = np.arange(len(self._vectors)) if self._flat is None else self._candidates(vector)
        scores = np.round((self._vectors[numbers].astype(np.float64) * vector).sum(axis=1), 6)
        first = int(scores.argmax())
        return int(numbers[first]), float(scores[first])

    def _candidates(self, vector: NDArray[np.float32]) -> NDArray[np.int64]:
        """The numbers, in order, of at least all texts whose cosine may be the largest."""
        count = min(_FIRST, len(self._vectors))
        while True:
            scores, numbers = self._flat.search(vector[None], count)
            if count == len(self._vectors) or scores[0, 0] - scores[0, -1] > _ALIKE:
                return np.sort(np.asarray(numbers[0], np.int64))
            count = min(2 * count, len(self._vectors))

    def _kept(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of all texts, from the file or computed now."""
        import io
        from tokenize import TokenError

        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with locked(self.path):
                if not self.path.is_file():
                    made = io.BytesIO()
                    np.save(made, np.stack([self._vector(text) for text in texts]))
                    write_atomically(self.path, made.getvalue())
            content = self.path.read_bytes()
        except OSError as error:
            raise InputError(f"{self.path} cannot be read or written: {error}; set SIGNBENCH_GLOSSES to another folder.") from error
        try:
            found: NDArray[np.float32] = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
        except (EOFError, MemoryError, TokenError, ValueError) as error:
            raise self._damaged(str(error)) from error
        if found.ndim != 2 or len(found) != len(texts) or found.dtype != np.float32 or not np.isfinite(found).all():
            raise self._damaged(f"it has {found.dtype} {found.shape}, not finite vectors of {len(texts)} texts")
        return found

    def _damaged(self, what: str) -> InputError:
        return InputError(f"{self.path} is damaged: {what}; remove it, or set SIGNBENCH_GLOSSES to another folder.")

    def _vector(self, text: str) -> NDArray[np.float32]:
        vector = np.asarray(self._model.encode(text, show_progress_bar=False), dtype=np.float64)
        return (vector / max(float(np.sqrt((vector**2).sum())), 1e-12)).astype(np.float32)
