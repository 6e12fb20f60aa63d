// The chart as plotly's traces and layout. The first y axis, from 0 to 1, is the background: incidents,
// gaps and events. The second carries the counts and lies over it.

import { later } from "./dom.js";

const FEW = 120;
const MANY = 700;

/** Return the traces of what the API told. */
export function traces(data, colours) {
  const { volumes, verdicts, incidents, gaps, events, level, now } = data;
  const heard = volumes.filter((volume) => volume.coverage > 0 || volume.total > 0);
  return [
    area("incident", spans(incidents.filter(confirmed), now), colours.incident, 1),
    area("possible incident", spans(incidents.filter((one) => !confirmed(one)), now), colours.possible, 1),
    { ...area("not watched", gaps, "transparent"), fillpattern: hatching(colours) },
    band(verdicts, level, colours),
    expected(verdicts, level, colours),
    ...line("positive", heard, data, colours.positive, people),
    ...line("negative", heard, data, colours.negative, () => ""),
    markers(events.filter((event) => event.time >= data.start), colours),
  ];
}

/** Return the layout; `at` is the bucket chosen, if one is. */
export function layout(data, at, colours) {
  const axis = { fixedrange: true, zeroline: false, gridcolor: colours.line, tickfont: { color: colours.muted } };
  const verticals = data.events.map((event) => vertical(event.time, colours.event, 1, "dot"));
  if (at) verticals.push(vertical(later(at, 0), colours.ink, 1.5, "solid"));
  return {
    margin: { l: 40, r: 8, t: 10, b: 40 },
    paper_bgcolor: "transparent",
    plot_bgcolor: "transparent",
    font: { family: colours.font, size: 12, color: colours.ink },
    showlegend: false,
    hovermode: "x unified",
    hoverlabel: { bgcolor: colours.surface, bordercolor: colours.line, font: { color: colours.ink, size: 13 } },
    dragmode: matchMedia("(pointer: fine)").matches ? "zoom" : false,
    shapes: verticals,
    xaxis: {
      ...axis,
      fixedrange: false,
      type: "date",
      range: [data.start, data.end],
      showgrid: false,
      tickangle: 0,
      nticks: innerWidth < 720 ? 4 : 10,
      showline: true,
      linecolor: colours.line,
      hoverformat: data.level < 86400 ? "%a %-d %b %Y, %H:%M UTC" : "%a %-d %b %Y",
      showspikes: true,
      spikemode: "across",
      spikethickness: 1,
      spikedash: "solid",
      spikecolor: colours.muted,
    },
    yaxis: { range: [0, 1], visible: false, fixedrange: true },
    yaxis2: { ...axis, overlaying: "y", side: "left", tickmode: "auto", nticks: 6, tickformat: ",d", range: [0, highest(data)] },
  };
}

function highest({ volumes, verdicts }) {
  const counts = volumes.map((volume) => Math.max(volume.negative, volume.positive));
  return 1.08 * Math.max(4, ...counts, ...verdicts.map((verdict) => verdict.high));
}

function confirmed(incident) {
  return incident.phase === "confirmed" || incident.worst.state === "confirmed";
}

function spans(incidents, now) {
  return incidents.map((incident) => ({ start: incident.opened, end: incident.ended ?? now }));
}

function area(name, stretches, fillcolor, width = 0) {
  return {
    name,
    type: "scatter",
    mode: "lines",
    line: { width, color: fillcolor },
    fill: "toself",
    fillcolor,
    hoverinfo: "skip",
    x: stretches.flatMap(({ start, end }) => [start, start, end, end, start, null]),
    y: stretches.flatMap(() => [0, 1, 1, 0, 0, null]),
  };
}

function hatching(colours) {
  return { shape: "/", size: 7, solidity: 0.25, fgcolor: colours.gap, bgcolor: "transparent", fillmode: "replace" };
}

/** Split what stands in a row from what does not: a gap must not be bridged. */
function runs(entries, level) {
  const found = [];
  let until = null;
  for (const entry of entries) {
    if (entry.time !== until) found.push([]);
    found.at(-1).push(entry);
    until = later(entry.time, level);
  }
  return found;
}

