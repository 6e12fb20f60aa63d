"""Mentions into the journal: each once, in the words of its latest version, and counted as such."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING

from signals import seconds
from storage import coverage, revising, rollup
from storage.revising import AS_POSTED, FINAL, Identity, Moved, Row, Version
from storage.rollup import SCORE_UNIT
from storage.texts import storable, storable_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signals import Collection, Mention
    from storage.database import Database

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_INSERT = (
    f"INSERT INTO mention ({', '.join(Row._fields)})"  # noqa: S608 - constants
    f" VALUES ({', '.join('?' * len(Row._fields))})"
)


class Mentions:
    """Writes mentions, and keeps their buckets in step."""

    def __init__(self, database: Database) -> None:
        """Work on an open journal."""
        self._database = database
        self._series: dict[tuple[str, str], int] = {}
        self._author_key = self._read_author_key()

    def know(self, topic: str, source: str, since: int | None = None) -> None:
        """Number the mentions of ``topic`` in ``source``, listened to from now or ``since``."""
        key = (topic, source)
        if key in self._series:
            return
        with self._database.transaction():
            if since is None:
                since = coverage.watched_until(self._database, source) or 0
            self._database.execute(
                "INSERT OR IGNORE INTO series (topic, source, since) VALUES (?, ?, ?)",
                (*key, since),
            )
            (number,) = self._database.execute(
                "SELECT id FROM series WHERE topic = ? AND source = ?", key
            ).fetchone()
        self._series[key] = number

    def store(self, collection: Collection, mentions: Sequence[Mention], at: int) -> int:
        """Store ``mentions``, whose series are known; return how many were not known before.

        Runs in a transaction of the caller's. See ``Journal.record``.
        """
        rows = [self._row(mention, at) for mention in mentions]
        fresh = self._insert(mentions, rows)
        moved = Moved(come=[row.part for row in fresh])
        if versions := _versions(collection, mentions, rows):
            revising.revise(self._database, versions, moved, at)
        rollup.change(self._database, moved.come, moved.gone)
        return len(fresh)

    def _insert(self, mentions: Sequence[Mention], rows: Sequence[Row]) -> list[Row]:
        """Insert and return the mentions that are not known, unless a later version of them is.

        An id that is an address is the same post in whatever source, e.g. on another instance of
        Mastodon; only the source that brought it first counts it.
        """
        latest: dict[Identity, int] = {}
        elsewhere: dict[str, str] = {}
        have: set[tuple[str, int]] = set()
        for old in revising.known(self._database, [row.id for row in rows]):
            have.add((old.post[1], old.series))
            latest[old.post] = max(old.revised, latest.get(old.post, AS_POSTED))
            elsewhere.setdefault(old.post[1], old.post[0])
        fresh: dict[tuple[str, int], Row] = {}
        for mention, row in zip(mentions, rows, strict=True):
            key = (row.id, row.series)
            if key in have or key in fresh:
                continue
            source = mention.post.source
            if "://" in row.id and elsewhere.setdefault(row.id, source) != source:
                continue
            if latest.get((source, row.id), AS_POSTED) <= row.revised:
                fresh[key] = row
        self._database.executemany(_INSERT, list(fresh.values()))
        return list(fresh.values())

    def _row(self, mention: Mention, at: int) -> Row:
        post, judgement = mention.post, mention.judgement
        return Row(
            self._series[mention.topic, post.source],
            seconds(post.time),
            judgement.polarity.value,
            round(judgement.compound * SCORE_UNIT),
            int(mention.copy),
            self.author(post.source, post.author),
            storable_line(post.id),
            at,
            _version(post.revised),
            storable(post.text),
            storable_line(post.url),
            storable_line(post.language) if post.language is not None else None,
            int(judgement.availability),
            judgement.scorer,
        )

    def _read_author_key(self) -> bytes:
        """Return the key of the author hashes, made with the journal."""
        with self._database.transaction():
            self._database.execute(
                "INSERT OR IGNORE INTO meta VALUES ('author_key', ?)", (secrets.token_hex(32),)
            )
            (key,) = self._database.execute(
                "SELECT value FROM meta WHERE key = 'author_key'"
            ).fetchone()
        return bytes.fromhex(key)

    def author(self, source: str, author: str) -> bytes | None:
        """Return the keyed hash under which an author is known; the key never leaves the file."""
        if not author:
            return None
        return blake2b(
            f"{source}\0{author}".encode(errors="replace"), digest_size=8, key=self._author_key
        ).digest()


def _version(revised: datetime | None) -> int:
    """Return microseconds since 1970, since a post may be revised twice in a second."""
    return max((revised - _EPOCH) // _MICROSECOND, AS_POSTED + 1) if revised else AS_POSTED


def _versions(
    collection: Collection, mentions: Sequence[Mention], rows: Sequence[Row]
) -> dict[Identity, Version]:
    """Return the latest version of each post that was revised or withdrawn.

    A post of the collection that is none of the mentions is about no topic any more.
    """
    found: dict[Identity, Version] = {}

    def note(source: str, identity: str, revised: int) -> Version:
        post = (source, identity)
        if post not in found or found[post].revised < revised:
            found[post] = Version(revised)
        return found[post]

    for identity in collection.withdrawn:
        note(collection.source, storable_line(identity), FINAL)
    for post in collection.posts:
        if post.revised is not None:
            note(post.source, storable_line(post.id), _version(post.revised))
    for mention, row in zip(mentions, rows, strict=True):
        if row.revised != AS_POSTED:
            version = note(mention.post.source, row.id, row.revised)
            if version.revised == row.revised:
                version.rows.setdefault(row.series, row)
    return found
