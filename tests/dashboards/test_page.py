"""The page as a person sees it, in a real Chromium."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import expect

from dashboards import create_app
from signals import BUCKET, Event, Evidence, Level, Phase, Polarity, Span, Volume, iso
from tests.dashboards import world
from tests.dashboards.journal import Journal, incident, post, this_minute, verdict
from tests.support.browser import Visit, served, visit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from playwright.sync_api import Browser, Page

    from signals import StoredMention

HOSTILE = [
    "<script>document.title = 'owned'</script><img src=x onerror=\"document.title = 'owned'\">",
    "{{ 7 * 7 }} ${7 * 7} </li></ul><h1>owned</h1>",
    "\u202egnorw si siht \u2066 עברית و العربية",
]


def drawn(page: Page) -> None:
    """Wait until the chart and the list are there."""
    page.wait_for_selector("#chart[data-drawn]")
    page.wait_for_selector("#posts[aria-busy=false]")


def trace(page: Page, name: str) -> Any:
    """Return the x and y of one of the chart's traces."""
    return page.evaluate(
        """name => {
          const {data} = document.getElementById("chart");
          const {x, y, fillpattern} = data.find((trace) => trace.name === name);
          return {x, y, hatched: fillpattern?.shape};
        }""",
        name,
    )


def texts(page: Page) -> list[str]:
    """Return the texts of the listed posts."""
    return page.locator("#posts .said").all_text_contents()


@contextmanager
def opened(browser: Browser, journal: Journal, path: str) -> Iterator[Visit]:
    """Open a page of ``journal``; whatever it does must stay at home and raise no complaint."""
    with served(create_app(journal)) as address, visit(browser) as seen:
        seen.page.goto(address + path)
        if path.startswith("/topics/"):
            drawn(seen.page)
        yield seen
        assert seen.complaints == []
        assert seen.foreign(address) == []


def hour_ago() -> datetime:
    """Return the minute that lies an hour back, in which the small journals begin."""
    return this_minute() - timedelta(hours=1)


def small(start: datetime, *posts: StoredMention, gap: range = range(0)) -> Journal:
    """Return an hour of one topic: each minute one complaint and two of praise, but for a gap."""
    minutes = [
        Volume(start + n * BUCKET, positive=2, negative=1, authors=3, coverage=1.0)
        for n in range(60)
        if n not in gap
    ]
    judged = [verdict(volume.start, volume.negative, 1.0) for volume in minutes]
    return Journal(minutes={"GitHub": minutes}, judged={"GitHub": judged}, posts=list(posts))


def test_two_lines_and_the_band_are_drawn(browser: Browser) -> None:
    """Negative and positive volume are the journal's numbers, and are really painted."""
    journal = small(hour_ago())
    with opened(browser, journal, "/topics/GitHub?range=1h") as seen:
        page = seen.page
        starts = [iso(volume.start) for volume in journal.minutes["GitHub"]]
        for name, count in (("negative", 1), ("positive", 2)):
            line = trace(page, name)
            known = [at for at in line["x"] if at]
            assert known == starts[-len(known) :]
            assert len(known) >= 59
            assert {y for y in line["y"] if y is not None} == {count}
        assert len(trace(page, "expected range")["x"]) > 100
        assert page.locator("#chart .scatterlayer .js-line").count() >= 3
        assert page.locator("#chart .js-fill").count() >= 1


def test_a_day_is_drawn_in_buckets_that_can_be_read(browser: Browser) -> None:
    """Minutes are added up to five, and a bucket's posts are those of all five."""
    start = hour_ago().replace(minute=0)
    in_it, after = post("GitHub", start + 4 * BUCKET, "in it", -0.5), start + 5 * BUCKET
    journal = small(start, in_it, post("GitHub", after, "after it", -0.5))
    with opened(browser, journal, f"/topics/GitHub?range=24h&at={iso(start + 2 * BUCKET)}") as seen:
        page = seen.page
        expect(page.locator("#chart-title")).to_have_text("Posts per 5 minutes")
        line = trace(page, "negative")
        counts = {at: count for at, count in zip(line["x"], line["y"], strict=True) if at}
        assert counts[iso(start)] == 5
        assert set(counts) <= {iso(start + 5 * n * BUCKET) for n in range(12)}
        assert page.locator("#posts-title").inner_text().endswith(" UTC, 5 minutes")
        assert texts(page) == ["in it"]


