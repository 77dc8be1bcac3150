"""What is deployed around the service: one machine, one pod, proxies, alerts, a dashboard."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it has no types
import promql_parser
import pytest
import yaml  # type: ignore[import-untyped]  # it has no types
from prometheus_client import Metric
from prometheus_client.metrics import MetricWrapperBase

from application import errors
from entrypoints import metrics
from entrypoints.cli import main
from entrypoints.config import Config
from entrypoints.serve import REQUESTS_END_SECONDS
from entrypoints.variables import unknown_variables
from entrypoints.worker import DRAIN_SECONDS

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SCHEMAS = Path(__file__).parents[1] / "data" / "schemas"
PRIVATE = ("/metrics", "/metrics/", "/ready", "/ready/", "/schema", "/schema/openapi.json")
PUBLIC = ("/", "/tick", "/integration", "/integration.json", "/health", "/reports/x", "/metricsx", "/readyx")
TARGETS = {"up"}
"""Made by Prometheus itself."""

RULES = [
    rule
    for group in yaml.safe_load((DEPLOY / "prometheus" / "rules.yaml").read_text())["groups"]
    for rule in group["rules"]
]
DASHBOARD: dict[str, Any] = json.loads((DEPLOY / "grafana" / "dashboard.json").read_text())
EXPRESSIONS = {rule["alert"]: rule["expr"] for rule in RULES} | {
    f"{panel['title']} {target['refId']}": target["expr"]
    for panel in DASHBOARD["panels"]
    for target in panel["targets"]
}


def collected() -> Iterator[Metric]:
    """What the service counts."""
    for value in vars(metrics).values():
        if isinstance(value, MetricWrapperBase):
            yield from value.collect()


def sample_names() -> set[str]:
    """As Prometheus calls them."""
    endings = {"counter": ["_total"], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}
    return {metric.name + ending for metric in collected() for ending in endings[metric.type]}


def selectors(expression: Any) -> Iterator[promql_parser.VectorSelector]:
    """Whatever is selected, anywhere in the expression."""
    if isinstance(expression, promql_parser.VectorSelector):
        yield expression
    for name in ("expr", "lhs", "rhs", "vector_selector", "vs"):
        if (part := getattr(expression, name, None)) is not None:
            yield from selectors(part)
    for argument in getattr(expression, "args", None) or []:
        yield from selectors(argument)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expressions_ask_for_what_is_counted(name: str) -> None:
    """They are PromQL, and every name in them is one that the service or Prometheus makes."""
    asked = {selector.name for selector in selectors(promql_parser.parse(EXPRESSIONS[name]))}
    assert asked
    assert asked - sample_names() - TARGETS == set()


def test_alerts_name_causes_that_there_are() -> None:
    """The reasons in the alerts' selectors are codes of errors."""
    codes = {
        value.code for value in vars(errors).values() if isinstance(value, type) and hasattr(value, "code")
    }
    named = {
        code
        for rule in RULES
        for found in re.findall(r'reason=~"([^"]+)"', rule["expr"])
        for code in found.split("|")
    }
    assert named
    assert named <= codes


def test_every_alert_says_what_it_is_about() -> None:
    """And is explained where the summary cannot say what to do."""
    explained = (ROOT / "docs" / "operate.md").read_text()
    for rule in RULES:
        assert rule["annotations"]["summary"].endswith((".", "?")), rule["alert"]
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert f"`{rule['alert']}`" in explained


def test_dashboard_panels_do_not_overlap() -> None:
    """Each has its place, 24 columns wide at most, and its own number."""
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


