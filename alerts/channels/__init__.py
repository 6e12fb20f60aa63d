"""Ways to tell people of a change. A new kind is one module here and one line in ``KINDS``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import settings
from alerts.channels.channel import Channel
from alerts.channels.contract import Sender, SendFailed
from alerts.channels.discord import Discord, DiscordSettings
from alerts.channels.longtail import Apprise, AppriseSettings
from alerts.channels.mail import Email, EmailSettings
from alerts.channels.ntfy import Ntfy, NtfySettings
from alerts.channels.pagerduty import PagerDuty, PagerDutySettings
from alerts.channels.slack import Slack, SlackSettings
from alerts.channels.teams import Teams, TeamsSettings
from alerts.channels.webhook import Webhook, WebhookSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["KINDS", "Channel", "Kind", "SendFailed", "Sender", "build"]


class Kind(NamedTuple):
    """A kind of channel: the shape of its table, and what sends."""

    table: type[settings.Channel]
    create: Callable[[Any], Sender]


KINDS: Mapping[str, Kind] = {
    "apprise": Kind(AppriseSettings, Apprise),
    "discord": Kind(DiscordSettings, Discord),
    "email": Kind(EmailSettings, Email),
    "ntfy": Kind(NtfySettings, Ntfy),
    "pagerduty": Kind(PagerDutySettings, PagerDuty),
    "slack": Kind(SlackSettings, Slack),
    "teams": Kind(TeamsSettings, Teams),
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
        settings.SettingsError: A kind, a key or a topic is unknown, a value is wrong, what a kind
            needs is not installed, or two channels have one name.
    """
    channels: list[Channel] = []
    names: set[str] = set()
    topics = [topic.name for topic in configuration.topics]
    for at, table in enumerate(configuration.channels):
        where = f"channels[{at}]"
        kind = _kind(table, f"{origin}: {where}.kind")
        options = settings.parse(kind.table, table, origin=origin, where=where)
        _check_topics(options.topics, topics, f"{origin}: {where}.topics")
        if options.name in names:
            raise settings.SettingsError(
                f"{origin}: {where}.name: another channel is called {options.name!r}; rename one"
            )
        names.add(options.name)
        if options.enabled:
            channels.append(_channel(kind, options, f"{origin}: {where}"))
    return tuple(channels)


def _kind(table: Mapping[str, Any], place: str) -> Kind:
    name = table.get("kind")
    if name is None:
        raise settings.SettingsError(f"{place}: is missing; known kinds: {', '.join(KINDS)}")
    if name not in KINDS:
        remedy = settings.suggest(str(name), KINDS, "known kinds")
        raise settings.SettingsError(f"{place}: unknown kind {name!r}; {remedy}")
    return KINDS[name]


def _check_topics(named: Iterable[str], known: Iterable[str], place: str) -> None:
    for name in named:
        if name not in known:
            remedy = settings.suggest(name, known, "known topics")
            raise settings.SettingsError(f"{place}: {name!r} does not exist; {remedy}")


def _channel(kind: Kind, options: settings.Channel, place: str) -> Channel:
    try:
        return Channel(options, kind.create(options))
    except ValueError as error:
        raise settings.SettingsError(f"{place}: {error}") from None
