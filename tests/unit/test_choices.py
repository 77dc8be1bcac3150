"""A setting is read as people write it; a wrong one names the setting, what it was near to and an example."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.settings.amounts import read_milestones, read_spike_rule
from adapters.settings.choices import read_frequency, read_metric, read_notify, read_record_types
from adapters.settings.grammar import read_name
from adapters.settings.muting import read_date, read_muted_services
from adapters.settings.parts import read_budgets, read_part_by
from adapters.settings.scopes import read_scope
from domain.charges import RECORD_TYPES, Metric
from domain.milestones import Milestones
from domain.notify import Notify
from domain.parts import Budgets, Dimension, PartBy
from domain.periods import Frequency
from domain.scope import Scope
from domain.usual import SpikeRule

VERBS = "^(is|has|holds|takes|names|opens) "
"""What a refusal begins with: whoever asked puts the name before it that the user knows."""

PARSERS: dict[str, Callable[[str], object]] = {
    "notify": read_notify,
    "metric": read_metric,
    "exclude_charges": read_record_types,
    "milestones": read_milestones,
    "spike_alert": read_spike_rule,
    "scope": read_scope,
    "frequency": read_frequency,
    "name": read_name,
    "by": read_part_by,
    "budgets": read_budgets,
    "mute": read_muted_services,
    "mute_until": read_date,
}


@pytest.mark.parametrize(
    ("parse", "default"),
    [
        (read_notify, Notify.ONCE),
        (read_metric, Metric.AMORTIZED),
        (read_record_types, ()),
        (read_milestones, Milestones()),
        (read_spike_rule, None),
        (read_scope, Scope()),
        (read_frequency, Frequency.DAILY),
        (read_name, ""),
        (read_part_by, None),
        (read_budgets, Budgets()),
        (read_muted_services, ()),
        (read_date, None),
    ],
)
@pytest.mark.parametrize("blank", ["", " ", "\n\t"])
def test_blank_is_as_before(parse: Callable[[str], object], default: object, blank: str) -> None:
    """An old install, and a field left alone, change nothing."""
    assert parse(blank) == default


@pytest.mark.parametrize(
    ("text", "notify"),
    [
        ("Once per period", Notify.ONCE),
        ("EVERY CHECK", Notify.EVERY_CHECK),
        ("only-when-exceeded", Notify.ONLY_EXCEEDED),
        ("once", Notify.ONCE),
        ("alerts and a weekly summary", Notify.WEEKLY_SUMMARY),
    ],
)
def test_notify_is_matched_without_case_spaces_and_hyphens(text: str, notify: Notify) -> None:
    """The form sends the label; a script may send what it likes."""
    assert read_notify(text) is notify


@pytest.mark.parametrize("text", ["NetAmortizedCost", "net amortized cost", "NET_AMORTIZED_COST"])
def test_metric_is_one_of_the_five(text: str) -> None:
    """Cost Explorer's two spellings and the words are one metric."""
    assert read_metric(text) is Metric.NET_AMORTIZED


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("Credit, Refund, Tax", ("Credit", "Refund", "Tax")),
        ("tax;credits ,TAXES", ("Credit", "Tax")),
        ("savings plan negation", ("SavingsPlanNegation",)),
        ("EnterpriseDiscountProgramDiscount", ("Enterprise Discount Program Discount",)),
        (", ,", ()),
    ],
)
def test_charges_are_spelled_as_cost_explorer_does(text: str, types: tuple[str, ...]) -> None:
    """In order and once, so that equal settings are equal; a filter finds exact names only."""
    assert read_record_types(text) == types


@pytest.mark.parametrize("record_type", RECORD_TYPES)
def test_every_charge_type_can_be_named(record_type: str) -> None:
    """What the error offers is accepted."""
    assert read_record_types(record_type) == (record_type,)


