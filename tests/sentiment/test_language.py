"""Which texts count as English."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.language import is_english
from sentiment.words import FILLER
from tests.sentiment.recorded import texts as recorded_texts


@pytest.mark.parametrize(
    "text",
    [
        "the server does not answer",
        "github down again",
        "API 503",
        "lol",
        "",
        "login broken",
        "no internet",
        f"{FILLER * 6} crashed after update today",
        "caf\u00e9 wifi down",
        "WTF DISCORD",
        "bruh insta crashed",
        "y is netflix so slow 2nite",
        "aws us-east-1 \U0001f621\U0001f621",
        "npm ERR! code E503",
        "curl: (7) Failed to connect to port 443: Connection refused",
        "fatal: unable to access repository",
        "k8s ingress 504",
        "MIT licence",
        "GA release broken",
    ],
)
def test_english(text: str) -> None:
    """Also when it is short: a complaint must not be lost to a guess."""
    assert is_english(text.split(), None)


@pytest.mark.parametrize(
    "text",
    [
        "Der Server ist schon wieder down",
        "el servicio no funciona desde ayer",
        "ne marche pas depuis ce matin",
        "strona nie działa od rana",
        "サーバー落ちた",
        "сервер не работает",
        f"{FILLER * 6} 挂了 怎么办",
        "login geht nicht",
        "Ça marche pas!",
        "no funciona",
        "het werkt niet",
        "não abre",
        "tidak bisa login",
    ],
)
def test_other_languages(text: str) -> None:
    """In Latin script and in others."""
    assert not is_english(text.split(), None)


@pytest.mark.parametrize(
    ("tag", "expected"), [("en", True), ("en-US", True), ("EN", True), ("und", True), ("de", False)]
)
def test_the_source_knows_better(tag: str, expected: bool) -> None:  # noqa: FBT001 - a table
    """A tag of the source is believed, whatever the text looks like."""
    assert is_english(["the", "server"], tag) is expected
    assert is_english(["Der", "Server", "ist", "schon", "wieder", "down"], tag) is expected


def test_a_phrase_tells_unless_another_language_does() -> None:
    """Words that others borrow from English do not make their texts English."""
    assert is_english(["wifi", "down", "oklahoma", "tulsa"], None, phrases=True)
    assert not is_english(["seit", "heute", "ist", "alles", "down"], None, phrases=True)


def test_recorded_english_posts_are_taken_for_english() -> None:
    """Of thousands of real posts in English hardly one is taken for another language."""
    posts = recorded_texts("airline-dev.csv")
    refused = [post for post in posts if not is_english(post.split(), None)]

    assert len(refused) <= 0.002 * len(posts), refused


@given(st.text())
def test_any_text_is_looked_at(text: str) -> None:
    """Control characters, lone surrogates and noncharacters harm nothing."""
    assert is_english(text.split(), None) in {True, False}
