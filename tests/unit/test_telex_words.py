"""The words of a report: six lines that say it all, then why it cost that, and what comes next."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.chats.amounts import percent_of, sparkline
from adapters.chats.telex import LONGEST, Message, message_of
from adapters.chats.wording import NEXT_LOOK
from adapters.settings.amounts import read_milestones, read_spike_rule
from adapters.settings.scopes import read_scope
from application.aws_errors import AwsUnavailable, PermissionMissing
from application.errors import SettingsRejected
from application.monitor import Monitor
from application.notice import Account
from domain.analysis import Misfit
from domain.charges import Metric
from domain.costs import UNDIVIDED, CostHistory
from domain.money import Money
from domain.movers import Part
from domain.periods import Frequency, Period
from domain.reports import Report, news
from domain.thresholds import Threshold, Verdict
from domain.told import Told
from tests.doubles.fakes.histories import AMOUNTS, Amounts, by_period, daily, day, month
from tests.doubles.fakes.notices import ACCOUNT, MONITOR, NEWEST, TODAY, failure_notice, spend_notice


def report_of(
    history: CostHistory, monitor: Monitor = MONITOR, told: Mapping[Period, Told] | None = None
) -> Report:
    """The report on the newest period."""
    return spend_notice(history, monitor, told).report


def text_of(
    history: CostHistory, monitor: Monitor = MONITOR, told: Mapping[Period, Told] | None = None
) -> str:
    """Its message."""
    return message_of(spend_notice(history, monitor, told)).text


def lines_of(*costs: Amounts | str | None, monitor: Monitor = MONITOR) -> list[str]:
    """The message about yesterday, line by line."""
    return text_of(daily("2026-11-23", *costs), monitor).splitlines()


def line(start: str, text: str) -> str:
    """The one line that starts so."""
    [found] = [one for one in text.splitlines() if one.startswith(start)]
    return found


class TestFirstSixLines:
    """They stay as their users know them."""

    def test_over_budget(self) -> None:
        """The excess in money and percent stands with the threshold."""
        assert lines_of("142.02")[:6] == [
            "🔔 AWS Spend Alert",
            "",
            "🏦 AWS Account: 123456789012",
            "💰 Current Spend: $142.02 (Sun 22 Nov 2026)",
            "🎯 Threshold: $100.00 (142% spent, exceeded by $42.02)",
            "🔴 Status: Exceeded Budget",
        ]

    def test_within_budget(self) -> None:
        """And where the month stands."""
        assert lines_of("100")[:6] == [
            "✅ AWS Spend Alert",
            "November $100, about $900 by its end.",
            "🏦 AWS Account: 123456789012",
            "💰 Current Spend: $100.00 (Sun 22 Nov 2026)",
            "🎯 Threshold: $100.00 (100% spent)",
            "🟢 Status: Within Budget",
        ]

    def test_not_published(self) -> None:
        """There is no figure, least of all $0."""
        lines = lines_of("100", None)
        assert lines[:6] == [
            "⏳ AWS Spend Alert",
            "AWS has not published all costs of this period yet; you will be told when it has.",
            "🏦 AWS Account: 123456789012",
            "💰 Current Spend: not published yet (Sun 22 Nov 2026)",
            "🎯 Threshold: $100.00",
            "🟡 Status: Not Published Yet",
        ]
        assert "$0" not in "\n".join(lines)

    def test_a_week_published_in_part_has_a_figure_so_far(self) -> None:
        """Neither within budget nor over it yet."""
        weekly = replace(MONITOR, frequency=Frequency.WEEKLY)
        lines = lines_of(*["1"] * 20, None, monitor=weekly)
        assert lines[3] == "💰 Current Spend: $6.00 so far (Mon 16 to Sun 22 Nov 2026)"
        assert lines[5] == "🟡 Status: Not Published Yet"

    def test_other_currencies_are_named(self) -> None:
        """The threshold is in the currency of the bill."""
        lines = text_of(daily("2026-11-23", "142", currency="CNY")).splitlines()
        assert lines[3] == "💰 Current Spend: 142.00 CNY (Sun 22 Nov 2026)"
        assert lines[4] == "🎯 Threshold: 100.00 CNY (142% spent, exceeded by 42.00 CNY)"

    def test_there_is_no_percent_of_a_zero_threshold(self) -> None:
        """And a breach by next to nothing is still one."""
        free = replace(MONITOR, threshold=Threshold(Decimal(0)))
        assert lines_of("0.001", monitor=free)[3:5] == [
            "💰 Current Spend: under $0.01 (Sun 22 Nov 2026)",
            "🎯 Threshold: $0.00 (exceeded by under $0.01)",
        ]

    @pytest.mark.parametrize(("cost", "good"), [("100", True), (None, True), ("101", False)])
    def test_red_is_for_exceeded_only(self, cost: str | None, *, good: bool) -> None:
        """Telex shows good news green and bad news red."""
        assert message_of(spend_notice(daily("2026-11-23", "1", cost))).good is good

    def test_without_an_analysis_they_are_all(self) -> None:
        """A bare report is said in full all the same."""
        bare = Report(NEWEST, Money(Decimal(5)), Threshold(Decimal(9)), Verdict.WITHIN)
        text = message_of(spend_notice(daily("2026-11-23"), report=bare)).text
        assert len(text.partition("\n🔗")[0].splitlines()) == 6


class TestEvents:
    """What makes a report more than the usual one stands right under the title."""

    @pytest.mark.parametrize(
        ("before", "now", "expected"),
        [
            ("80", "120", "told before as within budget at $80.00; now exceeded at $120.00"),
            ("120", "80", "told before as exceeded at $120.00; now within budget at $80.00"),
        ],
    )
    def test_a_correction_has_both_figures(self, before: str, now: str, expected: str) -> None:
        """What was told and what holds."""
        told = {NEWEST: report_of(daily("2026-11-23", before)).told()}
        text = text_of(daily("2026-11-23", now), told=told)
        assert text.splitlines()[1] == f"Correction: {expected}, since AWS has changed its figures."

    def test_repeating_is_no_correction(self) -> None:
        """With "Every check" the same verdict comes again."""
        told = {NEWEST: report_of(daily("2026-11-23", "80")).told()}
        assert "Correction" not in text_of(daily("2026-11-23", "85"), told=told)

    def test_a_spike_says_how_far_above_which_weekday(self) -> None:
        """In money and percent."""
        monitor = replace(MONITOR, spike_rule=read_spike_rule("40% and 20"))
        text = text_of(daily("2026-11-23", *["50"] * 30, "80"), monitor)
        assert text.splitlines()[1] == (
            "Spike: $30.00 (60%) above what a Sunday usually costs. EC2 $80.00: usually $50.00."
        )
        assert line("🟡", text) == "🟡 Status: Within Budget"

    def test_a_milestone_is_named(self) -> None:
        """In percent of the threshold."""
        monitor = replace(MONITOR, frequency=Frequency.MONTH_TO_DATE, milestones=read_milestones("50,80"))
        assert lines_of("81", monitor=monitor)[1] == "Milestone: 80% of the threshold passed, now 81%."
        assert lines_of("80", monitor=monitor)[1] == "Milestone: 80% of the threshold reached."

    @pytest.mark.parametrize(
        ("costs", "expected"),
        [
            (("9", "101", "90"), "1 day over it, by $1.00 in total."),
            (("9", "110", "130", "90"), "2 days over it, by $40.00 in total."),
            (("110", "130", "90"), "at least 2 days over it, by $40.00 in total."),
        ],
    )
    def test_the_end_of_an_episode(self, costs: tuple[str, ...], expected: str) -> None:
        """For how long, and how much too much."""
        assert lines_of(*costs)[1] == f"Back within budget after {expected}"

    def test_weeks_and_months_are_counted_in_weeks_and_months(self) -> None:
        """Not in days."""
        weekly = replace(MONITOR, frequency=Frequency.WEEKLY)
        text = text_of(daily("2026-11-23", *["1"] * 7, *["20"] * 14, *["1"] * 7), weekly)
        assert "after 2 weeks over it" in text
        monthly = replace(MONITOR, frequency=Frequency.MONTHLY)
        months = {month("2026-08-01"): "9", month("2026-09-01"): "120", month("2026-10-01"): "9"}
        assert "after 1 month over it" in text_of(by_period(months), monthly)


class TestWhy:
    """What changed, and what moved it."""

    def test_the_three_that_are_furthest_from_their_usual_and_the_others(self) -> None:
        """Each with amount and what is usual; what is new is marked."""
        before = {"EC2": "80", "S3": "9", "RDS": "3", "Glue": "1", "SQS": "0.5", "SNS": "0.5"}
        now = {**before, "EC2": "100", "S3": "5", "Bedrock": "12", "SQS": "0.75"}
        text = text_of(daily("2026-11-23", *[before] * 31, now))
        why = line("📊", text)
        assert why == ("📊 Why: up $28.25 (30%) from what a Sunday usually costs, $94.00 ($94.00 to $94.00).")
        first = text.splitlines().index(why) + 1
        assert text.splitlines()[first : first + 4] == [
            "• EC2: $100.00 (usually $80.00)",
            "• Bedrock: $12.00 (usually nothing, new)",
            "• S3: $5.00 (usually $9.00)",
            "• and 4 others: $5.25 (usually $5.00)",
        ]

    def test_what_usually_costs_nothing_and_does_not_today_is_no_mover(self) -> None:
        """Though it cost something the day before."""
        text = text_of(daily("2026-11-23", *[{"EC2": "80"}] * 31, {"EC2": "80", "Glue": "9"}, {"EC2": "140"}))
        assert "Glue" not in text

    @pytest.mark.parametrize(
        ("before", "now", "expected"),
        [
            ("80", "140", "up $60.00 (75%) from $80.00"),
            ("180", "140", "down $40.00 (22%) from $180.00"),
            ("140", "140.001", "the same as $140.00"),
            ("0", "180", "up $180.00 from $0.00"),
            ("-5", "180", "up $185.00 from -$5.00"),
            ("0.01", "180", "up $179.99 (over 10,000%) from $0.01"),
            ("1000", "1001", "up $1.00 (under 1%) from $1,000.00"),
        ],
    )
    def test_the_change_in_words(self, before: str, now: str, expected: str) -> None:
        """Where nothing is usual yet, against the day before: in money, and in percent if that says more."""
        text = text_of(daily("2026-11-23", before, now))
        assert line("📊", text) == f"📊 Why: {expected} (Sat 21 Nov 2026)."

    def test_with_nothing_to_compare_with_there_are_no_changes(self) -> None:
        """The largest parts are named all the same."""
        lines = lines_of({"S3": "1", "EC2": "109"})
        assert "• EC2: $109.00" in lines
        assert "📊 Why:" in lines

    def test_linked_accounts_are_named_when_they_are_known(self) -> None:
        """With the changes of their own."""
        history = daily("2026-11-23", "80", "120")
        report = report_of(history)
        assert report.analysis is not None
        accounts = (
            Part("web (111122223333)", Decimal(100), Decimal(70)),
            Part("444455556666", Decimal(20), Decimal(10)),
        )
        full = replace(report, analysis=replace(report.analysis, accounts=accounts))
        text = message_of(spend_notice(history, report=full)).text
        at = text.splitlines().index("🏢 Linked accounts:")
        assert text.splitlines()[at + 1 : at + 3] == [
            "• web (111122223333): $100.00 (+$30.00)",
            "• 444455556666: $20.00 (+$10.00)",
        ]


SERVICES = st.dictionaries(st.text("abcdefghijkl", min_size=1, max_size=2), AMOUNTS, min_size=1, max_size=12)


@given(SERVICES, SERVICES)
def test_what_is_shown_adds_up(before: dict[str, Decimal], now: dict[str, Decimal]) -> None:
    """The parts to the spend, their changes to the change, cent by cent."""
    text = text_of(daily("2026-11-23", before, now), replace(MONITOR, threshold=Threshold(Decimal(0))))
    if "Exceeded" not in text:
        return
    spend = shown(re.findall(r"Current Spend: (.*) \(", text)[0])
    parts = re.findall(r"^• [\w ]+: (.*?) \((.*?)(?:, new)?\)$", text, re.MULTILINE)
    if any(now.values()) or any(before.values()):
        assert sum(shown(amount) for amount, _ in parts) == spend
        change = re.findall(r"Why: (up|down) (\S+) ", text)
        total = shown(change[0][1]) * (1 if change[0][0] == "up" else -1) if change else Decimal()
        assert sum(shown(moved) for _, moved in parts) == total


def shown(amount: str) -> Decimal:
    """An amount as it is written; less than a cent is nothing."""
    if amount == "no change" or amount.startswith("under"):
        return Decimal()
    return Decimal(amount.replace("$", "").replace(",", "").rstrip("."))


class TestFiguresThatNeedAWord:
    """What a figure leaves open is said beside it."""

    def test_in_china_everything_is_in_yuan(self) -> None:
        """The threshold and the console too, though the day itself is not published."""
        text = text_of(daily("2026-11-23", "5", "6", None, currency="CNY"))
        assert line("🎯", text) == "🎯 Threshold: 100.00 CNY"
        assert "console.amazonaws.cn" in text

    def test_credits_that_hide_usage_are_named(self) -> None:
        """$53 were used, and the spend shows $3."""
        text = text_of(daily("2026-11-23", {"EC2": "53", "AWS Credits": "-50"}))
        assert line("🎁", text) == "🎁 Credits and refunds take $50.00 off: $53.00 without them."
        assert "🎁" not in text_of(daily("2026-11-23", {"EC2": "53", "AWS Credits": "-5"}))

    def test_a_correction_of_an_unknown_figure_names_none(self) -> None:
        """An older ledger may not know it."""
        text = text_of(daily("2026-11-23", "120"), told={NEWEST: Told((Verdict.WITHIN,), None)})
        assert "told before as within budget; now exceeded at $120.00" in text

    def test_a_new_service_of_less_than_a_cent_is_only_new(self) -> None:
        """Not "no change, new"."""
        history = daily("2026-11-23", *["500"] * 40, {"EC2": "500", "Amazon SQS": "0.0001"})
        assert line("• Amazon SQS", text_of(history)) == "• Amazon SQS: $0.00 (usually nothing, new)"

    def test_without_services_the_reason_is_said(self) -> None:
        """The verdict stands; only what it is made of is missing."""
        text = text_of(daily("2026-11-23", *[{UNDIVIDED: "90"}] * 9, {UNDIVIDED: "120"}))
        assert line("💰", text) == "💰 Current Spend: $120.00 (Sun 22 Nov 2026)"
        assert line("🧩", text).startswith("🧩 What it is made of is not known")
        assert UNDIVIDED not in text


class TestShape:
    """The last days at a glance."""

    def test_the_days_as_bars(self) -> None:
        """Up to the highest; nothing is the lowest bar, a gap is where nothing is published."""
        text = text_of(daily("2026-11-23", *["10"] * 9, None, "80", "40", None))
        assert line("📈", text) == "📈 Last 14 days: ·▂▂▂▂▂▂▂▂▂▁█▅· ($0.00 to $80.00)"

    def test_the_months_as_bars(self) -> None:
        """A monthly report looks back a year."""
        months = {month(f"2026-{n:02}-01"): str(10 * n) for n in range(1, 11)}
        text = text_of(by_period(months), replace(MONITOR, frequency=Frequency.MONTHLY))
        assert line("📈", text) == "📈 Last 12 months: ··▂▂▃▄▅▅▆▇▇█ ($10.00 to $100.00)"

    @pytest.mark.parametrize(
        ("amounts", "bars"),
        [
            ((), ""),
            (("0", "0"), "▁▁"),
            (("-5", "5"), "▁█"),
            (("-5", "-1"), "▁▁"),
            (("1", None, "2"), "▅·█"),
        ],
    )
    def test_bars(self, amounts: tuple[str | None, ...], bars: str) -> None:
        """From zero to the highest; a credit draws no bar."""
        assert sparkline([None if one is None else Money(Decimal(one)) for one in amounts]) == bars

    def test_one_day_has_no_shape(self) -> None:
        """Nothing to compare it with."""
        assert "📈" not in "\n".join(lines_of("5"))


class TestTrust:
    """Whether the figure may still change, and what it counts."""

    TOLD = {day(f"2026-11-{n}"): Told((Verdict.WITHIN,), None, Money(Decimal(80))) for n in range(10, 20)}  # noqa: RUF012

    @pytest.mark.parametrize(
        ("cost", "later", "expected"),
        [
            ("96", "84", "🔎 Note: Provisional: AWS may still change it, as a rule by about +5% "),
            ("95", "84", ""),
            ("94", "84", ""),
            ("101", "84", ""),
            ("101", "76", "🔎 Note: Provisional: AWS may still change it, as a rule by about -5% "),
        ],
    )
    def test_a_fresh_day_is_provisional_where_that_may_turn_the_verdict(
        self, cost: str, later: str, expected: str
    ) -> None:
        """By what AWS usually changes later; a label that is always there would say nothing."""
        text = text_of(daily("2026-11-23", *[later] * 20, cost), told=self.TOLD)
        assert bool(expected) is ("Provisional" in text)
        assert expected in text

    @pytest.mark.parametrize(("cost", "said"), [("91", True), ("90", False), ("101", False)])
    def test_a_fresh_day_near_the_threshold_is_provisional(self, cost: str, *, said: bool) -> None:
        """While it is not known what AWS usually changes."""
        assert ("Provisional: AWS may still change it." in text_of(daily("2026-11-23", cost))) is said

    def test_a_settled_period_is_not(self) -> None:
        """On the 23rd the month before is final."""
        text = text_of(by_period({month("2026-10-01"): "9"}), replace(MONITOR, frequency=Frequency.MONTHLY))
        assert "Provisional" not in text

    def test_a_month_to_date_says_up_to_when_it_counts(self) -> None:
        """A figure is never wrong without saying so."""
        monthly = replace(MONITOR, frequency=Frequency.MONTH_TO_DATE)
        text = text_of(daily("2026-11-23", *["1"] * 60, None), monthly)
        assert "🔎 Note: Costs after Sat 21 Nov are not published yet." in text

    def test_what_is_counted_otherwise_or_left_out_is_named(self) -> None:
        """Whoever compares it with the console needs to know."""
        monitor = replace(
            MONITOR,
            metric=Metric.NET_UNBLENDED,
            excluded_record_types=("Credit", "Tax"),
            scope=read_scope("region:eu-west-1 tag:team=web"),
        )
        text = text_of(daily("2026-11-23", "5"), monitor)
        assert line("🔎", text).endswith(
            "Counted as NetUnblendedCost. Left out: Credit, Tax. Only: region:eu-west-1 tag:team=web."
        )

    def test_when_aws_shows_nothing_at_all_the_reasons_are_named(self) -> None:
        """A new account, or nothing spent."""
        assert "none arose, or the account is new" in text_of(daily("2026-11-23"))

    @pytest.mark.parametrize(
        ("scope", "near", "hint"),
        [
            ("service:Lamda", ("AWS Lambda",), "Near it in the bill: AWS Lambda."),
            ("tag:team=wbe", (), "Names must be spelled as in Cost Explorer. A tag must be activated as"),
        ],
    )
    def test_a_scope_that_nothing_fits_is_told_as_that(
        self, scope: str, near: tuple[str, ...], hint: str
    ) -> None:
        """Neither $0.00 nor a promise of figures to come."""
        notice = spend_notice(daily("2026-11-23"), replace(MONITOR, scope=read_scope(scope)))
        assert notice.report.analysis is not None
        analysis = replace(notice.report.analysis, misfit=Misfit(near))
        text = message_of(replace(notice, report=replace(notice.report, analysis=analysis))).text
        assert text.splitlines()[3:6] == [
            "💰 Current Spend: no figure (Sun 22 Nov 2026)",
            "🎯 Threshold: $100.00",
            "🟡 Status: Nothing Fits The Scope",
        ]
        assert hint in text.splitlines()[1]
        assert "you will be told when it has" not in text
        assert "account is new" not in text


class TestNext:
    """Where it is heading."""

    @pytest.mark.parametrize(
        ("threshold", "expected"),
        [
            ("250", "November is heading for about $300, more than its $250.00, two days in a row."),
            ("400", "November $220, about $300 by its end: within its threshold."),
            ("55", "November $220, about $300 by its end: its threshold was reached on Fri 6 Nov."),
        ],
    )
    def test_a_month_to_date_and_its_threshold(self, threshold: str, expected: str) -> None:
        """The day, or that there is none this month; said once."""
        monitor = replace(MONITOR, frequency=Frequency.MONTH_TO_DATE, threshold=Threshold(Decimal(threshold)))
        text = text_of(daily("2026-11-23", *["10"] * 60), monitor)
        assert text.splitlines()[1].removeprefix("Nothing unusual. ") == expected
        assert text.count("by its end") == 1  # also where a warning stands on line 2

    def test_daily_users_see_where_the_month_is_heading(self) -> None:
        """Without their threshold, which is a day's."""
        assert lines_of(*["10"] * 60)[1] == "Nothing unusual. November $220, about $300 by its end."

    def test_monthly_users_see_the_running_month_against_their_threshold(self) -> None:
        """From the same answer."""
        months = by_period({month("2026-10-01"): "90", Period(date(2026, 11, 1), TODAY): "41"})
        text = text_of(months, replace(MONITOR, frequency=Frequency.MONTHLY))
        assert text.splitlines()[1] == "November $41 so far, 41% of the threshold."

    @pytest.mark.parametrize("frequency", [Frequency.MONTHLY, Frequency.MONTH_TO_DATE])
    def test_a_closed_month_before_there_is_a_running_one(self, frequency: Frequency) -> None:
        """The line under the title is not left blank."""
        days = daily("2026-11-01", *["2"] * 60)
        months = by_period({month("2026-09-01"): "60", month("2026-10-01"): "62"})
        history = months if frequency is Frequency.MONTHLY else days
        monitor = replace(MONITOR, frequency=frequency)
        report = news(monitor.watch, date(2026, 11, 1), history, {}, None)[-1]
        happened = message_of(spend_notice(history, monitor, report=report)).text.splitlines()[1]
        assert happened == "October has closed within its threshold."


