"""``make cluster``: three NATS nodes, two doors and two workers on this machine; 2,000 ticks; and kills.

Meanwhile a worker is killed and replaced, the node that leads the ticks is killed and started again, and all
of NATS is away for a minute. Everything has its defaults: a dead worker's ticks come back after two minutes.
Ends with 0 if no tick that was answered 202 was lost, and none told twice but by the worker that was killed.
"""

from __future__ import annotations

import asyncio
import itertools
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import aiohttp
from rich.console import Console

from adapters.state.nats.layout import TICKS as TICK_STREAM
from tests.doubles.deployment import Deployment, post, ready_is
from tests.doubles.nats_server import NatsServer, cluster, cluster_is_ready, cluster_url, leader_of, running
from tests.doubles.service import Service
from tests.doubles.storm import Sender, Storm, storm

TICKS = 2000
AWAY_SECONDS = 60
LONGEST_SECONDS = 200
ACCOUNTS = 100

console = Console(width=100, highlight=False)


class Chronicle:
    """Says what happens, and when."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began

    def say(self, what: str) -> None:
        """Print a line."""
        console.print(f"{self.seconds:6.1f} s  {what}")


async def main() -> int:
    """Run it all; return the exit code."""
    chronicle = Chronicle()
    with tempfile.TemporaryDirectory() as name, running(*cluster(Path(name), sync=True)) as nodes:
        await cluster_is_ready(nodes)
        async with storm() as outside, asyncio.timeout(LONGEST_SECONDS):
            deployment = Deployment(Path(name), cluster_url(nodes), outside.url, NATS_REPLICAS="3")
            services = list(
                await asyncio.gather(
                    *[deployment.start_door() for _ in range(2)],
                    *[deployment.start("worker") for _ in range(2)],
                )
            )
            chronicle.say("three NATS nodes, two doors, two workers; every stream and bucket in three copies")
            try:
                senders = await play(chronicle, nodes, deployment, services, outside)
            finally:
                await asyncio.gather(*[each.stop() for each in services])
    return judge(chronicle, senders, outside)


async def play(
    chronicle: Chronicle,
    nodes: Sequence[NatsServer],
    deployment: Deployment,
    services: list[Service],
    outside: Storm,
) -> list[Sender]:
    """Send the ticks, and kill meanwhile; return when every accepted tick is answered."""
    doors, victim = services[:2], services[2]
    names = [str(number) for number in range(TICKS)]
    senders = [Sender(door.url) for door in doors]
    sending = asyncio.gather(
        *[send(sender, outside, names[start::2]) for start, sender in enumerate(senders)]
    )
    await messages(outside, TICKS // 4)
    await victim.stop(signal.SIGKILL)
    outside.generation = 1
    chronicle.say(f"{len(outside.messages)} answered; a worker is killed, and another takes its place")
    replacing = asyncio.create_task(start_worker(deployment, services))
    await messages(outside, TICKS * 2 // 5)
    leader = await leader_of(TICK_STREAM, nodes)
    leader.stop(signal.SIGKILL)
    chronicle.say(f"{len(outside.messages)} answered; the node that leads the ticks is killed")
    await asyncio.sleep(5)
    leader.start()
    chronicle.say(f"{len(outside.messages)} answered; it is started again")
    await replacing
    await messages(outside, TICKS * 3 // 5)
    await outage(chronicle, nodes, doors, outside)
    await sending
    # Whoever is refused comes again, as the answer's Retry-After asks.
    accepted = {name for sender in senders for name in sender.accepted}
    await send(senders[0], outside, [name for name in names if name not in accepted])
    chronicle.say(f"{len(outside.messages)} answered; all ticks are accepted")
    await outside.wait_for(names, LONGEST_SECONDS)
    return senders


async def start_worker(deployment: Deployment, services: list[Service]) -> None:
    """Start one more, as whoever supervises it would: again, if it could not start in an election."""
    started = None
    while started is None:
        with suppress(AssertionError):
            started = await deployment.start("worker")
    services.append(started)


async def send(sender: Sender, outside: Storm, names: Sequence[str]) -> None:
    """Post ticks of these channels; they share some accounts."""
    await sender.send(outside.tick(name, int(name) % ACCOUNTS) for name in names)


async def messages(outside: Storm, count: int) -> None:
    """Wait until so many channels have had a message."""
    while len(outside.messages) < count:  # noqa: ASYNC110  # nothing tells of a number
        await asyncio.sleep(0.01)


async def outage(
    chronicle: Chronicle, nodes: Sequence[NatsServer], doors: Sequence[Service], outside: Storm
) -> None:
    """Stop all of NATS for a minute."""
    async with aiohttp.ClientSession(doors[0].url) as client:
        for node in nodes:
            node.stop()
        chronicle.say(f"{len(outside.messages)} answered; all of NATS is stopped")
        reason = await ready_is(client, 503)
        status, _ = await post(client, outside.tick("refused"))
        chronicle.say(f"/ready says 'storage {reason}', /tick answers {status}")
        await asyncio.sleep(AWAY_SECONDS)
        for node in nodes:
            node.start()
        chronicle.say("all of NATS is started again, and nothing else is")
        await ready_is(client, 200)
        chronicle.say("/ready answers 200")


def judge(chronicle: Chronicle, senders: Sequence[Sender], outside: Storm) -> int:
    """Print the figures; return the exit code."""
    accepted = set(itertools.chain.from_iterable(sender.accepted for sender in senders))
    refused = sum(sum(sender.refused.values()) + sender.unanswered for sender in senders)
    lost = accepted - set(outside.messages)
    twice = [generations for generations in outside.messages.values() if len(generations) > 1]
    # What was told before the kill may have been the victim's, and the kill may have come before the record.
    unexplained = [generations for generations in twice if generations != [0, 1]]
    chronicle.say(f"accepted {len(accepted)}, refused and sent again {refused}")
    console.print(
        f"lost {len(lost)}, duplicates {len(twice)} ({len(unexplained)} of them not by the killed worker), "
        f"{chronicle.seconds:.0f} seconds"
    )
    return 1 if lost or unexplained or len(accepted) < TICKS else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