def test_a_gap_is_a_gap_and_no_zero(browser: Browser) -> None:
    """The line breaks where nobody listened, and the stretch is hatched."""
    start = hour_ago()
    journal = small(start, gap=range(20, 40))
    missing = Span(start + 20 * BUCKET, start + 40 * BUCKET)
    with opened(browser, journal, "/topics/GitHub?range=1h") as seen:
        line = trace(seen.page, "negative")
        assert 0 not in line["y"]
        assert line["y"].count(None) == 2  # in the gap, and after the last bucket
        hatching = trace(seen.page, "not watched")
        assert hatching["hatched"] == "/"
        assert {iso(missing.start), iso(missing.end)} <= set(hatching["x"])
        strokes = seen.page.locator("#chart .js-line").evaluate_all(
            "all => all.map((path) => path.style.stroke)"
        )
        assert strokes.count("rgb(200, 58, 16)") == 2  # plotly paints each unbroken part by itself


def test_an_incident_is_shaded_and_named(browser: Browser) -> None:
    """An open incident is shaded up to now, a past one until it ended."""
    start = hour_ago()
    journal = small(start)
    journal.spikes = [
        incident("GitHub", start + 50 * BUCKET, None, Phase.POSSIBLE, verdict(start, 3, 2)),
        incident("GitHub", start + 10 * BUCKET, timedelta(minutes=12)),
    ]
    with opened(browser, journal, "/topics/GitHub?range=1h") as seen:
        confirmed = trace(seen.page, "incident")["x"]
        assert confirmed[0] == iso(start + 10 * BUCKET)
        assert confirmed[2] == iso(start + 22 * BUCKET)
        assert trace(seen.page, "possible incident")["x"][0] == iso(start + 50 * BUCKET)
        assert seen.page.locator("#happenings .incident").count() == 2
        assert seen.page.locator("#headline .pill").inner_text() == "Possible"


def test_a_click_lists_the_posts_behind_the_point(browser: Browser) -> None:
    """The posts of the minute clicked are listed, by polarity, and the address remembers it."""
    start = hour_ago()
    chosen = start + 30 * BUCKET
    posts = [
        post("GitHub", chosen + timedelta(seconds=9), "it is down", -0.7, url="https://a.example/"),
        post("GitHub", chosen + timedelta(seconds=30), "love it", 0.8),
        post("GitHub", chosen - BUCKET, "too early", -0.9),
        post("GitHub", chosen + BUCKET, "too late", -0.9),
    ]
    with opened(browser, small(start, *posts), "/topics/GitHub?range=1h") as seen:
        page = seen.page
        assert len(texts(page)) == 3
        box = page.locator("#chart .nsewdrag").first.bounding_box()
        assert box is not None
        shown = page.evaluate("document.getElementById('chart').layout.xaxis.range.map(Date.parse)")
        part = (chosen.timestamp() * 1000 - shown[0]) / (shown[1] - shown[0])
        page.mouse.move(box["x"] + part * box["width"], box["y"] + 50)
        page.wait_for_selector("#chart .hoverlayer .legend")
        page.mouse.click(box["x"] + part * box["width"], box["y"] + 50)
        expect(page.locator("#posts .said")).to_have_text(["it is down"])
        link = page.locator("#posts a")
        assert link.get_attribute("href") == "https://a.example/"
        assert link.get_attribute("rel") == "noopener noreferrer nofollow"
        page.locator("#polarities").get_by_text("Positive").click()
        expect(page.locator("#posts .said")).to_have_text(["love it"])
        page.reload()
        drawn(page)
        assert texts(page) == ["love it"]
        page.get_by_role("button", name="Whole range").click()
        expect(page.locator("#whole")).to_be_hidden()
        assert "at=" not in page.url


def test_unscored_posts_and_copies_are_shown_as_such(browser: Browser) -> None:
    """There is a choice of unscored posts where there are any; a copy says that it is one."""
    start = hour_ago()
    at = start + 30 * BUCKET
    unread = replace(post("GitHub", at, "kaputt", 0.0), polarity=Polarity.UNSCORED)
    bad = post("GitHub", at, "it is down", -0.7)
    pasted = replace(post("GitHub", at, "it is down, too", -0.6), copy=True)
    journal = small(start, bad, pasted, unread)
    minutes = journal.minutes["GitHub"]
    minutes[30] = replace(minutes[30], unscored=1, copies=1)
    with opened(browser, journal, "/topics/GitHub?range=1h") as seen:
        expect(seen.page.locator("#posts .post", has_text="copy")).to_have_text(
            re.compile("it is down, too")
        )
        seen.page.locator("#polarities").get_by_text("Unscored").click()
        expect(seen.page.locator("#posts .said")).to_have_text(["kaputt"])
        expect(seen.page.locator("#posts .score")).to_have_text(["unscored"])
        assert "polarity=unscored" in seen.page.url
    with opened(browser, small(start, bad), "/topics/GitHub?range=1h") as seen:
        expect(seen.page.locator("#polarities").get_by_text("Unscored")).to_be_hidden()


