"""Speed and memory, as ratios against the peers or against the bare work, measured in one run on one machine."""
