"""The HTML pages: the overview, and one for each topic."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import jinja2
from starlette.responses import HTMLResponse
from starlette.routing import Route

from dashboards import library, sparkline, window, words
from dashboards.api import known_topic
from dashboards.standing import LATELY, RECENT, Mood, ended, surroundings
from dashboards.summary import alarms, by_urgency, summarise
from signals import Level, iso

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request

    from dashboards.reader import Explain, Reader
    from dashboards.window import Window

_INCIDENTS = 8


def templates(folder: Path) -> jinja2.Environment:
    """Return the templates, which escape whatever they print."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "ago": words.ago,
        "amount": words.amount,
        "clock": words.clock,
        "duration": words.duration,
        "ended": ended,
        "iso": iso,
        "segment": words.segment,
        "stamp": words.stamp,
        "surroundings": surroundings,
        "web_url": words.web_url,
    }
    environment.globals |= {
        "plotly_url": library.URL,
        "spark_height": sparkline.HEIGHT,
        "spark_width": sparkline.WIDTH,
    }
    return environment


class Pages:
    """The pages; both run in worker threads."""

    def __init__(
        self, reader: Reader, environment: jinja2.Environment, explain: Explain | None
    ) -> None:
        """Show what ``reader`` knows. A topic without data is said to wait since this moment."""
        self._reader = reader
        self._explain = explain
        self._environment = environment
        self._started = datetime.now(UTC)

    def routes(self) -> list[Route]:
        """Return the routes. ``:path`` since a topic's name may hold slashes."""
        return [Route("/", self.overview), Route("/topics/{name:path}", self.topic)]

    def overview(self, _: Request) -> HTMLResponse:
        """Show all topics, the sources and the recent incidents."""
        now = datetime.now(UTC)
        recent = self._reader.incidents(None, now - RECENT, None)
        summaries = sorted(
            (
                summarise(self._reader, name, [i for i in recent if i.topic == name], now)
                for name in self._reader.topics()
            ),
            key=by_urgency,
        )
        return self._render(
            "overview.html",
            now=now,
            summaries=summaries,
            alarms=alarms(self._reader, summaries, now, self._explain),
            living=[s for s in summaries if s.standing.mood not in {Mood.ARCHIVE, Mood.WAITING}],
            deaf=[s for s in summaries if s.standing.mood is Mood.NOT_WATCHED],
            incidents=recent[:_INCIDENTS],
            sources=sorted(self._reader.sources(), key=lambda health: (health.ok, health.source)),
            missed=self._missed(now),
            delivery=self._reader.delivery(),
            started=self._started,
        )

    def topic(self, request: Request) -> HTMLResponse:
        """Show one topic's curves, and what people say."""
        now = datetime.now(UTC)
        name = known_topic(self._reader, request.path_params["name"])
        summary = summarise(
            self._reader, name, self._reader.incidents(name, now - RECENT, None), now
        )
        shown = self._kept(name, window.shown(request.query_params, summary.extent, now))
        return self._render(
            "topic.html",
            now=now,
            summary=summary,
            window=shown,
            ranges=[*window.RANGES, window.ALL],
            sources=self._reader.sources(),
            missed=self._missed(now),
            started=self._started,
            style_guards=library.style_guards(),
        )

    def _missed(self, now: datetime) -> dict[str, timedelta]:
        """Return how much of the last day each source has missed for good."""
        return {
            source: sum((gap.end - gap.start for gap in gaps), timedelta(0))
            for source, gaps in self._reader.gaps(now - LATELY, now).items()
        }

    def _kept(self, name: str, shown: Window) -> Window:
        """Return the window by the hour where its minutes were dropped with age."""
        if shown.range != window.CUSTOM or shown.level is not Level.MINUTE:
            return shown
        hours = replace(shown, start=Level.HOUR.floor(shown.start), level=Level.HOUR)
        by_minute, by_hour = (
            sum(v.total for v in self._reader.volumes(name, one.start, one.end, one.level))
            for one in (shown, hours)
        )
        return hours if by_hour and not by_minute else shown

    def _render(self, template: str, **context: object) -> HTMLResponse:
        return HTMLResponse(self._environment.get_template(template).render(context))
