"""The dashboard "Distro trends": who rises, who falls, and what was released then."""

from __future__ import annotations

from dashboards.grafana import influxql as q
from dashboards.grafana import variables
from dashboards.grafana.marks import RELEASES
from dashboards.grafana.model import Annotation, Dashboard, Query, Row
from dashboards.grafana.panels import bars, lines, styled, table

UID = "hubbub-distros"

_RANKINGS = '"distro_rank"'
_BY_DISTRO = ('"distro"',)
_FIGURES = (q.SOURCE, '"span" =~ /^${span:regex}$/', q.TIME)
_CHOSEN = ('"distro" =~ /^${distro:regex}$/', *_FIGURES)
_INTEREST = (
    "Hits per day on DistroWatch are interest in a page about a distro, no count of its users."
)


def _history(field: str) -> str:
    return q.select(f'last("{field}")', _RANKINGS, _CHOSEN, (q.BUCKET, *_BY_DISTRO), "none")


_RANK = lines(
    "Rank history",
    "The first place is at the top; the axis shows places with a minus sign for that reason alone. "
    "A line that crosses others and stays is a trend; one that comes back is a release. "
    + _INTEREST,
    (
        Query(
            _history("rank"),
            "$tag_distro",
        ),
    ),
    "none",
    empty="no ranking in this time",
    height=12,
    points=True,
    totals=("first", "last", "min"),
    custom={
        "transform": "negative-Y",
        "lineInterpolation": "smooth",
        "fillOpacity": 0,
        "axisSoftMin": None,
        "axisSoftMax": -1,
    },
)

_HITS = lines(
    "Hits per day (HPD)",
    "Averaged over the chosen span, so a wide span moves late. Compare the distance between lines "
    "before you read much into one place of rank. " + _INTEREST,
    (
        Query(
            _history("hits"),
            "$tag_distro",
        ),
    ),
    "short",
    empty="no ranking in this time",
    height=10,
    points=True,
    totals=("first", "last", "max"),
)

_MOVERS = table(
    "Movers",
    "Every distro of the ranking at the beginning and at the end of the time shown; sort by a "
    "column. Places far down are gained and lost by chance: 10 places at 90 mean less than 2 at 5.",
    (
        Query(
            q.select(
                'first("rank") AS "then", last("rank") AS "now",'
                ' first("rank") - last("rank") AS "places gained", last("hits") AS "HPD",'
                ' last("hits") - first("hits") AS "HPD gained"',
                _RANKINGS,
                _FIGURES,
                _BY_DISTRO,
            ),
            table=True,
        ),
    ),
    empty="no ranking in this time",
    width=12,
    height=14,
    overrides=(
        styled("Time", custom__hidden=True),
        styled("places gained", custom__cellOptions={"type": "color-text"}),
    ),
    transformations=(
        {"id": "sortBy", "options": {"sort": [{"field": "places gained", "desc": True}]}},
    ),
)

_THEN_AND_NOW = bars(
    "Then and now",
    "Hits per day of the chosen distros at the beginning and at the end of the time shown. "
    + _INTEREST,
    (
        Query(
            q.select(
                'first("hits") AS "then", last("hits") AS "now"', _RANKINGS, _CHOSEN, _BY_DISTRO
            ),
            table=True,
        ),
    ),
    "short",
    empty="no ranking in this time",
    width=12,
    height=14,
    horizontal=True,
    transformations=(
        {"id": "organize", "options": {"excludeByName": {"Time": True}}},
        {"id": "sortBy", "options": {"sort": [{"field": "now", "desc": True}]}},
    ),
)


def distros(page: str) -> Dashboard:
    """Return the dashboard; ``page`` is the address of hubbub's own page."""
    return Dashboard(
        UID,
        "Distro trends",
        "Popularity of Linux distros over months and years.",
        (
            Row("History", (_RANK, _HITS)),
            Row("Change", (_MOVERS, _THEN_AND_NOW)),
        ),
        (
            variables.datasource(),
            variables.step("1d"),
            variables.values(
                "source",
                "Source",
                q.tag_values(_RANKINGS, "source"),
                several=False,
                chosen=("distrowatch",),
            ),
            variables.values(
                "span",
                "Averaged over",
                q.tag_values(_RANKINGS, "span"),
                several=False,
                chosen=("6m",),
            ),
            variables.values(
                "distro",
                "Distro",
                q.tag_values(_RANKINGS, "distro"),
                several=True,
                chosen=("mint", "mx", "debian", "ubuntu", "fedora", "cachyos"),
            ),
            variables.constant("page", page),
        ),
        (
            Annotation(
                RELEASES.name,
                q.events("\"kind\" = 'release'"),
                RELEASES.colour,
                RELEASES.tags,
            ),
        ),
        since="now-1y",
        refresh="1h",
    )
