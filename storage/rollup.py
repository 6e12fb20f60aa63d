"""What buckets count, and how a difference gets into them.

Everything here runs in the transaction that changes the mentions, so that minutes, hours, days and
corrections always agree with the mentions that stand.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from signals import Level
from storage.database import portions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from storage.database import Database

SCORE_UNIT = 10_000
"""Scores are kept as whole ten-thousandths, since a compound has four decimals."""

Key = tuple[int, int, int]
"""``(level, series, time)``: the bucket's width in seconds, its series and its start."""

COLUMNS = (
    "positive", "negative", "neutral", "unscored", "copies", "negative_copies", "authors", "score",
)  # fmt: skip
"""What a bucket counts, by the names of the columns."""

_COLUMN = {name: at for at, name in enumerate(COLUMNS)}
_NEGATIVE = _COLUMN["negative"]
_COPIES = _COLUMN["copies"]
_NEGATIVE_COPIES = _COLUMN["negative_copies"]
_AUTHORS = _COLUMN["authors"]
_SCORE = _COLUMN["score"]
_LEVELS = tuple(int(level) for level in Level)  # plain numbers are quicker keys
_NAMES = ", ".join(COLUMNS)
_PLACES = ", ".join("?" * len(COLUMNS))
_SUMS = ", ".join(f"{name} = {name} + excluded.{name}" for name in COLUMNS)

Part = tuple[int, int, str, int, int, bytes | None]
"""``(series, time, polarity, score, copy, author)``: what one mention adds to its buckets."""


def change(database: Database, come: Iterable[Part], gone: Sequence[Part] = ()) -> None:
    """Count what has come and what has gone, after the mentions themselves were written."""
    counts, people = _add_up(come, gone)
    pruned, forgotten = _dropped(database, counts)
    for key, authors in people.items():
        moved = {author: by for author, by in authors.items() if by} if gone else authors
        if key in forgotten or (gone and min(moved.values(), default=0) < 0):
            counts[key][_AUTHORS] = _recount(database, key, moved)
        else:
            counts[key][_AUTHORS] = _enter(database, key, moved)
    if gone:
        counts = {key: bucket for key, bucket in counts.items() if any(bucket)}
    kept = [(*key, *bucket) for key, bucket in counts.items() if key not in pruned]
    database.executemany(
        f"INSERT INTO bucket (level, series, time, {_NAMES}) VALUES (?, ?, ?, {_PLACES})"  # noqa: S608 - constants
        f" ON CONFLICT DO UPDATE SET {_SUMS}",
        kept,
    )
    if gone:
        database.executemany(
            "DELETE FROM bucket WHERE level = ? AND series = ? AND time = ?"
            " AND positive + negative + neutral + unscored = 0",
            [row[:3] for row in kept],
        )
    _note_late(database, counts)


def _add_up(
    come: Iterable[Part], gone: Iterable[Part]
) -> tuple[dict[Key, list[int]], dict[Key, dict[bytes, int]]]:
    """Return the differences to each bucket, people aside, and to the mentions of each author."""
    counts: defaultdict[Key, list[int]] = defaultdict(lambda: [0] * len(COLUMNS))
    people: defaultdict[Key, dict[bytes, int]] = defaultdict(dict)
    for parts, times in ((come, 1), (gone, -1)):
        for series, time, polarity, score, copy, author in parts:
            column = _COLUMN[polarity]
            for level in _LEVELS:
                key = (level, series, time // level * level)
                bucket = counts[key]
                bucket[column] += times
                bucket[_SCORE] += times * score
                if copy:
                    bucket[_COPIES] += times
                    bucket[_NEGATIVE_COPIES] += times * (column == _NEGATIVE)
                if author is not None:
                    authors = people[key]
                    authors[author] = authors.get(author, 0) + times
    return counts, people


def _dropped(database: Database, keys: Iterable[Key]) -> tuple[set[Key], set[Key]]:
    """Return which buckets were dropped with age, and of which it was dropped who is in them.

    Nothing is dropped of an archive, which is no source that is still listened to.
    """
    found = database.execute("SELECT value FROM meta WHERE key = 'minutes_since'").fetchone()
    since = int(found[0]) if found else 0
    old = [key for key in keys if key[2] < since]
    if not old:
        return set(), set()
    live = {
        series for (series,) in database.execute("SELECT id FROM series JOIN cursor USING (source)")
    }
    old = [key for key in old if key[1] in live]
    return {key for key in old if key[0] == Level.MINUTE}, {
        key for key in old if key[2] <= since - key[0]
    }


def _recount(database: Database, key: Key, authors: Mapping[bytes, int]) -> int:
    """Count anew who is in a bucket; return by how many people there are more than before.

    Args:
        database: The journal, with the mentions as they are now.
        key: The bucket.
        authors: By how many mentions each author has more in it than before.
    """
    level, series, time = key
    now: dict[bytes, int] = {}
    for portion in portions(list(authors)):
        now |= database.execute(
            "SELECT author, count(*) FROM mention WHERE series = ? AND time >= ? AND time < ?"  # noqa: S608 - placeholders
            f" AND author IN ({', '.join('?' * len(portion))}) GROUP BY author",
            (series, time, time + level, *portion),
        )
    entered = [author for author, by in authors.items() if now.get(author) == by]
    left = [author for author in authors if author not in now]
    _enter(database, key, entered)
    database.executemany(
        "DELETE FROM bucket_author WHERE level = ? AND series = ? AND time = ? AND author = ?",
        [(*key, author) for author in left],
    )
    return len(entered) - len(left)


def _enter(database: Database, key: Key, authors: Iterable[bytes]) -> int:
    """Note who is in a bucket; return how many of them were not noted yet."""
    rows = [(*key, author) for author in authors]
    return database.executemany(
        "INSERT OR IGNORE INTO bucket_author VALUES (?, ?, ?, ?)", rows
    ).rowcount


def _note_late(database: Database, differences: Mapping[Key, Sequence[int]]) -> None:
    """Gather what was just counted in buckets that are already sealed."""
    sealed = {
        key: row[0]
        for key in {key[:2] for key in differences}
        if (
            row := database.execute(
                "SELECT until FROM sealed WHERE level = ? AND series = ?", key
            ).fetchone()
        )
    }
    database.executemany(
        f"INSERT INTO late (level, series, time, lines, pending, {_NAMES})"  # noqa: S608 - constants
        f" VALUES (?, ?, ?, 0, 1, {_PLACES}) ON CONFLICT DO UPDATE SET {_SUMS}, pending = 1",
        [
            (*key, *values)
            for key, values in differences.items()
            if key[2] < sealed.get(key[:2], key[2])
        ],
    )