def test_the_keyboard_reaches_every_bucket(browser: Browser) -> None:
    """Arrow keys walk through the buckets and pass over gaps; Escape returns to the range."""
    start = hour_ago()
    posts = [post("GitHub", start + n * BUCKET, f"minute {n}", -0.5) for n in range(60)]
    with opened(
        browser, small(start, *posts, gap=range(50, 58)), "/topics/GitHub?range=1h"
    ) as seen:
        page = seen.page
        page.focus("#chart")
        for key, expected in (
            ("End", "minute 59"),
            ("ArrowLeft", "minute 58"),
            ("ArrowLeft", "minute 49"),
            ("PageUp", "minute 39"),
            ("ArrowRight", "minute 40"),
        ):
            page.keyboard.press(key)
            expect(page.locator("#posts .said")).to_have_text([expected])
        page.keyboard.press("Escape")
        expect(page.locator("#posts .said")).to_have_count(25)


@pytest.mark.parametrize("path", ["/", "/topics/GitHub?range=1h"])
def test_hostile_text_stays_text(browser: Browser, path: str) -> None:
    """Markup, templates and bidirectional tricks are shown as they were written."""
    start = hour_ago()
    at = start + 55 * BUCKET
    journal = small(
        start,
        *(
            post("GitHub", at, text, -0.9, url="javascript:document.title='owned'")
            for text in HOSTILE
        ),
    )
    journal.spikes = [incident("GitHub", at - 2 * BUCKET, None)]
    journal.happenings = [
        Event("1", "<i>x</i>", HOSTILE[0], at, "GitHub", url="javascript:alert(1)"),
    ]
    journal.health = [replace(world.build().health[1], reason=HOSTILE[0], source=HOSTILE[1])]
    with opened(browser, journal, path) as seen:
        page = seen.page
        said = page.locator(".said").all_text_contents()
        assert sorted(said) == sorted(HOSTILE)
        assert "owned" not in page.title()
        assert page.locator("h1", has_text="owned").count() == 0
        assert page.locator("main img").count() == 0
        assert page.locator("a[href^='javascript' i]").count() == 0
        directions = page.locator(".said").evaluate_all("all => all.map((p) => p.dir)")
        assert set(directions) == {"auto"}
        if path != "/":
            assert HOSTILE[0] in page.locator("#happenings .event").inner_text()


def test_plotly_shows_the_title_of_an_event_as_it_stands(browser: Browser) -> None:
    """Plotly knows a few tags; a title is not read as markup by it either."""
    start = hour_ago()
    journal = small(start)
    at = start + 30 * BUCKET
    journal.happenings = [Event("1", "deploy", "<b>v7</b> & <a href='//x'>y</a>", at)]
    with opened(browser, journal, "/topics/GitHub?range=1h") as seen:
        page = seen.page
        box = page.locator("#chart .nsewdrag").first.bounding_box()
        assert box is not None
        shown = page.evaluate("document.getElementById('chart').layout.xaxis.range.map(Date.parse)")
        part = (at.timestamp() * 1000 - shown[0]) / (shown[1] - shown[0])
        page.mouse.move(box["x"] + part * box["width"], box["y"] + 20)
        page.wait_for_selector("#chart .hoverlayer .legend")
        hover = page.locator("#chart .hoverlayer")
        assert "<b>v7</b> & <a href='//x'>y</a>" in (hover.text_content() or "")
        assert hover.locator("a").count() == 0


@pytest.mark.parametrize("name", ["1h", "6h", "24h", "7d", "30d", "All"])
def test_range_links_lead_to_their_range(browser: Browser, address: str, name: str) -> None:
    """Each link draws, stays marked, and has an address of its own."""
    with visit(browser) as seen:
        seen.page.goto(f"{address}/topics/{world.LIVELY}")
        seen.page.get_by_role("link", name=name, exact=True).click()
        drawn(seen.page)
        assert urlsplit(seen.page.url).query == f"range={name.lower()}"
        current = seen.page.locator(".ranges [aria-current]")
        assert current.all_text_contents() == [name]
        assert seen.complaints == []


