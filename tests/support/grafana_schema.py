"""Classic dashboard JSON as closed models: only keys that Grafana 11 to 13 know, with their types.

Reduced to the kinds of panels and variables that hubbub uses; after the schemas of Grafana 11.6's
foundation SDK and https://grafana.com/docs/grafana/latest/panels-visualizations/visualizations/.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

Text = Annotated[str, Field(min_length=1)]
Colour = Annotated[str, Field(pattern=r"^([a-z-]+|#[0-9a-f]{6}|rgba\([\d, .]+\))$")]


class Closed(BaseModel):
    """A JSON object without other keys than those named."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)


class DataSource(Closed):
    """Which data source."""

    type: Literal["influxdb", "grafana"]
    uid: Text


class Target(Closed):
    """A query of a panel or an annotation."""

    ref_id: Text
    datasource: DataSource
    raw_query: Literal[True]
    query: Text
    result_format: Literal["time_series", "table"]
    alias: Text | None = None
    from_annotations: Literal[True] | None = None
    text_editor: Literal[True] | None = None
    title_column: Text | None = None
    text_column: Text | None = None
    tags_column: Text | None = None
    time_end_column: Text | None = None


class GridPos(Closed):
    """Where a panel is."""

    x: Annotated[int, Field(ge=0, lt=24)]
    y: Annotated[int, Field(ge=0)]
    w: Annotated[int, Field(gt=0, le=24)]
    h: Annotated[int, Field(gt=0)]


class Link(Closed):
    """A link of a value."""

    title: Text
    url: Text
    target_blank: bool


class Step(Closed):
    """From which value on which colour holds."""

    color: Colour
    value: float | None


class Thresholds(Closed):
    """Colours by value."""

    mode: Literal["absolute", "percentage"]
    steps: list[Step]

    @model_validator(mode="after")
    def _begins_at_minus_infinity(self) -> Thresholds:
        values = [step.value for step in self.steps]
        assert values, "no steps"
        assert values[0] is None, "the first step holds from minus infinity"
        rest = [value for value in values[1:] if value is not None]
        assert rest == sorted(rest), "steps are in order"
        assert len(rest) == len(values) - 1, "only the first step is without a value"
        return self


class Mapped(Closed):
    """What a value means."""

    text: Text
    color: Colour | None = None
    index: int | None = None


class Mapping(Closed):
    """What values mean."""

    type: Literal["value"]
    options: dict[Annotated[str, Field(pattern=r"^-?\d+$")], Mapped]


class Stacking(Closed):
    """Whether series stand upon one another."""

    mode: Literal["none", "normal", "percent"]
    group: Text


class LineStyle(Closed):
    """How a line is drawn."""

    fill: Literal["solid", "dash", "dot"]


class Custom(Closed):
    """How a series is drawn, of all kinds of panels together."""

    draw_style: Literal["line", "bars", "points"] | None = None
    line_interpolation: Literal["linear", "smooth", "stepBefore", "stepAfter"] | None = None
    line_width: Annotated[int, Field(ge=0, le=10)] | None = None
    line_style: LineStyle | None = None
    fill_opacity: Annotated[int, Field(ge=0, le=100)] | None = None
    fill_below_to: Text | None = None
    show_points: Literal["auto", "always", "never"] | None = None
    point_size: int | None = None
    span_nulls: bool | int | None = None
    stacking: Stacking | None = None
    axis_soft_min: float | None = None
    axis_soft_max: float | None = None
    transform: Literal["constant", "negative-Y"] | None = None
    align: Literal["auto", "left", "center", "right"] | None = None
    cell_options: dict[str, str] | None = None
    filterable: bool | None = None


class Color(Closed):
    """How a colour is chosen."""

    mode: Literal["thresholds", "palette-classic", "fixed"]
    fixed_color: Colour | None = None


class Defaults(Closed):
    """Field options."""

    unit: Text
    no_value: Text
    custom: Custom | None = None
    color: Color | None = None
    thresholds: Thresholds | None = None
    mappings: list[Mapping] | None = None
    links: list[Link] | None = None
    min: float | None = None
    max: float | None = None


class Matcher(Closed):
    """Which series an override is for."""

    id: Literal["byName", "byRegexp", "byType", "byFrameRefID"]
    options: Text


class Property(Closed):
    """One option of an override."""

    id: Annotated[str, Field(pattern=r"^(custom\.\w+|color|links|mappings|displayName|unit)$")]
    value: Any


class Override(Closed):
    """Field options of some series."""

    matcher: Matcher
    properties: Annotated[list[Property], Field(min_length=1)]


class FieldConfig(Closed):
    """All field options of a panel."""

    defaults: Defaults
    overrides: list[Override]


class Legend(Closed):
    """A legend."""

    display_mode: Literal["list", "table"]
    placement: Literal["bottom", "right"]
    show_legend: bool
    calcs: list[Literal["first", "last", "lastNotNull", "min", "mean", "max", "sum"]] = []


class Tooltip(Closed):
    """A tooltip."""

    mode: Literal["single", "multi", "none"]
    sort: Literal["none", "asc", "desc"]


class TimeSeries(Closed):
    """Options of a chart over time."""

    legend: Legend
    tooltip: Tooltip


