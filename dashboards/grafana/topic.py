"""The dashboard "Topic": where one topic's posts come from, and how that compares with usual."""

from __future__ import annotations

from dashboards.grafana import influxql as q
from dashboards.grafana import variables
from dashboards.grafana.marks import MARKS
from dashboards.grafana.model import Dashboard, Link, Query, Row
from dashboards.grafana.panels import (
    BLUE,
    GREEN,
    GREY,
    RED,
    STATES,
    bars,
    figure,
    lines,
    states,
    styled,
)

UID = "hubbub-topic"

_HERE = f"{q.TOPIC} AND {q.SOURCE}"

_TO_POSTS = Link(
    "The posts, on hubbub's page",
    "${page}/topics/${topic:percentencode}?from=${__from:date:iso}&to=${__to:date:iso}",
    new_tab=True,
)

_FLAG = figure(
    "Complaints",
    "What the detector said last. Confirmed means: tell somebody, unless it is known already.",
    Query(q.select('last("state")', '"spike"', (q.TOPIC, q.TIME)), "state"),
    "none",
    empty="not judged",
    words=STATES,
    limits=((None, GREEN), (1, "orange"), (2, RED)),
)

_MOOD = figure(
    "Mood",
    "The mean score of all posts, from -1 (all complain) to 1 (all praise). Compare it with the "
    "same figure over a longer time.",
    Query(q.ratio("score_sum", "total", "mood"), "$col"),
    "none",
    empty="no posts",
    limits=((None, RED), (-0.05, GREY), (0.05, GREEN)),
    reduce="mean",
)

_POSTS = figure(
    "Posts",
    "All that was heard of the topic in the time shown, in the chosen sources.",
    Query(q.counts('sum("total") AS "posts"', where=_HERE), "$col"),
    "short",
    empty="nothing was watched",
    reduce="sum",
)

_COMPLAIN = figure(
    "Complaints in percent",
    "Which part of the posts complains. What is usual differs by topic; see the week below.",
    Query(q.ratio("negative", "total", "share", factor=100.0), "$col"),
    "percent",
    empty="no posts",
    reduce="mean",
)

_VOLUME = lines(
    "Against what is usual",
    "Red is complaints, the grey band is what the detector expects. A click leads to the posts of "
    "the time shown.",
    (
        Query(q.counts('sum("negative") AS "negative"'), "$col"),
        Query(q.counts('sum("positive") AS "positive"'), "$col"),
        Query(q.expected(), "$col"),
    ),
    "short",
    empty="nothing was watched",
    height=9,
    overrides=(
        styled("negative", RED),
        styled("positive", GREEN),
        styled("expected", GREY, custom__lineWidth=1, custom__lineStyle={"fill": "dash"}),
        styled("low", GREY, custom__lineWidth=0, custom__fillOpacity=0),
        styled("high", GREY, custom__lineWidth=0, custom__fillBelowTo="low"),
    ),
    links=(_TO_POSTS,),
)

_STATE = states(
    "Complaint flag",
    "When complaints were above what is usual. Use it to find the stretch to zoom into.",
    (Query(q.verdicts("state"), "$tag_topic"),),
    STATES,
    empty="the detector has not judged",
    height=4,
    links=(_TO_POSTS,),
)

_BY_SOURCE = lines(
    "Complaints by source",
    "Who complains where. An outage is heard in several sources; one source alone may be a thread "
    "that went round.",
    (Query(q.counts('sum("negative")', where=_HERE, by=('"source"',)), "$tag_source"),),
    "short",
    empty="nothing was watched",
    width=12,
    stacked=True,
    links=(_TO_POSTS,),
)

_ALL_BY_SOURCE = lines(
    "Posts by source",
    "All posts, whatever they say. Use it to see which source tells most of this topic.",
    (Query(q.counts('sum("total")', where=_HERE, by=('"source"',)), "$tag_source"),),
    "short",
    empty="nothing was watched",
    width=12,
    stacked=True,
    links=(_TO_POSTS,),
)

