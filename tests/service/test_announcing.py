"""Messages from the journal to their receivers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import time_machine

import alerts
import settings
from service import Announcer
from signals import Notification
from storage import Reader, StoreError
from tests.support.receiver import SECRET, Receiver
from tests.support.serving import break_journal, mend_journal, writing
from tests.support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from alerts import Channel

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Return a receiver that listens."""
    with Receiver() as receiver:
        yield receiver


def webhook(receiver: Receiver, name: str = "ops") -> Channel:
    """Return a channel to ``receiver``."""
    table = {"kind": "webhook", "name": name, "url": receiver.url, "secret": SECRET}
    (channel,) = alerts.build(settings.Settings(channels=(table,)))
    return channel


def message(number: int, channel: str = "ops") -> Notification:
    """Return a message."""
    return Notification(f"msg_{number}", channel, f'{{"number": {number}}}')


def at(path: Path, seconds: float, *channels: Channel, new: tuple[Notification, ...] = ()) -> None:
    """Start an announcer so long after noon, give it ``new`` messages, and let it run once."""

    async def run() -> None:
        async with writing(path) as (thread, health):
            thread.journal.incidents.announce(new, datetime.now(UTC))
            await Announcer(channels, thread, health).announce()

    with time_machine.travel(NOON + timedelta(seconds=seconds), tick=False):
        asyncio.run(run())


def test_a_message_is_sent_once(path: Path, receiver: Receiver) -> None:
    """It is signed, and never sent again, not even after a restart."""
    at(path, 0, webhook(receiver), new=(message(1),))
    at(path, 2, webhook(receiver))
    at(path, 90_000, webhook(receiver))
    (delivery,) = receiver.attempts
    assert delivery.genuine
    assert (delivery.id, delivery.body) == ("msg_1", {"number": 1})
    assert Reader(path).unsent() == []


def test_a_failed_message_is_tried_again_with_growing_pauses(
    path: Path, receiver: Receiver
) -> None:
    """Each attempt is that of a new process, with the same id and body and a time of its own."""
    receiver.answer(503, times=2)
    at(path, 0, webhook(receiver), new=(message(1),))
    ((channel, error, retrying),) = Reader(path).unsent()
    assert (channel, retrying) == ("ops", True)
    assert "answered 503" in error
    at(path, 3, webhook(receiver))
    assert len(receiver.attempts) == 1
    at(path, 7, webhook(receiver))
    assert len(receiver.attempts) == 2
    at(path, 30, webhook(receiver))
    assert len(receiver.attempts) == 2
    at(path, 44, webhook(receiver))
    at(path, 90_000, webhook(receiver))
    assert [delivery.status for delivery in receiver.attempts] == [503, 503, 204]
    assert {(delivery.id, delivery.raw) for delivery in receiver.attempts} == {
        ("msg_1", b'{"number": 1}')
    }
    assert len({delivery.timestamp for delivery in receiver.attempts}) == 3
    assert Reader(path).unsent() == []


def test_a_receiver_is_left_alone_for_as_long_as_it_asks(path: Path, receiver: Receiver) -> None:
    """``Retry-After`` holds where it is longer than our own pause."""
    receiver.answer(429, retry_after="300")
    at(path, 0, webhook(receiver), new=(message(1),))
    at(path, 298, webhook(receiver))
    assert len(receiver.attempts) == 1
    at(path, 301, webhook(receiver))
    assert len(receiver.accepted) == 1


def test_the_oldest_goes_first(path: Path, receiver: Receiver) -> None:
    """What waits for one channel arrives in the order in which it happened."""
    at(path, 0, new=())
    for number in (3, 1, 2):
        with time_machine.travel(NOON + timedelta(seconds=number), tick=False):
            asyncio.run(_store(path, message(number)))
    at(path, 10, webhook(receiver))
    assert [delivery.body["number"] for delivery in receiver.attempts] == [1, 2, 3]


async def _store(path: Path, *messages: Notification) -> None:
    async with writing(path) as (thread, _):
        thread.journal.incidents.announce(messages, datetime.now(UTC))


