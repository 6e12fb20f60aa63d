"""A websocket server on the loopback interface that plays what it is told, well or badly.

It is a real one (``websockets.sync.server``) on real sockets. Each connection plays the next of its
plays; the last one is repeated. What was asked is kept for the assertions.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self, TypeAlias
from urllib.parse import parse_qs, urlsplit

from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Response
from websockets.sync.server import ServerConnection, serve

from tests.support.streams import framed
from tests.support.web import Asked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from websockets.http11 import Request

STREAMS = frozenset({"/subscribe", "/xrpc/network.bsky.jetstream.subscribeEvents"})

Play: TypeAlias = "Callable[[Firehose, ServerConnection, Asked], None]"


class Firehose:
    """A context manager.

    Attributes:
        plays: What happens on each connection.
        refusals: How the next handshakes are answered instead.
        documents: What other paths answer.
        asked: What was asked of the streams.
        stopping: Set when it is over.
    """

    def __init__(self, *plays: Play) -> None:
        """Listen on a free port; answer once entered."""
        self.plays = list(plays)
        self.refusals: list[Response] = []
        self.documents: dict[str, bytes] = {}
        self.asked: list[Asked] = []
        self.stopping = threading.Event()
        self._server = serve(
            self._play,
            "127.0.0.1",
            0,
            process_request=self._answer,
            compression=None,
            ping_interval=None,
            close_timeout=1,
        )
        self._thread = threading.Thread(target=self._server.serve_forever)

    @property
    def url(self) -> str:
        """The address, without a slash at its end."""
        return f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}"

    def cursors(self) -> list[int]:
        """Return the cursors that were asked for."""
        return [int(asked.query["cursor"]) for asked in self.asked if "cursor" in asked.query]

    def __enter__(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop, also in the middle of a play."""
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()

    def _answer(self, _: ServerConnection, request: Request) -> Response | None:
        path = urlsplit(request.path).path
        if path not in STREAMS:
            body = self.documents.get(path)
            return refusal(200 if body is not None else 404, body or b"")
        asked = Asked(
            path=path,
            query={
                name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()
            },
            headers={name.lower(): value for name, value in request.headers.raw_items()},
            at=time.monotonic(),
        )
        self.asked.append(asked)
        return self.refusals.pop(0) if self.refusals else None

    def _play(self, connection: ServerConnection) -> None:
        play = self.plays[0] if len(self.plays) == 1 else self.plays.pop(0)
        try:
            play(self, connection, self.asked[-1])
        except (ConnectionClosed, OSError):
            return


def refusal(status: int, body: bytes = b"", **headers: str) -> Response:
    """Return an answer to a handshake; names of headers are written with underscores."""
    named = Headers({name.replace("_", "-"): value for name, value in headers.items()})
    named["Content-Length"] = str(len(body))
    named["Connection"] = "close"
    return Response(status, HTTPStatus(status).phrase, named, body)


def say(*messages: str | bytes) -> Play:
    """Send ``messages`` and say goodbye."""

    def play(_: Firehose, connection: ServerConnection, __: Asked) -> None:
        for message in messages:
            connection.send(message)

    return play


def say_and(then: Callable[[Firehose, ServerConnection], None], *messages: str | bytes) -> Play:
    """Send ``messages`` and do something else."""

    def play(host: Firehose, connection: ServerConnection, asked: Asked) -> None:
        say(*messages)(host, connection, asked)
        then(host, connection)

    return play


def replay(events: Sequence[Mapping[str, Any]], pause: float = 0.0) -> Play:
    """Send v1 ``events`` from the cursor on, as Jetstream does, and say goodbye."""

    def play(host: Firehose, connection: ServerConnection, asked: Asked) -> None:
        since = int(asked.query.get("cursor", "0"))
        for event in events:
            if event["time_us"] >= since and not host.stopping.wait(pause):
                connection.send(json.dumps(event))

    return play


def cut(_: Firehose, connection: ServerConnection) -> None:
    """Cut the connection in the middle of a frame."""
    connection.socket.sendall(framed("x" * 1_000)[:500])
    connection.socket.shutdown(socket.SHUT_RDWR)


def stay(host: Firehose, _: ServerConnection) -> None:
    """Say nothing more, and do not go."""
    host.stopping.wait()


def leave(code: int, reason: str = "") -> Callable[[Firehose, ServerConnection], None]:
    """Return what says goodbye with ``code``."""
    return lambda _, connection: connection.close(code, reason)


def dribble(message: str, every: float) -> Callable[[Firehose, ServerConnection], None]:
    """Return what sends ``message`` a byte at a time, and says goodbye."""

    def play(host: Firehose, connection: ServerConnection) -> None:
        for byte in framed(message):
            if host.stopping.wait(every):
                return
            connection.socket.sendall(bytes([byte]))

    return play
