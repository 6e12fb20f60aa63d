"""The configuration file (TOML) as frozen, validated objects.

Every table is closed: an unknown key is an error that names the key and suggests the right one.
``${NAME}`` in any string is replaced from the environment; a secret may also be read from a file,
``{ file = "/run/credentials/token" }``, and is never printed.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar, get_args

import platformdirs
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    SecretStr,
    TypeAdapter,
    ValidationError,
    field_serializer,
    model_validator,
)

import signals

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*([smhdw])")
_LONGEST = 36_500  # days; so long ago there was nobody to listen to
_HTTP_URL = TypeAdapter(HttpUrl)
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_REMEDIES = {
    "dict_type": "must be a table",
    "missing": "is missing",
    "model_type": "must be a table",
    "string_too_short": "must not be empty",
    "tuple_type": 'must be a list: ["one", "two"], or [[...]] before each of several tables',
}
"""What to say instead of pydantic's own words, by the type of its error."""


class SettingsError(Exception):
    """The configuration cannot be used; the message names each key and its remedy."""


def _duration(value: object) -> object:
    """Read ``90s``, ``5m``, ``2h``, ``14d`` or ``2w``."""
    if isinstance(value, timedelta):
        return value
    if (match := _DURATION.fullmatch(str(value).strip())) is None:
        raise ValueError(f"{value!r} is no duration; write for example 90s, 5m, 2h or 14d")
    seconds = float(match[1]) * _UNITS[match[2]]
    if seconds > _LONGEST * _UNITS["d"]:
        raise ValueError(f"{value!r} is too long; a duration may be {_LONGEST}d at most")
    return timedelta(seconds=seconds)


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("a duration must be longer than nothing")
    return value


def _expand_user(value: Path) -> Path:
    try:
        return value.expanduser()
    except RuntimeError:
        raise ValueError(f"{value}: nobody's home folder; write the whole path") from None


def _secret(value: object) -> object:
    """Read a secret given as text or as ``{ file = "..." }``."""
    if not isinstance(value, Mapping):
        return value
    if set(value) != {"file"}:
        raise ValueError('a secret is "${NAME}" or { file = "/path/to/it" }')
    path = _expand_user(Path(str(value["file"])))
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"cannot read {path}: it is not UTF-8 text") from None


def _base_url(value: str) -> str:
    try:
        return str(_HTTP_URL.validate_python(value)).rstrip("/")
    except ValidationError:
        # Without the value, which may hold a password.
        raise ValueError("is no address; write for example https://example.org") from None


