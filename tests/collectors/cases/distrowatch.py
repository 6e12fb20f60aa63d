"""DistroWatch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.collectors.cases.case import Case, Routes, text_of
from tests.support.distrowatch import front_page, ranking, rolling
from tests.support.web import Reply

if TYPE_CHECKING:
    from datetime import datetime

WEEK = ranking(2025)


def _distrowatch(_: datetime) -> Routes:
    week = front_page("1", WEEK, rolling)
    return {
        "/dwres.php": Reply(text_of("distrowatch-popularity.html").encode()),
        "/index.php": Reply(week.encode()),
    }


def _ranking(day: str) -> frozenset[str]:
    slugs = ("adelie", "cachyos", "hackbang", "mint", "popos")
    return frozenset(f"{slug} {span} {day}" for slug in slugs for span in ("12m", "6m", "3m", "1m"))


CASE = Case(
    kind="distrowatch",
    routes=_distrowatch,
    first=_ranking("2026-11-24"),
    later=_ranking("2026-11-25"),
    keys={"rows": 5, "spacing": "0.001s"},
    documents=False,
    second=frozenset(f"{place.distro} 1w 2026-11-24" for place in WEEK),
)
