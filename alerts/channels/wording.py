"""What happened, in words for people: a title, a sentence, and the facts behind it.

The words are plain text, bounded and cleaned (``text``); each kind of channel escapes all of it.
"""

from __future__ import annotations

from datetime import UTC, timedelta
from math import floor, log10
from typing import TYPE_CHECKING, NamedTuple

from alerts.channels.text import line
from alerts.example import is_test
from signals import Phase, Severity, Step, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from signals import Change, Event, Evidence

_REASON = 300
_TOPIC = 100
_LISTED = 5
_MOST_MINUTES = 120  # longer times are told in hours
_MOST_HOURS = 48  # ... and in days
_LEAST_CHANCE = 1e-12

_OPENINGS = {
    Step.POSSIBLE: "Possible trouble with {}",
    Step.CONFIRMED: "Trouble with {}",
    Step.REOPENED: "Trouble with {} is back",
    Step.REMINDER: "Still trouble with {}, for {} now",
    Step.FLAPPING: "Trouble with {} comes and goes",
    Step.RESOLVED: "Trouble with {} is over after {}",
    Step.SHIFTED: "Trouble with {} has become usual",
    Step.ACKNOWLEDGED: "Trouble with {} is acknowledged",
    Step.SNOOZED: "Trouble with {} is snoozed",
}
_COUNTED = {Step.POSSIBLE, Step.CONFIRMED, Step.REOPENED, Step.REMINDER}
"""The steps whose sentence gives the numbers; that of the others gives the reason."""


class Fact(NamedTuple):
    """One fact behind a message, e.g. ``Unavailable: 27 of 38 complaints say so``."""

    label: str
    value: str


def title(change: Change) -> str:
    """Return what happened in a few words; a test says that it is one."""
    return f"Test: {_opening(change)}" if is_test(change) else _opening(change)


def sentence(change: Change, evidence: Evidence) -> str:
    """Return what happened in one sentence; a test says first that it is one."""
    incident = change.incident
    if incident.severity is Severity.INFO:
        text = f"{_opening(change)}."
    elif change.step in _COUNTED and incident.subject is Subject.TOPIC and evidence.total:
        text = f"{_opening(change)}: {_numbers(evidence)}."
    else:
        text = f"{_opening(change)}: {_reason(change)}."
    return f"This is a test, nothing is wrong. {text}" if is_test(change) else text


def facts(change: Change, evidence: Evidence) -> tuple[Fact, ...]:
    """Return the facts behind a change, the most important first."""
    found = [*_trouble(change, evidence)] if change.incident.subject is Subject.TOPIC else []
    started = moment(change.incident.opened)
    if change.incident.phase is not Phase.RESOLVED:
        started += f", {duration(change.time - change.incident.opened)} ago"
    return (*found, Fact("Since", started))


def duration(length: timedelta) -> str:
    """Return ``length`` to the minute, the hour or the day."""
    minutes = round(length / timedelta(minutes=1))
    hours = round(minutes / 60)
    if minutes > _MOST_MINUTES and hours > _MOST_HOURS:
        return f"{round(hours / 24)} days"
    if minutes >= _MOST_MINUTES:
        return f"{hours} hours"
    return "1 minute" if minutes == 1 else f"{minutes} minutes"


def moment(instant: datetime) -> str:
    """Return ``instant`` as ``2026-11-24 13:05 UTC``."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def odds(chance: float) -> str:
    """Return a probability as ``1 in 100,000``, to two digits."""
    if chance < _LEAST_CHANCE:
        return "less than 1 in a trillion"
    inverse = 1 / chance
    return f"1 in {round(inverse, 1 - floor(log10(inverse))):,.0f}"


def _opening(change: Change) -> str:
    incident = change.incident
    topic = line(incident.topic, _TOPIC)
    if incident.severity is Severity.INFO:
        return f"{topic}: {_reason(change)}" if topic else _reason(change)
    name = {
        Subject.TOPIC: topic,
        Subject.SOURCE: f"the source {topic}",
        Subject.DELIVERY: "the delivery to InfluxDB",
    }[incident.subject]
    return _OPENINGS[change.step].format(name, duration(change.time - incident.opened))


def _reason(change: Change) -> str:
    return line(change.reason, _REASON).rstrip(".")


def _numbers(evidence: Evidence) -> str:
    window = duration(evidence.window.end - evidence.window.start)
    usual = f", where about {evidence.expected:.1f} are usual" if evidence.high else ""
    return (
        f"{evidence.observed} complaints in {window}{usual}"
        f" ({evidence.total} mentions by {evidence.authors} people)"
    )


def _trouble(change: Change, evidence: Evidence) -> Iterator[Fact]:
    """Yield what is known of a topic's trouble; what is not known is left out, not told as 0."""
    if evidence.total:
        yield from _counts(evidence)
    if evidence.chance is not None and change.incident.phase is not Phase.RESOLVED:
        yield Fact(
            "Odds", f"an ordinary time looks so bad with a chance of {odds(evidence.chance)}"
        )
    if evidence.words:
        yield Fact("Words", ", ".join(evidence.words))
    if evidence.troubled:
        more = len(evidence.troubled) - _LISTED
        also = ", ".join(evidence.troubled[:_LISTED])
        yield Fact("Also in trouble", f"{also} and {more} more" if more > 0 else also)
    if evidence.events:
        yield Fact("Shortly before", "; ".join(map(_event, evidence.events)))
    official = evidence.official
    yield Fact(
        "Official status",
        f"{official.title} ({moment(official.time)})" if official else "nothing yet",
    )


def _counts(evidence: Evidence) -> Iterator[Fact]:
    complaints = f"{evidence.observed} in {duration(evidence.window.end - evidence.window.start)}"
    if evidence.high:
        complaints += (
            f"; usual are {evidence.expected:.1f} ({evidence.low:.1f} to {evidence.high:.1f})"
        )
    yield Fact("Complaints", complaints)
    if evidence.unavailable:
        part = f"{evidence.unavailable} of {evidence.observed} complaints"
        yield Fact("Unavailable", f"{part} say that it does not work")
    mentions = f"{evidence.total} by {evidence.authors} people"
    if evidence.copies:
        mentions += f"; {evidence.copies} copies are not counted"
    yield Fact("Mentions", mentions)
    share = f"{evidence.observed / evidence.total:.0%} of mentions complain"
    if evidence.usual_share is not None:
        share += f"; usual are {evidence.usual_share:.0%}"
    yield Fact("Share", share)


def _event(told: Event) -> str:
    return f"{told.title} ({told.kind}, {moment(told.time)})"
