"""Storing what became of incidents, with the messages that tell of it: all of it, or nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import alerts
from pipeline.messenger import until_of
from signals import Change, Phase, Step, Subject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pipeline.messenger import Messenger
    from settings import Maintenance
    from signals import Incident, Notification, Verdict
    from storage import Journal, Record, Recorded

NEWS = timedelta(hours=1)
"""An incident that was over longer ago than this before hubbub could look is history, not news."""

CLUSTER = timedelta(minutes=5)
"""Topics whose incidents open within this time fell together."""


class Lives:
    """Reads and writes the lives of incidents. Blocking; call it from the journal's thread."""

    def __init__(
        self, journal: Journal, messenger: Messenger, maintenance: Sequence[Maintenance] = ()
    ) -> None:
        """Keep lives in ``journal``, and tell of them through ``messenger``.

        During ``maintenance``, and the windows that the journal knows of, nothing is told.
        """
        self._journal = journal
        self._messenger = messenger
        self._maintenance = maintenance

    def latest(self, about: alerts.About) -> alerts.Life | None:
        """Return the latest incident, open or resolved, with what lies behind it."""
        found = self._journal.incidents.latest(about.topic, about.subject)
        return _life(found) if found else None

    def record(  # noqa: PLR0913 - what one look yields is stored together
        self,
        about: alerts.About,
        lives: Mapping[str, alerts.Life],
        changes: Sequence[Change],
        now: datetime,
        *,
        state: str | None = None,
        until: datetime | None = None,
        verdicts: Sequence[Verdict] = (),
    ) -> list[Change]:
        """Store what one look found, and see to it that people are told what they should be.

        Args:
            about: What was looked at.
            lives: The incidents that it touched, as they stand now, by id.
            changes: The steps in their lives, in order.
            now: The present.
            state: The detector's state after the look; None if no detector looked.
            until: The end of what the detector has seen.
            verdicts: What it said.

        Returns:
            The changes, with their addresses.
        """
        changes = [replace(each, url=self._messenger.address(each)) for each in changes]
        fates = self._fates(about, lives, changes, now)
        told = [change for change, fate in fates.values() if fate is alerts.Fate.TELL]
        notifications: list[Notification] = []
        for change in told:
            notifications += self._messenger.notifications(change, verdicts)
        self._journal.incidents.record(
            about.topic,
            state,
            until or now,
            verdicts=verdicts,
            incidents=[life.incident for life in lives.values()],
            clusters=self._clusters(about, changes),
            changes=changes,
            told={identity: fate.value for identity, (_, fate) in fates.items()},
            notifications=notifications,
            now=now,
        )
        return changes

    def _fates(
        self,
        about: alerts.About,
        lives: Mapping[str, alerts.Life],
        changes: Sequence[Change],
        now: datetime,
    ) -> dict[str, tuple[Change, alerts.Fate]]:
        """Return each change that is new or was held back, and what becomes of it, by its id."""
        known = {
            each.incident.id: each
            for each in self._journal.incidents.held(about.topic, about.subject)
        }
        latest = self._journal.incidents.latest(about.topic, about.subject)
        if latest is not None:
            known[latest.incident.id] = latest
        maintained = self._is_maintained(about, now)
        decided: dict[str, tuple[Change, alerts.Fate]] = {}
        for identity in [*known, *(each for each in lives if each not in known)]:
            recorded = known.get(identity)
            life = lives[identity] if identity in lives else _life(known[identity])
            new = [change for change in changes if change.incident.id == identity]
            records = recorded.records if recorded else ()
            held = [_change(life.incident, each) for each in records if each.told is None]
            if not held and not new:
                continue
            audience = alerts.Audience(
                believed=next(
                    (each.phase for each in reversed(records) if each.told), Phase.RESOLVED
                ),
                is_news=_is_recent(life.incident, now),
                is_maintained=maintained,
                is_snoozed=life.is_snoozed(now),
            )
            fates = alerts.fates(held, new, audience)
            for change in (*held, *new):
                decided[change.id] = (change, fates[change.id])
        return decided

    def _is_maintained(self, about: alerts.About, now: datetime) -> bool:
        topic = about.topic if about.subject is Subject.TOPIC else None
        if any(each.covers(topic, now) for each in self._maintenance):
            return True
        return self._journal.maintenance.is_on(topic, now)

    def _clusters(self, about: alerts.About, changes: Sequence[Change]) -> dict[str, str]:
        """Return with whose id an incident that was just confirmed belongs together, by its id."""
        confirmed = [each for each in changes if each.step is Step.CONFIRMED]
        if about.subject is not Subject.TOPIC or not confirmed:
            return {}
        found = {}
        for change in confirmed:
            near = self._journal.incidents.near(change.incident, CLUSTER)
            if near:
                found[change.incident.id] = near
        return found


def _life(recorded: Recorded) -> alerts.Life:
    past = tuple(alerts.Past(each.time, each.step, each.until) for each in recorded.records)
    return alerts.Life(recorded.incident, past)


def _change(incident: Incident, record: Record) -> Change:
    """Return a change that was held back, of the incident as it stood then."""
    then = replace(incident, phase=record.phase, changed=record.time)
    return Change(then, record.time, record.reason, record.step, record.url)


def _is_recent(incident: Incident, now: datetime) -> bool:
    """Tell whether an incident that was just found goes on, or was over a short while ago."""
    return now - until_of(incident) <= NEWS
