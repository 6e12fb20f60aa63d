"""Rankings made up for the tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from signals import Reading
from trends import Ranking

DAY = datetime(2026, 11, 24, tzinfo=UTC)
MONTH = timedelta(days=30)


def ranking(
    *distros: str | tuple[str, int | None],
    day: datetime = DAY,
    span: str = "6m",
    source: str = "distrowatch",
) -> Ranking:
    """Return a ranking of ``distros`` in their order; a slug, or a slug and its hits."""
    pairs = [each if isinstance(each, tuple) else (each, None) for each in distros]
    return Ranking.of(
        Reading(distro, distro.title(), source, span, day, rank, hits)
        for rank, (distro, hits) in enumerate(pairs, start=1)
    )


def zipf(count: int = 400, day: datetime = DAY, span: str = "6m") -> Ranking:
    """Return a ranking of ``count`` distros whose hits fall as 1 / rank."""
    return ranking(
        *((f"d{rank}", 40_000 // rank) for rank in range(1, count + 1)), day=day, span=span
    )


def placed(count: int, day: datetime = DAY, **at: int) -> Ranking:
    """Return a ranking of ``count`` distros without hits, some of them at the places given."""
    names = [f"d{number}" for number in range(count - len(at))]
    for distro, rank in sorted(at.items(), key=lambda each: each[1]):
        names.insert(rank - 1, distro)
    return ranking(*names, day=day)
