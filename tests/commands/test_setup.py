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
    report = hubbub("check", "--store", journal, "--json").document
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
