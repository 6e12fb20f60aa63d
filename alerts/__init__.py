"""From counts to messages: the detector, incidents and their life, and the channels."""

from __future__ import annotations

from alerts.backoff import next_attempt
from alerts.channels import KINDS, Channel, SendFailed, build
from alerts.detector import Detector, StateError, create
from alerts.example import example
from alerts.incidents import advance, announced
from alerts.notifications import notification

__all__ = [
    "KINDS",
    "Channel",
    "Detector",
    "SendFailed",
    "StateError",
    "advance",
    "announced",
    "build",
    "create",
    "example",
    "next_attempt",
    "notification",
]
