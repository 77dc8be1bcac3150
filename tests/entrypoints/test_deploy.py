"""The deploy files: they fit their schemas, and what they start is what this version understands."""

from __future__ import annotations

import base64
import configparser
import json
import os
import re
import shlex
import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it has no types
import pytest
import yaml  # type: ignore[import-untyped]  # it has no types

from entrypoints.cli import main
from entrypoints.config import Config
from entrypoints.program import DEFAULT_PORT
from entrypoints.serve import REQUESTS_END_SECONDS
from entrypoints.variables import unknown_variables
from entrypoints.worker import DRAIN_SECONDS
from tests.doubles.nats_server import COMMAND

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SCHEMAS = Path(__file__).parents[1] / "data" / "schemas"
KEY = base64.b64encode(bytes(32)).decode()

KINDS = {
    "Deployment": "io.k8s.api.apps.v1.Deployment",
    "PodDisruptionBudget": "io.k8s.api.policy.v1.PodDisruptionBudget",
    "Secret": "io.k8s.api.core.v1.Secret",
    "Service": "io.k8s.api.core.v1.Service",
}

Document = dict[str, Any]


def named(document: Document) -> str:
    """For the names of tests."""
    return f"{document['kind']} {document['metadata']['name']}"


MANIFESTS: list[Document] = [
    document
    for name in ("door", "worker", "secret.example")
    for document in yaml.safe_load_all((DEPLOY / "kubernetes" / f"{name}.yaml").read_text())
]
DEPLOYMENTS = [document for document in MANIFESTS if document["kind"] == "Deployment"]
(SECRET,) = (document for document in MANIFESTS if document["kind"] == "Secret")
COMPOSE: Document = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
OURS = [name for name in COMPOSE["services"] if not name.startswith("nats")]


def is_understood(arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    """Fail unless the command line and every variable are ones that this version takes."""
    command = main.commands[arguments[0]]
    with command.make_context(arguments[0], list(arguments[1:])):
        pass
    assert unknown_variables(environment) == []
    assert Config.from_environment(environment).state_url.startswith("nats://")


@pytest.mark.parametrize("document", MANIFESTS, ids=named)
def test_manifest_fits_kubernetes_schema(document: Document) -> None:
    """No field is misspelt, misplaced or of another type."""
    schema = json.loads((SCHEMAS / "kubernetes.json").read_text())
    jsonschema.validate(document, {**schema, "$ref": f"#/$defs/{KINDS[document['kind']]}"})


def test_selectors_find_the_pods() -> None:
    """Deployments, budgets and the service mean the pods that there are."""
    pods = [deployment["spec"]["template"]["metadata"]["labels"] for deployment in DEPLOYMENTS]
    for document in MANIFESTS:
        if document is not SECRET:
            selector = document["spec"]["selector"]
            labels = selector.get("matchLabels", selector)
            assert labels == document["metadata"]["labels"], named(document)
            assert labels in pods, named(document)


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=named)
class TestDeployment:
    """What Kubernetes starts."""

    def test_is_understood(self, deployment: Document) -> None:
        """Arguments and variables are ours, and the secret has the keys that are asked for."""
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        filled = {**SECRET["stringData"], "SPEND_MONITOR_SECRET_KEY": KEY}
        environment = {
            variable["name"]: variable.get("value") or filled[variable["valueFrom"]["secretKeyRef"]["key"]]
            for variable in container["env"]
        }
        is_understood(container["args"], environment)

    def test_has_no_rights(self, deployment: Document) -> None:
        """No root, nothing to write to, no capabilities, no token of the cluster, and bounds."""
        pod = deployment["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["automountServiceAccountToken"] is False
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"requests", "limits"} == container["resources"].keys()

    def test_is_probed(self, deployment: Document) -> None:
        """Doors and workers alike, at ports that they listen on and that Prometheus finds too."""
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        variables = {each["name"]: each.get("value") for each in container["env"]}
        arguments = container["args"]
        listening = {int(arguments[arguments.index("--port") + 1]) if "--port" in arguments else 8000}
        listening |= {int(variables.get("SPEND_MONITOR_ADMIN_PORT", 0))} - {0}
        assert set(ports.values()) == listening
        assert container["livenessProbe"]["httpGet"]["path"] == "/health"
        assert container["readinessProbe"]["httpGet"] == {"path": "/ready", "port": "admin"}
        assert "0.0.0.0" in arguments

    def test_may_end_in_peace(self, deployment: Document) -> None:
        """Kubernetes kills no pod that is still draining."""
        pod = deployment["spec"]["template"]["spec"]
        pause = (
            pod["containers"][0].get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        )
        drain = 0 if "--no-worker" in pod["containers"][0]["args"] else DRAIN_SECONDS
        assert pod["terminationGracePeriodSeconds"] > pause + REQUESTS_END_SECONDS + drain


