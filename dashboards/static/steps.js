// Buckets wide enough that a chart of them can be read.

import { later } from "./dom.js";

const NAMES = new Map([
  [60, "minute"],
  [300, "5 minutes"],
  [900, "15 minutes"],
  [3600, "hour"],
  [10800, "3 hours"],
  [21600, "6 hours"],
  [86400, "day"],
]);
const MOST = 360;

/** Return the width in seconds, `level` or more, by which the stretch has few enough buckets. */
export function widthFor(start, end, level) {
  const length = (Date.parse(end) - Date.parse(start)) / 1000;
  return [...NAMES.keys()].find((step) => step >= level && length / step <= MOST) ?? 86400;
}

/** Return what a bucket of that width is called: "minute", "5 minutes". */
export function nameOf(step) {
  return NAMES.get(step);
}

/** Return the start of the bucket that holds an instant; its end if the instant is to be after it. */
export function align(iso, step, round = Math.floor) {
  return later("1970-01-01T00:00:00Z", round(Date.parse(iso) / 1000 / step) * step);
}

/** Add volumes up; people, who may be the same in two of them, are not counted any more. */
export function mergeVolumes(volumes, level, step) {
  if (step === level) return volumes;
  return groups(volumes, "start", step).map(([start, group]) => ({
    start,
    negative: sum(group, (volume) => volume.negative),
    positive: sum(group, (volume) => volume.positive),
    neutral: sum(group, (volume) => volume.neutral),
    unscored: sum(group, (volume) => volume.unscored),
    copies: sum(group, (volume) => volume.copies),
    total: sum(group, (volume) => volume.total),
    authors: null,
    coverage: (sum(group, (volume) => volume.coverage) * level) / step,
  }));
}

/** Combine verdicts as the journal does for hours: the band's edges as of independent buckets. */
export function mergeVerdicts(verdicts, level, step) {
  if (step === level) return verdicts;
  return groups(verdicts, "time", step).map(([time, group]) => {
    const expected = sum(group, (verdict) => verdict.expected);
    const below = Math.sqrt(sum(group, (verdict) => (verdict.expected - verdict.low) ** 2));
    const above = Math.sqrt(sum(group, (verdict) => (verdict.high - verdict.expected) ** 2));
    return { time, expected, low: Math.max(expected - below, 0), high: expected + above };
  });
}

function groups(entries, key, step) {
  return [...Map.groupBy(entries, (entry) => align(entry[key], step))];
}

function sum(entries, value) {
  return entries.reduce((total, entry) => total + value(entry), 0);
}
