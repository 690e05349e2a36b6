"""Starts the program as a user would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.patience import PATIENCE


def environment():
    """The environment of a user, without the variables of these tests."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("RANK", "WORLD_SIZE", "TORCHELASTIC", "PYTEST"))
    }
    return {**kept, "COLUMNS": "200", "PYTHONPATH": str(Path(__file__).parents[2])}


def signbench(*words, folder=None, timeout=PATIENCE):
    """Runs ``signbench WORDS`` in a folder and returns its exit code and output."""
    return subprocess.run(
        [sys.executable, "-m", "signbench", *map(str, words)],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
