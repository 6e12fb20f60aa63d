"""The new posts and comments of one Lemmy instance, or of some of its communities.

API: https://join-lemmy.org/docs/contributors/04-api.html. Lemmy 0.18 and 0.19 speak ``/api/v3``;
1.0 speaks ``/api/v4``, and its ``/api/v3`` is a shim that ignores paging, so the version is asked
for first. Lists come newest first and are read back to a little before where listening ended:
posts of other instances arrive behind others, and edits and deletions show up then.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from pydantic import AliasChoices, BaseModel, BeforeValidator, Field

import settings
from collectors import payload
from collectors.contract import Blocked, Missing
from collectors.html import LONGEST, tidy, to_text
from collectors.names import source_name
from signals import Collection, Post, Span, from_seconds, seconds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from collectors.client import Client
    from signals import Topic

_PAGE = 50  # the most that the API gives
_MOST_PAGES = 40  # of one list and call
_OVERLAP = 15 * 60  # seconds that are read again each time
_SITE_KEPT = timedelta(hours=1)
_QUOTES = ("blockquote",)  # other people's words
_MARKDOWN = MarkdownIt("commonmark", {"html": False})
_Community = Annotated[str, Field(pattern=r"^!?[\w.-]+(@[\w.:-]+)?$", max_length=300)]


class LemmySource(settings.Source):
    """``[[sources]]`` with ``kind = "lemmy"``.

    Attributes:
        base_url: The instance.
        communities: Listen to these only, e.g. ``linux`` or ``linux@lemmy.ml``; by default to all
            that the instance knows.
        history: How far back the first call reaches.
        robots: Whether robots.txt is obeyed; that of Lemmy's web interface is about its pages, but
            recent ones forbid the API too.
    """

    kind: Literal["lemmy"] = "lemmy"
    base_url: settings.BaseUrl
    communities: tuple[_Community, ...] = ()
    interval: settings.Duration = timedelta(minutes=2)
    history: settings.Duration = timedelta(hours=1)
    robots: Literal["obey", "ignore"] = "obey"


def _zoned(value: object) -> object:
    """Add the zone that 0.18 leaves out: it is UTC."""
    if isinstance(value, str) and not value.endswith("Z") and "+" not in value:
        return f"{value}Z"
    return value


_Instant = Annotated[payload.Instant, BeforeValidator(_zoned)]


class _Language(BaseModel):
    id: int
    code: payload.Name


class _Site(BaseModel):
    """How an instance describes itself."""

    version: payload.Name
    all_languages: list[_Language] = []

    @property
    def is_1(self) -> bool:
        """Whether it speaks ``/api/v4``."""
        major = self.version.partition(".")[0]
        return major.isdecimal() and int(major) >= 1

    def language(self, identity: int) -> str | None:
        """Return the ISO 639-1 code of a language's number; 0 means undetermined."""
        codes = (each.code for each in self.all_languages if each.id == identity and identity)
        return payload.language(next(codes, None))


class _Creator(BaseModel):
    name: payload.Name
    address: payload.Address = Field(validation_alias=AliasChoices("actor_id", "ap_id"))
    bot_account: bool = False

    @property
    def everywhere(self) -> str:
        """The name that is theirs on all instances."""
        return f"{self.name}@{urlsplit(self.address).hostname or ''}"


class _Said(BaseModel):
    """A post (``name``, ``body``) or a comment (``content``)."""

    ap_id: Annotated[payload.Address, Field(min_length=1)]
    published: _Instant = Field(validation_alias=AliasChoices("published", "published_at"))
    updated: _Instant | None = Field(None, validation_alias=AliasChoices("updated", "updated_at"))
    deleted: bool = False
    removed: bool = False
    language_id: int = 0
    name: str = ""
    body: str | None = None
    content: str = ""
    featured_local: bool = False
    featured_community: bool = False

    @property
    def pinned(self) -> bool:
        """Whether it may stand above newer ones."""
        return self.featured_local or self.featured_community

    def text(self) -> str:
        """Return what its author wrote, without what it quotes."""
        body = _MARKDOWN.render((self.content or self.body or "")[:LONGEST])
        return tidy(f"{self.name}\n{to_text(body, without=_QUOTES)}")


class _View(BaseModel):
    creator: _Creator
    post: _Said
    comment: _Said | None = None

    @property
    def said(self) -> _Said:
        """Return the comment, or the post if it is about none."""
        return self.comment or self.post


class _Answer(BaseModel):
    """A list under the name that its version gives it."""

    views: list[object] = Field(validation_alias=AliasChoices("items", "posts", "comments"))
    next_page: payload.Address | None = None


class _Page(NamedTuple):
    """What a page shows, and the time back to which its list is known with it."""

    views: list[_View]
    back: datetime


class _List(NamedTuple):
    """One list to read: posts or comments, of all communities or of one."""

    what: Literal["post", "comment"]
    community: str


