"""What is seen from outside: the numbers on /metrics after a day of every kind of event."""

from __future__ import annotations

import re
from pathlib import Path

import aiohttp

from tests.doubles import forks
from tests.doubles.storm import AWAY, GONE, Sender, storm

CLOSED_SETS = {
    "stored": {"new", "same-as-waiting"},
    "outcome": {"told", "silent", "failure-told", "retry", "given-up"},
    "operation": {"get_caller_identity", "get_cost_and_usage"},
    "path": {"/integration", "/integration.json", "/health", "/ready", "/metrics", "/schema", "/tick"},
    "method": {"GET", "HEAD", "POST", "OPTIONS"},
    "app_name": {"aws-spend-monitor"},
}
CODES = {"reason", "cause", "result"}
"""Labels that hold our own words for what went wrong."""


async def metrics_of(client: aiohttp.ClientSession) -> dict[str, float]:
    """The samples by name and labels, as Prometheus would read them."""
    async with client.get("/metrics") as answer:
        lines = (await answer.text()).splitlines()
    samples = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in samples}


async def test_every_event_is_counted_and_no_label_names_anybody(tmp_path: Path) -> None:
    """Accepted, refused, answered, retried, given up, AWS calls and dollars: as they were."""
    async with storm() as outside:
        outside.aws_seconds = 1
        variables = {"AWS_ENDPOINT_URL": outside.url, "SPEND_MONITOR_RATE_LIMIT": "0"}
        async with (
            forks.running(folder=tmp_path, **variables) as running,
            aiohttp.ClientSession(running.url) as client,
        ):
            sender = Sender(running.url)
            before = await metrics_of(client)
            await sender.send(outside.tick(f"told-{n}", n) for n in range(3))
            await sender.send([outside.tick("told-0", 0)])  # while the first one waits for AWS
            await running.wait_for("tick_told", count=3)
            outside.aws_seconds = 0
            await sender.send([outside.tick("told-0", 0)])
            await running.wait_for("tick_silent")
            await sender.send([outside.tick("failure", None)])
            await running.wait_for("tick_failure_told")
            outside.telex_says.extend([AWAY, GONE])
            await sender.send([outside.tick("gone", None)])
            await running.wait_for("tick_given_up")
            for body in ("[]", "{}", '{"return_url": "ftp://x"}', " " * 300_000):
                async with client.post("/tick", data=body) as answer:
                    assert answer.status in {400, 413}
            for path in ("/random-1", "/tick/random-2", "/integration/random-3?x=random-4"):
                await client.request("RANDOM", path)
            after = await metrics_of(client)
    counted = {
        name.removeprefix("spend_monitor_"): after[name] - before.get(name, 0)
        for name in after
        if name.startswith("spend_monitor_") and "_created" not in name and "_bucket" not in name
    }
    counted.pop("tick_to_message_seconds_sum")
    assert counted.pop("last_told_timestamp") > 0
    assert counted.pop("given_up_fullness_ratio") > 0
    assert counted == {
        'ticks_accepted_total{stored="new"}': 6,
        'ticks_accepted_total{stored="same-as-waiting"}': 1,
        'ticks_refused_total{reason="no-json-object"}': 1,
        'ticks_refused_total{reason="no-return-url"}': 1,
        'ticks_refused_total{reason="return-url-forbidden"}': 1,
        'ticks_refused_total{reason="too-large"}': 1,
        "ticks_waiting": 0,
        "oldest_tick_age_seconds": 0,
        "oldest_due_tick_age_seconds": 0,
        "inbox_fullness_ratio": 0,
        "watches": 0,
        "watches_broken": 0,
        "watches_fired_total": 0,
        "ticks_given_up_kept": 1,
        'ticks_answered_total{outcome="told"}': 3,
        'ticks_answered_total{outcome="silent"}': 1,
        'ticks_answered_total{outcome="failure-told"}': 1,
        'ticks_answered_total{outcome="given-up"}': 1,
        'tick_retries_total{cause="channel-unavailable"}': 1,
        'ticks_given_up_total{cause="channel-refused"}': 1,
        'aws_calls_total{operation="get_caller_identity",result="ok"}': 3,
        'aws_calls_total{operation="get_cost_and_usage",result="ok"}': 3,
        "paid_requests_total": outside.paid,
        "paid_dollars_total": 0.03,
        "cost_cache_hits_total": 1,
        "tick_to_message_seconds_count": 4,
    }
    assert outside.paid == 3
    labels = {label for name in after for label in re.findall(r'(\w+)="([^"]*)"', name)}
    for label, value in labels:
        if label in CLOSED_SETS:
            assert value in CLOSED_SETS[label]
        elif label in CODES:
            assert re.fullmatch(r"ok|[a-z]+(-[a-z]+)*", value)
    assert not [value for _, value in labels if "random" in value.lower()]
