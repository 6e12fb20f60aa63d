"""From the configuration's tables to collectors, with errors that say what to do."""

from __future__ import annotations

import pytest

import settings
from collectors import KINDS, Client, build, validate
from tests.support.collecting import CONTACT

TOPICS = """
[[topics]]
name = "Forgebox"
any = ["forgebox"]

[[topics]]
name = "Mint"
any = ["linux mint"]
"""


def load(text: str) -> settings.Settings:
    """Return the settings with two topics and what ``text`` adds."""
    return settings.load(TOPICS + text)


def sources_of(text: str) -> dict[str, frozenset[str]]:
    """Return the names of the collectors that are built, with their topics."""
    loaded = load(text)
    topics = [topic.build() for topic in loaded.topics]
    return {each.source: each.topics for each in build(loaded, Client(CONTACT), topics)}


def test_every_kind_is_built_from_its_table() -> None:
    """Each enabled source becomes a collector for its topics, all of them unless it names some."""
    assert sources_of("""
[[sources]]
kind = "hackernews"
topics = ["Mint"]

[[sources]]
kind = "mastodon"
base_url = "https://social.example/"

[[sources]]
kind = "mastodon"
base_url = "https://other.example:8443"
tags = ["linux"]

[[sources]]
kind = "distrowatch"

[[sources]]
kind = "simulator"
enabled = false
""") == {
        "hackernews": frozenset({"Mint"}),
        "mastodon:social.example": frozenset({"Forgebox", "Mint"}),
        "mastodon:other.example:8443": frozenset({"Forgebox", "Mint"}),
        "distrowatch": frozenset(),
    }


def test_no_sources() -> None:
    """A configuration may have none."""
    assert sources_of("") == {}


@pytest.mark.parametrize("kind", KINDS)
def test_every_base_url_is_a_setting(kind: str) -> None:
    """A mirror or a proxy can stand in for each source that asks a server."""
    addresses = {"base_url", "hosts", "url"} & set(KINDS[kind].table.model_fields)
    assert addresses or kind in {"inbox", "simulator"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'kind = "hackernew"',
            r"sources\[0\]\.kind: 'hackernew' does not exist; did you mean hackernews\?",
        ),
        (
            'kind = "telepathy"',
            r"'telepathy' does not exist; known: appstore, .*hackernews, .*youtube",
        ),
        ('interval = "1m"', r"sources\[0\]\.kind: is missing; known: appstore"),
        ('kind = "hackernews"\nbase_ulr = "x"', r"sources\[0\]\.base_ulr: .*mean base_url\?"),
        ('kind = "mastodon"', r"sources\[0\]\.base_url: is missing"),
        ('kind = "mastodon"\nbase_url = "ftp://x"', r"sources\[0\]\.base_url: .*http"),
        ('kind = "mastodon"\nbase_url = "http://x"\ntags = ["a b"]', r"sources\[0\]\.tags\[0\]"),
        (
            'kind = "mastodon"\nbase_url = "http://x"\ntopics = ["Mint"]',
            r"sources\[0\]: no term of its topics is a hashtag; say which",
        ),
        (
            'kind = "hackernews"\ntopics = ["Forgebx"]',
            r"sources\[0\]\.topics: 'Forgebx' does not exist; did you mean Forgebox\?",
        ),
        (
            'kind = "hackernews"\n[[sources]]\nkind = "hackernews"',
            r"sources\[1\]: another source is hackernews already; merge the two",
        ),
    ],
)
def test_errors_name_the_key_and_the_remedy(text: str, message: str) -> None:
    """Each mistake is told with its place and what to write instead."""
    with pytest.raises(settings.SettingsError, match=message):
        sources_of(f"[[sources]]\n{text}")


def test_validate_looks_at_disabled_sources_too() -> None:
    """A mistake is told before somebody switches the source on."""
    with pytest.raises(settings.SettingsError, match=r"my\.toml: .*lag"):
        validate(
            load('[[sources]]\nkind = "hackernews"\nenabled = false\nlag = "x"'), origin="my.toml"
        )
