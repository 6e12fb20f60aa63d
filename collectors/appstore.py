"""Customer reviews in Apple's App Store, through the feed that Apple once offered.

The feed (``/{country}/rss/customerreviews/page=1/id={app}/sortby=mostrecent/json``) is documented
no more, and fragile: now and then it is empty, or answers 502 or 429. One review is an object where
several are a list, none is no key at all, the app itself may be the first entry, and until 2022
there were no dates. Reviews become public hours or days after they were written, so that no time
ever counts as listened to. Google Play has no public feed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, Field

import settings
from collectors import payload
from collectors.contract import Malformed
from collectors.html import tidy
from signals import Collection, Post

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime

    from collectors.client import Client
    from signals import Topic

_PAGE = 50  # reviews, about: the app itself, and reviews that were taken back, are missing
_MOST_PAGES = 10  # Apple gives no more


class AppStoreSource(settings.Source):
    """``[[sources]]`` with ``kind = "appstore"``.

    Attributes:
        base_url: Where the feeds are.
        app: The number of the app, as in the address of its page, ``.../id1477376905``.
        name: What the app is called; said before each review, since hardly any names its app.
        countries: The stores, by their countries.
        history: How far back the first call reaches.
    """

    kind: Literal["appstore"] = "appstore"
    interval: settings.Duration = timedelta(hours=1)
    base_url: settings.BaseUrl = Field(default="https://itunes.apple.com", validate_default=True)
    app: Annotated[str, Field(pattern=r"^\d{5,15}$")]
    name: Annotated[str, Field(max_length=100)] = ""
    countries: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[a-z]{2}$")], ...], Field(min_length=1)
    ] = ("us",)
    history: settings.Duration = timedelta(days=7)


class _Label(BaseModel):
    label: str = ""


class _Instant(BaseModel):
    label: payload.Instant


class _Identity(BaseModel):
    label: Annotated[str, Field(pattern=r"^\d{1,20}$")]


class _Name(BaseModel):
    label: payload.Name = ""


class _Author(BaseModel):
    name: _Name = _Name()


class _Review(BaseModel):
    """A review; every value is within a ``label``."""

    id: _Identity
    updated: _Instant | None = None
    title: _Label = _Label()
    content: _Label = _Label()
    author: _Author = _Author()

    @property
    def version(self) -> str:
        """What tells it from others, and from later versions of itself."""
        return f"{self.id.label} {self.updated.label.isoformat() if self.updated else ''}"

    def text(self, app: str) -> str:
        """Return title and text below the name of the app."""
        parts = (app, tidy(self.title.label), tidy(self.content.label))
        return "\n".join(part for part in parts if part)


class _Feed(BaseModel):
    entry: list[object] | dict[str, object] = []

    def reviews(self) -> list[object]:
        """Return all entries but the app itself, which has no rating."""
        entries = self.entry if isinstance(self.entry, list) else [self.entry]
        return [each for each in entries if not isinstance(each, dict) or "im:rating" in each]


class _Answer(BaseModel):
    feed: _Feed


class _Cursor(BaseModel):
    """The versions of the reviews that the last look saw, by country."""

    seen: dict[str, list[str]] = {}


class AppStore:
    """Collects the reviews of one app."""

    def __init__(self, table: AppStoreSource, client: Client, topics: Sequence[Topic]) -> None:
        """Prepare to listen for ``topics``; nothing is asked yet."""
        self.source = f"appstore:{table.app}"
        self.interval = self.fastest = table.interval
        self.topics = frozenset(topic.name for topic in topics)
        self._base_url = table.base_url
        self._app = table.app
        self._name = tidy(table.name)
        self._countries = table.countries
        self._history = table.history
        self._client = client

    async def collect(self, cursor: str | None, now: datetime) -> AsyncIterator[Collection]:
        """Yield one portion a country; none of them says that any time was listened to.

        Raises:
            SourceError: A store was not heard.
        """
        seen = _Cursor.model_validate_json(cursor).seen if cursor else {}
        for country in self._countries:
            before = set(seen.get(country, ()))
            reviews = await self._reviews(country, before, now - self._history)
            if reviews:
                seen = {**seen, country: [review.version for review in reviews]}
            new = [review for review in reviews if review.version not in before]
            yield Collection(
                source=self.source,
                posts=self._posts(new, country, now),
                cursor=_Cursor(seen=seen).model_dump_json(),
            )

    async def probe(self) -> str:
        """Ask the first store for the newest reviews.

        Raises:
            SourceError: It does not answer as it should.
        """
        reviews = await self._page(self._countries[0], 1)
        return f"reachable, {len(reviews)} reviews; the feed is fragile"

    async def _reviews(self, country: str, seen: set[str], since: datetime) -> list[_Review]:
        """Return the newest reviews, at least up to one that was ``seen`` or is before ``since``.

        Raises:
            SourceError: The store was not heard.
        """
        reviews: list[_Review] = []
        for number in range(1, _MOST_PAGES + 1):
            page = await self._page(country, number)
            reviews += page
            if not reviews and seen:
                raise Malformed(
                    f"{self.source}: the feed of {country!r} is empty, where there were reviews"
                )
            if len(page) < _PAGE // 2 or any(
                review.version in seen or (review.updated and review.updated.label < since)
                for review in page
            ):
                break
        return reviews

    async def _page(self, country: str, number: int) -> list[_Review]:
        """Return a page of reviews, the newest first; the first page is 1."""
        path = f"{country}/rss/customerreviews/page={number}/id={self._app}/sortby=mostrecent/json"
        answer = await self._client.get_json(f"{self._base_url}/{path}", keep=True)
        entries = payload.parse(_Answer, answer, self.source).feed.reviews()
        return payload.parse_items(_Review, entries, self.source)

    def _posts(self, reviews: Sequence[_Review], country: str, now: datetime) -> tuple[Post, ...]:
        """Return ``reviews`` as posts, but for those that are older than the history."""
        return tuple(
            Post(
                source=self.source,
                id=review.id.label,
                text=text,
                time=time,
                author=review.author.name.label,
                url=f"https://apps.apple.com/{country}/app/id{self._app}?see-all=reviews",
                revised=time if review.updated else None,
            )
            for review in reviews
            if (time := min(review.updated.label if review.updated else now, now))
            >= now - self._history
            and (text := review.text(self._name))
        )
