"""``hubbub try``: what one collection would bring."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

import collectors
import sentiment
from commands.app import app
from commands.options import Config, Json, StorePath, load
from commands.terminal import row, say, show
from pipeline import Pipeline
from settings import SettingsError
from signals import iso

if TYPE_CHECKING:
    from collectors import Collector
    from settings import Settings
    from signals import Collection

SHOWN = 20


@app.command("try")
def try_source(
    source: Annotated[str, typer.Argument(help="Its name or kind, e.g. hackernews.")],
    topic: Annotated[str | None, typer.Option(metavar="T", help="Only mentions of this.")] = None,
    seconds: Annotated[
        float, typer.Option(min=0.1, metavar="N", help="How long to follow a source that streams.")
    ] = 10.0,
    config: Config = None,
    store: StorePath = None,
    *,
    as_json: Json = False,
) -> None:
    """Collect once, print what would be stored and how it scores; store nothing.

    Example: `hubbub try hackernews --topic GitHub`
    """
    settings = load(config, store)
    report = asyncio.run(_collect(settings, source, topic, seconds))
    if as_json:
        typer.echo(json.dumps(report, indent=2, ensure_ascii=False))
    else:
        _show(report)


async def _collect(
    settings: Settings, name: str, topic: str | None, seconds: float
) -> dict[str, Any]:
    topics = [each.build() for each in settings.topics]
    if topic is not None and topic not in {each.name for each in topics}:
        known = ", ".join(each.name for each in topics)
        raise SettingsError(f"no topic is called {topic!r}; the configuration has: {known}")
    pipeline = Pipeline(topics, sentiment.build(settings.sentiment))
    async with collectors.Client(settings.service.contact) as client:
        found = collectors.build(settings, client, topics)
        chosen = [each for each in found if name in {each.source, each.source.partition(":")[0]}]
        if not chosen:
            known = ", ".join(each.source for each in found)
            raise SettingsError(f"no source is called {name!r}; the configuration has: {known}")
        portions = await _listen(chosen[0], seconds)
    now = datetime.now(UTC)
    posts = [post for portion in portions for post in portion.posts]
    among = frozenset({topic}) if topic else chosen[0].topics
    mentions = pipeline.mentions(posts, now=now, among=among)
    return {
        "source": chosen[0].source,
        "posts": len(posts),
        "watched": [
            {"start": iso(span.start), "end": iso(span.end)}
            for portion in portions
            for span in portion.watched
        ],
        "mentions": [
            {
                "topic": mention.topic,
                "time": iso(mention.post.time),
                "polarity": mention.judgement.polarity.value,
                "compound": mention.judgement.compound,
                "text": mention.post.text,
                "url": mention.post.url,
            }
            for mention in sorted(mentions, key=lambda mention: mention.post.time, reverse=True)
        ],
        "readings": [
            {"span": reading.span, "rank": reading.rank, "name": reading.name, "hits": reading.hits}
            for portion in portions
            for reading in portion.readings
        ],
    }


async def _listen(collector: Collector, seconds: float) -> list[Collection]:
    """Return what one call yields; of a stream, what it yields within ``seconds``."""
    portions: list[Collection] = []
    runs_on = collectors.streams(collector)
    try:
        async with (
            asyncio.timeout(seconds if runs_on else None),
            collectors.listening(collector, None, datetime.now(UTC)) as heard,
        ):
            async for portion in heard:
                portions.append(portion)  # noqa: PERF401 - what came before the end counts
    except TimeoutError:
        if not runs_on:
            raise
    return portions


def _show(report: dict[str, Any]) -> None:
    mentions, readings = report["mentions"], report["readings"]
    say(
        f"{report['source']}: {report['posts']} posts, {len(mentions)} mentions, "
        f"{len(readings)} readings; nothing was stored"
    )
    if mentions:
        table = Table("time", "topic", "score", "text")
        for each in mentions[:SHOWN]:
            text = " ".join(each["text"].split())[:120]
            row(table, each["time"], each["topic"], f"{each['compound']:+.2f}", text)
        show(table)
    if readings:
        table = Table("span", "rank", "distro", "hits a day")
        for each in readings[:SHOWN]:
            row(table, each["span"], str(each["rank"]), each["name"], str(each["hits"]))
        show(table)
