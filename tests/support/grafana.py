"""What Grafana does with a dashboard's queries, so that they run on an InfluxDB without it.

The rules are those of Grafana's InfluxDB data source and of its template variables:
https://grafana.com/docs/grafana/latest/dashboards/variables/variable-syntax/.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from signals import seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

_MINUTE = 60_000  # milliseconds
_ROUNDED = (
    (1.5, 1, "1m"), (3.5, 2, "2m"), (7.5, 5, "5m"), (12.5, 10, "10m"), (17.5, 15, "15m"),
    (25, 20, "20m"), (45, 30, "30m"), (90, 60, "1h"), (150, 120, "2h"), (270, 180, "3h"),
    (540, 360, "6h"), (1_440, 720, "12h"), (10_080, 1_440, "1d"), (30_240, 10_080, "7d"),
    (60_480, 43_200, "30d"), (float("inf"), 525_600, "1y"),
)  # fmt: skip
"""Grafana's ``rangeUtil.roundInterval`` from a minute on: below how many minutes, how many."""

_VARIABLE = re.compile(r"\$\{(\w+)(?::(\w+))?\}|\$(\w+)")
_REGEX_CHARACTERS = re.compile(r"[\\^$*+?.()|\[\]{}/]")


@dataclass(frozen=True, slots=True)
class View:
    """A stretch of time as somebody looks at it.

    Attributes:
        start: Its beginning.
        end: Its end.
        values: What is chosen for each variable; several values as a tuple.
    """

    start: datetime
    end: datetime
    values: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)

    @property
    def time_filter(self) -> str:
        """What ``$timeFilter`` stands for."""
        return f"time >= {seconds(self.start)}000ms and time <= {seconds(self.end)}000ms"

    def interval(self, variable: Mapping[str, Any]) -> str:
        """Return the value of an interval variable that is left at "auto"."""
        wanted = (self.end - self.start) / timedelta(minutes=1) / variable["auto_count"]
        width, text = next((width, text) for below, width, text in _ROUNDED if wanted < below)
        least = next(row for row in _ROUNDED if row[2] == variable["auto_min"])
        return least[2] if width < least[1] else text

    def expand(self, influxql: str, variables: Sequence[Mapping[str, Any]] = ()) -> str:
        """Return a statement with all macros and variables replaced.

        Raises:
            LookupError: It holds a variable that there is not.
        """
        known = {
            variable["name"]: self.interval(variable)
            for variable in variables
            if variable["type"] == "interval"
        } | {
            variable["name"]: variable["current"]["value"]
            for variable in variables
            if variable["type"] in {"custom", "constant"}
        }
        known |= self.values

        def replacement(match: re.Match[str]) -> str:
            name, style = match[1] or match[3], match[2]
            if name == "timeFilter":
                return self.time_filter
            value = known[name]
            if style == "regex":
                chosen = (value,) if isinstance(value, str) else value
                escaped = [_REGEX_CHARACTERS.sub(r"\\\g<0>", each) for each in chosen]
                return escaped[0] if len(escaped) == 1 else f"({'|'.join(escaped)})"
            assert isinstance(value, str), f"{name} has several values and needs :regex"
            return value

        return _VARIABLE.sub(replacement, influxql)


@dataclass(frozen=True, slots=True)
class Statement:
    """One query of a dashboard.

    Attributes:
        place: Where it stands, e.g. ``hubbub-outage / Incidents / A``.
        influxql: As it stands there.
        kind: ``panel``, ``variable``, ``annotation`` or ``rule``.
    """

    place: str
    influxql: str
    kind: str


def panels(dashboard: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the panels of a dashboard, rows aside."""
    for panel in dashboard["panels"]:
        if panel["type"] != "row":
            yield panel
        yield from panel.get("panels", ())


def statements(dashboard: Mapping[str, Any]) -> Iterator[Statement]:
    """Yield every query of a dashboard: of its panels, variables and annotations."""
    uid = dashboard["uid"]
    for panel in panels(dashboard):
        for target in panel["targets"]:
            place = f"{uid} / {panel['title']} / {target['refId']}"
            yield Statement(place, target["query"], "panel")
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield Statement(f"{uid} / ${variable['name']}", variable["query"], "variable")
    for annotation in dashboard["annotations"]["list"]:
        if "target" in annotation:
            place = f"{uid} / annotation {annotation['name']}"
            yield Statement(place, annotation["target"]["query"], "annotation")
