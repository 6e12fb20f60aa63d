"""From a change to its messages: ids, and who is told of what."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from alerts import build, example, notification, notifications
from settings import Settings, Topic
from signals import Change, Notification, Severity, State, Step, Subject
from tests.support.channels import NOW, PAGE, change, channel, evidence
from tests.support.receiver import Receiver


def wants(told: Change, **keys: Any) -> bool:
    """Say whether a webhook with these keys is told of a change."""
    table = {"kind": "webhook", "name": "team", "url": "http://example.org"} | keys
    topics = tuple(Topic(name=name, any=(name,)) for name in ("Example", "Other"))
    (built,) = build(Settings(channels=(table,), topics=topics))
    return bool(notifications([built], told, evidence(), PAGE))


def test_the_id_is_made_of_change_and_channel() -> None:
    """The same change to the same channel has one id for ever; a header can carry it."""
    tables = [{"kind": "webhook", "name": n, "url": "http://example.org"} for n in ("a", "ü. b")]
    one, other = build(Settings(channels=tuple(tables)))
    told, heard = example(NOW)
    first = notification(one, told, heard, PAGE)
    assert notification(one, told, heard, "").id == first.id
    assert (first.channel, first.attempts, first.incident) == ("a", 0, "test")
    second = notification(other, told, heard, PAGE)
    later = notification(one, replace(told, time=NOW + timedelta(seconds=1)), heard, PAGE)
    assert len({first.id, second.id, later.id}) == 3
    assert re.fullmatch(r"msg_[0-9a-f]{32}", second.id)


@pytest.mark.parametrize("step", list(Step))
def test_a_channel_is_told_of_what_calls_for_somebody(step: Step) -> None:
    """What is only possible, or done by the operators themselves, is told to those who ask."""
    by_default = step not in {Step.POSSIBLE, Step.ACKNOWLEDGED, Step.SNOOZED}
    assert wants(change(step)) is by_default
    assert wants(change(step), steps=[step])
    assert not wants(change(step), steps=[each for each in Step if each is not step])


def test_pagerduty_learns_that_somebody_looks_after_it() -> None:
    """So that it stops to escalate."""
    assert channel("pagerduty").wants(change(Step.ACKNOWLEDGED))
    assert channel("pagerduty").wants(change(Step.SNOOZED))


@pytest.mark.parametrize(
    ("least", "told"),
    [
        ("info", {"info", "warning", "critical"}),
        ("warning", {"warning", "critical"}),
        ("critical", {"critical"}),
    ],
)
def test_what_matters_less_is_not_told(least: str, told: set[str]) -> None:
    """By default a warning is told, and what only informs is not."""
    found = {each.value for each in Severity if wants(change(severity=each), severity=least)}
    assert found == told
    assert not wants(change(severity=Severity.INFO))


def test_a_channel_may_be_for_some_topics() -> None:
    """Alarms of sources and of the delivery belong to no topic, and come by severity."""
    assert wants(change(), topics=["Example"])
    assert not wants(change(), topics=["Other"])
    for subject in (Subject.SOURCE, Subject.DELIVERY):
        alarm = change(subject=subject, severity=Severity.WARNING)
        assert wants(alarm, topics=["Other"])
        assert not wants(alarm, topics=["Other"], severity="critical")


def test_an_end_is_told_to_those_who_heard_of_the_beginning() -> None:
    """What was never more than possible ends quietly."""
    end = change(Step.RESOLVED, state=State.POSSIBLE)
    assert not wants(end)
    assert wants(end, steps=["possible", "resolved"])
    assert wants(change(Step.RESOLVED, state=State.CONFIRMED))


def test_a_digest_stores_the_message_and_sends_it_rendered() -> None:
    """Each of its lines is one change; together they are one delivery, in their order."""
    waiting = channel("webhook", digest="15m")
    first = notification(waiting, change(), evidence(), PAGE)
    last = notification(waiting, change(Step.RESOLVED), evidence(), PAGE)
    assert first.id != last.id
    assert waiting.digest == timedelta(minutes=15)
    with Receiver(secret=None) as receiver:
        sender = channel("webhook", receiver.base, digest="15m")
        asyncio.run(sender.send(first, NOW))
        both = Notification("msg_both", "webhook", f"{first.body}\n{last.body}")
        asyncio.run(sender.send(both, NOW))
    alone, together = [delivery.body for delivery in receiver.accepted]
    assert alone == json.loads(channel("webhook").render(change(), evidence(), PAGE))
    assert together["type"] == "digest"
    assert together["messages"][0] == alone
    assert [each["step"] for each in together["messages"]] == ["confirmed", "resolved"]
    assert receiver.accepted[1].id == "msg_both"
