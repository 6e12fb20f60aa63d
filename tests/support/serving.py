"""What tests of the service share: its journal's thread, sources that do as told, and a clock."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from typing import TYPE_CHECKING

import settings
from service import Health, Writing
from signals import Collection, Post
from storage import Journal
from storage.database import Database
from tests.support.worlds import SOURCE, TOPIC

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime
    from pathlib import Path

    import pytest


@asynccontextmanager
async def writing(path: Path) -> AsyncIterator[tuple[Writing, Health]]:
    """Open the journal at ``path`` in a thread of its own, as the service does."""
    health = Health()
    with Journal(path) as journal:
        async with Writing(journal, health) as thread:
            yield thread, health


class Voice:
    """A source that says what it is told to say.

    Attributes:
        says: Called each time it is asked; yields what it says, or raises.
        asked: How often it was.
    """

    def __init__(
        self, says: Callable[[datetime], AsyncIterator[Collection]], source: str = SOURCE
    ) -> None:
        """Speak as ``source``, of everything."""
        self.source = source
        self.interval = timedelta(minutes=1)
        self.topics: frozenset[str] = frozenset({TOPIC})
        self.says = says
        self.asked = 0

    async def collect(self, _cursor: str | None, now: datetime) -> AsyncIterator[Collection]:
        """Say it."""
        self.asked += 1
        async for portion in self.says(now):
            yield portion


class Stream(Voice):
    """A voice that runs on."""

    streams = True


def failing(
    error: Exception, *first: Collection
) -> Callable[[datetime], AsyncIterator[Collection]]:
    """Return what a source says that fails, after some portions."""

    async def says(_now: datetime) -> AsyncIterator[Collection]:
        for portion in first:
            yield portion
        raise error

    return says


def portion(now: datetime, *identities: str, source: str = SOURCE) -> Collection:
    """Return one complaint for each identity, and a cursor."""
    posts = tuple(Post(source, each, f"{TOPIC} is down", now) for each in identities)
    return Collection(source, posts, cursor=f"after {','.join(identities)}")


def well(*identities: str) -> Callable[[datetime], AsyncIterator[Collection]]:
    """Return what a source says that is well."""

    async def says(now: datetime) -> AsyncIterator[Collection]:
        yield portion(now, *identities)

    return says


class Clock:
    """The monotonic clock, which a test can move forward."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        """Stand in for ``time.monotonic``; the event loop's timers follow."""
        real = time.monotonic
        self._ahead = 0.0
        patch.setattr(time, "monotonic", lambda: real() + self._ahead)

    def forward(self, seconds: float) -> None:
        """Let ``seconds`` pass at once."""
        self._ahead += seconds


def break_journal(path: Path, event: str) -> None:
    """Let every ``event`` (SQL, e.g. ``INSERT ON cursor``) fail, as a broken disk would."""
    with closing(Database(path)) as database, database.transaction():
        database.execute(
            f"CREATE TRIGGER broken BEFORE {event}"
            " BEGIN SELECT RAISE(ABORT, 'the disk is broken'); END"
        )


def mend_journal(path: Path) -> None:
    """Let everything succeed again."""
    with closing(Database(path)) as database, database.transaction():
        database.execute("DROP TRIGGER broken")


def page(**keys: object) -> settings.Page:
    """Return settings of a page on a free port."""
    return settings.Page.model_validate({"port": 0, **keys})
