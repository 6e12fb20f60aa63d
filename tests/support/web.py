"""A web server on the loopback interface that answers as told: well, badly, or never in full.

It is a real server on real sockets, so that cut connections, slow drips and endless bodies are
what they are on the network. What was asked, and when, is kept for the assertions on manners.
"""

from __future__ import annotations

import gzip
import json
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self, TypeAlias
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType

HTML = "text/html; charset=utf-8"
JSON = "application/json"
_DRIP_EVERY = 0.05  # seconds


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived.

    Attributes:
        path: Without the query.
        query: The first value of each name.
        headers: Names in lower case.
        at: When, by the monotonic clock.
        method: ``GET`` or ``POST``.
        body: What was sent along.
    """

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    at: float
    method: str = "GET"
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer.

    Attributes:
        body: What is sent.
        kind: Its content type.
        status: The status.
        headers: More headers.
        sent: How many bytes of the body are really sent before the connection is cut; None is all.
        drips: Whether it comes a byte at a time, and slowly.
        repeats: How often the body is sent; more than once makes it large without memory.
    """

    body: bytes = b""
    kind: str = HTML
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    sent: int | None = None
    drips: bool = False
    repeats: int = 1


Route: TypeAlias = "Reply | Callable[[Asked], Reply]"


def document(value: Any, **more: Any) -> Reply:
    """Return ``value`` as a JSON document."""
    return Reply(json.dumps(value).encode(), JSON, **more)


def packed(body: bytes, kind: str = JSON, **more: Any) -> Reply:
    """Return ``body`` as a gzip."""
    return Reply(gzip.compress(body), kind, headers={"Content-Encoding": "gzip"}, **more)


class Web:
    """A context manager; ``routes`` says what each path answers, ``otherwise`` all the others."""

    def __init__(self, routes: Mapping[str, Route] | None = None) -> None:
        """Listen on a free port; answer once entered."""
        self.routes: dict[str, Route] = dict(routes or {})
        self.otherwise: Route = Reply(b"not here", status=404)
        self.asked: list[Asked] = []
        self.stopping = threading.Event()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        """The address, without a slash at its end."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def paths(self) -> list[str]:
        """Return the paths that were asked for, in their order."""
        return [asked.path for asked in self.asked]

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
        """Stop, also in the middle of an answer."""
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    def __init__(self, web: Web) -> None:
        self.web = web
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        web = self.server.web
        parts = urlsplit(self.path)
        asked = Asked(
            path=parts.path,
            query={name: values[0] for name, values in parse_qs(parts.query).items()},
            headers={name.lower(): value for name, value in self.headers.items()},
            at=time.monotonic(),
            method=self.command,
            body=self.rfile.read(int(self.headers.get("content-length", "0"))),
        )
        web.asked.append(asked)
        route = web.routes.get(parts.path, web.otherwise)
        reply = route if isinstance(route, Reply) else route(asked)
        with suppress(ConnectionError):
            self._send(reply)

    do_POST = do_GET  # noqa: N815 - http.server names it

    def _send(self, reply: Reply) -> None:
        self.send_response_only(reply.status)
        if "Date" not in reply.headers:
            self.send_header("Date", self.date_time_string())
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(reply.body) * reply.repeats))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        for part in self._parts(reply):
            self.wfile.write(part)
        if reply.sent is not None:
            self.close_connection = True

    def _parts(self, reply: Reply) -> Iterator[bytes]:
        if reply.drips:
            for byte in reply.body:
                if self.server.web.stopping.wait(_DRIP_EVERY):
                    return
                yield bytes([byte])
        else:
            for _ in range(reply.repeats):
                yield reply.body[: reply.sent]

    def log_message(self, *_: object) -> None:
        """Say nothing."""
