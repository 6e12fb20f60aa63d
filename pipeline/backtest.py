"""What would have fired on stored history, and how that compares with outages that are known."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from statistics import median
from typing import TYPE_CHECKING

import alerts
from signals import BUCKET, Incident, Phase, Span, State, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from settings import Detection
    from signals import Observation
    from storage import Reader

MONTH = timedelta(days=30)

EARLY = timedelta(hours=1)
"""How much earlier than an outage is said to begin, an alarm may tell of it."""

_MOST = 100_000  # incidents


@dataclass(frozen=True, slots=True)
class Outage:
    """A time of trouble that is known from elsewhere.

    Attributes:
        span: When it was.
        title: What it is called; may be empty.
    """

    span: Span
    title: str = ""


@dataclass(frozen=True, slots=True)
class Alarm:
    """An incident that was confirmed.

    Attributes:
        incident: It, as it stands at the end of what was looked at.
        confirmed: The bucket in which it was first confirmed.
        end: The end of the last bucket in which it lasted.
    """

    incident: Incident
    confirmed: datetime
    end: datetime


@dataclass(slots=True)
class Replay:
    """What one sensitivity makes of the history.

    Attributes:
        sensitivity: False alarms a month that it allows.
        covered: How much time was really listened to.
        alarms: What would have been told, in the order of time.
        verdicts: Of all buckets that were listened to.
    """

    sensitivity: float
    covered: timedelta = timedelta(0)
    alarms: list[Alarm] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How alarms compare with outages that are known.

    Attributes:
        hits: The outages that were told, with the delay; it is negative if that was before they
            are said to begin.
        misses: The outages that were not.
        false: Alarms outside of all outages.
        delay: The median delay; None without hits.
        false_per_month: False alarms in 30 days that were listened to; None if there was no such
            time.
    """

    hits: tuple[tuple[Outage, timedelta], ...]
    misses: tuple[Outage, ...]
    false: tuple[Alarm, ...]
    delay: timedelta | None
    false_per_month: float | None


def replay(
    topic: str,
    observations: Iterable[Observation],
    settings: Detection,
    sensitivity: float,
    since: datetime | None = None,
) -> Replay:
    """Return what the detector would have found, had it always been set to ``sensitivity``.

    It learns from all observations, as the service does; what counts begins at ``since``.

    Args:
        topic: The topic.
        observations: Its buckets, one after another, gaps included.
        settings: The other thresholds.
        sensitivity: False alarms a month.
        since: From when on alarms and time are counted; None for all of it.
    """
    settings = settings.model_copy(update={"sensitivity": sensitivity})
    detector = alerts.create(settings, None)
    found = Replay(sensitivity)
    incidents: dict[str, Incident] = {}
    confirmed: dict[str, datetime] = {}
    life: alerts.Life | None = None
    for observation in observations:
        verdict = detector.step(observation)
        sign = alerts.Sign(verdict, detector.unheard, shifted=detector.shifted)
        life, _ = alerts.advance(alerts.About(topic), life, sign, settings)
        if life is not None:
            incidents[life.incident.id] = life.incident
            if life.incident.worst.state is State.CONFIRMED:
                confirmed.setdefault(life.incident.id, verdict.time)
        if observation.coverage > 0 and (since is None or verdict.time >= since):
            found.verdicts.append(verdict)
            found.covered += BUCKET * observation.coverage
    alarms = (Alarm(incidents[key], at, _end(incidents[key])) for key, at in confirmed.items())
    found.alarms = [alarm for alarm in alarms if since is None or alarm.confirmed >= since]
    return found


def fired(reader: Reader, topic: str, since: datetime | None = None) -> list[Alarm]:
    """Return the alarms that the journal holds, in the order of time.

    Raises:
        StoreError: It cannot be read.
    """
    found = []
    for incident in reader.incidents(topic, since, limit=_MOST):
        steps = reader.changes(incident.id)
        at = next((time for time, phase, *_ in steps if phase == Phase.CONFIRMED), None)
        if at is not None and (since is None or at >= since):
            found.append(Alarm(incident, at, _end(incident)))
    return sorted(found, key=lambda alarm: alarm.confirmed)


def compare(alarms: Sequence[Alarm], known: Sequence[Outage], covered: timedelta) -> Comparison:
    """Return how ``alarms`` compare with what is ``known``.

    An outage is hit by the first alarm whose life overlaps it, from ``EARLY`` before it on. Several
    alarms in one outage are no false ones.

    Args:
        alarms: In the order of time.
        known: The outages.
        covered: How much time was listened to.
    """
    hits: list[tuple[Outage, timedelta]] = []
    misses: list[Outage] = []
    for outage in known:
        first = next((alarm for alarm in alarms if _meets(alarm, outage)), None)
        if first is None:
            misses.append(outage)
        else:
            hits.append((outage, first.confirmed - outage.span.start))
    false = tuple(a for a in alarms if not any(_meets(a, outage) for outage in known))
    return Comparison(
        hits=tuple(hits),
        misses=tuple(misses),
        false=false,
        delay=timedelta(seconds=median(d.total_seconds() for _, d in hits)) if hits else None,
        false_per_month=len(false) / (covered / MONTH) if covered else None,
    )


def picture(replayed: Replay, span: Span, width: int) -> str:
    """Return the states of ``span`` as a line of ``width`` characters.

    ``#`` is confirmed, ``+`` possible, ``.`` quiet; a blank was not listened to.
    """
    column = (span.end - span.start) / width or BUCKET
    cells = [" "] * width
    within = [v for v in replayed.verdicts if span.start <= v.time < span.end]
    for at, group in groupby(within, key=lambda verdict: int((verdict.time - span.start) / column)):
        cells[at] = ".+#"[max(verdict.state for verdict in group)]
    return "".join(cells)


def drawn(spans: Iterable[Span], span: Span, width: int, sign: str = "=") -> str:
    """Return stretches of time as a line of ``width`` characters, likewise."""
    column = (span.end - span.start) / width or BUCKET
    cells = [" "] * width
    for each in spans:
        first = max(0, int((each.start - span.start) / column))
        last = min(width - 1, int((max(each.end - BUCKET, each.start) - span.start) / column))
        cells[first : last + 1] = sign * (last + 1 - first)
    return "".join(cells)


def _meets(alarm: Alarm, outage: Outage) -> bool:
    return alarm.confirmed < outage.span.end and alarm.end > outage.span.start - EARLY


def _end(incident: Incident) -> datetime:
    if incident.phase is Phase.RESOLVED:
        return incident.changed + BUCKET
    return (incident.last_seen or incident.changed) + BUCKET
