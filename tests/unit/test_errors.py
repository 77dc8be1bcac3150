"""The tree of errors, as its docstring draws it."""

from __future__ import annotations

import inspect
import re
from copy import copy

import pytest

from application import aws_errors, errors, role_errors
from application.aws_errors import AwsError, AwsRefused, AwsUnavailable
from application.errors import SpendMonitorError

CLASSES = [
    value
    for module in (errors, aws_errors, role_errors)
    for value in vars(module).values()
    if inspect.isclass(value) and issubclass(value, SpendMonitorError) and value.__module__ == module.__name__
]
REFUSALS = [each for each in CLASSES if issubclass(each, AwsRefused) and each is not AwsRefused]


def test_the_docstrings_draw_every_error_under_its_parent() -> None:
    """Who reads the three drawings knows all there is to catch."""
    drawn: dict[str, str] = {}
    for module in (errors, aws_errors, role_errors):
        parents: dict[int, str] = {}
        drawing = str(module.__doc__).split("```")[1]
        for indent, name in re.findall(r"^([ │├└─]*)(\w+)", drawing, re.MULTILINE):
            depth = len(indent) // 4
            parents[depth] = name
            drawn.setdefault(name, parents.get(depth - 1, "Exception"))
    assert drawn == {each.__name__: each.__base__.__name__ for each in CLASSES if each.__base__}


def test_every_error_has_a_code_of_its_own() -> None:
    """Logs, metrics and the ledger tell causes apart by their codes."""
    codes = [each.code for each in CLASSES if "code" in vars(each) or not each.__subclasses__()]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", code) for code in codes)


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda each: each.code)
def test_every_refusal_says_what_is_wrong_and_what_mends_it(refusal: type[AwsRefused]) -> None:
    """The channel reads a problem and a remedy, each a whole sentence, with AWS's own words if any."""
    assert str(refusal()) == refusal.problem
    takes_aws_words = refusal.__init__ is AwsRefused.__init__
    assert str(refusal("No.")) == f"{refusal.problem}{' AWS says: No.' if takes_aws_words else ''}"
    assert refusal.problem.endswith(".")
    assert refusal.remedy.endswith(".")


@pytest.mark.parametrize(
    "error",
    [
        aws_errors.AccessKeyUnknown("No such key."),
        errors.SettingsRejected("One is wrong.", "Two is too."),
        errors.ChannelUnavailable("Away.", retry_after=5),
    ],
    ids=lambda each: each.code,
)
def test_a_copy_of_an_error_says_the_same(error: SpendMonitorError) -> None:
    """An answer that is shared by many askers may be copied for each."""
    assert str(copy(error)) == str(error)
    assert vars(copy(error)) == vars(error)


def test_being_away_has_a_remedy_too() -> None:
    """A check that AWS's absence prevented is told with what to do about it."""
    assert AwsUnavailable.remedy.endswith(".")


def test_the_words_of_aws_stay_on_one_line() -> None:
    """A message of AWS cannot forge a line of a log; what is markup where, each chat knows."""
    refusal = aws_errors.PermissionMissing("@channel\n🟢 Status: Within Budget <b>" + "x" * 1000)
    assert len(refusal.detail) == 300
    assert "\n" not in str(refusal)


@pytest.mark.parametrize("error", [each for each in CLASSES if hasattr(each, "remedy")])
def test_a_command_is_told_what_is_true_there(error: type[AwsError]) -> None:
    """Nothing is tried again after a command, and whoever runs doctor needs not be sent there."""
    remedy = error.remedy_of_command or error.remedy
    assert "tried again" not in remedy
    assert "doctor" not in remedy
