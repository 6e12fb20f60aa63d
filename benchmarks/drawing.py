"""Dashboards as SVG, drawn from what their own queries yield, until Grafana's pictures are there.

What is drawn follows the dashboard's JSON: places, kinds of panels, colours, bands, gaps, units.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from signals import from_seconds, seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from storage.influx import Series

Document = dict[str, Any]
Frame = tuple[str, list[tuple[int, Any]]]
"""A series: what it is called, and its values by second."""

_UNIT = 40  # pixels to a unit of width
_ROW = 22  # pixels to a unit of height
_GAP = 8
_HEAD = 22
_FONT = "font-family='sans-serif' font-size='11'"
_INK, _PAPER, _GRID = "#333", "#ffffff", "#e4e4e4"
_PALETTE = ("#3274d9", "#e0b400", "#8f3bb8", "#37872d", "#fa6400", "#56a6c4", "#c15c17", "#6d6d6d")
_NAMED = {"green": "#37872d", "red": "#c4162a", "orange": "#fa6400", "blue": "#3274d9"}
_FEW = 12  # bars that are each named below
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Box:
    """Where something is drawn, in pixels."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Scale:
    """From a stretch of time and a range of values to a box."""

    box: Box
    start: int
    end: int
    least: float
    most: float

    def across(self, moment: float) -> float:
        """Return the place of a moment."""
        return self.box.x + (moment - self.start) / (self.end - self.start) * self.box.width

    def up(self, value: float) -> float:
        """Return the place of a value."""
        part = (value - self.least) / ((self.most - self.least) or 1)
        return self.box.y + self.box.height * (1 - part)


