"""What a channel is told, as a value."""

from __future__ import annotations

import re
from dataclasses import replace

import msgspec
import pytest

from application.aws_errors import PermissionMissing
from application.errors import SettingsRejected
from application.notice import FailureNotice, Notice, SpendNotice, Tone
from tests.doubles.fakes.notices import (
    ACCOUNT,
    EVERY_KIND,
    EXCEEDED,
    FAILED,
    NEWEST,
    NOON,
    UNPUBLISHED,
    WITHIN,
    failure_notice,
)


@pytest.mark.parametrize("notice", EVERY_KIND)
def test_any_encoder_of_dataclasses_keeps_a_notice(notice: Notice) -> None:
    """A page is drawn later from what was kept."""
    kept = msgspec.json.encode(notice)
    assert msgspec.json.decode(kept, type=type(notice)) == notice


@pytest.mark.parametrize(
    ("notice", "tone"),
    [
        (WITHIN, Tone.GOOD),
        (EXCEEDED, Tone.BAD),
        (UNPUBLISHED, Tone.CARE),
        (FAILED, Tone.CARE),
        (replace(WITHIN, report=replace(WITHIN.report, spike=True)), Tone.CARE),
        (replace(EXCEEDED, report=replace(EXCEEDED.report, spike=True)), Tone.BAD),
    ],
)
def test_a_notice_has_a_tone(notice: SpendNotice | FailureNotice, tone: Tone) -> None:
    """A spike is never green, and a breach is never less than red."""
    assert notice.tone is tone


def test_a_refusal_names_the_account_and_what_mends_it() -> None:
    """As far as the account is known."""
    failure = PermissionMissing("no")
    failure.account_id = ACCOUNT
    notice = failure_notice(failure)
    assert (notice.account.id, notice.code) == (ACCOUNT, "permission-missing")
    assert notice.problems == (str(failure),)
    assert notice.remedy == PermissionMissing.remedy


def test_settings_are_mended_in_the_settings() -> None:
    """Every problem is there, and no account."""
    notice = failure_notice(SettingsRejected("One is wrong.", "Two is too."))
    assert notice.problems == ("One is wrong.", "Two is too.")
    assert notice.account.id == ""
    assert "settings" in notice.remedy


def test_the_id_is_the_same_when_the_same_is_told_again() -> None:
    """A receiver tells a retry from news; and a header can carry it."""
    first = FailureNotice.of("tick-1", NOON, PermissionMissing(), NEWEST)
    assert first.id == failure_notice().id
    assert re.fullmatch(r"[\w-]+", first.id)
