"""InfluxQL for the dashboards, from parts; see docs/influxdb.md for the schema.

Nothing here may need more than InfluxDB 1.8, 2 and 3 have in common:
https://docs.influxdata.com/influxdb3/core/reference/influxql/feature-support/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

VOLUME = "/^mention_1[${step}]$/"
"""The roll-up that suits the buckets. The variable is a number and a unit, such as ``15m``: in a
class of characters it matches ``mention_1m`` for minutes, ``mention_1h`` for hours, and
``mention_1d`` for days."""

TOPIC = '"topic" =~ /^${topic:regex}$/'
"""Of the chosen topics."""

SOURCE = '"source" =~ /^${source:regex}$/'
"""Heard in the chosen sources."""

TIME = "$timeFilter"
"""Within the stretch of time that is shown."""

BUCKET = "time(${step})"
"""Grouped into buckets of the chosen width."""


def select(
    fields: str, source: str, where: Sequence[str], by: Sequence[str] = (), fill: str = ""
) -> str:
    """Return a statement that reads.

    Args:
        fields: What to select.
        source: A measurement, in quotes; a regular expression for one; or another statement.
        where: Conditions, all of which must hold.
        by: What to group by.
        fill: What an empty bucket holds: ``null`` for a gap, ``none`` for no row at all, ...
    """
    nested = source.startswith("SELECT ")
    parts = ["SELECT", fields, "FROM", f"({source})" if nested else source]
    parts += ["WHERE", " AND ".join(where)]
    if by:
        parts += ["GROUP BY", ", ".join(by)]
    if fill:
        parts.append(f"fill({fill})")
    return " ".join(parts)


def tag_values(source: str, tag: str) -> str:
    """Return a statement for the values of a tag.

    InfluxDB 3 would look at the last day only, were no time given.
    """
    return f'SHOW TAG VALUES FROM {source} WITH KEY = "{tag}" WHERE {TIME}'


def counts(fields: str, *, where: str = TOPIC, by: Sequence[str] = ()) -> str:
    """Return a statement that adds up counts by bucket; one that nobody watched stays empty.

    Args:
        fields: What to select, e.g. ``sum("negative") AS "negative"``.
        where: A condition.
        by: Tags to tell apart, in quotes.
    """
    return select(fields, VOLUME, (where, TIME), (BUCKET, *by), "null")


def ratio(part: str, whole: str, name: str, *, factor: float = 1.0) -> str:
    """Return a statement for one sum of a topic divided by another; nothing without a whole.

    InfluxQL calls 0 / 0 plain 0, so buckets without a whole have to be left out by hand.

    Args:
        part: The field that is divided.
        whole: The field that divides it.
        name: What the result is called.
        factor: What the result is multiplied with.
    """
    sums = f'sum("{part}") AS "part", sum("{whole}") AS "whole"'
    summed = select(sums, VOLUME, (TOPIC, TIME), (BUCKET,), "none")
    divided = select(f'{factor} * "part" / "whole" AS "ratio"', summed, ('"whole" > 0',))
    return select(f'mean("ratio") AS "{name}"', divided, (TIME,), (BUCKET,), "null")


def listened(where: str) -> str:
    """Return a statement for how much of each bucket was listened to, by source.

    A source is listened to for several topics at once; of these the one that was listened to most
    counts.
    """
    part = select(
        'sum("coverage") AS "part"', VOLUME, (where, TIME), (BUCKET, '"source"', '"topic"'), "none"
    )
    return select('max("part")', part, (TIME,), (BUCKET, '"source"'), "null")


def verdicts(field: str) -> str:
    """Return a statement for the highest ``field`` of the detector, by bucket and topic."""
    return select(f'max("{field}")', '"spike"', (TOPIC, TIME), (BUCKET, '"topic"'), "null")


def events(*conditions: str) -> str:
    """Return a statement for events, as annotations want them."""
    return select('"title", "text", "kind", "end_ms"', '"event"', (*conditions, TIME))


def expected(sign: str = "1") -> str:
    """Return a statement for what the detector expects, added up over minutes and topics.

    The edges of the band are combined as for independent minutes (the root of the sum of squared
    distances) and never lie below nothing, as on hubbub's own page.

    Args:
        sign: What all is multiplied with.
    """
    below = 'sum("e") - sqrt(sum("d"))'
    return select(
        f'{sign} * ({below} + abs({below})) / 2 AS "low", {sign} * sum("e") AS "expected",'
        f' {sign} * (sum("e") + sqrt(sum("u"))) AS "high"',
        select(
            '"expected" AS "e", pow("expected" - "low", 2) AS "d",'
            ' pow("high" - "expected", 2) AS "u"',
            '"spike"',
            (TOPIC, TIME),
        ),
        (TIME,),
        (BUCKET,),
        "null",
    )