class Picture:
    """Draws one dashboard.

    Attributes:
        ask: Answers a query of the dashboard.
    """

    def __init__(
        self,
        dashboard: Document,
        start: datetime,
        end: datetime,
        ask: Callable[[str], list[Series]],
    ) -> None:
        """Prepare to draw what lies between ``start`` and ``end``."""
        self._dashboard, self.ask = dashboard, ask
        self._start, self._end = seconds(start), seconds(end)

    def svg(self) -> str:
        """Return the picture."""
        parts = [part for panel in self._dashboard["panels"] for part in self._panel(panel)]
        bottom = max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in self._dashboard["panels"])
        width, height = 24 * _UNIT, bottom * _ROW + _GAP
        return (
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' {_FONT}>"
            f"<rect width='{width}' height='{height}' fill='#f4f5f5'/>{''.join(parts)}</svg>\n"
        )

    def _panel(self, panel: Document) -> Iterator[str]:
        grid = panel["gridPos"]
        x, y = grid["x"] * _UNIT + _GAP / 2, grid["y"] * _ROW + _GAP / 2
        width, height = grid["w"] * _UNIT - _GAP, grid["h"] * _ROW - _GAP
        if panel["type"] == "row":
            yield _text(x, y + 13, panel["title"], weight="bold")
            return
        yield f"<rect x='{x:g}' y='{y:g}' width='{width:g}' height='{height:g}' fill='{_PAPER}'/>"
        yield _text(x + 8, y + 15, panel["title"], weight="bold")
        box = Box(x + 44, y + _HEAD, width - 56, height - _HEAD - 34)
        answers = [(target, self.ask(target["query"])) for target in panel["targets"]]
        if panel["type"] == "table":
            yield from _table(Box(x, y + _HEAD, width, height - _HEAD), panel, answers[0][1])
        elif panel["type"] == "barchart":
            yield from _bars(box, panel, answers)
        else:
            frames = [frame for target, found in answers for frame in _frames(target, found)]
            draw = {"stat": self._stat, "state-timeline": self._states}.get(
                panel["type"], self._lines
            )
            yield from draw(box, panel, frames)

    def _lines(self, box: Box, panel: Document, frames: list[Frame]) -> Iterator[str]:
        defaults = panel["fieldConfig"]["defaults"]
        flip = -1 if defaults["custom"].get("transform") == "negative-Y" else 1
        stacked = defaults["custom"].get("drawStyle") == "bars"
        values = [flip * v for _, rows in frames for _, v in rows if v is not None]
        if stacked:
            sums: dict[int, float] = defaultdict(float)
            for _, rows in frames:
                for moment, value in rows:
                    sums[moment] += value or 0
            values = list(sums.values())
        least = defaults.get("min", min([0.0 if flip > 0 else -1.0, *values]))
        most = defaults.get("max", max([1.0 if flip > 0 else -1.0, *values]))
        if flip < 0:
            least, most = min(values, default=-1) - 1, 0.0
        scale = Scale(box, self._start, self._end, least, most * 1.05)
        yield from _axes(scale, flip)
        known = dict(frames)
        if {"low", "high"} <= known.keys():
            yield _band(scale, known["low"], known["high"])
        colours = _colours(panel, [name for name, _ in frames])
        below: dict[int, float] = defaultdict(float)
        for name, rows in frames:
            if name in {"low", "high"}:
                continue
            if stacked:
                yield _stack(scale, rows, below, colours[name])
            else:
                style = " stroke-dasharray='4 3'" if name == "expected" else ""
                moved = [(m, None if v is None else flip * v) for m, v in rows]
                yield _line(scale, moved, colours[name], style)
        yield from _legend(box, colours, [n for n, _ in frames if n not in {"low", "high"}])
        if not values:
            yield _text(box.x + 8, box.y + 24, defaults["noValue"])

    def _states(self, box: Box, panel: Document, frames: list[Frame]) -> Iterator[str]:
        words = panel["fieldConfig"]["defaults"]["mappings"][0]["options"]
        scale = Scale(
            Box(box.x + 90, box.y, box.width - 90, box.height), self._start, self._end, 0, 1
        )
        yield from _time_axis(scale)
        height = box.height / max(len(frames), 1)
        for at, (name, rows) in enumerate(frames):
            y = box.y + at * height
            yield _text(box.x - 36, y + height / 2 + 4, name[:19])
            for moment, following, value in _stretches(rows, self._end):
                x, width = scale.across(moment), scale.across(following) - scale.across(moment)
                fill = _colour(words[str(int(value))]["color"])
                yield (
                    f"<rect x='{x:.1f}' y='{y + height * 0.1:.1f}' width='{width:.1f}'"
                    f" height='{height * 0.8:.1f}' fill='{fill}'/>"
                )
        told = {word["text"]: _colour(word["color"]) for word in words.values()}
        yield from _legend(box, told, list(told))

    def _stat(self, box: Box, panel: Document, frames: list[Frame]) -> Iterator[str]:
        defaults = panel["fieldConfig"]["defaults"]
        (reduce,) = panel["options"]["reduceOptions"]["calcs"]
        values = [v for _, rows in frames for _, v in rows if v is not None]
        shown, colour = defaults["noValue"], _INK
        if values:
            value = {"sum": sum(values), "mean": sum(values) / len(values)}.get(reduce, values[-1])
            shown = _number(value) + (" %" if defaults["unit"] == "percent" else "")
            steps = defaults["thresholds"]["steps"]
            colour = _colour(
                [s for s in steps if s["value"] is None or value >= s["value"]][-1]["color"]
            )
            for mapping in defaults["mappings"]:
                if word := mapping["options"].get(str(int(value))):
                    shown, colour = word["text"], _colour(word["color"])
        yield (
            f"<text x='{box.x + box.width / 2 - 16:.1f}' y='{box.y + 30:.1f}' font-size='24'"
            f" text-anchor='middle' fill='{colour}'>{escape(shown)}</text>"
        )