class Lemmy:
    """Collects posts and comments."""

    def __init__(self, table: LemmySource, client: Client, topics: Sequence[Topic]) -> None:
        """Prepare to listen for ``topics``; nothing is asked yet."""
        self.source = source_name("lemmy", table.base_url)
        self.interval = table.interval
        self.topics = frozenset(topic.name for topic in topics)
        self._base_url = table.base_url
        self._lists = tuple(
            _List(what, community.removeprefix("!"))
            for community in table.communities or ("",)
            for what in ("post", "comment")
        )
        self._history = int(table.history.total_seconds())
        self._robots = table.robots == "obey"
        self._client = client
        self._site: _Site | None = None
        self._site_asked = datetime.min.replace(tzinfo=UTC)

    async def collect(self, cursor: str | None, now: datetime) -> AsyncIterator[Collection]:
        """Yield one portion a page; the last one says what was listened to.

        The cursor is the second up to which was listened. What lies further back than a call reads
        stays unwatched.

        Raises:
            SourceError: The instance was not heard.
        """
        present = seconds(now)
        heard = min(int(cursor), present) if cursor else present - self._history
        since = from_seconds(heard - _OVERLAP)
        site = await self._describe(now)
        back: dict[_List, datetime] = {}
        for each in self._lists:
            async for page in self._read_back(each, site, since, now):
                yield await asyncio.to_thread(self._portion, page.views, site, now)
                back[each] = page.back
        start, end = max(back.values()), from_seconds(present)
        watched = (Span(start, end),) if start < end else ()
        yield Collection(source=self.source, watched=watched, cursor=str(present))

    async def probe(self) -> str:
        """Ask the instance which version it is.

        Raises:
            SourceError: It does not answer as it should.
        """
        site = await self._describe(datetime.now(UTC))
        return f"reachable, Lemmy {site.version}, no login needed"

    async def _describe(self, now: datetime) -> _Site:
        """Return what the instance says of itself; asked once in an hour.

        Raises:
            SourceError: It does not answer as it should.
        """
        if self._site is None or not timedelta(0) <= now - self._site_asked < _SITE_KEPT:
            try:
                answer = await self._get("v3/site", {})
            except Missing:
                answer = await self._get("v4/site", {})  # once the shim is gone
            self._site, self._site_asked = payload.parse(_Site, answer, self.source), now
        return self._site

    async def _read_back(
        self, each: _List, site: _Site, since: datetime, now: datetime
    ) -> AsyncIterator[_Page]:
        """Yield the pages of a list back to ``since``.

        Raises:
            SourceError: There is no such list.
        """
        back, onward, first = now, "", ""
        for number in range(1, _MOST_PAGES + 1):
            answer = await self._ask(each, site, number, onward)
            views = payload.parse_items(_View, answer.views, self.source)
            times = [view.said.published for view in views if not view.said.pinned]
            is_end = not answer.views or (site.is_1 and not answer.next_page)
            back = since if is_end else max(since, min([back, *times]))
            yield _Page(views, back)
            top = views[0].said.ap_id if views else ""
            if back == since or top == first:  # all is read, or paging is ignored
                return
            onward, first = answer.next_page or "", top

    async def _ask(self, each: _List, site: _Site, number: int, onward: str) -> _Answer:
        """Return one page of a list.

        Raises:
            Blocked: Not even the list of all posts shows one.
            Missing: There is no such community.
            SourceError: There is no such page.
        """
        params: dict[str, str | int] = {"limit": _PAGE}
        if each.community:
            params["community_name"] = each.community
        if site.is_1:
            params |= {"type_": "all", "sort": "new"} | ({"page_cursor": onward} if onward else {})
        else:
            params |= {"type_": "All", "sort": "New", "page": number}
        path = f"{'v4' if site.is_1 else 'v3'}/{each.what}/list"
        try:
            answer = payload.parse(_Answer, await self._get(path, params), self.source)
        except Missing:
            if each.community:
                raise Missing(f"{self.source}: there is no community {each.community}") from None
            raise
        if number == 1 and each == _List("post", "") and not answer.views:
            raise Blocked(f"{self.source}: the instance shows no posts")
        return answer

    async def _get(self, path: str, params: Mapping[str, str | int]) -> object:
        return await self._client.get_json(
            f"{self._base_url}/api/{path}", params=params, robots=self._robots
        )

    def _portion(self, views: Sequence[_View], site: _Site, now: datetime) -> Collection:
        """Return what ``views`` say, except for what was taken back or a program said."""
        gone = tuple(view.said.ap_id for view in views if view.said.deleted or view.said.removed)
        return Collection(
            source=self.source,
            posts=tuple(
                Post(
                    source=self.source,
                    id=said.ap_id,  # the same on every instance
                    text=text,
                    time=min(said.published, now),
                    author=view.creator.everywhere,
                    url=payload.web_address(said.ap_id),
                    language=site.language(said.language_id),
                    revised=said.updated,
                )
                for view in views
                if (said := view.said).ap_id not in gone
                and not view.creator.bot_account
                and (text := said.text())
            ),
            withdrawn=gone,
        )
