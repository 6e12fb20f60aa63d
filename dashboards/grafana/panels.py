"""The kinds of panels, each with the options that all panels of its kind share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboards.grafana.model import COLUMNS, Panel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dashboards.grafana.model import Link, Query

GREEN, RED, AMBER, GREY, BLUE = "green", "red", "orange", "#808080", "blue"

STATES = {0: ("quiet", GREEN), 1: ("possible", AMBER), 2: ("confirmed", RED)}
"""States of the detector and of an incident, with their colours."""

WELL = {0: ("unwell", RED), 1: ("well", GREEN)}
"""Whether an attempt to listen succeeded."""

_TOOLTIP = {"mode": "multi", "sort": "desc"}


def lines(  # noqa: PLR0913 - what panels differ in, most of it by name
    title: str,
    description: str,
    queries: Sequence[Query],
    unit: str,
    *,
    empty: str,
    width: int = COLUMNS,
    height: int = 8,
    overrides: Sequence[Mapping[str, Any]] = (),
    links: Sequence[Link] = (),
    stacked: bool = False,
    points: bool = False,
    totals: Sequence[str] = ("sum", "max"),
    custom: Mapping[str, Any] | None = None,
    least: float | None = None,
    most: float | None = None,
) -> Panel:
    """Draw series over time; where there is no value the line breaks.

    Args:
        title: What is shown.
        description: What to do with it.
        queries: The series.
        unit: Grafana's name of the unit.
        empty: What to say if there is nothing.
        width: In units.
        height: In units.
        overrides: From ``styled``.
        links: Where each point leads.
        stacked: Whether to draw bars upon one another, for parts of a whole.
        points: Whether to mark each value, for series with few of them.
        totals: What the legend says of each series.
        custom: More options of drawing.
        least: The lowest value of the axis.
        most: The highest value of the axis.
    """
    drawing: dict[str, Any] = {
        "drawStyle": "bars" if stacked else "line",
        "lineInterpolation": "linear",
        "lineWidth": 0 if stacked else 2,
        "fillOpacity": 70 if stacked else 8,
        "showPoints": "always" if points else "auto",
        "pointSize": 5,
        "spanNulls": False,
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "axisSoftMin": 0,
        **(custom or {}),
    }
    limits = {k: v for k, v in (("min", least), ("max", most)) if v is not None}
    return Panel(
        "timeseries",
        title,
        description,
        tuple(queries),
        unit,
        empty,
        width,
        height,
        {"custom": drawing, **limits},
        tuple(overrides),
        {
            "legend": {
                "displayMode": "table",
                "placement": "bottom",
                "showLegend": True,
                "calcs": list(totals),
            },
            "tooltip": _TOOLTIP,
        },
        tuple(links),
    )


def states(  # noqa: PLR0913 - what panels differ in, most of it by name
    title: str,
    description: str,
    queries: Sequence[Query],
    words: Mapping[int, tuple[str, str]],
    *,
    empty: str,
    width: int = COLUMNS,
    height: int = 7,
    links: Sequence[Link] = (),
) -> Panel:
    """Draw one coloured band for each series; where there is no value the band is broken.

    Args:
        title: What is shown.
        description: What to do with it.
        queries: The series, of whole numbers.
        words: What each number means, and its colour.
        empty: What to say if there is nothing.
        width: In units.
        height: In units.
        links: Where each stretch leads.
    """
    return Panel(
        "state-timeline",
        title,
        description,
        tuple(queries),
        "none",
        empty,
        width,
        height,
        {
            "custom": {"fillOpacity": 80, "lineWidth": 0, "spanNulls": False},
            "color": {"mode": "thresholds"},
            "thresholds": {"mode": "absolute", "steps": [{"color": GREY, "value": None}]},
            "mappings": mappings(words),
        },
        (),
        {
            "mergeValues": True,
            "showValue": "never",
            "alignValue": "left",
            "rowHeight": 0.8,
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "single", "sort": "none"},
        },
        tuple(links),
    )


def table(  # noqa: PLR0913 - what panels differ in, most of it by name
    title: str,
    description: str,
    queries: Sequence[Query],
    *,
    unit: str = "none",
    empty: str,
    width: int = COLUMNS,
    height: int = 8,
    overrides: Sequence[Mapping[str, Any]] = (),
    transformations: Sequence[Mapping[str, Any]] = (),
) -> Panel:
    """List rows."""
    return Panel(
        "table",
        title,
        description,
        tuple(queries),
        unit,
        empty,
        width,
        height,
        {"custom": {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": True}},
        tuple(overrides),
        {"showHeader": True, "cellHeight": "sm", "footer": {"show": False}},
        (),
        tuple(transformations),
    )


def bars(  # noqa: PLR0913 - what panels differ in, most of it by name
    title: str,
    description: str,
    queries: Sequence[Query],
    unit: str,
    *,
    empty: str,
    width: int = COLUMNS,
    height: int = 9,
    horizontal: bool = False,
    overrides: Sequence[Mapping[str, Any]] = (),
    transformations: Sequence[Mapping[str, Any]] = (),
) -> Panel:
    """Draw bars side by side, one group for each row of the data."""
    return Panel(
        "barchart",
        title,
        description,
        tuple(queries),
        unit,
        empty,
        width,
        height,
        {"custom": {"fillOpacity": 75, "lineWidth": 0, "axisSoftMin": 0}},
        tuple(overrides),
        {
            "orientation": "horizontal" if horizontal else "vertical",
            "stacking": "none",
            "groupWidth": 0.8,
            "barWidth": 0.95,
            "showValue": "never",
            "xTickLabelRotation": 0 if horizontal else -45,
            "xTickLabelSpacing": 0 if horizontal else 60,
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": _TOOLTIP,
        },
        (),
        tuple(transformations),
    )


def figure(  # noqa: PLR0913 - what panels differ in, most of it by name
    title: str,
    description: str,
    query: Query,
    unit: str,
    *,
    empty: str,
    width: int = 6,
    words: Mapping[int, tuple[str, str]] | None = None,
    limits: Sequence[tuple[float | None, str]] = ((None, BLUE),),
    reduce: str = "lastNotNull",
) -> Panel:
    """Show one number.

    Args:
        title: What is shown.
        description: What to do with it.
        query: One series.
        unit: Grafana's name of the unit.
        empty: What to say if there is nothing.
        width: In units.
        words: What each number means, and its colour.
        limits: From which value on which colour holds.
        reduce: How the series becomes one number.
    """
    return Panel(
        "stat",
        title,
        description,
        (query,),
        unit,
        empty,
        width,
        4,
        {
            "color": {"mode": "thresholds"},
            "thresholds": {
                "mode": "absolute",
                "steps": [{"color": colour, "value": value} for value, colour in limits],
            },
            "mappings": mappings(words or {}),
        },
        (),
        {
            "reduceOptions": {"calcs": [reduce], "fields": "", "values": False},
            "colorMode": "value",
            "graphMode": "area",
            "justifyMode": "auto",
            "textMode": "auto",
        },
    )


def mappings(words: Mapping[int, tuple[str, str]]) -> list[dict[str, Any]]:
    """Return value mappings: what each number means, and its colour."""
    if not words:
        return []
    return [
        {
            "type": "value",
            "options": {
                str(number): {"text": text, "color": colour, "index": at}
                for at, (number, (text, colour)) in enumerate(words.items())
            },
        }
    ]


def styled(series: str, colour: str = "", **options: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return an override for one series.

    Args:
        series: What it is called.
        colour: Its colour.
        **options: More field options; two underscores stand for a dot.
    """
    found = [{"id": name.replace("__", "."), "value": value} for name, value in options.items()]
    if colour:
        found.insert(0, {"id": "color", "value": {"mode": "fixed", "fixedColor": colour}})
    return {"matcher": {"id": "byName", "options": series}, "properties": found}
