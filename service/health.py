"""Is the service alive, is it ready, and what does it count?

``/healthz`` answers as long as the event loop turns; it never depends on a remote site. ``/readyz``
also wants the store to be writable and at least one source to be fresh. ``/metrics`` speaks
Prometheus' text format.
"""

from __future__ import annotations

import time
from datetime import timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    disable_created_metrics,
    generate_latest,
)
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from settings import Settings

# They would double the series, and nobody asks when a counter began.
disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no annotations

FRESH_INTERVALS = 3
"""A source is fresh if it was heard within so many of its intervals, but at least a minute."""


def patience_of(interval: timedelta) -> timedelta:
    """Return how long a source that should be heard every ``interval`` may be unheard."""
    return max(interval * FRESH_INTERVALS, timedelta(minutes=1))


class Health:
    """Counts what happens and answers for the service.

    Attributes:
        stopping: Set while the service drains.
        store_problem: Why the journal cannot be written; empty while it can.
        configuration: A short hash of the configuration that is live.
    """

    def __init__(self) -> None:
        """Start with nothing counted and nothing heard."""
        self.stopping = False
        self.store_problem = ""
        self.configuration = ""
        self.registry = CollectorRegistry()
        self.mentions = Counter(
            "hubbub_mentions", "Mentions stored", ["source"], registry=self.registry
        )
        self.collections = Counter(
            "hubbub_collections", "Attempts to listen", ["source", "result"], registry=self.registry
        )
        self.lag = Gauge(
            "hubbub_source_lag_seconds",
            "From the end of what was listened to until now, at the latest success",
            ["source"],
            registry=self.registry,
        )
        self.well = Gauge(
            "hubbub_source_well",
            "Whether the latest attempt to listen succeeded",
            ["source"],
            registry=self.registry,
        )
        self.pace = Gauge(
            "hubbub_source_interval_seconds",
            "How often a source that is polled is asked at present",
            ["source"],
            registry=self.registry,
        )
        self.gaps = Counter(
            "hubbub_source_missed_seconds",
            "Time that a source could no longer give when it was asked again",
            ["source"],
            registry=self.registry,
        )
        self.outbox = Gauge(
            "hubbub_outbox_lines", "Lines that wait for InfluxDB", registry=self.registry
        )
        self.refused = Gauge(
            "hubbub_refused_lines", "Lines that InfluxDB refused", registry=self.registry
        )
        self.changes = Counter(
            "hubbub_incident_changes", "Changes of incidents", ["phase"], registry=self.registry
        )
        self.notifications = Counter(
            "hubbub_notifications",
            "Attempts to notify",
            ["channel", "result"],
            registry=self.registry,
        )
        self.missed = Counter(
            "hubbub_jobs_missed", "Runs skipped or failed, by job", ["job"], registry=self.registry
        )
        self._heard: dict[str, float] = {}
        self._expected: dict[str, float] = {}
        self._patience: dict[str, float] = {}

    def begin(self, settings: Settings) -> None:
        """Note that ``settings`` are live from now on, and expect no source yet."""
        text = settings.model_dump_json(exclude_defaults=True)  # secrets are masked in it
        self.configuration = blake2b(text.encode(), digest_size=6).hexdigest()
        self._patience.clear()
        self.well.clear()
        self.pace.clear()

    def expect(self, source: str, interval: timedelta) -> None:
        """Note that ``source`` should be heard every ``interval`` from now on."""
        self._patience[source] = patience_of(interval).total_seconds()
        self._expected[source] = time.monotonic()

    def heard(self, source: str) -> None:
        """Note that ``source`` was heard just now."""
        self._heard[source] = time.monotonic()
        self.well.labels(source).set(1)

    def unwell(self, source: str) -> None:
        """Note that ``source`` was not heard just now, though it was asked."""
        self.well.labels(source).set(0)

    def unheard(self, source: str) -> float:
        """Return the seconds since ``source`` was heard, or else since it was expected to be."""
        now = time.monotonic()
        return now - max(self._heard.get(source, 0.0), self._expected.get(source, now))

    def routes(self) -> list[BaseRoute]:
        """Return the three addresses."""
        return [
            Route("/healthz", self._healthz),
            Route("/readyz", self._readyz),
            Route("/metrics", self._metrics),
        ]

    def unready(self) -> list[str]:
        """Return why the service is not ready; nothing if it is."""
        now = time.monotonic()
        fresh = any(
            now - self._heard.get(source, float("-inf")) < patience
            for source, patience in self._patience.items()
        )
        return [
            reason
            for reason, holds in (
                ("stopping", self.stopping),
                (self.store_problem, bool(self.store_problem)),
                ("no source was heard lately", bool(self._patience) and not fresh),
            )
            if holds
        ]

    async def _healthz(self, _: Request) -> Response:
        return JSONResponse({"status": "ok", "configuration": self.configuration})

    async def _readyz(self, _: Request) -> Response:
        reasons = self.unready()
        status = {"status": "unready" if reasons else "ready", "reasons": reasons}
        return JSONResponse(status, status_code=503 if reasons else 200)

    async def _metrics(self, _: Request) -> Response:
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)
