// One topic's page: draws the window that the server names, and lists the posts behind a bucket.

import { layout, traces } from "./chart.js";
import { clock, element, later, outward } from "./dom.js";
import { items } from "./posts.js";
import { keepFresh, tellStale } from "./refresh.js";
import { align, mergeVerdicts, mergeVolumes, nameOf, widthFor } from "./steps.js";

const LEVELS = { 60: "minute", 3600: "hour", 86400: "day" };
const CONFIG = { displayModeBar: false, responsive: true, doubleClick: false };
const LIMIT = 25;

const chart = document.getElementById("chart");
const list = document.getElementById("posts");
const query = new URLSearchParams(location.search);
const chosen = {
  at: Number.isNaN(Date.parse(query.get("at"))) ? null : later(query.get("at"), 0),
  polarity: ["negative", "positive", "neutral", "unscored", ""].includes(query.get("polarity")) ? query.get("polarity") : "negative",
};
let data = null;
let listed = "";
let asked = 0;

async function load() {
  const shown = document.getElementById("window").dataset;
  const level = Number(shown.level);
  const step = widthFor(shown.start, shown.end, level);
  const whole = { start: align(shown.start, step), end: align(shown.end, step, Math.ceil) };
  if (chosen.at) chosen.at = align(chosen.at, step);
  const stretch = new URLSearchParams(whole);
  const leveled = new URLSearchParams({ ...whole, level: LEVELS[level] });
  const [volumes, verdicts, events, incidents] = await Promise.all([
    ask(`${shown.api}/volumes?${leveled}`),
    ask(`${shown.api}/verdicts?${leveled}`),
    ask(`${shown.api}/events?${stretch}`),
    ask(`${shown.incidents}&${stretch}`),
  ]);
  data = {
    ...shown,
    ...events,
    ...incidents,
    ...whole,
    gaps: volumes.gaps,
    volumes: mergeVolumes(volumes.volumes, level, step),
    verdicts: mergeVerdicts(verdicts.verdicts, level, step),
    level: step,
  };
  document.getElementById("chart-title").textContent = `Posts per ${nameOf(step)}`;
  draw();
  tellHappenings();
  await listPosts();
}

async function ask(address) {
  const answer = await fetch(address);
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error);
  return told;
}

function draw() {
  const colours = palette();
  const first = !chart.dataset.drawn;
  if (first) chart.replaceChildren();
  window.Plotly.react(chart, traces(data, colours), layout(data, chosen.at, colours), CONFIG);
  if (first) listen();
  chart.dataset.drawn = data.end;
}

function palette() {
  const style = getComputedStyle(document.body);
  const names = ["negative", "positive", "ink", "muted", "line", "surface", "band", "gap", "incident", "possible", "event"];
  const colours = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  return { ...colours, font: style.fontFamily };
}

/** Name the events and incidents in the window, with their links. */
function tellHappenings() {
  const events = data.events.map((event) => [
    event.time,
    element(
      "li",
      { class: "event" },
      element("time", { datetime: event.time }, clock(event.time, data.now)),
      element("span", { class: "kind" }, event.kind),
      event.url ? outward(event.url, event.title) : element("bdi", {}, event.title),
    ),
  ]);
  const incidents = data.incidents.map((incident) => {
    const end = incident.ended ? `until ${clock(incident.ended, data.now)}` : "still open";
    const peak = `at its peak ${Math.round(incident.worst.observed)} where ${incident.worst.expected.toFixed(1)} were expected`;
    const told = element(
      "li",
      { class: `incident ${incident.phase}` },
      element("time", { datetime: incident.opened }, clock(incident.opened, data.now)),
      element("span", { class: "kind" }, `incident, ${incident.phase}`),
      `${end}, ${peak}`,
    );
    return [incident.opened, told];
  });
  const newestFirst = [...events, ...incidents].sort(([one], [other]) => (one < other ? 1 : -1));
  document.getElementById("happenings").replaceChildren(...newestFirst.map(([, told]) => told));
}

