"""The new questions of one Stack Exchange site, such as Ask Ubuntu, or those with some tags.

API: https://api.stackexchange.com/docs. Without a key an address may ask 300 times a day, all
sites together, so that one request serves all topics: questions of the whole site, oldest first
from where listening ended. Answers and comments are not asked for: trouble shows in questions.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, Field

import settings
from collectors import payload
from collectors.html import tidy, to_text
from signals import Collection, Post, Span, from_seconds, seconds

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime

    from collectors.client import Client
    from signals import Topic

_PAGE = 100  # the most that the API gives
_MOST_REQUESTS = 10  # a call; the next one goes on from the cursor
_EDITED = 3_600  # seconds up to the present that are always asked for, since askers edit
_CODE = ("pre",)  # what a program printed is no talk


class StackExchangeSource(settings.Source):
    """``[[sources]]`` with ``kind = "stackexchange"``.

    Attributes:
        base_url: Where the API is.
        site: Which site, e.g. ``askubuntu`` or ``unix``.
        tags: Listen to questions with at least one of these only; by default to all.
        key: A key of the API, which raises the quota from 300 requests a day to 10,000.
        interval: How often it asks. Every 10 minutes is 144 times a day, so that two sites keep
            within the quota without a key; more than once a minute is not allowed.
        history: How far back the first call reaches.
        lag: How long a question may take to show; so much of the present does not count as
            listened to yet.
    """

    kind: Literal["stackexchange"] = "stackexchange"
    base_url: settings.BaseUrl = Field(
        default="https://api.stackexchange.com", validate_default=True
    )
    site: Annotated[str, Field(pattern=r"^[\w.-]+$", max_length=100)]
    tags: tuple[Annotated[str, Field(pattern=r"^[^;\s]+$", max_length=100)], ...] = ()
    key: settings.Secret | None = None
    interval: Annotated[settings.Duration, Field(ge=timedelta(minutes=1))] = timedelta(minutes=10)
    history: settings.Duration = timedelta(hours=6)
    lag: settings.Duration = timedelta(minutes=2)


class _Owner(BaseModel):
    """Who asked; of somebody who has left there is only a name, or nothing."""

    user_id: int | None = None
    display_name: payload.Name = ""


class _Question(BaseModel):
    question_id: int
    creation_date: payload.Epoch
    last_edit_date: payload.Epoch | None = None
    owner: _Owner = _Owner()
    title: str
    body: str = ""
    link: payload.Address = ""

    def text(self) -> str:
        """Return title and text; both are markup, the title for its ``&quot;``."""
        return tidy(f"{to_text(self.title)}\n{to_text(self.body, without=_CODE)}")


class _Answer(BaseModel):
    """What is around the questions; ``backoff`` is how many seconds to wait before the next."""

    items: list[object]
    has_more: bool = False
    backoff: Annotated[float, Field(ge=0, le=86_400)] = 0


class StackExchange:
    """Collects questions."""

    def __init__(self, table: StackExchangeSource, client: Client, topics: Sequence[Topic]) -> None:
        """Prepare to listen for ``topics``; nothing is asked yet."""
        self.source = f"stackexchange:{table.site}"
        self.interval = table.interval
        # Without a key the requests of a day are soon used up.
        self.fastest = timedelta(minutes=1) if table.key else table.interval
        self.topics = frozenset(topic.name for topic in topics)
        self._params: dict[str, str | int] = {"site": table.site, "filter": "withbody"}
        # /questions wants all of the tags, the search any of them.
        self._url = f"{table.base_url}/2.3/{'search/advanced' if table.tags else 'questions'}"
        if table.tags:
            self._params["tagged"] = ";".join(table.tags)
        if table.key:
            self._params["key"] = table.key.get_secret_value()
        self._history = int(table.history.total_seconds())
        self._lag = int(table.lag.total_seconds())
        self._client = client

    async def collect(self, cursor: str | None, now: datetime) -> AsyncIterator[Collection]:
        """Yield one portion a page; the cursor is the second up to which was listened.

        Pages are asked for by time, not by number: without a key there are only 25 numbers.

        Raises:
            SourceError: The site was not heard.
        """
        heard = seconds(now) - self._lag
        since = min(int(cursor), heard) if cursor else heard - self._history
        start = min(since, heard - _EDITED)
        for _ in range(_MOST_REQUESTS):
            answer = await self._ask(start, _PAGE)
            questions = payload.parse_items(_Question, answer.items, self.source)
            last = max((question.creation_date for question in questions), default=start)
            known = min(last, heard) if answer.has_more else heard
            span = Span(from_seconds(start), from_seconds(known)) if start < known else None
            yield Collection(
                source=self.source,
                posts=await asyncio.to_thread(self._posts, questions, now),
                watched=(span,) if span else (),
                cursor=str(max(since, known)),
            )
            if not answer.has_more:
                return
            start = max(last, start + 1)  # a second that fills a page is passed by, unwatched

    async def probe(self) -> str:
        """Ask for a single question.

        Raises:
            SourceError: The site does not answer as it should.
        """
        await self._ask(0, 1)
        return "reachable, " + ("by key" if "key" in self._params else "300 requests a day")

    async def _ask(self, start: int, size: int) -> _Answer:
        """Return the first questions asked since ``start``, and wait as long as it says later.

        Raises:
            SourceError: There is no such answer.
        """
        params = self._params | {"sort": "creation", "order": "asc", "fromdate": start}
        answer = payload.parse(
            _Answer,
            await self._client.get_json(self._url, params=params | {"pagesize": size}),
            self.source,
        )
        if answer.backoff:
            self._client.hold(self._url, answer.backoff + 1)
        return answer

    def _posts(self, questions: Sequence[_Question], now: datetime) -> tuple[Post, ...]:
        return tuple(
            Post(
                source=self.source,
                id=str(question.question_id),
                text=text,
                time=min(from_seconds(question.creation_date), now),
                author=str(question.owner.user_id or question.owner.display_name),
                url=payload.web_address(question.link),
                revised=from_seconds(question.last_edit_date) if question.last_edit_date else None,
            )
            for question in questions
            if (text := question.text())
        )
