"""What the page asks of the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from typing import TypeAlias

    import signals

    Explain: TypeAlias = Callable[[signals.Incident], signals.Evidence]
    """Returns what stands behind an incident as it stands. Blocks."""


class Reader(Protocol):
    """A journal that can be read. Every method blocks; the page calls them in worker threads.

    A stretch of time is half-open, ``[start, end)``, in UTC.
    """

    def topics(self) -> list[str]:
        """Return the names of all topics, with or without data."""
        ...

    def extent(self, topic: str) -> signals.Span | None:
        """Return the start of the first known bucket to the end of the last; None without any."""
        ...

    def volumes(
        self, topic: str, start: datetime, end: datetime, level: signals.Level
    ) -> list[signals.Volume]:
        """Return the buckets that have mentions or coverage, by time; one that lacks is a gap."""
        ...

    def verdicts(
        self, topic: str, start: datetime, end: datetime, level: signals.Level
    ) -> list[signals.Verdict]:
        """Return the detector's verdicts by time, in the unit of the volumes of that level."""
        ...

    def incidents(
        self, topic: str | None, start: datetime | None, end: datetime | None
    ) -> list[signals.Incident]:
        """Return the incidents that overlap the stretch, newest first; None leaves a side open."""
        ...

    def mentions(
        self,
        topic: str,
        start: datetime,
        end: datetime,
        polarity: signals.Polarity | None,
        limit: int,
    ) -> list[signals.StoredMention]:
        """Return the most telling mentions first: the strongest in the polarity's direction.

        Without a polarity, all of them, in an order that the journal chooses.
        """
        ...

    def events(self, topic: str, start: datetime, end: datetime) -> list[signals.Event]:
        """Return the events of the topic and of all topics that overlap the stretch, by time."""
        ...

    def sources(self) -> list[signals.SourceHealth]:
        """Return how each source is."""
        ...

    def gaps(self, start: datetime, end: datetime) -> Mapping[str, Sequence[signals.Span]]:
        """Return when each source was not listened to, by time; one that missed nothing lacks."""
        ...

    def delivery(self) -> signals.DeliveryHealth:
        """Return how the delivery to InfluxDB is."""
        ...