async function listPosts() {
  const [start, end] = chosen.at ? [chosen.at, later(chosen.at, data.level)] : [data.start, data.end];
  const within = data.volumes.filter((volume) => volume.start >= start && volume.start < end);
  describe(within);
  const mine = ++asked;
  const parameters = new URLSearchParams({ start, end, polarity: chosen.polarity, limit: LIMIT });
  const told = await ask(`${data.api}/mentions?${parameters}`);
  if (mine !== asked) return; // another bucket was chosen meanwhile
  const seen = JSON.stringify([parameters.toString(), told.mentions]);
  if (seen !== listed) {
    listed = seen;
    list.replaceChildren(...items(told.mentions, data.now), ...note(told.mentions.length, within));
  }
  list.setAttribute("aria-busy", "false");
}

/** Say what the list below is, and how many posts of each kind there are. */
function describe(within) {
  const title = chosen.at
    ? `Posts of ${clock(chosen.at, data.now)} UTC, ${nameOf(data.level).replace(/^(?=[a-z])/, "one ")}`
    : "What people say";
  const heading = document.getElementById("posts-title");
  if (heading.textContent !== title) heading.textContent = title;
  for (const id of ["earlier", "later", "whole"]) document.getElementById(id).hidden = !chosen.at;
  for (const radio of document.querySelectorAll("#polarities input")) {
    radio.checked = radio.value === chosen.polarity;
    const posts = count(within, radio.value);
    radio.nextElementSibling.querySelector("output").textContent = posts.toLocaleString("en");
    // Most topics are heard in languages that are judged.
    radio.parentElement.hidden = radio.value === "unscored" && !posts && !radio.checked;
  }
}

function count(volumes, polarity) {
  return volumes.reduce((sum, volume) => sum + volume[polarity || "total"], 0);
}

function note(length, within) {
  const total = count(within, chosen.polarity);
  const kind = chosen.polarity ? `${chosen.polarity} posts` : "posts";
  if (length && total > length) return [element("li", { class: "note" }, `The ${length} most telling of ${total.toLocaleString("en")}.`)];
  if (length) return [];
  const watched = within.some((volume) => volume.coverage > 0 || volume.total > 0);
  if (!watched) return [element("li", { class: "note" }, "Not watched then: what people said is unknown.")];
  return [element("li", { class: "note" }, total ? `The ${kind} are no longer kept; their count is.` : `No ${kind} here.`)];
}

/** Choose a bucket (or none), and remember it in the address. */
async function choose(at, polarity = chosen.polarity) {
  Object.assign(chosen, { at, polarity });
  const address = new URL(location.href);
  address.searchParams.set("polarity", polarity);
  if (at) address.searchParams.set("at", at);
  else address.searchParams.delete("at");
  history.replaceState(null, "", address);
  window.Plotly.relayout(chart, { shapes: layout(data, at, palette()).shapes });
  await listPosts().catch(() => tellStale(Date.now()));
}

/** Choose the bucket that lies `by` places from the present one; the last if none is chosen. */
function step(by) {
  const starts = data.volumes.map((volume) => volume.start);
  const present = starts.findLastIndex((start) => start <= chosen.at);
  const place = chosen.at ? present + by : starts.length - 1;
  const next = starts[Math.min(Math.max(place, 0), starts.length - 1)];
  if (next) choose(next);
}

function zoomed(change) {
  const [from, to] = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
  if (!from || !to) return;
  const minute = (text, round) => round(Date.parse(`${text.replace(" ", "T")}${text.includes(":") ? "Z" : ""}`) / 60_000) * 60;
  const start = minute(from, Math.floor);
  const end = Math.max(minute(to, Math.ceil), start + 2 * data.level);
  location.search = new URLSearchParams({ from: later("1970-01-01T00:00:00Z", start), to: later("1970-01-01T00:00:00Z", end) });
}

function listen() {
  chart.on("plotly_click", ({ points }) => {
    const point = points.find((one) => one.customdata);
    if (point) choose(point.customdata);
  });
  chart.on("plotly_relayout", zoomed);
  chart.addEventListener("keydown", (event) => {
    const moves = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity };
    if (event.key === "Escape") choose(null);
    else if (event.key in moves) step(moves[event.key]);
    else return;
    event.preventDefault();
  });
  document.getElementById("earlier").addEventListener("click", () => step(-1));
  document.getElementById("later").addEventListener("click", () => step(1));
  document.getElementById("whole").addEventListener("click", () => choose(null));
  document.getElementById("polarities").addEventListener("change", (event) => choose(chosen.at, event.target.value));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}

try {
  await load();
} catch (error) {
  chart.replaceChildren(element("p", { class: "note" }, `This could not be drawn: ${error.message}`));
}
keepFresh(load);