_KINDS = lines(
    "Copies and foreign languages",
    "Posts that repeat another one, and posts in a language that is not judged. Many copies: a "
    "message goes round; do not take its volume for people.",
    (
        Query(q.counts('sum("copies") AS "copies"', where=_HERE), "$col"),
        Query(q.counts('sum("unscored") AS "not judged"', where=_HERE), "$col"),
    ),
    "short",
    empty="nothing was watched",
    width=12,
)

_LAG = lines(
    "Delay of each source",
    "How far behind the present each source was when it was last read. Complaints cannot be seen "
    "sooner than this; above your patience, ask the source more often.",
    (
        Query(
            q.select(
                'max("lag_s")',
                '"collector"',
                (q.SOURCE, q.TIME),
                (q.BUCKET, '"source"'),
                "null",
            ),
            "$tag_source",
        ),
    ),
    "s",
    empty="no source was read",
    width=12,
    totals=("mean", "max"),
    least=0,
)

_WEEK = bars(
    "The week, hour by hour",
    "Mean complaints in each hour of the week (1 is Monday, UTC) beside what the detector expected "
    "then. Where red stands above grey week after week, something breaks on schedule: look at jobs "
    "and deploys of that hour. It needs a week or more of data.",
    (
        Query(
            q.select(
                'sum("negative") AS "complaints"',
                '"mention_1h"',
                (q.TOPIC, q.TIME),
                ("time(1h)",),
                "none",
            ),
            "$col",
        ),
        Query(
            q.select(
                'sum("expected") AS "usual"',
                '"spike"',
                (q.TOPIC, q.TIME),
                ("time(1h)",),
                "none",
            ),
            "$col",
        ),
    ),
    "short",
    empty="nothing was watched",
    overrides=(styled("complaints (mean)", RED), styled("usual (mean)", GREY)),
    transformations=(
        {"id": "joinByField", "options": {"byField": "Time", "mode": "outer"}},
        {
            "id": "formatTime",
            "options": {"timeField": "Time", "outputFormat": "E ddd HH", "useTimezone": True},
        },
        {
            "id": "groupBy",
            "options": {
                "fields": {
                    "Time": {"operation": "groupby", "aggregations": []},
                    "complaints": {"operation": "aggregate", "aggregations": ["mean"]},
                    "usual": {"operation": "aggregate", "aggregations": ["mean"]},
                }
            },
        },
        {"id": "sortBy", "options": {"sort": [{"field": "Time"}]}},
    ),
)

_COVERAGE = lines(
    "Listened to",
    "How much of each bucket was really listened to for this topic, in minutes while buckets are "
    "minutes wide, in hours or days beyond. Where it dips, what is above is only a part.",
    (Query(q.listened(_HERE), "$tag_source"),),
    "none",
    empty="nothing was listened to",
    width=12,
    totals=("min", "mean"),
    least=0,
)

_MOOD_LINE = lines(
    "Mood over time",
    "The mean score of all posts, from -1 to 1. It moves slowly; a step that lasts is a change of "
    "opinion and no outage.",
    (Query(q.ratio("score_sum", "total", "mood"), "$col"),),
    "none",
    empty="no posts",
    width=12,
    overrides=(styled("mood", BLUE),),
    totals=("mean", "min", "max"),
    least=-1,
    most=1,
)


def topic(page: str) -> Dashboard:
    """Return the dashboard; ``page`` is the address of hubbub's own page."""
    return Dashboard(
        UID,
        "Topic",
        "One topic: its sources, its week, and how it compares with usual.",
        (
            Row("At a glance", (_FLAG, _COMPLAIN, _MOOD, _POSTS, _VOLUME, _STATE)),
            Row("Who says it", (_BY_SOURCE, _ALL_BY_SOURCE, _KINDS, _MOOD_LINE)),
            Row("The week", (_WEEK,)),
            Row("How sure", (_LAG, _COVERAGE)),
        ),
        (
            variables.datasource(),
            variables.step(),
            variables.values("topic", "Topic", q.tag_values(q.VOLUME, "topic"), several=False),
            variables.values("source", "Source", q.tag_values(q.VOLUME, "source"), several=True),
            variables.constant("page", page),
        ),
        MARKS,
        since="now-7d",
        refresh="5m",
    )
