"""Slack's own library, asked whether Slack would take what is posted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from slack_sdk.models.attachments import BlockAttachment
from slack_sdk.models.blocks import ActionsBlock, Block, HeaderBlock, ImageBlock, SectionBlock
from yarl import URL

from adapters.chats.slack import SLACK
from application.notice import SpendNotice
from tests.doubles.fakes.notices import EVERY_KIND, EXCEEDED
from tests.doubles.fakes.overfull import HOSTILE, overfull

HOOK = URL("https://hooks.slack.com/services/T0/B0/abc")


def posted(notice: SpendNotice, url: URL = HOOK) -> dict[str, Any]:
    """The JSON."""
    said: dict[str, Any] = json.loads(SLACK.write(notice, url).body)
    return said


@pytest.mark.parametrize("notice", [*EVERY_KIND, overfull("S" * 300), overfull(HOSTILE)])
def test_slack_takes_the_blocks(notice: SpendNotice) -> None:
    """Every block is one that Slack knows, within Slack's limits."""
    [attachment] = posted(notice)["attachments"]
    blocks = Block.parse_all(attachment["blocks"])
    assert len(blocks) <= 50
    for block, said in zip(blocks, attachment["blocks"], strict=True):
        assert isinstance(block, HeaderBlock | SectionBlock | ActionsBlock | ImageBlock)
        block.validate_json()
        assert block.to_dict() == said
    BlockAttachment(blocks=blocks, color=attachment["color"], fallback=attachment["fallback"]).validate_json()
    assert len(json.dumps(attachment["blocks"], ensure_ascii=False)) < 13_200


def test_in_slack_the_text_is_for_the_notification() -> None:
    """One line that says it: the blocks stand below it."""
    text = posted(EXCEEDED)["text"]
    assert text == "🔔 123456789012: $142.02 (Sun 22 Nov 2026), exceeded, threshold $100.00"


def test_elsewhere_the_text_says_it_all() -> None:
    """Mattermost and Rocket.Chat know little of blocks; nobody is called upon by a name there either."""
    text = posted(overfull(HOSTILE), URL("https://mattermost.example.com/hooks/1"))["text"]
    assert "Status: Exceeded Budget" in text
    assert "@everyone" not in text
    assert "<" not in text
    assert len(text) <= 4000
