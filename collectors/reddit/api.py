"""The API of Reddit, for apps that Reddit approved.

API: https://www.reddit.com/dev/api, and https://github.com/reddit-archive/reddit/wiki/OAuth2 for
the log-in. A listing reaches some 1,000 posts back, a page at a time (``after``).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, Field

from collectors import payload
from collectors.contract import Missing, Unauthorised
from collectors.html import tidy, to_text
from collectors.reddit.page import BOT, PAGE, QUOTES, Page, is_removed
from signals import Post, from_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from collectors.client import Client, Params
    from collectors.reddit.page import Listing
    from collectors.reddit.table import RedditSource

_MOST_PAGES = 10  # of a listing and call; the API has no more


class _Thing(BaseModel):
    """A post (``title``, ``selftext_html``) or a comment (``body_html``)."""

    name: Annotated[str, Field(pattern=r"^t[13]_[a-z0-9]{1,20}$")]
    created_utc: payload.Epoch
    edited: bool | payload.Epoch = False
    author: payload.Name | None = None
    permalink: payload.Address = ""
    title: str = ""
    selftext_html: str | None = None
    body_html: str | None = None
    removed_by_category: payload.Name | None = None

    @property
    def body(self) -> str:
        """What the author wrote, without what it quotes."""
        return to_text(self.body_html or self.selftext_html or "", without=QUOTES)

    @property
    def text(self) -> str:
        """All that the author wrote."""
        return f"{tidy(self.title)}\n{self.body}".strip()

    @property
    def withdrawn(self) -> bool:
        """Whether its author, a moderator or Reddit took it back."""
        removed = is_removed(self.body) or is_removed(tidy(self.title))
        return removed or self.removed_by_category is not None

    @property
    def revised(self) -> datetime | None:
        """When it was edited; the oldest edits are known without their time."""
        return None if isinstance(self.edited, bool) else from_seconds(self.edited)


class _Child(BaseModel):
    data: _Thing


class _Children(BaseModel):
    children: list[object]
    after: payload.Name | None = None


class _Answer(BaseModel):
    data: _Children


class _Token(BaseModel):
    access_token: Annotated[str, Field(min_length=1, max_length=10_000, pattern=r"^[!-~]+$")]


class Api:
    """Reads the API."""

    def __init__(self, table: RedditSource, secret: str, client: Client, source: str) -> None:
        """Prepare to read with ``secret``, that of the app; nothing is asked yet."""
        self._url = f"{table.oauth_url}/r/{'+'.join(table.subreddits)}"
        self._site = table.base_url
        self._login = (table.client_id, secret)
        self._token = ""
        self._client = client
        self._source = source

    async def page(self, listing: Listing, since: datetime, now: datetime) -> Page:
        """Return the newest of ``listing``, as far back as ``since`` if the API reaches so far.

        Raises:
            SourceError: It was not had, or nothing is in it.
        """
        things: list[_Thing] = []
        params: Params = {"limit": PAGE, "raw_json": 1}
        for _ in range(_MOST_PAGES):
            answer = await self._ask(f"{self._url}/{listing}", params)
            page = payload.parse(_Answer, answer, self._source).data
            found = payload.parse_items(_Child, page.children, self._source)
            things += [child.data for child in found]
            if not found or not page.after or from_seconds(found[-1].data.created_utc) <= since:
                break
            params = {**params, "after": page.after}
        if not things:
            raise Missing(f"{self._source}: an empty list; do the subreddits exist, are they open?")
        return await asyncio.to_thread(self._read, things, now)

    async def _ask(self, url: str, params: Params) -> object:
        """Return an answer, with a new token if the old one has expired."""
        if self._token:
            try:
                return await self._client.get_json(url, params=params, token=self._token)
            except Unauthorised:
                self._token = ""
        self._token = await self._log_in()
        return await self._client.get_json(url, params=params, token=self._token)

    async def _log_in(self) -> str:
        try:
            answer = await self._client.post(
                f"{self._site}/api/v1/access_token",
                form={"grant_type": "client_credentials"},
                login=self._login,
            )
        except Unauthorised:
            raise Unauthorised(
                f"{self._source}: Reddit does not accept client_id and client_secret"
            ) from None
        return payload.parse(_Token, answer, self._source).access_token

    def _read(self, things: Sequence[_Thing], now: datetime) -> Page:
        posts = tuple(
            Post(
                source=self._source,
                id=thing.name,
                text=thing.text,
                time=min(from_seconds(thing.created_utc), now),
                author=thing.author or "",
                url=f"{self._site}{thing.permalink}" if thing.permalink.startswith("/") else "",
                revised=thing.revised,
            )
            for thing in things
            if thing.author != BOT and not thing.withdrawn and thing.text
        )
        times = [from_seconds(thing.created_utc) for thing in things]
        withdrawn = tuple(thing.name for thing in things if thing.withdrawn)
        return Page(posts, withdrawn, min(times), max(times))
