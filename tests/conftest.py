"""Fixtures for all tests: real servers, and an environment without the user's own settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from pathlib import Path

# Machines are busy at times, and a test of behaviour is none of speed.
hypothesis.settings.register_profile("hubbub", deadline=None)
hypothesis.settings.load_profile("hubbub")

pytest_plugins = ["tests.support.browser", "tests.support.influx"]


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the user's configuration and journal out of the tests, and the tests out of them."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "HUBBUB_CONFIG", "HUBBUB_STORE"):
        monkeypatch.delenv(name, raising=False)
    return home