def test_a_custom_range_and_a_drag_have_addresses(browser: Browser, address: str) -> None:
    """The form and a drag over the chart both lead to a link that can be shared."""
    with visit(browser) as seen:
        page = seen.page
        page.goto(f"{address}/topics/{quote(world.ARCHIVE)}")
        drawn(page)
        page.get_by_text("From … to").click()
        page.get_by_label("From (UTC)").fill("2015-02-22T00:00")
        page.get_by_label("To (UTC)").fill("2015-02-24T00:00")
        page.get_by_role("button", name="Show").click()
        page.wait_for_url("**from=2015-02-22T00%3A00&to=2015-02-24T00%3A00")
        drawn(page)
        box = page.locator("#chart .nsewdrag").first.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 80)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 90, steps=5)
        page.mouse.up()
        page.wait_for_url("**from=2015-02-22T1*&to=2015-02-2*")
        drawn(page)
        assert page.locator("#window").get_attribute("data-level") == "60"


def test_an_archive_opens_on_its_own_extent(browser: Browser, address: str) -> None:
    """What was imported of 2015 is found without knowing when it was."""
    with visit(browser) as seen:
        seen.page.goto(address)
        seen.page.get_by_role("link", name=world.ARCHIVE).click()
        drawn(seen.page)
        known = [at for at in trace(seen.page, "negative")["x"] if at]
        assert (known[0], known[-1]) == ("2015-02-17T00:00:00Z", "2015-02-24T23:00:00Z")


class _Pruned(Journal):
    """A journal that has dropped its minutes, though it knows that they were watched."""

    def volumes(self, topic: str, start: datetime, end: datetime, level: Level) -> list[Volume]:
        """Return minutes as empty, hours as they were."""
        known = super().volumes(topic, start, end, level)
        if level is Level.MINUTE:
            return [Volume(volume.start, coverage=volume.coverage) for volume in known]
        return known


def test_minutes_that_are_no_longer_kept_are_shown_by_the_hour(browser: Browser) -> None:
    """What retention dropped is not drawn as silence."""
    start = hour_ago()
    journal = _Pruned(minutes=small(start).minutes)
    stretch = f"from={iso(start)}&to={iso(start + 30 * BUCKET)}"
    with opened(browser, journal, f"/topics/GitHub?{stretch}") as seen:
        assert seen.page.locator("#chart-title").inner_text() == "Posts per hour"
        assert 0 not in trace(seen.page, "negative")["y"]


def test_the_overview_says_what_is_wrong_first(browser: Browser, address: str) -> None:
    """What, since when, what people say; then the topics, the most urgent first."""
    with visit(browser) as seen:
        page = seen.page
        page.goto(address)
        assert page.locator("h1").inner_text() == "2 topics need attention"
        alarm = page.locator(".alarm").first
        assert alarm.locator("h2").inner_text() == world.LIVELY
        assert alarm.locator(".post").count() == 3
        assert len(set(alarm.locator(".said").all_text_contents())) == 3
        moods = page.locator(".topics .pill").all_text_contents()
        assert moods == ["Confirmed", "Possible", "Not watched", "Waiting", "Quiet", "Archive"]
        assert page.locator(".topics .spark .gap").count() > 0
        sick = page.locator(".source.unwell")
        assert "set a token" in sick.inner_text()
        assert "3 h ago" in sick.inner_text()
        assert "Missed 1 h 20 min of the last day." in sick.inner_text()
        assert "Missed" not in page.locator(".source.well").first.inner_text()
        assert seen.complaints == []
        assert seen.foreign(address) == []


def test_an_alarm_shows_what_stands_behind_it(browser: Browser) -> None:
    """The same as a message: numbers, words, other topics, deploys; what is hostile stays text."""
    now = this_minute()
    start = now - 30 * BUCKET
    journal = small(start, post("GitHub", now, "push fails", -0.5))
    journal.spikes.append(incident("GitHub", start, None))
    deploy = Event("1", "deploy", HOSTILE[0], now - timedelta(hours=2))
    found = Evidence(
        (post("GitHub", now, "of the evidence", -0.5),), 38, 61, 52, Span(start, now),
        expected=3.1, low=0.0, high=12.0, usual_share=0.2, unavailable=27,
        words=("push rejected", HOSTILE[0]), troubled=("GitLab",), events=(deploy,),
    )  # fmt: skip
    app = create_app(journal, explain=lambda _: found)
    with served(app) as address, visit(browser) as seen:
        seen.page.goto(address)
        told = dict(
            zip(
                seen.page.locator(".evidence dt").all_inner_texts(),
                seen.page.locator(".evidence dd").all_inner_texts(),
                strict=True,
            )
        )
        assert told["Complaints"] == (
            "38 of 61 mentions by 52 people in 30 min; usual are 3.1 (0 to 12); "
            "usually 20 % of mentions complain"
        )
        assert told["Unavailable"] == "27 complaints say that it does not work"
        assert told["Words"] == f"push rejected, {HOSTILE[0]}"
        assert told["Also in trouble"] == "GitLab"
        assert told["Shortly before"] == f"deploy {HOSTILE[0]}, 2 h ago"
        assert told["Official status"] == "nothing yet"
        assert seen.page.locator(".alarm .said").all_text_contents() == ["of the evidence"]
        assert seen.complaints == []


