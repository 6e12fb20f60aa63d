// Keeps a page fresh: every element marked data-live is replaced by its counterpart in a new copy of
// the page, so that the templates alone decide what is said. Nothing is ever assembled as markup here.

const PERIOD = 20_000;

/** Refresh every 20 seconds while the page is seen, then call `afterwards`. */
export function keepFresh(afterwards = async () => {}) {
  let latest = Date.now();

  async function refresh() {
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" } });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      renew(new DOMParser().parseFromString(await answer.text(), "text/html"));
      await afterwards();
      latest = Date.now();
      document.body.classList.remove("stale");
    } catch {
      tellStale(latest);
    }
  }

  setInterval(() => document.hidden || refresh(), PERIOD);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && Date.now() - latest > PERIOD) refresh();
  });
}

/** Say that what is seen is old. */
export function tellStale(since) {
  const time = new Date(since).toISOString().slice(11, 16);
  const place = document.getElementById("freshness");
  place.setAttribute("role", "alert");
  place.textContent = `No answer since ${time} UTC: what you see is old. Trying again.`;
  document.body.classList.add("stale");
}

function renew(copy) {
  document.title = copy.title;
  for (const old of document.querySelectorAll("[data-live]")) {
    const fresh = copy.getElementById(old.id);
    if (!fresh) return location.reload(); // the page has another shape now: a first topic, first data
    if (old.isEqualNode(fresh)) continue;
    const focused = old.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    old.replaceWith(fresh);
    if (focused) fresh.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }
}
