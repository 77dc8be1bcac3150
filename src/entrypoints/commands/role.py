"""The ``role`` and ``doctor --role`` commands."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import click

from adapters.aws.recipes import UNKNOWN_ID, Format, Recipe, written
from adapters.settings.roles import read_role
from application.aws_errors import AwsError
from application.credentials import Role
from application.diagnose import Finding
from application.errors import StorageUnavailable
from application.let_in import RoleAccess
from entrypoints.config import Config
from entrypoints.container import Container, open_container
from entrypoints.defaults import secret_keys

ASK_WITH = "Give --for URL (a channel's return_url) or --watch NAME to have the id filled in."


async def print_role(config: Config, form: str, destination: str | None, watch: str | None) -> None:
    """Print the role that an account must have; what cannot be filled in is said on standard error.

    Args:
        config: The process's settings.
        form: A ``Format``.
        destination: The return_url of the channel that it is for, or None.
        watch: The name of the watch that it is for, or None.
    """
    access = config.role_access
    if access is RoleAccess.OFF:
        access = RoleAccess.EXTERNAL_ID
        _note("SPEND_MONITOR_ROLE_ACCESS is off: no role is assumed until it is external-id or web-identity.")
    named = destination is not None or watch is not None
    async with _open_once(config, with_keys=named) as container:
        external_id = _id_of(container, destination, watch)
        trusted = await _trusted(container, config)
    if not named:
        _note(ASK_WITH)
    click.echo(written(Recipe(access, trusted, external_id), Format(form)), nl=False)


async def diagnose(config: Config, arn: str, destination: str | None, watch: str | None) -> list[Finding]:
    """Try a role, line by line."""
    named = destination is not None or watch is not None
    if not named:
        _note(ASK_WITH)
    web_identity = config.role_access is RoleAccess.WEB_IDENTITY
    async with _open_once(config, with_keys=named or web_identity) as container:
        external_id = _id_of(container, destination, watch) or UNKNOWN_ID
        role = replace(_role(arn), external_id=external_id)
        return await container.diagnose_role().execute(role, container.clock().now().date())


def _role(arn: str) -> Role:
    try:
        role = read_role(arn)
    except ValueError as error:
        raise click.BadParameter(f"it {error}", param_hint="--role") from error
    if role is None:
        raise click.BadParameter("it is empty", param_hint="--role")
    return role


def _id_of(container: Container, destination: str | None, watch: str | None) -> str:
    if watch is not None:
        found = container.watches().find(watch)
        role = found.monitor.credentials if found else None
        return role.external_id if isinstance(role, Role) else container.let_in().external_id_of_watch(watch)
    return container.let_in().external_id(destination.strip()) if destination is not None else ""


async def _trusted(container: Container, config: Config) -> str:
    if config.role_access is RoleAccess.OFF:
        return ""
    try:
        return await container.trials().trusted()
    except AwsError as failure:
        _note(f"{failure} {failure.remedy}")
        return ""


def _note(sentence: str) -> None:
    click.echo(sentence, err=True)


def _open_once(config: Config, *, with_keys: bool) -> AbstractAsyncContextManager[Container]:
    """No database for one command, but the service's own keys, of which ids and tokens are made.

    Raises:
        StorageUnavailable: They are needed, and are not here.
    """
    keys, signing_key = config.secret_keys, config.signing_key
    if with_keys and not keys:
        _must_exist(config.key_path, "SPEND_MONITOR_SECRET_KEY")
        keys = tuple(secret_keys(config))
    if with_keys and config.role_access is RoleAccess.WEB_IDENTITY and not signing_key:
        signing_key = _must_exist(config.signing_key_path, "SPEND_MONITOR_SIGNING_KEY").read_text()
    once = replace(config, state_url="memory://", secret_keys=keys, signing_key=signing_key)
    return open_container(once, aws_attempts=3)


def _must_exist(path: Path | None, variable: str) -> Path:
    if path is None or not path.exists():
        raise StorageUnavailable(
            f"neither {variable} nor the file {path or 'of it'} is here: run this where the service runs, "
            "with its SPEND_MONITOR_ variables"
        )
    return path
