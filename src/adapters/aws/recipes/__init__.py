"""The role that lets this service in, written down for whoever makes it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.aws.policy import LEAST_POLICY
from application.let_in import RoleAccess

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent
AUDIENCE = "sts.amazonaws.com"
UNKNOWN_TRUSTED = "ARN-OF-THE-SERVICE"
UNKNOWN_ID = "ID-OF-THE-CHANNEL"
"""Stand where something is not known, and are no good as they are."""


class Format(StrEnum):
    """What a role can be written down as."""

    TEXT = "text"
    CLOUDFORMATION = "cloudformation"
    TERRAFORM = "terraform"
    CLI = "cli"


@dataclass(frozen=True, slots=True)
class Recipe:
    """A role, as far as it is known.

    Args:
        access: How this service comes.
        trusted: Whom the role trusts: the service's own ARN, or the issuer's address. Empty: not known.
        id: The external id or subject that it asks for. Empty: not known.
        role_arn: The role, if the channel has named one.
    """

    access: RoleAccess
    trusted: str = ""
    id: str = ""
    role_arn: str = ""

    @property
    def name(self) -> str:
        """The role's name."""
        return self.role_arn.rpartition("/")[2] or "spend-monitor"

    @property
    def path(self) -> str:
        """The role's path: ``/`` unless it was named with another."""
        between = self.role_arn.partition(":role/")[2].rpartition("/")[0]
        return f"/{between}/" if between else "/"

    @property
    def account(self) -> str:
        """The account that the role belongs to; empty while none was named."""
        return self.role_arn.split(":")[4] if self.role_arn else ""

    @property
    def issuer(self) -> str:
        """The issuer's name in trust policies: its address without the scheme."""
        return self.trusted.partition("://")[2]

    @property
    def by_token(self) -> bool:
        """Whether the service comes with a token of its own."""
        return self.access is RoleAccess.WEB_IDENTITY


def written(recipe: Recipe, form: Format) -> str:
    """Write a role down, ready to be copied. What is not known yet is asked for, or stands in capitals."""
    return _environment().get_template(f"role.{EXTENSIONS[form]}").render(**_values(recipe))


def trust_text(recipe: Recipe) -> str:
    """The trust policy as IAM takes it."""
    return _json(trust_policy(recipe, _provider(recipe)))


def trust_policy(recipe: Recipe, provider: str) -> dict[str, Any]:
    """Who may assume the role, and on which condition.

    Args:
        recipe: The role.
        provider: ARN of the identity provider in the role's account; only with tokens.
    """
    asked_id = recipe.id or UNKNOWN_ID
    if recipe.by_token:
        who = {"Federated": provider}
        action = "sts:AssumeRoleWithWebIdentity"
        must = {f"{recipe.issuer}:aud": AUDIENCE, f"{recipe.issuer}:sub": asked_id}
    else:
        who, action, must = (
            {"AWS": recipe.trusted or UNKNOWN_TRUSTED},
            "sts:AssumeRole",
            {"sts:ExternalId": asked_id},
        )
    statement = {"Effect": "Allow", "Principal": who, "Action": action, "Condition": {"StringEquals": must}}
    return {"Version": "2012-10-17", "Statement": [statement]}


EXTENSIONS = {Format.TEXT: "txt", Format.CLOUDFORMATION: "yaml", Format.TERRAFORM: "tf", Format.CLI: "sh"}


def _values(recipe: Recipe) -> dict[str, Any]:
    return {
        "role": recipe,
        "provider": _provider(recipe),
        "trust": trust_text(recipe),
        "trust_of_terraform": _json(trust_policy(recipe, "${local.provider_arn}")),
        "policy": _json(LEAST_POLICY),
    }


def _provider(recipe: Recipe) -> str:
    partition = recipe.role_arn.split(":")[1] if recipe.role_arn else "aws"
    return f"arn:{partition}:iam::{recipe.account or '$ACCOUNT'}:oidc-provider/{recipe.issuer}"


def _json(value: object) -> str:
    return json.dumps(value, indent=2)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415  # heavy, and for few

    return Environment(  # noqa: S701  # no HTML; names, ARNs and ids are spelt as AWS allows, without quotes
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
