"""The one place where the parts are put together."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypedDict, Unpack

from dependency_injector import containers, providers

from adapters.aws.access import AwsAccess, Own
from adapters.aws.clients import Aws
from adapters.aws.role_trials import AwsRoleTrials
from adapters.clock import SystemClock
from adapters.pages.reports import NoReports, SealedReports
from adapters.settings.form import TelexSettingsReader
from adapters.state.state import State
from application.accept_tick import AcceptTick
from application.answer_tick import AnswerTick
from application.check_spend import CheckSpend
from application.diagnose import Diagnose
from application.diagnose_role import DiagnoseRole
from application.drill_down import DrillDown
from application.errors import StorageUnavailable
from application.fire_watches import FireWatches
from application.let_in import LetIn
from application.plan_looks import PlanLooks
from application.ports.access import Access, RoleTrials
from application.ports.channel import Channel
from application.ports.clock import Clock
from application.ports.cost_source import CostSource
from application.ports.identity import Identity
from application.ports.vault import Vault
from application.ports.watches import Watches
from application.say_once import SayOnce
from entrypoints import defaults
from entrypoints.config import Config
from entrypoints.door import Door
from entrypoints.overseer import Overseer
from entrypoints.readiness import Readiness
from entrypoints.scheduler import scheduler_of
from entrypoints.worker import Worker


class Adapters(TypedDict, total=False):
    """What can be given to the application in place of a real adapter.

    An identity and a cost source are taken as they stand: nothing is remembered or counted around them.
    """

    clock: Clock
    vault: Vault
    state: State
    channel: Channel
    access: Access
    trials: RoleTrials
    identity: Identity
    cost_source: CostSource
    reports: SealedReports | NoReports
    watches: Watches


class Container(containers.DeclarativeContainer):
    """The use cases, and the adapters that they are given: the real ones, unless others are passed.

    What has to be opened and closed is a dependency, which ``open_container`` opens.
    """

    config: providers.Provider[Config] = providers.Dependency(instance_of=Config)
    environment: providers.Provider[Mapping[str, str]] = providers.Dependency()
    profile: providers.Provider[str | None] = providers.Object(None)

    clock: providers.Provider[Clock] = providers.Singleton(SystemClock)
    vault: providers.Provider[Vault] = providers.Singleton(defaults.make_vault, config)
    state: providers.Provider[State] = providers.Dependency(instance_of=State)
    inbox = state.provided.inbox
    ledger = state.provided.ledger
    store = state.provided.store

    aws: providers.Provider[Aws] = providers.Dependency()
    aws_clock = aws.provided.clock
    aws_trouble = aws.provided.trouble
    own = providers.Singleton(Own, profile)
    issuer = providers.Singleton(defaults.make_issuer, config, clock)
    way = providers.Singleton(defaults.way_of, config, aws, own, issuer)
    roles = providers.Singleton(defaults.make_roles, way, store, vault, clock)
    access: providers.Provider[Access] = providers.Singleton(AwsAccess, own, roles)
    trials: providers.Provider[RoleTrials] = providers.Singleton(AwsRoleTrials, aws, way)
    asking = providers.Singleton(defaults.make_frugal, config, aws, store, vault, clock)
    identity: providers.Provider[Identity] = asking.provided[0]
    cost_source: providers.Provider[CostSource] = asking.provided[1]

    channel: providers.Provider[Channel] = providers.Dependency()
    settings = providers.Singleton(TelexSettingsReader)
    watches: providers.Provider[Watches] = providers.Singleton(
        defaults.read_watches, config, channel, environment
    )
    reports: providers.Provider[SealedReports | NoReports] = providers.Singleton(
        defaults.make_reports, config, store, vault, clock
    )

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
    scheduler = providers.Singleton(scheduler_of, watches, fire_watches, clock)
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
        Readiness, inbox=inbox, worker=None, overseer=overseer, scheduler=scheduler, aws_trouble=aws_trouble
    )


@asynccontextmanager
async def open_container(
    config: Config,
    *,
    environment: Mapping[str, str] = os.environ,
    aws_attempts: int = 1,
    profile: str | None = None,
    on_trouble: Callable[[str], None] | None = None,
    **adapters: Unpack[Adapters],
) -> AsyncIterator[Container]:
    """Build the application, and close at the end what was opened for it.

    Args:
        config: The process's settings.
        environment: What ``${NAME}`` stands for in the file of watches.
        aws_attempts: How often one call to AWS is tried: once where the inbox tries ticks again, more often
            where there is none.
        profile: Of the AWS configuration files; None: what the environment says.
        on_trouble: Is told why AWS cannot be asked at all; None: the log is.
        **adapters: Used in place of the real ones. They are the caller's: nothing closes them here.

    Raises:
        StorageUnavailable: The state store cannot be used; one line says why.
        WatchesRejected: The file of watches cannot be used; with every mistake in it.
    """
    given: dict[str, Any] = {name: providers.Object(adapter) for name, adapter in adapters.items()}
    container = Container(
        config=config,
        environment=providers.Object(environment),
        profile=providers.Object(profile),
        **given,
    )
    clock, vault = container.clock(), container.vault()
    async with AsyncExitStack() as stack:
        if "state" not in given:
            try:
                state = await stack.enter_async_context(defaults.open_state(config, clock))
            except StorageUnavailable as error:
                raise StorageUnavailable(f"SPEND_MONITOR_STATE_URL: {error}") from error
            container.state.override(providers.Object(state))
        aws = await stack.enter_async_context(
            defaults.open_process_aws(config, aws_attempts, profile, on_trouble)
        )
        container.aws.override(providers.Object(aws))
        if "channel" not in given:
            channel = await stack.enter_async_context(
                defaults.open_channel(config, clock, vault, container.store())
            )
            container.channel.override(providers.Object(channel))
        container.check_dependencies()
        container.issuer()  # what is wrong with its file, or with the watches', is said at the start
        container.watches()
        yield container
