"""The pages that a browser opens: who may read them, what they allow, what they say."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import AsyncIterator
from html import unescape

import pytest
import pytest_asyncio

from entrypoints.config import Config
from tests.doubles.door import Door, open_door

pytestmark = pytest.mark.asyncio(loop_scope="module")

PUBLIC_URL = "https://spend.example/aws"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def door() -> AsyncIterator[Door]:
    """One door for all tests that leave it as it was."""
    config = Config(state_url="memory://", public_url=PUBLIC_URL, operator="Ops <b>, ops@acme.example")
    async with open_door(config) as opened:
        yield opened


async def test_the_landing_page_is_a_page(door: Door) -> None:
    """HTML, never stored on the way, and the same for HEAD."""
    reply, head = await door.ask("GET", "/"), await door.ask("HEAD", "/")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert reply.headers["Cache-Control"] == "no-store"
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(reply.body)))


async def test_a_page_has_one_policy_and_it_fits_the_page(door: Door) -> None:
    """Nothing from elsewhere, and no style or script but those that stand in the page."""
    reply = await door.ask("GET", "/")
    (policy,) = reply.headers.getall("Content-Security-Policy")
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", reply.body.decode(), re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


async def test_the_api_keeps_its_own_policy(door: Door) -> None:
    """What is no page may load nothing at all."""
    (policy,) = (await door.ask("GET", "/health")).headers.getall("Content-Security-Policy")
    assert policy == "default-src 'none'; frame-ancestors 'none'"


async def test_the_landing_page_names_the_address_to_install_and_the_policy(door: Door) -> None:
    """Both as they are to be pasted: the manifest's address under the public one, and IAM's JSON."""
    html = (await door.ask("GET", "/", Host="evil.example")).body.decode()
    blocks = {
        name: unescape(text)
        for name, text in re.findall(r'<pre[^>]* id="(\w+)">(.*?)</pre>', html, re.DOTALL)
    }
    assert blocks["manifest"] == f"{PUBLIC_URL}/integration.json"
    (statement,) = json.loads(blocks["policy"])["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "ce:GetCostAndUsage")


async def test_without_a_public_url_the_request_tells_the_address() -> None:
    """As the manifest itself does it."""
    async with open_door() as door:
        html = (await door.ask("GET", "/", Host="spend.example:8443")).body.decode()
    assert ">http://spend.example:8443/integration.json</pre>" in html
    assert "Run by" not in html


async def test_the_operator_is_named_and_cannot_be_markup(door: Door) -> None:
    """A name as text, an address as a link."""
    html = (await door.ask("GET", "/")).body.decode()
    assert 'Run by Ops &lt;b&gt;, <a href="mailto:ops@acme.example">ops@acme.example</a>.' in html


@pytest.mark.parametrize("admin_port", [None, 9000])
async def test_the_landing_page_links_to_nothing_that_is_not_there(admin_port: int | None) -> None:
    """On a port of the operator's own the API's description is nobody else's business."""
    async with open_door(Config(state_url="memory://", admin_port=admin_port)) as door:
        html = (await door.ask("GET", "/", Host="spend.example")).body.decode()
        links = re.findall(r'href="http://spend.example(/[^"]*)"', html)
        assert ("/schema" in links) is (admin_port is None)
        assert [(await door.ask("GET", path)).status for path in links] == [200] * len(links)