USUAL = {"Amazon EC2": "60", "Amazon RDS": "20", "Amazon S3": "5"}
SAGEMAKER = {**USUAL, "Amazon SageMaker": "64"}


class TestWhatHappened:
    """It stands on line 2, whatever else there is to say."""

    def test_a_good_day_is_short(self) -> None:
        """Six lines: no parts, no bars, no link that is longer than all of them."""
        text = text_of(daily("2026-11-23", *[USUAL] * 60))
        assert text.splitlines() == [
            "✅ AWS Spend Alert",
            "Nothing unusual. November $1,870, about $2,550 by its end.",
            "🏦 AWS Account: 123456789012",
            "💰 Current Spend: $85.00 (Sun 22 Nov 2026)",
            "🎯 Threshold: $100.00 (85% spent)",
            "🟢 Status: Within Budget",
        ]
        assert len(text) < 350

    def test_a_good_day_has_the_short_link_of_its_page(self) -> None:
        """Where there is one."""
        notice = replace(spend_notice(daily("2026-11-23", *[USUAL] * 60)), page="https://a.example/reports/t")
        assert message_of(notice).text.endswith("Within Budget\n🔗 Report: https://a.example/reports/t")

    @pytest.mark.parametrize(
        ("days", "expected"),
        [
            (1, "Amazon SageMaker $64.00: usually nothing."),
            (3, "Amazon SageMaker $64.00: third day, usually nothing; so far $192.00 over in 3 days."),
            (11, "Amazon SageMaker $64.00: 11th day, usually nothing; so far $704.00 over in 11 days."),
        ],
    )
    def test_the_culprit_on_every_day_of_an_incident(self, days: int, expected: str) -> None:
        """With what it is usually, how long it lasts and what it has cost so far."""
        assert lines_of(*[USUAL] * 60, *[SAGEMAKER] * days)[1] == expected

    def test_the_month_with_it_and_without(self) -> None:
        """So that somebody can decide whether to get up."""
        text = text_of(daily("2026-11-23", *[USUAL] * 60, SAGEMAKER))
        assert line("➡️", text) == (
            "➡️ Next: November $1,934 so far; about $3,126 by its end if Amazon SageMaker goes on like this, "
            "$2,614 if it stops now."
        )

    def test_a_running_month_names_the_day(self) -> None:
        """The figure above is the month's."""
        monitor = replace(MONITOR, frequency=Frequency.MONTH_TO_DATE, threshold=Threshold(Decimal(9000)))
        assert lines_of(*[USUAL] * 60, SAGEMAKER, monitor=monitor)[1] == (
            "Amazon SageMaker $64.00 on Sun 22 Nov 2026: usually nothing."
        )

    @pytest.mark.parametrize(("threshold", "asks"), [("9", True), ("60", False), ("0", False)])
    def test_a_threshold_that_is_ten_times_too_small_asks_if_it_was_meant_for_a_day(
        self, threshold: str, *, asks: bool
    ) -> None:
        """A daily budget in a weekly channel is exceeded for ever, and nobody knows why."""
        weekly = replace(MONITOR, frequency=Frequency.WEEKLY, threshold=Threshold(Decimal(threshold)))
        text = message_of(spend_notice(daily("2026-11-23", *["20"] * 40), weekly)).text
        assert ("is meant for a day, choose Daily." in text) is asks

    def test_what_falls_on_every_first_is_named(self) -> None:
        """And nobody is blamed for it."""
        first = {**USUAL, "Tax": "119", "AWS Support": "29"}
        history = daily("2026-11-23", *[USUAL] * 31, first, *[USUAL] * 21)
        report = news(
            MONITOR.watch, date(2026, 11, 2), daily("2026-11-02", *[first], *[USUAL] * 30, first), {}
        )
        assert history.entries
        text = message_of(spend_notice(history, report=report[-1])).text
        assert text.splitlines()[1].endswith(
            "Of this, $119.00 is tax and $29.00 is the support fee, not usage; "
            "without that it is within budget."
        )
        within = replace(report[-1], threshold=Threshold(Decimal(1000)), verdict=Verdict.WITHIN)
        text = message_of(spend_notice(history, report=within)).text
        assert text.splitlines()[1].endswith("On every 1st: Tax $119.00, AWS Support $29.00.")

    def test_a_breach_without_a_culprit_says_what_is_usual(self) -> None:
        """Every Monday is over, say: then the threshold is what is wrong."""
        assert lines_of(*["120"] * 60)[1] == "A Sunday usually costs $120.00."

    def test_settings_that_do_nothing_are_named(self) -> None:
        """Once, in the first report."""
        notice = replace(spend_notice(daily("2026-11-23", *[USUAL] * 60)), idle=("milestones",))
        assert "🔎 Note: milestones does nothing with a daily check." in message_of(notice).text

    def test_an_account_is_called_by_its_name(self) -> None:
        """With the end of its number."""
        notice = replace(spend_notice(daily("2026-11-23", "5")), account=Account(ACCOUNT, "acme production"))
        assert line("🏦", message_of(notice).text) == "🏦 AWS Account: acme production (…9012)"


