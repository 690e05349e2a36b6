"""GFSLT: gloss-free translation from video, with visual-language pre-training."""
