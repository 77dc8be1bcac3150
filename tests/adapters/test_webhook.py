"""What a program is sent: by the published schema, and signed as another library of the standard reads it."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from adapters.chats.channel import open_chats
from adapters.chats.webhook import event, parse_secrets, schema, webhook
from application.notice import Notice, SpendNotice
from domain.money import Money
from domain.restated import Restated
from domain.thresholds import Verdict
from domain.told import Told
from tests.doubles.fakes.clock import NOON, FixedClock
from tests.doubles.fakes.notices import EVERY_KIND, EXCEEDED, FAILED, NEWEST, UNPUBLISHED, WITHIN
from tests.doubles.fakes.overfull import overfull
from tests.doubles.webhooks import telex_double

import msgspec  # isort: skip

OLD, NEW = (f"whsec_{base64.b64encode(bytes([n]) * 32).decode()}" for n in (1, 2))
SCHEMA = Path(__file__).parents[2] / "docs" / "webhook.schema.json"


def data(notice: Notice) -> dict[str, Any]:
    """The body, decoded."""
    said: dict[str, Any] = json.loads(msgspec.json.encode(event(notice)))
    return said


def test_the_published_schema_is_the_one_that_is_meant() -> None:
    """docs/webhook.schema.json is made from the code; ``python -m adapters.chats.webhook`` writes it anew."""
    assert json.loads(SCHEMA.read_text()) == json.loads(msgspec.json.encode(schema()))


@pytest.mark.parametrize("notice", [*EVERY_KIND, overfull("S" * 300)])
def test_every_body_fits_the_schema(notice: SpendNotice) -> None:
    """Whoever writes a receiver can count on it."""
    jsonschema.Draft202012Validator(schema()).validate(data(notice))
    assert (
        jsonschema.Draft202012Validator(schema()).is_valid({**data(notice), "type": "spend.other"}) is False
    )


def test_the_types() -> None:
    """One for each kind of news."""
    said = replace(EXCEEDED.report, before=Told((Verdict.WITHIN,), WITHIN.report.spend))
    corrected = replace(EXCEEDED, report=said)
    assert [data(one)["type"] for one in (EXCEEDED, WITHIN, UNPUBLISHED, FAILED, corrected)] == [
        "spend.exceeded",
        "spend.within",
        "spend.pending",
        "check.failed",
        "spend.corrected",
    ]


def test_a_breach_that_shows_late_is_a_correction_whatever_the_newest_day() -> None:
    """A program that looks at the type only must not take it for a good day."""
    notice = replace(
        WITHIN,
        also=(replace(EXCEEDED.report, before=Told((Verdict.WITHIN,), WITHIN.report.spend)),),
        restated=(Restated(NEWEST, Money(Decimal(98)), Money(Decimal(38))),),
    )
    said = data(notice)
    assert said["type"] == "spend.corrected"
    [older] = said["data"]["older"]
    assert (older["verdict"], older["verdict_before"]) == ("exceeded", "within")
    assert older["spend"] == {"amount": "142.02", "currency": "USD"}
    [changed] = said["data"]["changed"]
    assert (changed["was"]["amount"], changed["spend"]["amount"]) == ("98", "38")
    jsonschema.Draft202012Validator(schema()).validate(said)


def test_figures_are_exact() -> None:
    """Decimals as text, days as dates, and the accounts' names as they are."""
    said = data(EXCEEDED)
    assert said["timestamp"] == "2026-11-23T12:00:00Z"
    assert said["data"]["spend"] == {"amount": "142.02", "currency": "USD"}
    assert said["data"]["excess"] == {"amount": "42.02", "currency": "USD"}
    assert said["data"]["period"] == {"start": "2026-11-22", "end": "2026-11-23"}
    assert said["data"]["verdict"] == "exceeded"


def test_of_too_many_services_the_smaller_movers_are_left_out() -> None:
    """And how many is said."""
    said = data(overfull("S" * 300))["data"]
    assert said["services_left_out"] == 301 - len(said["services"]) > 0  # 300, and "and 200 others"
    assert len(msgspec.json.encode(event(overfull("S" * 300)))) <= 20_000


async def test_a_signature_that_another_library_reads() -> None:
    """By either secret while they rotate; and the id is the same over retries."""
    clock = FixedClock(NOON)
    async with (
        telex_double() as server,
        open_chats(clock, allow_private=True, webhook_secrets=parse_secrets(f"{NEW}, {OLD}")) as channel,
    ):
        for _ in range(2):
            server.answer(200)
            await channel.post(f"webhook+{server.base}/in", EXCEEDED)
            clock.move(timedelta(minutes=1))
    first, second = server.received
    for secret in (OLD, NEW):
        verified(secret, first.body, first.headers)
    with pytest.raises(WebhookVerificationError):
        verified(OLD, first.body + b" ", first.headers)
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == EXCEEDED.id
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 60


def verified(secret: str, body: bytes, headers: Any) -> None:
    """Ask the library, at whatever time it is."""
    message_id, moment = headers["webhook-id"], headers["webhook-timestamp"]
    at = NOON.replace(microsecond=0)
    assert int(moment) == at.timestamp()
    expected = Webhook(secret).sign(message_id, at, body.decode())
    if expected not in headers["webhook-signature"].split():
        raise WebhookVerificationError


async def test_without_a_secret_it_goes_out_unsigned() -> None:
    """With its id and its time."""
    headers = webhook((), FixedClock(NOON)).write(WITHIN, None).headers  # type: ignore[arg-type]  # no URL is needed
    assert set(headers) == {"webhook-id", "webhook-timestamp"}


@pytest.mark.parametrize(
    "text", ["S3cret", "whsec_", "whsec_AAAA", f"{OLD}x!", OLD[6:], "whsec_ü", f"whsec_{'A' * 200}"]
)
def test_a_secret_has_a_form(text: str) -> None:
    """And an error does not repeat it."""
    with pytest.raises(ValueError, match="accepted is whsec_") as caught:
        parse_secrets(text)
    assert text not in str(caught.value).replace("whsec_ and", "")
