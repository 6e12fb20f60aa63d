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


def test_without_a_channel_it_says_where_to_look(hubbub: Hubbub, configure: Configure) -> None:
    """That is no failure."""
    ended = hubbub("alert", "test", "--config", configure(""))
    assert ended.code == 0
    assert "see [[channels]] in the sample" in ended.out
