"""The installed command as Telex, AWS and an operator meet it: real processes, sockets and files."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.doubles import forks, service
from tests.doubles.aws import ACCOUNT, MotoAws, days, moto_aws
from tests.doubles.telex import LocalChannel, local_channel, tick_settings

USUAL = {"Amazon EC2": "40.10", "AWS Lambda": "1.9999999999"}


@pytest.fixture(scope="module")
def cloud() -> Iterator[MotoAws]:
    """One moto for all tests of this file, with a quiet bill."""
    with moto_aws() as server:
        server.bill(bill(USUAL))
        yield server


@pytest.fixture
async def channel() -> AsyncIterator[LocalChannel]:
    """A channel of the test's own."""
    async with local_channel() as listening:
        yield listening


def bill(newest: dict[str, str], **options: str) -> list[dict[str, Any]]:
    """35 days of costs, up to and with yesterday."""
    return days(datetime.now(UTC).date(), *[USUAL] * 34, newest, **options)


async def post(running: service.Service, tick: dict[str, Any]) -> int:
    """Send a tick; return the status."""
    async with aiohttp.ClientSession() as client, client.post(f"{running.url}/tick", json=tick) as answer:
        await answer.read()
        return answer.status


async def test_a_tick_is_answered_in_the_channel_once(
    tmp_path: Path, cloud: MotoAws, channel: LocalChannel
) -> None:
    """202 at once, one message with four keys; the same tick again is met with silence."""
    tick = channel.tick("team", tick_settings(cloud.user("once"), "100"))
    async with service.running(folder=tmp_path, AWS_ENDPOINT_URL=cloud.url) as running:
        assert await post(running, tick) == 202
        (message,) = await channel.wait_for("team")
        await running.wait_for("tick_told")  # before that, the same tick is one that still waits
        assert await post(running, tick) == 202
        await running.wait_for("tick_silent")
        assert len(channel.received("team")) == 1
    assert sorted(message) == ["event_name", "message", "status", "username"]
    assert message["status"] == "success"
    assert message["message"].splitlines()[:6] == [
        "✅ AWS Spend Alert",
        message["message"].splitlines()[1],
        f"🏦 AWS Account: {ACCOUNT}",
        message["message"].splitlines()[3],
        "🎯 Threshold: $100.00 (42% spent)",
        "🟢 Status: Within Budget",
    ]
    assert message["message"].splitlines()[3].startswith("💰 Current Spend: $42.10")


async def test_a_day_over_budget_turns_the_channel_red(
    tmp_path: Path, cloud: MotoAws, channel: LocalChannel
) -> None:
    """Spend above the threshold is an error for Telex and a bell for people."""
    tick = channel.tick("team", tick_settings(cloud.user("over"), "42"))
    async with forks.running(folder=tmp_path, AWS_ENDPOINT_URL=cloud.url) as running:
        await post(running, tick)
        (message,) = await channel.wait_for("team")
    assert message["status"] == "error"
    assert message["message"].startswith("🔔 AWS Spend Alert\n")
    assert "🔴 Status: Exceeded Budget" in message["message"]


async def test_wrong_keys_are_told_to_the_channel_with_what_mends_them(
    tmp_path: Path, cloud: MotoAws, channel: LocalChannel
) -> None:
    """An unknown key and a wrong secret are two different sentences; Cost Explorer is not asked."""
    known, _ = cloud.user("wrong")
    asked = len(cloud.questions)
    async with forks.running(folder=tmp_path, AWS_ENDPOINT_URL=cloud.url) as running:
        await post(running, channel.tick("unknown", tick_settings(("AKIAIOSFODNN7EXAMPLE", "x"), "100")))
        await post(running, channel.tick("secret", tick_settings((known, "wrong"), "100")))
        (unknown,) = await channel.wait_for("unknown")
        (secret,) = await channel.wait_for("secret")
    assert "AWS does not know this access key" in unknown["message"]
    assert "Type the secret access key again" in secret["message"]
    assert {unknown["status"], secret["status"]} == {"error"}
    assert len(cloud.questions) == asked


async def test_bad_settings_are_told_to_the_channel_and_aws_is_not_asked(
    tmp_path: Path, cloud: MotoAws, channel: LocalChannel
) -> None:
    """The caller gets 202: it is the people in the channel who can mend a setting."""
    async with forks.running(folder=tmp_path, AWS_ENDPOINT_URL=cloud.url) as running:
        assert await post(running, channel.tick("team", tick_settings(("key", "key"), "ten"))) == 202
        (message,) = await channel.wait_for("team")
    assert "aws_access_key_id is not filled in" in message["message"]
    assert "such as 100, 99.50 or $1,000" in message["message"]


