"""Good manners towards one host: its robots.txt, its pace, and how long it wants to be left alone.

Every collector that asks a host shares the one ``Host`` that stands for it here. The spacing is
our own few lines, because the gap is known only once robots.txt is read, and because a host that
answered 429 must also hold back the collectors that have not asked yet; a leaky bucket knows
neither.
"""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from protego import Protego

from collectors.breaker import Breaker
from collectors.contract import Blocked, RateLimited

if TYPE_CHECKING:
    from collectors.waiting import Quota

ROBOTS_NAME = "hubbub"
_ROBOTS_KEPT = 86_400.0  # RFC 9309 section 2.4: at most a day
_ROBOTS_READ = 512_000  # characters; RFC 9309 section 2.5 asks for at least 500 KiB
_LONGEST_DELAY = 300.0  # a source that may be asked less often than this cannot be polled


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a host may be asked, as far as is known.

    Attributes:
        spacing: Seconds that we leave between two requests.
        crawl_delay: Seconds that its robots.txt asks for; 0 if it does not.
        quota: What its latest answer said is left, if it said so.
    """

    spacing: float
    crawl_delay: float
    quota: Quota | None


class Host:
    """One host (scheme, name, port): the rules it set and when it may be asked next.

    Attributes:
        lock: Held while its robots.txt is read.
        pace: How fast it may be asked.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self.lock = asyncio.Lock()
        self._breakers = (Breaker(), Breaker())
        self._spacing = 0.0
        self._quota: Quota | None = None
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

    @property
    def pace(self) -> Pace:
        """Return how fast it may be asked."""
        return Pace(self._spacing, self._delay, self._quota)

    def breaker(self, *, known: bool) -> Breaker:
        """Return what keeps us from asking while the host blocks us.

        Whom it knows by a token it treats differently from strangers, so there are two of them.
        """
        return self._breakers[known]

    def note(self, quota: Quota | None) -> None:
        """Take what an answer, good or bad, says is left; nothing means to wait for the reset."""
        self._quota = quota or self._quota
        if quota is not None and quota.is_used_up and quota.reset is not None:
            self.hold(quota.reset)

    def hold(self, seconds: float) -> None:
        """Let nobody ask for the next ``seconds``: the host said so."""
        self._held = max(self._held, time.monotonic() + seconds)

    def reached(self) -> None:
        """Note that a request reached the host just now at the latest; connecting takes a while.

        The next one is spaced from here, so that the host sees the whole space as well.
        """
        self._asked = max(self._asked, time.monotonic())

    async def turn(self, spacing: float, patience: float) -> None:
        """Wait until the host may be asked, at least ``spacing`` seconds after the last request.

        Raises:
            RateLimited: The host asked to be left alone for more than ``patience`` seconds.
        """
        self._spacing = max(spacing, self._delay)
        now = time.monotonic()
        if (left := self._held - now) > patience:
            raise RateLimited(f"the host asked to be left alone for another {left:.0f} s", left)
        start = max(now, self._held, self._asked + self._spacing)
        self._asked = (
            start  # taken before sleeping, so that the next in line waits for its own turn
        )
        await asyncio.sleep(start - now)
