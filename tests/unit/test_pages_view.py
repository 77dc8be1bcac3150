"""What a page says, whatever was told and however it is spelled."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from adapters.chats.happened import events
from adapters.pages.document import Document, Span
from adapters.pages.exports import costs_csv, public_json
from adapters.pages.rendering import HtmlPage, render_picture, render_report
from adapters.pages.shown import ReportView
from adapters.pages.view import view_of
from adapters.pages.writing import document_of
from application.notice import Account, SpendNotice
from domain.analysis import Misfit
from domain.closing import Closing
from domain.costs import UNDIVIDED
from domain.money import Money
from domain.periods import Frequency, Period
from domain.reports import Report
from domain.thresholds import UNLIMITED, Verdict
from domain.told import Told
from tests.doubles.fakes.histories import by_period, daily
from tests.doubles.fakes.notices import (
    EXCEEDED,
    MONITOR,
    NEWEST,
    TODAY,
    UNPUBLISHED,
    WITHIN,
    days,
    on_days,
    spend_notice,
)

UNTIL = datetime(2026, 12, 23, tzinfo=UTC)
HUNDRED_KB = 100_000
RIGHT_TO_LEFT = "\u202e"


def stored(notice: SpendNotice) -> Document:
    """As it is kept and opened."""
    return msgspec.json.decode(msgspec.json.encode(document_of(notice)), type=Document)


def view(notice: SpendNotice) -> ReportView:
    """As it is drawn from what is stored."""
    return view_of(stored(notice), UNTIL)


def older(notice: SpendNotice) -> ReportView:
    """Of a version that kept no sentences."""
    return view_of(msgspec.structs.replace(stored(notice), happened=[]), UNTIL)


def page(notice: SpendNotice) -> str:
    """Its HTML."""
    return html_of(render_report(stored(notice), "/reports/x", UNTIL))


def html_of(page: HtmlPage) -> str:
    """What stands in it, without the style sheet."""
    html = page.body.decode()
    return html[: html.index("<style>")] + html[html.index("</style>") :]


def test_a_breach_says_by_how_much_and_against_what() -> None:
    """The first lines of the page."""
    shown = view(EXCEEDED)
    assert (shown.tone, shown.verdict, shown.spend) == ("bad", "Over budget", "$142.02")
    assert shown.against == "$42.02 over the threshold of $100.00 (42%)."
    assert shown.why == (
        "Up $132.02 (1,320%) from $10.00 (Sat 21 Nov 2026).",
        "A Sunday usually costs $10.00 ($10.00 to $10.00).",
    )
    assert shown.meter is not None
    assert shown.meter.mark is not None
    assert shown.meter.filled > shown.meter.mark


def test_within_budget_says_what_is_left() -> None:
    """Green, and how far it is to the threshold."""
    shown = view(WITHIN)
    assert (shown.tone, shown.against) == ("good", "$90.00 under the threshold of $100.00.")
    assert shown.why[0] == "The same as $10.00 (Sat 21 Nov 2026)."


def test_nothing_published_is_a_page_that_says_so() -> None:
    """No figure, no meter, no chart; and what happens next."""
    shown = view(on_days(*[None] * 35))
    assert (shown.spend, shown.meter, shown.chart) == ("Not published yet", None, None)
    assert any("told when it has" in event for event in shown.events)
    assert '<svg class="plot"' not in page(on_days(*[None] * 35))


@pytest.mark.parametrize("notice", [WITHIN, EXCEEDED, UNPUBLISHED])
def test_what_happened_is_what_the_channel_was_told(notice: SpendNotice) -> None:
    """In the same sentences."""
    assert view(notice).events == tuple(events(notice))


def test_the_first_word_and_the_corrections_are_told() -> None:
    """In their order, with the figures."""
    told = Told((Verdict.WITHIN,), Money(Decimal(90)), Money(Decimal(90)))
    shown = older(spend_notice(days(*["10"] * 34, "142.02"), told={NEWEST: told}))
    assert shown.told == ("First: within budget, at $90.00.",)
    assert shown.events[0] == (
        "Correction: told before as within budget at $90.00; now over budget, "
        "since AWS has changed its figures."
    )


def test_spike_milestone_and_recovery_are_told() -> None:
    """Each in a sentence."""
    report = replace(WITHIN.report, spike=True, milestone=Decimal(80))
    said = " ".join(older(spend_notice(WITHIN.history, report=report)).events)
    assert "Spike: far above what a Sunday usually costs." in said
    assert "Milestone: 80% of the threshold reached." in said
    back = older(on_days(*["10"] * 30, "150", "150", "150", "150", "10"))
    assert back.events == ("Back within budget after 4 days over it, by $200.00 in total.",)


def test_a_month_is_compared_with_as_many_days_of_the_one_before() -> None:
    """So far, then, where it is heading, and when the threshold is reached."""
    monitor = replace(MONITOR, frequency=Frequency.MONTH_TO_DATE)
    history = daily("2026-11-23", *["10"] * 62)
    month = view(spend_notice(history, monitor)).month
    assert month is not None
    assert dict(month.facts) == {
        "So far, to Sun 22 Nov 2026": "$220.00",
        "Thu 1 Oct 2026 to Thu 22 Oct 2026": "$220.00",
        "Heading for": "$300.00 by the end of November",
        "Pace of a usual day": "$10.00",
        "Threshold": "$100.00",
        "Reached": "on Tue 10 Nov 2026",
    }
    assert month.meter.expected > month.meter.filled


HOSTILE = {
    "<script>alert(1)</script>": "10",
    '"><img src=x onerror=alert(1)>': "9",
    f"{RIGHT_TO_LEFT}gnp.exe": "8",
    "x" * 300: "7",
    "A\u0000\u0007\n\r\tB": "6",
    "{{ 7 * 7 }}{% raw %}": "5",
    '=HYPERLINK("http://evil.example")': "4",
}


def test_a_name_from_outside_is_only_a_name() -> None:
    """No markup, no template, no right-to-left mark, and cut where it would push the page apart."""
    html = page(on_days(*[HOSTILE] * 35))
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "{{ 7 * 7 }}" in html
    assert RIGHT_TO_LEFT not in html
    assert "x" * 101 not in html
    picture = render_picture(stored(on_days(*[HOSTILE] * 35))).decode()
    assert "<script" not in picture
    assert RIGHT_TO_LEFT not in picture


def test_a_name_is_no_formula_in_a_spreadsheet() -> None:
    """Whoever opens the CSV runs nothing."""
    assert "'=HYPERLINK" in costs_csv(document_of(on_days(*[HOSTILE] * 35)).costs.history)


def test_two_hundred_services_are_one_page_under_100_kb() -> None:
    """With the longest names; all others are in the JSON."""
    services = {f"{n} {'long name ' * 30}": str(1000 - n) for n in range(200)}
    notice = on_days(*[services] * 35)
    assert len(render_report(stored(notice), "/reports/x", UNTIL).body) < HUNDRED_KB
    shown = view(notice)
    assert (len(shown.services.rows), len(shown.services.more), shown.services.left_out) == (10, 90, 100)
    document = msgspec.json.decode(msgspec.json.encode(public_json(document_of(notice))))
    assert len(document["services"]) == len(document["costs"][-1]["services"]) == 200


def test_thousands_of_parts_are_kept_in_one_message_of_nats() -> None:
    """The smallest are one part together; the sum stays what it is."""
    services = {f"team-{n}": "1.0123456789" for n in range(3000)}
    document = document_of(on_days(*[services] * 35))
    assert len(msgspec.json.encode(document)) < 1_000_000
    total = sum(Decimal(part.spend.amount) for part in document.services)
    assert total == 3000 * Decimal("1.0123456789") == document.costs.history.entries[-1].total
    assert document.services[-1].name == document.costs.names[-1] == "and 2700 others"


def test_credits_below_zero_and_another_currency_read_well() -> None:
    """A month of credits, billed in China."""
    history = daily("2026-11-23", *[{"EC2": "10", "Credit": "-30"}] * 35, currency="CNY")
    html = page(spend_notice(history))
    assert "-20.00 CNY" in html
    assert "AWS bills this account in CNY." in html
    assert "$" not in html.split("<pre")[0].replace("$100.00", "")


def test_one_day_is_a_page() -> None:
    """A new account, with nothing to compare."""
    shown = view(spend_notice(by_period({NEWEST: "5"})))
    assert shown.chart is not None
    assert len(shown.chart.bars) == 1
    assert (shown.why, shown.services.compared) == ((), False)


def test_a_document_of_an_older_version_is_a_page() -> None:
    """Everything but the period may be absent."""
    oldest = Document(period=Span(TODAY - timedelta(days=1), TODAY))
    html = html_of(render_report(oldest, "/reports/x"))
    assert "Sun 22 Nov 2026" in html
    assert "None" not in html
    one_by_one = msgspec.json.decode(msgspec.json.encode(document_of(EXCEEDED)))
    for key in one_by_one.keys() - {"period"}:
        without = {name: value for name, value in one_by_one.items() if name != key}
        document = msgspec.json.decode(msgspec.json.encode(without), type=Document)
        html = html_of(render_report(document, "/reports/x", UNTIL))
        assert not re.search(r"\bNone\b", html), key


@pytest.mark.parametrize("notice", [WITHIN, EXCEEDED, UNPUBLISHED])
def test_the_json_is_what_was_stored(notice: SpendNotice) -> None:
    """Reading and writing change nothing."""
    document = document_of(notice)
    again = msgspec.json.decode(msgspec.json.encode(document), type=Document)
    assert again == document
    assert public_json(again) == public_json(document)


def test_a_report_without_its_analysis_is_a_page() -> None:
    """Figures alone."""
    bare = replace(EXCEEDED.report, analysis=None)
    assert isinstance(bare, Report)
    shown = view(spend_notice(EXCEEDED.history, report=bare))
    assert (shown.spend, shown.month, shown.services.rows) == ("$142.02", None, ())


def test_dates_are_what_people_say() -> None:
    """With the weekday; and the page's end."""
    shown = view(EXCEEDED)
    assert (shown.period, shown.until) == ("Sun 22 Nov 2026", "Wed 23 Dec 2026")
    assert shown.made_at == "Mon 23 Nov 2026, 12:00 UTC"
    assert date(2026, 11, 22).strftime("%a") == "Sun"


