"""YouTube: what a video says, and several channels that make up one source."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from collectors import Client, Missing, SourceError
from collectors.youtube import YouTube, YouTubeSource
from signals import Span
from tests.collectors.cases import NOW, RECORDED
from tests.collectors.cases.feed import feed
from tests.collectors.cases.youtube import CHANNEL
from tests.support.collecting import CONTACT, QUICK, cursor_of, identities, listen
from tests.support.web import Reply, Web

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signals import Collection
    from tests.support.web import Asked

OTHER = "UCbbbbbbbbbbbbbbbbbbbbbb"
BOTH = [CHANNEL, OTHER]
PATH = "/feeds/videos.xml"


@pytest.fixture
def web() -> Iterator[Web]:
    """Return a server with the channel of the payload."""
    with Web({PATH: feed("youtube.xml")}) as server:
        yield server


def hear(
    web: Web, cursor: str | None = None, now: datetime = NOW, **keys: Any
) -> tuple[list[Collection], SourceError | None]:
    """Collect once."""

    async def run() -> tuple[list[Collection], SourceError | None]:
        async with Client(CONTACT, limits=QUICK) as client:
            table = YouTubeSource(**{"base_url": web.url, "channels": [CHANNEL], **keys})
            return await listen(YouTube(table, client, ()), cursor, now)

    return asyncio.run(run())


def channels(web: Web, replies: dict[str, Reply]) -> None:
    """Let each channel answer as ``replies`` says."""

    def answer(asked: Asked) -> Reply:
        return replies[asked.query["channel_id"]]

    web.routes[PATH] = answer


def video(identity: str, published: datetime) -> Reply:
    """Return a channel with one video."""
    return Reply(
        f"<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>{identity}</id><title>t</title>"
        f"<published>{published.isoformat()}</published></entry></feed>".encode(),
        "text/xml; charset=UTF-8",
    )


def test_videos(web: Web) -> None:
    """A video is its title and description; those of long ago are left out."""
    portions, error = hear(web)
    assert error is None
    (post,) = [post for portion in portions for post in portion.posts]
    assert post.id == "yt:video:bbbbbbbbbb2"
    assert post.text == (
        "Why Forgebox was down\nWe are sorry.\nMore on https://status.example/incidents/42"
    )
    assert post.url == "https://www.youtube.com/watch?v=bbbbbbbbbb2"
    assert post.author == "Forgebox"
    assert post.source == "youtube"
    assert post.time == datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert post.revised == datetime(2026, 11, 24, 12, 30, tzinfo=UTC)
    assert web.asked[-1].query == {"channel_id": CHANNEL}


def test_listens_only_while_all_channels_are_heard(web: Web) -> None:
    """A channel that is gone leaves the time unwatched; what the others said is kept."""
    good = video("1", NOW - timedelta(minutes=30))
    channels(web, {CHANNEL: good, OTHER: Reply(status=404)})
    portions, error = hear(web, channels=BOTH)
    assert isinstance(error, Missing)
    assert identities(portions) == {"1"}
    assert cursor_of(portions) is None
    channels(web, {CHANNEL: good, OTHER: video("2", NOW - timedelta(minutes=20))})
    portions, error = hear(web, channels=BOTH)
    assert error is None
    assert identities(portions) == {"1", "2"}
    assert portions[-1].watched == (Span(NOW - timedelta(minutes=20), NOW),)


def test_one_channel_that_lost_videos_makes_a_gap(web: Web) -> None:
    """The source was listened to only where each of its channels was."""
    channels(web, {CHANNEL: video("1", NOW), OTHER: video("2", NOW)})
    first, _ = hear(web, channels=BOTH)
    soon = NOW + timedelta(minutes=15)
    channels(web, {CHANNEL: video("1", NOW), OTHER: video("3", soon)})
    portions, _ = hear(web, cursor_of(first), soon, channels=BOTH)
    assert identities(portions) == {"3"}
    assert portions[-1].watched == ()


def test_a_channel_that_was_added_later(web: Web) -> None:
    """It is read from its oldest video on, and the others from the last look on."""
    channels(web, {CHANNEL: video("1", NOW), OTHER: video("2", NOW - timedelta(minutes=9))})
    first, _ = hear(web)
    soon = NOW + timedelta(minutes=15)
    portions, _ = hear(web, cursor_of(first), soon, channels=BOTH)
    assert identities(portions) == {"2"}
    assert portions[-1].watched == (Span(NOW, soon),)


@pytest.mark.parametrize("ids", [[], ["@forgebox"], [CHANNEL + "x"]])
def test_channels_that_are_none(ids: list[str]) -> None:
    """A channel is named by its id."""
    with pytest.raises(ValidationError):
        YouTubeSource.model_validate({"channels": ids})


@pytest.mark.skipif(not RECORDED.exists(), reason="recorded feeds are not beside this checkout")
def test_recorded_channel(web: Web) -> None:
    """A real feed is read whole."""
    body = (RECORDED / "social/rss/youtube-channel.atom.xml").read_bytes()
    web.routes[PATH] = Reply(body, "text/xml; charset=UTF-8")
    portions, error = hear(web, history="3650d")
    assert error is None
    assert len(identities(portions)) == 15
