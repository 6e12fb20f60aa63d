"""What several tests of collectors share: patience for tests, and a way to collect once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collectors import Collector, Limits, SourceError
from signals import iso

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from signals import Collection

CONTACT = "operator@example.org"
QUICK = Limits(
    connect=10,
    read=10,
    total=10,
    wire=300_000,
    unpacked=400_000,
    attempts=2,
    backoff=0.01,
    patience=0.5,
    spacing=0,
)
"""Waits that suit a test: none between requests, short ones before another attempt."""


async def listen(
    collector: Collector, cursor: str | None, now: datetime
) -> tuple[list[Collection], SourceError | None]:
    """Return what one call yields, and the error that it ends with."""
    portions: list[Collection] = []
    try:
        async for portion in collector.collect(cursor, now):
            portions.append(portion)  # noqa: PERF401 - what came before an error counts
    except SourceError as error:
        return portions, error
    return portions, None


def identities(portions: Iterable[Collection]) -> set[str]:
    """Return the identity of each post, event and reading in ``portions``."""
    found: set[str] = set()
    for portion in portions:
        found.update(post.id for post in portion.posts)
        found.update(event.id for event in portion.events)
        found.update(f"{r.distro} {r.span} {iso(r.day)[:10]}" for r in portion.readings)
    return found


def cursor_of(portions: Iterable[Collection]) -> str | None:
    """Return the latest cursor in ``portions``."""
    cursors = [portion.cursor for portion in portions if portion.cursor is not None]
    return cursors[-1] if cursors else None