def test_a_scope_that_nothing_fits_is_told_as_that() -> None:
    """Never as a day that AWS has not published, and never as $0."""
    analysis = UNPUBLISHED.report.analysis
    assert analysis is not None
    report = replace(UNPUBLISHED.report, analysis=replace(analysis, misfit=Misfit(("Amazon EC2",))))
    shown = view(spend_notice(days(*[None] * 35), report=report))
    assert (shown.spend, shown.verdict) == ("No figure", "")
    assert "Near it in the bill: Amazon EC2." in shown.events[-1]
    assert not any("published" in sentence for sentence in (*shown.events, *shown.notes))


def test_credits_that_hide_something_are_named() -> None:
    """With what it would be without them."""
    analysis = WITHIN.report.analysis
    assert analysis is not None
    report = replace(WITHIN.report, analysis=replace(analysis, taken_off=Money(Decimal(-5))))
    why = view(spend_notice(WITHIN.history, report=report)).why
    assert why[-1] == "Credits and refunds take $5.00 off: $15.00 without them."


def test_sums_alone_are_a_page() -> None:
    """Where the answer by service is too long to pay for."""
    shown = view(on_days(*[{UNDIVIDED: "10"}] * 35))
    assert any("too many pages" in note for note in shown.notes)
    assert shown.chart is not None
    assert [key.name for key in shown.chart.keys] == [UNDIVIDED]


