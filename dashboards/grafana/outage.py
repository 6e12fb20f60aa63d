"""The dashboard "Outage sentiment": is something wrong, since when, and what explains it?"""

from __future__ import annotations

from dashboards.grafana import influxql as q
from dashboards.grafana import variables
from dashboards.grafana.marks import MARKS
from dashboards.grafana.model import Dashboard, Link, Query, Row
from dashboards.grafana.panels import GREEN, GREY, RED, STATES, lines, states, styled, table

UID = "hubbub-outage"

_TO_TOPIC = Link(
    "This topic in detail",
    "/d/hubbub-topic?var-topic=${__field.labels.topic:percentencode}"
    "&var-datasource=${datasource}&${__url_time_range}",
)
_TO_POSTS = Link(
    "The posts, on hubbub's page",
    "${page}/topics/${__field.labels.topic:percentencode}"
    "?from=${__from:date:iso}&to=${__to:date:iso}",
    new_tab=True,
)

_OPEN = q.select(
    '"topic", "state", "title", "text", "url"',
    q.select(
        'last("state") AS "state", "title", "text", "url"',
        '"incident"',
        (q.TOPIC, q.TIME),
        ('"topic"',),
    ),
    ('"state" > 0',),
)

_VOLUME = lines(
    "Positive and negative posts",
    "Red is complaints, green is praise, in posts per bucket; the grey band is what the detector "
    "expects of the red line at that time of the week. Red above the band is worth a look: open "
    "the topic below. A line that breaks was not watched then, which is no zero.",
    (
        Query(q.counts('${mirror} * sum("negative") AS "negative"'), "$col"),
        Query(q.counts('sum("positive") AS "positive"'), "$col"),
        Query(q.expected("${mirror}"), "$col"),
    ),
    "short",
    empty="nothing was watched",
    height=11,
    overrides=(
        styled("negative", RED),
        styled("positive", GREEN),
        styled("expected", GREY, custom__lineWidth=1, custom__lineStyle={"fill": "dash"}),
        styled("low", GREY, custom__lineWidth=0, custom__fillOpacity=0),
        styled("high", GREY, custom__lineWidth=0, custom__fillBelowTo="low"),
    ),
)

_BY_TOPIC = lines(
    "Complaints by topic",
    "Negative posts per bucket. If several topics rise together, look for what they share; a click "
    "leads to the topic, and to the posts.",
    (Query(q.counts('sum("negative")', by=('"topic"',)), "$tag_topic"),),
    "short",
    empty="nothing was watched",
    width=12,
    links=(_TO_TOPIC, _TO_POSTS),
)

_SHARE = lines(
    "Share that complains",
    "Which part of all posts is negative, in percent. It rises in an outage even when little is "
    "posted; when only the volume rises, it may be news and not trouble. No posts, no share.",
    (Query(q.ratio("negative", "total", "share", factor=100.0), "$col"),),
    "percent",
    empty="no posts",
    width=12,
    totals=("mean", "max"),
    least=0,
    most=100,
)

_PEOPLE = lines(
    "Distinct authors",
    "People, counted within one source and roll-up bucket; who posts in two of them counts twice. "
    "Many posts of few people is a quarrel or a bot, many people is an outage.",
    (Query(q.counts('sum("authors")', by=('"topic"',)), "$tag_topic"),),
    "short",
    empty="nothing was watched",
    width=12,
    totals=("max",),
    links=(_TO_TOPIC, _TO_POSTS),
)

_SCORE = lines(
    "Spike score",
    "How surprising the complaints are: 3 is one chance in 1,000 and makes an incident possible, 5 "
    "is one in 100,000 and confirms it, unless you set other limits under [detection].",
    (Query(q.verdicts("score"), "$tag_topic"),),
    "none",
    empty="the detector has not judged",
    width=12,
    totals=("max",),
    links=(_TO_TOPIC, _TO_POSTS),
)

_LIFE = states(
    "Incidents",
    "Each topic's incident through its life: possible, confirmed, over. It is drawn from the first "
    "change within the time shown, so widen the range to see what began earlier.",
    (
        Query(
            q.select(
                'last("state")',
                '"incident"',
                (q.TOPIC, q.TIME),
                (q.BUCKET, '"topic"'),
                "previous",
            ),
            "$tag_topic",
        ),
    ),
    STATES,
    empty="no incident changed in this time",
    width=12,
    links=(_TO_TOPIC, _TO_POSTS),
)

_CURRENT = table(
    "Open incidents",
    "What is in trouble now, and why. The title leads to the posts on hubbub's page: read them "
    "before you wake anybody.",
    (Query(_OPEN, table=True),),
    empty="none",
    width=12,
    height=7,
    overrides=(
        styled(
            "title",
            links=[
                {
                    "title": "The posts, on hubbub's page",
                    "url": "${__data.fields.url}",
                    "targetBlank": True,
                }
            ],
        ),
        styled("url", custom__hidden=True),
        styled("text", displayName="why"),
        styled(
            "state",
            mappings=[
                {
                    "type": "value",
                    "options": {"1": {"text": "possible"}, "2": {"text": "confirmed"}},
                }
            ],
        ),
    ),
)

_COVERAGE = lines(
    "Listened to",
    "How much of each bucket was really listened to, by source: in minutes while buckets are "
    "minutes wide, in hours or days beyond. 15 is the whole of a quarter of an hour; less means "
    "that part of it is unknown. Compare a calm stretch above with this before you trust it.",
    (Query(q.listened(q.TOPIC), "$tag_source"),),
    "none",
    empty="nothing was listened to",
    height=7,
    totals=("min", "mean"),
    least=0,
)


def outage(page: str) -> Dashboard:
    """Return the dashboard; ``page`` is the address of hubbub's own page."""
    return Dashboard(
        UID,
        "Outage sentiment",
        "Positive and negative volume beside deploys, releases and incidents.",
        (
            Row("Now", (_VOLUME, _LIFE, _CURRENT)),
            Row("Why", (_BY_TOPIC, _SHARE, _PEOPLE, _SCORE)),
            Row("How sure", (_COVERAGE,)),
        ),
        (
            variables.datasource(),
            variables.step(),
            variables.values("topic", "Topic", q.tag_values(q.VOLUME, "topic"), several=True),
            variables.choice("mirror", "Negative drawn", (("upwards", "1"), ("downwards", "-1"))),
            variables.constant("page", page),
        ),
        MARKS,
    )
