"""Builders of mentions and collections, and plain versions of what the journal counts."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from signals import (
    Collection,
    Judgement,
    Level,
    Mention,
    Polarity,
    Post,
    Span,
    from_seconds,
    seconds,
)
from storage.database import reading

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
START = seconds(NOON)
TOPIC, SOURCE = "GitHub", "hackernews"

Row = tuple[str, str, int, str, int, object, bool]
"""Topic, source, time, polarity, score in ten-thousandths, author or None, whether it is a copy."""

Bucket = tuple[int, str, str, int]
"""Level, topic, source, start."""

Sums = tuple[int, int, int, int, int, int, int, int]
"""Positive, negative, neutral, authors, score in ten-thousandths, unscored, copies, and how many of
the complaints are copies."""


def mention(  # noqa: PLR0913 - one default for each field that a test may care about
    identity: str,
    time: int = START,
    compound: float = -0.5,
    author: str = "",
    *,
    topic: str = TOPIC,
    source: str = SOURCE,
    text: str = "GitHub is down",
    url: str = "",
    availability: bool = False,
    copy: bool = False,
    revised: int | None = None,
    polarity: Polarity | None = None,
) -> Mention:
    """Return a mention; its polarity follows from ``compound`` unless it is given."""
    polarity = polarity or (
        Polarity.NEGATIVE
        if compound < 0
        else Polarity.POSITIVE
        if compound > 0
        else Polarity.NEUTRAL
    )
    judgement = Judgement(polarity, compound, 0.0, 0.0, 0.0, availability, scorer="vader-3.3.2")
    post = Post(
        source,
        identity,
        text,
        from_seconds(time),
        author=author,
        url=url,
        revised=from_seconds(revised) if revised is not None else None,
    )
    return Mention(topic, post, judgement, copy)


def heard(
    *stretches: tuple[int, int], source: str = SOURCE, cursor: str | None = None
) -> Collection:
    """Return a collection without posts of a source that was watched in ``stretches``."""
    watched = tuple(Span(from_seconds(start), from_seconds(end)) for start, end in stretches)
    return Collection(source, watched=watched, cursor=cursor)


def count(rows: Iterable[Row]) -> dict[Bucket, Sums]:
    """Return what the buckets of all levels should count."""
    groups: dict[Bucket, list[Row]] = defaultdict(list)
    for row in rows:
        topic, source, time = row[:3]
        for level in Level:
            groups[level.value, topic, source, time // level * level].append(row)
    return {
        bucket: (
            sum(row[3] == Polarity.POSITIVE for row in group),
            sum(row[3] == Polarity.NEGATIVE for row in group),
            sum(row[3] == Polarity.NEUTRAL for row in group),
            len({row[5] for row in group if row[5] is not None}),
            sum(row[4] for row in group),
            sum(row[3] == Polarity.UNSCORED for row in group),
            sum(row[6] for row in group),
            sum(row[6] and row[3] == Polarity.NEGATIVE for row in group),
        )
        for bucket, group in groups.items()
    }


def count_mentions(mentions: Iterable[Mention]) -> dict[Bucket, Sums]:
    """Return what the buckets should count; of equal mentions the first counts."""
    first: dict[tuple[str, str, str], Mention] = {}
    for each in mentions:
        first.setdefault((each.topic, each.post.source, each.post.id), each)
    return count(
        (
            each.topic,
            each.post.source,
            seconds(each.post.time),
            each.judgement.polarity,
            round(each.judgement.compound * 10_000),
            each.post.author or None,
            each.copy,
        )
        for each in first.values()
    )


def count_stored(path: Path) -> dict[Bucket, Sums]:
    """Return what the buckets should count according to the mentions that stand in the journal."""
    with reading(path) as database:
        return count(
            database.execute(
                "SELECT topic, source, time, polarity, score, author, copy"
                " FROM mention JOIN series ON series.id = series WHERE withdrawn IS NULL"
            )
        )


def buckets(path: Path) -> dict[Bucket, Sums]:
    """Return what the journal's buckets of all levels do count."""
    with reading(path) as database:
        return {
            (level, topic, source, time): tuple(sums)
            for level, topic, source, time, *sums in database.execute(
                "SELECT level, topic, source, time, positive, negative, neutral, authors, score,"
                " unscored, copies, negative_copies FROM bucket JOIN series ON series.id = series"
            )
        }