def test_what_the_receiver_refuses_for_good_is_given_up(path: Path, receiver: Receiver) -> None:
    """It is not tried again, and the status says why; the next message is sent all the same."""
    receiver.answer(404)
    at(path, 0, webhook(receiver), new=(message(1), message(2)))
    at(path, 90_000, webhook(receiver))
    assert [(each.id, each.status) for each in receiver.attempts] == [
        ("msg_1", 404), ("msg_2", 204),
    ]  # fmt: skip
    ((_, error, retrying),) = Reader(path).unsent()
    assert "answered 404; check url" in error
    assert not retrying


def test_a_day_of_failures_is_enough(path: Path, receiver: Receiver) -> None:
    """After twelve attempts nobody can want the message any more."""
    receiver.answer(503, times=100)
    at(path, 0, webhook(receiver), new=(message(1),))
    for number in range(1, 20):
        at(path, number * 86_400, webhook(receiver))
    assert len(receiver.attempts) == 12
    assert [retrying for _, _, retrying in Reader(path).unsent()] == [False]


def test_a_channel_that_hangs_holds_up_no_other(path: Path, receiver: Receiver) -> None:
    """Channels are served side by side."""
    with Receiver() as stuck:
        stuck.hold()

        async def run() -> None:
            async with writing(path) as (thread, health):
                both = (message(1, "stuck"), message(2))
                thread.journal.incidents.announce(both, datetime.now(UTC))
                channels = (webhook(stuck, "stuck"), webhook(receiver))
                task = asyncio.create_task(Announcer(channels, thread, health).announce())
                await until(lambda: receiver.accepted)
                assert not task.done()
                stuck.release()
                await task

        asyncio.run(asyncio.wait_for(run(), 30))
        assert len(stuck.accepted) == 1


def test_a_channel_that_was_removed_is_given_up(path: Path) -> None:
    """What waits for it is not tried for ever."""
    at(path, 0, new=(message(1),))
    assert Reader(path).unsent() == [("ops", "no channel is called ops any more", False)]


def test_what_arrived_is_not_sent_again_when_the_journal_fails(
    path: Path, receiver: Receiver
) -> None:
    """A disk that is full for a while is no reason to repeat an alarm every two seconds."""

    async def run() -> None:
        async with writing(path) as (thread, health):
            thread.journal.incidents.announce([message(1)], datetime.now(UTC))
            announcer = Announcer([webhook(receiver)], thread, health)
            break_journal(path, "UPDATE ON notification")
            for _ in range(3):
                with pytest.raises(StoreError, match="the disk is broken"):
                    await announcer.announce()
            mend_journal(path)
            await announcer.announce()
            await announcer.announce()

    asyncio.run(run())
    assert len(receiver.attempts) == 1
    assert Reader(path).unsent() == []


class Broken:
    """A sender with a defect."""

    def render(self, *_: object) -> str:
        """Return nothing."""
        return ""

    async def send(self, *_: object) -> None:
        """Fail as only a defect does."""
        raise ValueError("token=hidden")


def test_a_defect_in_a_channel_harms_no_message(path: Path, receiver: Receiver) -> None:
    """Its message waits, without what the error says, and the other channel's is sent."""
    new = (message(1, "broken"), message(2, "broken"), message(3))
    broken = alerts.Channel(settings.Channel(kind="broken", name="broken"), Broken())
    at(path, 0, broken, webhook(receiver), new=new)
    assert [delivery.id for delivery in receiver.accepted] == ["msg_3"]
    assert (
        Reader(path).unsent()
        == [("broken", "a defect in hubbub: ValueError; the log has more", True)] * 2
    )


def test_a_kill_between_attempts_loses_nothing(path: Path, receiver: Receiver) -> None:
    """A message that was cut off in the middle is sent again under the same id."""
    receiver.hold()

    async def run() -> None:
        async with writing(path) as (thread, health):
            thread.journal.incidents.announce([message(1)], datetime.now(UTC))
            task = asyncio.create_task(Announcer([webhook(receiver)], thread, health).announce())
            done, _ = await asyncio.wait([task], timeout=0.2)
            assert not done
            task.cancel()
            await asyncio.wait([task])

    asyncio.run(run())
    receiver.release()
    at(path, 90_000, webhook(receiver))
    assert {delivery.id for delivery in receiver.accepted} == {"msg_1"}
    assert Reader(path).unsent() == []
