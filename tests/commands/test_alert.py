"""``hubbub alert test``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.receiver import SECRET, Receiver

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.commands.conftest import Configure, Hubbub

CHANNEL = """
[[channels]]
kind = "webhook"
name = "{name}"
url = "{url}"
secret = "{secret}"
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Return a receiver that listens."""
    with Receiver() as receiver:
        yield receiver


def test_each_channel_gets_a_test(hubbub: Hubbub, configure: Configure, receiver: Receiver) -> None:
    """Signed, and marked as a test, so that nobody is alarmed."""
    path = configure(
        "".join(CHANNEL.format(name=n, url=receiver.url, secret=SECRET) for n in ("a", "b"))
    )
    ended = hubbub("alert", "test", "--config", path)
    assert (ended.code, ended.out) == (0, "a: sent\nb: sent\n")
    assert [delivery.body["type"] for delivery in receiver.accepted] == ["test", "test"]
    assert len({delivery.id for delivery in receiver.accepted}) == 2


def test_a_channel_that_fails_is_code_1(
    hubbub: Hubbub, configure: Configure, receiver: Receiver
) -> None:
    """The others are tried all the same, and the reason is shown without the secret."""
    path = configure(
        CHANNEL.format(name="down", url="http://127.0.0.1:9/hidden", secret=SECRET)
        + CHANNEL.format(name="up", url=receiver.url, secret=SECRET)
    )
    ended = hubbub("alert", "test", "--config", path, "--json")
    assert ended.code == 1
    down, up = ended.document
    assert (down["channel"], up["channel"], up["error"]) == ("down", "up", "")
    assert "cannot be reached" in down["error"]
    assert len(receiver.accepted) == 1
    said = ended.out + hubbub("alert", "test", "--config", path).out
    assert "hidden" not in said
    assert SECRET not in said


def test_one_channel_may_be_tested_alone(
    hubbub: Hubbub, configure: Configure, receiver: Receiver
) -> None:
    """By its name, even one that asks to be told of little."""
    text = CHANNEL.format(name="quiet", url=receiver.url, secret=SECRET)
    quiet = f'{text}severity = "critical"\nsteps = ["snoozed"]\ndigest = "1h"\n'
    path = configure(CHANNEL.format(name="a", url=receiver.url, secret=SECRET) + quiet)
    ended = hubbub("alert", "test", "--config", path, "--channel", "quiet", "--json")
    (result,) = ended.document
    assert (result["channel"], result["kind"], result["error"]) == ("quiet", "webhook", "")
    (delivery,) = receiver.accepted
    assert (delivery.id, delivery.body["type"]) == (result["id"], "test")


def test_a_channel_that_does_not_exist_is_a_usage_error(
    hubbub: Hubbub, configure: Configure
) -> None:
    """With the name that was meant; one that is switched off cannot be tested."""
    text = CHANNEL.format(name="on-call", url="http://example.org", secret=SECRET)
    ended = hubbub("alert", "test", "--config", configure(text), "--channel", "oncall")
    assert ended.code == 2
    assert "did you mean on-call?" in ended.err
    path = configure(f"{text}enabled = false\n")
    ended = hubbub("alert", "test", "--config", path, "--channel", "on-call")
    assert ended.code == 2
    assert "enabled channels: none" in ended.err


def test_without_a_channel_it_says_where_to_look(hubbub: Hubbub, configure: Configure) -> None:
    """That is no failure."""
    ended = hubbub("alert", "test", "--config", configure(""))
    assert ended.code == 0
    assert "see [[channels]] in the sample" in ended.out
