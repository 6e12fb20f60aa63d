"""Every query on a real InfluxDB: it runs, and yields what the journal says."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

import settings
from dashboards.grafana import catalogue, rules
from signals import Level, from_seconds, seconds
from storage import Influx, Reader
from storage.database import reading
from tests.support.delivering import deliver
from tests.support.grafana import View, panels, statements
from tests.support.grafana_world import AIRLINES, BUSY, WEEK, YEAR, load_week, load_year
from tests.support.influx import Front

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from storage.influx import Series
    from tests.support.influx import Influxd

DASHBOARDS = {each.uid: each.document() for each in catalogue("http://hubbub.example")}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

MINUTES = View(BUSY + 9 * HOUR, BUSY + 10.5 * HOUR)
HOURS = View(BUSY - DAY, BUSY + 3 * DAY)
DAYS = View(WEEK.start - 60 * DAY, WEEK.end + 60 * DAY)
LEVELS = [
    pytest.param(MINUTES, Level.MINUTE, id="minutes"),
    pytest.param(HOURS, Level.HOUR, id="hours"),
    pytest.param(DAYS, Level.DAY, id="days"),
]


class World:
    """A journal, and the InfluxDB that holds what it delivered.

    Attributes:
        path: The journal.
        reader: Reads it.
        chosen: What is chosen for each variable, by default everything.
    """

    def __init__(self, path: Path, influx: Influx, chosen: Mapping[str, Any]) -> None:
        """Keep what belongs together."""
        self.path, self.reader, self.chosen = path, Reader(path), chosen
        self._influx = influx

    def ask(self, influxql: str, view: View, uid: str = "", **chosen: Any) -> list[Series]:
        """Return the answer to a query of the dashboard ``uid``, or of a rule."""
        variables = DASHBOARDS[uid]["templating"]["list"] if uid else ()
        seen = replace(view, values={**self.chosen, **chosen})
        return self._influx.query(seen.expand(influxql, variables))

    def panel(
        self, uid: str, title: str, view: View, ref: str = "A", **chosen: Any
    ) -> list[Series]:
        """Return the answer to query ``ref`` of a panel."""
        panel = next(each for each in panels(DASHBOARDS[uid]) if each["title"] == title)
        target = next(each for each in panel["targets"] if each["refId"] == ref)
        return self.ask(target["query"], view, uid, **chosen)

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return rows of the journal."""
        with reading(self.path) as database:
            return database.execute(sql, values).fetchall()


