"""The chart: where everything stands, and which color it has."""

from __future__ import annotations

import itertools
import re
import string
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.pages.chart import chart_of, title_of
from adapters.pages.colors import LIGHT, LIGHT_OTHERS, OTHERS, slots_of
from adapters.pages.plane import HEIGHT, WIDTH, Chart
from adapters.pages.writing import document_of
from application.monitor import Monitor
from application.notice import SpendNotice
from domain.periods import Frequency, Period
from tests.doubles.fakes.histories import AMOUNTS, by_period, day, month
from tests.doubles.fakes.notices import EXCEEDED, MONITOR, NEWEST, UNPUBLISHED, days, on_days, spend_notice

RGB = tuple[float, float, float]
SIMULATED = {
    "as it is": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "without red cones": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    "without green cones": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
    "without blue cones": ((1.256, -0.077, -0.179), (-0.078, 0.931, 0.148), (0.005, 0.691, 0.304)),
}
"""How the color-blind see light. Source: Machado, Oliveira and Fernandes 2009, severity 1."""

CLEARLY_APART = 12
"""In CIE L*a*b*; about 2 is the least difference that anybody sees."""


def light(color: str) -> RGB:
    """The linear light of ``#rrggbb``."""
    red, green, blue = (int(color[n : n + 2], 16) / 255 for n in (1, 3, 5))
    return _linear(red), _linear(green), _linear(blue)


def _linear(value: float) -> float:
    return float(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)


