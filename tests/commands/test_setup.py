"""``hubbub init`` and ``hubbub check``."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from tests.support.web import Reply, Web, document

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.commands.conftest import Configure, Hubbub
    from tests.support.influx import Front

LISTENING = """
[[topics]]
name = "GitHub"
any = ["github"]

[[sources]]
kind = "hackernews"
base_url = "{url}"
items_url = "{url}"
"""


def test_init_prints_or_writes_the_same_sample(hubbub: Hubbub, tmp_path: Path) -> None:
    """It is valid, and says what to do next."""
    path = tmp_path / "hubbub.toml"
    printed = hubbub("init")
    assert tomllib.loads(printed.out)["topics"]
    written = hubbub("init", path)
    assert written.code == 0
    assert f"hubbub check --config {path}" in written.err
    assert path.read_text(encoding="utf-8") == printed.out
    assert hubbub("check", "--config", path).code == 0


def test_init_overwrites_nothing_unasked(hubbub: Hubbub, configure: Configure) -> None:
    """What somebody has written stays, unless forced."""
    path = configure("# mine")
    refused = hubbub("init", path)
    assert refused.code == 2
    assert "exists; --force overwrites it" in refused.complaint
    assert path.read_text(encoding="utf-8") == "# mine"
    assert hubbub("init", path, "--force").code == 0
    assert "[[topics]]" in path.read_text(encoding="utf-8")


def test_init_says_why_it_cannot_write(hubbub: Hubbub, tmp_path: Path) -> None:
    """A folder that is not there."""
    ended = hubbub("init", tmp_path / "nowhere" / "hubbub.toml")
    assert ended.code == 2
    assert "No such file or directory" in ended.complaint


def test_check_says_what_would_run(hubbub: Hubbub, journal: Path) -> None:
    """Without a configuration that is the sample."""
    ended = hubbub("check", "--store", journal)
    assert ended.code == 0
    assert "the built-in sample" in ended.out
    assert str(journal) in ended.out
    assert "channels:      none; see [[channels]]\n" in ended.out
    for source in ("simulator", "hackernews", "mastodon:fosstodon.org", "distrowatch"):
        assert source in ended.out
    assert "engine:        ops-" in ended.out
    report = hubbub("check", "--store", journal, "--json").document
    assert report["engine"].startswith("ops-")
    assert report["store"] == str(journal)
    assert report["topics"] == ["Example (simulated)", "GitHub", "Linux Mint"]
    assert report["sources"][1] == {
        "source": "hackernews", "interval_s": 60.0, "topics": ["GitHub", "Linux Mint"],
    }  # fmt: skip


def test_what_is_missing_is_named_with_its_table(hubbub: Hubbub, configure: Configure) -> None:
    """Square brackets are no mark-up."""
    ended = hubbub("check", "--config", configure(""))
    assert ended.code == 0
    assert "topics:        none yet; see [[topics]]\n" in ended.out


def test_names_with_brackets_stay_whole(hubbub: Hubbub, configure: Configure) -> None:
    """Whatever somebody calls a topic."""
    ended = hubbub("check", "--config", configure('[[topics]]\nname = "[red]x[/y]"\nany = ["x"]\n'))
    assert ended.code == 0
    assert "[red]x[/y]" in ended.out


def test_check_asks_each_source_if_told_to(hubbub: Hubbub, configure: Configure) -> None:
    """Their answers are shown; one that fails makes the code 1."""
    with Web() as web:
        web.routes["/api/v1/search_by_date"] = document({"hits": [], "hitsPerPage": 1})
        path = configure(LISTENING.format(url=web.url))
        well = hubbub("check", "--online", "--config", path)
        assert well.code == 0
        assert "reachable, no login needed" in well.out
        web.routes["/api/v1/search_by_date"] = Reply(b"[/b] go away", status=403)
        ill = hubbub("check", "--online", "--config", path)
        assert ill.code == 1
        report = hubbub("check", "--online", "--json", "--config", path).document
        assert "403" in report["sources"][0]["problem"]
        asked = len(web.asked)
        assert hubbub("check", "--config", path).code == 0
        assert len(web.asked) == asked


MANY = """
[[topics]]
name = "GitHub"
any = ["#github"]

[[sources]]
kind = "hackernews"
base_url = "{free}"

[[sources]]
kind = "mastodon"
base_url = "{known}"
token = "s3cret"

[[sources]]
kind = "mastodon"
base_url = "{closed}"

[[sources]]
kind = "distrowatch"
base_url = "{forbidden}"

[[sources]]
kind = "simulator"
"""


def test_check_tells_reachable_allowed_authorised_and_how_fast(
    hubbub: Hubbub, configure: Configure
) -> None:
    """Source by source, as a table and as a document, and without the token."""
    left = {"X-RateLimit-Remaining": "299", "X-RateLimit-Limit": "300", "X-RateLimit-Reset": "60"}
    slow = Reply(b"User-agent: *\nCrawl-delay: 2", "text/plain")
    open_to_its_own = {
        "timelines_access": {"hashtag_feeds": dict.fromkeys(("local", "remote"), "authenticated")}
    }
    instance = document({"configuration": open_to_its_own}, headers=left)
    none = Reply(b"User-agent: *\nDisallow: /", "text/plain")
    with (
        Web({"/api/v1/search_by_date": document({"hits": []}), "/robots.txt": slow}) as free,
        Web({"/api/v2/instance": instance}) as known,
        Web({"/robots.txt": none}) as forbidden,
    ):
        urls = {"free": free.url, "known": known.url, "forbidden": forbidden.url}
        path = configure(MANY.format(**urls, closed="http://127.0.0.1:9"))
        ended = hubbub("check", "--online", "--config", path)
        report = hubbub("check", "--online", "--json", "--config", path).document
    assert ended.code == 1
    assert "s3cret" not in ended.out
    rows = [" ".join(line.replace("│", " ").split()) for line in ended.out.splitlines()]
    assert "hackernews 60 s GitHub yes yes not needed every 2 s (robots.txt)" in rows
    assert [row for row in rows if "yes yes yes every 1 s, 299 of 300 left for 60 s" in row]
    names = ("reachable", "allowed", "authorised")
    told = [tuple(source[name] for name in names) for source in report["sources"]]
    assert told == [
        (True, True, None),
        (True, True, True),
        (False, None, None),
        (True, False, None),
        (True, True, None),
    ]
    assert ["problem" in source for source in report["sources"]] == [
        False,
        False,
        True,
        True,
        False,
    ]
    assert report["sources"][1]["pace"] == [
        {
            "spacing_s": 1.0,
            "crawl_delay_s": None,
            "limit": 300.0,
            "remaining": 299.0,
            "reset_s": 60.0,
        }
    ]
    assert report["sources"][4]["pace"] == []


def test_a_wrong_token_is_named_with_its_key(
    hubbub: Hubbub, configure: Configure, front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    """InfluxDB refuses it; the message names key and remedy, and never the token."""
    front.token = "the-right-one"  # noqa: S105 - of a test
    monkeypatch.setenv("INFLUX_TOKEN", "a-wrong-one")
    path = configure(
        f'[influx]\nurl = "{front.url}"\nbucket = "{front.database}"\ntoken = "${{INFLUX_TOKEN}}"\n'
    )
    ended = hubbub("check", "--online", "--config", path)
    assert ended.code == 1
    assert "does not know the token (401: unauthorized access); correct influx.token" in ended.out
    assert "a-wrong-one" not in ended.out + ended.err
    monkeypatch.setenv("INFLUX_TOKEN", "the-right-one")
    assert hubbub("check", "--online", "--config", path).code == 0
