"""Serving the page in the service's own event loop."""

from __future__ import annotations

import asyncio
import socket
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Self

import uvicorn

from dashboards import create_app
from pipeline import Explainer
from service.access import TokenNeeded
from settings import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp

    from settings import Page
    from signals import Topic
    from storage import Reader


class PageServer:
    """The page, answering from entry to exit.

    Attributes:
        url: Its address.
    """

    def __init__(
        self,
        settings: Page,
        reader: Reader,
        routes: Sequence[BaseRoute],
        topics: Iterable[Topic] = (),
    ) -> None:
        """Take the port.

        Args:
            settings: Where to listen, and whom to let in.
            reader: The journal that is shown.
            routes: What else is served there.
            topics: What is watched; their terms are no telling words of an incident.

        Raises:
            SettingsError: The address cannot be listened on.
        """
        self._socket = _listen(settings)
        host, port = self._socket.getsockname()[:2]
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self._server = _Server(
            uvicorn.Config(
                _app(settings, reader, routes, Explainer(reader.path, topics)),
                log_config=None,
                lifespan="off",
                timeout_graceful_shutdown=2,
            )
        )

    async def __aenter__(self) -> Self:
        """Begin to answer."""
        self._task = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Answer what was asked, then close."""
        self._server.should_exit = True
        await self._task


class _Server(uvicorn.Server):
    """A server that leaves signals to the service."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _app(
    settings: Page, reader: Reader, routes: Sequence[BaseRoute], explainer: Explainer
) -> ASGIApp:
    """Return the page; whoever is let in by its token may call it by any name.

    An incident is explained once a minute, however many look at it: it changes with each bucket.
    """
    explain = lru_cache(maxsize=128)(explainer.explain)
    if not settings.token:
        return create_app(reader, explain=explain, extra_routes=routes)
    app = create_app(reader, explain=explain, extra_routes=routes, allowed_hosts=("*",))
    return TokenNeeded(app, settings.token.get_secret_value())


def _listen(page: Page) -> socket.socket:
    family = socket.AF_INET6 if ":" in page.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((page.host, page.port))
    except (OSError, UnicodeError) as error:
        listener.close()
        raise SettingsError(
            f"page.host, page.port: cannot listen on {page.host}:{page.port}: {_reason(error)}; "
            "stop what uses it, or choose another port (0 takes any free one)"
        ) from error
    listener.listen()
    return listener


def _reason(error: OSError | UnicodeError) -> str:
    return (isinstance(error, OSError) and error.strerror) or "no such address"