@pytest.mark.parametrize(
    ("age", "headline"),
    [
        (timedelta(minutes=1), "All quiet"),
        (timedelta(hours=2), "Nobody is listening"),
        (timedelta(days=400), "Nothing is watched at the moment"),
    ],
)
def test_only_what_is_watched_is_called_quiet(
    browser: Browser, age: timedelta, headline: str
) -> None:
    """A failure is never a zero: without listening there is no quiet."""
    heard = Volume(this_minute() - age, coverage=1.0)
    with opened(browser, Journal(minutes={"GitHub": [heard], "Nobody yet": []}), "/") as seen:
        assert seen.page.locator("h1").inner_text() == headline


def test_an_empty_hubbub_says_how_to_begin(browser: Browser) -> None:
    """Without topics there is a piece of configuration to copy."""
    with opened(browser, Journal(), "/") as seen:
        assert seen.page.locator("h1").inner_text() == "No topics yet"
        assert "[[topics]]" in seen.page.locator("#empty").inner_text()


def test_a_topic_without_data_says_what_it_waits_for(browser: Browser, address: str) -> None:
    """Since when, and for which sources, with their health."""
    with visit(browser) as seen:
        seen.page.goto(f"{address}/topics/{quote(world.WAITING)}")
        waiting = seen.page.locator("#waiting").inner_text()
        assert "listening since" in waiting
        assert "mastodon:fosstodon.org" in waiting
        assert seen.complaints == []


def test_fresh_data_arrives_without_losing_the_place(browser: Browser) -> None:
    """A refresh draws what is new, and keeps the range, the bucket chosen and the focus."""
    start = hour_ago()
    journal = small(start, post("GitHub", start + 30 * BUCKET, "it is down", -0.7))
    with served(create_app(journal)) as address, visit(browser) as seen:
        page = seen.page
        page.clock.install()
        page.goto(f"{address}/topics/GitHub?range=1h&at={iso(start + 30 * BUCKET)}")
        drawn(page)
        before = page.url
        page.focus("#chart")
        last = journal.minutes["GitHub"][-1]
        journal.minutes["GitHub"][-1] = replace(last, negative=77)
        journal.spikes.append(incident("GitHub", last.start, None))
        page.clock.run_for(21_000)
        expect(page.locator("#headline .pill")).to_have_text("Confirmed")
        expect(page.locator("#happenings .incident")).to_have_count(1)
        assert 77 in trace(page, "negative")["y"]
        assert page.url == before
        assert texts(page) == ["it is down"]
        assert page.evaluate("document.activeElement.id") == "chart"
        assert seen.complaints == []


def test_a_page_without_its_server_says_that_it_is_old(browser: Browser) -> None:
    """A failure to refresh is told, never passed over."""
    with visit(browser) as seen:
        with served(create_app(small(hour_ago()))) as address:
            seen.page.clock.install()
            seen.page.goto(f"{address}/")
            seen.page.wait_for_load_state("networkidle")
        seen.page.clock.run_for(21_000)
        seen.page.wait_for_selector("body.stale")
        assert "what you see is old" in seen.page.locator("#freshness").inner_text()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(
    "path",
    ["/", f"/topics/{world.LIVELY}?range=7d", f"/topics/{quote(world.ODD, safe='')}?range=24h"],
)
def test_a_phone_shows_everything_without_scrolling_sideways(
    browser: Browser, address: str, path: str, *, dark: bool
) -> None:
    """At 390 pixels nothing is wider than the screen, by day and by night."""
    with visit(browser, width=390, height=844, dark=dark) as seen:
        seen.page.goto(address + path)
        if path != "/":
            drawn(seen.page)
        assert seen.page.evaluate("document.documentElement.scrollWidth") == 390
        ground = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(14, 19, 24)") is dark
        assert seen.complaints == []
        assert seen.foreign(address) == []
