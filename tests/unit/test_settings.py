"""How a channel's settings are read."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.settings.amounts import read_threshold
from adapters.settings.form import TelexSettingsReader
from application.credentials import AccessKey, Role
from application.errors import SettingsRejected
from application.monitor import Monitor
from domain.muting import Mute
from domain.parts import Dimension, PartBy
from domain.periods import Frequency
from domain.thresholds import Threshold

GOOD = {
    "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE",
    "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "threshold": "100",
    "frequency": "Daily",
    "interval": "0 0 * * *",
}


def form(**changes: Any) -> bytes:
    """The settings as Telex's form sends them, with some values changed; ``...`` leaves one out."""
    values = {label: value for label, value in {**GOOD, **changes}.items() if value is not ...}
    return json.dumps(
        [{"label": label, "type": "text", "default": value} for label, value in values.items()]
    ).encode()


def read(**changes: Any) -> Monitor:
    """Read the form."""
    return TelexSettingsReader().read(form(**changes))


def problems(**changes: Any) -> tuple[str, ...]:
    """Read a form that cannot be used; return what is said about it."""
    with pytest.raises(SettingsRejected) as caught:
        read(**changes)
    return caught.value.problems


def test_the_form_as_typed_becomes_a_monitor() -> None:
    """Outer spaces, which the form does not trim, are not part of a value."""
    monitor = read(aws_access_key_id="  AKIAIOSFODNN7EXAMPLE \n", threshold=" 99.50 ", frequency=" monthly ")
    assert isinstance(monitor.credentials, AccessKey)
    assert monitor.credentials.access_key_id == "AKIAIOSFODNN7EXAMPLE"
    assert monitor.threshold.amount == Decimal("99.50")
    assert monitor.frequency is Frequency.MONTHLY


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("100", "100"),
        ("99.50", "99.50"),
        ("$1,000", "1000"),
        ("$ 1,234,567.891", "1234567.891"),
        ("100 $", "100"),
        ("1_000", "1000"),
        ("\ufeff100\u00a0USD\u200b", "100"),
        ("“100”", "100"),
        ("100 USD", "100"),
        ("USD 100", "100"),
        (100, "100"),
        (1e3, "1000"),
        (0.1, "0.1"),
        ("1e3", "1000"),
        ("0", "0"),
        (".5", "0.5"),
    ],
)
def test_a_threshold_is_read_as_people_type_it(typed: object, amount: str) -> None:
    """Text or JSON number, dollar sign and thousands separators; never through a float."""
    assert read(threshold=typed).threshold.amount == Decimal(amount)


@pytest.mark.parametrize(
    "typed",
    [
        "ten",
        "-5",
        "",
        "  ",
        None,
        "NaN",
        "nan",
        "Infinity",
        "1,00",
        "1.000,50",
        "€5",
        "1e999",
        True,
        {},
        -5,
        "٣",
        "5 5",
        "0x10",
        "$",
    ],
)
def test_a_threshold_that_is_no_amount_is_named_with_what_is_accepted(typed: object) -> None:
    """The channel reads which setting is wrong and an example of what is right."""
    (problem,) = problems(threshold=typed)
    assert problem.startswith("threshold is")
    assert "such as 100, 99.50 or $1,000" in problem


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("100,50", "Did you mean 100.50?"),
        ("1.000,50", "Did you mean 1000.50?"),
        ("100k", "Did you mean 100000?"),
        ("1 000", "Did you mean 1000?"),
        ("1'000", "Did you mean 1000?"),
        ("€100", "AWS bills in US dollars, in China in yuan. Did you mean 100?"),
        ("100 EUR", "Did you mean 100?"),
        ("100/day", "Did you mean 100 with frequency Daily?"),
        ("$1k per month", "Did you mean 1000 with frequency Monthly?"),
    ],
)
def test_a_threshold_that_is_nearly_an_amount_is_answered_with_that_amount(typed: str, hint: str) -> None:
    """Never guessed: a wrong guess would be a budget that nobody set."""
    (problem,) = problems(threshold=typed)
    assert hint in problem
    assert typed in problem


