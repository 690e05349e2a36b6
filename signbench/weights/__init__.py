"""The registry of weights that cannot be shipped: where they come from, and where they are on this machine."""
