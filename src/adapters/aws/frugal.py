"""How AWS is asked seldom: a cent for each request to Cost Explorer is the user's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from adapters.aws.metered import MeteredCosts, PacedCosts
from adapters.aws.narrowed import NarrowedCosts
from adapters.aws.remembered import RememberedCosts, RememberedIdentity
from adapters.aws.trials import CostsOnTrial, IdentityOnTrial
from application.ports.clock import Clock
from application.ports.cost_source import CostSource
from application.ports.identity import Identity
from application.ports.store import Store
from application.ports.vault import Vault


def frugal(
    identity: Identity,
    cost_source: CostSource,
    store: Store,
    vault: Vault,
    clock: Clock,
    *,
    ttl: timedelta,
    daily_cap: int,
    on_hit: Callable[[], None] = lambda: None,
    on_paid: Callable[[int], None] = lambda _count: None,
) -> tuple[Identity, CostSource]:
    """Put everything that saves requests around the two ports.

    A question first joins whoever is asking the same; then it is looked up in the store; then it is announced
    to other processes; then it is made smaller, if its answer is known to be too long; then it takes its
    access key's turn, which comes seldom if AWS refuses the key; then it is counted; and then AWS is asked.

    Args:
        identity: Asks STS.
        cost_source: Asks Cost Explorer.
        store: What is remembered and counted, for all processes.
        vault: Seals what is remembered.
        clock: What day it is.
        ttl: How long a Cost Explorer answer is reused; zero turns that off.
        daily_cap: Paid requests an account and UTC day; 0 is no cap.
        on_hit: Is told of every answer about costs that cost nothing.
        on_paid: Is told how many requests AWS has charged for.
    """
    metered = MeteredCosts(cost_source, store, vault, clock, daily_cap, on_paid)
    paced = PacedCosts(CostsOnTrial(metered, clock), store, vault, clock)
    narrowed = NarrowedCosts(paced, store, vault)
    remembered = RememberedCosts(narrowed, store, vault, clock, ttl, on_hit)
    return RememberedIdentity(IdentityOnTrial(identity, clock), store, vault), remembered
