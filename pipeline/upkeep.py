"""hubbub's own troubles as incidents: a source that is not heard, a delivery that stands still."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import alerts
from pipeline.lives import Lives
from pipeline.messenger import Messenger
from signals import Level, Severity, State, Subject, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alerts import Channel
    from settings import Detection, Maintenance
    from signals import Change, SourceHealth
    from storage import Journal, Reader

PATIENCE = timedelta(minutes=15)
"""A source is in trouble if it was not heard for so long, or for ``INTERVALS`` of its own."""

INTERVALS = 3

LONGEST = timedelta(days=1)
"""... but never later than this."""

HELD_UP = timedelta(minutes=30)
"""The delivery is in trouble if nothing could be delivered for so long."""

REFUSED = timedelta(minutes=15)
"""... and for so long after InfluxDB refused a line."""

_PATIENT = frozenset({"silent", "stale"})
"""What is only said of a source after a long time, so that there is nothing left to wait for."""


class UpkeepWatch:
    """Looks at sources and delivery. Blocking; call it from the journal's thread."""

    def __init__(  # noqa: PLR0913 - what is watched, and all that a message is made of
        self,
        settings: Detection,
        journal: Journal,
        reader: Reader,
        channels: Sequence[Channel],
        page_url: str,
        *,
        sources: Mapping[str, timedelta],
        delivers: bool,
        since: datetime,
        maintenance: Sequence[Maintenance] = (),
    ) -> None:
        """Watch over ``sources``, of which each should be heard every so often.

        Before ``since``, when this process began, nobody listened; that is no source's fault.
        """
        self._settings = settings
        self._reader = reader
        self._lives = Lives(journal, Messenger(journal.path, channels, page_url), maintenance)
        self._sources = sources
        self._delivers = delivers
        self._since = since
        self._held_up: datetime | None = None

    def look(self, now: datetime) -> list[Change]:
        """Look at everything once; return what changed, which is stored and announced.

        Raises:
            StoreError: The journal cannot be used.
        """
        health = {each.source: each for each in self._reader.sources()}
        going_on = self._reader.incidents(start=now, subject=Subject.SOURCE)
        changes = []
        for source in sorted({*self._sources, *(each.topic for each in going_on)}):
            about = alerts.About(source, Subject.SOURCE, Severity.WARNING)
            length, reason = self._unwell(source, health.get(source), now)
            changes += self._judge(about, length, reason, now)
        about = alerts.About("", Subject.DELIVERY, Severity.WARNING)
        length, reason = self._undelivered(now)
        return changes + self._judge(about, length, reason, now)

    def _unwell(
        self, source: str, health: SourceHealth | None, now: datetime
    ) -> tuple[timedelta, str]:
        """Return for how long a source has been in trouble, and what is wrong; 0 if it is well."""
        if source not in self._sources or health is None or health.ok:
            return timedelta(0), ""
        length = now - max(health.heard or self._since, self._since)
        patience = max(self._sources[source] * INTERVALS, PATIENCE)
        is_open = self._is_open(alerts.About(source, Subject.SOURCE))
        if not is_open and health.kind not in _PATIENT and length < min(patience, LONGEST):
            return timedelta(0), ""
        if not is_open and health.tried < self._since:
            return timedelta(0), ""  # an earlier process said so; this one has yet to listen
        heard = health.heard or self._since
        return now - heard, f"{health.kind} for {_minutes(now - heard)}: {health.reason}"

    def _undelivered(self, now: datetime) -> tuple[timedelta, str]:
        if not self._delivers:
            return timedelta(0), ""
        delivery = self._reader.delivery()
        count, why = self._reader.refused_since(now - REFUSED)
        if not delivery.problem:
            self._held_up = None
        else:
            self._held_up = self._held_up or now
            length = now - self._held_up
            if length >= HELD_UP or self._is_open(alerts.About("", Subject.DELIVERY)):
                waiting = f"{delivery.pending} lines wait"
                return length, f"{waiting}, for {_minutes(length)}: {delivery.problem}"
        if count:
            return REFUSED, f"InfluxDB refused {count} lines, which are set aside: {why}"
        return timedelta(0), ""

    def _is_open(self, about: alerts.About) -> bool:
        life = self._lives.latest(about)
        return life is not None and life.incident.phase != "resolved"

    def _judge(
        self, about: alerts.About, length: timedelta, reason: str, now: datetime
    ) -> list[Change]:
        """Let one minute pass in the life of a source, or of the delivery."""
        time = Level.MINUTE.floor(now)
        minutes = length / timedelta(minutes=1)
        verdict = Verdict(
            time=time,
            observed=minutes,
            expected=0.0,
            low=0.0,
            high=0.0,
            score=minutes,
            state=State.CONFIRMED if reason else State.QUIET,
        )
        before = self._lives.latest(about)
        sign = alerts.Sign(verdict, wrong=reason, well="all is well again")
        life, change = alerts.advance(about, before, sign, self._settings)
        if life is None or (life == before and not reason):
            return []
        return self._lives.record(about, {life.incident.id: life}, [change] if change else [], now)


def _minutes(length: timedelta) -> str:
    minutes = round(length / timedelta(minutes=1))
    return f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"  # noqa: PLR2004 - two hours
