"""One connection to a Jetstream host: how it is opened, listened to, and what its end means.

Jetstream: https://github.com/bluesky-social/jetstream, sections 5.1 and 5.2 of its README. A cursor
is a time in microseconds; the host starts at the oldest event that it still has if that is later.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urljoin, urlsplit

import httpx
import structlog
from websockets.asyncio.client import connect
from websockets.exceptions import (
    ConnectionClosedError,
    ConnectionClosedOK,
    InvalidHandshake,
    InvalidMessage,
    InvalidStatus,
    InvalidURI,
    ProxyError,
)
from websockets.protocol import State

from collectors import answers
from collectors.bluesky.frames import LARGEST, OddFrame, Reader, plain
from collectors.bluesky.hearing import POSTS, SOURCE
from collectors.contract import Blocked, Malformed, Missing, SourceError, Unreachable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from websockets.asyncio.client import ClientConnection
    from websockets.http11 import Response

    from collectors.bluesky.frames import Protocol
    from collectors.bluesky.hearing import Hearing
    from collectors.client import Client

_log = structlog.get_logger()

_V1 = "/subscribe"
_V2 = "/xrpc/network.bsky.jetstream.subscribeEvents"
_DICTIONARY = "/xrpc/network.bsky.jetstream.getZstdDictionary"
_CLOSING = 1.0  # seconds to say goodbye
_OUR_FAULTS = frozenset({1002, 1003, 1007, 1009})  # RFC 6455, section 7.4.1, as sent by us


class _Connect(connect):
    """Follows no redirects: they are told to the operator, as robots.txt was read elsewhere."""

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


class Stream:
    """An open connection."""

    def __init__(self, connection: ClientConnection, reader: Reader, host: str) -> None:
        """Listen to ``connection``; ``host`` is what errors call it."""
        self._connection = connection
        self._reader = reader
        self._host = host

    async def fill(self, hearing: Hearing, seconds: float) -> bool:
        """Let ``hearing`` take what arrives within ``seconds``, or until it has enough.

        Returns:
            Whether there may be more; not after the host has said goodbye.

        Raises:
            Unreachable: The connection was cut, or the host ended the stream.
            Malformed: What arrived is no such stream.
        """
        receive, read, take = self._connection.recv, self._reader.read, hearing.take
        is_full = False
        try:
            async with asyncio.timeout(seconds):
                while not is_full:
                    raw = await receive(decode=False)
                    try:
                        is_full = take(read(raw))
                    except OddFrame as odd:
                        hearing.skip(odd)
        except TimeoutError:
            return self._connection.state is State.OPEN  # one may say goodbye and not go
        except ConnectionClosedOK:
            return False
        except ConnectionClosedError as error:
            if error.sent and not error.rcvd_then_sent and error.sent.code in _OUR_FAULTS:
                raise Malformed(f"{self._host}: {error.sent.reason or 'no such stream'}") from None
            reason = plain(error.rcvd.reason) if error.rcvd else ""
            raise Unreachable(
                f"{self._host}: the connection was cut: {reason}".rstrip(": ")
            ) from None
        return True


class Jetstream:
    """Opens connections to the hosts of Jetstream."""

    def __init__(self, client: Client, protocol: Protocol, dictionary: bytes = b"") -> None:
        """Prepare to connect.

        Args:
            client: Who keeps the manners.
            protocol: Which of the protocols to speak.
            dictionary: That of v1, for packed frames; in v2 the host has one to give.

        Raises:
            ValueError: ``dictionary`` is none.
        """
        self._client = client
        self._protocol = protocol
        self._reader = Reader(dictionary)

    @asynccontextmanager
    async def connected(self, host: str, since: int | None) -> AsyncIterator[Stream]:
        """Connect to ``host``, e.g. ``wss://jetstream1.us-east.bsky.network``.

        Args:
            host: Its base URL.
            since: Where to start, in microseconds since 1970; None is the present.

        Raises:
            SourceError: The host does not let us listen; the class says why.
        """
        reader = await self._agree(host)
        address = self._address(reader, since)
        async with self._client.visit(_http(host + address)):
            try:
                connection = await self._open(host + address)
            except _TooOld:
                _log.warning("too far behind: the past is not heard", source=SOURCE, host=host)
                connection = await self._open(host + self._address(reader, None))
        async with connection:
            yield Stream(connection, reader, urlsplit(host).netloc)

    async def _agree(self, host: str) -> Reader:
        """Return what reads the frames of ``host``, packed if both sides have a dictionary."""
        if self._protocol == "v1":
            return self._reader
        try:
            return Reader(await self._client.get_bytes(_http(host + _DICTIONARY)))
        except Missing:
            return self._reader
        except ValueError as error:
            raise Malformed(f"{urlsplit(host).netloc}: gave {error}") from None

    async def _open(self, address: str) -> ClientConnection:
        """Shake hands.

        Raises:
            SourceError: In vain.
        """
        try:
            return await _Connect(
                address,
                compression=None,  # costs the host dear, and may not be combined with Zstandard
                user_agent_header=self._client.agent,
                open_timeout=self._client.limits.total,
                close_timeout=_CLOSING,
                ping_interval=None,  # a dead connection shows by its silence
                max_size=LARGEST,
                ssl=httpx.create_ssl_context() if address.startswith("wss:") else None,
            )
        except InvalidStatus as error:
            raise _refused(address, error.response) from None
        except TimeoutError:
            raise Unreachable("no complete answer in time") from None
        except (OSError, ProxyError, InvalidMessage) as error:
            reason = " ".join(str(error.__cause__ or error).split())[:200] or type(error).__name__
            raise Unreachable(f"cannot be reached ({reason})") from None
        except (InvalidHandshake, InvalidURI) as error:
            raise Malformed(f"offers no stream ({type(error).__name__})") from None

    def _address(self, reader: Reader, since: int | None) -> str:
        """Return where a host streams posts, as path and query.

        Larger frames are left out by the host; one of them would end the connection each time.
        """
        query: dict[str, str | int] = {"maxMessageSizeBytes": LARGEST}
        if since is not None:
            query["cursor"] = max(since, 0)
        if self._protocol == "v1":
            query["wantedCollections"] = POSTS
            if reader.dictionary_id:
                query["compress"] = "true"
            return f"{_V1}?{urlencode(query)}"
        query["collections"] = POSTS
        if reader.dictionary_id:
            query["zstdDictionary"] = reader.dictionary_id
        return f"{_V2}?{urlencode(query)}"


class _TooOld(Blocked):
    """The host no longer has what was said at the cursor."""


def _http(address: str) -> str:
    """Return an address as it is for HTTP: ``ws`` becomes ``http``, ``wss`` becomes ``https``."""
    return f"http{address.removeprefix('ws')}"


def _refused(address: str, refusal: Response) -> SourceError:
    """Return what it means that a handshake was answered in this way."""
    request = httpx.Request("GET", _http(address))
    headers = list(refusal.headers.raw_items())
    answer = httpx.Response(refusal.status_code, headers=headers, request=request)
    try:
        if answer.has_redirect_location:
            answers.redirect(
                request, httpx.Request("GET", urljoin(_http(address), answer.headers["location"]))
            )
            return Malformed("redirects elsewhere; write that address into hosts")
        answers.check_status(answer)
        answers.check_refusal(answer, bytes(refusal.body))
    except Blocked as error:
        return _TooOld(str(error)) if "CursorTooOld" in str(error) else error
    except SourceError as error:
        return error
    except (httpx.InvalidURL, ValueError):
        return Malformed("redirects to what is no address")
    return Malformed(f"answered {refusal.status_code} instead of a stream")