class TestCompose:
    """One container, its volume, and Caddy."""

    compose: dict[str, Any] = yaml.safe_load((DEPLOY / "single" / "compose.yaml").read_text())

    def test_it_fits_its_schema(self) -> None:
        """No field is misspelt, misplaced or of another type."""
        jsonschema.validate(self.compose, json.loads((SCHEMAS / "compose.json").read_text()))

    def test_it_starts_what_we_understand(self) -> None:
        """Command and variables are ours; the state lies on the volume."""
        service = self.compose["services"]["monitor"]
        environment = {
            name: text.replace("${SITE:?put it into deploy/single/.env}", "spend.example")
            for name, text in service["environment"].items()
        }
        with main.commands["serve"].make_context("serve", service["command"][1:]):
            config = Config.from_environment(environment)
        assert unknown_variables(environment) == []
        assert (config.public_url, config.admin_port) == ("https://spend.example", 9000)
        containerfile = (ROOT / "Containerfile").read_text()
        (volume,) = service["volumes"]
        assert f"WORKDIR {volume.partition(':')[2]}\n" in containerfile
        assert int(service["stop_grace_period"].removesuffix("s")) > DRAIN_SECONDS + REQUESTS_END_SECONDS

    def test_only_caddy_can_be_reached(self) -> None:
        """The service's ports are not published, and nobody has rights that he does not need."""
        services = self.compose["services"]
        assert [name for name, service in services.items() if "ports" in service] == ["caddy"]
        for service in services.values():
            assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
            assert service["mem_limit"]
        assert services["caddy"]["cap_add"] == ["NET_BIND_SERVICE"]

    def test_the_example_has_what_is_asked_for(self) -> None:
        """Whoever fills the file in has filled in all."""
        example = (DEPLOY / "single" / "example.env").read_text()
        asked = set(re.findall(r"\$\{(\w+)", (DEPLOY / "single" / "compose.yaml").read_text()))
        assert asked == set(re.findall(r"^(\w+)=", example, re.MULTILINE))


class TestProxies:
    """What may be asked from outside."""

    @pytest.mark.parametrize("name", ["single/Caddyfile", "proxies/Caddyfile"])
    def test_caddy(self, name: str) -> None:
        """The operator's paths are closed, and no other is."""
        text = (DEPLOY / name).read_text()
        (line,) = re.findall(r"@private path (.+)", text)
        patterns = [re.compile(re.escape(each).replace(r"\*", ".*")) for each in line.split()]
        closed = [path for path in PRIVATE + PUBLIC if any(each.fullmatch(path) for each in patterns)]
        assert closed == list(PRIVATE)
        assert "respond @private 404" in text
        assert text.count("{") == text.count("}")

    def test_nginx(self) -> None:
        """Likewise."""
        text = (DEPLOY / "proxies" / "nginx.conf").read_text()
        (pattern,) = re.findall(r"location ~ (\S+) \{\n        return 404;", text)
        assert [path for path in PRIVATE + PUBLIC if re.search(pattern, path)] == list(PRIVATE)
        assert text.count("{") == text.count("}")


POD: dict[str, Any] = {
    document["kind"]: document
    for document in yaml.safe_load_all((DEPLOY / "kubernetes" / "single.yaml").read_text())
}


class TestKubernetes:
    """One pod."""

    @pytest.mark.parametrize(
        ("kind", "definition"),
        [("Service", "io.k8s.api.core.v1.Service"), ("Deployment", "io.k8s.api.apps.v1.Deployment")],
    )
    def test_it_fits_kubernetes_schema(self, kind: str, definition: str) -> None:
        """No field is misspelt, misplaced or of another type."""
        schema = json.loads((SCHEMAS / "kubernetes.json").read_text())
        jsonschema.validate(POD[kind], {**schema, "$ref": f"#/$defs/{definition}"})

    def test_its_volume(self) -> None:
        """One pod at a time may hold it, and the pod mounts it where the state is."""
        schema = json.loads((SCHEMAS / "kubernetes.json").read_text())
        claim = POD["PersistentVolumeClaim"]
        definition = "#/$defs/io.k8s.api.core.v1.PersistentVolumeClaimSpec"
        jsonschema.validate(claim["spec"], {**schema, "$ref": definition})
        pod = POD["Deployment"]["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        config = Config.from_environment({each["name"]: each["value"] for each in container["env"]})
        mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
        assert config.sqlite_path
        assert mounts[str(config.sqlite_path.parent)] == "state"
        assert pod["volumes"][0]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
        assert POD["Deployment"]["spec"]["strategy"] == {"type": "Recreate"}
        assert pod["terminationGracePeriodSeconds"] > REQUESTS_END_SECONDS + DRAIN_SECONDS
