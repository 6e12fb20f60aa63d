"""Keeps what is worth keeping, to be revalidated (RFC 9111) instead of fetched again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anysqlite
import httpx
from hishel import AsyncSqliteStorage
from hishel.httpx import AsyncCacheTransport

if TYPE_CHECKING:
    from pathlib import Path

KEEP = "keep"
"""The request extension that says whether the answer is worth keeping."""

_SIZE = 64_000_000  # bytes


async def open_transport(path: Path | None) -> httpx.AsyncBaseTransport:
    """Return the way to the network, with a cache for the requests that say ``KEEP``.

    Args:
        path: The file that keeps the answers; None keeps them in memory.

    Raises:
        sqlite3.Error: The file cannot be opened.
    """
    # The connection is ours because hishel, given a path, adds a .gitignore beside the file.
    connection = await anysqlite.connect(str(path or ":memory:"), isolation_level=None)
    return _Transport(AsyncSqliteStorage(connection=connection, max_size=_SIZE))


class _Transport(httpx.AsyncBaseTransport):
    """Sends requests that say ``KEEP`` through the cache, and all others around it.

    A poll's address differs each time, so that keeping its answer only fills the store, and an
    answer from the store would pass for having listened. hishel (2.0) has no switch for a single
    request: it ignores ``Cache-Control: no-store`` in requests, and without ``rfc=True`` it would
    not even ask the server. ``no-cache`` it obeys, so that what is kept is always revalidated.
    """

    def __init__(self, storage: AsyncSqliteStorage) -> None:
        self._direct = httpx.AsyncHTTPTransport()
        self._cached = AsyncCacheTransport(self._direct, storage=storage, rfc=True)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not request.extensions.get(KEEP):
            return await self._direct.handle_async_request(request)
        request.headers["Cache-Control"] = "no-cache"
        return await self._cached.handle_async_request(request)

    async def aclose(self) -> None:
        await self._cached.aclose()
