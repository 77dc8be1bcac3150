"""What people open in a browser."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Any

from litestar import HttpMethod, Request, Response, route
from litestar.datastructures import State

from adapters.aws.policy import least_policy
from adapters.pages.rendering import Page, render
from entrypoints.config import Config

SAMPLE = """\
🔔 AWS Spend Alert

🏦 AWS Account: 123456789012
💰 Current Spend: $147.52 (2026-11-22)
🎯 Threshold: $100.00 (exceeded by $47.52, 48%)
🔴 Status: Exceeded Budget

📊 Why: up $118.42 from $29.10 the day before.
• Amazon SageMaker: $118.33 (+$118.33, new)
• Amazon EC2: $20.84 (+$0.06)"""


def page_response(page: Page, status: int = 200, **headers: str) -> Response[bytes]:
    """A page, with the policy of its own in the place of the API's."""
    return Response(
        page.body,
        status_code=status,
        media_type="text/html",
        headers={"Content-Security-Policy": page.policy, **headers},
    )


@route("/", http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
async def home(request: Request[Any, Any, State], state: State) -> Response[bytes]:
    """What this is and how to install it."""
    config: Config = state.config
    base = config.public_url or str(request.base_url).rstrip("/")
    return page_response(
        render(
            "home.html",
            base=base,
            operator=config.operator,
            policy=least_policy(),
            roles=False,
            sample=SAMPLE,
            version=_version(),
        )
    )


@cache
def _version() -> str:
    return version("aws-spend-monitor")
