"""The configuration file: what it accepts, what it says of mistakes, what it keeps secret."""

from __future__ import annotations

import re
import tomllib
import traceback
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, TypeAdapter, ValidationError

import alerts
import collectors
import settings
from commands.options import sample
from settings import Influx, Settings, SettingsError
from tests.support.tables import PLACES, Place

if TYPE_CHECKING:
    from collections.abc import Iterator

CANARY = "c4nary5ecretc4nary5ecretc4nary5ecret"
SIGNING = f"whsec_{CANARY}"
TOPIC = '[[topics]]\nname = "GitHub"\nany = ["github"]\n'
SHAPED = {
    "HUBBUB_PAGERDUTY_KEY": CANARY[:32],
    "HUBBUB_SLACK_URL": f"https://hooks.slack.com/services/{CANARY}",
    "HUBBUB_NTFY_TOPIC": CANARY,
    "HUBBUB_APPRISE_URL": f"json://{CANARY}.example.org",
}
"""Secrets of the sample that must look like what they are."""
UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}

_COMMENTED = re.compile(r"^# (?=\[|\w+ = )", re.MULTILINE)
_VARIABLE = re.compile(r"\$\{(\w+)\}")


def validated(found: Settings) -> Settings:
    """Return ``found`` once its sources and channels are known to be valid as well."""
    collectors.validate(found, origin="hubbub.toml")
    alerts.build(found, origin="hubbub.toml")
    return found


def load_all(text: str) -> Settings:
    """Return the settings in ``text``, validated to the last source and channel."""
    return validated(settings.load(text, origin="hubbub.toml"))


def complaint(text: str) -> str:
    """Return what is said against the configuration ``text``."""
    with pytest.raises(SettingsError) as raised:
        load_all(text)
    return str(raised.value)


def complaint_about(place: Place, table: dict[str, Any]) -> str:
    """Return what is said against ``table`` at ``place``."""
    with pytest.raises(SettingsError) as raised:
        validated(settings.parse(Settings, place.document(table), origin="hubbub.toml"))
    return str(raised.value)


def uncommented() -> str:
    """Return the sample with every line that is commented out put in force."""
    return _COMMENTED.sub("", sample())


def tables(document: dict[str, Any], place: Place) -> list[dict[str, Any]]:
    """Return the tables of ``document`` that stand at ``place``."""
    if not place.is_list:
        return [document[place.name]] if place.name in document else []
    found = document.get(place.name, [])
    return [each for each in found if not place.kind or each["kind"] == place.kind]


def shown_defaults() -> Iterator[Any]:
    """Yield the place, key and value of each line that the sample shows commented out.

    Left out is what has no default, and what is only an example: secrets and paths.
    """
    before, after = tomllib.loads(sample()), tomllib.loads(uncommented())
    for place in PLACES:
        if not place.name:
            continue
        found = tables(after, place)
        known = tables(before, place) or [{}] * len(found)
        for in_force, table in zip(known, found, strict=True):
            for key in sorted(table.keys() - in_force.keys()):
                default = place.model.model_fields[key].get_default()
                if isinstance(default, str | int | float | timedelta) and key != "kind":
                    yield pytest.param(place, key, table[key], id=f"{place.label} {key}")


def test_the_sample_loads() -> None:
    """What `hubbub init` writes is valid as it stands, and shows a source of each kind."""
    found = load_all(sample())
    assert found.topics[0].name == "Example (simulated)"
    shown = tomllib.loads(uncommented())["sources"]
    assert {table["kind"] for table in shown} == set(collectors.KINDS)
    assert found.influx is None


def test_the_sample_loads_with_every_line_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    """Taking away each comment sign leaves a valid file."""
    for name in _VARIABLE.findall(uncommented()):
        monkeypatch.setenv(name, SHAPED.get(name, SIGNING))
    found = load_all(uncommented())
    assert found.influx is not None
    assert {channel.kind for channel in alerts.build(found)} >= {"webhook", "email", "apprise"}


@pytest.mark.parametrize(("place", "key", "value"), list(shown_defaults()))
def test_a_commented_line_of_the_sample_shows_the_default(
    place: Place, key: str, value: object
) -> None:
    """A line that begins with a single # changes nothing when it is put in force."""
    field = place.model.model_fields[key]
    parsed = TypeAdapter(field.rebuild_annotation()).validate_python(value)
    assert parsed == field.get_default()


@pytest.mark.parametrize(
    "place", [place for place in PLACES if place.name and not place.is_list], ids=lambda p: p.label
)
def test_the_sample_shows_every_key(place: Place) -> None:
    """A key that the sample does not show is a key that nobody finds."""
    [table] = tables(tomllib.loads(uncommented()), place)
    assert set(table) == set(place.model.model_fields)