async def test_a_kill_between_tick_and_answer_loses_nothing(
    tmp_path: Path, cloud: MotoAws, channel: LocalChannel
) -> None:
    """What was accepted is answered by the next process."""
    tick = channel.tick("team", tick_settings(cloud.user("restart"), "100"))
    door = await forks.start(
        "serve", "--port", "0", "--no-worker", folder=tmp_path, AWS_ENDPOINT_URL=cloud.url
    )
    assert await post(door, tick) == 202
    await door.stop(signal.SIGKILL)
    assert channel.received("team") == []
    async with forks.running(folder=tmp_path, AWS_ENDPOINT_URL=cloud.url):
        await channel.wait_for("team")


async def test_a_channel_that_is_away_gets_its_message_when_it_is_back(
    tmp_path: Path, cloud: MotoAws, channel: LocalChannel
) -> None:
    """A failed delivery is tried again."""
    channel.statuses = [503, 500]
    async with forks.running(folder=tmp_path, AWS_ENDPOINT_URL=cloud.url) as running:
        await post(running, channel.tick("team", tick_settings(cloud.user("away"), "100")))
        await channel.wait_for("team")
        assert len(running.events("tick_retry")) == 2


async def test_a_stop_is_clean(tmp_path: Path, cloud: MotoAws) -> None:
    """SIGTERM ends with 0 and no traceback."""
    running = await service.start("serve", "--port", "0", folder=tmp_path, AWS_ENDPOINT_URL=cloud.url)
    assert await running.stop(signal.SIGTERM) == 0
    assert not [line for line in running.log if "Traceback" in line]


async def test_the_doors_beside_the_tick_are_open(tmp_path: Path, cloud: MotoAws) -> None:
    """Health, readiness, metrics and the OpenAPI document answer."""
    async with (
        forks.running(folder=tmp_path, AWS_ENDPOINT_URL=cloud.url) as running,
        aiohttp.ClientSession(running.url) as client,
    ):
        for path in ("/health", "/ready", "/metrics", "/schema"):
            async with client.get(path) as answer:
                assert (path, answer.status) == (path, 200)
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert "Server" not in answer.headers


@pytest.mark.parametrize(("threshold", "code", "verdict"), [("42.10", 0, "within"), ("42.09", 1, "exceeded")])
async def test_check_says_by_its_exit_code_what_it_found(
    threshold: str, code: int, verdict: str, tmp_path: Path, cloud: MotoAws
) -> None:
    """Equal is within budget: 42.0999999999 is not more than 42.10."""
    key, secret = cloud.user(f"check-{verdict}")
    exit_code, out, err = await forks.run(
        *("check", "--threshold", threshold, "--format", "json"),
        folder=tmp_path,
        AWS_ENDPOINT_URL=cloud.url,
        AWS_ACCESS_KEY_ID=key,
        AWS_SECRET_ACCESS_KEY=secret,
        SPEND_MONITOR_DRILL_DOWN="exceeded",
    )
    assert exit_code == code, err
    report = json.loads(out)
    assert report["verdict"] == verdict
    assert report["spend"] == {"amount": "42.0999999999", "currency": "USD"}
    assert report["account_id"] == ACCOUNT
    assert report["paid_requests"] == (1 if verdict == "within" else 2), "a breach asks for its cause"


async def test_check_can_tell_the_channel(tmp_path: Path, cloud: MotoAws, channel: LocalChannel) -> None:
    """``--notify`` posts the report as a tick would."""
    key, secret = cloud.user("notify")
    exit_code, _, err = await forks.run(
        *("check", "--threshold", "100", "--notify", f"{channel.url}/v1/return/team"),
        folder=tmp_path,
        AWS_ENDPOINT_URL=cloud.url,
        AWS_ACCESS_KEY_ID=key,
        AWS_SECRET_ACCESS_KEY=secret,
    )
    assert exit_code == 0, err
    assert "🟢 Status: Within Budget" in channel.received("team")[0]["message"]


async def test_check_fails_with_3_when_aws_or_the_delivery_fails(
    tmp_path: Path, cloud: MotoAws, channel: LocalChannel
) -> None:
    """A script can tell a failure from a verdict."""
    wrong, _, _ = await forks.run(
        *("check", "--threshold", "100"),
        folder=tmp_path,
        AWS_ENDPOINT_URL=cloud.url,
        AWS_ACCESS_KEY_ID="AKIAIOSFODNN7EXAMPLE",
        AWS_SECRET_ACCESS_KEY="wrong",
    )
    key, secret = cloud.user("undelivered")
    channel.statuses = [503]
    undelivered, _, err = await forks.run(
        *("check", "--threshold", "100", "--notify", f"{channel.url}/v1/return/team"),
        folder=tmp_path,
        AWS_ENDPOINT_URL=cloud.url,
        AWS_ACCESS_KEY_ID=key,
        AWS_SECRET_ACCESS_KEY=secret,
    )
    assert (wrong, undelivered) == (3, 3)
    assert "Traceback" not in err