class TestSize:
    """A message is never too long, and what comes from outside is harmless in it."""

    NAMES = st.text(min_size=30, max_size=300)

    @settings(max_examples=25, deadline=None)
    @given(
        st.lists(NAMES, min_size=1, max_size=6),
        st.sampled_from(Frequency),
        st.decimals(-(10**18), 10**18, places=10),
        st.sampled_from(["", "region:eu-west-1", " ".join(f"account:{n:012}" for n in range(40))]),
    )
    def test_500_services_with_long_names_fit(
        self, names: list[str], frequency: Frequency, amount: Decimal, scope: str
    ) -> None:
        """Nothing is cut in the middle, and the link is whole or not there."""
        services = {f"{names[n % len(names)]}{n}": amount / (n + 1) for n in range(500)}
        monitor = replace(
            MONITOR,
            frequency=frequency,
            threshold=Threshold(Decimal("0.01")),
            metric=Metric.NET_UNBLENDED,
            scope=read_scope(scope),
            excluded_record_types=("Credit", "Enterprise Discount Program Discount", "Refund", "Tax"),
            spike_rule=read_spike_rule("1% and 1"),
            milestones=read_milestones("50"),
        )
        costs = {
            Period(TODAY.replace(month=m, day=1), TODAY.replace(month=m + 1, day=1)): services for m in (8, 9)
        }
        history = (
            daily("2026-11-23", *[services] * 3) if frequency is not Frequency.MONTHLY else by_period(costs)
        )
        report = report_of(history, monitor)
        assert report.analysis is not None
        accounts = tuple(Part(name, amount, amount / 2, is_new=True) for name in names)
        full = replace(report, analysis=replace(report.analysis, accounts=accounts))
        text = message_of(spend_notice(history, monitor, report=full)).text
        assert len(text) <= LONGEST
        assert not text.endswith("…")
        assert "🔗 Cost Explorer" not in text or text.endswith("&reportMode=STANDARD")
        assert not [
            one for one in text.splitlines()[8:] if set(one.partition("https://")[0]) & set("<>[]*_\\`@#|")
        ]

    def test_a_name_cannot_forge_a_line(self) -> None:
        """Nor ping a channel or draw a link."""
        lines = lines_of({"EC2\n🟢 Status: Within Budget @channel [x](https://evil.example)": "142"})
        assert lines[5] == "🔴 Status: Exceeded Budget"
        assert "• EC2 🟢 Status: Within Budget channel x(https://evil.examp…: $142.00" in lines
        assert [one for one in lines if one.startswith("🟢")] == []

    def test_no_line_is_markup(self) -> None:
        """Read as markdown there is no list, heading, quote, table or code by accident."""
        monitor = replace(MONITOR, spike_rule=read_spike_rule("1% and 1"), scope=read_scope("tag:a_b=c_d"))
        before = {"EC2": "80", "S3": "9", "RDS": "30", "Glue": "1", "Credit": "-5"}
        text = text_of(daily("2026-11-23", *[before] * 30, {**before, "EC2": "200"}), monitor)
        assert not re.search(r"^([ \t]|[-+*#>|`~]|\d+[.)])", text, re.MULTILINE)
        assert not re.search(r"[*_`~\[\]<>|\\]", text)

    def test_whatever_a_message_is_made_of_it_is_cut(self) -> None:
        """The last resort."""
        assert len(Message("x" * 5000, good=True).text) == LONGEST
        assert Message("x" * 5000, good=True).text.endswith("x…")


