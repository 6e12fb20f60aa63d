"""What the tests of the service stand on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.serving import Clock

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock of this test."""
    return Clock(monkeypatch)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the journal of this test lies."""
    return tmp_path / "hubbub.db"
