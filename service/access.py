"""Letting in only who knows the page's token."""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

INBOXES = "/api/mentions"
"""Where posts are handed in."""

OPEN = frozenset({"/healthz", "/readyz", INBOXES})
"""What a supervisor may ask without the token, and where the inboxes ask for their own."""


class TokenNeeded:
    """ASGI middleware: a browser asks for the token as a password (RFC 7617), under any user name.

    A program sends it as ``Authorization: Bearer`` (RFC 6750).
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        """Wrap ``app``."""
        self._app = app
        self._token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["path"] not in OPEN:
            given = _credential(Headers(scope=scope).get("authorization", ""))
            if not hmac.compare_digest(given, self._token):
                asks = {"WWW-Authenticate": 'Basic realm="hubbub", charset="UTF-8"'}
                refusal = PlainTextResponse("the token of [page] is needed\n", 401, headers=asks)
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


def bearer(header: str) -> bytes:
    """Return the token in a header ``Authorization: Bearer``; empty if there is none."""
    scheme, _, value = header.partition(" ")
    return value.strip().encode() if scheme.lower() == "bearer" else b""


def _credential(header: str) -> bytes:
    """Return the token in a header ``Authorization``; empty if there is none."""
    if token := bearer(header):
        return token
    value = header.partition(" ")[2]
    try:
        return base64.b64decode(value, validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        return b""
