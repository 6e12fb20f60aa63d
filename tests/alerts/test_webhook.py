"""Tests of the signed webhook, against a real receiver that checks on its own."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest

from alerts import Channel, SendFailed, build, example, notification
from settings import Settings
from signals import Notification
from tests.support.receiver import SECRET, Receiver, sign

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Return a receiver that expects signatures."""
    with Receiver() as running:
        yield running


def _channel(url: str, **keys: Any) -> Channel:
    table = {"kind": "webhook", "name": "team", "url": url, "secret": SECRET} | keys
    table = {key: value for key, value in table.items() if value is not None}
    (channel,) = build(Settings(channels=(table,)))
    return channel


def _send(channel: Channel, message: Notification | None = None, now: datetime = NOW) -> None:
    message = message or notification(channel, *example(NOW), "https://example.org/x")
    asyncio.run(channel.send(message, now))


def _refused(channel: Channel, now: datetime = NOW) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        _send(channel, now=now)
    return caught.value


def test_the_receiver_and_hubbub_agree_with_the_published_vector() -> None:
    """The specification's example secret, id, time and body have the published signature."""
    body, published = (
        '{"test": 2432232314}',
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    )
    identity = "msg_p5jXN8AQM9LWM0D4loKWxJek"
    assert sign(SECRET, identity, "1614265330", body.encode()) == published
    with Receiver() as receiver:
        then = datetime.fromtimestamp(1614265330, UTC)
        _send(_channel(receiver.url), Notification(identity, "team", body), then)
    (delivery,) = receiver.accepted
    assert delivery.headers["webhook-signature"] == published
    assert delivery.headers["content-type"] == "application/json"


def test_a_message_arrives_signed(receiver: Receiver) -> None:
    """The body is the stored one, to the byte, and the headers are those of Standard Webhooks."""
    channel = _channel(receiver.url, headers={"Authorization": "Bearer abc"})
    message = notification(channel, *example(NOW), "https://example.org/x")
    _send(channel, message)
    (delivery,) = receiver.accepted
    assert delivery.raw == message.body.encode()
    assert (delivery.id, delivery.timestamp) == (message.id, str(int(NOW.timestamp())))
    assert delivery.headers["authorization"] == "Bearer abc"
    assert delivery.headers["user-agent"] == "hubbub"


def test_retries_keep_the_id_and_renew_the_time(receiver: Receiver) -> None:
    """Each attempt is signed afresh, and the receiver can tell that it is the same message."""
    receiver.answer(503)
    channel = _channel(receiver.url)
    assert not _refused(channel).permanent
    _send(channel, now=NOW + timedelta(seconds=5))
    first, second = receiver.attempts
    assert (first.genuine, second.genuine) == (True, True)
    assert first.id == second.id
    assert first.raw == second.raw
    assert int(second.timestamp) == int(first.timestamp) + 5


def test_without_a_secret_it_is_not_signed() -> None:
    """A receiver without verification still gets an id to tell repetitions by."""
    with Receiver(secret=None) as receiver:
        _send(_channel(receiver.url, secret=None))
    (delivery,) = receiver.accepted
    assert delivery.id.startswith("msg_")


def test_a_wrong_secret_is_refused_for_good(receiver: Receiver) -> None:
    """The receiver's 401 ends the attempts and says what to look at."""
    failure = _refused(_channel(receiver.url, secret="whsec_" + "A" * 32))
    assert failure.permanent
    assert str(failure) == ("channel team (127.0.0.1): answered 401; check url, headers and secret")


@pytest.mark.parametrize(
    ("status", "permanent"),
    [
        (400, True),
        (404, True),
        (408, False),
        (410, True),
        (413, True),
        (425, False),
        (429, False),
        (500, False),
        (502, False),
        (504, False),
    ],
)
def test_an_answer_decides_whether_to_try_again(
    receiver: Receiver, status: int, *, permanent: bool
) -> None:
    """Only what the receiver may mend by itself is tried again."""
    receiver.answer(status)
    failure = _refused(_channel(receiver.url))
    assert failure.permanent is permanent
    assert f"answered {status}" in str(failure)
    assert failure.retry_after is None


def test_410_tells_how_to_stop(receiver: Receiver) -> None:
    """A receiver that is gone for good should be switched off."""
    receiver.answer(410)
    assert "set enabled = false" in str(_refused(_channel(receiver.url)))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(hours=1), usegmt=True), 0.0),
        ("Mon, 02 Mar 2026 12:01:00 -0000", 60.0),
        ("soon", None),
        ("-5", None),
        ("9" * 400, None),
    ],
)
def test_retry_after_is_honoured(receiver: Receiver, header: str, seconds: float | None) -> None:
    """Seconds and dates are understood, and nonsense is not obeyed."""
    receiver.answer(429, retry_after=header)
    assert _refused(_channel(receiver.url)).retry_after == seconds


def test_redirects_are_not_followed(receiver: Receiver) -> None:
    """A signed message goes to the configured address alone."""
    receiver.answer(307, location=receiver.url)
    failure = _refused(_channel(receiver.url))
    assert not failure.permanent
    assert "set the final address" in str(failure)
    assert len(receiver.attempts) == 1


def test_a_receiver_that_does_not_answer_is_left_in_time(receiver: Receiver) -> None:
    """The attempt ends after the configured time and is tried again."""
    receiver.hold()
    failure = _refused(_channel(receiver.url, timeout="0.2s"))
    assert str(failure) == "channel team (127.0.0.1): no answer within 0.2 s"
    assert not failure.permanent


def test_a_connection_that_fails_is_tried_again() -> None:
    """Nobody listens on a port that was just given back."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    failure = _refused(_channel(f"http://127.0.0.1:{port}/hook"))
    assert not failure.permanent
    assert "cannot be reached (ConnectError)" in str(failure)


def test_no_error_shows_a_secret(receiver: Receiver) -> None:
    """Neither the address, nor its password, nor a header's value reaches a log."""
    receiver.answer(500)
    address = receiver.url.replace("http://", "http://user:hunter2@") + "?token=hidden"
    failure = _refused(_channel(address, headers={"X-Key": "hidden"}))
    shown = f"{failure!r} {failure.__cause__!r} {failure.__context__!r}"
    assert not [word for word in ("hunter2", "hidden", "user", SECRET) if word in shown]