def test_compose_fits_its_schema() -> None:
    """No field is misspelt, misplaced or of another type."""
    jsonschema.validate(COMPOSE, json.loads((SCHEMAS / "compose.json").read_text()))


@pytest.mark.parametrize("name", OURS)
def test_compose_starts_what_we_understand(name: str) -> None:
    """Arguments and variables are ours, those of the example file included."""
    service = COMPOSE["services"][name]
    lines = (DEPLOY / "example.env").read_text().splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    environment = {**example, **service["environment"], "SPEND_MONITOR_SECRET_KEY": KEY}
    is_understood(service["command"], environment)
    assert int(service["stop_grace_period"].removesuffix("s")) > DRAIN_SECONDS + REQUESTS_END_SECONDS


def test_compose_probes_all() -> None:
    """The image asks ``/health`` on port 8000, where doors and workers listen."""
    for name in OURS:
        service = COMPOSE["services"][name]
        assert "healthcheck" not in service
        assert service["command"][0] == "serve" or service["command"][-2:] == ["--port", "8000"]


def test_compose_gives_no_rights() -> None:
    """Nothing to write to, no capabilities, and bounds, NATS's nodes included."""
    for name, service in COMPOSE["services"].items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["mem_limit"], name


def test_compose_nodes_know_each_other() -> None:
    """Each of the three has its name, its volume, and a route from the others."""
    nodes = [name for name in COMPOSE["services"] if name.startswith("nats")]
    routes = (DEPLOY / "nats.conf").read_text()
    for name in nodes:
        service = COMPOSE["services"][name]
        assert service["command"][-2:] == ["--name", name]
        assert f"{name}:/data" in service["volumes"]
        assert f"nats://{name}:6222" in routes
    assert nodes == list(COMPOSE["volumes"])
    for name in OURS:
        service = COMPOSE["services"][name]
        assert nodes == list(service["depends_on"])
        hosts = service["environment"]["SPEND_MONITOR_STATE_URL"].partition("@")[2]
        assert hosts == ",".join(f"{node}:4222" for node in nodes)
        assert service["environment"]["SPEND_MONITOR_NATS_REPLICAS"] == str(len(nodes))


