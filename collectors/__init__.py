"""Sources in: each collector yields posts, readings or events, and which time it really heard.

A new source is one module with a table for its settings and a collector, one line in ``KINDS``,
and one case in ``tests/collectors/cases/``. Collectors are looked up by kind only, so that the
configuration can never import code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import settings as configuration
from collectors.archive import Archive, ArchiveError, Columns, Refused, Row
from collectors.client import Client, Limits
from collectors.contract import (
    Blocked,
    Collector,
    Malformed,
    Missing,
    Probe,
    RateLimited,
    SourceError,
    Unauthorised,
    Unreachable,
)
from collectors.distrowatch import DistroWatch, DistroWatchSource
from collectors.hackernews import HackerNews, HackerNewsSource
from collectors.mastodon import Mastodon, MastodonSource
from collectors.matching import Matcher
from collectors.simulator import Simulator, SimulatorSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from settings import Settings, Source
    from signals import Topic

__all__ = [
    "KINDS",
    "Archive",
    "ArchiveError",
    "Blocked",
    "Client",
    "Collector",
    "Columns",
    "Limits",
    "Malformed",
    "Matcher",
    "Missing",
    "Probe",
    "RateLimited",
    "Refused",
    "Row",
    "SourceError",
    "Unauthorised",
    "Unreachable",
    "build",
    "validate",
]

Factory: TypeAlias = "Callable[[Any, Client, Sequence[Topic]], Collector]"


class Kind(NamedTuple):
    """One kind of source: the table that configures it, and what collects from it."""

    table: type[Source]
    collector: Factory


KINDS: Mapping[str, Kind] = {
    "distrowatch": Kind(DistroWatchSource, DistroWatch),
    "hackernews": Kind(HackerNewsSource, HackerNews),
    "mastodon": Kind(MastodonSource, Mastodon),
    "simulator": Kind(SimulatorSource, Simulator),
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
