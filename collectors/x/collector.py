"""Posts from the recent search of X, page by page and within a budget.

API: https://docs.x.com/x-api/posts/search/introduction (``/2/tweets/search/recent``: the last seven
days, the newest first) and https://docs.x.com/x-api/posts/counts/introduction. Each post that is
read costs; an answer without posts does not.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from collectors import payload
from collectors.contract import RateLimited
from collectors.x.query import queries
from collectors.x.table import LEAST
from collectors.x.tweets import FIELDS, SOURCE, Counted, Found, Tweet
from collectors.x.walk import Cursor, Walk
from signals import Collection, Span, from_seconds, seconds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from collectors.client import Client, Params
    from collectors.x.table import XSource
    from signals import Topic

_PAGE = 100  # the most that the API gives
_MOST_PAGES = 10  # of one query and call; the next call goes on


class X:
    """Collects posts that match the terms of the topics."""

    def __init__(self, table: XSource, client: Client, topics: Sequence[Topic]) -> None:
        """Prepare to search for ``topics``; nothing is asked yet.

        Raises:
            ValueError: There is nothing to search for, or it does not fit into a query.
        """
        self.source = SOURCE
        self.interval = self.fastest = table.interval
        self.topics = frozenset(topic.name for topic in topics)
        self._queries = queries(topics)
        self._url = f"{table.base_url}/2/tweets"
        self._token = table.token.get_secret_value()
        self._history = int(table.history.total_seconds())
        self._lag = int(table.lag.total_seconds())
        self._most = table.most_posts
        self._counts_first = table.mode == "counts"
        self._client = client

    async def collect(self, cursor: str | None, now: datetime) -> AsyncIterator[Collection]:
        """Yield one portion a page; time counts as listened to once all queries were heard.

        Raises:
            SourceError: X was not heard, or the posts of the month are read.
        """
        heard = seconds(now) - self._lag
        state = self._resumed(cursor, heard - self._history, now)
        for query in self._queries:
            for _ in range(_MOST_PAGES):
                walk = state.walks[query].continued(heard, now)
                tweets, token = await self._found(query, walk, state, now)
                state.walks[query] = walk.after((tweet.id for tweet in tweets), token)
                yield self._portion(tweets, state, now)
                if not token:
                    break

    async def probe(self) -> str:
        """Count the posts of the last seven days, which says what reading them would cost.

        Raises:
            SourceError: X does not answer as it should, or does not accept the token.
        """
        total = sum([await self._count(query, {}) for query in self._queries])
        return f"reachable, the token is accepted; {total:,} posts in the last seven days"

    def _resumed(self, cursor: str | None, first: int, now: datetime) -> Cursor:
        """Return where to resume; a query that is new begins at ``first``."""
        month = f"{now:%Y-%m}"
        past = (
            Cursor.model_validate_json(cursor)
            if cursor
            else Cursor(month=month, read=0, told=first, walks={})
        )
        return Cursor(
            month=month,
            read=past.read if past.month == month else 0,
            told=past.told,
            walks={each: past.walks.get(each) or Walk.starting(first) for each in self._queries},
        )

    async def _found(
        self, query: str, walk: Walk, state: Cursor, now: datetime
    ) -> tuple[list[Tweet], str]:
        """Return a page of posts, and the token of the next one; note what was read."""
        is_first = self._counts_first and not walk.page
        if is_first and not await self._count(query, {"since_id": walk.since}):
            return [], ""
        page: Params = {"next_token": walk.page} if walk.page else {}
        answer = await self._client.get_json(
            f"{self._url}/search/recent",
            params={
                "query": query,
                "since_id": walk.since,
                "sort_order": "recency",
                "max_results": self._room(state, now),
                "tweet.fields": FIELDS,
                **page,
            },
            token=self._token,
        )
        found = payload.parse(Found, answer, self.source)
        state.read += len(found.data)
        return payload.parse_items(Tweet, found.data, self.source), found.meta.next_token

    async def _count(self, query: str, more: Params) -> int:
        """Return how many posts there are, without reading them."""
        answer = await self._client.get_json(
            f"{self._url}/counts/recent",
            params={"query": query, "granularity": "day", **more},
            token=self._token,
        )
        return payload.parse(Counted, answer, self.source).meta.total_tweet_count

    def _room(self, state: Cursor, now: datetime) -> int:
        """Return how many posts the next page may have.

        Raises:
            RateLimited: There are too few left for the month.
        """
        left = self._most - state.read
        if left >= LEAST:
            return min(_PAGE, left)
        month = (now.replace(day=1) + timedelta(days=32)).replace(
            day=1, hour=0, minute=0, second=0, microsecond=0
        )
        raise RateLimited(
            f"{self.source}: {state.read:,} posts were read this month, and most_posts allows "
            f"{self._most:,}; it listens again from {month:%Y-%m-%d}, or once you allow more",
            (month - now).total_seconds(),
        )

    def _portion(self, tweets: Sequence[Tweet], state: Cursor, now: datetime) -> Collection:
        """Return what was read, and which time all queries were heard in since it was last told."""
        begun = max(state.told, *(walk.start for walk in state.walks.values()))
        ended = min(walk.heard for walk in state.walks.values())
        is_new = begun < ended
        state.told = ended if is_new else state.told
        posts = (tweet.post(now) for tweet in tweets)
        return Collection(
            source=self.source,
            posts=tuple(post for post in posts if post.text),
            watched=(Span(from_seconds(begun), from_seconds(ended)),) if is_new else (),
            cursor=state.model_dump_json(),
        )