SECRET = GOOD["aws_secret_access_key"]


@pytest.mark.parametrize(
    ("key_id", "secret", "said"),
    [
        (SECRET, GOOD["aws_access_key_id"], "are swapped"),
        (SECRET, SECRET, "aws_access_key_id holds what looks like a secret key"),
        ("arn:aws:iam::111122223333:role/spend", SECRET, "a role's belongs into aws_role_arn"),
        ("arn:aws:iam::111122223333:user/me", SECRET, "aws_access_key_id holds a name (ARN), not a key"),
        ("111122223333", SECRET, "aws_access_key_id is an account number"),
        ("1111-2222-3333", SECRET, "aws_access_key_id is an account number"),
        ("akiaiosfodnn7example", SECRET, "aws_access_key_id holds small letters"),
        ("ASIAIOSFODNN7EXAMPLE", SECRET, "aws_access_key_id is a temporary key"),
        ("AKIA****************", SECRET, "aws_access_key_id holds asterisks"),
        (GOOD["aws_access_key_id"], "••••••••••", "aws_secret_access_key holds asterisks"),
        (GOOD["aws_access_key_id"], "AKIAIOSFODNN7EXAMPLF", "aws_secret_access_key holds an access key"),
    ],
)
def test_keys_that_cannot_be_right_are_found_before_aws_is_asked(key_id: str, secret: str, said: str) -> None:
    """Each mistake has its sentence, a secret is not sent as a key's id, nothing of either is repeated."""
    (problem,) = problems(aws_access_key_id=key_id, aws_secret_access_key=secret)
    assert said in problem
    assert key_id not in problem
    assert secret not in problem


def test_a_key_pasted_with_quotes_or_invisible_marks_is_the_key() -> None:
    """As it comes out of a document or a chat."""
    monitor = read(aws_access_key_id='"AKIAIOSFODNN7EXAMPLE"', aws_secret_access_key=f"\u200b{SECRET}\u00a0")
    assert monitor.credentials == read().credentials


def test_a_label_may_have_spaces_or_hyphens_for_its_underscores() -> None:
    """Front ends show labels, and some send what they show."""
    settings = [{"label": label.replace("_", " ").title(), "default": value} for label, value in GOOD.items()]
    settings.append({"label": "Exclude-Charges", "default": "Tax"})
    monitor = TelexSettingsReader().read(json.dumps(settings).encode())
    assert monitor.excluded_record_types == ("Tax",)


def test_what_was_typed_is_repeated_unless_it_could_be_a_secret() -> None:
    """A short wrong value is quoted; a long one might be a key in the wrong field."""
    assert '"ten"' in problems(threshold="ten")[0]
    assert "wJalr" not in problems(threshold=GOOD["aws_secret_access_key"])[0]


@pytest.mark.parametrize(
    "typed", ["key", "KEY", "your-key", "your-secret", "", "   ", None, ..., "<your key>", "secret"]
)
def test_a_placeholder_is_no_credential(typed: object) -> None:
    """Keys that were never filled in are said to be missing, both at once."""
    said = problems(aws_access_key_id=typed, aws_secret_access_key=typed)
    assert [problem.partition(":")[0] for problem in said] == [
        "aws_access_key_id is not filled in",
        "aws_secret_access_key is not filled in",
    ]


@pytest.mark.parametrize("typed", ["AKIA IOSF", "AKIA\nX-Evil: 1", "ключ", "k" * 300])
def test_a_credential_that_no_aws_key_looks_like_is_refused_unseen(typed: str) -> None:
    """Nothing that could break a header is sent to AWS, and nothing of it is repeated."""
    (problem,) = problems(aws_secret_access_key=typed)
    assert problem.startswith("aws_secret_access_key holds")
    assert typed not in problem


