"""Messages that wait for others: each change is told exactly once, whatever happens on the way."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import time_machine

import alerts
from service import Announcer
from signals import Step
from storage import Reader, StoreError
from tests.support.channels import PAGE, change, channel, evidence
from tests.support.receiver import Receiver
from tests.support.serving import break_journal, mend_journal, writing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from signals import Notification

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Return a receiver that listens."""
    with Receiver(secret=None) as receiver:
        yield receiver


def message(number: int, incident: str = "", step: Step = Step.CONFIRMED) -> Notification:
    """Return a message of an incident of its own, or of the named one."""
    told = change(step)
    told = replace(
        told,
        time=told.time + timedelta(seconds=number),
        incident=replace(told.incident, id=incident or f"i{number}", topic=f"t{number}"),
    )
    return alerts.notification(channel("webhook", digest="15m"), told, evidence(), PAGE)


def at(path: Path, minute: float, receiver: Receiver, *new: Notification) -> None:
    """Start an announcer so long after noon, give it ``new`` messages, and let it run once."""

    async def run() -> None:
        async with writing(path) as (thread, health):
            thread.journal.incidents.announce(new, datetime.now(UTC))
            sender = channel("webhook", receiver.base, digest="15m")
            await Announcer([sender], thread, health).announce()

    with time_machine.travel(NOON + timedelta(minutes=minute), tick=False):
        asyncio.run(run())


def told(receiver: Receiver) -> list[list[str]]:
    """Return the topics that each delivery told of."""
    bodies = [delivery.body for delivery in receiver.accepted]
    return [[each["topic"] for each in body.get("messages", [body])] for body in bodies]


def test_what_happens_within_the_time_is_one_message(path: Path, receiver: Receiver) -> None:
    """The first opens the time, and what comes after its end opens the next."""
    at(path, 0, receiver, message(1))
    at(path, 7, receiver, message(2), message(3))
    at(path, 14.9, receiver, message(4))
    assert receiver.attempts == []
    at(path, 15, receiver, message(5))
    at(path, 29, receiver)
    at(path, 30, receiver)
    at(path, 3_000, receiver)
    assert told(receiver) == [["t1", "t2", "t3", "t4"], ["t5"]]
    assert Reader(path).unsent() == []


def test_the_same_messages_are_tried_again(path: Path, receiver: Receiver) -> None:
    """What has come in between goes by itself, so that id and body never change."""
    receiver.answer(503, times=2)
    at(path, 0, receiver, message(1), message(2))
    at(path, 15, receiver)
    at(path, 15.05, receiver, message(3))
    at(path, 16, receiver)
    assert [delivery.status for delivery in receiver.attempts] == [503, 503]
    at(path, 60, receiver)
    at(path, 600, receiver)
    assert {(each.id, each.raw) for each in receiver.attempts[:2]} == {
        (each.id, each.raw) for each in receiver.accepted if len(each.body.get("messages", [])) == 2
    }
    assert sorted(told(receiver)) == [["t1", "t2"], ["t3"]]


def test_nobody_hears_of_the_end_before_the_beginning(path: Path, receiver: Receiver) -> None:
    """A later digest with the end waits, as a whole, until the earlier one has arrived."""
    receiver.answer(429, retry_after="7200")
    at(path, 0, receiver, message(1, "incident"))
    at(path, 15, receiver)
    at(path, 20, receiver, message(2, "incident", Step.RESOLVED), message(3))
    at(path, 40, receiver)
    assert told(receiver) == []
    at(path, 136, receiver)
    at(path, 137, receiver)
    assert told(receiver) == [["t1"], ["t2", "t3"]]


def test_a_refusal_gives_up_all_of_it(path: Path, receiver: Receiver) -> None:
    """Each is shown by the status."""
    receiver.answer(404)
    at(path, 0, receiver, message(1), message(2))
    at(path, 15, receiver)
    at(path, 3_000, receiver)
    assert len(receiver.attempts) == 1
    assert [retrying for _, _, retrying in Reader(path).unsent()] == [False, False]


def test_a_message_that_was_told_opens_no_time_again(path: Path, receiver: Receiver) -> None:
    """The same change is stored once, in whichever digest it went."""
    at(path, 0, receiver, message(1))
    at(path, 15, receiver, message(1))
    at(path, 20, receiver, message(1), message(2))
    at(path, 40, receiver)
    assert told(receiver) == [["t1"], ["t2"]]


def test_what_arrived_is_settled_as_one(path: Path, receiver: Receiver) -> None:
    """A journal that fails just then leaves the whole digest as it was, and it is not repeated."""

    async def run() -> None:
        async with writing(path) as (thread, health):
            sender = channel("webhook", receiver.base, digest="15m")
            announcer = Announcer([sender], thread, health)
            new = (message(1), message(2))
            thread.journal.incidents.announce(new, datetime.now(UTC) - timedelta(minutes=15))
            break_journal(path, "UPDATE ON notification")
            for _ in range(3):
                with pytest.raises(StoreError, match="the disk is broken"):
                    await announcer.announce()
            mend_journal(path)
            await announcer.announce()
            await announcer.announce()

    asyncio.run(run())
    assert told(receiver) == [["t1", "t2"]]
    assert Reader(path).unsent() == []


def test_a_clock_that_is_set_back_loses_nothing(path: Path, receiver: Receiver) -> None:
    """What joins a digest that has just been sent is told by itself."""

    async def run() -> None:
        async with writing(path) as (thread, health):
            incidents = thread.journal.incidents
            incidents.announce([message(1)], NOON)
            batch = incidents.due(NOON + timedelta(minutes=15))
            incidents.announce([message(2)], NOON + timedelta(minutes=14))
            incidents.sent(batch, NOON + timedelta(minutes=15))
            (left,) = incidents.due(NOON + timedelta(minutes=15))
            assert left.id == message(2).id
            assert health is not None

    asyncio.run(run())
    assert receiver.attempts == []
