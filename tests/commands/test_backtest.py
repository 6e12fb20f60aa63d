"""``hubbub backtest``: what would have fired."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

import settings
from pipeline import SpikeWatch, backtest
from pipeline.backtest import Alarm, Outage
from signals import Incident, Level, Phase, Span, State, Verdict, iso
from storage import Journal, Reader
from tests.support.worlds import DAY, HOUR, MINUTE, TOPIC, hear, outage

if TYPE_CHECKING:
    from pathlib import Path

    from tests.commands.conftest import Hubbub

NOON = Level.DAY.floor(datetime.now(UTC)) - 12 * HOUR
BROKE = NOON - 5 * HOUR
MENDED = BROKE + timedelta(minutes=30)


@pytest.fixture
def history(journal: Path) -> Path:
    """Return a journal of three days with an outage that was told."""
    with Journal(journal) as writer:
        hear(writer, NOON - 3 * DAY, NOON, outage(BROKE, MENDED))
        SpikeWatch(settings.Detection(), writer, Reader(journal), (), "").look(TOPIC, NOON)
    return journal


def alarm(start: datetime, minutes: int = 30) -> Alarm:
    """Return an alarm that is confirmed three minutes after it opens."""
    worst = Verdict(start, 6.0, 0.2, 0.0, 2.0, 9.0, State.CONFIRMED)
    end = start + minutes * MINUTE
    incident = Incident(iso(start), TOPIC, Phase.RESOLVED, start, end - MINUTE, worst)
    return Alarm(incident, start + 3 * MINUTE, end)


def test_the_configured_setting_finds_what_was_told(hubbub: Hubbub, history: Path) -> None:
    """A replay goes the way of the service; a lower threshold is never later."""
    document = hubbub("backtest", "--topic", TOPIC, "--store", history, "--json").document
    assert [each["sensitivity"] for each in document["replays"]] == [0.3, 1.0, 3.0]
    (told,) = document["fired"]
    shy, usual, eager = document["replays"]
    assert [{k: v for k, v in a.items() if k != "words"} for a in usual["alarms"]] == [told]
    assert (usual["as_fired"], usual["only_here"], usual["only_fired"]) == (1, 0, 0)
    assert eager["alarms"][0]["confirmed"] <= told["confirmed"] <= shy["alarms"][0]["confirmed"]
    assert usual["covered_days"] == 3
    assert "hits" not in usual


def test_known_outages_are_hit_or_missed(hubbub: Hubbub, history: Path, tmp_path: Path) -> None:
    """With the delay, and the rate of false alarms; what lies outside is left out."""
    known = tmp_path / "known.csv"
    known.write_text(
        f'start,end,title\n{iso(BROKE)},{iso(MENDED)},"push, pull"\n\n'
        f"{iso(NOON - DAY)},{iso(NOON - DAY + HOUR)}\n2020-01-01,2020-01-02,long ago\n",
        encoding="utf-8",
    )
    arguments = ("backtest", "--topic", TOPIC, "--store", history, "--known", known)
    document = hubbub(*arguments, "--sensitivity", "1", "--json").document
    (found,) = document["replays"]
    (hit,) = found["hits"]
    assert (hit["start"], hit["title"]) == (iso(BROKE), "push, pull")
    assert 0 <= hit["delay_minutes"] == found["delay_minutes"] < 5
    assert [miss["start"] for miss in found["misses"]] == [iso(NOON - DAY)]
    assert (found["false"], found["false_per_month"]) == (0, 0)
    out = hubbub(*arguments, "--sensitivity", "1").out
    missed = f"{iso(NOON - DAY)} .. {iso(NOON - DAY + HOUR)}"
    assert f"missed even at the most sensitive: {missed}" in out
    lines = {line.split("|")[0].strip(): line for line in out.splitlines() if line.endswith("|")}
    assert set(lines) == {"1", "fired", "known"}
    assert lines["1"].index("#") == lines["fired"].index("=")
    assert lines["known"].count("=") > lines["fired"].count("=")


def test_since_counts_from_then_on(hubbub: Hubbub, history: Path) -> None:
    """What is before is learned from, and neither counted nor drawn."""
    arguments = ("backtest", "--topic", TOPIC, "--store", history, "--sensitivity", "1", "--json")
    document = hubbub(*arguments, "--since", iso(MENDED + HOUR)).document
    assert document["start"] == iso(MENDED + HOUR)
    assert (document["fired"], document["replays"][0]["alarms"]) == ([], [])
    assert document["replays"][0]["covered_days"] < 1
    day = hubbub(*arguments, "--since", f"{NOON:%Y-%m-%d}").document
    assert len(day["replays"][0]["alarms"]) == 1


def test_people_see_a_table_and_a_picture(hubbub: Hubbub, history: Path) -> None:
    """And each alarm once, with the sensitivities that raise it."""
    out = hubbub("backtest", "--topic", TOPIC, "--store", history).out
    assert "3.0 days heard" in out
    assert out.count("confirmed at 0.3 (") == 1
    (line,) = [line for line in out.splitlines() if "confirmed at" in line]
    assert ", 1 (" in line
    assert ", 3 (" in line


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--topic", "Github"), "no topic 'Github' is stored; did you mean GitHub?"),
        (("--topic", TOPIC, "--sensitivity", "0"), "--sensitivity is more than 0"),
        (("--topic", TOPIC, "--sensitivity", "101"), "100 at most"),
        (("--topic", TOPIC, "--known", "nowhere.csv"), "cannot read nowhere.csv"),
    ],
)
def test_a_wrong_option_is_explained(
    hubbub: Hubbub, history: Path, arguments: tuple[str, ...], complaint: str
) -> None:
    """With what to do."""
    ended = hubbub("backtest", "--store", history, *arguments)
    assert ended.code == 2
    assert complaint in ended.complaint


@pytest.mark.parametrize(
    "line", ["yesterday,today", "2026-11-24T12:00:00Z", "2026-11-24,2026-11-23"]
)
def test_a_line_that_is_no_outage_is_named(
    hubbub: Hubbub, history: Path, tmp_path: Path, line: str
) -> None:
    """By its number, with an example."""
    known = tmp_path / "known.csv"
    known.write_text(f"start,end\n{line}\n", encoding="utf-8")
    ended = hubbub("backtest", "--topic", TOPIC, "--store", history, "--known", known)
    assert ended.code == 2
    assert "known.csv, line 2:" in ended.complaint
    assert "2026-11-24T13:05:00Z" in ended.complaint


def test_nothing_to_replay(hubbub: Hubbub, journal: Path) -> None:
    """A topic that was never heard of has no history."""
    with Journal(journal) as writer:
        writer.declare([TOPIC], "hackernews")
    ended = hubbub("backtest", "--topic", TOPIC, "--store", journal)
    assert (ended.code, ended.out) == (0, "nothing of it is stored that could be replayed\n")


def test_alarms_are_compared_with_outages() -> None:
    """The first alarm of an outage hits it, also a little before; others in it are not false."""
    known = [
        Outage(Span(NOON, NOON + HOUR)),
        Outage(Span(NOON + 10 * HOUR, NOON + 11 * HOUR)),
        Outage(Span(NOON + 20 * HOUR, NOON + 21 * HOUR)),
    ]
    alarms = [
        alarm(NOON - 30 * MINUTE),
        alarm(NOON + 40 * MINUTE),
        alarm(NOON + 5 * HOUR),
        alarm(NOON + 10 * HOUR + 7 * MINUTE),
    ]
    found = backtest.compare(alarms, known, timedelta(days=15))
    assert found.hits == ((known[0], -27 * MINUTE), (known[1], 10 * MINUTE))
    assert found.misses == (known[2],)
    assert found.false == (alarms[2],)
    assert found.delay == -8.5 * MINUTE
    assert found.false_per_month == 2
    nothing = backtest.compare([], known, timedelta(0))
    assert (nothing.delay, nothing.false_per_month) == (None, None)