Duration = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_positive)]
Secret = Annotated[SecretStr, BeforeValidator(_secret)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
Terms = tuple[Annotated[str, Field(min_length=1)], ...]


class Table(BaseModel):
    """A closed, frozen table of the configuration file.

    Attributes:
        raw: Names of the keys whose values ``parse`` leaves as they stand in the file.
    """

    raw: ClassVar[frozenset[str]] = frozenset()

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Service(Table):
    """``[service]``: how hubbub presents itself, and how it logs."""

    contact: Annotated[str, Field(min_length=1)] = "operator unknown"
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class Store(Table):
    """``[store]``: the local journal and how long it keeps what.

    Attributes:
        path: The SQLite file.
        keep_texts: A text is dropped so long after it was stored; counts stay.
        keep_minutes: Minute buckets are kept so long; hours and days stay for ever.
    """

    path: Annotated[Path, AfterValidator(_expand_user)] = Field(
        default_factory=lambda: platformdirs.user_state_path("hubbub") / "hubbub.db"
    )
    keep_texts: Duration = timedelta(days=30)
    keep_minutes: Duration = timedelta(days=90)


class Page(Table):
    """``[page]``: the built-in page."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8460
    token: Secret | None = None

    @model_validator(mode="after")
    def _closed_by_default(self) -> Self:
        if self.host not in {"127.0.0.1", "::1", "localhost"} and not self.token:
            raise ValueError(
                f"listening on {self.host} lets others in: set token, or keep host at 127.0.0.1"
            )
        return self


class Influx(Table):
    """``[influx]``: where points are delivered; without it the journal alone serves."""

    url: BaseUrl
    bucket: Annotated[str, Field(min_length=1)] = "hubbub"
    org: str = "hubbub"
    token: Secret = SecretStr("")
    timeout: Duration = timedelta(seconds=10)
    batch: Annotated[int, Field(ge=1, le=10_000)] = 5_000


class Grafana(Table):
    """``[grafana]``: the Grafana that gets dashboards and alert rules.

    Attributes:
        url: Where Grafana answers.
        token: Of a service account with the role Admin.
        org: The number of the organisation; None for the token's own.
        folder: What the folder of dashboards and rules is called.
        datasource: The uid of the data source; any but the default is somebody else's, and is used
            as it is.
        datasource_url: Where Grafana reaches InfluxDB, if not at ``influx.url``.
        datasource_token: With what Grafana reads, if not with ``influx.token``.
        page: Where the viewers' browsers reach hubbub's own page.
        webhook: Whom Grafana tells; None leaves that to Grafana's own policy.
        webhook_secret: What Grafana signs with (12 and later).
        webhook_token: The bearer token that Grafana sends.
        volume: Complaints within 15 minutes that are too many; 0 pauses this plain rule.
    """

    url: BaseUrl = "http://127.0.0.1:3000"
    token: Secret = SecretStr("")
    org: Annotated[int, Field(ge=1)] | None = None
    folder: Annotated[str, Field(min_length=1)] = "hubbub"
    datasource: Annotated[str, Field(pattern=r"^[\w-]{1,40}$")] = "hubbub-influxdb"
    datasource_url: BaseUrl | None = None
    datasource_token: Secret | None = None
    page: BaseUrl = "http://127.0.0.1:8460"
    webhook: BaseUrl | None = None
    webhook_secret: Secret | None = None
    webhook_token: Secret | None = None
    volume: Annotated[int, Field(ge=0)] = 0


class Detection(Table):
    """``[detection]``: when a rise in complaints counts as a spike.

    Attributes:
        floor: Fewer complaints than this within three hours are never a spike.
        sensitivity: How many false alarms a topic may raise in a month (30 days), at most.
        resolve_after: How long it must be quiet before an incident is over.
        reopen_within: A new spike within this time continues the old incident.
        remind_every: How often people are reminded of an incident that goes on.
        lateness: How long a bucket waits for a slow source before it is judged without it.
    """

    floor: Annotated[int, Field(ge=1)] = 5
    sensitivity: Annotated[float, Field(gt=0, le=100)] = 1.0
    resolve_after: Duration = timedelta(minutes=15)
    reopen_within: Duration = timedelta(minutes=30)
    remind_every: Duration = timedelta(hours=4)
    lateness: Duration = timedelta(minutes=5)


class Sentiment(Table):
    """``[sentiment]``: how texts are judged.

    Attributes:
        engine: Which engine judges, by the name that ``sentiment.create`` knows.
        lexicon: The user's own words and phrases with their weights, for the engine ``ops``.
    """

    engine: Annotated[str, Field(min_length=1)] = "ops"
    lexicon: dict[
        Annotated[str, Field(pattern=r"\S", max_length=100)], Annotated[float, Field(ge=-4, le=4)]
    ] = {}

    @model_validator(mode="after")
    def _lexicon_is_used(self) -> Self:
        if self.lexicon and self.engine != "ops":
            raise ValueError(f"the engine {self.engine} takes no lexicon: drop it, or use ops")
        return self


class Topic(Table):
    """``[[topics]]``: something watched."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    any: Terms = ()
    all: Terms = ()
    none: Terms = ()
    mask: Terms = ()

    @model_validator(mode="after")
    def _has_terms(self) -> Self:
        if not self.any and not self.all:
            raise ValueError('say which words to listen for, e.g. any = ["github"]')
        return self

    def build(self) -> signals.Topic:
        """Return the topic as the rest of hubbub knows it."""
        query = signals.Query(any_of=self.any, all_of=self.all, none_of=self.none)
        return signals.Topic(name=self.name, query=query, mask=self.mask)


class Source(Table):
    """What every ``[[sources]]`` table may say; each collector adds its own keys.

    Attributes:
        kind: Which collector.
        enabled: Whether it runs.
        interval: How often it asks.
        topics: The names of the topics that it listens for; empty means all of them.
    """

    kind: str
    enabled: bool = True
    interval: Duration = timedelta(minutes=1)
    topics: Terms = ()


_WEEKLY = re.compile(
    r"(mon|tue|wed|thu|fri|sat|sun) ([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)"
)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Maintenance(Table):
    """``[[maintenance]]``: a window in which nothing is announced; all times are UTC.

    Attributes:
        topics: The names of the topics that it is for; empty means everything.
        start: When it begins.
        end: When it ends.
        weekly: When it is each week, e.g. ``sun 02:00-04:00``, instead of start and end.
    """

    topics: Terms = ()
    start: AwareDatetime | None = None
    end: AwareDatetime | None = None
    weekly: str | None = None

    @model_validator(mode="after")
    def _has_one_time(self) -> Self:
        if self.weekly is not None:
            if self.start or self.end:
                raise ValueError("say either weekly, or start and end")
            if not _WEEKLY.fullmatch(self.weekly.lower()):
                raise ValueError(f"{self.weekly!r} is no weekly time; write sun 02:00-04:00 (UTC)")
        elif self.start is None or self.end is None or self.end <= self.start:
            raise ValueError("say weekly, or start and a later end, e.g. 2026-12-01T22:00:00Z")
        return self

    def covers(self, topic: str | None, now: datetime) -> bool:
        """Tell whether the window is on for ``topic`` now; None for what is no topic."""
        if self.topics and topic not in self.topics:
            return False
        if self.weekly is None:
            assert self.start is not None  # noqa: S101 - validated
            assert self.end is not None  # noqa: S101 - validated
            return self.start <= now < self.end
        match = _WEEKLY.fullmatch(self.weekly.lower())
        assert match is not None  # noqa: S101 - validated
        first = _WEEKDAYS.index(match[1]) * 1440 + int(match[2]) * 60 + int(match[3])
        length = (int(match[4]) * 60 + int(match[5]) - first) % 1440 or 1440
        at = now.astimezone(UTC)
        return (at.weekday() * 1440 + at.hour * 60 + at.minute - first) % 10_080 < length


STEPS = (
    signals.Step.CONFIRMED,
    signals.Step.REOPENED,
    signals.Step.RESOLVED,
    signals.Step.REMINDER,
    signals.Step.FLAPPING,
    signals.Step.SHIFTED,
)
"""The steps in an incident's life that a channel is told of unless its table says otherwise."""


class Channel(Table):
    """What every ``[[channels]]`` table may say; each kind of channel adds its own keys.

    Attributes:
        kind: Which kind of channel.
        name: What the user calls it; unique.
        enabled: Whether it is told.
        topics: The names of the only topics that it is told of; empty means all of them.
        severity: What matters less is not told.
        steps: Which steps in an incident's life are told.
        digest: How long messages wait for others, to be told as one.
    """

    kind: str
    name: Annotated[str, Field(min_length=1)]
    enabled: bool = True
    topics: Terms = ()
    severity: signals.Severity = signals.Severity.WARNING
    steps: Annotated[tuple[signals.Step, ...], Field(min_length=1)] = STEPS
    digest: Duration | None = None


class Settings(Table):
    """The whole file.

    ``sources`` and ``channels`` stay raw tables here: the collectors and the alerts validate their
    own kinds with ``parse``, so that a new kind is one file. Which of their keys are secret is only
    known there, so here none of them is ever shown.
    """

    raw: ClassVar[frozenset[str]] = frozenset({"sources", "channels"})

    service: Service = Service()
    store: Store = Field(default_factory=Store)
    page: Page = Page()
    influx: Influx | None = None
    grafana: Grafana = Grafana()
    detection: Detection = Detection()
    maintenance: tuple[Maintenance, ...] = ()
    sentiment: Sentiment = Sentiment()
    topics: tuple[Topic, ...] = ()
    sources: tuple[dict[str, Any], ...] = Field(default=(), repr=False)
    channels: tuple[dict[str, Any], ...] = Field(default=(), repr=False)

    @model_validator(mode="after")
    def _distinct_topics(self) -> Self:
        names = [topic.name for topic in self.topics]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"two topics are called {', '.join(sorted(twice))}")
        return self

    @model_validator(mode="after")
    def _maintained_topics(self) -> Self:
        names = [topic.name for topic in self.topics]
        for name in (name for window in self.maintenance for name in window.topics):
            if name not in names:
                remedy = suggest(name, names, "known topics")
                raise ValueError(f"maintenance.topics: {name!r} does not exist; {remedy}")
        return self

    @field_serializer("sources", "channels")
    def _digest(self, tables: tuple[dict[str, Any], ...]) -> str:
        """Write raw tables so that a change shows, but nothing of what they say."""
        return hashlib.sha256(repr(tables).encode()).hexdigest()


