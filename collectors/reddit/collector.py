"""Which listing of Reddit is read when, and which time was really heard."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel

from collectors.contract import FASTEST
from collectors.reddit.api import Api
from collectors.reddit.feeds import Feeds
from signals import Collection, Span, from_seconds, seconds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from collectors.client import Client
    from collectors.reddit.page import Listing, Page
    from collectors.reddit.table import RedditSource
    from signals import Topic

SOURCE = "reddit"


class _Progress(BaseModel):
    """How far a listing was heard, in seconds since 1970.

    Attributes:
        start: From when on it was heard without a gap.
        newest: When the newest thing that was seen was said.
        heard: Up to when it was heard.
    """

    start: int
    newest: int
    heard: int

    def after(self, page: Page, heard: int) -> _Progress:
        """Return how far it was heard once ``page`` is read.

        A page that does not reach back to what was seen before leaves a gap. That it is not full
        proves nothing: Reddit gives fewer than it was asked for as it likes.
        """
        is_joined = seconds(page.oldest) <= self.newest
        return _Progress(
            start=self.start if is_joined else seconds(page.oldest) + 1,
            newest=seconds(page.newest),
            heard=heard,
        )


class _Cursor(BaseModel):
    """Where to resume; ``told`` is up to when it was said which time was heard."""

    told: int
    listings: dict[str, _Progress]


class Reddit:
    """Collects posts and comments."""

    def __init__(self, table: RedditSource, client: Client, topics: Sequence[Topic]) -> None:
        """Prepare to listen for ``topics``; nothing is asked yet."""
        self.source = SOURCE
        self.interval = self.slowest = table.interval
        self.fastest = min(table.interval, FASTEST if table.client_secret else table.spacing)
        self.topics = frozenset(topic.name for topic in topics)
        self._listings: tuple[Listing, ...] = ("new", "comments") if table.comments else ("new",)
        self._history = int(table.history.total_seconds())
        self._lag = int(table.lag.total_seconds())
        self._reading: Api | Feeds = (
            Api(table, table.client_secret.get_secret_value(), client, SOURCE)
            if table.client_secret
            else Feeds(table, client, SOURCE)
        )

    async def collect(self, cursor: str | None, now: datetime) -> AsyncIterator[Collection]:
        """Yield the newest of each listing; of the feeds one a call, that was not read for longest.

        Time counts as listened to once both were read past it.

        Raises:
            SourceError: Reddit was not heard.
        """
        heard = seconds(now) - self._lag
        first = heard - self._history
        state = _Cursor.model_validate_json(cursor) if cursor else _Cursor(told=first, listings={})
        start = _Progress(start=first, newest=first, heard=first)
        progress = {each: state.listings.get(each, start) for each in self._listings}
        due = sorted(self._listings, key=lambda each: progress[each].heard)
        for each in due if isinstance(self._reading, Api) else due[:1]:
            page = await self._reading.page(each, from_seconds(progress[each].newest), now)
            progress[each] = progress[each].after(page, heard)
            begun = max(state.told, *(known.start for known in progress.values()))
            ended = min(known.heard for known in progress.values())
            is_new = begun < ended
            state = _Cursor(told=ended if is_new else state.told, listings=dict(progress))
            yield Collection(
                source=self.source,
                posts=page.posts,
                withdrawn=page.withdrawn,
                watched=(Span(from_seconds(begun), from_seconds(ended)),) if is_new else (),
                cursor=state.model_dump_json(),
            )

    async def probe(self) -> str:
        """Ask for the newest posts.

        Raises:
            SourceError: Reddit does not answer as it should.
        """
        now = datetime.now(UTC)
        await self._reading.page("new", now, now)
        has_app = isinstance(self._reading, Api)
        return "reachable, the app is accepted" if has_app else "reachable, the feeds are open"