@pytest.mark.parametrize(
    ("typed", "frequency"),
    [
        ("Daily", Frequency.DAILY),
        ("MONTHLY", Frequency.MONTHLY),
        ("weekly", Frequency.WEEKLY),
        ("Month-to-date", Frequency.MONTH_TO_DATE),
        ("month to date", Frequency.MONTH_TO_DATE),
    ],
)
def test_a_frequency_is_matched_without_case(typed: str, frequency: Frequency) -> None:
    """Any way of writing one of the four means it."""
    assert read(frequency=typed).frequency is frequency


def test_a_wrong_frequency_is_answered_with_the_nearest_right_one() -> None:
    """The channel reads what it was near to, and all that is accepted."""
    (problem,) = problems(frequency="dialy")
    assert "Did you mean Daily?" in problem
    assert "Daily, Monthly, Weekly, Month-to-date" in problem


@pytest.mark.parametrize(
    ("interval", "frequency"),
    [
        ("0 0 1 * *", Frequency.MONTHLY),
        ("30 6 15 * *", Frequency.MONTHLY),
        ("@monthly", Frequency.MONTHLY),
        ("@yearly", Frequency.MONTHLY),
        ("0 0 0 1 * *", Frequency.MONTHLY),
        ("0 0 12 L * ?", Frequency.MONTHLY),
        ("0 12 1 * ? *", Frequency.MONTHLY),
        ("0 0 12 * * *", Frequency.DAILY),
        ("0 0 * * *", Frequency.DAILY),
        ("0 0 1,15 * *", Frequency.DAILY),
        ("0 0 * * 1", Frequency.DAILY),
        ("0 0 1 * 1", Frequency.DAILY),
        ("every day, please", Frequency.DAILY),
        ("", Frequency.DAILY),
        (..., Frequency.DAILY),
    ],
)
def test_without_a_frequency_the_crontab_decides(interval: object, frequency: Frequency) -> None:
    """A crontab that fires on one day of the month asks for months; a broken one is no error."""
    assert read(frequency=..., interval=interval).frequency is frequency


def test_all_problems_are_told_at_once() -> None:
    """Nobody has to mend a form four times."""
    assert (
        len(problems(aws_access_key_id="key", aws_secret_access_key="", threshold="ten", frequency="x")) == 4
    )


def test_of_two_settings_with_one_label_the_last_wins_and_unknown_ones_are_ignored() -> None:
    """What old and broken installations send is still read."""
    again, unknown = {"label": "Threshold ", "default": 7}, {"label": "colour", "default": "red"}
    settings = [*json.loads(form()), again, unknown, 5, {}]
    assert TelexSettingsReader().read(json.dumps(settings).encode()).threshold.amount == 7


@pytest.mark.parametrize(
    "raw", [b"null", b"{}", b'"text"', b"5", b"[", b"\xff", b'["\\ud800"]', b"[" * 100_000]
)
def test_what_is_no_list_of_settings_is_said_to_be_none(raw: bytes) -> None:
    """The channel is told; nothing else happens."""
    with pytest.raises(SettingsRejected, match=r"^The settings of this integration are"):
        TelexSettingsReader().read(raw)


@given(st.text())
def test_no_text_breaks_the_reading_of_a_threshold(text: str) -> None:
    """Whatever is typed is an amount or is refused in words."""
    try:
        said = str(read_threshold(text).amount)
    except ValueError as error:
        said = str(error)
    assert said.startswith("is ") or Decimal(said) >= 0


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
    st.sampled_from(sorted(GOOD)),
)
def test_no_value_in_any_field_breaks_the_reading(value: object, label: str) -> None:
    """Whatever JSON stands in a field, the outcome is a monitor or a sentence."""
    try:
        problems_said = 0 if read(**{label: value}) else 1
    except SettingsRejected as error:
        problems_said = len(error.problems)
    assert problems_said in (0, 1)


