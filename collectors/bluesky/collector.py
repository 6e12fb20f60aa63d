"""Bluesky through Jetstream, which streams the posts of the whole network to whoever asks.

Posts are matched here, since all but a few speak of nothing that is listened for. The stream is
resumed by time: each host has its own clock and forgets after a day and a half.
"""

from __future__ import annotations

import time
from contextlib import aclosing
from datetime import datetime, timedelta
from pathlib import Path  # noqa: TC003 - pydantic reads it at run time
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self
from urllib.parse import urlsplit

import structlog
from pydantic import (
    AfterValidator,
    Field,
    TypeAdapter,
    ValidationError,
    WebsocketUrl,
    model_validator,
)

import settings
from collectors.bluesky.frames import Protocol  # noqa: TC001 - pydantic reads it at run time
from collectors.bluesky.hearing import SOURCE, Cursor, Hearing, instant, micros
from collectors.bluesky.search import Search
from collectors.contract import SourceError, Unreachable
from collectors.matching import Matcher
from signals import Collection

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence

    from collectors.client import Client
    from signals import Topic

_log = structlog.get_logger()

_URL = TypeAdapter(WebsocketUrl)
_HOSTS = tuple(
    f"wss://jetstream{number}.us-{coast}.bsky.network"
    for coast in ("east", "west")
    for number in (1, 2)
)
_STORED_EVERY = 1.0  # seconds, while posts come
_REWIND = timedelta(seconds=5)  # a host's events are not exactly in the order of their times
_REWIND_ELSEWHERE = timedelta(seconds=60)  # another host saw them at other times
_WINDOW = timedelta(hours=36)  # what a host remembers


def _stream_url(value: str) -> str:
    try:
        url = _URL.validate_python(value)
    except ValidationError:
        raise ValueError("is no address of a stream; write for example wss://example.org") from None
    if url.username or url.password:
        raise ValueError("must hold no login; Jetstream asks for none")
    return str(url).rstrip("/").removesuffix("/subscribe")


class BlueskySource(settings.Source):
    """``[[sources]]`` with ``kind = "bluesky"``.

    Attributes:
        interval: How often what was heard is noted at the least.
        hosts: Jetstream hosts; the next one is taken when one fails.
        protocol: Which of Jetstream's protocols the hosts speak.
        dictionary: The file of the Zstandard dictionary of v1, for packed frames.
        history: How far back the first call reaches.
        silence: The stream is broken when nothing at all came for so long.
        handle: An account, for searching what the hosts no longer have.
        app_password: Its app password.
        pds: The account's server.
    """

    kind: Literal["bluesky"] = "bluesky"
    interval: settings.Duration = timedelta(seconds=5)
    hosts: tuple[Annotated[str, AfterValidator(_stream_url)], ...] = Field(_HOSTS, min_length=1)
    protocol: Protocol = "v1"
    dictionary: Path | None = None
    history: settings.Duration = timedelta(minutes=10)
    silence: settings.Duration = timedelta(seconds=30)
    handle: str = ""
    app_password: settings.Secret | None = None
    pds: settings.BaseUrl = "https://bsky.social"

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if bool(self.handle) != bool(self.app_password):
            raise ValueError("handle and app_password belong together: set both, or neither")
        if self.dictionary and self.protocol != "v1":
            raise ValueError("dictionary is for v1; with v2 the host gives its own, remove it")
        return self


