"""Benchmarks of speed and memory, as ratios to other packages or to the bare work, measured in one run on one machine."""
