// The list of posts behind the chart, or behind one bucket of it.

import { clock, element, outward } from "./dom.js";

const LONGEST = 600;

/** Return the list's items. */
export function items(mentions, now) {
  return mentions.map((mention) => item(mention, now));
}

function item(mention, now) {
  const said = mention.text
    ? element("p", { class: "said", dir: "auto" }, shortened(mention.text))
    : element("p", { class: "said removed" }, "The text was removed after its retention time.");
  const judged = mention.polarity !== "unscored";
  const score = `${mention.compound < 0 ? "\u2212" : "+"}${Math.abs(mention.compound).toFixed(2)}`;
  const meta = element(
    "p",
    { class: "meta" },
    judged
      ? element("span", { class: "score", title: "Sentiment score from -1 to 1" }, score)
      : element("span", { class: "score", title: "In a language that is not judged" }, "unscored"),
    element("bdi", {}, mention.source),
    element("time", { datetime: mention.time }, clock(mention.time, now)),
    mention.availability ? element("span", { class: "tag" }, "does not work") : null,
    mention.copy ? element("span", { class: "tag", title: "It repeats what was said shortly before" }, "copy") : null,
    mention.url ? outward(mention.url, "Open post") : null,
  );
  return element("li", { class: `post ${mention.polarity}` }, said, meta);
}

function shortened(text) {
  const characters = [...text];
  return characters.length > LONGEST ? `${characters.slice(0, LONGEST).join("")}\u2026` : text;
}
