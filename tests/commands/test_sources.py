"""``hubbub try``."""

from __future__ import annotations

import asyncio
import itertools
import time
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import collectors
import settings
from signals import Collection, Post
from tests.support.web import Reply, Web, document

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime
    from pathlib import Path

    import pytest

    from tests.commands.conftest import Configure, Hubbub

LISTENING = """
[[topics]]
name = "GitHub"
any = ["github"]

[[topics]]
name = "Gitea"
any = ["gitea"]

[[sources]]
kind = "hackernews"
base_url = "{url}"
items_url = "{url}"
history = "10m"

[[sources]]
kind = "simulator"
"""


def hits(*texts: str) -> Reply:
    """Return comments as Hacker News would."""
    now = int(time.time()) - 100
    return document(
        {
            "hits": [
                {"objectID": str(n), "created_at_i": now + n, "author": "a", "comment_text": text}
                for n, text in enumerate(texts)
            ],
            "hitsPerPage": 1_000,
        }
    )


def test_what_would_be_stored_is_shown(hubbub: Hubbub, configure: Configure, journal: Path) -> None:
    """With its scores, as text; nothing is stored."""
    with Web() as web:
        web.routes["/api/v1/search_by_date"] = hits(
            "I love GitHub [/b]", "gitea is awful \x1b[2J", "nothing of interest"
        )
        path = configure(LISTENING.format(url=web.url))
        ended = hubbub("try", "hackernews", "--config", path, "--store", journal)
        assert ended.code == 0
        assert ended.out.startswith("hackernews: 3 posts, 2 mentions, 0 readings; nothing was")
        assert "I love GitHub [/b]" in ended.out
        assert "\x1b" not in ended.out
        report = hubbub("try", "hackernews", "--json", "--config", path).document
        assert list(report) == ["source", "posts", "watched", "mentions", "readings"]
        assert [(m["topic"], m["polarity"]) for m in report["mentions"]] == [
            ("Gitea", "negative"), ("GitHub", "positive"),
        ]  # fmt: skip
        assert report["watched"][0]["end"].endswith("Z")
        only = hubbub("try", "hackernews", "--topic", "Gitea", "--json", "--config", path).document
        assert [mention["topic"] for mention in only["mentions"]] == ["Gitea"]
    assert not journal.exists()


def test_a_source_that_listens_for_everything_brings_all_topics(
    hubbub: Hubbub, configure: Configure
) -> None:
    """The simulator without a list of topics."""
    path = configure(
        '[[topics]]\nname = "Example"\nany = ["ExampleCloud"]\n'
        '[[sources]]\nkind = "simulator"\nhistory = "1h"\n'
    )
    report = hubbub("try", "simulator", "--json", "--config", path).document
    assert len(report["mentions"]) == report["posts"] > 0


class Endless:
    """A stream that says one thing after another, for ever."""

    streams = True
    source = "endless"
    interval = timedelta(minutes=1)
    topics: frozenset[str] = frozenset()

    def __init__(self, *_: object) -> None:
        """Listen to nobody."""

    async def collect(self, _cursor: str | None, now: datetime) -> AsyncIterator[Collection]:
        """Say it."""
        for number in itertools.count():
            post = Post(self.source, str(number), "GitHub is down", now)
            yield Collection(self.source, (post,))
            await asyncio.sleep(0.01)


def test_a_stream_is_followed_for_some_seconds(
    hubbub: Hubbub, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was heard until then is shown."""
    kind = collectors.Kind(settings.Source, Endless)
    monkeypatch.setitem(cast("dict[str, collectors.Kind]", collectors.KINDS), "endless", kind)
    path = configure(
        '[[topics]]\nname = "GitHub"\nany = ["github"]\n[[sources]]\nkind = "endless"\n'
    )
    report = hubbub("try", "endless", "--seconds", "0.5", "--json", "--config", path).document
    assert len(report["mentions"]) == report["posts"] > 1


def test_a_source_that_fails_is_code_1(hubbub: Hubbub, configure: Configure) -> None:
    """It says why."""
    with Web() as web:
        web.routes["/api/v1/search_by_date"] = Reply(b"go away", status=403)
        ended = hubbub("try", "hackernews", "--config", configure(LISTENING.format(url=web.url)))
    assert ended.code == 1
    assert "hubbub: 127.0.0.1/api/v1/search_by_date: answered 403" in ended.err


def test_an_unknown_source_or_topic_is_code_2(hubbub: Hubbub, configure: Configure) -> None:
    """Those that exist are listed."""
    path = configure(LISTENING.format(url="http://127.0.0.1:9"))
    source = hubbub("try", "hackernew", "--config", path)
    assert source.code == 2
    assert "the configuration has: hackernews, simulator" in source.err
    topic = hubbub("try", "hackernews", "--topic", "Gitae", "--config", path)
    assert topic.code == 2
    assert "the configuration has: GitHub, Gitea" in topic.err
