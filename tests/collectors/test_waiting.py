"""What the headers of an answer say about waiting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.waiting import Quota, quota, reset_after, retry_after

DATE = "Tue, 24 Nov 2026 13:00:00 GMT"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("-5", 0.0),
        ("Tue, 24 Nov 2026 13:02:00 GMT", 120.0),
        ("Tue, 24 Nov 2026 12:00:00 GMT", 0.0),
        ("1e300", 86_400.0),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after(value: str, expected: float | None) -> None:
    """Seconds and dates are understood, what cannot be believed is bounded or ignored."""
    assert retry_after({"retry-after": value, "date": DATE}) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-24T13:01:30.346927Z", 90.346927),
        ("2026-11-24T14:01:30+01:00", 90.0),
        ("1795525290", 90.0),
        ("1795525290.5", 90.5),
        ("90", 90.0),
        ("90.0", 90.0),
        ("never", None),
    ],
)
@pytest.mark.parametrize("name", ["x-ratelimit-reset", "x-rate-limit-reset"])
def test_reset_after(name: str, value: str, expected: float | None) -> None:
    """All three styles give the seconds that are left, by the server's own clock."""
    assert reset_after({name: value, "date": DATE}) == pytest.approx(expected)


def test_without_headers() -> None:
    """No header, no wait; and a date is read by our clock if the server tells no time."""
    assert retry_after({}) is None
    assert reset_after({}) is None
    soon = retry_after({"retry-after": "Tue, 24 Nov 2099 13:00:00 GMT"})
    assert soon is not None
    assert soon > 0


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_header(value: str, date: str) -> None:
    """Whatever stands in a header, the wait is none or a bounded one."""
    for read, name in ((retry_after, "retry-after"), (reset_after, "x-ratelimit-reset")):
        wait = read({name: value, "date": date})
        assert wait is None or 0 <= wait <= 86_400


@pytest.mark.parametrize(
    ("headers", "expected", "used_up"),
    [
        (
            {
                "x-ratelimit-limit": "300",
                "x-ratelimit-remaining": "299",
                "x-ratelimit-reset": "2026-11-24T13:05:00.346927Z",
            },
            Quota(299.0, 300.0, 300.346927),
            False,
        ),
        (
            {
                "x-rate-limit-limit": "450",
                "x-rate-limit-remaining": "0",
                "x-rate-limit-reset": "1795525290",
            },
            Quota(0.0, 450.0, 90.0),
            True,
        ),
        (
            {"x-ratelimit-remaining": "590.0", "x-ratelimit-reset": "30"},
            Quota(590.0, None, 30.0),
            False,
        ),
        (
            {"x-ratelimit-remaining": "0.0", "x-ratelimit-reset": "30"},
            Quota(0.0, None, 30.0),
            True,
        ),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "7"}, Quota(0.0, None, 7.0), True),
        ({"x-ratelimit-remaining": "0"}, Quota(0.0), True),
    ],
    ids=["Mastodon", "X", "Reddit", "Reddit, no more", "IETF", "without a reset"],
)
def test_quota(headers: dict[str, str], expected: Quota, *, used_up: bool) -> None:
    """What is left is understood in every style, parts of a request too."""
    found = quota(headers | {"date": DATE})
    assert found is not None
    assert (found.remaining, found.limit) == (expected.remaining, expected.limit)
    assert found.reset == (None if expected.reset is None else pytest.approx(expected.reset))
    assert found.is_used_up is used_up


@given(st.dictionaries(st.sampled_from(["remaining", "limit", "reset"]), st.text(max_size=40)))
def test_any_quota(values: dict[str, str]) -> None:
    """Whatever the headers say, there is a number left or nothing is known."""
    found = quota({f"x-ratelimit-{name}": value for name, value in values.items()})
    assert found is None or found.reset is None or 0 <= found.reset <= 86_400
