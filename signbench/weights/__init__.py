"""The registry of weights that cannot be shipped: where they come from, and where they lie on this machine."""
