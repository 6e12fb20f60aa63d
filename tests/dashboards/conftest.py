"""The two weeks of ``world`` and the page that shows them, built once for a module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dashboards import create_app
from tests.dashboards import world
from tests.support.browser import served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.dashboards.journal import Journal


@pytest.fixture(scope="module")
def two_weeks() -> Journal:
    """Return the journal that most tests only read; its last minute is the present one."""
    return world.build()


@pytest.fixture(scope="module")
def address(two_weeks: Journal) -> Iterator[str]:
    """Serve the page of ``two_weeks``."""
    with served(create_app(two_weeks)) as url:
        yield url