class Bluesky:
    """Collects the posts of the whole network that speak of a topic."""

    streams: ClassVar[bool] = True

    def __init__(self, table: BlueskySource, client: Client, topics: Sequence[Topic]) -> None:
        """Prepare to listen for ``topics``; nothing is asked yet.

        Raises:
            ValueError: The dictionary cannot be used.
        """
        self.source = SOURCE
        self.interval = table.interval
        self.topics = frozenset(topic.name for topic in topics)
        self._topics = topics
        self._matcher = Matcher(topics)
        self._hosts = table.hosts
        self._history = table.history
        self._silence = table.silence
        # PLC0415: slow to import, and most commands listen to no stream.
        from collectors.bluesky.jetstream import Jetstream  # noqa: PLC0415

        self._jetstream = Jetstream(client, table.protocol, _read(table.dictionary))
        self._search = (
            Search(client, table.pds, table.handle, table.app_password.get_secret_value())
            if table.app_password
            else None
        )

    async def collect(self, cursor: str | None, now: datetime) -> AsyncGenerator[Collection]:
        """Listen until the stream ends, going on at the next host where one fails.

        Yields about once a second while posts come, else once an interval.

        Raises:
            SourceError: Each host was tried, and the last one failed in this way.
        """
        start = (
            Cursor.model_validate_json(cursor)
            if cursor
            else Cursor(time_us=micros(now - self._history))
        )
        async for found in self._forgotten(instant(start.time_us), now - _WINDOW):
            yield found
        hearing = Hearing(self._matcher, start, micros(self._silence), _clock(now))
        hosts = self._from(start.host)
        for host in hosts:
            frames = hearing.frames
            try:
                async with aclosing(self._listen(host, hearing)) as portions:
                    async for portion in portions:
                        yield portion
            except SourceError as error:
                if hearing.frames > frames:
                    hearing.host = host
                    yield hearing.portion()
                if host == hosts[-1]:
                    raise
                _log.debug("another host is taken", source=self.source, reason=str(error))
            else:
                return

    async def probe(self) -> str:
        """Open the stream of the first host that lets us, and log in for the search.

        Raises:
            SourceError: No host does, or the account may not log in.
        """
        for host in self._hosts:
            try:
                async with self._jetstream.connected(host, None):
                    break
            except SourceError:
                if host == self._hosts[-1]:
                    raise
        if self._search:
            await self._search.login()
            return f"reachable ({urlsplit(host).netloc}), the account may search"
        return f"reachable ({urlsplit(host).netloc}), no login needed"

    async def _listen(self, host: str, hearing: Hearing) -> AsyncGenerator[Collection]:
        """Listen to ``host`` until it says goodbye.

        Raises:
            SourceError: It does not let us listen, falls silent, or ends it in another way.
        """
        silence, interval = self._silence.total_seconds(), self.interval.total_seconds()
        rewind = micros(_REWIND if hearing.host in {host, ""} else _REWIND_ELSEWHERE)
        before = frames = hearing.frames
        async with self._jetstream.connected(host, hearing.reached - rewind) as stream:
            heard = stored = time.monotonic()
            goes_on = True
            while goes_on:
                goes_on = await stream.fill(hearing, min(_STORED_EVERY, silence))
                moment = time.monotonic()
                if hearing.frames > frames:
                    frames, heard, hearing.host = hearing.frames, moment, host
                elif moment - heard > silence or (not goes_on and frames == before):
                    raise Unreachable(f"{urlsplit(host).netloc}: the stream is silent")
                is_late = moment - stored >= interval and frames > before
                if hearing.is_due or is_late or not goes_on:
                    yield hearing.portion()
                    stored = moment

    def _from(self, host: str) -> tuple[str, ...]:
        """Return the hosts, beginning with ``host`` if it is one of them."""
        at = self._hosts.index(host) if host in self._hosts else 0
        return self._hosts[at:] + self._hosts[:at]

    async def _forgotten(self, since: datetime, until: datetime) -> AsyncIterator[Collection]:
        """Yield what the search finds of the time that the hosts have forgotten.

        That it fails must not keep us from listening; ``probe`` tells why it does.
        """
        if self._search is None or since >= until:
            return
        try:
            async for posts in self._search.posts(self._topics, self._matcher, since, until):
                yield Collection(source=self.source, posts=posts)
        except SourceError as error:
            _log.warning("the search failed", source=self.source, reason=str(error))


def _read(path: Path | None) -> bytes:
    if path is None:
        return b""
    try:
        return path.expanduser().read_bytes()
    except OSError as error:
        raise ValueError(f"dictionary: cannot read {path}: {error.strerror}") from None


def _clock(now: datetime) -> Callable[[], int]:
    """Return what tells the present in microseconds, going on from ``now``."""
    offset = micros(now) - time.monotonic_ns() // 1_000
    return lambda: time.monotonic_ns() // 1_000 + offset
