"""How a role's owner lets this service in: the page, the template, and the issuer that AWS reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import HttpMethod, Response, get, route
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from adapters.aws.policy import least_policy
from adapters.aws.recipes import Format, Recipe, trust_text, written
from adapters.pages.rendering import render
from application.aws_errors import AwsError
from application.let_in import LinkUnknown, RoleAccess
from entrypoints.config import Config
from entrypoints.container import Container
from entrypoints.web.pages import nothing_here, page_response

BOTH = [HttpMethod.GET, HttpMethod.HEAD]


@route("/access/{token:str}", http_method=BOTH, include_in_schema=False)
async def access_page(token: FromPath[str], state: State) -> Response[bytes]:
    """The role of one channel, filled in; who holds the link can read."""
    container: Container = state.container
    try:
        recipe = await recipe_of(container, token)
    except LinkUnknown:
        return nothing_here()
    page = render(
        "access.html",
        role=recipe,
        id_name=container.let_in().access.id_name,
        file=f"{token}/role.yaml",
        shell=written(recipe, Format.CLI),
        terraform=written(recipe, Format.TERRAFORM),
        trust=trust_text(recipe),
        policy=least_policy(),
    )
    return page_response(page)


@route("/access/{token:str}/role.yaml", http_method=BOTH, include_in_schema=False)
async def access_template(token: FromPath[str], state: State) -> Response[bytes]:
    """The same as a CloudFormation template."""
    try:
        recipe = await recipe_of(state.container, token)
    except LinkUnknown:
        return nothing_here()
    return Response(
        written(recipe, Format.CLOUDFORMATION).encode(),
        media_type="application/yaml",
        headers={"Content-Disposition": 'attachment; filename="spend-monitor-role.yaml"'},
    )


async def recipe_of(container: Container, token: str) -> Recipe:
    """What a link stands for.

    Raises:
        LinkUnknown: It was not made here, or has expired.
    """
    let_in = container.let_in()
    role = let_in.open(token)
    try:
        trusted = await container.trials().trusted()
    except AwsError:
        trusted = ""  # the page says who knows it
    return Recipe(let_in.access, trusted, role.external_id, role.arn)


@get("/.well-known/openid-configuration", include_in_schema=False)
async def discovery(state: State) -> Mapping[str, Any]:
    """Where AWS finds the issuer's keys."""
    container: Container = state.container
    issuer = container.issuer()
    return issuer.discovery() if issuer else {}


@get("/.well-known/jwks.json", include_in_schema=False)
async def jwks(state: State) -> Mapping[str, Any]:
    """The issuer's public keys."""
    container: Container = state.container
    issuer = container.issuer()
    return issuer.jwks() if issuer else {}


def role_routes(config: Config) -> list[HTTPRouteHandler]:
    """What is served of this, as roles are assumed here."""
    if config.role_access is RoleAccess.OFF:
        return []
    pages: list[HTTPRouteHandler] = [access_page, access_template]
    return [*pages, discovery, jwks] if config.role_access is RoleAccess.WEB_IDENTITY else pages
