"""What every collector promises, and how it says that it could not hear.

SourceError                 the source was not heard; never a zero
|-- Unreachable             no answer, a cut connection, a 5xx: try again later
|-- RateLimited             told to wait (``retry_after`` in seconds, if it said how long)
|-- Blocked                 another refusal, robots.txt: asking again soon is rude
|   |-- Forbidden           a 403
|   `-- Walled              a login or challenge page
|-- Unauthorised            a credential is missing, wrong or lacks a right
|-- Missing                 a 404 or 410: the address leads nowhere
|-- Malformed               an answer of the wrong shape: a changed layout, broken JSON
`-- Silent                  nothing came for far longer than its past leads to expect
"""

from __future__ import annotations

from contextlib import aclosing
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Protocol, cast, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator
    from datetime import datetime

    from signals import Collection

FASTEST = timedelta(seconds=15)
"""A source is asked no more often than this unless its ``interval`` is shorter."""


class SourceError(Exception):
    """A source was not heard. The message is one sentence for the operator, without secrets.

    Attributes:
        kind: One word for health tables and metrics.
        retry_after: Seconds to wait before asking again, if the source said so.
    """

    kind: ClassVar[str] = "error"

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        """Keep the time to wait beside the message."""
        super().__init__(message)
        self.retry_after = retry_after


class Unreachable(SourceError):
    """No usable answer: a failed connection, a time-out, a server error."""

    kind = "unreachable"


class RateLimited(SourceError):
    """The source asked to be left alone for a while."""

    kind = "limited"


class Blocked(SourceError):
    """The source refuses us: a 403, a login page, robots.txt."""

    kind = "blocked"


class Forbidden(Blocked):
    """A 403: for this address, or for all of the host; the breaker finds out (``manners``)."""


class Walled(Blocked):
    """A login or challenge page stands before the host."""


class Unauthorised(SourceError):
    """A credential is missing, wrong or lacks a right."""

    kind = "unauthorised"


class Missing(SourceError):
    """The address leads nowhere: a moved API, a closed instance."""

    kind = "missing"


class Malformed(SourceError):
    """An answer that does not have the documented shape."""

    kind = "malformed"


class Silent(SourceError):
    """Answers that are empty for far longer than the past of the source leads to expect."""

    kind = "silent"


@runtime_checkable
class Collector(Protocol):
    """One method; everything else is an optional capability.

    A collector may have ``streams = True`` as a class attribute: its ``collect`` is an async
    generator that runs on for as long as its connection holds. It yields a portion at least once an
    interval, also when nothing was said, with ``watched`` up to what was really read. It may be
    cancelled at any ``await`` and at any ``yield``, and must then close what it has opened. When it
    ends or raises it is called again, from the latest cursor, after a pause that grows while it
    hears nothing. Its ``now`` is the moment of the call; later portions are dated by its own clock.

    A collector that is polled may say how far its pace may be changed (``service.pace``):
    ``fastest``, the least time between two calls that its source allows, ``FASTEST`` without it;
    and ``slowest``, the most, twice the interval without it. Where requests are counted or cost
    money, ``fastest`` is the interval.

    Attributes:
        source: The name of the source, e.g. ``mastodon:fosstodon.org``; unique among those running.
        interval: How often it should be asked.
        topics: Names of the topics it listens for; empty if it brings no posts.
    """

    source: str
    interval: timedelta
    topics: frozenset[str]

    def collect(self, cursor: str | None, now: datetime) -> AsyncIterator[Collection]:
        """Yield what was said since ``cursor``, in portions that are stored one by one.

        A portion's ``cursor`` makes the next call resume after it; its ``watched`` says which time
        was really listened to. Yielding twice what was said once is harmless.

        Args:
            cursor: That of the last stored portion; None the first time.
            now: The present, UTC.

        Raises:
            SourceError: The source was not heard. Portions yielded before remain stored.
        """
        ...


def listening(
    collector: Collector, cursor: str | None, now: datetime
) -> aclosing[AsyncGenerator[Collection, None]]:
    """Return a call of ``collector`` for use in ``async with``, which closes it at the end.

    One that is cut off so lets go of its connection at once. All are async generators.
    """
    return aclosing(cast("AsyncGenerator[Collection, None]", collector.collect(cursor, now)))


def streams(collector: Collector) -> bool:
    """Return whether ``collector`` runs on, rather than being polled."""
    return bool(getattr(collector, "streams", False))


@runtime_checkable
class Probe(Protocol):
    """A collector that can tell, with one cheap request, whether its source may be asked."""

    async def probe(self) -> str:
        """Return one sentence: reachable, allowed.

        Raises:
            SourceError: It is not.
        """
        ...
