"""The watches file: what it may say, and how it is told of everything that is wrong with it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.chats.return_urls import ReturnUrlRules
from adapters.settings.toml_lines import line_of, lines_of
from adapters.settings.watches import KEYS, WatchesReader
from application.credentials import OwnCredentials, Role
from application.errors import ReturnUrlForbidden, WatchesRejected
from application.ports.watches import ScheduledWatch
from domain.muting import Mute
from domain.notify import Notify
from domain.parts import BY_ACCOUNT, Dimension, PartBy
from domain.periods import Frequency
from domain.thresholds import UNLIMITED

SECRET_URL = "https://hooks.slack.com/services/T0/B0/bait-canary"
ENVIRONMENT = {"SLACK_URL": SECRET_URL, "TEAMS_URL": "https://prod.logic.azure.com/x", "BAIT": "bait-canary"}
LEAST = """
[watch.production]
schedule = "0 7 * * *"
notify = "${SLACK_URL}"
threshold = 100
"""


def check(url: str) -> None:
    """The real rules, and e-mail addresses, as for the operator's own destinations."""
    if not url.startswith("mailto:"):
        ReturnUrlRules().read(url)


def read(text: str) -> tuple[ScheduledWatch, ...]:
    """Read a file of this text."""
    return WatchesReader("watches.toml", ENVIRONMENT, check).read(text)


def one(more: str = "") -> ScheduledWatch:
    """The watch of a file that says the least, and more."""
    (watch,) = read(LEAST + more)
    return watch


def mistakes(text: str) -> tuple[str, ...]:
    """What is said about a file that cannot be used."""
    with pytest.raises(WatchesRejected) as caught:
        read(text)
    assert "canary" not in str(caught.value), "no secret is in any mistake"
    return caught.value.mistakes


def test_the_least_that_a_watch_says() -> None:
    """The rest is as in Telex's form; access is the AWS SDK's own, and the time UTC."""
    watch = one()
    assert (watch.name, watch.destinations) == ("production", (SECRET_URL,))
    assert str(watch.schedule) == "0 7 * * * UTC"
    assert watch.monitor.credentials == OwnCredentials()
    assert (watch.monitor.threshold.amount, watch.monitor.frequency) == (Decimal(100), Frequency.DAILY)


def test_the_example_of_the_manual_can_be_read() -> None:
    """Each of its watches means what its comment says."""
    production, daily, customer, teams, web = read(Path("deploy/watches.example.toml").read_text("utf-8"))
    assert production.monitor.credentials == OwnCredentials("billing")
    assert production.monitor.milestones.forecasts == (Decimal(100),)
    assert daily.monitor.excluded_record_types == ("Credit", "Refund")
    role = Role("arn:aws:iam::111122223333:role/spend", "spend-monitor-4711", is_strangers=False)
    assert customer.monitor.credentials == role
    assert customer.monitor.notify is Notify.ONLY_EXCEEDED
    assert str(customer.schedule) == "0 12 * * MON Europe/Berlin"
    assert (teams.monitor.by, teams.monitor.threshold) == (BY_ACCOUNT, UNLIMITED)
    assert [name for name, _ in teams.monitor.budgets.entries] == ["production", "sandbox-*", "*"]
    assert web.monitor.scope.regions == ("eu-central-1", "eu-west-1")
    assert web.monitor.mute == Mute(("Amazon SageMaker", "SageMaker"), date(2026, 12, 31))


def test_what_a_watch_does_not_say_is_taken_from_the_defaults() -> None:
    """Key by key; its own word wins."""
    defaults = (
        '[defaults]\nschedule = "@daily"\nnotify = "${TEAMS_URL}"\nfrequency = "weekly"\nthreshold = 5\n'
    )
    first, second = read(
        defaults + '[watch.a]\n[watch.b]\nfrequency = "MTD"\nnotify = ["mailto:a@example.com"]'
    )
    assert (first.monitor.frequency, str(first.schedule)) == (Frequency.WEEKLY, "0 0 * * * UTC")
    assert (second.monitor.frequency, second.monitor.threshold.amount) == (
        Frequency.MONTH_TO_DATE,
        Decimal(5),
    )
    assert second.destinations == ("mailto:a@example.com",)


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ('when = "every check"', "notify", Notify.EVERY_CHECK),
        ('name = "acme"', "name", "acme"),
        ('by = "tag:team"', "by", PartBy(Dimension.TAG, "team")),
        ("mute_until = 2026-12-31", "mute", Mute(until=date(2026, 12, 31))),
        ("exclude_charges = ['Tax', 'Credit']", "excluded_record_types", ("Credit", "Tax")),
    ],
)
def test_names_and_values_are_those_of_the_form(line: str, field: str, value: object) -> None:
    """Lists and dates of TOML say what the form's text would."""
    assert getattr(one(line).monitor, field) == value


