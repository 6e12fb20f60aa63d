"""The one thread that writes the journal."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, ParamSpec, Self, TypeVar

from storage import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from service.health import Health
    from storage import Journal

P = ParamSpec("P")
R = TypeVar("R")


class Writing:
    """Hands calls to the journal's thread, so that the event loop never waits for the disk.

    Attributes:
        journal: Only to be used in calls handed to ``do``.
    """

    def __init__(self, journal: Journal, health: Health) -> None:
        """Own ``journal`` until exit."""
        self.journal = journal
        self._health = health
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")

    async def do(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what ``call`` returns in the journal's thread.

        Raises:
            StoreError: The journal cannot be used; readiness shows it until a call succeeds.
        """
        loop = asyncio.get_running_loop()
        try:
            result = await loop.run_in_executor(self._thread, partial(call, *args, **kwargs))
        except StoreError as error:
            self._health.store_problem = str(error)
            raise
        self._health.store_problem = ""
        return result

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Wait for the call under way."""
        self._thread.shutdown(wait=True, cancel_futures=True)
