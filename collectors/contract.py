"""What every collector promises, and how it says that it could not hear.

SourceError                 the source was not heard; never a zero
|-- Unreachable             no answer, a cut connection, a 5xx: try again later
|-- RateLimited             told to wait (``retry_after`` in seconds, if it said how long)
|-- Blocked                 a 403, a login page, robots.txt: asking again soon is rude
|-- Unauthorised            a credential is missing, wrong or lacks a right
|-- Missing                 a 404 or 410: the address leads nowhere
`-- Malformed               an answer of the wrong shape: a changed layout, broken JSON
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime, timedelta

    from signals import Collection


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


class Unauthorised(SourceError):
    """A credential is missing, wrong or lacks a right."""

    kind = "unauthorised"


class Missing(SourceError):
    """The address leads nowhere: a moved API, a closed instance."""

    kind = "missing"


class Malformed(SourceError):
    """An answer that does not have the documented shape."""

    kind = "malformed"


@runtime_checkable
class Collector(Protocol):
    """One method; everything else is an optional capability below.

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


@runtime_checkable
class Probe(Protocol):
    """A collector that can tell, with one cheap request, whether its source may be asked."""

    async def probe(self) -> str:
        """Return one sentence: reachable, allowed.

        Raises:
            SourceError: It is not.
        """
        ...
