"""Making InfluxDB ready: on a real influxd, and on versions 2 and 3 as they are documented."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from storage import FOREVER, Influx, InfluxError, Prepared, prepare
from storage.servers import kept_since
from tests.support.influx import Front
from tests.support.influx_versions import TOKEN, FrontThree, FrontTwo
from tests.support.mentions import NOON

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.influx import Influxd

DAYS = timedelta(days=90)
FRONTS = {"1": Front, "2": FrontTwo, "3": FrontThree}


@pytest.fixture(params=FRONTS)
def version(request: pytest.FixtureRequest, influxd: Influxd) -> Iterator[Front]:
    """Return an InfluxDB of each version in turn."""
    front = FRONTS[request.param](influxd).start()
    yield front
    front.stop()


@pytest.fixture
def fresh(influxd: Influxd) -> Iterator[str]:
    """Return the name of a bucket that does not exist, to be dropped in the end."""
    name = influxd.database()
    influxd.execute(f"DROP DATABASE {name}")
    yield name
    influxd.execute(f"DROP DATABASE {name}")


def prepared(
    front: Front, bucket: str, keeps: timedelta | None = None, *, change: bool = False
) -> Prepared:
    """Prepare ``bucket``."""
    with Influx(front.settings(bucket=bucket)) as influx:
        return prepare(influx, keeps, change=change)


@pytest.mark.parametrize("keeps", [None, DAYS, FOREVER])
def test_a_bucket_is_created_once(version: Front, fresh: str, keeps: timedelta | None) -> None:
    """It keeps points as was asked, and a second call finds nothing to do."""
    first = prepared(version, fresh, keeps)
    assert (first.created, first.changed, first.problem) == (True, False, "")
    assert first.keeps == (keeps or FOREVER)
    again = prepared(version, fresh, keeps)
    assert (again.created, again.changed, again.problem) == (False, False, "")
    assert again.keeps == first.keeps
    with Influx(version.settings(bucket=fresh)) as influx:
        influx.write([f"m n=1i {time.time_ns()}"])


def test_what_exists_is_only_looked_at(version: Front, fresh: str) -> None:
    """Without --change a bucket keeps points as it did, and the difference is told."""
    prepared(version, fresh, DAYS)
    other = prepared(version, fresh, timedelta(days=30))
    assert (other.created, other.changed, other.keeps) == (False, False, DAYS)
    assert other.problem.startswith("it keeps points for another time")
    assert prepared(version, fresh).problem == ""


@pytest.mark.parametrize("keeps", [timedelta(hours=36), FOREVER])
def test_what_exists_is_changed_if_told_to(version: Front, fresh: str, keeps: timedelta) -> None:
    """Versions 1 and 2 can; 3 Core says that it cannot, and what to do instead."""
    prepared(version, fresh, DAYS)
    changed = prepared(version, fresh, keeps, change=True)
    if isinstance(version, FrontThree):
        assert (changed.changed, changed.keeps) == (False, DAYS)
        assert "cannot change for how long" in changed.problem
        assert "influx.bucket" in changed.problem
    else:
        assert (changed.changed, changed.keeps, changed.problem) == (True, keeps, "")
        assert prepared(version, fresh, keeps).changed is False


def test_a_policy_of_version_1_is_created_and_changed(front: Front, fresh: str) -> None:
    """In ``database/policy`` both are made, and only the policy is meant."""
    assert prepared(front, f"{fresh}/short", DAYS).keeps == DAYS
    assert prepared(front, fresh).keeps == FOREVER  # the default policy, as it was
    assert prepared(front, f"{fresh}/short", 2 * DAYS, change=True).keeps == 2 * DAYS
    assert prepared(front, f"{fresh}/short").created is False
    assert prepared(front, f"{fresh}/other").created is True


def test_a_hostile_name_is_only_a_name(front: Front, influxd: Influxd) -> None:
    """A quote in a bucket's name ends no statement; a name that influxd refuses is told."""
    name = f'{front.database}" DURATION 1h; x'
    try:
        assert prepared(front, name, DAYS).keeps == DAYS
        assert prepared(front, name).created is False
    finally:
        influxd.execute('DROP DATABASE "' + name.replace('"', '\\"') + '"')
    with pytest.raises(InfluxError, match="invalid name"):
        prepared(front, f"{name} \\ ")


def test_it_says_what_a_version_cannot_do(version: Front, fresh: str) -> None:
    """3 Core's queries, for one."""
    found = prepared(version, fresh)
    told = " ".join(found.limits)
    assert found.version == {"Front": "1.6.7~rc0"}.get(
        type(version).__name__, getattr(version, "version", "").lstrip("v")
    )
    if isinstance(version, FrontThree):
        assert "72 hours" in told
        assert "--query-file-limit" in told
        assert "five databases" in told
    elif isinstance(version, FrontTwo):
        assert "InfluxQL" in told
    else:
        assert "/api/v2/write" in told
        assert "shards" in told


def test_influxd_alone_is_told_to_need_a_front(influxd: Influxd, front: Front, fresh: str) -> None:
    """Before 1.8 the database is made, but nothing can be written without a proxy."""
    with Influx(front.settings(url=influxd.url, bucket=fresh)) as influx:
        found = prepare(influx, DAYS)
    assert found.created
    assert "404" in found.problem
    assert any("proxy" in limit for limit in found.limits)


@pytest.mark.parametrize("kind", [FrontTwo, FrontThree])
def test_a_wrong_token_is_told(influxd: Influxd, kind: type[Front]) -> None:
    """As for every other request, and without the token."""
    front = kind(influxd).start()
    try:
        with (
            Influx(front.settings(token="wrong-one")) as influx,  # noqa: S106 - a test's
            pytest.raises(
                InfluxError, match=r"does not know the token .*; correct influx.token"
            ) as e,
        ):
            prepare(influx, None)
        assert TOKEN not in str(e.value)
        assert "wrong-one" not in str(e.value)
    finally:
        front.stop()


def test_an_unknown_organisation_creates_nothing(influxd: Influxd) -> None:
    """It is named, with the key to correct."""
    front = FrontTwo(influxd).start()
    try:
        with (
            Influx(front.settings(org="theirs", bucket="new")) as influx,
            pytest.raises(InfluxError, match=r'organization name "theirs" not found.*influx.org'),
        ):
            prepare(influx, None)
        assert "new" not in front.buckets
    finally:
        front.stop()


def test_what_is_no_influxdb_is_told(front: Front) -> None:
    """Something answers there, but does not say which InfluxDB it is."""
    with (
        Influx(front.settings(url=f"{front.url}/elsewhere")) as influx,
        pytest.raises(InfluxError, match="404"),
    ):
        prepare(influx, None)


def test_since_when_points_are_kept(version: Front, fresh: str) -> None:
    """From then on InfluxDB can be expected to hold what it was sent."""
    with Influx(version.settings(bucket=fresh)) as influx:
        with pytest.raises(InfluxError, match="hubbub influx setup"):
            kept_since(influx, NOON)
        prepare(influx, DAYS)
        assert kept_since(influx, NOON) == NOON - DAYS + timedelta(hours=1)
        if not isinstance(version, FrontThree):
            prepare(influx, FOREVER, change=True)
            assert kept_since(influx, NOON) is None
