"""A receiver of messages as a user would run one: real HTTP, signatures checked on its own.

It shares no code with hubbub, so that a mistake in signing cannot hide in both.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - the specification's example


def sign(secret: str, identity: str, timestamp: str, body: bytes) -> str:
    """Return the signature that the Standard Webhooks specification asks for."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{identity}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request as it arrived.

    Attributes:
        path: What was asked for, its query included.
        id: Its ``webhook-id``.
        timestamp: Its ``webhook-timestamp``.
        headers: All its headers; names in lower case.
        raw: The body.
        genuine: Whether the signature is right, or none was expected and none came.
        status: What was answered.
    """

    path: str
    id: str
    timestamp: str
    headers: Mapping[str, str]
    raw: bytes
    genuine: bool
    status: int

    @property
    def body(self) -> dict[str, Any]:
        """Return the JSON document."""
        document: dict[str, Any] = json.loads(self.raw)
        return document


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes = b""


class Receiver:
    """Takes deliveries at ``url`` until the ``with`` block ends; answers 204 unless told otherwise.

    Attributes:
        attempts: Every request, in the order of arrival.
    """

    def __init__(self, secret: str | None = SECRET) -> None:
        """Expect signatures made with ``secret``, or none at all."""
        self.attempts: list[Delivery] = []
        self._secret = secret
        self._planned: deque[_Answer] = deque()
        self._open = threading.Event()
        self._open.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        """Start to listen on a free port."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of whoever waits, and stop."""
        self.release()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Return where to send."""
        return f"{self.base}/hook"

    @property
    def base(self) -> str:
        """Return the server's address without a path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        """Return where it listens."""
        return self._server.server_port

    @property
    def accepted(self) -> list[Delivery]:
        """Return the genuine deliveries that were answered with a 2xx."""
        return [each for each in self.attempts if each.genuine and 200 <= each.status < 300]

    def answer(self, status: int, times: int = 1, body: bytes = b"", **headers: str) -> None:
        """Answer the next ``times`` requests so; ``retry_after="7"`` becomes ``Retry-After: 7``."""
        named = {name.replace("_", "-").title(): value for name, value in headers.items()}
        self._planned.extend([_Answer(status, named, body)] * times)

    def hold(self) -> None:
        """Answer nobody until ``release``."""
        self._open.clear()

    def release(self) -> None:
        """Answer again."""
        self._open.set()

    def _take(self, path: str, headers: Mapping[str, str], raw: bytes) -> _Answer:
        """Record a request, and say what to answer."""
        genuine = self._genuine(headers, raw)
        answer = self._planned.popleft() if self._planned else _Answer(204, {})
        if not genuine:
            answer = _Answer(401, {})
        self.attempts.append(
            Delivery(
                path=path,
                id=headers.get("webhook-id", ""),
                timestamp=headers.get("webhook-timestamp", ""),
                headers=headers,
                raw=raw,
                genuine=genuine,
                status=answer.status,
            )
        )
        return answer

    def _genuine(self, headers: Mapping[str, str], raw: bytes) -> bool:
        given = headers.get("webhook-signature", "")
        if self._secret is None:
            return not given
        right = sign(
            self._secret, headers.get("webhook-id", ""), headers.get("webhook-timestamp", ""), raw
        )
        return any(hmac.compare_digest(right, each) for each in given.split(" "))

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                """Read the request whole, and answer once the receiver lets it."""
                raw = self.rfile.read(int(self.headers["content-length"]))
                receiver._open.wait()
                headers = {k.lower(): v for k, v in self.headers.items()}
                answer = receiver._take(self.path, headers, raw)
                with suppress(ConnectionError):  # the sender may have given up
                    self.send_response(answer.status)
                    for name, value in answer.headers.items():
                        self.send_header(name, value)
                    if answer.status != 204:
                        self.send_header("Content-Length", str(len(answer.body)))
                    self.end_headers()
                    self.wfile.write(answer.body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base class
                """Say nothing on stderr."""

        return Handler
