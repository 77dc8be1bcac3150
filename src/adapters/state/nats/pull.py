"""Taking messages from the workers' consumer."""

from __future__ import annotations

import json
import time

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error, NoRespondersError
from nats.js.api import Header, StatusCode

from adapters.state.nats.connection import REQUEST_SECONDS
from adapters.state.nats.layout import TICKS, WORKERS

NEXT = f"$JS.API.CONSUMER.MSG.NEXT.{TICKS}.{WORKERS}"
NOTHING_MORE = {StatusCode.NO_MESSAGES, StatusCode.REQUEST_TIMEOUT, StatusCode.CONFLICT}


async def pull(client: Client, batch: int, wait: float = 0, max_bytes: int = 0) -> list[Msg]:
    """Take up to so many messages that are there, or wait for the first ``batch`` of them.

    nats-py's own ``fetch`` leaves its request open when it returns with a part of what it asked for: what
    the server sends afterwards would lie in this process, leased, while nobody works on it.

    Args:
        client: Connected.
        batch: Messages.
        wait: Seconds; 0 takes what is there.
        max_bytes: How much at most; 0 is no limit.

    Raises:
        Error: The server did not answer, or the stream has no leader at the moment.
    """
    request = {"batch": batch, "max_bytes": max_bytes}
    request |= {"expires": int(wait * 1e9)} if wait else {"no_wait": True}
    inbox = client.new_inbox()
    subscription = await client.subscribe(inbox)
    try:
        await client.publish(NEXT, json.dumps(request).encode(), reply=inbox)
        return await _receive(subscription, batch, time.monotonic() + wait + REQUEST_SECONDS)
    finally:
        await subscription.unsubscribe()


async def _receive(subscription: Subscription, batch: int, deadline: float) -> list[Msg]:
    messages: list[Msg] = []
    while len(messages) < batch:
        try:
            message = await subscription.next_msg(max(deadline - time.monotonic(), 0.01))
        except Error:
            if messages:
                return messages
            raise
        status = (message.headers or {}).get(Header.STATUS)
        if status is None:
            messages.append(message)
        elif status in NOTHING_MORE:
            return messages
        elif status == StatusCode.SERVICE_UNAVAILABLE:
            raise NoRespondersError
    return messages
