"""Text from the network made fit to be told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.channels.text import address, characters, clean, fitting, inert, line, listing, octets


@given(st.text(max_size=300), st.integers(1, 200))
def test_clean_text_is_visible_and_bounded(text: str, size: int) -> None:
    """Nothing invisible is left but line breaks, and it is valid UTF-8."""
    short = clean(text, size)
    assert len(short) <= size
    assert all(c.isprintable() or c == "\n" for c in short)
    assert short.encode().decode() == short


@given(st.text(max_size=300), st.integers(1, 200))
def test_a_line_is_one_line(text: str, size: int) -> None:
    """White space is collapsed, so that no text breaks a layout or a header."""
    assert line(text, size).isprintable()
    assert len(line(text, size)) <= size


def test_what_goes_on_ends_in_an_ellipsis() -> None:
    """A reader sees that a text was cut."""
    assert clean("abcdef", 4) == "abc…"
    assert clean("abcd", 4) == "abcd"
    assert line("a \n\t b", 9) == "a b"


@given(st.text(alphabet="ab@:/ .htps", max_size=60))
def test_inert_text_holds_no_address_and_no_ping(text: str) -> None:
    """However often it is nested."""
    assert "://" not in inert(text)
    assert inert(text).count("@") == inert(text).count("@\u200b")
    assert inert(text).replace("\u200b", "") == text


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.org/a?b=c&d=(1)#e", "https://example.org/a?b=c&d=(1)#e"),
        ("http://example.org/@ada/1", "http://example.org/@ada/1"),
        ("https://example.org/ü", "https://example.org/%C3%BC"),
        ('https://example.org/"><script>|', "https://example.org/%22%3E%3Cscript%3E%7C"),
        ("https://github.com@evil.example/", ""),
        ("javascript:alert(1)", ""),
        ("https://", ""),
        ("https://[::1", ""),
        ("https://example.org/\n", ""),
        ("https://example.org/\u202e", ""),
        ("https://example.org/" + "a" * 1_000, ""),
        ("https://example.org/" + "ü" * 500, ""),
        ("", ""),
    ],
)
def test_an_address_is_followed_safely_or_not_at_all(url: str, expected: str) -> None:
    """Only web addresses are kept, in ASCII, and none that passes for another."""
    assert address(url) == expected


@given(st.lists(st.text(max_size=30), max_size=9), st.integers(50, 200))
def test_what_is_kept_fits(lines: list[str], size: int) -> None:
    """The first lines are kept, and the remark about the others fits as well."""
    for measure in (characters, octets):
        kept = fitting(lines, size, measure)
        assert measure("\n".join(kept)) <= size
        assert kept == lines[: len(kept)]
        told = listing(lines, size, measure)
        assert measure("\n".join(told)) <= size


def test_what_is_left_out_is_counted() -> None:
    """Nothing is lost in silence."""
    assert listing(["x" * 30] * 5, 110) == ["x" * 30, "x" * 30, "… and 3 more"]
    assert listing(["x"] * 5, 110) == ["x"] * 5
