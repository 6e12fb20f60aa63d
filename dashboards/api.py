"""The JSON API that the page uses; ``docs/page.md`` describes it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route

from dashboards import documents, parameters
from dashboards.gaps import gaps
from dashboards.standing import LATELY, RECENT
from dashboards.summary import summarise
from dashboards.window import requested, stretch
from signals import iso

if TYPE_CHECKING:
    from starlette.requests import Request

    from dashboards.reader import Reader

_MENTIONS = 50
_MOST_MENTIONS = 200


def known_topic(reader: Reader, name: str) -> str:
    """Return the name of a topic that exists.

    Raises:
        HTTPException: 404, there is none of that name.
    """
    if name not in reader.topics():
        _unknown(name)
    return name


class Api:
    """One endpoint for each question; all of them run in worker threads."""

    def __init__(self, reader: Reader) -> None:
        """Answer from ``reader``."""
        self._reader = reader

    def routes(self) -> list[Route]:
        """Return the routes. ``:path`` since a topic's name may hold slashes."""
        topic = "/api/topics/{name:path}"
        return [
            Route("/api/topics", self.topics),
            Route(f"{topic}/volumes", self.volumes),
            Route(f"{topic}/verdicts", self.verdicts),
            Route(f"{topic}/mentions", self.mentions),
            Route(f"{topic}/events", self.events),
            Route("/api/incidents", self.incidents),
            Route("/api/sources", self.sources),
            Route("/api/delivery", self.delivery),
        ]

    def topics(self, _: Request) -> JSONResponse:
        """List the topics and how they stand."""
        now = datetime.now(UTC)
        recent = self._reader.incidents(None, now - RECENT, None)
        found = []
        for name in self._reader.topics():
            own = [incident for incident in recent if incident.topic == name]
            summary = summarise(self._reader, name, own, now)
            found.append(documents.topic(name, summary.standing, summary.extent))
        return JSONResponse({"topics": found})

    def volumes(self, request: Request) -> JSONResponse:
        """Give a topic's volume, and where nobody listened."""
        name, now = self._name(request), datetime.now(UTC)
        window = requested(request.query_params, now)
        found = self._reader.volumes(name, window.start, window.end, window.level)
        unwatched = gaps(found, window.start, window.end, window.level, now)
        return JSONResponse(
            {
                "topic": name,
                "start": iso(window.start),
                "end": iso(window.end),
                "level": window.level.name.lower(),
                "volumes": [documents.volume(volume) for volume in found],
                "gaps": [documents.span(gap) for gap in unwatched],
            }
        )

    def verdicts(self, request: Request) -> JSONResponse:
        """Give what the detector says of a topic."""
        name = self._name(request)
        window = requested(request.query_params, datetime.now(UTC))
        found = self._reader.verdicts(name, window.start, window.end, window.level)
        return JSONResponse({"verdicts": [documents.verdict(verdict) for verdict in found]})

    def mentions(self, request: Request) -> JSONResponse:
        """Give the most telling mentions of a topic."""
        name, query = self._name(request), request.query_params
        span = stretch(query, datetime.now(UTC))
        polarity = parameters.polarity(query, "polarity")
        limit = parameters.count(query, "limit", _MENTIONS, _MOST_MENTIONS)
        found = self._reader.mentions(name, span.start, span.end, polarity, limit)
        return JSONResponse({"mentions": [documents.mention(mention) for mention in found]})

    def events(self, request: Request) -> JSONResponse:
        """Give what may explain a topic's curve."""
        name = self._name(request)
        span = stretch(request.query_params, datetime.now(UTC))
        found = self._reader.events(name, span.start, span.end)
        return JSONResponse({"events": [documents.event(event) for event in found]})

    def incidents(self, request: Request) -> JSONResponse:
        """Give the incidents, newest first."""
        query = request.query_params
        topic = query.get("topic") or None
        if topic is not None:
            known_topic(self._reader, topic)
        start, end = parameters.instant(query, "start"), parameters.instant(query, "end")
        found = self._reader.incidents(topic, start, end)
        return JSONResponse({"incidents": [documents.incident(incident) for incident in found]})

    def sources(self, _: Request) -> JSONResponse:
        """Tell how each source is."""
        now = datetime.now(UTC)
        missed = self._reader.gaps(now - LATELY, now)
        found = [
            documents.source(health, missed.get(health.source, ()))
            for health in self._reader.sources()
        ]
        return JSONResponse({"sources": found})

    def delivery(self, _: Request) -> JSONResponse:
        """Tell how the delivery to InfluxDB is."""
        return JSONResponse(documents.delivery(self._reader.delivery()))

    def _name(self, request: Request) -> str:
        return known_topic(self._reader, request.path_params["name"])


def _unknown(name: str) -> NoReturn:
    raise HTTPException(404, f"There is no topic called {name[:100]!r}.")
