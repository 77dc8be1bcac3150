"""The role as it is written down for whoever makes it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.aws.recipes import Format, Recipe, trust_text, written
from application.let_in import RoleAccess
from tests.doubles.aws_server import TEMPLATE

CFN_LINT = str(Path(sys.executable).with_name("cfn-lint"))
ROLE_ARN = "arn:aws:iam::111122223333:role/team/=spend@1"
ID = "spend-monitor-0123456789abcdef0123456789abcdef"
OURS = "arn:aws:iam::999988887777:role/service"
ISSUER = "https://spend.example/base"
EXTERNAL, TOKEN = RoleAccess.EXTERNAL_ID, RoleAccess.WEB_IDENTITY
RECIPES = {
    "external-id": Recipe(EXTERNAL, OURS, ID, ROLE_ARN),
    "external-id, nothing known": Recipe(EXTERNAL),
    "web-identity": Recipe(TOKEN, ISSUER, ID, ROLE_ARN),
    "web-identity, no channel": Recipe(TOKEN, ISSUER),
}


def test_the_templates_are_ones_that_cloudformation_takes(tmp_path: Path) -> None:
    """cfn-lint, which knows every resource's schema, finds nothing, nor in the function's template."""
    files = [tmp_path / f"{n}.yaml" for n in range(len(RECIPES))]
    for file, recipe in zip(files, RECIPES.values(), strict=True):
        file.write_text(written(recipe, Format.CLOUDFORMATION))
    linted = subprocess.run([CFN_LINT, *files, TEMPLATE], text=True, capture_output=True, check=False)
    assert (linted.returncode, linted.stdout) == (0, "")


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_the_shell_reads_the_lines(recipe: Recipe) -> None:
    """Bash parses them, and does what it is told by stand-ins: the documents are JSON."""
    lines = written(recipe, Format.CLI)
    checked = subprocess.run(["bash", "-n"], input=lines, text=True, capture_output=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_the_lines_make_the_role(tmp_path: Path) -> None:
    """Run with an ``aws`` that writes down what it is asked: provider, role, policy, documents."""
    aws = tmp_path / "aws"
    aws.write_text('#!/bin/sh\necho "$2" >>asked\n[ "$2" != get-open-id-connect-provider ]\n')
    aws.chmod(0o755)
    subprocess.run(
        ["bash", "-e"],
        input=written(RECIPES["web-identity"], Format.CLI),
        text=True,
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        check=True,
    )
    assert (tmp_path / "asked").read_text().split() == [
        "get-open-id-connect-provider",
        "create-open-id-connect-provider",
        "create-role",
        "put-role-policy",
        "get-role",
    ]
    trust = json.loads((tmp_path / "spend-monitor-trust.json").read_text())
    assert trust == json.loads(trust_text(RECIPES["web-identity"]))
    assert json.loads((tmp_path / "spend-monitor-policy.json").read_text())["Statement"][0]["Action"] == (
        "ce:GetCostAndUsage"
    )


def test_the_trust_policy_asks_for_the_channels_id() -> None:
    """One principal, one action, one condition."""
    (statement,) = json.loads(trust_text(RECIPES["external-id"]))["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"AWS": OURS},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": ID}},
    }


def test_with_tokens_it_asks_for_subject_and_audience() -> None:
    """The provider is the account's own, under the issuer's name."""
    (statement,) = json.loads(trust_text(RECIPES["web-identity"]))["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/spend.example/base"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {"spend.example/base:aud": "sts.amazonaws.com", "spend.example/base:sub": ID}
        },
    }


@pytest.mark.parametrize("form", Format)
def test_every_form_names_role_and_id(form: Format) -> None:
    """Ready to be copied: nothing in capitals is left to fill in."""
    text = written(RECIPES["external-id"], form)
    assert "=spend@1" in text
    assert ID in text
    assert OURS in text
    assert "ID-OF-THE-CHANNEL" not in text
    assert "ARN-OF-THE-SERVICE" not in text


@pytest.mark.parametrize("form", [Format.TEXT, Format.TERRAFORM, Format.CLI])
def test_what_is_not_known_stands_in_capitals(form: Format) -> None:
    """Nobody takes it for an id."""
    text = written(RECIPES["external-id, nothing known"], form)
    assert "ID-OF-THE-CHANNEL" in text
    assert "ARN-OF-THE-SERVICE" in text
