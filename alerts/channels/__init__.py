"""Ways to tell people of a change. A new kind is one module here and one line in ``KINDS``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import settings
from alerts.channels.contract import Channel, SendFailed
from alerts.channels.payload import payload, sentence
from alerts.channels.webhook import Webhook, WebhookSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["KINDS", "Channel", "Kind", "SendFailed", "build", "payload", "sentence"]


class Kind(NamedTuple):
    """A kind of channel: the shape of its table, and what is made of it."""

    table: type[settings.Channel]
    create: Callable[[Any], Channel]


KINDS: Mapping[str, Kind] = {
    "webhook": Kind(WebhookSettings, Webhook),
}


def build(
    configuration: settings.Settings, *, origin: str = "configuration"
) -> tuple[Channel, ...]:
    """Return the enabled channels of the configuration, in its order.

    Args:
        configuration: The whole configuration; its ``channels`` are validated here.
        origin: What to call the file in errors.

    Raises:
        settings.SettingsError: A kind or key is unknown, a value is wrong, or two channels have one
            name.
    """
    channels: list[Channel] = []
    names: set[str] = set()
    for at, table in enumerate(configuration.channels):
        where = f"channels[{at}]"
        kind = _kind(table, f"{origin}: {where}.kind")
        options = settings.parse(kind.table, table, origin=origin, where=where)
        if options.name in names:
            raise settings.SettingsError(
                f"{origin}: {where}.name: another channel is called {options.name!r}; rename one"
            )
        names.add(options.name)
        if options.enabled:
            channels.append(kind.create(options))
    return tuple(channels)


def _kind(table: Mapping[str, Any], place: str) -> Kind:
    name = table.get("kind")
    if name is None:
        raise settings.SettingsError(f"{place}: is missing; known kinds: {', '.join(KINDS)}")
    if name not in KINDS:
        remedy = settings.suggest(str(name), KINDS, "known kinds")
        raise settings.SettingsError(f"{place}: unknown kind {name!r}; {remedy}")
    return KINDS[name]
