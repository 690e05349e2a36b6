"""The units that are drawn, swapped and left out: clips, or clusters of clips such as all clips of a signer."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from signbench.errors import InputError
from signbench.metrics.base import Weights
from signbench.statistics import bootstrap, jackknife

FEWEST_CLIPS = 10
FEWEST_CLUSTERS = 5
FEWEST_EFFECTIVE = 2.0
"""The minimum effective number of clusters."""


@dataclass(frozen=True, eq=False)
class Units:
    """The units that are swapped, drawn and left out.

    Attributes:
        clips: number of clips N.
        cluster: int64 ``(N,)``, each clip's cluster in [0, count); None if clips are independent.
    """

    clips: int
    cluster: NDArray[np.int64] | None

    @classmethod
    def of(cls, clips: int, clusters: Sequence[Hashable] | None) -> Units:
        """The units of the given number of clips.

        Raises:
            InputError: the number of cluster labels is not the number of clips.
        """
        if clusters is not None and len(clusters) != clips:
            raise InputError(f"{len(clusters)} cluster labels for {clips} clips; give one per clip.")
        return cls(clips, None if clusters is None else numbered(clusters))

    @property
    def count(self) -> int:
        """Number of units."""
        return self.clips if self.cluster is None else int(self.cluster.max(initial=-1)) + 1

    @property
    def word(self) -> str:
        """The name of the units."""
        return "clips" if self.cluster is None else "clusters"

    @property
    def sizes(self) -> NDArray[np.int64]:
        """The number of clips in each unit, int64 ``(count,)``."""
        if self.cluster is None:
            return np.ones(self.clips, dtype=np.int64)
        return np.bincount(self.cluster, minlength=self.count)

    @property
    def effective(self) -> float:
        """The effective number of units: (sum of n)² / sum of n² (Kish, *Survey Sampling*, 1965).

        If one signer has half of the clips, that signer weighs as much as all others, and little is known about the spread among
        signers.
        """
        sizes = self.sizes
        return float(int(sizes.sum()) ** 2 / int((sizes**2).sum())) if len(sizes) else 0.0

    def freedom(self, groups: int | None = None) -> int:
        """Degrees of freedom of a spread estimated from these units.

        Args:
            groups: number of groups that the units were dealt into; None: there are no groups.
        """
        return max(1, min(int(self.effective), self.count if groups is None else groups) - 1)

    def spread(self, weights: Weights) -> Weights:
        """Weights of units ``(B, count)`` as weights of their clips ``(B, N)``."""
        return weights if self.cluster is None else bootstrap.over_clusters(weights, self.cluster)

    def named(self, method: str) -> str:
        """A method's name, which says whether clusters were the units."""
        return method if self.cluster is None else f"cluster-{method}"

    def too_few(self) -> str | None:
        """Why the spread of so few units cannot be estimated, or None."""
        if self.clips < FEWEST_CLIPS:
            return f"fewer than {FEWEST_CLIPS} clips"
        if self.cluster is not None and self.count < FEWEST_CLUSTERS:
            return f"fewer than {FEWEST_CLUSTERS} clusters"
        if self.effective < FEWEST_EFFECTIVE:
            return "nearly all clips are of one cluster"
        return None

    def leave_out(self) -> Weights:
        """Weights ``(1 + G, N)``: all clips, then without each of G groups of units."""
        group = jackknife.groups(self.count)
        without = jackknife.leave_out(group if self.cluster is None else group[self.cluster])
        return np.concatenate([np.ones((1, self.clips), dtype=np.uint8), without])


def numbered(labels: Sequence[Hashable]) -> NDArray[np.int64]:
    """Labels as numbers from 0, in order of first appearance.

    So clusters of one clip each give the same draws as the clips themselves.

    Returns:
        int64 ``(N,)``.
    """
    number: dict[Hashable, int] = {}
    return np.array([number.setdefault(label, len(number)) for label in labels], dtype=np.int64)
