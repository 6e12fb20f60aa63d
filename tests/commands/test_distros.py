"""``hubbub distros``: a ranking, who moved in it, and two of them side by side."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from signals import Collection, Level, Reading
from storage import Journal
from trends import BREAK, MEANING

if TYPE_CHECKING:
    from tests.commands.conftest import Hubbub

RECORDED = Path(__file__).parents[3] / "shared" / "data" / "distrowatch"
DAY = Level.DAY.floor(datetime.now(UTC))
ONE = timedelta(days=1)
HPD = MEANING["distrowatch"]


def store(path: Path, span: str, day: datetime, *names: str, hits: int | None = 30_000) -> None:
    """Store a ranking of ``names`` in their order, whose hits fall as 1 / rank."""
    readings = tuple(
        Reading(
            *("".join(filter(str.isalnum, name.lower())), name, "distrowatch", span, day, rank),
            hits // rank if hits else None,
        )
        for rank, name in enumerate(names, start=1)
    )
    with Journal(path) as journal:
        journal.record(Collection("distrowatch", readings=readings), [], now=DAY)


def among(count: int, **places: int) -> list[str]:
    """Return names of ``count`` distros, some of them at the places given."""
    names = [f"Other {number}" for number in range(count - len(places))]
    for name, place in sorted(places.items(), key=lambda each: each[1]):
        names.insert(place - 1, name)
    return names


def test_distros_are_ranked(hubbub: Hubbub, journal: Path) -> None:
    """The latest day of a span, the first place first, and what the figures are."""
    names = ("Mint [x]", "MX Linux", "Debian")
    store(journal, "6m", DAY - ONE, "Old")
    store(journal, "6m", DAY, *names, hits=3_000)
    ended = hubbub("distros", "--store", journal)
    assert [name for name in names if name in ended.out] == list(names)
    assert "Old" not in ended.out
    assert HPD in ended.out
    assert BREAK not in ended.out
    documents = hubbub("distros", "--limit", "2", "--store", journal, "--json").document
    assert [(each["rank"], each["name"], each["hits"]) for each in documents] == [
        (1, "Mint [x]", 3_000), (2, "MX Linux", 1_500),
    ]  # fmt: skip
    nothing = hubbub("distros", "--span", "12m", "--store", journal)
    assert "no ranking for the span 12m yet" in nothing.out
    assert hubbub("distros", "--span", "1w", "--store", journal, "--json").document == []


def test_a_past_ranking(hubbub: Hubbub, journal: Path) -> None:
    """Of a year, or near a date; of one without figures they are unknown, and no zero."""
    store(journal, "2003", datetime(2003, 12, 31, tzinfo=UTC), "Mandrake", "Red Hat", hits=None)
    store(journal, "6m", DAY - 40 * ONE, "Mint", "Debian")
    ended = hubbub("distros", "--at", "2003", "--store", journal)
    assert "Mandrake │ unknown" in ended.out
    assert BREAK in ended.out
    year = hubbub("distros", "--at", "2003", "--store", journal, "--json").document
    assert year[0] == {
        "distro": "mandrake", "name": "Mandrake", "source": "distrowatch", "span": "2003",
        "day": "2003-12-31T00:00:00Z", "rank": 1, "hits": None,
    }  # fmt: skip
    near = f"{DAY - 38 * ONE:%Y-%m-%d}"
    found = hubbub("distros", "--at", near, "--store", journal, "--json").document
    assert [each["name"] for each in found] == ["Mint", "Debian"]
    assert hubbub("distros", "--span", "2003", "--store", journal, "--json").document == year


def test_a_ranking_that_is_not_there(hubbub: Hubbub, journal: Path) -> None:
    """The user is told how to get it, or that it is lost."""
    store(journal, "6m", DAY, "Mint")
    ended = hubbub("distros", "--at", "2010", "--store", journal)
    assert ended.code == 1
    assert "hubbub backfill distrowatch --from 2010 --to 2010" in ended.err
    ended = hubbub("distros", "--at", "2020-01-01", "--store", journal)
    assert ended.code == 1
    assert "no ranking of 6m near 2020-01-01; only years can be fetched later" in ended.err


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--span", "half"), "'half' is no span; write for example 6m"),
        (("--vs", "2014"), "--vs needs --at"),
        (("--movers", "--at", "2014"), "--movers is of the latest ranking"),
        (("--at", "yesterday"), "'yesterday' is neither a year nor a date"),
        (("--at", "2014", "--vs", "14"), "is neither a year nor a date"),
        (("--limit", "0"), "--limit"),
    ],
)
def test_mistakes(hubbub: Hubbub, journal: Path, options: tuple[str, ...], complaint: str) -> None:
    """Are told, and exit with 2."""
    store(journal, "2014", datetime(2014, 12, 31, tzinfo=UTC), "Mint")
    ended = hubbub("distros", *options, "--store", journal)
    assert ended.code == 2
    assert complaint in ended.complaint


def test_movers(hubbub: Hubbub, journal: Path) -> None:
    """Who moved by more than chance, strongest first, over three times; and the milestones."""
    store(journal, "6m", DAY - 364 * ONE, *among(130, Up=40, Down=3, Gone=70))
    store(journal, "6m", DAY - 31 * ONE, *among(130, Up=30, Down=8, Low=92))
    store(journal, "6m", DAY - 7 * ONE, *among(130, Up=10, Down=11, Low=91))
    store(journal, "6m", DAY, *among(130, Up=9, Down=12, Low=90, New=60))
    report = hubbub("distros", "--movers", "--store", journal, "--json").document
    assert (report["span"], report["over"]) == ("6m", "month")
    assert report["since"] == f"{DAY - 31 * ONE:%Y-%m-%d}T00:00:00Z"
    assert report["notes"] == [HPD]
    movers = {each["distro"]: each for each in report["movers"]}
    assert [each["distro"] for each in report["movers"][:2]] == ["up", "down"]
    assert "low" not in movers
    assert "new" not in movers
    up = movers["up"]
    assert [up[over]["places"] for over in ("week", "month", "year")] == [1, 21, 31]
    assert up["month"] == {
        "rank": 30, "places": 21, "hits": 30_000 // 9 - 1_000, "noise": up["month"]["noise"],
        "clear": True,
    }  # fmt: skip
    texts = [each["text"] for each in report["milestones"]]
    assert texts[:2] == [
        "Up entered the top 10 (from 30 to 9)", "Up entered the top 20 (from 30 to 9)",
    ]  # fmt: skip
    assert "Down left the top 10 (from 8 to 12)" in texts
    assert "New is new (at 60)" in texts
    assert "Up overtook Down (from 30 to 9)" in texts
    ended = hubbub("distros", "--movers", "--over", "year", "--store", journal)
    assert "who moved in a year" in ended.out
    assert "+31" in ended.out
    assert "-9" in ended.out
    assert "Gone is no longer listed (was at 70)" in ended.out
    assert HPD in ended.out
    year = hubbub("distros", "--movers", "--over", "year", "--store", journal, "--json").document
    assert year["movers"][0]["year"]["places"] == 31


def test_movers_without_a_past(hubbub: Hubbub, journal: Path) -> None:
    """Nothing to compare with is told, and is no list of people who did not move."""
    nothing = hubbub("distros", "--movers", "--store", journal)
    assert nothing.code == 1  # there is no journal
    store(journal, "6m", DAY, *among(130, Up=9))
    ended = hubbub("distros", "--movers", "--store", journal)
    assert f"no 6m ranking of about {DAY - 30 * ONE:%Y-%m-%d} to compare with" in ended.out
    report = hubbub("distros", "--movers", "--store", journal, "--json").document
    assert (report["since"], report["movers"], report["milestones"]) == (None, [], [])
    store(journal, "6m", DAY - 20 * ONE, *among(130, Up=20))
    assert "to compare with" in hubbub("distros", "--movers", "--store", journal).out


def test_then_and_now(hubbub: Hubbub, journal: Path) -> None:
    """Two years side by side, with what became of the lost; nobody is merged with anybody."""
    then = datetime(2002, 12, 31, tzinfo=UTC)
    store(journal, "2002", then, *among(96, Mandrake=1, Gentoo=3, Debian=2, Lycoris=8))
    now = datetime(2010, 12, 31, tzinfo=UTC)
    store(journal, "2010", now, *among(100, Mandriva=7, Gentoo=18, Debian=1), hits=None)
    ended = hubbub("distros", "--at", "2002", "--vs", "2010", "--store", journal)
    assert ended.code == 0
    for said in (
        "fell from 3 to 18",
        "rose from 2 to 1",
        "was 1, now not among the first 100",
        "not among the first 96, now 7",
        "Mandrake (was 1): renamed Mandriva (now 7) in 2005; see https://",
        "Lycoris (was 8): merged into Mandriva (now 7) in 2005",
        HPD,
        BREAK,
    ):
        assert said in ended.out, said
    assert "forked into mageia" not in ended.out
    assert hubbub("distros", "--at", "2010", "--vs", "2002", "--store", journal).out == ended.out
    report = hubbub(
        "distros", "--at", "2002", "--vs", "2010", "--limit", "7", "--json", "--store", journal
    ).document
    assert report["before"] == {"span": "2002", "day": "2002-12-31T00:00:00Z", "distros": 96}
    assert report["notes"] == [HPD, BREAK]
    moves = {each["distro"]: each for each in report["moves"]}
    assert moves["debian"]["before"] == {"rank": 2, "hits": 15_000}
    assert moves["debian"]["after"] == {"rank": 1, "hits": None}
    assert (moves["debian"]["places"], moves["debian"]["hits"]) == (1, None)
    assert moves["mandrake"]["after"] is moves["mandriva"]["before"] is None
    (renamed,) = (each for each in moves["mandrake"]["lineage"] if each["relation"] == "renamed")
    assert (renamed["after"], renamed["year"]) == ("mandriva", 2005)
    assert "lycoris" not in moves


def test_two_dates(hubbub: Hubbub, journal: Path) -> None:
    """Of a span; who lacks in a whole list was not listed."""
    store(journal, "1m", DAY - 60 * ONE, *among(130, Gone=5))
    store(journal, "1m", DAY, *among(130, New=6))
    dates = ("--at", f"{DAY - 60 * ONE:%Y-%m-%d}", "--vs", f"{DAY:%Y-%m-%d}", "--span", "1m")
    ended = hubbub("distros", *dates, "--store", journal)
    assert "new, now 6" in ended.out
    assert "was 5, now not listed" in ended.out
    assert f"1m, {DAY:%Y-%m-%d}" in ended.out


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded data is not beside this checkout")
def test_recorded_years(hubbub: Hubbub, journal: Path) -> None:
    """What happened between 2010 and 2014."""
    path = RECORDED / "yearly-ranks-2002-2010-2014-2017.csv"
    hubbub("backfill", "distrowatch", "--csv", path, "--store", journal)
    report = hubbub(
        "distros", "--at", "2010", "--vs", "2014", "--json", "--store", journal
    ).document
    changes = {each["name"]: each["change"] for each in report["moves"]}
    assert changes["Mint"] == "rose from 3 to 1"
    assert changes["Gentoo"] == "fell from 18 to 37"
    assert changes["Mandriva"] == "fell from 7 to 72"
