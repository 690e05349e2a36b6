"""CorrNet: continuous sign language recognition from video, by correlations of neighbouring frames."""
