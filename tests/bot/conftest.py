"""A study whose answers a bot can collect."""

from __future__ import annotations

import pytest

from tests.bot.chats import small_study


@pytest.fixture
def begun(tmp_path):
    return small_study(tmp_path)
