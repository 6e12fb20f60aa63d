"""A journal with something of everything, and its delivery to InfluxDB."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from signals import (
    Change,
    Collection,
    Event,
    Incident,
    Phase,
    Reading,
    Span,
    State,
    Step,
    Verdict,
)
from storage import Delivery, Influx, Journal, Outbox
from tests.support.mentions import NOON, SOURCE, START, TOPIC, mention

if TYPE_CHECKING:
    from pathlib import Path

    from settings import Influx as Settings

HOUR = timedelta(hours=1)
LATER = NOON + timedelta(days=3)
"""When all that ``fill`` stores is sealed."""


def fill(path: Path) -> None:
    """Store three hours of two topics and sources, and a row of everything else."""
    mentions = [
        mention(str(n), START + n * 150, (n % 5 - 2) / 8, f"a{n % 7}", topic=topic, source=source)
        for topic, source in ((TOPIC, SOURCE), ("a, b=c \\ d", "import:old, 'one'"))
        for n in range(72)
    ]
    verdicts = [
        Verdict(NOON + timedelta(minutes=n), 9.0, 1.0, 0.0, 5.0, 6.0, State.CONFIRMED)
        for n in range(30)
    ]
    incident = Incident("i", TOPIC, Phase.CONFIRMED, NOON, NOON, verdicts[0])
    with Journal(path) as journal:
        journal.declare([TOPIC], SOURCE)
        for source in {each.post.source for each in mentions}:
            journal.record(
                Collection(
                    source,
                    readings=tuple(
                        Reading(f"distro {n}", "Distro", source, "6m", NOON, n + 1, 900 - n)
                        for n in range(20)
                    ),
                    events=(Event(f"e-{source}", "deploy", "v2", NOON, TOPIC),),
                    watched=(Span(NOON, NOON + 3 * HOUR),),
                    cursor="1",
                ),
                [each for each in mentions if each.post.source == source],
                now=NOON + 3 * HOUR,
            )
        journal.incidents.record(
            TOPIC,
            "{}",
            NOON,
            verdicts=verdicts,
            incidents=[incident],
            changes=[Change(incident, NOON, "more than usual", Step.CONFIRMED)],
            now=NOON,
        )


def deliver(path: Path, settings: Settings, now: datetime = LATER) -> int:
    """Bring InfluxDB up to date; return how many lines that took."""
    with closing(Outbox.open(path)) as outbox, Influx(settings) as influx:
        made = outbox.fill(now)
        delivery = Delivery(outbox, influx, settings.batch)
        while outbox.counts()[0]:
            delivery.run_once(datetime.now(UTC))
            assert not delivery.problem, delivery.problem
        return made