async def test_check_can_tell_slack(tmp_path: Path, cloud: MotoAws, channel: LocalChannel) -> None:
    """Any chat, by what stands before its address."""
    key, secret = cloud.user("slack")
    code, _, _ = await forks.run(
        *("check", "--threshold", "100", "--notify", channel.slack_url("team")),
        folder=tmp_path,
        AWS_ENDPOINT_URL=cloud.url,
        AWS_ACCESS_KEY_ID=key,
        AWS_SECRET_ACCESS_KEY=secret,
    )
    assert code == 0
    [message] = channel.received("team")
    assert ACCOUNT in message["text"]
    assert "attachments" in message


async def test_doctor_names_what_is_wrong_and_what_mends_it(tmp_path: Path, cloud: MotoAws) -> None:
    """Each refusal of AWS is its own sentence."""
    known, secret = cloud.user("doctor", policy=None)
    said = {}
    for name, key in {
        "unknown": ("AKIAIOSFODNN7EXAMPLE", "x"),
        "secret": (known, "x"),
        "policy": (known, secret),
    }.items():
        code, out, _ = await forks.run(
            "doctor",
            folder=tmp_path,
            AWS_ENDPOINT_URL=cloud.url,
            AWS_ACCESS_KEY_ID=key[0],
            AWS_SECRET_ACCESS_KEY=key[1],
        )
        assert code == 3
        said[name] = out
    assert "Correct the access key in AWS_ACCESS_KEY_ID" in said["unknown"]
    assert "Correct the secret key in AWS_SECRET_ACCESS_KEY" in said["secret"]
    assert f"valid, for account {ACCOUNT}" in said["policy"]
    assert '"Action": "ce:GetCostAndUsage"' in said["policy"]


async def test_doctor_without_any_keys_says_so(tmp_path: Path, cloud: MotoAws) -> None:
    """Nothing configured is no traceback."""
    code, out, err = await forks.run("doctor", folder=tmp_path, AWS_ENDPOINT_URL=cloud.url)
    assert (code, err) == (3, "Asking Cost Explorer costs $0.01.\n")
    assert "✗ AWS credentials" in out


async def test_policy_is_the_least_that_the_checks_need(tmp_path: Path) -> None:
    """One action."""
    code, out, _ = await forks.run("policy", folder=tmp_path)
    assert code == 0
    assert [statement["Action"] for statement in json.loads(out)["Statement"]] == ["ce:GetCostAndUsage"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "--threshold", "ten"),
        ("check", "--threshold", "1", "--frequency", "hourly"),
        ("check", "--threshold", "1", "--notify", "nope"),
        ("x",),
    ],
)
async def test_wrong_usage_ends_with_2(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """And says what is accepted."""
    code, _, err = await forks.run(*arguments, folder=tmp_path)
    assert code == 2
    assert "Error: " in err


async def test_a_wrong_variable_stops_the_start_with_one_line(tmp_path: Path) -> None:
    """The line names the variable and what is accepted."""
    code, _, err = await forks.run("serve", folder=tmp_path, SPEND_MONITOR_INBOX_LIMIT="many")
    assert code == 2
    assert err == (
        "aws-spend-monitor: SPEND_MONITOR_INBOX_LIMIT: 'many' is not accepted; "
        "accepted is a whole number from 1 to 1000000000\n"
    )
    assert os.listdir(tmp_path) == []  # noqa: PTH208  # Path would be a blocking call here


async def test_the_inbox_shows_why_a_tick_was_given_up_and_takes_it_back(
    tmp_path: Path, cloud: MotoAws, channel: LocalChannel
) -> None:
    """An operator can see the reason, put the tick back, and drop it; no secret is shown."""
    tick = channel.tick("team", tick_settings(cloud.user("given-up"), "100"))
    channel.statuses = [404, 404]
    async with forks.running(folder=tmp_path, AWS_ENDPOINT_URL=cloud.url) as running:
        await post(running, tick)
        await running.wait_for("tick_given_up")
        code, out, _ = await forks.run("inbox", "list", "--format", "json", folder=tmp_path)
        (entry,) = json.loads(out)
        assert (code, entry["state"]) == (0, "given-up")
        assert "404" in entry["reason"]
        assert channel.url not in out
        assert (await forks.run("inbox", "retry", "--all", folder=tmp_path))[:2] == (0, "put back: 1\n")
        await running.wait_for("tick_given_up", count=2)
        assert (await forks.run("inbox", "purge", entry["id"], folder=tmp_path))[:2] == (0, "dropped: 1\n")
        assert "empty" in (await forks.run("inbox", "list", folder=tmp_path))[1]
