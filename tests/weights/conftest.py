"""A folder of weights of their own for these tests, and a registry that holds what they say."""

from __future__ import annotations

import pytest

from signbench.weights import digests, download, registry


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The folder of weights, which does not exist yet."""
    monkeypatch.setenv("SIGNBENCH_WEIGHTS", str(tmp_path / "weights"))
    for variable in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.upper(), raising=False)
    monkeypatch.setattr(digests, "_known", {})
    monkeypatch.setattr(download, "_FIRST_PAUSE", 0.0)
    return tmp_path / "weights"


@pytest.fixture
def register(monkeypatch):
    """Makes the registry hold the given weights and nothing else."""

    def replace(*entries):
        monkeypatch.setattr(registry, "registered", lambda: {entry.name: entry for entry in entries})

    return replace
