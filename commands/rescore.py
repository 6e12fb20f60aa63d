"""``hubbub rescore``: judge anew what another engine, or an older one, has judged."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

import sentiment
from commands.app import app
from commands.options import DAYS_OR_INSTANTS, Config, Json, StorePath, in_utc, load
from commands.progress import progress
from settings import suggest
from signals import Topic
from storage import Journal, Reader

if TYPE_CHECKING:
    from pathlib import Path

    from sentiment import Scorer
    from settings import Settings

BATCH = 1_000
"""Mentions judged, and stored in one transaction."""


@dataclass(slots=True)
class _Summary:
    engine: str
    judged: int = 0
    changed: int = 0
    gone: int = 0


@app.command()
def rescore(
    topic: Annotated[
        str | None, typer.Option(metavar="T", help="Only mentions of this topic.")
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            metavar="TIME",
            formats=DAYS_OR_INSTANTS,
            help="Only mentions from then on.",
        ),
    ] = None,
    config: Config = None,
    store: StorePath = None,
    *,
    as_json: Json = False,
) -> None:
    """Judge stored mentions again after the engine or its lexicon has changed.

    It may be stopped at any time and called again, and the service may run meanwhile.

    Example: `hubbub rescore --topic GitHub --since 2026-11-01`
    """
    settings = load(config, store)
    path = settings.store.path
    known = Reader(path).topics()
    if topic is not None and topic not in known:
        raise typer.BadParameter(
            f"no topic {topic!r} in {path}; {suggest(topic, known, 'it has')}", param_hint="--topic"
        )
    since = in_utc(since) if since else None
    summary = _rescore(
        path, settings, sentiment.build(settings.sentiment), topic, since, quiet=as_json
    )
    if as_json:
        typer.echo(json.dumps(asdict(summary)))
        return
    typer.echo(
        f"{summary.judged} mentions judged anew by {summary.engine}: {summary.changed} changed"
    )
    if summary.gone:
        typer.echo(f"{summary.gone} could not be, since their text is no longer kept")


def _rescore(
    path: Path,
    settings: Settings,
    scorer: Scorer,
    topic: str | None,
    since: datetime | None,
    *,
    quiet: bool,
) -> _Summary:
    topics = {each.name: each.build() for each in settings.topics}
    summary = _Summary(scorer.name)
    with Journal(path) as journal:
        rescoring = journal.rescoring
        left, summary.gone = rescoring.count(scorer.name, topic, since)
        last = 0
        with progress("rescoring", left, quiet=quiet) as advance:
            while batch := rescoring.batch(scorer.name, topic, since, after=last, limit=BATCH):
                judgements = sentiment.score_all(
                    scorer,
                    [
                        sentiment.Request(
                            stale.text,
                            topics.get(stale.topic) or Topic(stale.topic, mask=(stale.topic,)),
                            stale.language,
                        )
                        for stale in batch
                    ],
                )
                summary.changed += rescoring.store(list(zip(batch, judgements, strict=True)))
                summary.judged += len(batch)
                last = batch[-1].row
                advance(len(batch))
    return summary
