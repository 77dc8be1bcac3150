"""A setting is read as people write it; a wrong one names the setting, what it was near to and an example."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.charges import RECORD_TYPES, Metric, parse_record_types
from domain.milestones import Milestones
from domain.notify import Notify
from domain.scope import Scope
from domain.usual import SpikeRule

PARSERS: dict[str, Callable[[str], object]] = {
    "notify": Notify.parse,
    "metric": Metric.parse,
    "exclude_charges": parse_record_types,
    "milestones": Milestones.parse,
    "spike_alert": SpikeRule.parse,
    "scope": Scope.parse,
}


@pytest.mark.parametrize(
    ("parse", "default"),
    [
        (Notify.parse, Notify.ONCE),
        (Metric.parse, Metric.AMORTIZED),
        (parse_record_types, ()),
        (Milestones.parse, Milestones()),
        (SpikeRule.parse, None),
        (Scope.parse, Scope()),
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
    ],
)
def test_notify_is_matched_without_case_spaces_and_hyphens(text: str, notify: Notify) -> None:
    """The form sends the label; a script may send what it likes."""
    assert Notify.parse(text) is notify


@pytest.mark.parametrize("text", ["NetAmortizedCost", "net amortized cost", "NET_AMORTIZED_COST"])
def test_metric_is_one_of_the_five(text: str) -> None:
    """Cost Explorer's two spellings and the words are one metric."""
    assert Metric.parse(text) is Metric.NET_AMORTIZED


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
    assert parse_record_types(text) == types


@pytest.mark.parametrize("record_type", RECORD_TYPES)
def test_every_charge_type_can_be_named(record_type: str) -> None:
    """What the error offers is accepted."""
    assert parse_record_types(record_type) == (record_type,)


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
    assert Milestones.parse(text) == Milestones(tuple(Decimal(percent) for percent in percents))


@pytest.mark.parametrize(
    "text",
    ["40% and 20", "40%, $20", "40 % & $20.00", "40%+20 USD", "40%/20", "40% AND us$20"],
)
def test_a_spike_is_a_percentage_and_an_amount(text: str) -> None:
    """However the two are joined."""
    assert SpikeRule.parse(text) == SpikeRule(Decimal(40), Decimal(20))


def test_a_spike_may_be_large() -> None:
    """Thousands are written with commas."""
    assert SpikeRule.parse("12.5% and $1,250,000.50") == SpikeRule(Decimal("12.5"), Decimal("1250000.50"))


@pytest.mark.parametrize(
    ("setting", "text", "expected"),
    [
        ("notify", "only exceeded", "Did you mean Only when exceeded?"),
        ("notify", "???", "Accepted are Once per period, Every check, Only when exceeded."),
        ("metric", "amortised cost", "Did you mean AmortizedCost?"),
        ("metric", "UsageQuantity", "Accepted are AmortizedCost, BlendedCost, NetAmortizedCost"),
        ("exclude_charges", "Tax, Credt", "Did you mean Credit?"),
        ("exclude_charges", "zzz", 'Write for example "Credit, Refund, Tax".'),
        ("milestones", "50, eighty", 'Did you mean "50"?'),
        ("milestones", "0.5, 0.8", "Did you mean 50?"),
        ("milestones", "0", "between 1 and 1000"),
        ("milestones", "1001", "between 1 and 1000"),
        ("milestones", "-50", '"50, 80, 100, 120"'),
        ("milestones", ",".join(str(n) for n in range(1, 22)), "at most 20"),
        ("spike_alert", "40 and 20", 'Did you mean "40% and 20"?'),
        ("spike_alert", "40%", '"40% and 20"'),
        ("spike_alert", "a lot", '"40% and 20"'),
        ("scope", "acount:111122223333", "Did you mean account:?"),
        ("scope", "team=web", "account:, service:, region: and tag: only"),
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
    with pytest.raises(ValueError, match=f"^{setting} ") as caught:
        PARSERS[setting](text)
    assert expected in str(caught.value)


@given(st.sampled_from(sorted(PARSERS)), st.text(max_size=60))
def test_whatever_is_typed_is_read_or_refused_in_words(setting: str, text: str) -> None:
    """No other error comes out of a form, and the refusal is one line that does not repeat the text."""
    try:
        PARSERS[setting](text)
    except ValueError as error:
        refusal = str(error)
    else:
        return
    assert refusal.startswith(f"{setting} ")
    assert "\n" not in refusal
    assert len(refusal) < 600
