"""Sources in: each collector yields posts, readings or events, and which time it really heard.

A new source is one module with a table for its settings and a collector, one line in ``KINDS``,
and one case in ``tests/collectors/cases/``. Collectors are looked up by kind only, so that the
configuration can never import code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import settings as configuration
from collectors.appstore import AppStore, AppStoreSource
from collectors.archive import Archive, ArchiveError, Columns, Refused, Row
from collectors.bluesky import Bluesky, BlueskySource
from collectors.client import Client, Limits
from collectors.contract import (
    FASTEST,
    Blocked,
    Collector,
    Forbidden,
    Malformed,
    Missing,
    Probe,
    RateLimited,
    Silent,
    SourceError,
    Unauthorised,
    Unreachable,
    Walled,
    listening,
    streams,
)
from collectors.discourse import Discourse, DiscourseSource
from collectors.distrowatch import FIRST_YEAR, DistroWatch, DistroWatchSource, read_rankings
from collectors.feed import Feed, FeedSource
from collectors.googlenews import GoogleNews, GoogleNewsSource
from collectors.hackernews import HackerNews, HackerNewsSource
from collectors.inbox import Handed, Inbox, InboxSource
from collectors.lemmy import Lemmy, LemmySource
from collectors.lobsters import Lobsters, LobstersSource
from collectors.manners import Host
from collectors.mastodon import Mastodon, MastodonSource
from collectors.matching import Matcher, normalise
from collectors.reddit import Reddit, RedditSource
from collectors.simulator import Simulator, SimulatorSource
from collectors.stackexchange import StackExchange, StackExchangeSource
from collectors.statuspage import Statuspage, StatuspageSource
from collectors.x import X, XSource
from collectors.youtube import YouTube, YouTubeSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from settings import Settings, Source
    from signals import Topic

__all__ = [
    "FASTEST",
    "FIRST_YEAR",
    "KINDS",
    "Archive",
    "ArchiveError",
    "Blocked",
    "Client",
    "Collector",
    "Columns",
    "DistroWatch",
    "DistroWatchSource",
    "Forbidden",
    "Handed",
    "Host",
    "Inbox",
    "Kind",
    "Limits",
    "Malformed",
    "Matcher",
    "Missing",
    "Probe",
    "RateLimited",
    "Refused",
    "Row",
    "Silent",
    "SourceError",
    "Unauthorised",
    "Unreachable",
    "Walled",
    "build",
    "listening",
    "normalise",
    "read_rankings",
    "streams",
    "validate",
]

Factory: TypeAlias = "Callable[[Any, Client, Sequence[Topic]], Collector]"


class Kind(NamedTuple):
    """One kind of source: the table that configures it, and what collects from it."""

    table: type[Source]
    collector: Factory


KINDS: Mapping[str, Kind] = {
    "appstore": Kind(AppStoreSource, AppStore),
    "bluesky": Kind(BlueskySource, Bluesky),
    "discourse": Kind(DiscourseSource, Discourse),
    "distrowatch": Kind(DistroWatchSource, DistroWatch),
    "feed": Kind(FeedSource, Feed),
    "googlenews": Kind(GoogleNewsSource, GoogleNews),
    "hackernews": Kind(HackerNewsSource, HackerNews),
    "inbox": Kind(InboxSource, Inbox),
    "lemmy": Kind(LemmySource, Lemmy),
    "lobsters": Kind(LobstersSource, Lobsters),
    "mastodon": Kind(MastodonSource, Mastodon),
    "reddit": Kind(RedditSource, Reddit),
    "simulator": Kind(SimulatorSource, Simulator),
    "stackexchange": Kind(StackExchangeSource, StackExchange),
    "statuspage": Kind(StatuspageSource, Statuspage),
    "x": Kind(XSource, X),
    "youtube": Kind(YouTubeSource, YouTube),
}


def validate(settings: Settings, *, origin: str = "configuration") -> tuple[Source, ...]:
    """Return every table of ``settings.sources`` as its kind's, disabled ones too.

    Raises:
        SettingsError: A kind or key is unknown, a value is wrong, or a topic does not exist.
    """
    names = [topic.name for topic in settings.topics]
    tables = []
    for at, raw in enumerate(settings.sources):
        where = f"sources[{at}]"
        kind = str(raw.get("kind", ""))
        if kind not in KINDS:
            raise configuration.SettingsError(f"{origin}: {where}.kind: {_unknown(kind, KINDS)}")
        table = configuration.parse(KINDS[kind].table, raw, origin=origin, where=where)
        for name in table.topics:
            if name not in names:
                raise configuration.SettingsError(
                    f"{origin}: {where}.topics: {_unknown(name, names)}"
                )
        tables.append(table)
    return tuple(tables)


def build(
    settings: Settings, client: Client, topics: Sequence[Topic], *, origin: str = "configuration"
) -> tuple[Collector, ...]:
    """Return a collector for each enabled source of ``settings``; nothing is asked yet.

    Args:
        settings: The configuration.
        client: The shared client; it need not be open yet.
        topics: What is listened for.
        origin: What to call the configuration in errors, usually its path.

    Raises:
        SettingsError: See ``validate``; or two sources have the same name, or one has nothing to
            listen to.
    """
    collectors: dict[str, Collector] = {}
    for at, table in enumerate(validate(settings, origin=origin)):
        if not table.enabled:
            continue
        where = f"{origin}: sources[{at}]"
        listened = [topic for topic in topics if not table.topics or topic.name in table.topics]
        try:
            collector = KINDS[table.kind].collector(table, client, listened)
        except ValueError as error:
            raise configuration.SettingsError(f"{where}: {error}") from None
        if collector.source in collectors:
            raise configuration.SettingsError(
                f"{where}: another source is {collector.source} already; merge the two"
            )
        collectors[collector.source] = collector
    return tuple(collectors.values())


def _unknown(name: object, known: Iterable[str]) -> str:
    hint = configuration.suggest(str(name), known, "known")
    return f"{name!r} does not exist; {hint}" if name else f"is missing; {hint}"
