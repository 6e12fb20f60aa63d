"""The hashtag timelines of one Mastodon instance.

API: https://docs.joinmastodon.org/methods/timelines/#tag. Since 4.5 an instance may close its
hashtag feeds, and then answers with empty lists; so it is asked first whether they are open
(``configuration.timelines_access`` of ``/api/v2/instance``).
"""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import quote, urlsplit

from pydantic import BaseModel, Field

import settings
from collectors import payload
from collectors.contract import Blocked, Malformed, Missing, Unauthorised
from collectors.html import tidy, to_text
from collectors.names import source_name
from signals import Collection, Post, Span, from_seconds, seconds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from collectors.client import Client
    from signals import Topic

_PAGE = 40  # the most that the API gives
_MOST_PAGES = 50  # of one tag and call; the next call goes on
_REWIND = 600  # seconds; so often, and so far
_HASHTAG = re.compile(r"#?(\w{1,100})")


class MastodonSource(settings.Source):
    """``[[sources]]`` with ``kind = "mastodon"``.

    Attributes:
        base_url: The instance.
        tags: The hashtags to listen to; by default those terms of the topics that are hashtags.
        token: An access token, for instances that show hashtags to their own people only.
        history: How far back the first call reaches.
    """

    kind: Literal["mastodon"] = "mastodon"
    base_url: settings.BaseUrl
    tags: tuple[Annotated[str, Field(pattern=r"^#?\w{1,100}$")], ...] = ()
    token: settings.Secret | None = None
    history: settings.Duration = timedelta(hours=6)


class _Feeds(BaseModel):
    local: payload.Name = "public"
    remote: payload.Name = "public"


class _Access(BaseModel):
    hashtag_feeds: _Feeds = _Feeds()


class _Configuration(BaseModel):
    timelines_access: _Access | None = None


class _Instance(BaseModel):
    """What is needed of an instance; before 4.5 it says nothing about access."""

    configuration: _Configuration = _Configuration()


class _Account(BaseModel):
    acct: payload.Name
    bot: bool | None = None
    note: str | None = None

    def name_at(self, host: str) -> str:
        """Return the name that is theirs everywhere; local people have none of a host."""
        return self.acct if "@" in self.acct else f"{self.acct}@{host}"


class _Card(BaseModel):
    title: str | None = None


class _Status(BaseModel):
    id: Annotated[payload.Name, Field(min_length=1, max_length=100)]
    uri: Annotated[payload.Address, Field(min_length=1)]
    created_at: payload.Instant
    edited_at: payload.Instant | None = None
    account: _Account
    content: str | None = None
    spoiler_text: str | None = None
    card: _Card | None = None
    url: payload.Address | None = None
    language: payload.Name | None = None
    visibility: payload.Name = "public"

    @property
    def wanted(self) -> bool:
        """Whether a person said it to everybody and is content to be read by a program."""
        if self.account.bot or self.visibility != "public":
            return False
        return "#nobot" not in to_text(self.account.note or "").lower()

    def text(self) -> str:
        """Return all that a reader sees: the warning, the post, the title of the linked page."""
        title = self.card.title if self.card else None
        parts = (self.spoiler_text or "", to_text(self.content or ""), title or "")
        return tidy("\n".join(parts))


class _Cursor(BaseModel):
    """Where to resume; times are seconds since 1970.

    Attributes:
        heard: Up to when all tags were listened to.
        rewound: When the timelines were last read again from a little earlier.
        tags: The id of the latest post of each tag.
    """

    heard: int
    rewound: int
    tags: dict[str, str] = {}


