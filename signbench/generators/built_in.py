"""The generators that signbench brings along: where each is defined."""

from __future__ import annotations

BUILT_IN = {
    "ground-truth": "signbench.generators.anchors:GroundTruth",
    "shuffled": "signbench.generators.anchors:Shuffled",
    "first-frame": "signbench.generators.trivial:FirstFrame",
    "mean-pose": "signbench.generators.trivial:MeanPose",
    "noise": "signbench.generators.trivial:Noise",
    "nearest": "signbench.generators.retrieval:Nearest",
    "stitched": "signbench.generators.stitching:Stitched",
}
"""Name -> ``module:Class``."""
