"""Edits and withdrawals of posts that are known.

Of a post that its author revised the latest version counts, for exactly the topics that it is
about. One that was withdrawn loses its text, address and author at once; what remains of it, a
tombstone, keeps it from being counted again.

The version as first posted comes before all revisions, a withdrawal for good after them. So it does
not matter in which order, or how often, the versions of a known post are heard.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from storage.database import portions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from storage.database import Database
    from storage.rollup import Part

Identity = tuple[str, str]
"""``(source, id)``: one post, whatever topics it is about."""

AS_POSTED = 0
"""The version before all revisions."""

FINAL = 2**63 - 1
"""The version after all revisions: withdrawn for good."""


class Row(NamedTuple):
    """A mention as it is written; its fields are columns, the first of them those of a part."""

    series: int
    time: int
    polarity: str
    score: int
    copy: int
    author: bytes | None
    id: str
    stored: int
    revised: int
    text: str
    url: str
    language: str | None
    availability: int
    scorer: str

    @property
    def part(self) -> Part:
        """What it adds to its buckets."""
        return self[:6]


@dataclass(slots=True)
class Version:
    """A post as its author left it.

    Attributes:
        revised: When, in microseconds since 1970; else ``AS_POSTED`` or ``FINAL``.
        rows: The mentions that it is, by series.
    """

    revised: int
    rows: dict[int, Row] = field(default_factory=dict)


@dataclass(slots=True)
class Moved:
    """What comes to the buckets and goes from them.

    Attributes:
        come: What now counts.
        gone: What no longer counts.
    """

    come: list[Part] = field(default_factory=list)
    gone: list[Part] = field(default_factory=list)


class Known(NamedTuple):
    """A mention that the journal has.

    Attributes:
        rowid: Its number.
        post: Which post it is.
        series: The series that it belongs to.
        revised: Its version.
        part: What it adds to its buckets, if it stands.
        stands: Whether it counts; else it is a tombstone.
    """

    rowid: int
    post: Identity
    series: int
    revised: int
    part: Part
    stands: bool


def known(database: Database, ids: Sequence[str]) -> Iterator[Known]:
    """Yield what is known of posts with these ids, from whatever source, about whatever topic."""
    for portion in portions(ids):
        for rowid, source, identity, revised, stands, *part in database.execute(
            "SELECT mention.rowid, source, mention.id, revised, withdrawn IS NULL,"  # noqa: S608 - placeholders
            " series, time, polarity, score, copy, author"
            " FROM mention CROSS JOIN series ON series.id = mention.series"
            f" WHERE mention.id IN ({', '.join('?' * len(portion))})",
            portion,
        ).fetchall():
            series, time, polarity, score, copy, author = part
            yield Known(
                rowid,
                (source, identity),
                series,
                revised,
                (series, time, polarity, score, copy, author),
                bool(stands),
            )


def revise(database: Database, versions: Mapping[Identity, Version], moved: Moved, at: int) -> None:
    """Let later versions of known posts take effect; those of others are ignored."""
    for old in known(database, list({identity for _, identity in versions})):
        version = versions.get(old.post)
        if version is None or version.revised <= old.revised:
            continue
        if old.stands:
            moved.gone.append(old.part)
        if (row := version.rows.get(old.series)) is not None:
            moved.come.append(_replace(database, old, row))
        else:
            _withdraw(database, old, version.revised, at)


def _replace(database: Database, old: Known, row: Row) -> Part:
    """Let a mention stand as ``row``, but at the time, and by the author, that are known."""
    _, time, _, _, _, author = old.part
    row = row._replace(time=time, author=row.author or author)
    database.execute(
        f"UPDATE mention SET withdrawn = NULL, {_ASSIGNED} WHERE rowid = ?",  # noqa: S608 - constants
        (*row, old.rowid),
    )
    return row.part


def _withdraw(database: Database, old: Known, revised: int, at: int) -> None:
    """Leave no more of a mention than a tombstone."""
    database.execute(
        "UPDATE mention SET revised = ?, withdrawn = coalesce(withdrawn, ?), author = NULL,"
        " text = NULL, url = '' WHERE rowid = ?",
        (revised, at, old.rowid),
    )


_ASSIGNED = ", ".join(f"{column} = ?" for column in Row._fields)
