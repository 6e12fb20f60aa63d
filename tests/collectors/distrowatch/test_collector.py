"""DistroWatch is asked for two pages a day, hours apart, and for no other."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

import pytest

from collectors import Client, Malformed
from collectors.distrowatch import DistroWatch, DistroWatchSource
from signals import Reading
from tests.collectors.cases import NOW, text_of
from tests.support.collecting import CONTACT, QUICK, cursor_of, listen
from tests.support.distrowatch import Place, front_page, ranking, rolling, site
from tests.support.web import Reply, Web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from collectors import SourceError
    from signals import Collection

T = TypeVar("T")
DAY = datetime(2026, 11, 24, tzinfo=UTC)
PAGE = text_of("distrowatch-popularity.html")
POPULARITY, FRONT_PAGE = "/dwres.php", "/index.php"
WEEK = front_page("1", ranking(2020), rolling)


@pytest.fixture
def web() -> Web:
    """Return a site that has both pages of the day."""
    return Web({POPULARITY: Reply(PAGE.encode()), FRONT_PAGE: Reply(WEEK.encode())})


def use(web: Web, act: Callable[[DistroWatch], Awaitable[T]], cache: Path | None = None) -> T:
    """Return what ``act`` makes of a collector of ``web``."""

    async def run() -> T:
        table = DistroWatchSource.model_validate(
            {"base_url": web.url, "rows": 5, "spacing": "0.01s"}
        )
        async with Client(CONTACT, limits=QUICK, cache=cache) as client:
            return await act(DistroWatch(table, client, ()))

    return asyncio.run(run())


def hear(
    web: Web, cursor: str | None, now: datetime, cache: Path | None = None
) -> tuple[list[Collection], SourceError | None]:
    """Collect once."""
    return use(web, lambda collector: listen(collector, cursor, now), cache)


def test_each_page_once_a_day(web: Web) -> None:
    """First the popularity page, at the next call the week's ranking, then nothing until the next.

    The day begins when its figures are out.
    """
    with web:
        (popularity,), _ = hear(web, None, NOW)
        assert popularity.cursor == "2026-11-24"
        (week,), _ = hear(web, popularity.cursor, NOW + timedelta(hours=6))
        assert week.cursor == "2026-11-24 1w"
        midnight = DAY + timedelta(days=1)
        for moment in (NOW + timedelta(hours=7), midnight + timedelta(minutes=20)):
            assert hear(web, week.cursor, moment) == ([], None)
        (next_day,), _ = hear(web, week.cursor, midnight + timedelta(hours=1))
        assert {reading.day for reading in next_day.readings} == {midnight}
        assert next_day.cursor == "2026-11-25"
        assert not any(portion.watched for portion in (popularity, week, next_day))
        asked = [path for path in web.paths() if path != "/robots.txt"]
        assert asked == [POPULARITY, FRONT_PAGE, POPULARITY]


def test_the_week(web: Web) -> None:
    """Its ranking is that of the day, over seven days."""
    with web:
        (week,), _ = hear(web, "2026-11-24", NOW)
    first = ranking(2020)[0]
    assert week.readings[0] == Reading(
        first.distro, first.name, "distrowatch", "1w", DAY, 1, first.hits
    )
    assert len(week.readings) == 100


def test_asks_in_english_and_for_nothing_else(web: Web) -> None:
    """The addresses are the documented ones, whatever language the site would guess."""
    with web:
        cursor = cursor_of(hear(web, None, NOW)[0])
        hear(web, cursor, NOW)
        assert [asked.query for asked in web.asked if asked.path != "/robots.txt"] == [
            {"resource": "popularity", "language": "EN"}, {"dataspan": "1", "language": "EN"},
        ]  # fmt: skip


def test_a_year() -> None:
    """It is dated on its last day."""
    with Web(
        {FRONT_PAGE: site({2002: [Place("mandrake", "Mandrake", 4730), *ranking(2002)]})}
    ) as web:
        readings = use(web, lambda collector: collector.year(2002))
        assert web.asked[-1].query == {"dataspan": "2002", "language": "EN"}
    end = datetime(2002, 12, 31, tzinfo=UTC)
    assert readings[0] == Reading("mandrake", "Mandrake", "distrowatch", "2002", end, 1, 4730)
    assert len(readings) == 97


def test_a_refused_page_is_kept(web: Web, tmp_path: Path) -> None:
    """Beside the journal, where the reason says; nothing of it is heard."""
    cut = PAGE[: len(PAGE) // 2]
    web.routes[POPULARITY] = Reply(cut.encode())
    with web:
        portions, error = hear(web, None, NOW, tmp_path / "hubbub.db.http")
    kept = tmp_path / "hubbub.db.distrowatch" / "refused-popularity.html"
    assert portions == []
    assert isinstance(error, Malformed)
    assert str(error) == (
        f"distrowatch: the page ends in the middle of a table; the page is kept in {kept}"
    )
    assert kept.read_text(encoding="utf-8") == cut


def test_a_refused_week_leaves_the_popularity_page_alone(web: Web) -> None:
    """The next call asks for the week again, and for nothing else."""
    web.routes[FRONT_PAGE] = Reply(front_page("1", ranking(2020), selected="26").encode())
    with web:
        (popularity,), _ = hear(web, None, NOW)
        for _ in range(2):
            portions, error = hear(web, popularity.cursor, NOW)
            assert portions == []
            assert "shows 'Last 6 months' instead of 1w" in str(error)
        assert web.paths().count(POPULARITY) == 1


def test_without_a_journal_nothing_is_kept(web: Web) -> None:
    """The reason then names no file."""
    web.routes[POPULARITY] = Reply(b"<html><title>Log in</title></html>")
    with web:
        _, error = hear(web, None, NOW)
    assert str(error).endswith("is it another page, 'Log in'?")


def test_never_faster_than_the_crawl_delay(web: Web, tmp_path: Path) -> None:
    """Not within a process, and not from one process to the next, as the server sees it."""
    delay = 0.3
    web.routes["/robots.txt"] = Reply(f"User-agent: *\nCrawl-delay: {delay}".encode(), "text/plain")
    web.routes[FRONT_PAGE] = site()
    cache = tmp_path / "hubbub.db.http"

    async def two_years(collector: DistroWatch) -> None:
        await collector.year(2010)
        await collector.year(2011)

    with web:
        use(web, two_years, cache)
        use(web, two_years, cache)
        times = [asked.at for asked in web.asked]
    assert len(times) == 6
    assert min(after - before for before, after in pairwise(times)) > delay - 0.002