@pytest.mark.parametrize(
    ("place", "key"),
    [(place, key) for place in PLACES for key in place.model.model_fields if key != "kind"],
    ids=lambda value: value.label if isinstance(value, Place) else value,
)
def test_an_unknown_key_is_named_and_the_right_one_suggested(place: Place, key: str) -> None:
    """A slip of the pen is found at every depth, and the error says what was meant."""
    slip = f"{key}x"
    path = f"{place.where}.{slip}" if place.name else slip
    expected = f"hubbub.toml: {path}: unknown key; did you mean {key}?"
    assert expected in complaint_about(place, {slip: 1}).splitlines()


def test_an_unknown_key_like_no_other_lists_those_that_exist() -> None:
    """Where nothing is close, all the keys of the table are given."""
    assert complaint("[page]\nzzz = 1") == (
        "hubbub.toml: page.zzz: unknown key; known keys: host, port, token"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("service = 5", "service: must be a table"),
        ("[page]\nport = 99999", "page.port: Input should be less than or equal to 65535"),
        ('[service]\ncontact = ""', "service.contact: must not be empty"),
        ('[service]\nlog_level = "loud"', "service.log_level: Input should be 'debug', "),
        ('[[topics]]\nname = "a"\nany = "github"', "topics[0].any: must be a list"),
        ('[[topics]]\nname = "a"\nany = [""]', "topics[0].any[0]: must not be empty"),
        ('[[topics]]\nname = "a"', "topics[0]: say which words to listen for"),
        ('[[topics]]\nany = ["a"]', "topics[0].name: is missing"),
        ('[sources]\nkind = "simulator"', "sources: must be a list"),
        ('sources = ["simulator"]', "sources[0]: must be a table"),
        ("[influx]", "influx.url: is missing"),
        ('[sentiment]\nengine = ""', "sentiment.engine: must not be empty"),
        ('[sentiment.lexicon]\n"bad" = -5', "sentiment.lexicon.bad: Input should be greater"),
        ('[sentiment.lexicon]\n"bad" = "x"', "sentiment.lexicon.bad: Input should be a valid"),
        ('[sentiment.lexicon]\n" " = 1', "sentiment.lexicon. "),
        (
            '[sentiment]\nengine = "vader"\nlexicon = { "bad" = 1 }',
            "sentiment: the engine vader takes no lexicon: drop it, or use ops",
        ),
        ('[influx]\nurl = "influx.example.org"', "influx.url: is no address; write for example"),
        ('[influx]\nurl = "http://a"\ntoken = 5', "influx.token: Input should be a valid string"),
        ('[store]\npath = "~nobody-here/x"', "store.path: ~nobody-here/x: nobody's home folder"),
        ("[[sources]]\nrate = 1", "sources[0].kind: is missing"),
        ('[[sources]]\nkind = "simulatr"', "did you mean simulator?"),
        ('[[sources]]\nkind = "simulator"\nrate = -1', "sources[0].rate: Input should be greater"),
        ('[[sources]]\nkind = "simulator"\ntopics = ["GitHup"]', "did you mean GitHub?"),
        ('[[channels]]\nname = "a"', "channels[0].kind: is missing"),
        ('[[channels]]\nkind = "webhok"\nname = "a"', "did you mean webhook?"),
        ('[[channels]]\nkind = "webhook"\nname = "a"', "channels[0].url: is missing"),
    ],
)
def test_a_wrong_value_is_named_with_its_remedy(text: str, expected: str) -> None:
    """Each error begins with the file and the key, and speaks to a person."""
    said = complaint(f"{text}\n{TOPIC}" if "[[topics]]" not in text else text)
    assert said.startswith("hubbub.toml: ")
    assert expected in said


def test_every_wrong_key_is_told_at_once() -> None:
    """Nobody has to correct a file one error at a time."""
    said = complaint('[page]\nport = -1\n[detection]\nfloor = 0\n[store]\nkeep_texts = "1y"')
    assert [line.split(": ")[1] for line in said.splitlines()] == [
        "store.keep_texts",
        "page.port",
        "detection.floor",
    ]


def test_text_that_is_no_toml_is_placed() -> None:
    """A syntax error gives its line."""
    assert "hubbub.toml: not valid TOML: " in complaint("[page]\nport = = 1")
    assert "line 2" in complaint("[page]\nport = = 1")


