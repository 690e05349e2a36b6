"""The regression gate: baselines pinned from runs, and checks of new runs against them."""