def _frames(target: Document, found: Sequence[Series]) -> Iterator[Frame]:
    for one in found:
        for at, column in enumerate(one.columns[1:], 1):
            alias = target.get("alias", "$col").replace("$col", column)
            for tag, value in one.tags.items():
                alias = alias.replace(f"$tag_{tag}", value)
            yield alias, [(row[0] // 10**9, row[at]) for row in one.rows]


def _stretches(rows: Sequence[tuple[int, Any]], end: int) -> Iterator[tuple[int, int, Any]]:
    """Yield each stretch of equal values: its start, its end, the value; gaps are left out."""
    begun: tuple[int, Any] | None = None
    for moment, value in [*rows, (end, None)]:
        if begun and value != begun[1]:
            yield begun[0], moment, begun[1]
            begun = None
        if begun is None and value is not None:
            begun = moment, value


def _axes(scale: Scale, flip: int) -> Iterator[str]:
    box = scale.box
    for part in range(5):
        value = scale.least + (scale.most - scale.least) * part / 4
        y = scale.up(value)
        yield f"<path d='M{box.x:.1f} {y:.1f}h{box.width:.1f}' stroke='{_GRID}'/>"
        yield _text(box.x - 4, y + 4, _number(flip * value), anchor="end")
    yield from _time_axis(scale)


def _time_axis(scale: Scale) -> Iterator[str]:
    form = "%H:%M" if scale.end - scale.start <= 2 * 86_400 else "%d %b"
    for part in range(1, 6):
        moment = scale.start + (scale.end - scale.start) * part / 6
        label = from_seconds(moment).strftime(form)
        yield _text(
            scale.across(moment), scale.box.y + scale.box.height + 13, label, anchor="middle"
        )


def _line(scale: Scale, rows: Sequence[tuple[int, Any]], colour: str, style: str) -> str:
    path, pen_up = [], True
    for moment, value in rows:
        if value is None:
            pen_up = True
            continue
        path.append(f"{'M' if pen_up else 'L'}{scale.across(moment):.1f} {scale.up(value):.1f}")
        pen_up = False
    return f"<path d='{''.join(path)}' fill='none' stroke='{colour}' stroke-width='1.5'{style}/>"


def _band(scale: Scale, low: Sequence[tuple[int, Any]], high: Sequence[tuple[int, Any]]) -> str:
    upper = [f"{scale.across(m):.1f} {scale.up(v):.1f}" for m, v in high if v is not None]
    lower = [f"{scale.across(m):.1f} {scale.up(v):.1f}" for m, v in low if v is not None]
    if not upper:
        return ""
    return f"<path d='M{'L'.join([*upper, *reversed(lower)])}Z' fill='#808080' opacity='0.18'/>"


def _stack(
    scale: Scale, rows: Sequence[tuple[int, Any]], below: dict[int, float], colour: str
) -> str:
    width = max(scale.box.width / max(len(rows), 1) - 1, 0.8)
    path = []
    for moment, value in rows:
        if value:
            top, bottom = scale.up(below[moment] + value), scale.up(below[moment])
            path.append(
                f"M{scale.across(moment):.1f} {bottom:.1f}V{top:.1f}h{width:.1f}V{bottom:.1f}"
            )
            below[moment] += value
    return f"<path d='{''.join(path)}' fill='{colour}' opacity='0.75'/>"


def _bars(
    box: Box, panel: Document, answers: Sequence[tuple[Document, Sequence[Series]]]
) -> Iterator[str]:
    """Draw groups of bars: by hour of the week for series, by row for a table."""
    groups: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for target, found in answers:
        if target["resultFormat"] == "table":
            for one in found:
                label = next(iter(one.tags.values()))
                for column, value in zip(one.columns[1:], one.rows[0][1:], strict=True):
                    groups[label][column].append(value)
            continue
        for name, rows in _frames(target, found):
            for moment, value in rows:
                time = from_seconds(moment)
                day = time.weekday()
                groups[f"{day + 1} {_WEEKDAYS[day]} {time:%H}"][name].append(value or 0)
    labels = sorted(groups)
    names = list(dict.fromkeys(name for group in groups.values() for name in group))
    means = {
        (label, name): sum(groups[label][name]) / len(groups[label][name])
        for label in labels
        for name in groups[label]
    }
    scale = Scale(box, 0, max(len(labels), 1), 0, max([1.0, *means.values()]) * 1.05)
    yield from (part for part in _axes(scale, 1) if "stroke" in part or "end" in part)
    colours = _colours(panel, [f"{name} (mean)" for name in names], names)
    width = box.width / max(len(labels), 1) / max(len(names), 1) * 0.8
    for at, label in enumerate(labels):
        for shift, name in enumerate(names):
            value = means.get((label, name), 0)
            x = scale.across(at) + shift * width
            yield (
                f"<rect x='{x:.1f}' y='{scale.up(value):.1f}' width='{max(width, 0.8):.1f}'"
                f" height='{box.y + box.height - scale.up(value):.1f}' fill='{colours[name]}'/>"
            )
        if len(labels) <= _FEW or at % 24 == 0:
            yield _text(scale.across(at), box.y + box.height + 13, label)
    yield from _legend(box, colours, names)


def _table(box: Box, panel: Document, found: Sequence[Series]) -> Iterator[str]:
    hidden = {
        override["matcher"]["options"]
        for override in panel["fieldConfig"]["overrides"]
        for each in override["properties"]
        if each["id"] == "custom.hidden"
    } | {"time"}
    rows = [
        dict(one.tags) | dict(zip(one.columns, row, strict=True))
        for one in found
        for row in one.rows
    ]
    columns = [each for each in (rows[0] if rows else {}) if each not in hidden and each != "Time"]
    for transformation in panel.get("transformations", ()):
        if transformation["id"] == "sortBy":
            (by,) = transformation["options"]["sort"]
            rows.sort(key=lambda row: row[by["field"]], reverse=by.get("desc", False))
    if not rows:
        yield _text(box.x + 8, box.y + 24, panel["fieldConfig"]["defaults"]["noValue"])
        return
    width = box.width / len(columns)
    for at, column in enumerate(columns):
        yield _text(box.x + 8 + at * width, box.y + 12, column, weight="bold")
    for line, row in enumerate(rows[: int(box.height // 18) - 1], 1):
        for at, column in enumerate(columns):
            value = row[column]
            text = _number(value) if isinstance(value, int | float) else str(value)
            shown = text[: int(width // 6)]
            yield _text(box.x + 8 + at * width, box.y + 12 + line * 18, shown)


def _legend(box: Box, colours: Mapping[str, str], names: Sequence[str]) -> Iterator[str]:
    x, y = box.x - 30, box.y + box.height + 28
    for name in dict.fromkeys(names):
        if x > box.x + box.width - 40:
            return
        yield f"<rect x='{x:.1f}' y='{y - 7:.1f}' width='9' height='4' fill='{colours[name]}'/>"
        yield _text(x + 13, y, name)
        x += 24 + 6.4 * len(name)


def _colours(panel: Document, names: Sequence[str], keys: Sequence[str] = ()) -> dict[str, str]:
    fixed = {
        override["matcher"]["options"]: _colour(each["value"]["fixedColor"])
        for override in panel["fieldConfig"]["overrides"]
        for each in override["properties"]
        if each["id"] == "color"
    }
    return {
        key: fixed.get(name, _PALETTE[at % len(_PALETTE)])
        for at, (key, name) in enumerate(zip(keys or names, names, strict=True))
    }


def _colour(name: str) -> str:
    return _NAMED.get(name, name)


def _number(value: float) -> str:
    if abs(value) >= 10_000:  # noqa: PLR2004 - digits
        return f"{value / 1_000:.1f}k"
    if math.isclose(value, round(value), abs_tol=1e-9):
        return f"{round(value):,}"
    return f"{value:,.1f}" if abs(value) >= 10 else f"{value:.2f}"  # noqa: PLR2004 - digits


def _text(x: float, y: float, words: str, *, anchor: str = "", weight: str = "") -> str:
    extra = f" text-anchor='{anchor}'" if anchor else ""
    extra += f" font-weight='{weight}'" if weight else ""
    return f"<text x='{x:.1f}' y='{y:.1f}' fill='{_INK}'{extra}>{escape(words)}</text>"
