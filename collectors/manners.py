"""Good manners towards one host: its robots.txt, its pace, and what it says about waiting.

Every collector that asks a host shares the one ``Host`` that stands for it here. The spacing is
our own few lines, because the gap is known only once robots.txt is read, and because a host that
answered 429 must also hold back the collectors that have not asked yet; a leaky bucket knows
neither.
"""

from __future__ import annotations

import asyncio
import math
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from protego import Protego

from collectors.contract import Blocked, RateLimited

if TYPE_CHECKING:
    from collections.abc import Mapping

ROBOTS_NAME = "hubbub"
_ROBOTS_KEPT = 86_400.0  # RFC 9309 section 2.4: at most a day
_ROBOTS_READ = 512_000  # characters; RFC 9309 section 2.5 asks for at least 500 KiB
_LONGEST_DELAY = 300.0  # a source that may be asked less often than this cannot be polled
_LONGEST_WAIT = 86_400.0  # a header that asks for more is not believed
_EPOCH_LIKE = 1e9  # seconds; a larger number is a point in time, not a time to wait


class Host:
    """One host (scheme, name, port): the rules it set and when it may be asked next."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self.lock = asyncio.Lock()
        self._rules = Protego.parse("")
        self._learned = -math.inf
        self._asked = -math.inf
        self._held = -math.inf

    def is_unknown(self) -> bool:
        """Return whether robots.txt must be read, for the first time or again."""
        return time.monotonic() - self._learned > _ROBOTS_KEPT

    def learn(self, robots: str) -> None:
        """Take the rules of ``robots``, the text of a robots.txt; empty allows everything."""
        self._rules = Protego.parse(robots[:_ROBOTS_READ])
        self._learned = time.monotonic()

    def check(self, url: str) -> None:
        """Make sure that robots.txt lets us ask for ``url``.

        Raises:
            Blocked: It does not, or only more slowly than a poll makes sense.
        """
        where = url.partition("?")[0]
        if not self._rules.can_fetch(url, ROBOTS_NAME):
            raise Blocked(f"{where}: the host's robots.txt forbids it")
        if self._delay > _LONGEST_DELAY:
            raise Blocked(
                f"{where}: the host's robots.txt asks for {self._delay:.0f} s between requests, "
                "too long to poll it"
            )

    @property
    def _delay(self) -> float:
        """Seconds between requests that robots.txt asks for."""
        rate = self._rules.request_rate(ROBOTS_NAME)
        return max(
            self._rules.crawl_delay(ROBOTS_NAME) or 0.0,
            rate.seconds / rate.requests if rate and rate.requests else 0.0,
        )

    def hold(self, seconds: float) -> None:
        """Let nobody ask for the next ``seconds``: the host said so."""
        self._held = max(self._held, time.monotonic() + seconds)

    async def turn(self, spacing: float, patience: float) -> None:
        """Wait until the host may be asked, at least ``spacing`` seconds after the last request.

        Raises:
            RateLimited: The host asked to be left alone for more than ``patience`` seconds.
        """
        now = time.monotonic()
        if (left := self._held - now) > patience:
            raise RateLimited(f"the host asked to be left alone for another {left:.0f} s", left)
        start = max(now, self._held, self._asked + max(spacing, self._delay))
        self._asked = (
            start  # taken before sleeping, so that the next in line waits for its own turn
        )
        await asyncio.sleep(start - now)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that ``Retry-After`` asks for (RFC 9110 section 10.2.3), if it does."""
    value = headers.get("retry-after", "").strip()
    if (seconds := _number(value)) is not None:
        return _believable(seconds)
    return _until(value, headers)


def reset_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds until ``X-RateLimit-Reset``, if it is there.

    Three styles are in use: ISO 8601 (Mastodon), seconds since 1970 (X, GitHub, Discord) and
    seconds left (Reddit).
    """
    value = headers.get("x-ratelimit-reset", headers.get("x-rate-limit-reset", "")).strip()
    if (seconds := _number(value)) is not None:
        return _believable(seconds - _clock(headers) if seconds > _EPOCH_LIKE else seconds)
    return _until(value, headers)


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _until(value: str, headers: Mapping[str, str]) -> float | None:
    """Return the seconds until the date ``value``, ISO 8601 or as in mail."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            instant = read(value)
        except ValueError:
            continue
        if instant.tzinfo is None:
            instant = instant.replace(tzinfo=UTC)
        return _believable(instant.timestamp() - _clock(headers))
    return None


def _clock(headers: Mapping[str, str]) -> float:
    """Return the server's own idea of the time, so that its dates mean what it meant by them."""
    try:
        return parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (ValueError, OverflowError):
        return time.time()


def _believable(seconds: float) -> float:
    return min(max(seconds, 0.0), _LONGEST_WAIT)