def test_a_topic_can_exist_only_once() -> None:
    """Two topics of one name would be counted as one."""
    assert complaint(TOPIC + TOPIC) == "hubbub.toml: two topics are called GitHub"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing file, a folder and a binary file each get one sentence."""
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe")
    for path in (tmp_path / "missing.toml", tmp_path, binary):
        with pytest.raises(SettingsError, match=re.escape(f"{path}: ")):
            settings.read(path)


def test_settings_are_frozen() -> None:
    """What was validated stays as it is."""
    with pytest.raises(ValidationError):
        settings.load("").page.port = 1  # type: ignore[misc]  # the point of this test


def test_the_users_home_folder_may_be_written_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A path may begin with ~, as in a shell."""
    monkeypatch.setenv("HOME", "/home/ada")
    assert settings.load('[store]\npath = "~/hubbub.db"').store.path == Path("/home/ada/hubbub.db")


# -- durations


@given(st.integers(1, 5_000), st.sampled_from(sorted(UNITS)), st.sampled_from(["", " ", "  "]))
def test_a_duration_is_a_number_and_a_unit(number: int, unit: str, space: str) -> None:
    """Seconds, minutes, hours, days and weeks are read exactly."""
    found = settings.parse(
        Influx, {"url": "http://a", "timeout": f"{number}{space}{unit}"}, origin=""
    )
    assert found.timeout == timedelta(seconds=number * UNITS[unit])


@given(
    st.one_of(
        st.text(),
        st.from_regex(r"-?[0-9.]*\s?[a-z]{0,2}", fullmatch=True),
        st.integers(),
        st.floats(),
        st.booleans(),
        st.lists(st.text(), max_size=2),
    )
)
def test_nothing_else_is_a_duration(value: object) -> None:
    """Whatever is written, it is a positive duration or an error about the key."""
    try:
        found = settings.parse(Influx, {"url": "http://a", "timeout": value}, origin="f")
    except SettingsError as error:
        assert str(error).startswith("f: timeout: ")  # noqa: PT017 - either outcome is right
    else:
        assert isinstance(value, str)
        assert timedelta(0) < found.timeout <= timedelta(days=36_500)


@pytest.mark.parametrize("value", ['"5"', "5", "true", '"0s"', '"-5s"', '"1.5.0s"', '"9999999w"'])
def test_a_bad_duration_is_explained(value: str) -> None:
    """A number without a unit is none, nor is one that is nothing, negative or without end."""
    said = complaint(f"[store]\nkeep_texts = {value}")
    assert said.startswith("hubbub.toml: store.keep_texts: ")
    assert "duration" in said


# -- the environment and secrets


def test_a_missing_variable_is_named_at_every_depth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each use of a variable that is not set is told, with its key and its name."""
    monkeypatch.delenv("HUBBUB_NOWHERE", raising=False)
    said = complaint(
        '[service]\ncontact = "mail: ${HUBBUB_NOWHERE}"\n'
        '[[topics]]\nname = "a"\nany = ["x", "${HUBBUB_NOWHERE}"]'
    )
    assert said.splitlines() == [
        f"hubbub.toml: {key}: the environment variable HUBBUB_NOWHERE is not set"
        for key in ("service.contact", "topics[0].any[1]")
    ]
    source = '[[sources]]\nkind = "mastodon"\nbase_url = "https://a.example"\ntags = ["x"]\n'
    assert complaint(f'{source}token = "${{HUBBUB_NOWHERE}}"') == (
        "hubbub.toml: sources[0].token: the environment variable HUBBUB_NOWHERE is not set"
    )


def test_a_variable_is_replaced_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that looks like a variable is a value, in the tables of sources as well."""
    monkeypatch.setenv("HUBBUB_TOKEN", "${HUBBUB_NOWHERE}")
    found = settings.load(
        '[influx]\nurl = "http://a"\ntoken = "${HUBBUB_TOKEN}"\n'
        '[[sources]]\nkind = "mastodon"\nbase_url = "https://a.example"\ntoken = "${HUBBUB_TOKEN}"'
    )
    assert found.influx is not None
    [source] = collectors.validate(found)
    for token in (found.influx.token, source.model_dump()["token"]):
        assert token.get_secret_value() == "${HUBBUB_NOWHERE}"


def test_a_number_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable is text, and text that is a number serves as one."""
    monkeypatch.setenv("HUBBUB_PORT", "8461")
    assert settings.load('[page]\nport = "${HUBBUB_PORT}"').page.port == 8461


def test_a_secret_is_read_from_a_file(tmp_path: Path) -> None:
    """White space around it, such as the line break at the end, is no part of it."""
    (tmp_path / "token").write_text(f"{CANARY}\n", encoding="utf-8")
    found = settings.load(
        f'[influx]\nurl = "http://a"\ntoken = {{ file = "{tmp_path / "token"}" }}'
    )
    assert found.influx is not None
    assert found.influx.token.get_secret_value() == CANARY


def test_a_secret_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing file, a folder, a binary file and a home that is nobody's: one line each."""
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for path in (tmp_path / "missing", tmp_path, tmp_path / "binary", Path("~nobody-here/x")):
        said = complaint(f'[influx]\nurl = "http://a"\ntoken = {{ file = "{path}" }}')
        assert said.startswith("hubbub.toml: influx.token: ")
        assert str(path) in said
    said = complaint('[influx]\nurl = "http://a"\ntoken = { path = "x" }')
    assert said == 'hubbub.toml: influx.token: a secret is "${NAME}" or { file = "/path/to/it" }'


