"""The real adapters, made as the process's settings say."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog

from adapters.aws.access import Own
from adapters.aws.assuming import ByExternalId, ByWebIdentity, Way, session_name
from adapters.aws.clients import Aws, open_aws
from adapters.aws.cost_explorer import CostExplorer
from adapters.aws.frugal import frugal
from adapters.aws.roles import Roles
from adapters.aws.sts import StsIdentity
from adapters.chats.channel import open_chats
from adapters.chats.known_hosts import KnownHosts, keeping_hosts
from adapters.clock import SystemClock
from adapters.pages.reports import NoReports, SealedReports
from adapters.settings.watches_file import WatchesFile
from adapters.state.memory import open_memory_state
from adapters.state.nats.address import parse_address
from adapters.state.sqlite import open_sqlite_state
from adapters.state.sqlite.steps import offset_of_machine
from adapters.state.state import State
from adapters.vault import AesGcmVault, load_or_create_key_file
from application.errors import StorageUnavailable
from application.let_in import RoleAccess
from application.ports.channel import Channel
from application.ports.clock import Clock
from application.ports.cost_source import CostSource
from application.ports.identity import Identity
from application.ports.store import Store
from application.ports.vault import Vault
from application.ports.watches import NoWatches, Watches
from entrypoints import metrics
from entrypoints.config import Config

if TYPE_CHECKING:
    from adapters.issuer import Issuer

log = structlog.get_logger()


def make_vault(config: Config) -> AesGcmVault:
    """What seals with the process's secret keys.

    Raises:
        StorageUnavailable: The file of keys cannot be used.
    """
    return AesGcmVault(secret_keys(config))


def make_reports(config: Config, store: Store, vault: Vault, clock: Clock) -> SealedReports | NoReports:
    """The pages of reports, where there is an address to give to people."""
    if not config.public_url or not config.report_days:
        return NoReports()
    return SealedReports(store, vault, clock, config.public_url, timedelta(days=config.report_days))


def make_roles(way: Way | None, store: Store, vault: Vault, clock: Clock) -> Roles | None:
    """What assumes roles; None: they are not taken."""
    return Roles(way, store, vault, clock, on_open=_warn_of_open_role) if way else None


def make_frugal(
    config: Config, aws: Aws, store: Store, vault: Vault, clock: Clock
) -> tuple[Identity, CostSource]:
    """STS and Cost Explorer, asked as seldom as can be, and counted."""
    return frugal(
        StsIdentity(aws),
        CostExplorer(aws),
        store,
        vault,
        clock,
        ttl=config.cost_cache_ttl,
        daily_cap=config.max_paid_requests_per_day,
        on_hit=metrics.cache_hits.inc,
        on_paid=metrics.record_paid_requests,
    )


def open_process_aws(
    config: Config, attempts: int, profile: str | None, on_trouble: Callable[[str], None] | None
) -> AbstractAsyncContextManager[Aws]:
    """Open the way to AWS; what every call to it comes to is counted."""
    return open_aws(
        config.concurrency,
        profile=profile,
        attempts=attempts,
        on_call=metrics.record_aws_call,
        on_trouble=on_trouble or _log_trouble,
    )


@asynccontextmanager
async def open_channel(config: Config, clock: Clock, vault: Vault, store: Store) -> AsyncIterator[Channel]:
    """Open the way to every chat, with the hosts that the deployment has come to trust."""
    async with (
        open_chats(
            clock,
            allow_private=config.allow_private_return_urls,
            allowed_hosts=config.return_url_hosts,
            concurrency=config.concurrency,
            webhook_secrets=config.webhook_secrets,
            mail_server=config.mail_server,
        ) as chats,
        keeping_hosts(KnownHosts(store, vault, chats.lanes)),
    ):
        yield chats


def read_watches(config: Config, channel: Channel, environment: Mapping[str, str]) -> Watches:
    """The watches of the file that ``SPEND_MONITOR_WATCHES`` names, if it names one.

    Raises:
        WatchesRejected: With every mistake in it.
    """
    if config.watches is None:
        return NoWatches()
    from adapters.settings.watches import WatchesReader  # noqa: PLC0415  # crontabs and time zones are for few

    reader = WatchesReader(config.watches.name, environment, partial(channel.check, own=True))
    file = WatchesFile(config.watches, reader.read)
    file.load()
    return file


def open_state(config: Config, clock: Clock | None = None) -> AbstractAsyncContextManager[State]:
    """Open the store that ``SPEND_MONITOR_STATE_URL`` names."""
    clock = clock or SystemClock()
    if config.sqlite_path:
        return open_sqlite_state(config.sqlite_path, clock, config.inbox_limit, read_offset=offset_of_machine)
    if config.state_url == "memory://":
        return open_memory_state(clock, config.inbox_limit)
    if config.state_url.startswith("postgresql://"):
        from adapters.state.postgresql import open_postgresql_state  # noqa: PLC0415  # its library is for few

        return open_postgresql_state(config.state_url, clock, config.inbox_limit)
    if config.state_url.startswith("dynamodb://"):
        from adapters.state import aws  # noqa: PLC0415  # likewise

        return aws.open_aws_state(aws.parse_address(config.state_url), clock, config.inbox_limit)
    from adapters.state.nats.opening import open_nats_state  # noqa: PLC0415  # likewise

    address = parse_address(config.state_url)
    return open_nats_state(address, clock, config.inbox_limit, config.nats_replicas)


def make_issuer(config: Config, clock: Clock) -> Issuer | None:
    """The service as an OpenID Connect issuer, where roles are assumed so.

    Raises:
        StorageUnavailable: The file of its keys cannot be used.
    """
    if config.role_access is not RoleAccess.WEB_IDENTITY or config.public_url is None:
        return None
    from adapters import issuer  # noqa: PLC0415  # its library is for few

    try:
        if config.signing_key:
            keys = issuer.parse_signing_keys(config.signing_key)
        elif config.signing_key_path:
            keys = issuer.load_or_create_signing_keys(config.signing_key_path)
        else:
            keys = issuer.new_signing_keys()
    except ValueError as error:
        raise StorageUnavailable(str(error)) from error
    return issuer.Issuer(keys, config.public_url, clock)


def way_of(config: Config, aws: Aws, own: Own, issuer: Issuer | None) -> Way | None:
    """How roles are assumed; None: not at all."""
    host = urlsplit(config.public_url or "").hostname
    if issuer:
        return ByWebIdentity(aws, issuer.token, issuer.url, session_name(host))
    if config.role_access is RoleAccess.EXTERNAL_ID:
        return ByExternalId(aws, own.key, session_name(host))
    return None


def _log_trouble(reason: str) -> None:
    log.error("aws_settings_unusable", reason=reason)


def _warn_of_open_role(arn: str) -> None:
    log.warning(
        "role_open", role=arn, effect="its trust policy asks for no id: whoever this service works for"
    )


def secret_keys(config: Config) -> list[bytes]:
    """The configured keys, or those in the file beside the database, which is made if there is none.

    Raises:
        StorageUnavailable: The file cannot be used.
    """
    if config.secret_keys:
        return list(config.secret_keys)
    key_file = config.key_path
    if config.sqlite_path is None or key_file is None:
        return [secrets.token_bytes(32)]
    if not key_file.parent.is_dir():
        raise StorageUnavailable(
            f"SPEND_MONITOR_STATE_URL: there is no folder {key_file.parent}; make it, or name another one"
        )
    if config.sqlite_path.exists() and not key_file.exists():
        log.warning(
            "key_file_missing", path=str(key_file), effect="what waits in the database cannot be opened"
        )
    try:
        return load_or_create_key_file(key_file)
    except ValueError as error:
        raise StorageUnavailable(str(error)) from error