def test_an_old_installation_means_what_it_always_meant() -> None:
    """Without the later settings everything is as before."""
    monitor = read()
    assert monitor == Monitor(monitor.credentials, monitor.threshold)


def test_the_later_settings_are_read() -> None:
    """Each label reaches its field."""
    monitor = read(
        notify="only when exceeded",
        metric="unblendedcost",
        exclude_charges="Credit, tax",
        scope='account:111122223333 service:"Amazon EC2"',
        milestones="50, 80",
        spike_alert="40% and 20",
        name="acme production",
        budgets="production=120, *=40",
        mute="SageMaker",
        mute_until="2026-12-31",
    )
    assert monitor.notify == "Only when exceeded"
    assert monitor.metric == "UnblendedCost"
    assert monitor.excluded_record_types == ("Credit", "Tax")
    assert monitor.scope.accounts == ("111122223333",)
    assert monitor.milestones.percents == (Decimal(50), Decimal(80))
    assert monitor.spike_rule is not None
    assert monitor.name == "acme production"
    assert monitor.by == PartBy(Dimension.ACCOUNT), "budgets are those of accounts, unless by says otherwise"
    assert monitor.budgets.of("production") == Threshold(Decimal(120))
    assert monitor.mute == Mute(("Amazon SageMaker", "SageMaker"), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("label", "typed", "hint"),
    [
        ("notify", "every chek", "Did you mean Every check?"),
        ("metric", "amortised cost", "Did you mean AmortizedCost?"),
        ("exclude_charges", "Credti", "Did you mean Credit?"),
        ("scope", "accout:111122223333", "Did you mean account"),
        ("milestones", "50, eighty", 'Did you mean "50"?'),
        ("spike_alert", "40 20", 'Did you mean "40% and 20"?'),
    ],
)
def test_a_wrong_later_setting_is_named_with_what_it_was_near_to(label: str, typed: str, hint: str) -> None:
    """The channel reads which setting is wrong and what was probably meant."""
    (problem,) = problems(**{label: typed})
    assert problem.startswith(label)
    assert hint in problem


def test_a_role_stands_in_for_the_keys() -> None:
    """The two key settings stay at their placeholders, as the manifest has them."""
    monitor = read(
        aws_access_key_id="key",
        aws_secret_access_key="key",
        aws_role_arn=' "arn:aws:iam::111122223333:role/team/spend_1"\u200b',
    )
    assert monitor.credentials == Role("arn:aws:iam::111122223333:role/team/spend_1")


def test_beside_a_role_the_keys_are_not_used() -> None:
    """Whoever has moved to a role need not take the old key out first."""
    monitor = read(aws_role_arn="arn:aws:iam::111122223333:role/spend")
    assert monitor.credentials == Role("arn:aws:iam::111122223333:role/spend")


@pytest.mark.parametrize("blank", ["", "  ", None, ...])
def test_without_a_role_the_keys_are_used(blank: object) -> None:
    """As before there were roles."""
    assert isinstance(read(aws_role_arn=blank).credentials, AccessKey)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("spend", "is not a role's ARN"),
        ("arn:aws:iam::1111:role/spend", "is not a role's ARN"),
        ("arn:aws:iam::111122223333:role/spend\nX: 1", "is not a role's ARN"),
        ("arn:aws:iam::111122223333:user/ann", "ARN of a user"),
        ("arn:aws:sts::111122223333:assumed-role/spend/session", "ARN of a session"),
    ],
)
def test_what_is_no_role_is_told_so(typed: str, said: str) -> None:
    """One sentence, with what is accepted; the keys at their placeholders are not complained of besides."""
    (problem,) = problems(aws_role_arn=typed, aws_access_key_id="key", aws_secret_access_key="key")
    assert problem.startswith("aws_role_arn ")
    assert said in problem
    assert "arn:aws:iam::111122223333:role/spend" in problem
