"""The way of a mention: match it against the topics, judge it, store it.

The service, ``hubbub import`` and ``hubbub try`` all go this way, so what one of them counts the
others would count as well. Only copies are not looked for in an archive.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from collectors import Matcher
from pipeline.copies import REMEMBERED, WINDOW, Copies
from signals import Mention, Post

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sentiment import Scorer
    from signals import Collection, Topic
    from storage import Journal, Reader, Stored

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


class Pipeline:
    """Turns posts into mentions."""

    def __init__(self, topics: Sequence[Topic], scorer: Scorer) -> None:
        """Prepare to match against ``topics`` and to judge with ``scorer``."""
        self._topics = {topic.name: topic for topic in topics}
        self._matcher = Matcher(topics)
        self._scorer = scorer
        self._copies = Copies()

    def recall(self, reader: Reader, now: datetime) -> None:
        """Remember what an earlier run has stored, so that copies of it are known as such."""
        for each in reader.latest(now - WINDOW, REMEMBERED):
            self._copies.is_copy(Post(each.source, each.id, each.text, each.time, each.author))

    def mentions(
        self,
        posts: Iterable[Post],
        *,
        now: datetime,
        among: frozenset[str] = frozenset(),
        about: Mapping[str, str] | None = None,
    ) -> list[Mention]:
        """Return a mention for each post and each topic that it matches.

        Args:
            posts: What was heard.
            now: The present.
            among: Names of the only topics to consider; none at all means all of them.
            about: The one topic that a post is about, by the post's id, where that is known and its
                text need not say so.
        """
        about = about or {}
        return [
            self.judge(post, topic, now=now)
            for post in posts
            for topic in self._about(post, about.get(post.id, ""))
            if not among or topic.name in among
        ]

    def _about(self, post: Post, known: str) -> Sequence[Topic]:
        return (self._topics[known],) if known else self._matcher.match(post.text)

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
        """Match, judge and store what one collector yielded; see ``mentions`` and ``keep``."""
        found = self.mentions(collection.posts, now=now, among=among)
        return self.keep(collection, found, journal, now=now, took=took)

    def keep(
        self,
        collection: Collection,
        found: Sequence[Mention],
        journal: Journal,
        *,
        now: datetime,
        took: float = 0.0,
    ) -> Stored:
        """Store a collection and the mentions ``found`` in it, copies marked; see ``Journal``."""
        marked = self._copies.mark(found, journal.author)
        return journal.record(collection, marked, now=now, took=took)


def dated(post: Post, now: datetime) -> Post:
    """Return ``post``, dated to the present if it is from the future or from before the web.

    Clocks differ, and some are broken.
    """
    return post if EARLIEST <= post.time <= now else replace(post, time=now)