class TestFailures:
    """A check that could not be made says why, and the one thing to do."""

    def test_a_refusal_has_its_remedy(self) -> None:
        """The sentence of the error table."""
        failure = PermissionMissing()
        failure.account_id = ACCOUNT
        message = message_of(failure_notice(failure))
        assert message.text.splitlines() == [
            "⚠️ AWS Spend Alert",
            PermissionMissing.problem,
            "🏦 AWS Account: 123456789012",
            "🔴 Status: Check Failed (Sun 22 Nov 2026)",
            "",
            f"🔧 What to do: {PermissionMissing.remedy}".translate(str.maketrans("", "", "[]")),
            (
                f"🔁 {NEXT_LOOK}: at the next scheduled check. What is set: this channel's integration, "
                "under its settings."
            ),
        ]
        assert not message.good

    def test_it_says_when_it_is_looked_at_again_and_where_it_is_set(self) -> None:
        """So that nobody waits for the wrong thing."""
        notice = replace(failure_notice(), again_at=datetime(2026, 11, 23, 15, tzinfo=UTC), watch="prod")
        assert line("🔁", message_of(notice).text) == (
            "🔁 Next look: on Mon 23 Nov at 15:00 UTC, and at the next scheduled check. "
            "What is set: watch prod in the watches file."
        )

    def test_what_is_tried_again_meanwhile_is_not_put_off_to_the_next_check(self) -> None:
        """The line above it says that it is tried again."""
        again = line("🔁", message_of(failure_notice(AwsUnavailable("AWS answered 500"))).text)
        assert again.startswith("🔁 Next look: within the hour, and at the next scheduled check.")

    def test_every_wrong_setting_is_named(self) -> None:
        """All at once, so that they can be mended at once; with no account, since none is known."""
        failure = SettingsRejected("aws_role_arn is empty.", "metric is none.")
        lines = message_of(failure_notice(failure)).text.splitlines()
        assert lines[1] == "2 settings cannot be used as they are."
        assert lines[4:7] == ["❗ Settings:", "• aws_role_arn is empty.", "• metric is none."]
        assert "🏦" not in "".join(lines)

    def test_no_figure_is_shown(self) -> None:
        """A failure is never a zero."""
        assert "$0" not in message_of(failure_notice(AwsUnavailable("AWS is throttling."))).text


@pytest.mark.parametrize(
    ("amount", "whole", "expected"),
    [
        ("42", "100", "42%"),
        ("0.5", "100", "under 1%"),
        ("0", "100", "under 1%"),
        ("150", "100", "150%"),
        ("123456", "100", "over 10,000%"),
        ("1", "0", ""),
        ("1", "-5", ""),
        ("-1", "5", ""),
    ],
)
def test_percent(amount: str, whole: str, expected: str) -> None:
    """Whole percents, words at either end, and nothing of nothing."""
    assert percent_of(Decimal(amount), Decimal(whole)) == expected