class StateTimeline(TimeSeries):
    """Options of coloured bands over time."""

    merge_values: bool
    show_value: Literal["auto", "always", "never"]
    align_value: Literal["left", "center", "right"]
    row_height: Annotated[float, Field(gt=0, le=1)]


class BarChart(TimeSeries):
    """Options of bars by category."""

    orientation: Literal["auto", "horizontal", "vertical"]
    stacking: Literal["none", "normal", "percent"]
    group_width: Annotated[float, Field(gt=0, le=1)]
    bar_width: Annotated[float, Field(gt=0, le=1)]
    show_value: Literal["auto", "always", "never"]
    x_tick_label_rotation: Annotated[int, Field(ge=-90, le=90)]
    x_tick_label_spacing: int


class Footer(Closed):
    """The last line of a table."""

    show: bool


class Table(Closed):
    """Options of a table."""

    show_header: bool
    cell_height: Literal["sm", "md", "lg"]
    footer: Footer


class Reduce(Closed):
    """How a series becomes one number."""

    calcs: Annotated[
        list[Literal["lastNotNull", "last", "mean", "sum", "max"]], Field(max_length=1)
    ]
    fields: str
    values: bool


class Stat(Closed):
    """Options of a single number."""

    reduce_options: Reduce
    color_mode: Literal["value", "background", "none"]
    graph_mode: Literal["none", "area"]
    justify_mode: Literal["auto", "center"]
    text_mode: Literal["auto", "value", "name"]


OPTIONS: dict[str, type[Closed]] = {
    "timeseries": TimeSeries,
    "state-timeline": StateTimeline,
    "barchart": BarChart,
    "table": Table,
    "stat": Stat,
}


class Transformation(Closed):
    """What Grafana does with the data."""

    id: Literal["joinByField", "formatTime", "groupBy", "sortBy", "organize"]
    options: dict[str, Any]


class Panel(Closed):
    """A panel, or a row of them."""

    id: Annotated[int, Field(gt=0)]
    type: Literal["row", "timeseries", "state-timeline", "barchart", "table", "stat"]
    title: Text
    grid_pos: GridPos
    description: Text | None = None
    datasource: DataSource | None = None
    targets: list[Target] | None = None
    field_config: FieldConfig | None = None
    options: dict[str, Any] | None = None
    transformations: list[Transformation] | None = None
    collapsed: Literal[False] | None = None
    panels: Annotated[list[Any], Field(max_length=0)] | None = None

    @model_validator(mode="after")
    def _options_suit_the_kind(self) -> Panel:
        if self.type != "row":
            OPTIONS[self.type].model_validate(self.options)
        return self


class Current(Closed):
    """What is chosen."""

    text: str | list[str]
    value: str | list[str]


class Option(Closed):
    """What may be chosen."""

    text: Text
    value: Text
    selected: bool


class Variable(Closed):
    """A template variable."""

    name: Annotated[str, Field(pattern=r"^[a-z]+$")]
    type: Literal["datasource", "query", "custom", "constant", "interval"]
    label: Text
    hide: Literal[0, 1, 2]
    skip_url_sync: bool
    query: Text
    current: Current | dict[str, None]
    datasource: DataSource | None = None
    definition: Text | None = None
    regex: str | None = None
    refresh: Literal[0, 1, 2] | None = None
    sort: Literal[0, 1] | None = None
    multi: bool | None = None
    include_all: bool | None = None
    options: list[Option] | None = None
    auto: bool | None = None
    auto_count: Annotated[int | None, Field(alias="auto_count")] = None
    auto_min: Annotated[Text | None, Field(alias="auto_min")] = None


class Templating(Closed):
    """All variables."""

    every: Annotated[list[Variable], Field(alias="list")]


class Annotation(Closed):
    """Marks on charts."""

    name: Text
    datasource: DataSource
    enable: bool
    hide: bool
    icon_color: Colour
    built_in: Literal[1] | None = None
    type: Literal["dashboard"] | None = None
    target: Target | None = None


class Annotations(Closed):
    """All annotations."""

    every: Annotated[list[Annotation], Field(alias="list")]


class TimeRange(Closed):
    """What is shown at first."""

    from_: Annotated[str, Field(alias="from", pattern=r"^now-\d+[mhdwMy]$")]
    to: Literal["now"]


class DashboardLink(Closed):
    """Links in the head of a dashboard."""

    type: Literal["dashboards", "link"]
    title: Text
    tags: list[Text]
    as_dropdown: bool
    include_vars: bool
    keep_time: bool
    target_blank: bool
    icon: Text
    tooltip: str
    url: str


class Dashboard(Closed):
    """A whole dashboard."""

    uid: Annotated[str, Field(pattern=r"^[\w-]{1,40}$")]
    title: Text
    description: Text
    tags: list[Text]
    editable: bool
    schema_version: Annotated[int, Field(ge=36, le=42)]
    timezone: Literal["utc", "browser", ""]
    graph_tooltip: Literal[0, 1, 2]
    refresh: Annotated[str, Field(pattern=r"^\d+[smh]$")]
    time: TimeRange
    templating: Templating
    annotations: Annotations
    links: list[DashboardLink]
    panels: list[Panel]
