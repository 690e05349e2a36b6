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


def index_folder() -> Path:
    """The folder of kept indices: ``glosses`` in the user's cache, or ``$SIGNBENCH_GLOSSES``."""
    return user_cache("SIGNBENCH_GLOSSES", "glosses")


class EmbeddingIndex:
    """Texts by their embedding; a flat index of FAISS if the package is installed, else the same search with NumPy.

    Both compare a query with every text, so they find the same. Each text is embedded separately, so that no vector depends on the
    others, and only once: the vectors are kept in a file whose name is a digest of the model's weights and the texts.

    Args:
        texts: in order of preference on a tie.
        model: a sentence-transformer.
        folder: where the file is kept; None: :func:`index_folder`.

    Attributes:
        path: the file.
        search: ``faiss`` or ``exact``.

    Raises:
        InputError: the file cannot be written.
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
        """The number of the text nearest to a query, the first one on a tie, and their cosine."""
        vector = self._vector(query)
        if self._flat is not None:
            scores, numbers = self._flat.search(vector[None], 1)
            return int(numbers[0, 0]), float(scores[0, 0])
        similarities = self._vectors @ vector
        number = int(np.argmax(np.round(similarities, 6)))
        return number, float(similarities[number])

    def _kept(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of all texts, from the file or computed now."""
        import io

        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with locked(self.path):
                if not self.path.is_file():
                    made = io.BytesIO()
                    np.save(made, np.stack([self._vector(text) for text in texts]))
                    write_atomically(self.path, made.getvalue())
            found: NDArray[np.float32] = np.load(self.path)
        except (OSError, ValueError) as error:
            raise InputError(f"{self.path} cannot be read or written: {error}; set SIGNBENCH_GLOSSES to another folder.") from error
        return found

    def _vector(self, text: str) -> NDArray[np.float32]:
        vector = np.asarray(self._model.encode(text, show_progress_bar=False), dtype=np.float64)
        return (vector / max(float(np.sqrt((vector**2).sum())), 1e-12)).astype(np.float32)
