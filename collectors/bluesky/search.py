"""What Jetstream no longer has, by the search of Bluesky, as far as that finds it.

API: the lexicons ``com.atproto.server.createSession``, ``com.atproto.server.refreshSession`` and
``app.bsky.feed.searchPosts``, asked through the account's own server (PDS), since anonymous
searches are refused. The search is no archive: what it brings is no proof of having listened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import structlog
from pydantic import BaseModel

from collectors import payload
from collectors.bluesky.frames import OddFrame, Record
from collectors.bluesky.hearing import SOURCE, post
from collectors.contract import Blocked, Unauthorised
from signals import iso

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime

    from collectors.client import Client, Params
    from collectors.matching import Matcher
    from signals import Post, Topic

_log = structlog.get_logger()

_LIMIT = 100  # posts a page; the most that the API gives
_MOST_PAGES = 10  # a term
_MOST_REQUESTS = 100  # a search


class _Session(BaseModel):
    accessJwt: payload.Address  # noqa: N815 - the API's names
    refreshJwt: payload.Address  # noqa: N815


class _Author(BaseModel):
    did: payload.Name


class _View(BaseModel):
    """A post as the search shows it; what its author wrote is in ``record``."""

    uri: payload.Address
    author: _Author
    indexedAt: payload.Instant  # noqa: N815
    record: dict[str, object]


class _Answer(BaseModel):
    posts: list[object]
    cursor: payload.Address | None = None


class Search:
    """Searches with the app password of an account."""

    def __init__(self, client: Client, pds: str, handle: str, password: str) -> None:
        """Prepare to log in as ``handle`` at ``pds``."""
        self._client = client
        self._pds = pds
        self._handle = handle
        self._password = password
        self._refresh = ""

    async def login(self) -> str:
        """Return a token for what follows; it holds for a few minutes at least.

        Logins are counted (30 in five minutes, 300 a day), renewals are not.

        Raises:
            SourceError: The account may not log in.
        """
        server = f"{self._pds}/xrpc/com.atproto.server"
        if self._refresh:
            try:
                answer = await self._client.post(f"{server}.refreshSession", token=self._refresh)
                return self._keep(answer)
            except (Blocked, Unauthorised):
                self._refresh = ""
        account = {"identifier": self._handle, "password": self._password}
        return self._keep(await self._client.post(f"{server}.createSession", document=account))

    async def posts(
        self, topics: Sequence[Topic], matcher: Matcher, since: datetime, until: datetime
    ) -> AsyncIterator[tuple[Post, ...]]:
        """Yield what the search finds of ``topics`` in ``[since, until)``, a page at a time.

        Raises:
            SourceError: The search does not answer.
        """
        token = await self.login()
        left = _MOST_REQUESTS
        for query in queries(topics):
            cursor: str | None = None
            for _ in range(min(left, _MOST_PAGES)):
                left -= 1
                answer = await self._page(token, query, cursor, since, until)
                yield self._found(answer, matcher, until)
                cursor = answer.cursor if answer.posts else None
                if cursor is None:
                    break
            if cursor is not None:
                _log.warning("more posts than a search may ask for", source=SOURCE, query=query)
            if not left:
                _log.warning("more terms than a search may ask for", source=SOURCE, last=query)
                return

    async def _page(
        self, token: str, query: str, cursor: str | None, since: datetime, until: datetime
    ) -> _Answer:
        params: Params = {
            "q": query,
            "sort": "latest",
            "since": iso(since),
            "until": iso(until),
            "limit": _LIMIT,
            **({"cursor": cursor} if cursor else {}),
        }
        url = f"{self._pds}/xrpc/app.bsky.feed.searchPosts"
        answer = await self._client.get_json(url, params=params, token=token)
        return payload.parse(_Answer, answer, SOURCE)

    def _found(self, answer: _Answer, matcher: Matcher, until: datetime) -> tuple[Post, ...]:
        """Return those posts that really speak of a topic."""
        found = []
        for view in payload.parse_items(_View, answer.posts, SOURCE):
            try:
                record = msgspec.convert(view.record, Record)
                rkey = view.uri.rpartition("/")[2]
                each = post(record, view.author.did, rkey, min(view.indexedAt, until))
            except (msgspec.ValidationError, OddFrame):
                continue
            if each.id == view.uri and matcher.match(each.text):
                found.append(each)
        return tuple(found)

    def _keep(self, answer: object) -> str:
        session = payload.parse(_Session, answer, SOURCE)
        self._refresh = session.refreshJwt
        return session.accessJwt


def queries(topics: Sequence[Topic]) -> tuple[str, ...]:
    """Return what to search for, each once: any of a topic's terms, or all of them together."""
    found: list[str] = []
    for topic in topics:
        found += map(_phrase, topic.query.any_of)
        if not topic.query.any_of:
            found.append(" ".join(map(_phrase, topic.query.all_of)))
    return tuple(dict.fromkeys(found))


def _phrase(term: str) -> str:
    term = term.replace('"', "")
    return f'"{term}"' if " " in term else term
