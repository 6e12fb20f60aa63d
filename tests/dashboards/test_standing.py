"""How a topic stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dashboards.standing import Mood, ended, stand, surroundings
from signals import Phase
from tests.dashboards.journal import incident

NOW = datetime(2026, 11, 24, 13, tzinfo=UTC)
JUST_NOW = NOW - timedelta(minutes=1)
PAST = incident("GitHub", NOW - timedelta(days=2), timedelta(minutes=40))


def test_an_open_incident_decides() -> None:
    """Its phase is the topic's state, since its start."""
    spike = incident("GitHub", NOW - timedelta(minutes=9), None, Phase.POSSIBLE)
    standing = stand(JUST_NOW, [spike, PAST], NOW)
    assert (standing.mood, standing.since) == (Mood.POSSIBLE, spike.opened)
    assert standing.incident is spike
    assert not standing.deaf


def test_an_open_incident_stays_open_while_nobody_listens() -> None:
    """Silence is no recovery: the incident stands, and the deafness is told beside it."""
    spike = incident("GitHub", NOW - timedelta(hours=2), None)
    standing = stand(NOW - timedelta(hours=1), [spike], NOW)
    assert (standing.mood, standing.deaf) == (Mood.CONFIRMED, True)


def test_a_watched_topic_is_quiet_since_its_last_incident() -> None:
    """Quiet begins where the last incident ended."""
    standing = stand(JUST_NOW, [PAST], NOW)
    assert (standing.mood, standing.since) == (Mood.QUIET, ended(PAST))
    assert stand(JUST_NOW, [], NOW).since is None


def test_a_topic_that_nobody_watches_is_not_quiet() -> None:
    """A failure is never a zero."""
    heard = NOW - timedelta(minutes=40)
    standing = stand(heard, [PAST], NOW)
    assert (standing.mood, standing.since) == (Mood.NOT_WATCHED, heard)


def test_old_data_is_an_archive_and_no_data_waits() -> None:
    """An import of long ago does not cry that it is not watched."""
    assert stand(NOW - timedelta(days=31), [], NOW).mood is Mood.ARCHIVE
    assert stand(None, [], NOW).mood is Mood.WAITING


def test_the_surroundings_of_an_incident_hold_it() -> None:
    """A link to an incident shows what went before and, if it is past, came after."""
    around = surroundings(PAST, NOW)
    over = ended(PAST)
    assert over is not None
    assert around.start < PAST.opened < over < around.end
    spike = incident("GitHub", NOW - timedelta(minutes=9), None)
    assert surroundings(spike, NOW).end == NOW