@pytest.mark.parametrize(
    ("text", "percents"),
    [
        ("50, 80, 100, 120", ["50", "80", "100", "120"]),
        ("120% 80 % 80;99.5", ["80", "99.5", "120"]),
        ("1", ["1"]),
    ],
)
def test_milestones_are_percents_in_order(text: str, percents: list[str]) -> None:
    """Each once, ascending, with or without the sign."""
    assert read_milestones(text) == Milestones(tuple(Decimal(percent) for percent in percents))


def test_a_milestone_can_be_one_of_the_forecast() -> None:
    """Told of before the money is gone."""
    expected = Milestones((Decimal(50), Decimal(80)), (Decimal(100), Decimal(120)))
    assert read_milestones("50, forecast 100, 80, Forecast: 120%") == expected


@pytest.mark.parametrize(
    ("text", "part_by"),
    [
        ("account", PartBy(Dimension.ACCOUNT)),
        ("Linked Accounts", PartBy(Dimension.ACCOUNT)),
        ("Service", PartBy(Dimension.SERVICE)),
        ("tag:team", PartBy(Dimension.TAG, "team")),
        ("category: Cost Center", PartBy(Dimension.CATEGORY, "Cost Center")),
    ],
)
def test_a_bill_is_divided_by_one_dimension(text: str, part_by: PartBy) -> None:
    """The case of a tag's key is AWS's own."""
    assert read_part_by(text) == part_by


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("production=120, sandbox-*=15, *=40", [("production", "120"), ("sandbox-*", "15"), ("*", "40")]),
        ("production = $1,200.50; *=1,000", [("production", "1200.50"), ("*", "1000")]),
        ('"a, b = c"=5\nteam=7 USD', [("a, b = c", "5"), ("team", "7")]),
        ("a: 5", [("a", "5")]),
    ],
)
def test_budgets_are_names_with_amounts_in_their_order(text: str, entries: list[tuple[str, str]]) -> None:
    """Of several that fit a part the first holds, so the order is the user's."""
    read = read_budgets(text)
    assert [(name, str(budget.amount)) for name, budget in read.entries] == entries
    assert read_budgets(str(read)) == read


def test_muted_services_are_found_by_the_names_that_people_use() -> None:
    """A short name stands for what Cost Explorer calls it, as in a scope."""
    muted = read_muted_services('SageMaker, "Contact Center (service sold by AMCS, LLC)"')
    assert muted == ("Amazon SageMaker", "Contact Center (service sold by AMCS, LLC)", "SageMaker")
    assert read_date("2026-12-31") == date(2026, 12, 31)


@pytest.mark.parametrize(
    ("text", "frequency"),
    [("week", Frequency.WEEKLY), ("MTD", Frequency.MONTH_TO_DATE), ("per month", Frequency.MONTHLY)],
)
def test_other_words_for_a_frequency_are_understood(text: str, frequency: Frequency) -> None:
    """As people say it."""
    assert read_frequency(text) is frequency


def test_a_metric_may_be_named_without_the_word_cost() -> None:
    """There is no other kind."""
    assert read_metric("unblended") is Metric.UNBLENDED


@pytest.mark.parametrize(
    "text",
    ["40% and 20", "40%, $20", "40 % & $20.00", "40%+20 USD", "40%/20", "40% AND us$20"],
)
def test_a_spike_is_a_percentage_and_an_amount(text: str) -> None:
    """However the two are joined."""
    assert read_spike_rule(text) == SpikeRule(Decimal(40), Decimal(20))


def test_a_spike_may_be_large() -> None:
    """Thousands are written with commas."""
    assert read_spike_rule("12.5% and $1,250,000.50") == SpikeRule(Decimal("12.5"), Decimal("1250000.50"))


