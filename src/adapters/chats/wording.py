"""Putting a notice into plain English."""

from __future__ import annotations

from adapters.chats.amounts import when
from adapters.chats.spend_words import words_of_spend
from adapters.chats.words import LONGEST_NAME, LONGEST_PROBLEM, Detail, Fact, Words, name_of
from application.notice import FailureNotice, Notice, SpendNotice
from application.text import one_line

NEXT_LOOK = "Next look"


def words_of(notice: Notice) -> Words:
    """Put a notice into words."""
    return words_of_spend(notice) if isinstance(notice, SpendNotice) else words_of_failure(notice)


def words_of_failure(notice: FailureNotice) -> Words:
    """The cause first, then what mends it, where, and when it is looked at again."""
    problems = tuple(one_line(problem, LONGEST_PROBLEM) for problem in notice.problems)
    happened = problems[0] if len(problems) == 1 else f"{len(problems)} settings cannot be used as they are."
    account = name_of(notice.account)
    known = (Fact("🏦", "AWS Account", account),) if account else ()
    steps = notice.way_in.steps if notice.way_in else ()
    listed = (Detail("❗", "Settings", "", problems),) if len(problems) > 1 else ()
    return Words(
        tone=notice.tone,
        symbol="⚠️",
        headline=f"{f'{account}: ' if account else ''}the check failed: {happened}",
        happened=happened,
        facts=(*known, Fact("🔴", "Status", f"Check Failed ({when(notice.period)})")),
        details=(
            *listed,
            Detail("🔧", "What to do", notice.remedy, steps, ordered=True),
            Detail("🔁", NEXT_LOOK, _next_look(notice)),
        ),
        links=(("the way in", notice.way_in.link),) if notice.way_in and notice.way_in.link else (),
    )


def _next_look(notice: FailureNotice) -> str:
    """When, and where what may be wrong is set."""
    at = notice.again_at
    again = "within the hour, and " if notice.is_retried else ""
    when_it_is = f"on {at:%a} {at.day} {at:%b} at {at:%H:%M} UTC, and " if at else again
    where = (
        f"watch {one_line(notice.watch, LONGEST_NAME)} in the watches file"
        if notice.watch
        else "this channel's integration, under its settings"
    )
    return f"{when_it_is}at the next scheduled check. What is set: {where}."
