"""Reads the operator's watches: a TOML file, whose every mistake is named at once with its line and key.

Names and values are those of Telex's form, with three differences: ``notify`` says where, ``when`` what the
form's ``notify`` says, and ``access``, ``schedule`` and ``timezone`` are a watch's own. A key that a watch
does not have is taken from ``[defaults]``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from adapters.settings.amounts import read_threshold
from adapters.settings.choices import read_frequency, read_notify
from adapters.settings.grammar import OPTIONAL, monitor_of, text_of
from adapters.settings.parts import budgets_of, read_budgets
from adapters.settings.roles import read_role
from adapters.settings.schedules import Crontab, read_crontab, read_zone
from adapters.settings.text import cleaned, did_you_mean, quoted
from adapters.settings.toml_lines import line_of, lines_of
from application.credentials import Credentials, OwnCredentials
from application.errors import ReturnUrlForbidden, WatchesRejected
from application.ports.watches import ScheduledWatch
from domain.parts import Budgets
from domain.periods import Frequency
from domain.thresholds import UNLIMITED

LARGEST_FILE = 1024 * 1024
LONGEST_NAME = 60
MOST_DESTINATIONS = 20
MOST_WATCHES = 1000

DEFAULTS, WATCH = "defaults", "watch"
VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}", re.ASCII)
EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
"""Source: AWS STS, ``AssumeRole``."""


def read_destinations(value: object, check: Callable[[str], None]) -> tuple[str, ...]:
    """One URL, or a list of them, each once. No URL appears in an error: who knows it can post there.

    Raises:
        ValueError: There is none, or one is never called.
    """
    urls = [
        cleaned(url) if isinstance(url, str) else ""
        for url in (value if isinstance(value, list) else [value])
    ]
    if not urls or not all(urls):
        raise ValueError('takes a URL or a list of them, for example ["${SLACK_URL}"].')
    if len(urls) > MOST_DESTINATIONS:
        raise ValueError(f"has more than {MOST_DESTINATIONS} destinations.")
    for number, url in enumerate(urls, start=1):
        try:
            check(url)
        except ReturnUrlForbidden as error:
            raise ValueError(f"has as number {number} what is never called: {error}") from error
    return tuple(dict.fromkeys(urls))


def read_access(value: object) -> Credentials:
    """``{ profile = "billing" }`` or ``{ role = "arn:…", external_id = "…" }``.

    Raises:
        ValueError: Anything else, with what is accepted.
    """
    accepted = 'Accepted is { profile = "billing" } or { role = "arn:aws:iam::111122223333:role/spend" }.'
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise ValueError(f"takes a table of texts. {accepted}")
    match {key: cleaned(each) for key, each in value.items()}:
        case {"profile": profile, **others} if profile and not others:
            return OwnCredentials(profile)
        case {"role": arn, **others} if set(others) <= {"external_id"}:
            try:
                role = read_role(arn)
            except ValueError as error:
                raise ValueError(f"has a role that {error}") from error
            external_id = others.get("external_id", "")
            if role is None or (external_id and not EXTERNAL_ID.fullmatch(external_id)):
                raise ValueError(f"has a role or an external id that AWS does not take. {accepted}")
            return replace(role, external_id=external_id, is_strangers=False)
    raise ValueError(f"has neither a profile nor a role, or both, or more. {accepted}")


def read_budget_table(value: object) -> Budgets:
    """``{ "production" = 120, "*" = 40 }``, or the text that Telex's form takes.

    Raises:
        ValueError: One is no name with an amount; the text says which.
    """
    if isinstance(value, dict):
        return budgets_of((name, text_of(amount)) for name, amount in value.items())
    return read_budgets(text_of(value))


def _as_text(reader: Callable[[str], Any]) -> Callable[[object], Any]:
    def read(value: object) -> Any:
        if isinstance(value, bool | dict):
            raise ValueError("takes a text, a number or a list of these.")  # noqa: TRY004  # as all readers
        return reader(text_of(value))

    return read


def _readers(check: Callable[[str], None]) -> Mapping[str, Callable[[object], Any]]:
    """By key, what reads it."""
    optional = {key: _as_text(reader) for key, (_, reader) in OPTIONAL.items() if key != "notify"}
    return {
        "schedule": _as_text(read_crontab),
        "timezone": _as_text(read_zone),
        "notify": lambda value: read_destinations(value, check),
        "access": read_access,
        "threshold": _as_text(read_threshold),
        "frequency": _as_text(read_frequency),
        "when": _as_text(read_notify),
        **optional,
        "budgets": read_budget_table,
    }


KEYS = tuple(_readers(lambda _: None))
"""All that a watch, or ``[defaults]``, can have."""


@dataclass(slots=True)
class WatchesReader:
    """Reads a file's text.

    Args:
        file: Its name, as errors show it.
        environment: What ``${NAME}`` stands for.
        check: Refuses with ReturnUrlForbidden a destination that is never called.
    """

    file: str
    environment: Mapping[str, str] = field(repr=False)
    check: Callable[[str], None]

    def read(self, text: str) -> tuple[ScheduledWatch, ...]:
        """Return the watches in their order.

        Raises:
            WatchesRejected: With every mistake that can be found.
        """
        document = self._document(text)
        reading = _Reading(self.file, lines_of(text), self.environment, _readers(self.check))
        try:
            watches = reading.watches(document)
        except RecursionError as error:
            raise WatchesRejected(f"{self.file}: is nested too deep.") from error
        if reading.mistakes:
            raise WatchesRejected(*sorted(reading.mistakes, key=lambda text: reading.mistakes[text]))
        return watches

    def _document(self, text: str) -> dict[str, Any]:
        if len(text) > LARGEST_FILE:
            raise WatchesRejected(f"{self.file}: is larger than {LARGEST_FILE} characters.")
        try:
            return tomllib.loads(text, parse_float=Decimal)
        except (ValueError, RecursionError, ArithmeticError) as error:
            raise WatchesRejected(_syntax(self.file, str(error))) from error


TWICE = re.compile(r"Cannot declare \((.*)\) twice")
POSITION = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$", re.ASCII)


def _syntax(file: str, error: str) -> str:
    position = POSITION.search(error)
    line = f":{position[1]}" if position and position[1] else ""
    what = error[: position.start()] if position else error
    if twice := TWICE.match(what):
        table = ".".join(twice[1].replace("'", "").split(", "))
        return f"{file}{line}: [{table}] is there twice."
    return f"{file}{line}: is not TOML: {what}."


@dataclass(slots=True)
class _Reading:
    file: str
    lines: Mapping[tuple[str, ...], int]
    environment: Mapping[str, str]
    readers: Mapping[str, Callable[[object], Any]]
    mistakes: dict[str, int] = field(default_factory=dict)
    """With their lines, each once: what is wrong in the defaults would be found again in every watch."""

    def watches(self, document: Mapping[str, Any]) -> tuple[ScheduledWatch, ...]:
        for key in document:
            if key not in {DEFAULTS, WATCH}:
                hint = did_you_mean(key, {DEFAULTS: f"[{DEFAULTS}]", WATCH: f"[{WATCH}.name]"})
                self._mistake(
                    (key,), f"is not known here.{hint} A file has [{DEFAULTS}] and a [{WATCH}.name] each."
                )
        defaults = self._table((DEFAULTS,), document.get(DEFAULTS, {}))
        named = self._table((WATCH,), document.get(WATCH, {}), known=None)
        if not named:
            self._mistake((), "has no [watch.name] in it.")
        if len(named) > MOST_WATCHES:
            self._mistake((), f"has more than {MOST_WATCHES} watches.")
        read = [self._watch(name, defaults, table) for name, table in named.items()]
        return tuple(watch for watch in read if watch)

    def _watch(self, name: str, defaults: Mapping[str, Any], table: object) -> ScheduledWatch | None:
        here = (WATCH, name)
        if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
            self._mistake(here, f"needs a name of at most {LONGEST_NAME} characters.")
        own = self._table(here, table)
        values: dict[str, Any] = {}
        for key in KEYS:
            if key in own:
                self._read((*here, key), own[key], values)
            elif key in defaults:
                self._read((DEFAULTS, key), defaults[key], values)
        given = own.keys() | defaults.keys()
        for required, words in (("schedule", "schedule"), ("notify", "notify")):
            if required not in given:
                self._mistake(here, f"lacks {words}: write it here or in [{DEFAULTS}].")
        if not given & {"threshold", "budgets"}:
            self._mistake(here, f"lacks threshold, or budgets: write one here or in [{DEFAULTS}].")
        if self.mistakes:
            return None
        schedule = Crontab(values.pop("schedule"), values.pop("timezone", read_zone("")))
        destinations = values.pop("notify")
        monitor = monitor_of(
            values.pop("access", OwnCredentials()),
            values.pop("threshold", UNLIMITED),
            values.pop("frequency", Frequency.DAILY),
            {
                OPTIONAL["notify"][0]: values.pop("when", read_notify("")),
                **{OPTIONAL[key][0]: values[key] for key in values},
            },
        )
        return ScheduledWatch(name, schedule, monitor, destinations)

    def _table(
        self, path: tuple[str, ...], value: object, known: tuple[str, ...] | None = KEYS
    ) -> dict[str, Any]:
        """The table at a path; keys that there are not are mistakes."""
        if not isinstance(value, dict):
            self._mistake(path, "is not a table.")
            return {}
        for key in value:
            if known and key not in known:
                hint = did_you_mean(key, {each: each for each in known})
                self._mistake((*path, key), f"is not known.{hint} Accepted are {', '.join(known)}.")
        return value

    def _read(self, path: tuple[str, ...], value: object, values: dict[str, Any]) -> None:
        key = path[-1]
        missing = [name for name in _variables(value) if not self.environment.get(name, "").strip()]
        for name in missing:
            self._mistake(path, f"uses ${{{name}}}, which the environment does not have.")
        if missing:
            return
        try:
            values[key] = self.readers[key](self._filled_in(value))
        except ValueError as error:
            # What a variable holds may be secret: then the sentence is ours alone.
            used = ", ".join(f"${{{name}}}" for name in _variables(value))
            is_silent = used and key != "notify"
            self._mistake(path, f"has in {used} what it does not take." if is_silent else str(error))

    def _filled_in(self, value: object) -> object:
        if isinstance(value, str):
            return VARIABLE.sub(lambda match: self.environment[match[1]].strip(), value)
        if isinstance(value, list):
            return [self._filled_in(each) for each in value]
        if isinstance(value, dict):
            return {key: self._filled_in(each) for key, each in value.items()}
        return value

    def _mistake(self, path: tuple[str, ...], what: str) -> None:
        line = line_of(self.lines, path)
        where = f"{self.file}:{line}" if line else self.file
        key = ".".join(part if part.replace("-", "_").isidentifier() else quoted(part) for part in path)
        self.mistakes[f"{where}: {key} {what}" if key else f"{where}: {what}"] = line or 0


def _variables(value: object) -> Iterator[str]:
    """The names of all variables that a value uses, at whatever depth, in order."""
    match value:
        case str():
            yield from (match[1] for match in VARIABLE.finditer(value))
        case list():
            for each in value:
                yield from _variables(each)
        case dict():
            for each in value.values():
                yield from _variables(each)
