"""How archives write an instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collectors.instants import read_instant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-05-01T10:20:30Z", "2024-05-01T10:20:30+00:00"),
        (" 2024-05-01 10:20:30 ", "2024-05-01T10:20:30+00:00"),
        ("2024-05-01T10:20:30.123456789Z", "2024-05-01T10:20:30.123456+00:00"),
        ("2024-05-01 10:20:30 -0800", "2024-05-01T18:20:30+00:00"),
        ("2024-05-01 10:20:30 UTC", "2024-05-01T10:20:30+00:00"),
        ("2024-05-01T10:20:30+05:30", "2024-05-01T04:50:30+00:00"),
        ("20240501T102030Z", "2024-05-01T10:20:30+00:00"),
        ("20240501", "2024-05-01T00:00:00+00:00"),
        ("2024-05-01", "2024-05-01T00:00:00+00:00"),
        (" 1714558830 ", "2024-05-01T10:20:30+00:00"),
        ("1714558830.5", "2024-05-01T10:20:30.500000+00:00"),
        ("1714558830123", "2024-05-01T10:20:30.123000+00:00"),
        ("1511010112345", "2017-11-18T13:01:52.345000+00:00"),
        (1714558830, "2024-05-01T10:20:30+00:00"),
        (1714558830.5, "2024-05-01T10:20:30.500000+00:00"),
        (1714558830123, "2024-05-01T10:20:30.123000+00:00"),
        ("Wed, 01 May 2024 10:20:30 -0800", "2024-05-01T18:20:30+00:00"),
        ("1 May 2024 10:20:30 -0000", "2024-05-01T10:20:30+00:00"),
        ("Wed May 01 10:20:30 +0000 2024", "2024-05-01T10:20:30+00:00"),
    ],
)
def test_times_are_read_as_people_write_them(written: object, meant: str) -> None:
    """ISO 8601, numbers since 1970 and the dates of e-mail all give UTC."""
    when = read_instant(written)
    assert when is not None
    assert when.tzinfo is UTC
    assert when.isoformat() == meant


@settings(deadline=None)
@given(st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.booleans()))
def test_any_other_value_is_no_time(value: object) -> None:
    """Whatever stands there, the result is an instant in UTC or none."""
    when = read_instant(value)
    assert when is None or when.tzinfo is UTC


@settings(deadline=None)
@given(
    st.datetimes(
        datetime(1990, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
        datetime(2026, 1, 1),  # noqa: DTZ001
        timezones=st.integers(-840, 840).map(lambda at: timezone(timedelta(minutes=at))),
    )
)
def test_written_times_read_back(when: datetime) -> None:
    """ISO 8601 and seconds since 1970 come back exact."""
    assert read_instant(when.isoformat()) == when
    assert read_instant(int(when.timestamp())) == when.replace(microsecond=0)