class Mastodon:
    """Collects the posts under some hashtags."""

    def __init__(self, table: MastodonSource, client: Client, topics: Sequence[Topic]) -> None:
        """Prepare to listen for ``topics``; nothing is asked yet.

        Raises:
            ValueError: There is no hashtag to listen to.
        """
        self.source = source_name("mastodon", table.base_url)
        self.interval = table.interval
        self.topics = frozenset(topic.name for topic in topics)
        self._base_url = table.base_url
        self._host = urlsplit(table.base_url).hostname or ""
        self._tags = _hashtags(
            table.tags
            or [term for topic in topics for term in (*topic.query.any_of, *topic.query.all_of)]
        )
        if not self._tags:
            raise ValueError('no term of its topics is a hashtag; say which, e.g. tags = ["linux"]')
        self._token = table.token.get_secret_value() if table.token else ""
        self._history = int(table.history.total_seconds())
        self._client = client

    async def collect(self, cursor: str | None, now: datetime) -> AsyncIterator[Collection]:
        """Yield one portion a page; the last one says what was listened to.

        Raises:
            SourceError: The instance was not heard.
        """
        present = seconds(now)
        since = (
            _Cursor.model_validate_json(cursor)
            if cursor
            else _Cursor(heard=present - self._history, rewound=present)
        )
        is_known = await self._check_access()
        rewinds = present - since.rewound >= _REWIND
        latest = dict(since.tags)
        complete = True
        for tag in self._tags:
            last = latest.get(tag) or _snowflake(present - self._history)
            last = _earlier(last) if rewinds else last
            for _ in range(_MOST_PAGES):
                page = await self._page(tag, last, is_known=is_known)
                newest = max((status.id for status in page), default=last, key=_order)
                latest[tag] = max(latest.get(tag, newest), newest, key=_order)
                if page:
                    yield Collection(
                        source=self.source,
                        posts=await asyncio.to_thread(self._posts, page, now),
                        cursor=since.model_copy(update={"tags": dict(latest)}).model_dump_json(),
                    )
                if _order(newest) <= _order(last):
                    break
                last = newest
            else:
                complete = False
        if complete:
            heard = _Cursor(
                heard=present, rewound=present if rewinds else since.rewound, tags=latest
            )
            yield Collection(
                source=self.source,
                watched=(Span(from_seconds(min(since.heard, present)), from_seconds(present)),),
                cursor=heard.model_dump_json(),
            )

    async def probe(self) -> str:
        """Ask the instance whether its hashtag timelines are open to us.

        Raises:
            SourceError: They are not, or the instance does not answer.
        """
        await self._check_access()
        return "reachable, hashtag timelines are open"

    async def _check_access(self) -> bool:
        """Make sure that an empty timeline will mean silence.

        Returns:
            Whether the instance described itself; before Mastodon 4.0 none does.

        Raises:
            SourceError: The timelines are closed to us, or the instance does not answer.
        """
        try:
            answer = await self._client.get_json(f"{self._base_url}/api/v2/instance", keep=True)
        except Missing:
            return False
        access = payload.parse(_Instance, answer, self.source).configuration.timelines_access
        feeds = {access.hashtag_feeds.local, access.hashtag_feeds.remote} if access else {"public"}
        if feeds == {"disabled"}:
            raise Blocked(f"{self.source}: the instance has switched its hashtag timelines off")
        if "public" not in feeds and not self._token:
            raise Unauthorised(
                f"{self.source}: the instance shows hashtags to its own people only; set token"
            )
        return True

    async def _page(self, tag: str, after: str, *, is_known: bool) -> list[_Status]:
        """Return the page of ``tag`` that follows the id ``after``; ``min_id`` leaves no gap.

        Raises:
            SourceError: There is no such page.
        """
        url = f"{self._base_url}/api/v1/timelines/tag/{quote(tag, safe='')}"
        try:
            answer = await self._client.get_json(
                url, params={"min_id": after, "limit": _PAGE}, token=self._token
            )
        except Missing:
            if not is_known:
                raise
            return []  # nobody has used this tag yet
        if not isinstance(answer, list):
            raise Malformed(f"{self.source}: the timeline of #{tag} is no list")
        return payload.parse_items(_Status, answer, self.source)

    def _posts(self, page: Sequence[_Status], now: datetime) -> tuple[Post, ...]:
        return tuple(
            Post(
                source=self.source,
                id=status.uri,  # the same on every instance, unlike its id
                text=text,
                time=min(status.created_at, now),
                author=status.account.name_at(self._host),
                url=payload.web_address(status.url) or payload.web_address(status.uri),
                language=payload.language(status.language),
                revised=status.edited_at,
            )
            for status in page
            if status.wanted and (text := status.text())
        )


def _hashtags(terms: Iterable[str]) -> tuple[str, ...]:
    """Return those of ``terms`` that can be hashtags, each once."""
    matches = (_HASHTAG.fullmatch(term) for term in terms)
    tags = (match[1].lower() for match in matches if match)
    return tuple(dict.fromkeys(tag for tag in tags if not tag.isdigit()))


def _order(identity: str) -> tuple[int, str]:
    """Sort ids as Mastodon does: they are numbers, but only text may be assumed."""
    return len(identity), identity


def _snowflake(instant: int) -> str:
    """Return the id that a post would have got at ``instant``: milliseconds, then 16 bits."""
    return str(max(instant, 0) * 1_000 << 16)


def _earlier(identity: str) -> str:
    """Return an id a little before ``identity``: federated posts may arrive behind others."""
    return str(max(int(identity) - (_REWIND * 1_000 << 16), 0)) if identity.isdigit() else identity
