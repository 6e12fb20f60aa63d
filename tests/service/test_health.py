"""What the service says of itself, asked over HTTP."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
from prometheus_client.parser import text_string_to_metric_families

import settings
from service import Health, PageServer
from storage import Journal, Reader
from tests.support.serving import page

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.serving import Clock


@asynccontextmanager
async def served(path: Path) -> AsyncIterator[tuple[Health, httpx.AsyncClient]]:
    """Serve the page of an empty journal by a real server."""
    Journal(path).close()
    health = Health()
    async with (
        PageServer(page(), Reader(path), health.routes()) as server,
        httpx.AsyncClient(base_url=server.url, trust_env=False) as client,
    ):
        yield health, client


def test_it_is_alive_whatever_happens(path: Path) -> None:
    """``/healthz`` depends on nothing outside, and tells which configuration is live."""

    async def run() -> None:
        async with served(path) as (health, client):
            health.expect("hackernews", timedelta(minutes=1))
            health.store_problem = "the disk is full"
            health.begin(settings.Settings())
            first = (await client.get("/healthz")).raise_for_status().json()
            health.begin(settings.Settings(service=settings.Service(contact="me")))
            second = (await client.get("/healthz")).json()
            assert first["status"] == second["status"] == "ok"
            assert first["configuration"] != second["configuration"]

    asyncio.run(run())


def test_it_is_ready_while_the_store_and_a_source_are_well(path: Path, clock: Clock) -> None:
    """``/readyz`` says why it is not."""

    async def run() -> None:
        async with served(path) as (health, client):

            async def reasons() -> list[str]:
                answer = await client.get("/readyz")
                document = answer.json()
                assert answer.is_success == (document["status"] == "ready")
                found: list[str] = document["reasons"]
                return found

            assert await reasons() == []
            health.expect("hackernews", timedelta(minutes=1))
            health.expect("mastodon:fosstodon.org", timedelta(minutes=1))
            assert await reasons() == ["no source was heard lately"]
            health.heard("hackernews")
            assert await reasons() == []
            clock.forward(170)
            assert await reasons() == []
            clock.forward(20)
            assert await reasons() == ["no source was heard lately"]
            health.heard("mastodon:fosstodon.org")
            health.store_problem = "the disk is full"
            assert await reasons() == ["the disk is full"]
            health.store_problem = ""
            health.stopping = True
            assert await reasons() == ["stopping"]

    asyncio.run(run())


def test_a_source_that_is_no_longer_configured_is_not_expected(path: Path) -> None:
    """A new configuration begins with nobody to wait for."""

    async def run() -> None:
        async with served(path) as (health, client):
            health.expect("hackernews", timedelta(minutes=1))
            health.begin(settings.Settings())
            assert (await client.get("/readyz")).status_code == 200

    asyncio.run(run())


def test_metrics_are_what_prometheus_reads(path: Path) -> None:
    """Counters, gauges and their labels, without a second series for each counter's beginning."""

    async def run() -> None:
        async with served(path) as (health, client):
            health.mentions.labels('odd "source"\n').inc(3)
            health.lag.labels("hackernews").set(12.5)
            health.outbox.set(7)
            answer = await client.get("/metrics")
            assert answer.headers["content-type"].startswith("text/plain")
            samples = {
                (sample.name, *sample.labels.values()): sample.value
                for family in text_string_to_metric_families(answer.text)
                for sample in family.samples
            }
            assert samples["hubbub_mentions_total", 'odd "source"\n'] == 3
            assert samples["hubbub_source_lag_seconds", "hackernews"] == 12.5
            assert samples["hubbub_outbox_lines",] == 7
            assert not [name for name, *_ in samples if name.endswith("_created")]

    asyncio.run(run())
