"""The one place where the parts are put together."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog
from dependency_injector import containers, providers

from adapters.aws.access import AwsAccess, Own
from adapters.aws.assuming import ByExternalId, ByWebIdentity, Way, session_name
from adapters.aws.clients import Aws, open_aws
from adapters.aws.cost_explorer import CostExplorer
from adapters.aws.frugal import frugal
from adapters.aws.role_trials import AwsRoleTrials
from adapters.aws.roles import Roles
from adapters.aws.sts import StsIdentity
from adapters.chats.channel import open_chats
from adapters.chats.known_hosts import KnownHosts, keeping_hosts
from adapters.clock import SystemClock
from adapters.pages.reports import NoReports, SealedReports
from adapters.settings.form import TelexSettingsReader
from adapters.settings.watches_file import WatchesFile
from adapters.state.memory import open_memory_state
from adapters.state.nats.address import parse_address
from adapters.state.sqlite import open_sqlite_state
from adapters.state.sqlite.steps import offset_of_machine
from adapters.state.state import State
from adapters.vault import AesGcmVault, load_or_create_key_file
from application.accept_tick import AcceptTick
from application.answer_tick import AnswerTick
from application.check_spend import CheckSpend
from application.diagnose import Diagnose
from application.diagnose_role import DiagnoseRole
from application.drill_down import DrillDown
from application.errors import StorageUnavailable
from application.fire_watches import FireWatches
from application.let_in import LetIn, RoleAccess
from application.plan_looks import PlanLooks
from application.ports.access import Access, RoleTrials
from application.ports.channel import Channel
from application.ports.clock import Clock
from application.ports.cost_source import CostSource
from application.ports.identity import Identity
from application.ports.store import Store
from application.ports.vault import Vault
from application.ports.watches import NoWatches, Watches
from application.say_once import SayOnce
from entrypoints import metrics
from entrypoints.config import Config
from entrypoints.door import Door
from entrypoints.overseer import Overseer
from entrypoints.readiness import Readiness
from entrypoints.schedule import schedule_of
from entrypoints.worker import Worker

if TYPE_CHECKING:
    from adapters.issuer import Issuer

log = structlog.get_logger()


def make_reports(config: Config, store: Store, vault: Vault, clock: Clock) -> SealedReports | NoReports:
    """The pages of reports, where there is an address to give to people."""
    if not config.public_url or not config.report_days:
        return NoReports()
    return SealedReports(store, vault, clock, config.public_url, timedelta(days=config.report_days))


class Container(containers.DeclarativeContainer):
    """The use cases, and the opened adapters that they are given."""

    config: providers.Provider[Config] = providers.Dependency(instance_of=Config)
    clock: providers.Provider[Clock] = providers.Dependency()
    vault: providers.Provider[Vault] = providers.Dependency()
    state: providers.Provider[State] = providers.Dependency(instance_of=State)
    channel: providers.Provider[Channel] = providers.Dependency()
    access: providers.Provider[Access] = providers.Dependency()
    issuer: providers.Provider[Issuer | None] = providers.Dependency()
    trials: providers.Provider[RoleTrials] = providers.Dependency()
    identity: providers.Provider[Identity] = providers.Dependency()
    cost_source: providers.Provider[CostSource] = providers.Dependency()
    aws_clock: providers.Provider[Callable[[], Awaitable[datetime]]] = providers.Dependency()
    aws_trouble: providers.Provider[Callable[[], str]] = providers.Object(str)
    watches: providers.Provider[Watches] = providers.Dependency(default=providers.Object(NoWatches()))

    inbox = state.provided.inbox
    ledger = state.provided.ledger
    settings = providers.Singleton(TelexSettingsReader)

    reports = providers.Singleton(make_reports, config, state.provided.store, vault, clock)
    let_in = providers.Singleton(
        LetIn,
        vault=vault,
        clock=clock,
        access=config.provided.role_access,
        public_url=config.provided.public_url,
    )
    accept_tick = providers.Singleton(AcceptTick, inbox=inbox, vault=vault, channel=channel, clock=clock)
    drill_down = providers.Singleton(DrillDown, cost_source=cost_source, when=config.provided.drill_down)
    check_spend = providers.Singleton(
        CheckSpend,
        access=access,
        identity=identity,
        cost_source=cost_source,
        linked_accounts=config.provided.linked_accounts,
        drill_down=drill_down,
    )
    answer_tick = providers.Singleton(
        AnswerTick,
        inbox=inbox,
        vault=vault,
        settings=settings,
        check_spend=check_spend,
        say_once=providers.Singleton(SayOnce, ledger=ledger, channel=channel, reports=reports, clock=clock),
        plan_looks=providers.Singleton(PlanLooks, ledger=ledger, settle=config.provided.settle),
        clock=clock,
        let_in=let_in,
        watches=watches,
    )
    fire_watches = providers.Singleton(
        FireWatches, inbox=inbox, ledger=ledger, vault=vault, watches=watches, clock=clock
    )
    schedule = providers.Singleton(schedule_of, watches, fire_watches, clock)
    diagnose = providers.Singleton(Diagnose, access=access, identity=identity, cost_source=cost_source)
    diagnose_role = providers.Singleton(DiagnoseRole, trials=trials, cost_source=cost_source, let_in=let_in)
    door = providers.Singleton(Door)
    worker = providers.Singleton(
        Worker,
        inbox=inbox,
        answer_tick=answer_tick,
        clock=clock,
        concurrency=config.provided.concurrency,
        door=door,
    )
    overseer = providers.Singleton(Overseer, inbox=inbox, clock=clock)
    readiness = providers.Factory(
        Readiness, inbox=inbox, worker=None, overseer=overseer, schedule=schedule, aws_trouble=aws_trouble
    )


@asynccontextmanager
async def open_container(
    config: Config,
    clock: Clock | None = None,
    environment: Mapping[str, str] = os.environ,
    *,
    aws_attempts: int = 1,
    profile: str | None = None,
    on_trouble: Callable[[str], None] | None = None,
) -> AsyncIterator[Container]:
    """Open every real adapter, and close them at the end.

    Args:
        config: The process's settings.
        clock: What time it is; the system's, unless a test brings one that it can move.
        environment: What ``${NAME}`` stands for in the file of watches.
        aws_attempts: How often one call to AWS is tried: once where the inbox tries ticks again, more often
            where there is none.
        profile: Of the AWS configuration files; None: what the environment says.
        on_trouble: Is told why AWS cannot be asked at all; None: the log is.

    Raises:
        StorageUnavailable: The state store cannot be used; one line says why.
    """
    clock = clock or SystemClock()
    vault = AesGcmVault(secret_keys(config))
    async with AsyncExitStack() as stack:
        try:
            state = await stack.enter_async_context(open_state(config, clock))
        except StorageUnavailable as error:
            raise StorageUnavailable(f"SPEND_MONITOR_STATE_URL: {error}") from error
        aws = await stack.enter_async_context(
            open_aws(
                config.concurrency,
                profile=profile,
                attempts=aws_attempts,
                on_call=metrics.record_aws_call,
                on_trouble=on_trouble or _log_trouble,
            )
        )
        channel = await stack.enter_async_context(
            open_chats(
                clock,
                allow_private=config.allow_private_return_urls,
                allowed_hosts=config.return_url_hosts,
                concurrency=config.concurrency,
                webhook_secrets=config.webhook_secrets,
                mail_server=config.mail_server,
            )
        )
        await stack.enter_async_context(keeping_hosts(KnownHosts(state.store, vault, channel.lanes)))
        issuer = open_issuer(config, clock)
        own = Own(profile)
        way = way_of(config, aws, own, issuer)
        roles = Roles(way, state.store, vault, clock, on_open=_warn_of_open_role) if way else None
        identity, cost_source = frugal(
            StsIdentity(aws),
            CostExplorer(aws),
            state.store,
            vault,
            clock,
            ttl=config.cost_cache_ttl,
            daily_cap=config.max_paid_requests_per_day,
            on_hit=metrics.cache_hits.inc,
            on_paid=metrics.record_paid_requests,
        )
        container = Container(
            config=config,
            clock=providers.Object(clock),
            vault=providers.Object(vault),
            state=providers.Object(state),
            channel=providers.Object(channel),
            access=providers.Object(AwsAccess(own, roles)),
            issuer=providers.Object(issuer),
            aws_clock=providers.Object(aws.clock),
            aws_trouble=providers.Object(aws.trouble),
            trials=providers.Object(AwsRoleTrials(aws, way)),
            identity=providers.Object(identity),
            cost_source=providers.Object(cost_source),
            watches=providers.Object(read_watches(config, channel, environment)),
        )
        container.check_dependencies()
        yield container


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


def open_issuer(config: Config, clock: Clock) -> Issuer | None:
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
    if config.sqlite_path.exists() and not key_file.exists():
        log.warning(
            "key_file_missing", path=str(key_file), effect="what waits in the database cannot be opened"
        )
    try:
        return load_or_create_key_file(key_file)
    except ValueError as error:
        raise StorageUnavailable(str(error)) from error