def test_every_mistake_is_told_at_once_with_its_line() -> None:
    """In the order of the file, by the names that stand in it, and with what was probably meant."""
    said = mistakes("""[default]
x = 1
[defaults]
schedule = "0 25 * * *"
notify = ["${NOPE}"]

[watch.a]
threshold = "ten"
treshold = 5
milestones = [
  50,
  "eighty",  # ]
]
spike_alert = true
access = { role = "arn:aws:iam::1:user/x" }
notify = ["http://x", "https://ok"]

[watch."b c"]
timezone = "Berlin"
budgets = { a = 1, "b" = "x" }
notify = 5

[watch.c]
access.profile = ""
""")
    expected = [
        (1, "default is not known here. Did you mean [defaults]?"),
        (4, 'defaults.schedule is "0 25 * * *": bad hour.'),
        (5, "defaults.notify uses ${NOPE}, which the environment does not have."),
        (8, 'watch.a.threshold is "ten", which is not an amount.'),
        (9, "watch.a.treshold is not known. Did you mean threshold?"),
        (10, 'watch.a.milestones holds "eighty", which is no percent.'),
        (14, "watch.a.spike_alert takes a text, a number or a list of these."),
        (15, "watch.a.access has a role that is the ARN of a user"),
        (16, "watch.a.notify has as number 1 what is never called: return_url does not begin with https://"),
        (19, 'watch."b c".timezone is "Berlin", which is no time zone. Did you mean Europe/Berlin?'),
        (20, 'watch."b c".budgets has for "b" an amount that is "x"'),
        (21, 'watch."b c".notify takes a URL or a list of them'),
        (23, "watch.c lacks threshold, or budgets: write one here or in [defaults]."),
        (24, "watch.c.access has neither a profile nor a role"),
    ]
    assert [mistake.partition(": ")[0] for mistake in said] == [
        f"watches.toml:{line}" for line, _ in expected
    ]
    for mistake, (_, words) in zip(said, expected, strict=True):
        assert words in mistake


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "watches.toml: has no [watch.name] in it."),
        ("[watch.a]\nx = 1\n[watch.a]\n", "watches.toml:3: [watch.a] is there twice."),
        ("[watch.a]\nthreshold = \n", "watches.toml:2: is not TOML: Invalid value."),
        ("watch = 3", "watches.toml:1: watch is not a table."),
        ("\n[wacht.a]\n", "watches.toml:2: wacht is not known here. Did you mean [watch.name]?"),
        ("[watch]\na = 1", "watches.toml:2: watch.a is not a table."),
        ("x = " + "[" * 3000, "watches.toml"),
        (f"# {'x' * 1024 * 1024}", "watches.toml: is larger than 1048576 characters."),
        ('[watch."a\\nb"]', "needs a name of at most 60 characters."),
    ],
)
def test_what_is_no_file_of_watches_is_said_to_be_none(text: str, said: str) -> None:
    """Where the reader stopped, if it did."""
    assert any(said in mistake for mistake in mistakes(text))


@pytest.mark.parametrize("key", [key for key in KEYS if key not in {"notify", "schedule", "threshold"}])
def test_what_a_variable_holds_is_never_repeated(key: str) -> None:
    """It may be secret, wherever it was put; the variable is named instead."""
    if key in {"name", "mute", "scope", "by"}:
        assert one(f'{key} = "tag:x=${{BAIT}}"' if key in {"scope", "by"} else f'{key} = "${{BAIT}}"')
        return
    (said,) = mistakes(f'{LEAST}{key} = "${{BAIT}}"')
    assert f"watch.production.{key} has in ${{BAIT}} what it does not take." in said


def test_a_destination_is_not_repeated_when_it_is_refused() -> None:
    """Whoever knows a webhook can post to it."""
    (said,) = mistakes(LEAST.replace("${SLACK_URL}", "http://hooks.example/bait-canary"))
    assert "watch.production.notify has as number 1 what is never called" in said


def test_a_blank_variable_is_as_good_as_none() -> None:
    """As the service's own are."""
    with pytest.raises(WatchesRejected, match=r"uses \$\{BLANK\}"):
        WatchesReader("watches.toml", {"BLANK": " "}, check).read(LEAST.replace("SLACK_URL", "BLANK"))


def test_an_external_id_is_used_as_it_stands() -> None:
    """One that AWS would not take is a mistake of the file."""
    arn = "arn:aws:iam::111122223333:role/spend"
    watch = one(f'access = {{ role = "{arn}", external_id = "my:id-1" }}')
    assert watch.monitor.credentials == Role(arn, "my:id-1", is_strangers=False)
    assert (
        "external id that AWS does not take"
        in mistakes(f'{LEAST}access.role = "{arn}"\naccess.external_id = "ü"')[0]
    )


def test_lines_are_found_whatever_the_values_look_like() -> None:
    """Strings and lists over several lines, quoted and dotted keys, comments, Windows' line ends."""
    text = (
        "# [a]\n"
        "[ a . 'b.c' ] # ]\n"
        'x = """\n[not.a.table]\ny = 1 \\"""\n"""\n'
        "list = [ # one\n  '[', \n  { q = 1 },\n]\n"
        'd."e = f".g = 2\n'
        "s = '''\n'quoted''' # '\n"
        "[[rows]]\r\n"
        "z=1\n"
    )
    assert dict(lines_of(text)) == {
        ("a",): 2,
        ("a", "b.c"): 2,
        ("a", "b.c", "x"): 3,
        ("a", "b.c", "list"): 7,
        ("a", "b.c", "d"): 11,
        ("a", "b.c", "d", "e = f"): 11,
        ("a", "b.c", "d", "e = f", "g"): 11,
        ("a", "b.c", "s"): 12,
        ("rows",): 14,
        ("rows", "z"): 15,
    }
    assert line_of(lines_of(text), ("a", "b.c", "list", "nothing")) == 7
    assert line_of({}, ("a",)) is None


@given(st.text(alphabet="[]{}\"'=.#\\\n a1$", max_size=60))
def test_no_text_breaks_the_reading(text: str) -> None:
    """Watches, or mistakes in words."""
    said: tuple[str, ...] = ()
    try:
        read(text)
    except WatchesRejected as error:
        said = error.mistakes
    assert all(mistake.startswith("watches.toml") for mistake in said)
    lines_of(text)


def test_the_check_of_destinations_is_the_channels_own() -> None:
    """What the operator may name, the channel decides."""

    def nobody(_: str) -> None:
        raise ReturnUrlForbidden("nobody is called here")

    with pytest.raises(WatchesRejected, match="nobody is called here"):
        WatchesReader("watches.toml", ENVIRONMENT, nobody).read(LEAST)
