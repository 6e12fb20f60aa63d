"""The one HTTP client that all collectors share; its manners are those of the whole of hubbub.

It names itself honestly, obeys robots.txt, spaces its requests to each host, waits when told to,
asks again only where that helps, bounds time and size, and turns everything that is not a good
answer into a ``SourceError``. What is worth keeping is revalidated (``If-None-Match``) instead of
fetched again.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any, Self, TypeAlias, TypeVar

import anysqlite
import httpx
import stamina
from hishel import AsyncSqliteStorage
from hishel.httpx import AsyncCacheClient

from collectors import answers, manners, waiting
from collectors.contract import (
    Blocked,
    Malformed,
    Missing,
    RateLimited,
    SourceError,
    Unauthorised,
    Unreachable,
)

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

Params: TypeAlias = "Mapping[str, str | int]"
T = TypeVar("T")
Read: TypeAlias = "Callable[[httpx.Response, bytes], T]"

_asked: ContextVar[list[manners.Host] | None] = ContextVar("_asked", default=None)

_CACHE_SIZE = 64_000_000  # bytes


@dataclass(frozen=True, slots=True)
class Limits:
    """How long, how much, how often. Times are seconds, sizes are bytes.

    Attributes:
        connect: Longest time to connect.
        read: Longest silence within an answer.
        total: Longest time for one answer as a whole.
        wire: Largest body as it arrives.
        unpacked: Largest body once unpacked.
        redirects: How many redirects are followed.
        attempts: How often a request is sent in all when it fails for a passing reason.
        backoff: The wait before the second attempt; it doubles, with some jitter.
        patience: The longest wait that a host may ask for and get at once; a longer one is passed
            on as ``RateLimited``.
        spacing: Least time between two requests to one host; robots.txt can only raise it.
    """

    connect: float = 10.0
    read: float = 20.0
    total: float = 60.0
    wire: int = 8_000_000
    unpacked: int = 32_000_000
    redirects: int = 5
    attempts: int = 3
    backoff: float = 1.0
    patience: float = 20.0
    spacing: float = 1.0


class Client:
    """An async context manager; one serves the whole process.

    Args:
        contact: How a source's operator can reach whoever runs this hubbub: an address or a URL.
        limits: How long, how much, how often.
        cache: The file that keeps answers for revalidation; None keeps them in memory.
    """

    def __init__(
        self, contact: str, *, limits: Limits | None = None, cache: Path | None = None
    ) -> None:
        """Open nothing yet."""
        self._agent = f"hubbub/{_version()} (+{' '.join(contact.split())})".encode()
        self._limits = limits or Limits()
        self._cache = cache
        self._hosts: dict[str, manners.Host] = {}

    @property
    def agent(self) -> str:
        """What hubbub calls itself."""
        return self._agent.decode()

    @property
    def cache(self) -> Path | None:
        """The file that keeps answers; None if nothing is kept on the disk."""
        return self._cache

    @property
    def limits(self) -> Limits:
        """How long, how much, how often."""
        return self._limits

    async def __aenter__(self) -> Self:
        """Open the cache and the connection pools.

        Raises:
            sqlite3.Error: The cache's file cannot be opened.
        """
        # The connection is ours because hishel, given a path, adds a .gitignore beside the file.
        connection = await anysqlite.connect(str(self._cache or ":memory:"), isolation_level=None)
        storage = AsyncSqliteStorage(connection=connection, max_size=_CACHE_SIZE)
        options: Any = {
            "headers": [(b"User-Agent", self._agent), (b"Accept-Encoding", answers.PACKING)],
            "timeout": httpx.Timeout(self._limits.read, connect=self._limits.connect, pool=None),
            "verify": _trust(),
        }
        self._plain = httpx.AsyncClient(**options)
        self._keeping = AsyncCacheClient(storage=storage, rfc=True, **options)
        self._keeping.headers["Cache-Control"] = "no-cache"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close them."""
        await self._plain.aclose()
        await self._keeping.aclose()

    async def get_json(  # noqa: PLR0913 - each is a choice of its own
        self,
        url: str,
        *,
        params: Params | None = None,
        token: str = "",
        spacing: float = 0.0,
        keep: bool = False,
        robots: bool = True,
    ) -> object:
        """Return the JSON document at ``url``.

        Args:
            url: Where to ask.
            params: The query.
            token: Sent as ``Authorization: Bearer``, unless empty; never to another origin. Whoever
                gave it allowed us to ask, so robots.txt has no say then.
            spacing: Least seconds between two requests to this host, if more than the default.
            keep: Whether the answer is worth keeping, to be revalidated the next time. Not for
                polls, whose addresses differ each time, and never together with ``token``.
            robots: Whether robots.txt is obeyed. Only an operator may say no, for feeds that a site
                offers to feed readers although it turns robots away.

        Raises:
            SourceError: There is no such document; the class says why.
        """
        headers = {"Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        request = self._request(url, params, headers, keep=keep)
        return await self._get(request, answers.document, spacing, ruled=robots)

    async def get_text(
        self, url: str, *, params: Params | None = None, spacing: float = 0.0, keep: bool = False
    ) -> str:
        """Return the page at ``url``; the arguments are those of ``get_json``.

        Raises:
            SourceError: There is no such page; the class says why.
        """
        request = self._request(url, params, {"Accept": "text/html"}, keep=keep)
        return await self._get(request, answers.page, spacing)

    async def get_feed(
        self,
        url: str,
        *,
        params: Params | None = None,
        spacing: float = 0.0,
        keep: bool = True,
        robots: bool = True,
    ) -> answers.Feed:
        """Return the RSS or Atom document at ``url``; the arguments are those of ``get_json``.

        Raises:
            SourceError: There is no such feed; the class says why.
        """
        request = self._request(url, params, {"Accept": answers.FEEDS}, keep=keep)
        return await self._get(request, answers.feed, spacing, ruled=robots)

    async def post(
        self,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        document: object = None,
        login: tuple[str, str] | None = None,
        token: str = "",
    ) -> object:
        """Send ``form`` or a JSON ``document`` and return the JSON answer, to log in somewhere.

        Args:
            url: Where to.
            form: Sent URL-encoded.
            document: Sent as JSON, if there is no form.
            login: User and password for HTTP's basic authentication.
            token: Sent as ``Authorization: Bearer``, unless empty.

        Raises:
            SourceError: There is no such answer; the class says why.
        """
        body: dict[str, Any] = {"json": document} if form is None else {"data": dict(form)}
        request = self._plain.build_request(
            "POST", url, headers={"Accept": "application/json"}, extensions={"keep": False}, **body
        )
        if token:
            request.headers["Authorization"] = f"Bearer {token}"
        if login:
            request = next(httpx.BasicAuth(*login).auth_flow(request))
        return await self._get(request, answers.document, ruled=False)

    async def get_bytes(self, url: str) -> bytes:
        """Return the document at ``url`` as it is.

        Raises:
            SourceError: There is no such document; the class says why.
        """
        request = self._request(url, None, {"Accept": "*/*"}, keep=True)
        return await self._get(request, answers.content)

    @asynccontextmanager
    async def visit(self, url: str) -> AsyncIterator[None]:
        """Let the block ask the host of ``url`` by itself, e.g. for a stream, in the host's turn.

        Raises:
            SourceError: It may not be asked, or not now; or what the block raises, whose
                ``retry_after`` then holds for everybody who asks this host.
        """
        where = answers.place(httpx.Request("GET", url))
        host = self._host(httpx.URL(url))
        with host.breaker(known=False).guard(where):
            await self._admit(httpx.URL(url), host)
            try:
                await host.turn(self._limits.spacing, self._limits.patience)
                yield
            except SourceError as error:
                if error.retry_after is not None:
                    host.hold(error.retry_after)
                raise type(error)(f"{where}: {error}", error.retry_after) from None

    def hold(self, url: str, seconds: float) -> None:
        """Ask the host of ``url`` nothing for so long, because the body of an answer said so."""
        self._host(httpx.URL(url)).hold(seconds)

    async def check(self, url: str) -> None:
        """Make sure that ``url`` may be asked for, at the cost of its host's robots.txt.

        Raises:
            SourceError: It may not, or the host does not answer.
        """
        where = httpx.URL(url)
        await self._admit(where, self._host(where))

    @contextmanager
    def witness(self) -> Iterator[list[manners.Host]]:
        """Return the list of the hosts that this task asks within the block, as it grows."""
        asked: list[manners.Host] = []
        before = _asked.set(asked)
        try:
            yield asked
        finally:
            _asked.reset(before)

    def _request(
        self, url: str, params: Params | None, headers: Mapping[str, str], *, keep: bool
    ) -> httpx.Request:
        return self._http(keep=keep).build_request(
            "GET", url, params=params, headers=headers, extensions={"keep": keep}
        )

    def _http(self, *, keep: bool) -> httpx.AsyncClient:
        """Return the client that keeps answers, or the one that goes straight to the network.

        A poll's address differs each time, so that keeping its answer only fills the store, and an
        answer from the store would pass for having listened. hishel (2.0) cannot be told so for a
        single request: it ignores ``Cache-Control: no-store`` in requests. ``no-cache`` it obeys,
        so that what is kept is always revalidated, which without ``rfc=True`` it never is.
        """
        return self._keeping if keep else self._plain

    async def _get(
        self, request: httpx.Request, read: Read[T], spacing: float = 0.0, *, ruled: bool = True
    ) -> T:
        """Return what ``read`` makes of a good answer, asking again where that helps."""
        async for attempt in stamina.retry_context(
            on=self._helps,
            attempts=self._limits.attempts,
            timeout=None,
            wait_initial=self._limits.backoff,
            wait_max=self._limits.patience,
            wait_jitter=self._limits.backoff,
        ):
            with attempt:
                return await self._follow(request, read, spacing, ruled=ruled)
        raise AssertionError("stamina raises the last error")

    def _helps(self, error: Exception) -> bool | float:
        """Say whether asking again helps after ``error``, or in how many seconds it does."""
        if not isinstance(error, Unreachable | RateLimited):
            return False
        if error.retry_after is None:
            return isinstance(error, Unreachable)
        return error.retry_after if error.retry_after <= self._limits.patience else False

    async def _follow(
        self, request: httpx.Request, read: Read[T], spacing: float, *, ruled: bool
    ) -> T:
        """Return what ``read`` makes of the end of the redirects, each of which keeps manners."""
        for _ in range(self._limits.redirects + 1):
            host, known = self._host(request.url), "Authorization" in request.headers
            with host.breaker(known=known).guard(answers.place(request)):
                if ruled and not known:
                    await self._admit(request.url, host)
                answer, body = await self._exchange(request, host, spacing)
                if answer.next_request is None:
                    return read(answer, body)
                request = answers.redirect(request, answer.next_request)
        raise Malformed(f"{answers.place(request)}: redirects without end")

    def _host(self, url: httpx.URL) -> manners.Host:
        host = self._hosts.setdefault(f"{url.scheme}://{url.netloc.decode()}", manners.Host())
        if (asked := _asked.get()) is not None and host not in asked:
            asked.append(host)
        return host

    async def _admit(self, url: httpx.URL, host: manners.Host) -> None:
        """Make sure that the robots.txt of ``host``, read if need be, allows ``url``."""
        async with host.lock:
            if host.is_unknown():
                host.learn(await self._robots(url.copy_with(raw_path=b"/robots.txt"), host))
        host.check(str(url))

    async def _robots(self, url: httpx.URL, host: manners.Host) -> str:
        """Return a robots.txt; one that is not there allows everything (RFC 9309 section 2.3.1).

        The breaker has no say, since many a site refuses robots.txt and nothing else.
        """
        request = self._request(str(url), None, {}, keep=True)
        try:
            for _ in range(self._limits.redirects + 1):
                answer, body = await self._exchange(request, host, 0.0)
                if answer.next_request is None:
                    return body.decode(errors="replace")
                request = answers.redirect(request, answer.next_request)
                host = self._host(request.url)
        except (Blocked, Missing, Unauthorised):
            pass
        return ""

    async def _exchange(
        self, request: httpx.Request, host: manners.Host, spacing: float
    ) -> tuple[httpx.Response, bytes]:
        """Send one request in its turn; return the answer, with its body unless it redirects."""
        limits = self._limits
        where = answers.place(request)
        try:
            await host.turn(max(spacing, limits.spacing), limits.patience)
            async with asyncio.timeout(limits.total):
                http = self._http(keep=request.extensions["keep"])
                try:
                    answer = await http.send(request, stream=True)
                finally:
                    host.reached()
                try:
                    host.note(waiting.quota(answer.headers))
                    if answer.next_request is not None:
                        return answer, b""
                    answers.check_status(answer)
                    body = await answers.read(answer, wire=limits.wire, unpacked=limits.unpacked)
                    answers.check_refusal(answer, body)
                    return answer, body
                finally:
                    await answer.aclose()
        except SourceError as error:
            if error.retry_after is not None:
                host.hold(error.retry_after)
            raise type(error)(f"{where}: {error}", error.retry_after) from None
        except (TimeoutError, httpx.TimeoutException):
            raise Unreachable(f"{where}: no complete answer in time") from None
        except httpx.TransportError as error:
            reason = str(error) or type(error).__name__
            raise Unreachable(f"{where}: cannot be reached ({reason})") from None


@cache
def _trust() -> ssl.SSLContext:
    """Return whom to trust; to read the certificates takes a while."""
    return httpx.create_ssl_context()


def _version() -> str:
    try:
        return metadata.version("hubbub")
    except metadata.PackageNotFoundError:
        return "dev"
