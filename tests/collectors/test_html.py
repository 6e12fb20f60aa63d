"""From HTML fragments to plain text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.html import LONGEST, tidy, to_text


@pytest.mark.parametrize(
    ("fragment", "text"),
    [
        ("plain", "plain"),
        ("", ""),
        ("<p>a</p><p>b</p>", "a\nb"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("It isn&#x27;t &lt;down&gt;.<p>Same <i>he</i>re.", "It isn't <down>.\nSame here."),
        ("https:&#x2F;&#x2F;example.org&#x2F;x", "https://example.org/x"),
        (
            '<p><a class="mention hashtag">#<span>This</span></a> is @<span>halcy</span></p>',
            "#This is @halcy",
        ),
        (
            '<a><span class="invisible">https://</span><span>a.example/b</span><span>cd</span></a>',
            "https://a.example/bcd",
        ),
        ("<script>alert(1)</script><style>p{}</style>seen<template>no</template>", "seen"),
        ("<ul><li>one</li><li>two</li></ul>", "one\ntwo"),
        ("<pre>a\n  b</pre>", "a\nb"),
        ("open <b>and <i>never closed", "open and never closed"),
        ("a\x00b\ud800c\x1b[31m<p>d\x7f", "abc[31m\nd"),
        ("https://example.org/only.html", "https://example.org/only.html"),
        ("👩\u200d🚀 ok", "👩\u200d🚀 ok"),
    ],
)
def test_to_text(fragment: str, text: str) -> None:
    """A reader's view of a fragment, with the joins and breaks where a browser shows them."""
    assert to_text(fragment) == text


def test_tidy_takes_text_as_it_is() -> None:
    """Plain text may hold what looks like markup."""
    assert tidy("  x < y &amp; z\r\n\r\n  <b> ") == "x < y &amp; z\n<b>"


def test_is_bounded() -> None:
    """Neither length nor nesting makes a text longer than a post may be."""
    assert len(to_text("x" * 1_000_000)) == LONGEST
    assert len(to_text("<p>y</p>" * 200_000)) <= LONGEST
    assert to_text("<div>" * 5_000 + "deep" + "</div>" * 5_000).strip() in {"deep", ""}


@given(st.text(alphabet=st.sampled_from("<>/!-[]&;#x27 abpbr=\"'\n\x00\ud800é")))
def test_any_fragment(fragment: str) -> None:
    """Broken markup gives text that can be stored, and never fails."""
    text = to_text(fragment)
    text.encode()
    assert "\x00" not in text
    assert text == tidy(text)
