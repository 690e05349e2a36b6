"""The regression gate: baselines that were pinned from runs, and the check of a new run against one."""
