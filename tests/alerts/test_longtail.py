"""The long tail of services, through Apprise."""

from __future__ import annotations

import asyncio
import sys

import pytest

import settings
from alerts import SendFailed, build, notification
from signals import Step
from tests.support.channels import CANARY, LIBRARIES, NOW, PAGE, change, channel, evidence, table
from tests.support.receiver import Receiver

needs_apprise = pytest.mark.skipif(not LIBRARIES, reason="Apprise is not installed")


def test_without_the_library_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """A channel that is switched off asks for nothing."""
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(settings.SettingsError) as caught:
        channel("apprise")
    assert str(caught.value) == (
        'configuration: channels[0]: kind = "apprise" needs an extra: pip install "hubbub[apprise]"'
    )
    off = table("apprise") | {"enabled": False}
    assert build(settings.Settings(channels=(off,))) == ()


@needs_apprise
def test_a_message_arrives_as_plain_text() -> None:
    """With the type that gives it its colour."""
    with Receiver(secret=None) as receiver:
        sender = channel("apprise", receiver.base)
        for step in (Step.CONFIRMED, Step.RESOLVED):
            asyncio.run(sender.send(notification(sender, change(step), evidence(), PAGE), NOW))
    first, last = [delivery.body for delivery in receiver.accepted]
    assert (first["title"], first["type"]) == ("Trouble with Example", "failure")
    assert first["message"].startswith("Trouble with Example: 38 complaints in 10 minutes")
    assert first["message"].endswith(PAGE)
    assert last["type"] == "success"


@needs_apprise
def test_an_address_that_apprise_does_not_know_is_an_error() -> None:
    """It is not shown, since it may hold a password."""
    with pytest.raises(settings.SettingsError, match="Apprise knows no such address") as caught:
        channel("apprise", url=f"nonsense://{CANARY}")
    assert CANARY not in str(caught.value)


@needs_apprise
def test_a_defect_in_a_plug_in_is_a_failure_like_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried again, and what it says is not shown."""
    sender = channel("apprise")

    def fail(**_: object) -> bool:
        raise RuntimeError(CANARY)

    monkeypatch.setattr("apprise.Apprise.notify", lambda _, **keys: fail(**keys))
    with pytest.raises(SendFailed, match=r"Apprise failed \(RuntimeError\)") as caught:
        asyncio.run(sender.send(notification(sender, change(), evidence(), PAGE), NOW))
    assert not caught.value.permanent
    assert CANARY not in str(caught.value)