T = TypeVar("T", bound=Table)


def load(text: str, *, origin: str = "configuration") -> Settings:
    """Return the settings that ``text`` (TOML) describes.

    Args:
        text: The configuration file's content.
        origin: What to call it in errors, usually its path.

    Raises:
        SettingsError: The text is no TOML, a key is unknown or a value is wrong.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{origin}: not valid TOML: {error}") from None
    return parse(Settings, document, origin=origin)


def read(path: Path) -> Settings:
    """Return the settings in the file at ``path``.

    Raises:
        SettingsError: The file cannot be read, or see ``load``.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{path}: cannot read it: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: not UTF-8 text") from None
    return load(text, origin=str(path))


def parse(model: type[T], table: Mapping[str, Any], *, origin: str, where: str = "") -> T:
    """Return ``table`` validated as ``model``, with ``${NAME}`` replaced from the environment.

    Args:
        model: The table's shape.
        table: Raw values.
        origin: What to call the file in errors.
        where: The table's place in the file, e.g. ``sources[2]``.

    Raises:
        SettingsError: One line for each wrong key, with its remedy.
    """
    problems: list[str] = []
    raw = {key: value for key, value in table.items() if key in model.raw}
    expanded = _expand({k: v for k, v in table.items() if k not in raw}, where, problems)
    if not problems:
        try:
            return model.model_validate(expanded | raw)
        except ValidationError as error:
            problems = [_explain(model, detail, where) for detail in error.errors()]
    raise SettingsError("\n".join(f"{origin}: {problem}" for problem in problems))


