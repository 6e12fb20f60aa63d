"""A websocket as one answer of ``tests.support.web``: the handshake, some messages, a goodbye."""

from __future__ import annotations

from typing import TYPE_CHECKING

from websockets.frames import Close, CloseCode, Frame, Opcode
from websockets.utils import accept_key

from tests.support.web import Reply

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.support.web import Asked, Route


def framed(message: str | bytes) -> bytes:
    """Return ``message`` as a server sends it."""
    opcode = Opcode.TEXT if isinstance(message, str) else Opcode.BINARY
    data = message.encode() if isinstance(message, str) else message
    return Frame(opcode, data).serialize(mask=False)


def goodbye(code: CloseCode = CloseCode.GOING_AWAY) -> bytes:
    """Return what a server sends before it closes the connection."""
    return Frame(Opcode.CLOSE, Close(code, "").serialize()).serialize(mask=False)


def stream(messages: Iterable[str | bytes]) -> Route:
    """Return a websocket that sends ``messages`` and ends in good order."""
    body = b"".join(map(framed, messages)) + goodbye()

    def answer(asked: Asked) -> Reply:
        headers = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Accept": accept_key(asked.headers["sec-websocket-key"]),
        }
        return Reply(body, status=101, headers=headers, sent=len(body))

    return answer
