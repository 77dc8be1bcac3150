"""The limit: what the same libraries do with nothing around them.

``python -m programs.benchmarks.limit PORT [URL [known]]`` serves a bare ASGI app on uvicorn that reads
the body and answers. With the URL of the doubles it then makes the three requests that a new tenant's tick
takes, or the two of a tenant whose account is known.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import aiohttp
import uvicorn
import uvloop

CONCURRENCY = 640
"""As many ticks in flight as the service has by default."""

SIGNED = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=AKIA0000000000000001/20250101/us-east-1/ce/aws4_request, "
    f"SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature={'0' * 64}",
    "X-Amz-Date": "20250101T000000Z",
}
IDENTITY = b"Action=GetCallerIdentity&Version=2011-06-15"
COSTS = (
    b'{"TimePeriod": {"Start": "2025-01-01", "End": "2025-02-05"}, "Granularity": "DAILY", '
    b'"Metrics": ["AmortizedCost"], "GroupBy": [{"Type": "DIMENSION", "Key": "SERVICE"}]}'
)
MESSAGE = b'{"message":"%b","status":"success","username":"AWS Spend Monitor","event_name":"Cost Alert"}' % (
    b"-" * 1000
)


class Limit:
    """The app.

    Args:
        url: Of the doubles; None: ticks are taken in, and that is all.
        known: Whether nobody has to be asked whose key it is.
    """

    def __init__(self, url: str | None, *, known: bool) -> None:
        self._url = url
        self._known = known
        self._taken: asyncio.Queue[int] = asyncio.Queue()
        self._number = 0

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Read the body and answer 202."""
        assert scope["type"] == "http"
        while (await receive()).get("more_body"):
            pass
        if self._url:
            self._number += 1
            self._taken.put_nowait(self._number)
        await send({"type": "http.response.start", "status": 202, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    async def work(self) -> None:
        """Make every tick's three requests, so many ticks at a time."""
        if not self._url:
            return
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as http, asyncio.TaskGroup() as workers:
            for _ in range(CONCURRENCY):
                workers.create_task(self._one_after_another(http, self._url))

    async def _one_after_another(self, http: aiohttp.ClientSession, url: str) -> None:
        form = {**SIGNED, "Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        question = {
            **SIGNED,
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "AWSInsightsIndexService.GetCostAndUsage",
        }
        message = {"Content-Type": "application/json"}
        while True:
            number = await self._taken.get()
            requests = (
                (f"{url}/", IDENTITY, form),
                (f"{url}/", COSTS, question),
                (f"{url}/v1/return/limit-{number}", MESSAGE, message),
            )
            for address, body, headers in requests[1 if self._known else 0 :]:
                async with http.post(address, data=body, headers=headers) as response:
                    await response.read()


async def main(port: int, url: str | None = None, known: str = "") -> None:
    """Serve until SIGTERM."""
    app = Limit(url, known=bool(known))
    work = asyncio.create_task(app.work())
    await uvicorn.Server(
        uvicorn.Config(app, port=port, lifespan="off", log_config=None, access_log=False, server_header=False)
    ).serve()
    work.cancel()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), *sys.argv[2:]))
