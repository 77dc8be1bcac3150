"""Nobody's settings hold the process: every reader is linear, and what it reads is bounded."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import pytest

from adapters.settings.amounts import read_threshold
from adapters.settings.choices import read_frequency
from adapters.settings.credentials import key_problems
from adapters.settings.form import LARGEST_SETTINGS, TelexSettingsReader
from adapters.settings.grammar import OPTIONAL
from adapters.settings.roles import read_role
from adapters.settings.text import LONGEST_VALUE
from application.errors import SettingsRejected

LONG = 8_000
"""Characters: a linear reader takes milliseconds, a quadratic one a second, a cubic one hours."""

READERS: dict[str, Callable[[str], Any]] = {
    "aws_access_key_id": lambda text: key_problems(text, "secret"),
    "aws_secret_access_key": lambda text: key_problems("AKIA", text),
    "aws_role_arn": read_role,
    "threshold": read_threshold,
    "frequency": read_frequency,
    "interval": partial(read_frequency, ""),
    **{label: reader for label, (_, reader) in OPTIONAL.items()},
}
UNITS = (
    *(" ", "\t", "\n", "1", ",", ".", "%", '"', "'", "“", "-", "_", "$", "x", ":", "=", "\\", "<", "*"),
    *("\ud800", "\u200b", "\u00a0", "\ufeff", "1,", "1,000", "1 ", ", ", "1%", "USD", "US$ ", "1e1", "and "),
    *("account:", "service:", 'tag:a="', "* ", "key", "your-", "50, ", "Credit,", "@"),
)
FRAMES = ("{}", "1{}", "{}1", "1{}1", "1%{}x", "1%{}1", "USD{}x", "${}", "{}USD", "{}%", "your-{}", "<{}\n")


class TookTooLong(BaseException):
    """Not an error that a reader could swallow."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Break off what takes more of the processor's time; a regex engine that backtracks hears it, too."""

    def stop(*_: object) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@pytest.mark.parametrize("setting", READERS)
def test_every_reader_takes_steps_in_proportion_to_the_text(setting: str) -> None:
    """However a text repeats itself, and whatever stands before and after."""
    for unit in UNITS:
        for frame in FRAMES:
            text = frame.format(unit * (LONG // len(unit)))
            with at_most(0.5), suppress(ValueError):
                READERS[setting](text)


@pytest.mark.parametrize("setting", READERS)
def test_a_value_longer_than_any_is_refused_before_it_is_read(setting: str) -> None:
    """By its name; only the crontab, which is Telex's business, is as good as none."""
    said = refusals({setting: "1" * (LONGEST_VALUE + 1)})
    assert (f"{setting} is not readable: it is longer than 1024 characters." in said) == (
        setting != "interval"
    )


@pytest.mark.parametrize("setting", READERS)
@pytest.mark.parametrize("depth", [2, 400, 900, 5_000])
def test_a_value_nested_in_itself_is_refused_in_words(setting: str, depth: int) -> None:
    """Whether the decoder still takes it or not: no depth breaks the reading."""
    raw = b'[{"label": "%s", "default": %s}]' % (setting.encode(), b"[" * depth + b"]" * depth)
    with pytest.raises(SettingsRejected):
        TelexSettingsReader().read(raw)


def test_settings_larger_than_any_form_are_not_even_decoded() -> None:
    """Whatever is in them."""
    with pytest.raises(SettingsRejected, match="larger than 16384 bytes"):
        TelexSettingsReader().read(b"[" + b" " * LARGEST_SETTINGS + b"]")


def refusals(values: dict[str, object]) -> tuple[str, ...]:
    """What is said about a form with these values."""
    form = json.dumps([{"label": label, "default": value} for label, value in values.items()]).encode()
    with pytest.raises(SettingsRejected) as caught:
        TelexSettingsReader().read(form)
    return caught.value.problems