@pytest.mark.parametrize(
    ("setting", "text", "expected"),
    [
        ("notify", "only exceeded", "Did you mean Only when exceeded?"),
        (
            "notify",
            "???",
            "Accepted are Once per period, Every check, Only when exceeded, Alerts and a weekly summary.",
        ),
        ("metric", "amortised cost", "Did you mean AmortizedCost?"),
        ("metric", "UsageQuantity", "Accepted are AmortizedCost, BlendedCost, NetAmortizedCost"),
        ("exclude_charges", "Tax, Credt", "Did you mean Credit?"),
        ("exclude_charges", "zzz", 'Write for example "Credit, Refund, Tax".'),
        ("milestones", "50, eighty", 'Did you mean "50"?'),
        ("milestones", "0.5, 0.8", "Did you mean 50?"),
        ("milestones", "0", "between 1 and 1000"),
        ("milestones", "1001", "between 1 and 1000"),
        ("milestones", "-50", '"50, 80, 100, forecast 100"'),
        ("milestones", ",".join(str(n) for n in range(1, 22)), "at most 20"),
        ("spike_alert", "40 and 20", 'Did you mean "40% and 20"?'),
        ("spike_alert", "$20 and 40%", 'Did you mean "40% and 20"?'),
        ("spike_alert", "$20, 40", 'Did you mean "40% and 20"?'),
        ("milestones", "50, forcast 100", 'Did you mean "forecast 100"?'),
        ("milestones", "50, forecast", '"forecast", which is no percent'),
        (
            "scope",
            "region:Frankfurt",
            'the region "Frankfurt", which looks like none. Did you mean eu-central-1?',
        ),
        ("scope", "region:Tel-Aviv", "Did you mean il-central-1?"),
        ("frequency", "dayly", 'is "dayly". Did you mean Daily?'),
        ("by", "acount", 'is "acount". Did you mean account?'),
        ("by", "tag", "lacks the tag's name"),
        ("by", "service:EC2", "Did you mean service?"),
        ("budgets", "production", '"production", which is no name=amount'),
        ("budgets", "production=lots", 'for "production" an amount that is "lots", which is not an amount'),
        ("budgets", "a=1, a=2", 'has "a" twice'),
        ("budgets", "=2", "an amount without a name"),
        ("mute_until", "31.12.2026", "Did you mean 2026-12-31?"),
        ("mute_until", "2026/1/2", "Did you mean 2026-01-02?"),
        ("mute_until", "2026-02-30", 'is "2026-02-30", which is no date'),
        ("mute_until", "next week", "Write a date as 2026-12-31"),
        ("name", "x" * 61, "longer than 60"),
        ("spike_alert", "40%", '"40% and 20"'),
        ("spike_alert", "a lot", '"40% and 20"'),
        ("scope", "acount:111122223333", "Did you mean account:?"),
        ("scope", "team=web", "account:, service:, region:, tag:, category: only"),
        ("scope", "account:1234", "not 12 digits"),
        ("scope", "region:eu-west1", "Did you mean eu-west-1?"),
        ("scope", "tag:team", "not key=value"),
        ("scope", "tag:=web", "not key=value"),
        ("scope", "service: EC2", "service: without a value right after it"),
        ("scope", 'service:"Amazon EC2', "quotation mark"),
        ("scope", "service:x " * 200, "longer than 1000"),
    ],
)
def test_a_wrong_value_names_setting_neighbour_and_example(setting: str, text: str, expected: str) -> None:
    """Whoever reads it knows what to type instead."""
    with pytest.raises(ValueError, match=VERBS) as caught:
        PARSERS[setting](text)
    assert expected in f"{setting} {caught.value}"


@given(st.sampled_from(sorted(PARSERS)), st.text(max_size=60))
def test_whatever_is_typed_is_read_or_refused_in_words(setting: str, text: str) -> None:
    """No other error comes out of a form, and the refusal is one line that does not repeat the text."""
    try:
        PARSERS[setting](text)
    except ValueError as error:
        refusal = str(error)
    else:
        return
    assert re.match(VERBS, refusal)
    assert "\n" not in refusal
    assert len(refusal) < 700
