"""How a topic stands right now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from dashboards.gaps import SETTLING
from signals import BUCKET, Incident, Phase, Span

if TYPE_CHECKING:
    from collections.abc import Iterable

RECENT = timedelta(days=30)
"""What lies further back is history: a topic last watched before that is an archive."""
LATELY = timedelta(days=1)
"""How far back is told what a source has missed."""
_BEFORE = timedelta(hours=2)
_AFTER = timedelta(hours=1)


class Mood(StrEnum):
    """The states of a topic, the most urgent first."""

    CONFIRMED = "confirmed"
    POSSIBLE = "possible"
    NOT_WATCHED = "not watched"
    WAITING = "waiting"
    QUIET = "quiet"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a topic stands.

    Attributes:
        mood: Its state.
        since: Since when, where that is known.
        watched: The end of the latest stretch that was listened to; None if there was none.
        deaf: Whether nobody listens at the moment, which also makes an open incident uncertain.
        incident: The open incident, if there is one.
    """

    mood: Mood
    since: datetime | None
    watched: datetime | None
    deaf: bool
    incident: Incident | None = None


def stand(watched: datetime | None, incidents: Iterable[Incident], now: datetime) -> Standing:
    """Return how a topic stands.

    Args:
        watched: The end of the latest stretch that was listened to; None if there was none.
        incidents: The topic's incidents, newest first.
        now: The present.
    """
    past = list(incidents)
    deaf = watched is None or now - watched > SETTLING
    open_incident = next((i for i in past if i.phase is not Phase.RESOLVED), None)
    if open_incident is not None:
        mood = Mood(open_incident.phase.value)
        return Standing(mood, open_incident.opened, watched, deaf, open_incident)
    if watched is None:
        return Standing(Mood.WAITING, None, None, deaf)
    if now - watched > RECENT:
        return Standing(Mood.ARCHIVE, watched, watched, deaf)
    if deaf:
        return Standing(Mood.NOT_WATCHED, watched, watched, deaf)
    return Standing(Mood.QUIET, ended(past[0]) if past else None, watched, deaf)


def ended(incident: Incident) -> datetime | None:
    """Return when the complaints of an incident were over; None while it is open."""
    if incident.phase is not Phase.RESOLVED:
        return None
    return incident.last_seen + BUCKET if incident.last_seen else incident.changed


def surroundings(incident: Incident, now: datetime) -> Span:
    """Return the stretch of time that shows an incident with what went before and came after."""
    end = ended(incident) or now
    return Span(incident.opened - _BEFORE, max(min(end + _AFTER, now), incident.opened))
