"""The way of a mention: match it against the topics, judge it, store it.

The service, ``hubbub import`` and ``hubbub try`` all go this way, so what one of them counts the
others would count as well.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from collectors import Matcher
from signals import Mention

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sentiment import Scorer
    from signals import Collection, Post, Topic
    from storage import Journal, Stored

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


class Pipeline:
    """Turns posts into mentions."""

    def __init__(self, topics: Sequence[Topic], scorer: Scorer) -> None:
        """Prepare to match against ``topics`` and to judge with ``scorer``."""
        self._matcher = Matcher(topics)
        self._scorer = scorer

    def mentions(
        self, posts: Iterable[Post], *, now: datetime, among: frozenset[str] = frozenset()
    ) -> list[Mention]:
        """Return a mention for each post and each topic that it matches.

        Args:
            posts: What was heard.
            now: The present.
            among: Names of the only topics to consider; none at all means all of them.
        """
        return [
            self.judge(post, topic, now=now)
            for post in posts
            for topic in self._matcher.match(post.text)
            if not among or topic.name in among
        ]

    def judge(self, post: Post, topic: Topic, *, now: datetime) -> Mention:
        """Return ``post`` as a mention of ``topic``, whether or not it matches."""
        judgement = self._scorer.score(post.text, topic, post.language)
        return Mention(topic.name, dated(post, now), judgement)

    def store(
        self,
        collection: Collection,
        journal: Journal,
        *,
        now: datetime,
        among: frozenset[str] = frozenset(),
        took: float = 0.0,
    ) -> Stored:
        """Match, judge and store what one collector yielded; see ``mentions`` and ``Journal``."""
        found = self.mentions(collection.posts, now=now, among=among)
        return journal.record(collection, found, now=now, took=took)


def dated(post: Post, now: datetime) -> Post:
    """Return ``post``, dated to the present if it is from the future or from before the web.

    Clocks differ, and some are broken.
    """
    return post if EARLIEST <= post.time <= now else replace(post, time=now)