def test_nats_accepts_its_configuration() -> None:
    """The real server reads it without complaint."""
    checked = subprocess.run(
        [COMMAND, "--config", str(DEPLOY / "nats.conf"), "--name", "nats-1", "-t"],
        env={**os.environ, "NATS_TOKEN": "token"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


def test_the_charts_values_are_as_the_manifests_need_them() -> None:
    """Three nodes for three copies, and the token under the name that the secret has."""
    values = yaml.safe_load((DEPLOY / "kubernetes" / "nats-values.yaml").read_text())
    reference = values["container"]["env"]["NATS_TOKEN"]["valueFrom"]["secretKeyRef"]
    assert values["config"]["cluster"] == {"enabled": True, "replicas": 3}
    assert values["config"]["jetstream"]["merge"]["sync_interval"] == "always"
    assert (reference["name"], reference["key"] in SECRET["stringData"]) == (SECRET["metadata"]["name"], True)


STATE_FOLDER = "/var/lib/aws-spend-monitor"
BLUEPRINTS = [
    yaml.safe_load(path.read_text()) for path in (ROOT / "render.yaml", *DEPLOY.glob("render-*.yaml"))
]


def test_the_image_keeps_its_state_where_the_volumes_are() -> None:
    """The default state is relative, so the folder that the image starts in is the one that must last.

    Railway refuses to build an image that declares a volume, and Heroku starts it as somebody else.
    """
    instructions = (ROOT / "Containerfile").read_text().splitlines()
    assert f"WORKDIR {STATE_FOLDER}" in instructions
    assert not any(line.startswith("VOLUME") for line in instructions)
    assert any(f"--mode 0711 {STATE_FOLDER}" in line for line in instructions)
    assert not any("STATE_URL" in line for line in instructions)  # else a host's DATABASE_URL never counts


@pytest.mark.parametrize("blueprint", BLUEPRINTS)
def test_render(blueprint: Document) -> None:
    """Its disk is the state's, or its database is there; every variable is ours."""
    (service,) = blueprint["services"]
    assert (ROOT / service["dockerfilePath"]).exists()
    variables = {each["key"]: each for each in service["envVars"]}
    assert unknown_variables(variables) == []
    assert variables["SPEND_MONITOR_SECRET_KEY"]["generateValue"]
    if disk := service.get("disk"):
        assert disk["mountPath"] == STATE_FOLDER
    else:
        source = variables["SPEND_MONITOR_STATE_URL"]["fromDatabase"]
        assert source["name"] in [database["name"] for database in blueprint["databases"]]


def test_fly() -> None:
    """The machine is never stopped for being idle, has time to drain, and its volume is the state's."""
    fly = tomllib.loads((ROOT / "fly.toml").read_text())
    assert (ROOT / fly["build"]["dockerfile"]).exists()
    assert fly["kill_signal"] == "SIGTERM"
    assert int(fly["kill_timeout"].removesuffix("s")) > DRAIN_SECONDS + REQUESTS_END_SECONDS
    assert [mount["destination"] for mount in fly["mounts"]] == [STATE_FOLDER]
    assert fly["http_service"]["internal_port"] == DEFAULT_PORT
    assert (fly["http_service"]["auto_stop_machines"], fly["http_service"]["min_machines_running"]) == (
        "off",
        1,
    )
    assert unknown_variables(fly["env"]) == []


def test_heroku() -> None:
    """A container and a database; what is generated for us is a key that we take."""
    app = json.loads((ROOT / "app.json").read_text())
    yml = yaml.safe_load((ROOT / "heroku.yml").read_text())
    assert app["stack"] == "container"
    assert (ROOT / yml["build"]["docker"]["web"]).exists()
    assert app["addons"] == [addon["plan"] for addon in yml["setup"]["addons"]]
    assert unknown_variables(app["env"]) == []
    assert app["env"]["SPEND_MONITOR_SECRET_KEY"]["generator"] == "secret"


def test_railway() -> None:
    """It builds what is there, and waits for the checks in flight."""
    railway = tomllib.loads((ROOT / "railway.toml").read_text())
    assert (ROOT / railway["build"]["dockerfilePath"]).exists()
    assert railway["deploy"]["drainingSeconds"] > DRAIN_SECONDS + REQUESTS_END_SECONDS


def test_systemd() -> None:
    """The unit starts a command that there is, with variables that are ours, and lets it drain."""
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str  # type: ignore[assignment, method-assign]  # the documented way to keep case
    unit.read(DEPLOY / "systemd" / "aws-spend-monitor.service")
    service = unit["Service"]
    program, command, *arguments = shlex.split(service["ExecStart"])
    assert program.endswith("/aws-spend-monitor")
    with main.commands[command].make_context(command, arguments):
        pass
    variable, _, _ = service["Environment"].partition("=")
    assert unknown_variables({variable: ""}) == []
    assert int(service["TimeoutStopSec"]) > DRAIN_SECONDS + REQUESTS_END_SECONDS


def test_every_host_has_its_page() -> None:
    """A file without a page is a riddle; a page names the file that it is about."""
    pages = {page.stem: page.read_text() for page in (ROOT / "docs" / "hosting").glob("*.md")}
    for host, file in {
        "render": "render.yaml",
        "fly": "fly.toml",
        "railway": "railway.toml",
        "heroku": "heroku.yml",
        "virtual-machine": "aws-spend-monitor.service",
        "lambda": "template.yaml",
    }.items():
        assert file in pages[host]


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "hosting").glob("*.md")), ids=lambda page: page.stem)
def test_a_hosts_page_says_all_of_it(page: Path) -> None:
    """Five steps, what it costs, how to keep a copy, how to get the next version."""
    text = page.read_text()
    steps = re.findall(r"^(\d)\. ", text, re.MULTILINE)
    assert steps == ["1", "2", "3", "4", "5"]
    assert all(word.lower() in text.lower() for word in ("**Backup**", "**Upgrade**"))
    assert re.search(r"\*\*(Cost|What it costs)\*\*", text)