@pytest.fixture(scope="module")
def worlds(influxd: Influxd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return what makes a world of a journal; all are closed at the end."""
    fronts: list[Front] = []
    connections: list[Influx] = []

    def make(load: Any, now: datetime, **chosen: Any) -> World:
        path = tmp_path_factory.mktemp("journal") / "hubbub.db"
        load(path)
        front = Front(influxd).start()
        fronts.append(front)
        while deliver(path, front.settings(), now):
            pass  # only so many lines wait at a time
        connections.append(Influx(front.settings(timeout="60s")))
        return World(path, connections[-1], chosen)

    yield make
    for connection in connections:
        connection.close()
    for front in fronts:
        front.stop()


@pytest.fixture(scope="module")
def week(worlds: Any) -> World:
    """Return the airline week, with all topics and sources chosen."""
    if not AIRLINES.exists():
        pytest.skip("the recorded airline week is not here (../shared/data)")
    world: World = worlds(load_week, WEEK.end + 90 * DAY)
    topics = tuple(world.reader.topics())
    sources = tuple(row[0] for row in world.rows("SELECT DISTINCT source FROM series"))
    world.chosen = {"topic": topics, "source": (*sources, "forum", "board")}
    return world


@pytest.fixture(scope="module")
def year(worlds: Any) -> World:
    """Return the year of rankings."""
    world: World = worlds(
        load_year,
        YEAR.end,
        source="distrowatch",
        span="6m",
        distro=("distro-00", "distro-03", "distro-07", "distro-11"),
    )
    return world


def table(series: list[Series], column: int = 1) -> dict[tuple[str, int], Any]:
    """Return values by tag (empty without one) and second, gaps left out."""
    return {
        (next(iter(one.tags.values()), ""), row[0] // 10**9): row[column]
        for one in series
        for row in one.rows
        if row[column] is not None
    }


def within(view: View, moment: int) -> bool:
    """Tell whether a point at ``moment`` (seconds) lies in what the view shows."""
    return seconds(view.start) <= moment <= seconds(view.end)


def volumes(world: World, view: View, level: Level) -> dict[tuple[str, int], Any]:
    """Return the journal's volumes by topic and bucket."""
    return {
        (topic, seconds(volume.start)): volume
        for topic in world.reader.topics()
        for volume in world.reader.volumes(topic, view.start, view.end + level_width(level), level)
        if within(view, seconds(volume.start)) and volume.coverage
    }


def level_width(level: Level) -> timedelta:
    """Return the width of a level's buckets."""
    return timedelta(seconds=int(level))


# -- everything runs


def every_statement() -> list[Any]:
    """Return all statements of the dashboards that are about topics, with the dashboard."""
    return [
        pytest.param(uid, statement, id=statement.place)
        for uid, dashboard in DASHBOARDS.items()
        for statement in statements(dashboard)
    ]


@pytest.mark.parametrize(("uid", "statement"), every_statement())
def test_every_query_yields_something(
    uid: str, statement: Any, request: pytest.FixtureRequest
) -> None:
    """Each panel, variable and annotation finds what was stored."""
    about_distros = uid == "hubbub-distros"
    world: World = request.getfixturevalue("year" if about_distros else "week")
    view = View(YEAR.start, YEAR.end) if about_distros else HOURS
    if "Open incidents" in statement.place:
        ((confirmed,),) = world.rows("SELECT min(time) FROM change WHERE phase = 'confirmed'")
        view = View(WEEK.start, from_seconds(confirmed + 60))
    found = world.ask(statement.influxql, view, uid)
    assert any(value is not None for one in found for row in one.rows for value in row[1:])


@pytest.mark.parametrize("days", [0.05, 1, 3, 4, 30, 120, 800])
@pytest.mark.parametrize("uid", ["hubbub-outage", "hubbub-topic", "hubbub-itself"])
def test_every_query_runs_over_every_range(week: World, uid: str, days: float) -> None:
    """From an hour to two years, whatever roll-up that is."""
    view = View(WEEK.end - days * DAY, WEEK.end)
    for statement in statements(DASHBOARDS[uid]):
        week.ask(statement.influxql, view, uid)


@pytest.mark.parametrize(
    ("days", "step"),
    [(0.05, "1m"), (0.25, "5m"), (1, "15m"), (2.9, "30m"), (3, "1h"), (7, "2h"), (30, "6h"),
     (95, "12h"), (96, "1d"), (365, "1d"), (800, "7d")],
)  # fmt: skip
def test_the_range_chooses_bucket_and_roll_up(days: float, step: str) -> None:
    """Minutes for less than three days, as InfluxDB 3 Core wants it; hours, then days."""
    variable = next(
        each for each in DASHBOARDS["hubbub-outage"]["templating"]["list"] if each["name"] == "step"
    )
    assert View(WEEK.end - days * DAY, WEEK.end).interval(variable) == step


def test_the_roll_up_is_the_one_of_the_bucket(week: World) -> None:
    """The measurement that answers is the one whose unit the bucket has."""
    for view, name in ((MINUTES, "mention_1m"), (HOURS, "mention_1h"), (DAYS, "mention_1d")):
        found = week.panel("hubbub-outage", "Positive and negative posts", view)
        assert {one.name for one in found} == {name}


# -- what they say is what the journal says


@pytest.mark.parametrize(("view", "level"), LEVELS)
def test_volumes_are_the_journals(week: World, view: View, level: Level) -> None:
    """Positive and negative, of all topics and of each, people, and mirrored."""
    counted = volumes(week, view, level)
    sums: dict[str, Counter[int]] = defaultdict(Counter)
    for (_, moment), volume in counted.items():
        sums["negative"][moment] += volume.negative
        sums["positive"][moment] += volume.positive
    both = "Positive and negative posts"
    for ref, field in (("A", "negative"), ("B", "positive")):
        found = week.panel("hubbub-outage", both, view, ref)
        assert {m: n for (_, m), n in table(found).items()} == dict(sums[field])
    mirrored = table(week.panel("hubbub-outage", both, view, mirror="-1"))
    assert {m: -n for (_, m), n in mirrored.items()} == dict(sums["negative"])
    for title, field in (("Complaints by topic", "negative"), ("Distinct authors", "authors")):
        found = week.panel("hubbub-outage", title, view)
        assert table(found) == {key: getattr(v, field) for key, v in counted.items()}
    assert sum(sums["negative"].values()) > 20


@pytest.mark.parametrize(("view", "level"), LEVELS)
def test_shares_and_moods_are_the_journals(week: World, view: View, level: Level) -> None:
    """A bucket without posts has neither, instead of nought."""
    counted = volumes(week, view, level)
    total: Counter[int] = Counter()
    negative: Counter[int] = Counter()
    for (_, moment), volume in counted.items():
        total[moment] += volume.total
        negative[moment] += volume.negative
    share = {m: n for (_, m), n in table(
        week.panel("hubbub-outage", "Share that complains", view)
    ).items()}  # fmt: skip
    assert share == pytest.approx({m: 100 * negative[m] / n for m, n in total.items() if n})
    united = {m: v for (topic, m), v in counted.items() if topic == "United" and v.total}
    mood = table(week.panel("hubbub-topic", "Mood over time", view, topic="United"))
    assert {m: n for (_, m), n in mood.items()} == pytest.approx(
        {m: v.score_sum / v.total for m, v in united.items()}
    )


@pytest.mark.parametrize(("view", "level"), LEVELS)
def test_the_band_and_the_score_are_the_journals(week: World, view: View, level: Level) -> None:
    """Combined over wider buckets as hubbub's own page does it."""
    judged = {
        seconds(verdict.time): verdict
        for verdict in week.reader.verdicts(
            "US Airways", view.start, view.end + level_width(level), level
        )
        if within(view, seconds(verdict.time))
    }
    found = week.panel("hubbub-topic", "Against what is usual", view, "C", topic="US Airways")
    # The last bucket is cut off where the view ends.
    whole = [m for m in judged if m + int(level) <= seconds(view.end)]
    for column, name in enumerate(("low", "expected", "high"), 1):
        values = {m: n for (_, m), n in table(found, column).items() if m in whole}
        assert values == pytest.approx({m: getattr(judged[m], name) for m in whole})
    for title, name in (("Spike score", "score"),):
        found = week.panel("hubbub-outage", title, view, topic="US Airways")
        values = {m: n for (_, m), n in table(found).items() if m in whole}
        assert values == pytest.approx({m: getattr(judged[m], name) for m in whole})
    flag = table(week.panel("hubbub-topic", "Complaint flag", view, topic="US Airways"))
    assert {m: n for (_, m), n in flag.items() if m in whole} == {m: judged[m].state for m in whole}
    assert any(judged[m].expected for m in whole)


def test_posts_by_source_are_the_journals(week: World) -> None:
    """All of them, and the complaints; the figure above is their sum."""
    for title, column in (("Posts by source", "positive + negative + neutral + unscored"),
                          ("Complaints by source", "negative")):  # fmt: skip
        expected = {
            (source, moment): count
            for source, moment, count in week.rows(
                f"SELECT source, time, sum({column}) FROM bucket"
                " JOIN series ON series.id = bucket.series WHERE level = 3600 AND topic = 'Delta'"
                " AND time BETWEEN ? AND ? GROUP BY source, time",
                seconds(HOURS.start),
                seconds(HOURS.end),
            )
            if count
        }
        found = table(week.panel("hubbub-topic", title, HOURS, topic="Delta"))
        assert {key: count for key, count in found.items() if count} == expected
    posts = table(week.panel("hubbub-topic", "Posts", HOURS, topic="Delta"))
    assert sum(posts.values()) == sum(
        volume.total for (topic, _), volume in volumes(week, HOURS, Level.HOUR).items()
        if topic == "Delta"
    )  # fmt: skip


@pytest.mark.parametrize(("view", "level"), LEVELS)
def test_coverage_is_the_journals(week: World, view: View, level: Level) -> None:
    """As much of each bucket as was listened to; what was not is a gap and no point."""
    (source,) = {row[0] for row in week.rows("SELECT source FROM series")}
    most: dict[tuple[str, int], float] = defaultdict(float)
    for (_, moment), volume in volumes(week, view, level).items():
        most[source, moment] = max(most[source, moment], volume.coverage)
    found = table(week.panel("hubbub-outage", "Listened to", view))
    assert found == pytest.approx(dict(most), abs=1e-4)
    assert table(week.panel("hubbub-itself", "Listened to", view)) == found


def test_a_bucket_that_nobody_watched_is_a_gap(week: World) -> None:
    """Before the week there is nothing, and nothing is not nought."""
    before = View(WEEK.start - 4 * DAY, WEEK.end - 6 * DAY)
    (found,) = week.panel("hubbub-outage", "Positive and negative posts", before)
    gaps = [row[1] is None for row in found.rows]
    assert gaps[0]
    assert not all(gaps)


def test_the_week_hour_by_hour_is_the_journals(week: World) -> None:
    """Complaints of each hour, and what was expected then."""
    view = View(WEEK.start, WEEK.end)
    title = "The week, hour by hour"
    negative = table(week.panel("hubbub-topic", title, view, topic="United"))
    assert {m: n for (_, m), n in negative.items()} == {
        m: volume.negative
        for (topic, m), volume in volumes(week, view, Level.HOUR).items()
        if topic == "United"
    }
    usual = table(week.panel("hubbub-topic", title, view, "B", topic="United"))
    assert {m: n for (_, m), n in usual.items()} == pytest.approx(
        {
            seconds(verdict.time): verdict.expected
            for verdict in week.reader.verdicts("United", view.start, view.end, Level.HOUR)
        }
    )


def test_incidents_are_the_journals(week: World) -> None:
    """Their life as bands, what is open, and the marks."""
    states = {"possible": 1, "confirmed": 2, "resolved": 0}
    changes = [
        (topic, time, states[phase])
        for topic, time, phase in week.rows(
            "SELECT topic, time, change.phase FROM change"
            " JOIN incident ON incident.id = change.incident ORDER BY change.row"
        )
    ]
    assert {state for _, _, state in changes} == {0, 1, 2}
    view = View(WEEK.start, WEEK.end)
    expected: dict[tuple[str, int], int] = {}
    width = 2 * int(Level.HOUR)
    for topic in week.reader.topics():
        own = [(time // width * width, state) for each, time, state in changes if each == topic]
        state = None
        for moment in range(seconds(view.start), seconds(view.end) + 1, width):
            for time, entered in own:
                if time == moment:
                    state = entered
            if state is not None:
                expected[topic, moment] = state
    assert table(week.panel("hubbub-outage", "Incidents", view)) == expected

    middle = next(time for _, time, state in changes if state == 2) + 60
    latest_state = {topic: state for topic, time, state in changes if time < middle}
    until = View(view.start, from_seconds(middle))
    found = week.panel("hubbub-outage", "Open incidents", until)
    assert {row[one.columns.index("topic")] for one in found for row in one.rows} == {
        topic for topic, state in latest_state.items() if state
    }
    (row, *_) = found[0].rows
    assert row[found[0].columns.index("url")].startswith("http://hubbub.example/topics/")
    marks = next(
        each for each in DASHBOARDS["hubbub-outage"]["annotations"]["list"]
        if each["name"] == "Incidents"
    )  # fmt: skip
    (found_marks,) = week.ask(marks["target"]["query"], view, "hubbub-outage")
    assert len(found_marks.rows) == len(changes)


@pytest.mark.parametrize(
    ("name", "topics", "titles"),
    [
        ("Deploys", ("United",), {"booking 2.31"}),
        ("Deploys", ("Delta",), set()),
        ("Releases", ("Delta",), {"app 7"}),
        ("Official status", ("US Airways", "Delta"), {"Check-in slow"}),
        ("Other marks", ("American", "Delta"), {"Ground crew"}),
    ],
)
def test_events_of_the_chosen_topics_and_of_all_are_marked(
    week: World, name: str, topics: tuple[str, ...], titles: set[str]
) -> None:
    """An event that belongs to no topic belongs to all of them."""
    mark = next(
        each for each in DASHBOARDS["hubbub-outage"]["annotations"]["list"] if each["name"] == name
    )
    found = week.ask(mark["target"]["query"], HOURS, "hubbub-outage", topic=topics)
    rows = [dict(zip(one.columns, row, strict=True)) for one in found for row in one.rows]
    assert {row["title"] for row in rows} == titles
    for row in rows:
        end = seconds(BUSY + 17 * HOUR) * 1_000 if row["title"] == "Check-in slow" else 0
        assert row["end_ms"] == end


def test_the_variables_offer_what_there_is(week: World, year: World) -> None:
    """Topics, sources, distros and spans."""

    def offered(world: World, uid: str, name: str, view: View) -> set[str]:
        variable = next(v for v in DASHBOARDS[uid]["templating"]["list"] if v["name"] == name)
        found = world.ask(variable["query"], view, uid)
        return {row[1] for one in found for row in one.rows}

    assert offered(week, "hubbub-outage", "topic", HOURS) == set(week.reader.topics())
    assert offered(week, "hubbub-itself", "source", HOURS) == {"forum", "board"}
    rankings = View(YEAR.start, YEAR.end)
    assert offered(year, "hubbub-distros", "span", rankings) == {"12m", "6m", "3m", "1m"}
    assert len(offered(year, "hubbub-distros", "distro", rankings)) == 40


def test_attempts_are_the_journals(week: World) -> None:
    """Health, failures, delay and duration of each source, by hour."""
    rows = week.rows("SELECT source, time / 3600 * 3600, ok, lag, duration FROM attempt")
    grouped: dict[tuple[str, int], list[tuple[Any, ...]]] = defaultdict(list)
    for source, hour, *rest in rows:
        grouped[source, hour].append(tuple(rest))
    expectations: dict[str, Callable[[list[tuple[Any, ...]]], float]] = {
        "Sources": lambda g: max(ok for ok, _, _ in g),
        "Failed attempts": lambda g: sum(not ok for ok, _, _ in g),
        "Delay": lambda g: max(lag for _, lag, _ in g),
        "Time for one attempt": lambda g: max(duration for _, _, duration in g),
        "Posts new to hubbub": lambda _: 0,
    }
    for title, expected in expectations.items():
        found = table(week.panel("hubbub-itself", title, HOURS))
        assert found == pytest.approx({key: expected(group) for key, group in grouped.items()})
    assert min(table(week.panel("hubbub-itself", "Sources", HOURS)).values()) == 0
    figure = table(week.panel("hubbub-itself", "Attempts delivered", HOURS))
    assert sum(figure.values()) == len(rows)
    (topics,) = week.panel("hubbub-itself", "Topics judged", HOURS)
    assert topics.rows[0][1] == len(week.reader.topics())


# -- the year


RANKINGS = View(YEAR.start, YEAR.end - DAY)


@pytest.mark.parametrize(
    ("title", "column"), [("Rank history", "rank"), ("Hits per day (HPD)", "hits")]
)
def test_rankings_are_the_journals(year: World, title: str, column: str) -> None:
    """Each day of the year, for the chosen distros and span."""
    distros = year.chosen["distro"]
    marks = ", ".join("?" * len(distros))
    expected = {
        (distro, day): value
        for distro, day, value in year.rows(
            f"SELECT distro, day, {column} FROM reading WHERE span = '6m' AND distro IN ({marks})",
            *distros,
        )
    }
    assert len(expected) == 365 * len(distros)
    assert table(year.panel("hubbub-distros", title, RANKINGS)) == expected


def test_movers_and_then_and_now_are_the_journals(year: World) -> None:
    """The first and the last day of the time shown, for every distro of the ranking."""
    ends = [seconds(RANKINGS.start), seconds(RANKINGS.end)]
    ranks, hits = (
        {
            (distro, day): value
            for distro, day, value in year.rows(
                f"SELECT distro, day, {column} FROM reading WHERE span = '6m' AND day IN (?, ?)",
                *ends,
            )
        }
        for column in ("rank", "hits")
    )
    first, last = ends
    found = year.panel("hubbub-distros", "Movers", RANKINGS)
    assert len(found) == 40
    for one in found:
        distro, row = one.tags["distro"], dict(zip(one.columns, one.rows[0], strict=True))
        then, now = ranks[distro, first], ranks[distro, last]
        assert (row["then"], row["now"], row["places gained"]) == (then, now, then - now)
        assert row["HPD gained"] == hits[distro, last] - hits[distro, first]
    assert any(one.rows[0][one.columns.index("places gained")] for one in found)
    for one in year.panel("hubbub-distros", "Then and now", RANKINGS):
        distro = one.tags["distro"]
        assert one.rows[0][1:] == (hits[distro, first], hits[distro, last])


# -- the alert rules


def latest(world: World, uid: str, now: datetime, **changes: Any) -> dict[str, list[Series]]:
    """Return what the queries of a rule see at ``now``."""
    rule = next(each for each in rules(settings.Grafana(**changes)) if each.uid == uid)
    view = View(now - rule.window, now)
    return {ref: world.ask(influxql, view) for ref, influxql in rule.queries.items()}


def fires(world: World, uid: str, now: datetime, **changes: Any) -> set[str]:
    """Return for which topics, sources or distros the condition of a rule holds at ``now``."""
    rule = next(each for each in rules(settings.Grafana(**changes)) if each.uid == uid)
    seen = latest(world, uid, now, **changes)
    values: dict[str, dict[str, Any]] = defaultdict(dict)
    for ref, found in seen.items():
        for one in found:
            value = next(v for row in reversed(one.rows) if (v := row[1]) is not None)
            values[next(iter(one.tags.values()), "")][f"{ref}1"] = value
    condition = rule.condition.replace("$", "")
    return {tag for tag, known in values.items() if eval(condition, {}, known)}  # noqa: S307 - ours


def test_the_spike_rule_fires_while_an_incident_is_confirmed(week: World) -> None:
    """Exactly for the topics of which the detector's last word is confirmed."""
    changes = week.rows("SELECT time FROM change WHERE phase != 'possible'")
    moments = {WEEK.start + 12 * hour * HOUR for hour in range(18)}
    moments |= {
        from_seconds(time) + minutes for (time,) in changes for minutes in (-HOUR, HOUR / 4)
    }
    fired = 0
    for now in sorted(moments):
        expected = {
            topic
            for topic, state in week.rows(
                "SELECT topic, state FROM verdict AS v WHERE time ="
                " (SELECT max(time) FROM verdict AS w WHERE w.topic = v.topic AND w.time <= ?"
                " AND w.time >= ?)",
                seconds(now),
                seconds(now - HOUR),
            )
            if state == 2
        }
        assert fires(week, "hubbub-spike", now) == expected
        fired += bool(expected)
    assert fired


def test_the_volume_rule_counts_complaints_of_fifteen_minutes(week: World) -> None:
    """For those who do not run the detector."""
    now = BUSY + 13 * HOUR
    counted = {
        topic: sum(
            volume.negative
            for volume in week.reader.volumes(topic, now - HOUR / 4, now + DAY / 1440, Level.MINUTE)
        )
        for topic in week.reader.topics()
    }
    limit = sorted(counted.values())[-2]
    assert limit
    assert fires(week, "hubbub-volume", now, volume=limit) == {
        topic for topic, count in counted.items() if count >= limit
    }


def test_the_source_rule_fires_for_the_source_that_fails(week: World) -> None:
    """The forum failed for an hour; once it is heard again the condition no longer holds."""
    broken = BUSY + timedelta(minutes=10 * 65)
    assert fires(week, "hubbub-source", broken - HOUR) == set()
    assert fires(week, "hubbub-source", broken + timedelta(minutes=9)) == {"forum"}
    assert fires(week, "hubbub-source", broken + timedelta(minutes=11)) == set()


def test_the_delivery_rule_sees_nothing_once_nothing_arrives(week: World) -> None:
    """Grafana calls that no data, and this rule alone alerts on it."""
    assert fires(week, "hubbub-delivery", BUSY + HOUR) == set()
    assert latest(week, "hubbub-delivery", BUSY + HOUR)["A"][0].rows[0][1] > 0
    assert latest(week, "hubbub-delivery", WEEK.end + DAY) == {"A": []}


def test_the_distro_rule_fires_for_who_enters_or_leaves_the_top_ten(year: World) -> None:
    """Within the last week, and for nobody else."""
    fired: set[str] = set()
    for day in range(7, 365, 20):
        now = YEAR.start + day * DAY
        ranks = {
            (distro, time): rank
            for distro, time, rank in year.rows(
                "SELECT distro, day, rank FROM reading WHERE span = '6m' AND day IN (?, ?)",
                seconds(now - 7 * DAY),
                seconds(now),
            )
        }
        expected = {
            distro
            for distro, time in ranks
            if (ranks[distro, seconds(now - 7 * DAY)] <= 10) != (ranks[distro, seconds(now)] <= 10)
        }
        assert fires(year, "hubbub-distro", now) == expected
        fired |= expected
    assert fired
