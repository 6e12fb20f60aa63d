"""``hubbub import``: an archive of posts into the journal."""

from __future__ import annotations

import json
import sys
from collections import deque
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

import sentiment
from collectors import Archive, Columns, Refused, Row
from commands.app import app
from commands.options import Config, Json, StorePath, load
from pipeline import Judges, dated
from settings import Settings
from signals import BUCKET, Collection, Judgement, Level, Mention, Post, Span, Topic
from storage import Journal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BATCH = 1_000
"""Rows stored in one transaction."""

SHOWN = 10
"""Refused rows that are shown one by one."""

_Batch = list[tuple[Post, Topic]]


@dataclass(slots=True)
class _Summary:
    read: int = 0
    stored: int = 0
    duplicates: int = 0
    refused: int = 0


@app.command("import")
def import_archive(
    file: Annotated[Path, typer.Argument(metavar="F", help="CSV or JSON Lines; also .gz, .zst.")],
    topic: Annotated[str | None, typer.Option(metavar="T", help="The topic of all rows.")] = None,
    topic_column: Annotated[
        str | None,
        typer.Option(metavar="C", help="The column that names each row's topic. Default: topic."),
    ] = None,
    source: Annotated[
        str | None, typer.Option(metavar="S", help="Where it was heard. Default: import:NAME.")
    ] = None,
    id_column: Annotated[str, typer.Option(metavar="C")] = "id",
    time_column: Annotated[str, typer.Option(metavar="C")] = "time",
    text_column: Annotated[str, typer.Option(metavar="C")] = "text",
    author_column: Annotated[str, typer.Option(metavar="C")] = "author",
    config: Config = None,
    store: StorePath = None,
    *,
    as_json: Json = False,
) -> None:
    """Load an archive of posts through the whole pipeline; repeating it adds nothing.

    A bad row is counted, shown and skipped. A topic that the configuration lacks is made.

    Example: `hubbub import tweets.csv --topic-column airline`
    """
    if "" in {topic, topic_column} or (topic and topic_column):
        raise typer.BadParameter("give either --topic T or --topic-column C")
    if topic is None:
        topic_column = topic_column or "topic"
    settings = load(config, store)
    source = source or f"import:{file.name.partition('.')[0]}"
    columns = Columns(id_column, time_column, text_column, author_column, topic_column)
    with (
        Archive(file, columns, source) as archive,
        Judges(sentiment.build(settings.sentiment)) as judges,
        Journal(settings.store.path) as journal,
        _progress(archive, quiet=as_json) as advance,
    ):
        loader = _Loader(settings, judges, journal, source, topic)
        for item in archive:
            loader.take(item)
            if loader.summary.read % BATCH == 0:
                advance()
        summary = loader.finish()
    if as_json:
        typer.echo(json.dumps(asdict(summary)))
    else:
        typer.echo(
            f"{summary.read} rows read: {summary.stored} stored, "
            f"{summary.duplicates} known already, {summary.refused} refused"
        )


class _Loader:
    """Takes rows, has them judged, and stores them in batches, in the order of the archive.

    Attributes:
        summary: What has become of the rows so far.
    """

    def __init__(
        self, settings: Settings, judges: Judges, journal: Journal, source: str, topic: str | None
    ) -> None:
        self.summary = _Summary()
        self._judges = judges
        self._journal = journal
        self._source = source
        self._topic = topic
        self._now = datetime.now(UTC)
        self._topics = {each.name: each.build() for each in settings.topics}
        self._batch: _Batch = []
        self._judging: deque[tuple[_Batch, Future[list[Judgement]]]] = deque()
        self._first = datetime.max.replace(tzinfo=UTC)
        self._last = datetime.min.replace(tzinfo=UTC)

    def take(self, item: Row | Refused) -> None:
        """Have one row judged, or show why it is refused."""
        self.summary.read += 1
        if isinstance(item, Refused):
            self.summary.refused += 1
            if self.summary.refused <= SHOWN:
                typer.echo(f"line {item.line} refused: {item.reason}", err=True)
            elif self.summary.refused == SHOWN + 1:
                typer.echo("more rows are refused; only their number is shown", err=True)
            return
        name = self._topic or item.topic or ""
        if name not in self._topics:
            self._topics[name] = Topic(name, mask=(name,))
        post = dated(item.post, self._now)
        self._first = min(self._first, post.time)
        self._last = max(self._last, post.time)
        self._batch.append((post, self._topics[name]))
        if len(self._batch) == BATCH:
            self._judge()

    def finish(self) -> _Summary:
        """Store the rest; the time from the first post to the last counts as watched."""
        self._judge()
        while self._judging:
            self._store()
        if self._first <= self._last:
            end = min(Level.MINUTE.floor(self._last) + BUCKET, self._now)
            watched = (Span(Level.MINUTE.floor(self._first), end),)
            self._journal.load(Collection(self._source, watched=watched), (), now=self._now)
        return self.summary

    def _judge(self) -> None:
        self._judging.append((self._batch, self._judges.judge(self._batch)))
        self._batch = []
        if len(self._judging) > self._judges.ahead:
            self._store()

    def _store(self) -> None:
        batch, judgements = self._judging.popleft()
        mentions = [
            Mention(topic.name, post, judgement)
            for (post, topic), judgement in zip(batch, judgements.result(), strict=True)
        ]
        stored = self._journal.load(Collection(self._source), mentions, now=self._now)
        self.summary.stored += stored.new
        self.summary.duplicates += stored.known


@contextmanager
def _progress(archive: Archive, *, quiet: bool) -> Iterator[Callable[[], None]]:
    """Show a bar of the bytes read, on a terminal; yield what moves it."""
    bar = Progress(
        TextColumn("importing"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=quiet or not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task("importing", total=archive.size or None)
        yield lambda: bar.update(task, completed=archive.position)