INFLUX = '[influx]\nurl = "http://a"\n'
SOURCE = '[[sources]]\nkind = "mastodon"\nbase_url = "https://a.example"\ntags = ["x"]\n'
CHANNEL = '[[channels]]\nkind = "webhook"\nname = "a"\nurl = "https://a.example"\n'
SECRETS = (
    f"{INFLUX}token = SECRET\n",
    "[page]\ntoken = SECRET\n",
    "[grafana]\ntoken = SECRET\n",
    "[grafana]\ndatasource_token = SECRET\n",
    "[grafana]\nwebhook_secret = SECRET\nwebhook_token = SECRET\n",
    f"{SOURCE}token = SECRET\n",
    f"{CHANNEL}secret = SECRET\n",
    f"{CHANNEL}headers = {{ Authorization = SECRET }}\n",
)


@pytest.fixture(params=["literal", "environment", "file"])
def secret(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A secret as it may stand in the file."""
    monkeypatch.setenv("HUBBUB_CANARY", SIGNING)
    (tmp_path / "canary").write_text(SIGNING, encoding="utf-8")
    return {
        "literal": f'"{SIGNING}"',
        "environment": '"${HUBBUB_CANARY}"',
        "file": f'{{ file = "{tmp_path / "canary"}" }}',
    }[str(request.param)]


@pytest.mark.parametrize("table", SECRETS)
def test_a_secret_never_shows(table: str, secret: str) -> None:
    """It is in no representation of the settings, nor of the tables made of them."""
    found = load_all(TOPIC + table.replace("SECRET", secret))
    shown = [repr(found), str(found), found.model_dump_json()]
    shown += [repr(found.influx), repr(found.page), repr(found.model_dump())]
    for source in collectors.validate(found):
        shown += [repr(source), str(source), source.model_dump_json()]
    shown += [repr(channel) for channel in alerts.build(found)]
    assert CANARY not in "".join(shown)


@pytest.mark.parametrize("table", SECRETS)
@pytest.mark.parametrize("mistake", ["nonsense = 1", "token = [1]", "kind = 5", 'url = "x y"'])
def test_a_secret_is_in_no_error(table: str, secret: str, mistake: str) -> None:
    """A mistake beside a secret is told without it, in the traceback too."""
    key = mistake.partition(" ")[0]
    lines = [line for line in table.splitlines() if not line.startswith(f"{key} ")]
    text = "\n".join([*lines, mistake]).replace("SECRET", secret)
    with pytest.raises(SettingsError) as raised:
        load_all(TOPIC + text)
    assert CANARY not in "".join(traceback.format_exception(raised.value))


def test_a_password_in_an_address_is_in_no_error() -> None:
    """Where an address is wrong, what it holds may still be secret."""
    assert CANARY not in complaint(f'[influx]\nurl = "http://ada:{CANARY}@ a.example"')


def test_a_change_of_a_source_shows() -> None:
    """The JSON of the settings tells configurations apart, though it says nothing of sources."""
    one, two = (
        settings.load(f'[[sources]]\nkind = "simulator"\nseed = {seed}').model_dump_json()
        for seed in (1, 2)
    )
    assert one != two


# -- closed by default


@pytest.mark.parametrize("host", ["::", "192.0.2.1", "hubbub.example.org"])
def test_an_open_page_needs_a_token(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a token, or with an empty one, only this machine may see the page."""
    monkeypatch.setenv("HUBBUB_EMPTY", "")
    for token in ("", 'token = ""', 'token = "${HUBBUB_EMPTY}"'):
        said = complaint(f'[page]\nhost = "{host}"\n{token}')
        assert said.startswith(f"hubbub.toml: page: listening on {host} lets others in: set token")
    assert settings.load(f'[page]\nhost = "{host}"\ntoken = "x"').page.host == host


def test_a_raw_secret_is_a_secret() -> None:
    """A secret has pydantic's own type, which masks itself wherever it goes."""
    token = settings.load(f'[page]\ntoken = "{CANARY}"').page.token
    assert isinstance(token, SecretStr)
    assert str(token) == "**********"