def lab(rgb: RGB, eye: str) -> RGB:
    """The color as that eye sees it, in CIE L*a*b*."""
    red, green, blue = (
        min(1.0, max(0.0, sum(a * b for a, b in zip(row, rgb, strict=True)))) for row in SIMULATED[eye]
    )
    x = _root((0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505)
    y = _root(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    z = _root((0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _root(value: float) -> float:
    return float(value ** (1 / 3) if value > 0.008856 else 7.787 * value + 16 / 116)


def palettes() -> list[tuple[str, ...]]:
    """Of the style sheet, in the light and in the dark."""
    sheet = files("adapters.pages").joinpath("templates/style.css").read_text("utf-8")
    colors = re.findall(r"--c\d: (#\w{6})", sheet)
    return [tuple(colors[: OTHERS + 1]), tuple(colors[OTHERS + 1 :])]


def test_a_picture_has_the_colors_of_the_page() -> None:
    """Light ones, since it stands in a chat on whatever ground."""
    assert palettes()[0] == (*LIGHT, LIGHT_OTHERS)


@pytest.mark.parametrize("eye", SIMULATED)
@pytest.mark.parametrize("palette", palettes(), ids=["light", "dark"])
def test_everybody_can_tell_the_colors_apart(palette: tuple[str, ...], eye: str) -> None:
    """Every two of them, with any kind of eyes."""
    for one, other in itertools.combinations(palette, 2):
        seen = zip(lab(light(one), eye), lab(light(other), eye), strict=True)
        assert sum((a - b) ** 2 for a, b in seen) ** 0.5 >= CLEARLY_APART, (one, other)


NAMES = st.lists(st.text(string.ascii_letters, min_size=1, max_size=8), unique=True, max_size=20)


@given(NAMES)
def test_up_to_seven_services_have_seven_colors_whatever_their_order(names: list[str]) -> None:
    """And the others have the eighth."""
    slots = slots_of(names)
    assert slots == slots_of(reversed(names))
    own = [slot for slot in slots.values() if slot != OTHERS]
    assert len(own) == len(set(own)) == min(len(names), OTHERS)


def test_a_service_keeps_its_color_when_another_joins_that_wants_a_different_one() -> None:
    """The same service has the same color everywhere."""
    ec2, tax = "Amazon Elastic Compute Cloud - Compute", "Tax"
    assert slots_of([ec2])[ec2] == slots_of([ec2, tax])[ec2]
    assert slots_of([tax])[tax] == slots_of([ec2, tax])[tax]


def chart(notice: SpendNotice) -> Chart:
    """The chart of a report that has one."""
    drawn = chart_of(document_of(notice))
    assert drawn is not None
    return drawn


def test_a_bar_stands_for_a_day_from_zero_to_what_it_cost() -> None:
    """The newest is the highest, is marked, and AWS may still change it."""
    drawn = chart(EXCEEDED)
    newest = drawn.bars[-1]
    assert (drawn.unit, newest.reported, newest.provisional) == ("days", True, True)
    assert [bar.reported for bar in drawn.bars].count(True) == 1
    (segment,) = newest.segments
    assert drawn.base == HEIGHT
    assert segment.top + segment.height == pytest.approx(HEIGHT)
    assert segment.height / HEIGHT == pytest.approx(142.02 / 150, abs=0.01)
    assert newest.title == "Sun 22 Nov 2026: $142.02, may still change\nEC2: $142.02"
    assert newest.left + newest.place == pytest.approx(WIDTH)


def test_the_threshold_has_a_line_where_it_is_for_one_bar() -> None:
    """Not a week's among days; and none that would press all bars to the ground."""
    drawn = chart(EXCEEDED)
    assert drawn.threshold is not None
    assert drawn.threshold.text == "$100.00"
    assert drawn.threshold.top == round(HEIGHT * (1 - 100 / 150), 2)
    weekly = spend_notice(days(*["10"] * 35), each(Frequency.WEEKLY))
    assert (chart(weekly).threshold, chart(weekly).threshold_above) == (None, "")
    low = chart(on_days(*["1"] * 35))
    assert (low.threshold, low.threshold_above) == (None, "$100.00")


def each(frequency: Frequency) -> Monitor:
    """The usual monitor with another frequency."""
    return replace(MONITOR, frequency=frequency)


def test_a_credit_hangs_below_zero() -> None:
    """And what it goes against stands above."""
    credit = spend_notice(days(*["10"] * 34, None))
    history = by_period({NEWEST: {"EC2": "30", "Credit": "-40"}})
    drawn = chart(spend_notice(history, report=credit.report))
    up, down = sorted(drawn.bars[-1].segments, key=lambda segment: segment.top)
    assert up.top + up.height == pytest.approx(drawn.base)
    assert down.top == pytest.approx(drawn.base)
    assert down.height / up.height == pytest.approx(40 / 30, abs=0.01)
    assert [tick.text for tick in drawn.ticks] == ["-$40", "-$20", "$0", "$20", "$40"]


def test_what_is_not_published_is_a_gap_that_says_so() -> None:
    """No bar, and not zero."""
    newest = chart(UNPUBLISHED).bars[-1]
    assert (newest.segments, newest.provisional) == ((), True)
    assert newest.title == "Sun 22 Nov 2026: not published"


def test_nothing_published_is_nothing_drawn() -> None:
    """An empty frame would look like zero."""
    assert chart_of(document_of(on_days(*[None] * 35))) is None


def test_months_are_named() -> None:
    """One bar for each."""
    months = {month(f"2026-{n:02}-01"): "100" for n in range(1, 11)}
    monthly = spend_notice(by_period(months), each(Frequency.MONTHLY))
    drawn = chart(monthly)
    assert drawn.unit == "months"
    assert [bar.label for bar in drawn.bars][:3] == ["Jan", "Feb", "Mar"]
    assert drawn.usual == ""


def test_the_usual_line_begins_where_three_weeks_are_known() -> None:
    """Two points for each day from then on."""
    assert len(chart(EXCEEDED).usual.split()) == 2 * (35 - 21)


def test_the_largest_services_have_a_color_and_the_rest_shares_one() -> None:
    """The keys tell what each cost in all that is drawn."""
    services = {f"Service {n}": str(100 - n) for n in range(10)}
    drawn = chart(spend_notice(by_period({NEWEST: services}), report=EXCEEDED.report))
    assert [key.name for key in drawn.keys] == [*(f"Service {n}" for n in range(7)), "3 others"]
    assert drawn.keys[-1].total == "$276.00"
    assert drawn.bars[-1].segments[-1].slot == OTHERS


@given(
    st.lists(st.dictionaries(st.sampled_from("abcdefghijk"), AMOUNTS, max_size=11), min_size=1, max_size=40)
)
def test_whatever_is_billed_stays_on_the_plane(bills: list[Mapping[str, Decimal]]) -> None:
    """Nothing is drawn outside, and no bar stands on another."""
    drawn = chart_of(document_of(spend_notice(days(*bills), report=EXCEEDED.report)))
    if drawn is None:
        return
    for bar in drawn.bars:
        for segment in bar.segments:
            assert segment.top >= -0.5
            assert segment.top + segment.height <= HEIGHT + 0.5
            assert segment.height >= 0
    assert len(drawn.ticks) <= 8


@pytest.mark.parametrize(
    ("period", "title"),
    [(day("2026-11-22"), "Sun 22 Nov 2026"), (month("2026-11-01"), "November 2026")],
)
def test_periods_have_titles_for_people(period: Period, title: str) -> None:
    """With the weekday, as spend depends on it."""
    assert title_of(period) == title
