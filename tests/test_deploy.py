"""The systemd unit, as systemd itself judges it; the image and the stack, by rules of our own."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import tomllib
from configparser import ConfigParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import yaml  # type: ignore[import-untyped]  # it publishes no types

import scheduler
import settings
from commands import app
from tests.support import compose, dockerfile
from tests.support.running import hubbub

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_httpserver import HTTPServer

ROOT = Path(__file__).parents[1]
UNIT = ROOT / "deploy" / "hubbub.service"
BINARY = "/opt/hubbub/bin/hubbub"
EXPOSURE = 1.5

with_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None and "CI" not in os.environ,
    reason="systemd-analyze is not installed (Debian: apt-get install systemd)",
)


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run systemd-analyze."""
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """A copy of the unit that starts a program that this machine has."""
    text = UNIT.read_text(encoding="utf-8")
    assert f"ExecStart={BINARY} " in text
    copy = tmp_path / UNIT.name
    copy.write_text(text.replace(BINARY, sys.executable), encoding="utf-8")
    return copy


def settings_of_unit() -> ConfigParser:
    """Return the unit's keys."""
    parser = ConfigParser(strict=False, interpolation=None, allow_no_value=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # keep the case of keys
    parser.read(UNIT, encoding="utf-8")
    return parser


@with_systemd
def test_systemd_finds_no_fault_with_the_unit(unit: Path) -> None:
    """Every key is known and has a value that systemd takes."""
    done = analyze("verify", "--recursive-errors=no", str(unit))
    complaints = [line for line in done.stderr.splitlines() if UNIT.name in line]
    assert (done.returncode, complaints) == (0, [])


@with_systemd
def test_the_unit_is_hardened(unit: Path) -> None:
    """Its exposure, from 0 (none) to 10, is what the documentation promises."""
    done = analyze("security", "--offline=true", "--no-pager", str(unit))
    found = re.search(r"exposure level for hubbub\.service: ([\d.]+)", done.stdout)
    assert found is not None, done.stderr
    assert float(found[1]) <= EXPOSURE


def test_the_unit_starts_a_command_that_exists() -> None:
    """Its command line is one that hubbub understands."""
    start = settings_of_unit()["Service"]["ExecStart"]
    assert start.split()[:2] == [BINARY, "run"]
    assert "run" in {
        command.callback.__name__ for command in app.registered_commands if command.callback
    }
    assert "--store ${STATE_DIRECTORY}/" in start


def test_systemd_waits_longer_than_the_service_drains() -> None:
    """Otherwise it would be killed while it finishes its work."""
    assert float(settings_of_unit()["Service"]["TimeoutStopSec"]) > 2 * scheduler.DRAIN


# -- the image

DOCKERFILE = ROOT / "deploy" / "Dockerfile"
COMPOSE = ROOT / "deploy" / "compose.yaml"


def test_the_dockerfile_has_no_faults() -> None:
    """Pinned bases, two stages, a user, constraints, a health check, and files that exist."""
    assert dockerfile.faults(DOCKERFILE.read_text(encoding="utf-8"), ROOT) == []


@pytest.mark.parametrize(
    ("found", "put", "words"),
    [
        ("USER hubbub\n", "", "runs as root"),
        ("USER hubbub", "USER root", "runs as root"),
        ("3.11.14-slim-bookworm", "3.11-slim", "not pinned"),
        ("3.11.14-bookworm AS", "latest AS", "not pinned"),
        ("\nFROM python:3.11.14-slim-bookworm", "", "there is one stage"),
        ("COPY alerts/ alerts/", "ADD https://example.org/alerts.tar alerts/", "ADD is not used"),
        ("COPY alerts/ alerts/", "COPY alarms/ alarms/", "no alarms/ to copy"),
        ("COPY alerts/ alerts/", "COPY . .", "everything is copied"),
        ("--constraint constraints.txt .", ".", "heeds no constraints"),
        (
            "--no-cache-dir --constraint constraints.txt .",
            "--constraint constraints.txt .",
            "cache",
        ),
        ('["hubbub"]', "hubbub", "runs in a shell"),
        ("HEALTHCHECK", "LABEL x=y", "no health check"),
        ("WORKDIR /src", "RUN curl https://example.org | sh", "does what it should not"),
        ("WORKDIR /src", "ARG INDEX=pypi.example.org", "the name of a host"),
        ("WORKDIR /src", "ENV TOKEN=abc", "holds a secret"),
    ],
)
def test_a_fault_in_the_dockerfile_is_found(found: str, put: str, words: str) -> None:
    """Each rule fails where it should."""
    text = DOCKERFILE.read_text(encoding="utf-8")
    assert found in text
    faults = dockerfile.faults(text.replace(found, put), ROOT)
    assert any(words in fault for fault in faults), faults


def test_the_image_gets_what_a_wheel_has() -> None:
    """Every package and module, and what building one reads; nothing else."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    needed = {"LICENSE", "README.md", "constraints.txt", "pyproject.toml"}
    instructions = dockerfile.read(DOCKERFILE.read_text(encoding="utf-8"))
    assert {name.rstrip("/") for name in dockerfile.copied(instructions)} == {*included, *needed}


# -- the stack


def stack(environment: dict[str, str] | None = None) -> dict[str, Any]:
    """Return the Compose file, resolved."""
    return compose.load(COMPOSE.read_text(encoding="utf-8"), environment)


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """Return a folder in which the script made the secrets."""
    folder = tmp_path / "secrets"
    subprocess.run(["sh", str(ROOT / "deploy" / "secrets.sh"), str(folder)], check=True)
    return folder


def test_the_stack_has_no_faults() -> None:
    """Every variable, path, service, volume, network and secret resolves; nothing is open."""
    assert compose.faults(stack(), COMPOSE.parent) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s["hubbub"].update(ports=["8460:8460"]), "lets others in"),
        (lambda s: s["hubbub"].update(ports=["0.0.0.0:8460:8460"]), "lets others in"),
        (lambda s: s["grafana"].pop("user"), "may run as root"),
        (lambda s: s["grafana"].update(user="0:0"), "may run as root"),
        (lambda s: s["influxdb"].pop("healthcheck"), "no health check"),
        (lambda s: s["influxdb"].update(image="influxdb:latest"), "not pinned"),
        (lambda s: s["influxdb"].update(image="influxdb"), "not pinned"),
        (lambda s: s["influxdb"].update(privileged=True), "privileged is no key"),
        (lambda s: s["influxdb"].pop("cap_drop"), "keeps capabilities"),
        (lambda s: s["influxdb"].update(security_opt=[]), "gain privileges"),
        (lambda s: s["influxdb"]["environment"].update({"X_TOKEN": "a"}), "other than by a file"),
        (lambda s: s["influxdb"].update(secrets=["influx_token"]), "that it does not get"),
        (lambda s: s["hubbub"]["depends_on"].update(nats={}), "no service nats"),
        (lambda s: s["grafana"].update(secrets=["nosuch"]), "no secrets nosuch"),
        (lambda s: s["grafana"].update(networks=["nosuch"]), "no networks nosuch"),
        (lambda s: s["grafana"].update(network_mode="host"), "not its own"),
        (lambda s: s["grafana"].pop("networks"), "default network"),
        (lambda s: s["hubbub"].update(volumes=["nosuch:/x"]), "no volumes nosuch"),
        (lambda s: s["hubbub"].update(volumes=["./nosuch.toml:/x"]), "no ./nosuch.toml"),
        (lambda s: s["hubbub"].update(volumes=[]), "nobody uses volumes journal"),
        (lambda s: s["hubbub"]["build"].update(dockerfile="nosuch"), "no nosuch"),
        (lambda s: s["dashboards"].update(restart="always"), "would be started again"),
        (lambda s: s["hubbub"]["depends_on"].update(influxdb={"condition": "x"}), "no condition"),
    ],
)
def test_a_fault_in_the_stack_is_found(
    change: Callable[[dict[str, Any]], object], words: str
) -> None:
    """Each rule fails where it should."""
    document = stack()
    change(document["services"])
    faults = compose.faults(document, COMPOSE.parent)
    assert any(words in fault for fault in faults), faults


def test_a_variable_without_a_value_is_found() -> None:
    """One with a default is replaced, also by what the environment says; a doubled $ is itself."""
    with pytest.raises(ValueError, match="NOSUCH"):
        compose.load("a: ${NOSUCH}")
    with pytest.raises(ValueError, match="twice"):
        compose.load("a: 1\na: 2")
    assert compose.load("a: $$x ${B:-c} ${D:-e}", {"D": "f"}) == {"a": "$x c f"}


def test_ports_can_be_chosen() -> None:
    """They stay those of this machine."""
    services = stack({"HUBBUB_PORT": "1", "GRAFANA_PORT": "2"})["services"]
    assert services["hubbub"]["ports"] == ["127.0.0.1:1:8460"]
    assert services["grafana"]["ports"] == ["127.0.0.1:2:3000"]


def test_docker_itself_takes_the_stack(secrets: Path) -> None:
    """As far as an engine is not needed."""
    if (
        shutil.which("docker") is None
        or subprocess.run(
            ["docker", "compose", "version"], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("docker compose is not installed")
    done = subprocess.run(
        ["docker", "compose", "--file", str(COMPOSE), "config", "--quiet"],
        env={**os.environ, "HUBBUB_SECRETS": str(secrets)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_secrets_are_those_of_the_stack(secrets: Path) -> None:
    """One file each, in a folder that nobody else may enter; those that exist stay."""
    document = stack({"HUBBUB_SECRETS": str(secrets)})
    files = {Path(secret["file"]) for secret in document["secrets"].values()}
    assert files == set(secrets.iterdir()) - {secrets / ".gitignore"}
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    before = {file: file.read_text(encoding="utf-8") for file in files}
    assert all(re.fullmatch(r"[0-9a-f]{48}", text) for text in before.values())
    assert len(set(before.values())) == len(files)
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o644 for file in files)
    subprocess.run(["sh", str(ROOT / "deploy" / "secrets.sh"), str(secrets)], check=True)
    assert before == {file: file.read_text(encoding="utf-8") for file in files}


def configuration(secrets: Path, folder: Path) -> Path:
    """Return the container's configuration, with the secrets where they are on this machine."""
    text = (ROOT / "deploy" / "hubbub.toml").read_text(encoding="utf-8")
    path = folder / "hubbub.toml"
    path.write_text(text.replace("/run/secrets", str(secrets)), encoding="utf-8")
    return path


def test_the_configuration_fits_the_stack(secrets: Path, tmp_path: Path) -> None:
    """Addresses, ports, names and secrets are those of the Compose file."""
    services = stack()["services"]
    done = hubbub("check", "--config", configuration(secrets, tmp_path), "--store", tmp_path / "x")
    assert done.returncode == 0, done.stderr
    found = settings.read(configuration(secrets, tmp_path))
    text = (ROOT / "deploy" / "hubbub.toml").read_text(encoding="utf-8")
    named = set(re.findall(r"^[^#\n]*/run/secrets/(\w+)", text, re.MULTILINE))
    assert named == set(services["hubbub"]["secrets"]) == set(services["dashboards"]["secrets"])
    assert services["hubbub"]["ports"][0].endswith(f":{found.page.port}")
    assert found.influx is not None
    environment = services["influxdb"]["environment"]
    assert found.influx.org == environment["DOCKER_INFLUXDB_INIT_ORG"]
    assert found.influx.bucket == environment["DOCKER_INFLUXDB_INIT_BUCKET"]
    assert urlsplit(found.influx.url).hostname in services
    assert urlsplit(found.grafana.url).hostname in services
    mounts = {compose.volume_target(volume) for volume in services["hubbub"]["volumes"]}
    image = DOCKERFILE.read_text(encoding="utf-8")
    assert "HUBBUB_CONFIG=/etc/hubbub/config.toml" in image
    assert "HUBBUB_STORE=/var/lib/hubbub/" in image
    assert {"/etc/hubbub/config.toml", "/var/lib/hubbub"} <= mounts


def test_grafana_finds_what_was_exported(secrets: Path, tmp_path: Path) -> None:
    """The command of the stack writes files whose paths and secrets Grafana has."""
    services = stack()["services"]
    grafana, (_, _, mounted, *rest) = services["grafana"], services["dashboards"]["command"]
    out = tmp_path / "out"
    done = hubbub(
        "grafana", "export", out, "--mounted", mounted, *rest,
        "--config", configuration(secrets, tmp_path), "--store", tmp_path / "x",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    targets = {compose.volume_source(v): compose.volume_target(v) for v in grafana["volumes"]}
    assert targets["grafana-files"] == mounted
    provisioning = Path(grafana["environment"]["GF_PATHS_PROVISIONING"])
    assert (out / provisioning.relative_to(mounted)).is_dir()
    files = [*out.rglob("*.yaml")]
    assert {file.parent.name for file in files} == {"datasources", "dashboards", "alerting"}
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert set(re.findall(r"\$__file\{/run/secrets/(\w+)\}", text)) <= set(grafana["secrets"])
        assert not any(secret.read_text(encoding="utf-8") in text for secret in secrets.iterdir())
    (provider,) = (out / "provisioning" / "dashboards").iterdir()
    (entry,) = yaml.safe_load(provider.read_text(encoding="utf-8"))["providers"]
    shown = out / Path(entry["options"]["path"]).relative_to(mounted)
    assert any(shown.glob("*.json"))
    (source,) = (out / "provisioning" / "datasources").iterdir()
    (datasource,) = yaml.safe_load(source.read_text(encoding="utf-8"))["datasources"]
    assert urlsplit(datasource["url"]).hostname == "influxdb"
    assert "influx_token" in str(datasource["secureJsonData"])


def test_the_health_check_of_image_and_stack_is_one_that_tells(httpserver: HTTPServer) -> None:
    """It succeeds if the service answers that it is well, and fails if not, or nobody answers."""
    (check,) = (
        each
        for each in dockerfile.read(DOCKERFILE.read_text(encoding="utf-8"))
        if each.name == "HEALTHCHECK"
    )
    in_image = dockerfile.Instruction("CMD", check.text.partition(" CMD ")[2]).words
    assert ["CMD", *in_image] == stack()["services"]["hubbub"]["healthcheck"]["test"]

    def run(port: int) -> int:
        command = [sys.executable, *in_image[1:-1], in_image[-1].replace("8460", str(port))]
        return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode

    httpserver.expect_ordered_request("/healthz").respond_with_data("well")
    httpserver.expect_ordered_request("/healthz").respond_with_data("ill", status=503)
    assert (run(httpserver.port), run(httpserver.port), run(1)) == (0, 1, 1)


def test_a_stack_without_its_user_is_no_image_of_ours() -> None:
    """The user of the services is the one that the image makes."""
    made = re.search(r"useradd .*--uid (\d+)", DOCKERFILE.read_text(encoding="utf-8"))
    assert made is not None
    services = stack()["services"]
    assert {services[name]["user"] for name in ("hubbub", "dashboards")} == {f"{made[1]}:{made[1]}"}
