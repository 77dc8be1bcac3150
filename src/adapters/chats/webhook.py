"""A program: JSON, signed as Standard Webhooks 1.0 says.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec
from yarl import URL

from adapters.chats.destination import ChatAnswer, Destination, Request, judge
from adapters.chats.wording import words_of
from adapters.pages.document import Amount, Figures, SpanSpend
from adapters.pages.writing import amount_of, document_of
from application.notice import Notice, SpendNotice
from application.ports.clock import Clock
from application.text import one_line
from domain.reports import Report
from domain.restated import Restated
from domain.thresholds import Verdict

LONGEST_BODY = 20_000
"""Bytes. Source: the specification's advice on payload size."""

SECRET_PREFIX = "whsec_"  # noqa: S105  # the form of a secret
SECRET_FORM = f"accepted is {SECRET_PREFIX} and the base64 of 24 to 64 bytes; several: comma-separated"
SHORTEST_SECRET, LONGEST_SECRET = 24, 64

GONE = frozenset({410})

TYPES = {
    Verdict.EXCEEDED: "spend.exceeded",
    Verdict.WITHIN: "spend.within",
    Verdict.NOT_PUBLISHED: "spend.pending",
}


class Failure(msgspec.Struct, frozen=True):
    """A check that could not be made: the cause's stable code, what is wrong, and what to do about it."""

    account_id: str
    code: str
    problems: tuple[str, ...]
    remedy: str
    period: str
    again_at: datetime | None = None
    steps: tuple[str, ...] = ()


class Older(SpanSpend, frozen=True, kw_only=True):
    """An older period that is told of along with this one: its verdict, and what was told of it before."""

    verdict: str
    verdict_before: str | None = None


class Changed(SpanSpend, frozen=True, kw_only=True):
    """A told figure that AWS has changed since, without a change of verdict."""

    was: Amount


class Said(Figures, frozen=True, kw_only=True):
    """The figures, what happened in words, and the page; of very many services the last are left out."""

    summary: str
    happened: str
    page: str | None = None
    older: tuple[Older, ...] = ()
    changed: tuple[Changed, ...] = ()
    services_left_out: int = 0


class SpendEvent(msgspec.Struct, frozen=True):
    """A period's spend against its threshold."""

    type: Literal["spend.exceeded", "spend.within", "spend.corrected", "spend.pending"]
    timestamp: datetime
    data: Said


class FailureEvent(msgspec.Struct, frozen=True):
    """A check that could not be made."""

    type: Literal["check.failed"]
    timestamp: datetime
    data: Failure


def webhook(secrets: Sequence[bytes], clock: Clock) -> Destination:
    """The destination, signing with these secrets (the newest and, while rotating, older ones)."""

    def write(notice: Notice, _url: URL) -> Request:
        body = msgspec.json.encode(event(notice))
        return Request(body, headers=signed(body, notice.id, clock.now(), secrets))

    return Destination("webhook", recognises=lambda _: False, write=write, judge=read, gone=GONE)


def event(notice: Notice) -> SpendEvent | FailureEvent:
    """What the program is told."""
    if not isinstance(notice, SpendNotice):
        problems = tuple(one_line(problem, 600) for problem in notice.problems[:20])
        steps = notice.way_in.steps if notice.way_in else ()
        of = notice.account.id, notice.code, problems, notice.remedy, str(notice.period)
        failure = Failure(*of, again_at=notice.again_at, steps=steps)
        return FailureEvent("check.failed", notice.made_at, failure)
    words, report = words_of(notice), notice.report
    kind = "spend.corrected" if report.corrects or notice.also else TYPES[report.verdict]
    document = document_of(notice)
    figures = {name: getattr(document, name) for name in Figures.__struct_fields__}
    whole = Said(
        summary=words.headline,
        happened=words.happened,
        page=notice.page or None,
        older=tuple(map(_older, notice.also)),
        changed=tuple(map(_changed, notice.restated)),
        **figures,
    )
    told = SpendEvent(kind, notice.made_at, whole)  # type: ignore[arg-type]  # one of the four
    return _shortened(told)


def _older(report: Report) -> Older:
    before = report.before.verdicts[-1] if report.before else None
    days, spend = report.period, amount_of(report.spend) if report.spend else None
    return Older(days.start, days.end, spend, verdict=report.verdict, verdict_before=before)


def _changed(one: Restated) -> Changed:
    return Changed(one.period.start, one.period.end, amount_of(one.now), was=amount_of(one.was))


def _shortened(told: SpendEvent) -> SpendEvent:
    """At most 20 kB: of services and accounts the larger half is kept until it fits."""
    kept = max(len(told.data.services), len(told.data.linked_accounts), len(told.data.budgets))
    whole = told.data
    while kept and len(msgspec.json.encode(told)) > LONGEST_BODY:
        kept //= 2
        shorter = msgspec.structs.replace(
            whole,
            services=whole.services[:kept],
            linked_accounts=whole.linked_accounts[:kept],
            budgets=whole.budgets[:kept],
            services_left_out=len(whole.services) - kept,
        )
        told = msgspec.structs.replace(told, data=shorter)
    return told


def signed(body: bytes, message_id: str, now: datetime, secrets: Sequence[bytes]) -> dict[str, str]:
    """The headers of an attempt; without a secret there is no signature."""
    timestamp = f"{int(now.timestamp())}"
    headers = {"webhook-id": message_id, "webhook-timestamp": timestamp}
    content = f"{message_id}.{timestamp}.".encode() + body
    signatures = [hmac.digest(secret, content, hashlib.sha256) for secret in secrets]
    if signatures:
        headers["webhook-signature"] = " ".join(f"v1,{base64.b64encode(one).decode()}" for one in signatures)
    return headers


def parse_secrets(text: str) -> tuple[bytes, ...]:
    """Read ``whsec_…[,whsec_…]``.

    Raises:
        ValueError: One has another form; the text does not repeat it.
    """
    return tuple(_secret(entry.strip()) for entry in text.split(",") if entry.strip())


def _secret(text: str) -> bytes:
    try:
        secret = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except ValueError:  # not base64, or not even ASCII
        secret = b""
    if not (text.startswith(SECRET_PREFIX) and SHORTEST_SECRET <= len(secret) <= LONGEST_SECRET):
        raise ValueError(f"not a secret of a webhook; {SECRET_FORM}")
    return secret


def read(answer: ChatAnswer) -> None:
    """Any 2xx is a yes; 410 asks never to be called again."""
    judge(answer, reason=answer.text, gone=GONE)


def schema() -> dict[str, object]:
    """The JSON Schema of a body, as docs/webhook.schema.json has it."""
    events, classes = schema_components("#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What a webhook is sent",
        "oneOf": events,
        "$defs": classes,
    }


def schema_components(reference: str) -> tuple[list[dict[str, object]], dict[str, dict[str, object]]]:
    """The schemas of the two bodies, and of all that they are made of; ``reference`` is how they do that."""
    events, classes = msgspec.json.schema_components([SpendEvent, FailureEvent], ref_template=reference)
    return list(events), classes


if __name__ == "__main__":  # to be written to docs/webhook.schema.json
    print(msgspec.json.format(msgspec.json.encode(schema()), indent=2).decode())  # noqa: T201  # the output