def test_who_watches_parts_alone_has_no_threshold_for_the_whole() -> None:
    """No sum that nobody set."""
    shown = view(spend_notice(WITHIN.history, replace(MONITOR, threshold=UNLIMITED)))
    assert (shown.against, shown.meter) == ("", None)
    assert shown.chart is not None
    assert (shown.chart.threshold, shown.chart.threshold_above) == (None, "")


def test_an_account_has_the_name_that_the_channel_gave_it() -> None:
    """And its number."""
    named = replace(WITHIN, account=Account("123456789012", "acme production"))
    assert view(named).subject[0] == "acme production, AWS account 123456789012"


def test_a_service_is_shown_beside_what_it_usually_costs() -> None:
    """Where that is known."""
    (row,) = view(EXCEEDED).services.rows
    assert (row.spend, row.usual) == ("$142.02", "$10.00")
    assert view(spend_notice(by_period({NEWEST: "5"}))).services.has_usual is False


def test_a_part_is_called_one_and_a_closed_month_is_told() -> None:
    """As in the message: a page never shows a part as the whole."""
    october, november = (Period(date(2026, month, 1), date(2026, month + 1, 1)) for month in (10, 11))
    closing = Closing(november, Money(Decimal(600)), october, Money(Decimal("590.5")))
    shown = view(spend_notice(WITHIN.history, report=replace(WITHIN.report, whole=False, closing=closing)))
    assert shown.notes[0] == "AWS may not have published all of it yet."
    assert shown.why[-1] == "November 2026 cost $600.00; October 2026 cost $590.50."
    whole = view(WITHIN)
    assert "AWS may not have published all of it yet." not in whole.notes
