// Elements built from text, never from markup: what people posted stays text.

/** Return a new element with the given attributes and children (elements or text). */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

const pad = (number) => String(number).padStart(2, "0");
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** Return an instant as "24 Nov, 13:05", in UTC, with the year unless it is that of `now`. */
export function clock(iso, now) {
  const time = new Date(iso);
  const day = `${time.getUTCDate()} ${MONTHS[time.getUTCMonth()]}`;
  const year = time.getUTCFullYear() === new Date(now).getUTCFullYear() ? "" : ` ${time.getUTCFullYear()}`;
  return `${day}${year}, ${pad(time.getUTCHours())}:${pad(time.getUTCMinutes())}`;
}

/** Return an instant that lies `seconds` after another, as the API writes it. */
export function later(iso, seconds) {
  return new Date(Date.parse(iso) + seconds * 1000).toISOString().replace(".000Z", "Z");
}

/** Return a link that a post or an event gives; the API lets only http and https through. */
export function outward(url, text) {
  return element("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow" }, text);
}
