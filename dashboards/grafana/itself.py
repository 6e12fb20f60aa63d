"""The dashboard "hubbub itself": does it hear, does it judge, does it deliver?"""

from __future__ import annotations

from dashboards.grafana import influxql as q
from dashboards.grafana import variables
from dashboards.grafana.model import Dashboard, Query, Row
from dashboards.grafana.panels import GREEN, RED, WELL, figure, lines, states

UID = "hubbub-itself"


def _attempts(fields: str) -> str:
    return q.select(fields, '"collector"', (q.SOURCE, q.TIME), (q.BUCKET, '"source"'), "null")


_HEALTH = states(
    "Sources",
    "Red where every attempt of a bucket failed, which hears nothing: hubbub status says why. "
    "Broken where there was no attempt: that source, or hubbub, did not run.",
    (Query(_attempts('max("ok")'), "$tag_source"),),
    WELL,
    empty="no source was asked",
    height=9,
)

_FAILURES = lines(
    "Failed attempts",
    "Attempts to listen that failed. A few now and then are the network; a steady count is a "
    "blocked or changed source, see hubbub status.",
    (Query(_attempts('count("ok") - sum("ok")'), "$tag_source"),),
    "short",
    empty="no source was asked",
    width=12,
    stacked=True,
)

_LAG = lines(
    "Delay",
    "From the end of what was listened to until the attempt. It bounds how early an outage can be "
    "seen: if it grows, the source is slower than its interval.",
    (Query(_attempts('max("lag_s")'), "$tag_source"),),
    "s",
    empty="no source was read",
    width=12,
    totals=("mean", "max"),
    least=0,
)

_DURATION = lines(
    "Time for one attempt",
    "How long a source takes to answer. Near the source's interval it will fall behind: ask less "
    "often, or for fewer topics.",
    (Query(_attempts('max("duration_s")'), "$tag_source"),),
    "s",
    empty="no source was asked",
    width=12,
    totals=("mean", "max"),
    least=0,
)

_HEARD = lines(
    "Posts new to hubbub",
    "What each source gave that was not known yet. A source that is well and gives nothing for "
    "long may have changed under our feet: try it with hubbub try.",
    (Query(_attempts('sum("new")'), "$tag_source"),),
    "short",
    empty="no source was asked",
    width=12,
    stacked=True,
)

_JUDGED = lines(
    "Minutes judged",
    "Verdicts of the detector by topic. It judges each minute once; at nought no minute was "
    "closed, because sources lag or hubbub stood still.",
    (
        Query(
            q.select('count("state")', '"spike"', (q.TIME,), (q.BUCKET, '"topic"'), "null"),
            "$tag_topic",
        ),
    ),
    "short",
    empty="the detector has not judged",
    width=12,
    totals=("last", "sum"),
    least=0,
)

_COVERAGE = lines(
    "Listened to",
    "How much of each bucket was listened to, by source, for the topic that was listened to most: "
    "in minutes while buckets are minutes wide, in hours or days beyond. What is missing is "
    "unknown for good.",
    (Query(q.listened(q.SOURCE), "$tag_source"),),
    "none",
    empty="nothing was listened to",
    width=12,
    totals=("min", "mean"),
    least=0,
)

_ATTEMPTS = figure(
    "Attempts delivered",
    "How many attempts to listen InfluxDB was told of. None for a while means that hubbub does not "
    "run, or that its delivery is paused: see hubbub status.",
    Query(
        q.select('count("ok") AS "attempts"', '"collector"', (q.TIME,), (q.BUCKET,), "0"),
        "$col",
    ),
    "short",
    empty="nothing arrives",
    width=8,
    limits=((None, RED), (1, GREEN)),
    reduce="sum",
)

_UNWELL = figure(
    "Success",
    "Which part of the attempts succeeded. Below 90 percent, look which source it is.",
    Query(
        q.select(
            '100.0 * mean("ok") AS "success"',
            '"collector"',
            (q.SOURCE, q.TIME),
            (q.BUCKET,),
            "null",
        ),
        "$col",
    ),
    "percent",
    empty="no source was asked",
    width=8,
    limits=((None, RED), (90, GREEN)),
    reduce="mean",
)

_TOPICS = figure(
    "Topics judged",
    "How many topics the detector judges. One that is missing has no source that listens for it.",
    Query(
        q.select(
            'count("n")',
            q.select('count("state") AS "n"', '"spike"', (q.TIME,), ('"topic"',)),
            (q.TIME,),
        ),
        "topics",
    ),
    "short",
    empty="none",
    width=8,
)


def itself(page: str) -> Dashboard:
    """Return the dashboard; ``page`` is the address of hubbub's own page."""
    return Dashboard(
        UID,
        "hubbub itself",
        "Whether hubbub hears, judges and delivers.",
        (
            Row("At a glance", (_ATTEMPTS, _UNWELL, _TOPICS, _HEALTH)),
            Row("Listening", (_LAG, _DURATION, _HEARD, _FAILURES)),
            Row("Judging", (_JUDGED, _COVERAGE)),
        ),
        (
            variables.datasource(),
            variables.step(),
            variables.values(
                "source",
                "Source",
                q.tag_values('"collector"', "source"),
                several=True,
            ),
            variables.constant("page", page),
        ),
    )
