"""Typed builders for Grafana's classic dashboard JSON, which Grafana 11 to 13 all take.

Only what these dashboards need is here. Field names are those of the JSON model; see
https://grafana.com/docs/grafana/latest/visualizations/dashboards/build-dashboards/view-dashboard-json-model/.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Document = dict[str, Any]
"""A JSON object."""

DATASOURCE = {"type": "influxdb", "uid": "${datasource}"}
"""The data source of every query: whichever the viewer chose."""

SCHEMA_VERSION = 39
"""Grafana 11's; later versions bring it forward by themselves."""

COLUMNS = 24
"""How many units of width a dashboard has."""

_ROW_HEIGHT = 1
_BUILT_IN = {
    "builtIn": 1,
    "datasource": {"type": "grafana", "uid": "-- Grafana --"},
    "enable": True,
    "hide": True,
    "iconColor": "rgba(0, 211, 255, 1)",
    "name": "Annotations & Alerts",
    "type": "dashboard",
}


@dataclass(frozen=True, slots=True)
class Query:
    """One InfluxQL statement of a panel.

    Attributes:
        influxql: The statement, with Grafana's macros and variables.
        alias: What its series are called, e.g. ``$tag_topic``; empty for the columns' own names.
        table: Whether the answer is read as a table instead of as series.
    """

    influxql: str
    alias: str = ""
    table: bool = False

    def document(self, ref: str) -> Document:
        """Return it as the target ``ref`` of a panel."""
        target = {
            "refId": ref,
            "datasource": DATASOURCE,
            "rawQuery": True,
            "query": self.influxql,
            "resultFormat": "table" if self.table else "time_series",
        }
        return target | ({"alias": self.alias} if self.alias else {})


@dataclass(frozen=True, slots=True)
class Link:
    """A link from a value or a panel to another page.

    Attributes:
        title: What it is called.
        url: Where it leads, with Grafana's variables.
        new_tab: Whether it opens beside the dashboard, as pages outside Grafana do.
    """

    title: str
    url: str
    new_tab: bool = False

    def document(self) -> Document:
        """Return it as JSON."""
        return {"title": self.title, "url": self.url, "targetBlank": self.new_tab}


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture; ``panels`` makes them, each kind with what suits it.

    Attributes:
        kind: Grafana's name of the visualisation, e.g. ``timeseries``.
        title: What is shown.
        description: What to do with it.
        queries: Where its data comes from.
        unit: Grafana's name of the unit, e.g. ``percent``.
        empty: What to say instead of a value that there is not.
        width: In units, ``COLUMNS`` to the row.
        height: In units of about 30 pixels.
        defaults: More field options: custom, mappings, thresholds, min, max, ...
        overrides: Field options of single series.
        options: The visualisation's options.
        links: Where each value leads.
        transformations: What Grafana does with the data before it is drawn.
    """

    kind: str
    title: str
    description: str
    queries: tuple[Query, ...]
    unit: str
    empty: str
    width: int = COLUMNS
    height: int = 8
    defaults: Mapping[str, Any] = field(default_factory=dict)
    overrides: tuple[Mapping[str, Any], ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    transformations: tuple[Mapping[str, Any], ...] = ()

    def document(self, number: int, x: int, y: int) -> Document:
        """Return it as panel ``number`` with its upper left corner at (``x``, ``y``)."""
        defaults = {"unit": self.unit, "noValue": self.empty, **self.defaults}
        if self.links:
            defaults["links"] = [link.document() for link in self.links]
        panel = {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "datasource": DATASOURCE,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "targets": [
                query.document(chr(ord("A") + at)) for at, query in enumerate(self.queries)
            ],
            "fieldConfig": {"defaults": defaults, "overrides": list(self.overrides)},
            "options": dict(self.options),
        }
        if self.transformations:
            panel["transformations"] = list(self.transformations)
        return panel


@dataclass(frozen=True, slots=True)
class Row:
    """A titled stretch of a dashboard; its panels flow from left to right.

    Attributes:
        title: What its panels have in common.
        panels: They break into a new line where the next one would not fit.
    """

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Annotation:
    """Marks on every chart of a dashboard.

    Attributes:
        name: What the viewer can switch on and off.
        influxql: Yields the columns ``title``, ``text``, the one named by ``tags``, and ``end_ms``.
        colour: Of the marks.
        tags: The column whose values are shown as tags.
    """

    name: str
    influxql: str
    colour: str
    tags: str

    def document(self) -> Document:
        """Return it as JSON; column names count only within ``target``."""
        target = Query(self.influxql, table=True).document("Anno") | {
            "fromAnnotations": True,
            "textEditor": True,
            "titleColumn": "title",
            "textColumn": "text",
            "tagsColumn": self.tags,
            "timeEndColumn": "end_ms",
        }
        return {
            "name": self.name,
            "datasource": DATASOURCE,
            "enable": True,
            "hide": False,
            "iconColor": self.colour,
            "target": target,
        }


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A dashboard.

    Attributes:
        uid: Its identity, and part of its address.
        title: Its name.
        description: What it is for.
        rows: Its panels.
        variables: What the viewer chooses, as ``variables`` makes it.
        annotations: Marks on its charts.
        since: How far back it looks at first, e.g. ``now-24h``.
        refresh: How often it asks anew, e.g. ``1m``.
    """

    uid: str
    title: str
    description: str
    rows: Sequence[Row]
    variables: Sequence[Mapping[str, Any]]
    annotations: Sequence[Annotation] = ()
    since: str = "now-24h"
    refresh: str = "1m"

    def document(self) -> Document:
        """Return it as classic dashboard JSON.

        The description ends with a digest of all the rest: newer versions of Grafana rewrite what
        they store, and by the digest it is known again all the same.
        """
        made = {
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": ["hubbub"],
            "editable": False,
            "schemaVersion": SCHEMA_VERSION,
            "timezone": "utc",
            "graphTooltip": 1,
            "refresh": self.refresh,
            "time": {"from": self.since, "to": "now"},
            "templating": {"list": [dict(variable) for variable in self.variables]},
            "annotations": {
                "list": [_BUILT_IN, *(each.document() for each in self.annotations)],
            },
            "links": [
                {
                    "type": "dashboards",
                    "title": "hubbub",
                    "tags": ["hubbub"],
                    "asDropdown": True,
                    "includeVars": True,
                    "keepTime": True,
                    "targetBlank": False,
                    "icon": "external link",
                    "tooltip": "The other dashboards of hubbub",
                    "url": "",
                }
            ],
            "panels": list(self._panels()),
        }
        digest = hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()[:12]
        return made | {"description": f"{self.description} Made by hubbub, revision {digest}."}

    def number(self, title: str) -> int:
        """Return the number of the panel called ``title``.

        Raises:
            LookupError: There is none.
        """
        for panel in self._panels():
            if panel["title"] == title:
                return int(panel["id"])
        raise LookupError(title)

    def _panels(self) -> Sequence[Document]:
        found: list[Document] = []
        y = 0
        for row in self.rows:
            found.append(
                {
                    "id": len(found) + 1,
                    "type": "row",
                    "title": row.title,
                    "collapsed": False,
                    "gridPos": {"x": 0, "y": y, "w": COLUMNS, "h": _ROW_HEIGHT},
                    "panels": [],
                }
            )
            y += _ROW_HEIGHT
            x = tallest = 0
            for panel in row.panels:
                if x + panel.width > COLUMNS:
                    x, y, tallest = 0, y + tallest, 0
                found.append(panel.document(len(found) + 1, x, y))
                x, tallest = x + panel.width, max(tallest, panel.height)
            y += tallest
        return found
