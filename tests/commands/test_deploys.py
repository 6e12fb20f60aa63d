"""``hubbub deploys``: each deploy's before and after."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from pipeline.deploys import effects
from signals import Event, Level, iso
from storage import Journal, Reader
from tests.support.worlds import DAY, HOUR, MINUTE, TOPIC, hear, quiet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.commands.conftest import Hubbub

END = Level.HOUR.floor(datetime.now(UTC)) - HOUR
DEPLOYED = END - 3 * HOUR


@pytest.fixture
def history(journal: Path) -> Path:
    """Return a journal of three days; for an hour after a deploy two a minute complain."""
    with Journal(journal) as writer:
        hear(writer, END - 3 * DAY, END, _after(DEPLOYED, 2))
        for number, (kind, title, at) in enumerate(
            [
                ("deploy", "api [v2]", DEPLOYED + 20 * timedelta(seconds=1)),
                ("release", "3.0", DEPLOYED - DAY),
                ("deploy", "unheard", END - 4 * DAY),
                ("party", "ten years", DEPLOYED),
            ]
        ):
            writer.record_event(Event(f"{number}", kind, title, at))
    return journal


def _after(start: datetime, complaints: int) -> Callable[[datetime], int]:
    return lambda at: complaints if start <= at < start + HOUR else quiet(at)


def test_a_deploy_that_hurts_is_told_from_one_that_does_not(hubbub: Hubbub, history: Path) -> None:
    """With its range; the latest comes first; what is no deploy is left out."""
    worse, same = hubbub("deploys", "--store", history, "--json").document[:2]
    assert (worse["title"], worse["topic"], worse["verdict"]) == ("api [v2]", TOPIC, "worse")
    assert worse["before"] == {"negative": 12, "total": 12, "share": 1.0, "covered": 1.0}
    assert worse["after"]["negative"] == 120
    assert worse["ratio"]["low"] > 4
    assert worse["ratio"]["low"] < worse["ratio"]["value"] < 10 < worse["ratio"]["high"]
    assert worse["share_difference"]["value"] == 0
    assert (same["title"], same["verdict"]) == ("3.0", "unclear")
    assert same["ratio"]["low"] < 1 < same["ratio"]["high"]


def test_people_see_a_table(hubbub: Hubbub, history: Path) -> None:
    """Text stays text."""
    out = hubbub("deploys", "--topic", TOPIC, "--store", history).out
    (line,) = [line for line in out.splitlines() if "api [v2]" in line]
    assert "12 of 12" in line
    assert "120 of 120" in line
    assert "worse" in line


def test_where_nobody_listened_nothing_is_said(journal: Path) -> None:
    """A gap before or after is no zero; neither is the time to come."""
    with Journal(journal) as writer:
        hear(writer, END - 3 * DAY, END)
        writer.record_event(Event("1", "deploy", "first minutes", END - 3 * DAY + 5 * MINUTE))
        writer.record_event(Event("2", "deploy", "just now", END - 5 * MINUTE, TOPIC))
    latest, first = effects(Reader(journal), [TOPIC], HOUR, END)
    for effect in (latest, first):
        assert (effect.ratio, effect.share, effect.verdict) == (None, None, "unknown")
    assert latest.before.covered == 1
    assert latest.after.covered == pytest.approx(5 / 60, abs=0.01)


def test_what_differs_on_any_day_proves_nothing(journal: Path) -> None:
    """Where every other hour is loud, a loud hour after a deploy is ordinary."""

    def restless(at: datetime) -> int:
        return 2 if at.hour % 2 else quiet(at)

    even = END - (2 if END.hour % 2 else 3) * HOUR
    assert (even + HOUR).hour % 2 == 0
    with Journal(journal) as writer:
        hear(writer, END - 6 * DAY, END, restless)
        writer.record_event(Event("1", "deploy", "into a loud hour", even, TOPIC))
    (effect,) = effects(Reader(journal), [TOPIC], HOUR, END)
    assert effect.before.negative < effect.after.negative == 120
    assert effect.spread is not None
    assert effect.spread > 50
    assert effect.verdict == "unclear"


def test_there_may_be_no_deploys(hubbub: Hubbub, journal: Path) -> None:
    """Then it says how to mark one; a topic that does not exist is named."""
    with Journal(journal) as writer:
        hear(writer, END - HOUR, END)
    ended = hubbub("deploys", "--store", journal)
    assert ended.out.startswith("no deploy or release is marked; mark one with")
    assert hubbub("deploys", "--store", journal, "--json").document == []
    ended = hubbub("deploys", "--topic", "Github", "--store", journal)
    assert ended.code == 2
    assert "did you mean GitHub?" in ended.complaint
    assert iso(END) not in ended.err
