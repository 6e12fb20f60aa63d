"""Tests of the ``[[channels]]`` tables."""

from __future__ import annotations

from typing import Any

import pytest

import settings
from alerts import KINDS, build
from tests.support.receiver import SECRET

HOOK = {"kind": "webhook", "name": "team", "url": "https://example.org/hook?token=hidden"}


def _settings(*tables: dict[str, Any]) -> settings.Settings:
    return settings.Settings(channels=tables)


def test_channels_are_built_in_their_order() -> None:
    """Each enabled table becomes a channel; a disabled one is only checked."""
    other = HOOK | {"name": "night", "secret": SECRET, "timeout": "5s"}
    off = HOOK | {"name": "off", "enabled": False}
    channels = build(_settings(HOOK, off, other))
    assert [channel.name for channel in channels] == ["team", "night"]
    assert build(_settings()) == ()
    assert set(KINDS) == {"webhook"}


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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "webhok"}, r"channels\[0\]\.kind: unknown kind 'webhok'; did you mean webhook\?"),
        ({"kind": "fax"}, r"channels\[0\]\.kind: unknown kind 'fax'; known kinds: webhook"),
        ({"kind": None}, r"channels\[0\]\.kind: is missing; known kinds: webhook"),
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
