"""What the user's own programs hand in: support tickets, chat exports, the output of any script.

Nobody is asked; posts arrive at ``POST /api/mentions`` of the service. This module says what they
look like, and that the inbox listens for as long as the service runs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

import settings
from collectors import payload
from collectors.contract import Malformed
from signals import Collection, Post, Span

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from collectors.client import Client
    from signals import Topic

MOST = 1_000
"""Posts in one request."""

_SHORTEST_TOKEN = 16  # characters
_PAUSE = 3  # intervals; whoever hands in posts tries again that soon


class InboxSource(settings.Source):
    """``[[sources]]`` with ``kind = "inbox"``.

    Attributes:
        name: What the source is called, after ``inbox:``.
        token: What a program must send to hand in posts; each inbox has its own.
        lag: How long after it was said a post may be handed in; so much of the present does not
            count as listened to yet.
    """

    kind: Literal["inbox"] = "inbox"
    interval: settings.Duration = timedelta(seconds=10)
    name: Annotated[str, Field(pattern=r"^[\w.-]{1,50}$")]
    token: settings.Secret
    lag: settings.Duration = timedelta(seconds=30)

    @field_validator("token")
    @classmethod
    def _is_hard_to_guess(cls, token: SecretStr) -> SecretStr:
        if len(token.get_secret_value()) < _SHORTEST_TOKEN:
            raise ValueError(
                f"use at least {_SHORTEST_TOKEN} characters, e.g. openssl rand -hex 16"
            )
        return token


class _Item(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: Annotated[payload.Name, Field(min_length=1)]
    text: Annotated[str, Field(min_length=1, max_length=20_000)]
    topic: payload.Name | None = None
    time: payload.Instant | None = None
    author: payload.Name = ""
    url: Annotated[payload.Address, Field(pattern=r"^https?://")] | None = None
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-\w{1,8})*$")] | None = None

    @field_validator("text")
    @classmethod
    def _can_be_stored(cls, text: str) -> str:
        text.encode()  # half of a surrogate pair has no UTF-8
        if not text.strip():
            raise ValueError("is empty")
        return text.strip()


@dataclass(frozen=True, slots=True)
class Handed:
    """One post that was handed in.

    Attributes:
        at: Its place in the request, from 0.
        post: The post; None if it is refused.
        topic: The topic that it is said to be about; empty if its text decides.
        problem: Why it is refused; empty if it is not.
    """

    at: int
    post: Post | None = None
    topic: str = ""
    problem: str = ""


class Inbox:
    """Listens for as long as it is there.

    Attributes:
        token: What a program must send to hand in posts.
    """

    def __init__(self, table: InboxSource, client: Client, topics: Sequence[Topic]) -> None:
        """Prepare to be handed posts about ``topics``."""
        del client  # nobody is asked
        self.source = f"inbox:{table.name}"
        self.interval = self.slowest = table.interval
        self.topics = frozenset(topic.name for topic in topics)
        self.token = table.token.get_secret_value()
        self._lag = table.lag

    async def collect(self, cursor: str | None, now: datetime) -> AsyncIterator[Collection]:
        """Yield that it listened since the call before; a longer pause is a gap."""
        heard = datetime.fromisoformat(cursor) if cursor else now
        if now - heard > self._lag + _PAUSE * self.interval:
            heard = now
        until = max(heard, now - self._lag)
        yield Collection(
            source=self.source,
            watched=(Span(heard, until),) if heard < until else (),
            cursor=until.isoformat(),
        )

    async def probe(self) -> str:
        """Say where posts are handed in."""
        return "POST /api/mentions with its token"

    def read(self, body: bytes, now: datetime) -> Iterator[Handed]:
        """Yield what a request hands in: one post as a JSON object, or a list of them.

        Raises:
            Malformed: It is no such document; nothing of it is taken.
        """
        try:
            document = json.loads(body.decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            raise Malformed(f"the body is not valid JSON ({error})") from None
        items = document if isinstance(document, list) else [document]
        if len(items) > MOST:
            raise Malformed(f"{len(items)} posts in one request; send at most {MOST}")
        return (self._handed(at, item, now) for at, item in enumerate(items))

    def _handed(self, at: int, value: object, now: datetime) -> Handed:
        try:
            item = _Item.model_validate(value)
        except ValidationError as error:
            return Handed(at, problem=payload.first_problem(error))
        if item.topic is not None and item.topic not in self.topics:
            hint = settings.suggest(item.topic, self.topics, "this inbox takes")
            return Handed(at, problem=f"topic: {item.topic!r} does not exist; {hint}")
        post = Post(
            source=self.source,
            id=item.id,
            text=item.text,
            time=min(item.time or now, now),
            author=item.author,
            url=item.url or "",
            language=item.language,
        )
        return Handed(at, post, item.topic or "")
