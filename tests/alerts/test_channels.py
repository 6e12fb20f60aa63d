"""Tests of the ``[[channels]]`` tables."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import settings
from alerts import KINDS, build
from tests.support.receiver import SECRET

DOCS = Path(__file__).parents[2] / "docs"
HOOK = {"kind": "webhook", "name": "team", "url": "https://example.org/hook?token=hidden"}


def _settings(*tables: dict[str, Any]) -> settings.Settings:
    topics = (settings.Topic(name="GitHub", any=("github",)),)
    return settings.Settings(channels=tables, topics=topics)


def test_channels_are_built_in_their_order() -> None:
    """Each enabled table becomes a channel; a disabled one is only checked."""
    other = HOOK | {"name": "night", "secret": SECRET, "timeout": "5s"}
    off = HOOK | {"name": "off", "enabled": False}
    channels = build(_settings(HOOK, off, other))
    assert [channel.name for channel in channels] == ["team", "night"]
    assert build(_settings()) == ()
    assert [channel.kind for channel in channels] == ["webhook", "webhook"]


def test_the_kinds_are_known_by_their_names() -> None:
    """Each is its own module, and listed once."""
    assert list(KINDS) == sorted(KINDS)
    assert set(KINDS) == {
        "apprise", "discord", "email", "ntfy", "pagerduty", "slack", "teams", "webhook",
    }  # fmt: skip


def test_secrets_come_from_the_environment_or_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """Neither the address nor the secret has to stand in the configuration."""
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    address = tmp_path / "address"
    address.write_text("https://example.org/hook\n")
    (channel,) = build(
        _settings(HOOK | {"url": {"file": str(address)}, "secret": "${HOOK_SECRET}"})
    )
    assert channel.name == "team"


@pytest.mark.parametrize("kind", KINDS)
def test_the_documented_table_of_each_kind_works(kind: str) -> None:
    """What a page shows can be copied."""
    name = "webhook" if kind == "webhook" else "channels"
    text = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    _, _, own = text.partition(f"\n## `{kind}`\n") if name == "channels" else ("", "", text)
    shown = re.search(r"```toml\n(.*?)```", own, re.DOTALL)
    assert shown is not None
    values = {"HUBBUB_HOOK_SECRET": SECRET, "HUBBUB_PAGERDUTY_KEY": "a" * 32}
    raw = re.sub(
        r"\$\{(\w+)\}",
        lambda found: values.get(
            found[1], "https://example.org" * found[1].endswith("_URL") or "x"
        ),
        shown[1],
    )
    (table,) = tomllib.loads(raw)["channels"]
    assert table["kind"] == kind
    assert settings.parse(KINDS[kind].table, table, origin=name).enabled


def test_every_kind_is_in_the_list() -> None:
    """The page begins with all of them."""
    text = (DOCS / "channels.md").read_text(encoding="utf-8").partition("\n## ")[0]
    assert sorted(re.findall(r"^\| \[`(\w+)`\]", text, re.MULTILINE)) == list(KINDS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "webhok"}, r"channels\[0\]\.kind: unknown kind 'webhok'; did you mean webhook\?"),
        (
            {"kind": "fax"},
            r"channels\[0\]\.kind: unknown kind 'fax'; known kinds: apprise, .*webhook",
        ),
        ({"kind": None}, r"channels\[0\]\.kind: is missing; known kinds: apprise, .*w"),
        ({"xyz": "x"}, r"channels\[0\]\.xyz: unknown key; known keys: .*url"),
        ({"secrt": "x"}, r"channels\[0\]\.secrt: unknown key; did you mean secret\?"),
        ({"url": "ftp://example.org"}, r"channels\[0\]\.url: is no web address"),
        ({"url": "/hook?token=hidden"}, r"channels\[0\]\.url: is no web address"),
        ({"url": "http://[hidden"}, r"channels\[0\]\.url: is no web address"),
        ({"secret": "whsec_hidden!"}, r"channels\[0\]\.secret: is no signing secret"),
        ({"secret": "whsec_aGlkZGVu"}, r"channels\[0\]\.secret: is no signing secret"),
        ({"secret": "whsec_" + "hidd" * 40}, r"channels\[0\]\.secret: is no signing secret"),
        ({"secret": ""}, r"channels\[0\]\.secret: is no signing secret"),
        ({"headers": {"Webhook-Id": "hidden"}}, r"channels\[0\]\.headers: 'Webhook-Id' cannot be"),
        ({"headers": {"X Y": "hidden"}}, r"channels\[0\]\.headers: 'X Y' cannot be"),
        ({"headers": {"X": "hidden\r\nY: 1"}}, r"channels\[0\]\.headers: the value of 'X' must"),
        ({"hmac_secret": ""}, r"channels\[0\]: hmac_secret must not be empty"),
        ({"hmac_header": "Webhook-Id"}, r"channels\[0\]\.hmac_header: 'Webhook-Id' cannot be set"),
        ({"hmac_timestamp_header": "X-T"}, r"hmac_timestamp_header signs nothing without hmac_sec"),
        ({"format": "prometheus"}, r"channels\[0\]\.format: Input should be 'hubbub', 'alertm"),
        ({"severity": "high"}, r"channels\[0\]\.severity: Input should be 'info', 'warning' or"),
        ({"steps": ["opened"]}, r"channels\[0\]\.steps\[0\]: Input should be 'possible', 'conf"),
        ({"steps": []}, r"channels\[0\]\.steps: "),
        ({"digest": "soon"}, r"channels\[0\]\.digest: 'soon' is no duration"),
        (
            {"topics": ["GitHb"]},
            r"channels\[0\]\.topics: 'GitHb' does not exist; did you mean G",
        ),
        ({"topics": ["xyz"]}, r"channels\[0\]\.topics: 'xyz' does not exist; known topics: GitHub"),
        ({"timeout": "0s"}, r"channels\[0\]\.timeout: a duration must be longer"),
        ({"name": ""}, r"channels\[0\]\.name: "),
    ],
)
def test_a_wrong_table_is_an_error_that_names_the_key(change: dict[str, Any], message: str) -> None:
    """The error says where, what and how to mend it, and shows no secret."""
    table = {key: value for key, value in (HOOK | change).items() if value is not None}
    with pytest.raises(settings.SettingsError, match=message) as caught:
        build(_settings(table), origin="hubbub.toml")
    assert str(caught.value).startswith("hubbub.toml: ")
    assert "hidden" not in str(caught.value)


def test_two_channels_of_one_name_are_an_error() -> None:
    """A notification is kept under its channel's name, which must therefore be unique."""
    with pytest.raises(settings.SettingsError, match=r"channels\[1\]\.name: another channel"):
        build(_settings(HOOK, HOOK | {"url": "https://example.org/other", "enabled": False}))
