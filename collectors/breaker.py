"""Asking a host that blocks us no more, until it may have changed its mind.

A circuit breaker (Nygard, "Release It!", chapter "Stability Patterns"): closed while all is well,
open while nobody asks, half-open when one request may try.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from collectors.contract import Blocked, Forbidden, Walled
from signals import iso

if TYPE_CHECKING:
    from collections.abc import Iterator

_log = structlog.get_logger()

FIRST = 3_600.0
"""Seconds for which a host is left alone at first; they double while it goes on blocking."""

LONGEST = 86_400.0
"""Seconds for which it is left alone at most."""

STRIKES = 2
"""A 403 may be about one address only; so many in a row are about the host."""

_TRIAL = 60.0  # seconds after which to come back while another request tries


class Breaker:
    """Stands between us and one host."""

    def __init__(self) -> None:
        """Be closed."""
        self._strikes = 0
        self._reason = ""
        self._since: datetime | None = None
        self._until = 0.0
        self._pause = FIRST
        self._is_tried = False

    @contextmanager
    def guard(self, place: str) -> Iterator[None]:
        """Let the block ask the host for ``place``, and learn from how that ends.

        A login or challenge page opens at once, a 403 the second time in a row. Other failures
        tell nothing about blocking.

        Raises:
            Blocked: The host is left alone; the block is not entered.
        """
        self._admit(place)
        try:
            yield
        except (Forbidden, Walled) as error:
            self._strikes += 1
            if isinstance(error, Walled) or self._strikes >= STRIKES or self._since:
                self._open(place, str(error).removeprefix(f"{place}: "))
                raise type(error)(
                    f"{error}; the host is left alone until {self._end()}", self._pause
                ) from None
            raise
        else:
            self._close(place)
        finally:
            self._is_tried = False

    def _admit(self, place: str) -> None:
        if self._since is None:
            return
        blocked = f"{place}: the host has blocked us since {iso(self._since)} ({self._reason})"
        if (left := self._until - time.monotonic()) > 0:
            raise Blocked(f"{blocked}; it is left alone until {self._end()}", left)
        if self._is_tried:
            raise Blocked(f"{blocked}; it is being tried again", _TRIAL)
        self._is_tried = True

    def _open(self, place: str, reason: str) -> None:
        self._pause = FIRST if self._since is None else min(2 * self._pause, LONGEST)
        self._since = self._since or datetime.now(UTC)
        self._reason = reason
        self._until = time.monotonic() + self._pause
        host = place.partition("/")[0]
        _log.warning("host blocks us", host=host, reason=reason, left_alone_until=self._end())

    def _close(self, place: str) -> None:
        self._strikes = 0
        if self._since is not None:
            self._since = None
            _log.info("host lets us in again", host=place.partition("/")[0])

    def _end(self) -> str:
        left = timedelta(seconds=max(self._until - time.monotonic(), 0.0))
        return iso(datetime.now(UTC) + left)
