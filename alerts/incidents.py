"""The life of an incident: possible, confirmed, resolved; it may reopen.

::

    (none) --> possible --> confirmed --> resolved
       `-----------------------^             |
                 possible, confirmed <-------'   within ``reopen_within``

An incident that was never more than possible is resolved like any other, but ``announced`` is
false for each of its changes: it is shown on the page, and nobody is woken.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from signals import BUCKET, Change, Incident, Phase, State

if TYPE_CHECKING:
    from datetime import datetime

    import settings
    from signals import Verdict

NO_DATA = timedelta(hours=24)
"""After so long a gap an incident ends, since nobody knows any more."""

_PHASES = {State.POSSIBLE: Phase.POSSIBLE, State.CONFIRMED: Phase.CONFIRMED}


def advance(
    topic: str,
    incident: Incident | None,
    verdict: Verdict,
    unheard: int,
    settings: settings.Detection,
) -> tuple[Incident | None, Change | None]:
    """Take one verdict into account; buckets come one after another, gaps included.

    Args:
        topic: The topic's name.
        incident: The topic's latest incident, open or resolved; None if there was none.
        verdict: What the detector said of the bucket.
        unheard: The detector's ``unheard`` after that bucket: 0 if it was covered.
        settings: When an incident resolves and reopens.

    Returns:
        The topic's latest incident as it stands now, and the change if there was one.
    """
    if incident is not None and incident.phase is not Phase.RESOLVED:
        return _go_on(incident, verdict, unheard, settings)
    if unheard or verdict.state is State.QUIET:
        return incident, None
    if incident is None or verdict.time - incident.changed > settings.reopen_within:
        return _open(topic, verdict)
    if verdict.state < incident.worst.state:
        return incident, None  # what was confirmed once comes back confirmed, or not at all
    return _reopen(incident, verdict)


def announced(change: Change) -> bool:
    """Say whether people are told of a change: that an incident is confirmed, and its end."""
    return change.incident.worst.state is State.CONFIRMED


def identity(topic: str, opened: datetime) -> str:
    """Return the id of the topic's incident that opened then; fit for an address."""
    return f"{opened:%Y%m%dT%H%MZ}-{hashlib.sha256(topic.encode()).hexdigest()[:12]}"


def _open(topic: str, verdict: Verdict) -> tuple[Incident, Change]:
    incident = Incident(
        id=identity(topic, verdict.time),
        topic=topic,
        phase=_PHASES[verdict.state],
        opened=verdict.time,
        changed=verdict.time,
        worst=verdict,
        last_seen=verdict.time,
    )
    return _changed(incident, verdict.time, _above(verdict))


def _reopen(incident: Incident, verdict: Verdict) -> tuple[Incident, Change]:
    incident = replace(
        _seen(incident, verdict), phase=_PHASES[verdict.state], reopened=incident.reopened + 1
    )
    return _changed(incident, verdict.time, f"it came back: {_above(verdict)}")


def _go_on(
    incident: Incident, verdict: Verdict, unheard: int, settings: settings.Detection
) -> tuple[Incident, Change | None]:
    last_seen = incident.last_seen or incident.changed
    if unheard * BUCKET >= NO_DATA:
        return _resolve(incident, verdict, "no data for 24 hours")
    if unheard:
        # Nothing was seen to look well, so that the time of quiet stands still.
        return replace(incident, last_seen=last_seen + BUCKET), None
    if verdict.state is State.QUIET:
        if verdict.time - last_seen < settings.resolve_after:
            return incident, None
        minutes = settings.resolve_after / timedelta(minutes=1)
        return _resolve(incident, verdict, f"no unusual complaints for {minutes:g} minutes")
    incident = _seen(incident, verdict)
    if verdict.state is State.CONFIRMED and incident.phase is Phase.POSSIBLE:
        return _changed(replace(incident, phase=Phase.CONFIRMED), verdict.time, _above(verdict))
    return incident, None


def _resolve(incident: Incident, verdict: Verdict, reason: str) -> tuple[Incident, Change]:
    return _changed(replace(incident, phase=Phase.RESOLVED), verdict.time, reason)


def _seen(incident: Incident, verdict: Verdict) -> Incident:
    """Note that the bucket looked wrong, and keep the worst of all verdicts."""
    worst = max(incident.worst, verdict, key=lambda each: (each.state, each.score))
    return replace(incident, last_seen=verdict.time, worst=worst)


def _changed(incident: Incident, time: datetime, reason: str) -> tuple[Incident, Change]:
    incident = replace(incident, changed=time)
    return incident, Change(incident=incident, time=time, reason=reason)


def _above(verdict: Verdict) -> str:
    return (
        f"more complaints than usual, {verdict.state.name.lower()} with score {verdict.score:.1f}"
    )
