"""What the tests of the collectors stand on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.web import Web

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reach the servers of the tests directly, whatever the environment says of the others."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def web() -> Iterator[Web]:
    """Return a server without any routes."""
    with Web() as server:
        yield server
