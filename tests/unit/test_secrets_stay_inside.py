"""Whatever goes wrong, no text that leaves the use cases holds a key, a secret or a return_url."""

from __future__ import annotations

import json
from typing import Any

import pytest

from application.aws_errors import AwsUnavailable, PermissionMissing
from application.credentials import AccessKey
from application.errors import ChannelRefused, ChannelUnavailable, SpendMonitorError
from tests.doubles.fakes.world import KEY, URL, World, settings

CANARIES = ("canary", KEY.access_key_id, KEY.secret_access_key, URL)


def leaks(text: str) -> list[str]:
    """The secrets that can be read in a text, however they are cased."""
    return [secret for secret in CANARIES if secret.lower() in text.lower()]


@pytest.mark.parametrize("failure", [None, PermissionMissing("no"), AwsUnavailable("AWS timed out.")])
@pytest.mark.parametrize(
    "delivery", [None, ChannelUnavailable("Away."), ChannelRefused("The channel refused the message.")]
)
async def test_answers_entries_and_representations_hold_none(
    failure: SpendMonitorError | None, delivery: SpendMonitorError | None
) -> None:
    """Neither the answer, nor the inbox's list, nor the ledger, nor any value's repr shows one."""
    world = World()
    world.aws.fail(KEY, failure)  # type: ignore[arg-type]  # None, or one of AWS's
    if delivery:
        world.channel.failures.append(delivery)
    accepted = await world.accept()
    leases = await world.lease()
    answer = await world.answer_tick.execute(leases[0])
    page, entries = await world.page(), await world.inbox.entries()
    assert leaks(repr((accepted, leases, answer, page, entries, world.texts))) == []
    assert leaks(repr((world.answer_tick.settings.read(settings()), KEY))) == []
    assert leaks(str(answer)) == []


@pytest.mark.parametrize("label", ["threshold", "frequency", "interval", "metric", "scope", "spike_alert"])
async def test_a_key_typed_into_the_wrong_field_is_not_repeated(label: str) -> None:
    """The channel reads which setting is wrong, not the secret that was pasted there."""
    world = World()
    wrong: dict[str, Any] = {label: KEY.secret_access_key}
    await world.tick(settings(**wrong))
    assert leaks(repr(world.texts)) == []


@pytest.mark.parametrize(
    "raw",
    [
        settings(credentials=AccessKey("canary key", "canary secret")),
        settings(credentials=AccessKey("AKIACANARYUNKNOWNKEY", "canary")),
        settings(credentials=AccessKey(KEY.access_key_id, "canary wrong")),
        json.dumps({"canary": URL}).encode(),
        b'[{"label": "threshold", "default": "canary',
        b"canary \xff" + URL.encode(),
    ],
)
async def test_settings_that_cannot_be_used_are_not_repeated(raw: bytes) -> None:
    """Whatever stands in the settings, the answer and the message name what is wrong without a value."""
    world = World()
    answer = await world.tick(raw)
    assert len(world.texts) == 1
    assert leaks(repr((answer, world.texts, await world.inbox.entries()))) == []