function band(verdicts, level, colours) {
  const x = [];
  const y = [];
  for (const run of runs(verdicts, level)) {
    const back = run.toReversed();
    x.push(...run.map((verdict) => verdict.time), ...back.map((verdict) => verdict.time), null);
    y.push(...run.map((verdict) => verdict.high), ...back.map((verdict) => verdict.low), null);
  }
  return {
    name: "expected range",
    type: "scatter",
    mode: "lines",
    line: { width: 0 },
    fill: "toself",
    fillcolor: colours.band,
    hoverinfo: "skip",
    x,
    y,
    yaxis: "y2",
  };
}

function expected(verdicts, level, colours) {
  const points = runs(verdicts, level).flatMap((run) => [...run, null]);
  return {
    name: "expected",
    type: "scatter",
    mode: "lines",
    line: { width: 1, dash: "dot", color: colours.muted },
    x: points.map((verdict) => verdict?.time ?? null),
    y: points.map((verdict) => verdict?.expected ?? null),
    text: points.map((verdict) => (verdict ? `${verdict.low.toFixed(1)} to ${verdict.high.toFixed(1)}` : "")),
    hovertemplate: "%{y:.1f} negative expected (%{text})<extra></extra>",
    yaxis: "y2",
  };
}

/** Return the trace of one polarity, and that of its bucket that is not over yet. */
function line(polarity, heard, { level, now }, color, remark) {
  const points = runs(heard.map((volume) => ({ ...volume, time: volume.start })), level);
  const unfinished = (point) => level > 60 && later(point.time, level) > now;
  const flat = points.flatMap((run) => [...run.map((point) => ({ ...point, alone: run.length === 1 })), null]);
  const whole = trace(flat.map((point) => (point && unfinished(point) ? null : point)));
  const last = points.at(-1)?.slice(-2) ?? [];
  const dotted = trace(last.length && unfinished(last.at(-1)) ? last : []);
  dotted.name = `${polarity}, so far`;
  dotted.line.dash = "dot";
  dotted.mode = "lines";
  if (dotted.x.length) dotted.hovertemplate[0] = "<extra></extra>";
  return [whole, dotted];

  function trace(entries) {
    const few = entries.length <= FEW;
    return {
      name: polarity,
      type: "scatter",
      mode: "lines+markers",
      line: { color, width: heard.length > MANY ? 1 : 1.75 },
      marker: { color, size: entries.map((point) => (few || point?.alone ? 5 : 0)) },
      connectgaps: false,
      x: entries.map((point) => point?.time ?? null),
      y: entries.map((point) => point?.[polarity] ?? null),
      customdata: entries.map((point) => point?.time ?? null),
      hovertemplate: entries.map((point) =>
        point ? `%{y} ${polarity}${unfinished(point) ? " so far" : ""}${remark(point)}<extra></extra>` : "",
      ),
      yaxis: "y2",
    };
  }
}

function people(point) {
  const watched = point.coverage < 0.995 ? `, watched ${Math.round(point.coverage * 100)} %` : "";
  const by = point.authors === null ? "" : ` by ${point.authors} people`;
  const copies = point.copies ? `, ${point.copies} of them copies` : "";
  return `<br>${point.total} posts${by}${copies}${watched}`;
}

function markers(events, colours) {
  return {
    name: "event",
    type: "scatter",
    mode: "markers",
    marker: { symbol: "triangle-down", size: 11, color: colours.event },
    cliponaxis: false,
    x: events.map((event) => event.time),
    y: events.map(() => 1),
    text: events.map((event) => plain(`${event.kind}: ${event.title}`.slice(0, 80))),
    hovertemplate: "%{text}<extra></extra>",
  };
}

function vertical(x, color, width, dash) {
  return { type: "line", xref: "x", yref: "paper", x0: x, x1: x, y0: 0, y1: 1, line: { color, width, dash } };
}

/** Return text that plotly, which knows a few tags, shows as it stands. */
function plain(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