def suggest(name: str, known: Iterable[str], label: str) -> str:
    """Return which of ``known`` was meant by ``name``, or all of them behind ``label``."""
    choices = sorted(known)
    if close := difflib.get_close_matches(name, choices, n=1):
        return f"did you mean {close[0]}?"
    return f"{label}: {', '.join(choices) or 'none'}"


def _expand(value: Any, where: str, problems: list[str]) -> Any:  # noqa: ANN401 - raw TOML
    """Replace ``${NAME}`` in every string; note each variable that is not set."""
    if isinstance(value, Mapping):
        return {
            key: _expand(inner, f"{where}.{key}" if where else key, problems)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_expand(inner, f"{where}[{at}]", problems) for at, inner in enumerate(value)]
    if not isinstance(value, str):
        return value

    def replacement(match: re.Match[str]) -> str:
        if match[1] not in os.environ:
            problems.append(f"{where}: the environment variable {match[1]} is not set")
        return os.environ.get(match[1], "")

    return _VARIABLE.sub(replacement, value)


def _explain(model: type[BaseModel], detail: Mapping[str, Any], where: str) -> str:
    """Return one line that names the key and says what to do."""
    place: Sequence[str | int] = detail["loc"]
    path = where
    for part in place:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    message = _REMEDIES.get(detail["type"], str(detail["msg"]).removeprefix("Value error, "))
    if detail["type"] == "extra_forbidden":
        known = _keys_at(model, place[:-1])
        message = f"unknown key; {suggest(str(place[-1]), known, 'known keys')}"
    return f"{path}: {message}" if path else message


def _keys_at(model: type[BaseModel], place: Sequence[str | int]) -> list[str]:
    """Return the keys of the table at ``place`` below ``model``."""
    for part in place:
        if isinstance(part, str) and part in model.model_fields:
            inner = _table_in(model.model_fields[part].annotation)
            model = inner or model
    return list(model.model_fields)


def _table_in(annotation: Any) -> type[BaseModel] | None:  # noqa: ANN401 - any annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for arg in get_args(annotation) if (found := _table_in(arg))), None)
