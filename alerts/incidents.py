"""The life of an incident: possible, confirmed, resolved; it may reopen, and it may flap.

::

    (none) --> possible --> confirmed --> resolved
       `-----------------------^  |          |
                 possible, confirmed <-------'   within ``reopen_within``
                                  |
                                  `--> shifted   after a day, which is the new normal

Here is decided what happens; who is told of it is decided in ``alerts.telling``, and by the
channels. The same life is lived by what is no topic: a source that is not heard, a delivery that
stands still. docs/incidents.md draws and explains it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from signals import BUCKET, Change, Incident, Phase, Severity, State, Step, Subject

if TYPE_CHECKING:
    from datetime import datetime

    import settings
    from signals import Verdict

NO_DATA = timedelta(hours=24)
"""After so long a gap an incident ends, since nobody knows any more."""

FLAPPING_WITHIN = timedelta(hours=6)
FLAPPING_AFTER = 3
"""An incident that reopens more often than this within ``FLAPPING_WITHIN`` flaps."""

_PHASES = {State.POSSIBLE: Phase.POSSIBLE, State.CONFIRMED: Phase.CONFIRMED}
_ENDS = (Step.RESOLVED, Step.SHIFTED)


class About(NamedTuple):
    """What an incident is about, and how much it matters.

    Attributes:
        topic: The topic's name, the source's, or empty for the delivery.
        subject: Which of these.
        severity: How much it matters.
    """

    topic: str
    subject: Subject = Subject.TOPIC
    severity: Severity = Severity.CRITICAL


class Past(NamedTuple):
    """One step that lies behind an incident.

    Attributes:
        time: When it was.
        step: What happened.
        until: How long an acknowledgement or a snooze holds; None for ever.
    """

    time: datetime
    step: Step
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sign:
    """How things look in one bucket.

    Attributes:
        verdict: What was said of it.
        unheard: How many buckets in a row, up to this one, were not listened to; 0 if it was.
        shifted: Whether the detector took what it heard for the new normal.
        wrong: Why it looks wrong, if not because of more complaints than usual.
        well: Why it is over, if not because of fewer.
    """

    verdict: Verdict
    unheard: int = 0
    shifted: bool = False
    wrong: str = ""
    well: str = ""


@dataclass(frozen=True, slots=True)
class Life:
    """An incident and the steps that lie behind it, the oldest first: all that is to be known."""

    incident: Incident
    past: tuple[Past, ...] = ()

    @property
    def is_flapping(self) -> bool:
        """Whether it comes and goes, and has not settled yet."""
        told = (each.step for each in reversed(self.past))
        return next((s for s in told if s is Step.FLAPPING or s in _ENDS), None) is Step.FLAPPING

    def reopenings(self, since: datetime) -> int:
        """Return how often it came back since then, and since it last flapped."""
        count = 0
        for each in reversed(self.past):
            if each.step is Step.FLAPPING or each.time < since:
                break
            count += each.step is Step.REOPENED
        return count

    def remind_at(self, every: timedelta) -> datetime | None:
        """Return when people are to be reminded; None for never.

        Nobody is reminded of what flaps, or of what somebody looks after. When a snooze ends the
        reminder comes at once.
        """
        at = snoozed = None
        for time, step, until in self.past:
            if step in (Step.CONFIRMED, Step.REOPENED, Step.REMINDER):
                at = max(time + every, snoozed or time) if not _holds(snoozed, time) else snoozed
            elif step is Step.SNOOZED:
                at = snoozed = until
            elif step is Step.ACKNOWLEDGED:
                at = max(at, until) if at and until else None
            elif step is not Step.POSSIBLE:
                at = None
        return at

    def is_snoozed(self, now: datetime) -> bool:
        """Tell whether somebody does not want to hear of it now."""
        return any(
            step is Step.SNOOZED and time <= now and _holds(until, now)
            for time, step, until in self.past
        )


def advance(
    about: About, life: Life | None, sign: Sign, settings: settings.Detection
) -> tuple[Life | None, Change | None]:
    """Take one bucket into account; buckets come one after another, gaps included.

    Args:
        about: What the buckets are of.
        life: Its latest incident, open or resolved; None if there was none.
        sign: How things look in the bucket.
        settings: When an incident resolves and reopens, and when people are reminded.

    Returns:
        The latest incident as it stands now, and the change if there was one.
    """
    verdict = sign.verdict
    if life is not None and life.incident.phase is not Phase.RESOLVED:
        return _go_on(life, sign, settings)
    if sign.unheard or verdict.state is State.QUIET:
        return life, None
    if (
        life is None
        or verdict.time - life.incident.changed > settings.reopen_within
        or (life.past and life.past[-1].step is Step.SHIFTED)
    ):
        return _open(about, sign)
    if verdict.state < life.incident.worst.state:
        return life, None  # what was confirmed once comes back confirmed, or not at all
    return _reopen(life, sign, settings)


def identity(about: About, opened: datetime) -> str:
    """Return the id of the incident that opened then; fit for an address."""
    name = about.topic
    if about.subject is not Subject.TOPIC:
        name = f"{about.subject}\n{name}"
    return f"{opened:%Y%m%dT%H%MZ}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def _open(about: About, sign: Sign) -> tuple[Life, Change]:
    verdict = sign.verdict
    incident = Incident(
        id=identity(about, verdict.time),
        topic=about.topic,
        phase=_PHASES[verdict.state],
        opened=verdict.time,
        changed=verdict.time,
        worst=verdict,
        last_seen=verdict.time,
        subject=about.subject,
        severity=about.severity,
    )
    return _changed(Life(incident), verdict.time, _wrong(sign), Step(incident.phase))


def _reopen(life: Life, sign: Sign, settings: settings.Detection) -> tuple[Life, Change]:
    time = sign.verdict.time
    first = life.incident.worst.state is State.POSSIBLE
    incident = replace(
        _seen(life.incident, sign.verdict),
        phase=_PHASES[sign.verdict.state],
        reopened=life.incident.reopened + 1,
    )
    step, reason = Step.REOPENED, f"it came back: {_wrong(sign)}"
    if incident.phase is Phase.CONFIRMED and first:
        step = Step.CONFIRMED  # nobody was told of it before
    elif life.reopenings(time - FLAPPING_WITHIN) >= FLAPPING_AFTER:
        step = Step.FLAPPING
        rest = _minutes(settings.resolve_after + settings.reopen_within)
        reason = (
            f"it came back {FLAPPING_AFTER + 1} times within"
            f" {FLAPPING_WITHIN // timedelta(hours=1)} hours;"
            f" nothing more is told until it was quiet for {rest} minutes"
        )
    return _changed(replace(life, incident=incident), time, reason, step)


def _go_on(life: Life, sign: Sign, settings: settings.Detection) -> tuple[Life, Change | None]:
    incident, verdict = life.incident, sign.verdict
    last_seen = incident.last_seen or incident.changed
    if sign.unheard * BUCKET >= NO_DATA:
        return _end(life, verdict.time, "no data for 24 hours", Step.RESOLVED)
    if sign.unheard:
        # Nothing was seen to look well, so that the time of quiet stands still.
        held = replace(incident, last_seen=last_seen + BUCKET)
        return replace(life, incident=held), None
    if sign.shifted:
        reason = "it has lasted a day, and what is said now counts as usual from here on"
        return _end(life, verdict.time, reason, Step.SHIFTED)
    if verdict.state is not State.QUIET:
        return _worsen(replace(life, incident=_seen(incident, verdict)), sign, settings)
    rest = settings.resolve_after
    if life.is_flapping:
        rest += settings.reopen_within
    if verdict.time - last_seen < rest:
        return life, None
    reason = sign.well or f"no unusual complaints for {_minutes(rest)} minutes"
    return _end(life, verdict.time, reason, Step.RESOLVED)


def _worsen(life: Life, sign: Sign, settings: settings.Detection) -> tuple[Life, Change | None]:
    """Go on with what still looks wrong."""
    incident, verdict = life.incident, sign.verdict
    if verdict.state is State.CONFIRMED and incident.phase is Phase.POSSIBLE:
        life = replace(life, incident=replace(incident, phase=Phase.CONFIRMED))
        return _changed(life, verdict.time, _wrong(sign), Step.CONFIRMED)
    due = life.remind_at(settings.remind_every) if incident.phase is Phase.CONFIRMED else None
    if due is not None and verdict.time >= due:
        change = Change(incident, verdict.time, f"it goes on: {_wrong(sign)}", Step.REMINDER)
        return _after(life, change), change
    return life, None


def _end(life: Life, time: datetime, reason: str, step: Step) -> tuple[Life, Change]:
    life = replace(life, incident=replace(life.incident, phase=Phase.RESOLVED))
    return _changed(life, time, reason, step)


def _changed(life: Life, time: datetime, reason: str, step: Step) -> tuple[Life, Change]:
    incident = replace(life.incident, changed=time)
    change = Change(incident, time, reason, step)
    return _after(replace(life, incident=incident), change), change


def _after(life: Life, change: Change) -> Life:
    return replace(life, past=(*life.past, Past(change.time, change.step)))


def _seen(incident: Incident, verdict: Verdict) -> Incident:
    """Note that the bucket looked wrong, and keep the worst of all verdicts."""
    worst = max(incident.worst, verdict, key=lambda each: (each.state, each.score))
    return replace(incident, last_seen=verdict.time, worst=worst)


def _holds(until: datetime | None, time: datetime) -> bool:
    return until is not None and time < until


def _minutes(length: timedelta) -> str:
    return f"{length / timedelta(minutes=1):g}"


def _wrong(sign: Sign) -> str:
    verdict = sign.verdict
    return sign.wrong or (
        f"more complaints than usual, {verdict.state.name.lower()} with score {verdict.score:.1f}"
    )
