"""Judging anew what another engine, or an older one, has judged.

A batch is one transaction: its mentions, their buckets, and what is late for InfluxDB. Which
mentions are left to judge is seen from the mentions themselves, so it may be cut off at any moment
and begun again, also while the service writes the same journal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from signals import seconds
from storage import rollup
from storage.rollup import SCORE_UNIT, Part

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from signals import Judgement
    from storage.database import Database

_STALE = (
    " FROM mention JOIN series ON series.id = series WHERE withdrawn IS NULL AND scorer != :scorer"
    " AND (:topic IS NULL OR topic = :topic) AND (:since IS NULL OR time >= :since)"
)


class Stale(NamedTuple):
    """A mention that another engine has judged.

    Attributes:
        row: Its number in the journal; mentions are numbered in the order of storing.
        revised: Its version.
        topic: The name of its topic.
        text: What it says.
        language: As its source states it.
    """

    row: int
    revised: int
    topic: str
    text: str
    language: str | None


class Rescoring:
    """Finds mentions that the present engine has not judged, and replaces their judgements."""

    def __init__(self, database: Database) -> None:
        """Work on an open journal."""
        self._database = database

    def count(
        self, scorer: str, topic: str | None = None, since: datetime | None = None
    ) -> tuple[int, int]:
        """Return how many mentions ``scorer`` has yet to judge, and how many have lost their text.

        Args:
            scorer: The present engine's name.
            topic: Only mentions of this topic.
            since: Only mentions from then on.
        """
        ((left, lost),) = self._database.query(
            f"SELECT count(text), count(*) - count(text){_STALE}",
            _parameters(scorer, topic, since),
        )
        return left, lost

    def batch(
        self,
        scorer: str,
        topic: str | None = None,
        since: datetime | None = None,
        *,
        after: int = 0,
        limit: int,
    ) -> list[Stale]:
        """Return the next mentions that ``scorer`` has yet to judge.

        Args:
            scorer: The present engine's name.
            topic: Only mentions of this topic.
            since: Only mentions from then on.
            after: The row of the last one that was returned.
            limit: How many at most.
        """
        found = self._database.query(
            "SELECT mention.rowid, revised, topic, text, language"
            f"{_STALE} AND text IS NOT NULL AND mention.rowid > :after"
            " ORDER BY mention.rowid LIMIT :limit",
            {**_parameters(scorer, topic, since), "after": after, "limit": limit},
        )
        return [Stale(*row) for row in found]

    def store(self, judged: Sequence[tuple[Stale, Judgement]]) -> int:
        """Replace judgements, with what was counted of them; return how many really differ.

        A mention that was edited or withdrawn meanwhile is left alone.
        """
        come: list[Part] = []
        gone: list[Part] = []
        changed = 0
        with self._database.transaction():
            for stale, judgement in judged:
                found = self._database.execute(
                    "SELECT series, time, polarity, score, availability, copy, author FROM mention"
                    " WHERE rowid = ? AND revised = ? AND withdrawn IS NULL",
                    (stale.row, stale.revised),
                ).fetchone()
                if found is None:
                    continue
                series, time, polarity, score, availability, copy, author = found
                polarity_now = judgement.polarity.value
                score_now = round(judgement.compound * SCORE_UNIT)
                self._database.execute(
                    "UPDATE mention SET polarity = ?, score = ?, availability = ?, scorer = ?"
                    " WHERE rowid = ?",
                    (
                        polarity_now,
                        score_now,
                        judgement.availability,
                        judgement.scorer,
                        stale.row,
                    ),
                )
                before = (series, time, polarity, score, copy, author)
                after = (series, time, polarity_now, score_now, copy, author)
                if after != before:
                    gone.append(before)
                    come.append(after)
                changed += after != before or judgement.availability != bool(availability)
            rollup.change(self._database, come, gone)
        return changed


def _parameters(
    scorer: str, topic: str | None, since: datetime | None
) -> dict[str, str | int | None]:
    return {"scorer": scorer, "topic": topic, "since": seconds(since) if since else None}
