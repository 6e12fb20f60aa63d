"""From counts to messages: the detector, incidents and their life, and the channels."""

from __future__ import annotations

from alerts.backoff import next_attempt
from alerts.channels import KINDS, Channel, Sender, SendFailed, build
from alerts.channels.wording import facts
from alerts.complaints import Case
from alerts.detector import Detector, OutdatedState, StateError, create, create_for_totals
from alerts.example import example
from alerts.incidents import About, Life, Past, Sign, advance
from alerts.notifications import batches, bundle, notification, notifications
from alerts.telling import Audience, Fate, fates

__all__ = [
    "KINDS",
    "About",
    "Audience",
    "Case",
    "Channel",
    "Detector",
    "Fate",
    "Life",
    "OutdatedState",
    "Past",
    "SendFailed",
    "Sender",
    "Sign",
    "StateError",
    "advance",
    "batches",
    "build",
    "bundle",
    "create",
    "create_for_totals",
    "example",
    "facts",
    "fates",
    "next_attempt",
    "notification",
    "notifications",
]
