"""``check --explain`` on the bills that once made a report say what was not so; and on a recorded one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.settings.scopes import read_scope
from application.check_spend import LinkedAccounts
from application.credentials import AccessKey, OwnCredentials
from application.monitor import Monitor
from domain.charges import Metric
from domain.periods import Frequency
from domain.thresholds import Threshold
from entrypoints.commands.check import Look, check
from entrypoints.config import Config
from tests.doubles.aws_service import HOST_KEY, open_double
from tests.doubles.fakes.aws import Account, Bill
from tests.doubles.fakes.bills import EC2, NAMES, RUNAWAY, organisation
from tests.doubles.fakes.clock import FixedClock

DAY = timedelta(days=1)
TODAY = date(2026, 11, 23)
ACCOUNT = "123456789012"
OWN = AccessKey(HOST_KEY, "host-secret")
RECORDED = Path(__file__).parents[1] / "data" / "cost-explorer" / "small-account.json"

MONTH = {"frequency": Frequency.MONTH_TO_DATE}
TWO_ACCOUNTS = read_scope("account:111122223333,444455556666")


def bill(until: date, *newest: Mapping[str, str], usual: Mapping[str, str] | None = None) -> Bill:
    """70 days up to and without ``until``, as usual but for the newest; an empty one is not published."""
    days = [usual if usual is not None else {"Amazon EC2": "10"}] * (70 - len(newest)) + list(newest)
    return {until - n * DAY: services for n, services in enumerate(reversed(days), start=1)}


def changed(bill: Bill, **days: Mapping[str, str]) -> Bill:
    """The bill but for some days: ``d2026_11_01={...}``."""
    return {**bill, **{date(*map(int, day[1:].split("_"))): services for day, services in days.items()}}


@dataclass
class Case:
    """A bill, a check of it, and what it must say.

    Args:
        account: The bill.
        says: Lines, or the beginnings of lines, that are printed.
        never: What must not be printed.
        code: The exit code.
        today: When.
        options: Of the monitor.
        paid: Requests.
        suggest: Whether the threshold is to be bettered.
    """

    account: Account
    says: list[str]
    never: list[str] = field(default_factory=list)
    code: int = 0
    today: date = TODAY
    options: Mapping[str, Any] = field(default_factory=dict)
    paid: int = 1
    suggest: bool = False


CASES = {
    "midnight, and nothing of the day is published": Case(
        Account(ACCOUNT, bill(TODAY, {})),
        ["💰 Current Spend: not published yet (Sun 22 Nov 2026)", "🟡 Status: Not Published Yet"],
        ["$0.00", "Within Budget", "Back within"],
        code=3,
    ),
    "a day without data after 34 over budget": Case(
        Account(ACCOUNT, bill(TODAY, {}, usual={"Amazon EC2": "150"})),
        ["🟡 Status: Not Published Yet", "  published until: 2026-11-22 (exclusive)"],
        ["$0.00", "Back within"],
        code=3,
    ),
    "a day without costs between two with": Case(
        Account(ACCOUNT, bill(TODAY, {}, {"Amazon EC2": "10"})),
        ["💰 Current Spend: $10.00 (Sun 22 Nov 2026)", "  compared with: 2026-11-21, which cost 0"],
    ),
    "a unit of N/A beside a zero": Case(
        Account(ACCOUNT, bill(TODAY, {"Amazon EC2": "10", "AWS Glue": "0"}, {}), unit_of_zeros="N/A"),
        [
            "💰 Current Spend: not published yet (Sun 22 Nov 2026)",
            "  published until: 2026-11-22 (exclusive)",
        ],
        code=3,
    ),
    "a scope that nothing fits": Case(
        Account(ACCOUNT, {}),
        [
            "🟡 Status: Nothing Fits The Scope",
            "Nothing in Mon 19 Oct to Sun 22 Nov 2026 fits the scope service:Lamda.",
        ],
        ["$0.00", "Within Budget", "you will be told"],
        code=3,
        options={"scope": read_scope("service:Lamda")},
    ),
    "tax and support on the 1st": Case(
        Account(
            ACCOUNT,
            changed(
                bill(date(2026, 11, 8), usual={"Amazon EC2": "3"}),
                d2026_11_01={"Amazon EC2": "3", "Tax": "90", "AWS Support (Business)": "26"},
            ),
        ),
        [
            "  pace: the last seven published days cost 3 each",
            "  by the end of the month: 206",
        ],
        today=date(2026, 11, 8),
        options={**MONTH, "threshold": Threshold(Decimal(300))},
    ),
    "a refund": Case(
        Account(
            ACCOUNT,
            changed(bill(TODAY), d2026_11_10={"Amazon EC2": "590"}, d2026_11_20={"Amazon EC2": "-270"}),
        ),
        [
            "💰 Current Spend: $520.00",
            "  pace: the last seven published days cost 10 each",
            "  by the end of the month: 600",
        ],
        ["-$10.00 a day"],
        options={**MONTH, "threshold": Threshold(Decimal(1000))},
    ),
    "a support plan that is charged once a month": Case(
        Account(
            ACCOUNT,
            changed(
                bill(date(2026, 11, 2)),
                d2026_10_01={"Amazon EC2": "10", "AWS Support (Developer)": "0.99"},
                d2026_11_01={"Amazon EC2": "10", "AWS Support (Developer)": "9.17"},
            ),
        ),
        ["AWS Support (Developer) $9.17"],
        ["new)"],
        code=1,
        today=date(2026, 11, 2),
        options={"threshold": Threshold(Decimal(15))},
        paid=2,
    ),
    "an answer of very many pages": Case(
        Account(ACCOUNT, bill(TODAY, {"Amazon EC2": "150"}), page_size=2),
        [
            "💰 Current Spend: $150.00 (Sun 22 Nov 2026)",
            "🔴 Status: Exceeded Budget",
            "🧩 What it is made of is not known",
            "🧾 Paid requests: 7 ($0.07)",
        ],
        ["All services:"],
        code=1,
        paid=7,
    ),
    "accounts of another hour": Case(
        Account(
            ACCOUNT,
            bill(TODAY, {"Amazon EC2": "69.30"}),
            accounts=bill(
                TODAY, {"111122223333": "41.10", "444455556666": "4.53"}, usual={"111122223333": "10"}
            ),
            names={"111122223333": "prod"},
            page_size=30,
        ),
        ["prod (111122223333) $41.10 +$31.10", "in no account's figures yet $23.67 +$23.67"],
        code=1,
        options={"scope": TWO_ACCOUNTS, "threshold": Threshold(Decimal(50))},
        paid=6,
    ),
    "a day that is not published in China": Case(
        Account(ACCOUNT, bill(TODAY, {}), currency="CNY"),
        ["🎯 Threshold: 100.00 CNY", "🔗 Cost Explorer: https://console.amazonaws.cn/"],
        ["$100.00"],
        code=3,
    ),
    "a threshold that rings daily": Case(
        Account(
            ACCOUNT,
            bill(
                TODAY,
                *({"Amazon EC2": cost} for cost in ("90", "400", "170", "150")),
                usual={"Amazon EC2": "164"},
            ),
        ),
        [
            "This threshold would have fired on 29 of the last 30 days; $165.00 on 2.",
            "  threshold: exceeded on 29 of the last 30 published ones",
            "  suggestion: 165, exceeded on 2 of them",
        ],
        code=1,
        paid=2,
        suggest=True,
    ),
    "a breach of an organisation": Case(
        Account(ACCOUNT, lines=organisation(TODAY, d1=[RUNAWAY]), names=NAMES),
        [
            "Asked further, for the cause:",
            '  {"TimePeriod":{"Start":"2026-11-08","End":"2026-11-23"},"Granularity":"DAILY"',
            f"  cause: {EC2}, BoxUsage:p4d.24xlarge, ml-research: 118.33, 0 in the period before",
            "ml-research (333344445555) $122.33 +$118.33",
        ],
        code=1,
        paid=2,
    ),
    "a breach that is only tax and support": Case(
        Account(ACCOUNT, lines=organisation(date(2026, 12, 2)), names=NAMES),
        ["  support fee: 100 of the spend is no usage", "  tax: 19 of the spend is no usage"],
        code=1,
        today=date(2026, 12, 2),
        paid=2,
    ),
    "credits that hide the usage": Case(
        Account(ACCOUNT, bill(TODAY, {"Amazon EC2": "53", "AWS Credits": "-50"})),
        ["💰 Current Spend: $3.00", "🎁 Credits and refunds take $50.00 off: $53.00 without them."],
    ),
}


async def run(case: Case, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What the command prints; its exit code and what it paid must be right."""
    clock = FixedClock(datetime.combine(case.today, time(12), UTC))
    monitor = Monitor(OwnCredentials(), Threshold(Decimal(100)))
    config = Config(state_url="memory://", linked_accounts=LinkedAccounts.SCOPED)
    async with open_double(monkeypatch) as world:
        world.add(OWN, case.account)
        code = await check(
            config, Look(replace(monitor, **case.options), explain=True, suggest=case.suggest), clock=clock
        )
    assert code == case.code
    assert sum(request.operation == "GetCostAndUsage" for request in world.requests) == case.paid
    lines = capsys.readouterr().out.splitlines()
    return [*lines, *(" ".join(line.split()) for line in lines)]  # the tables' rows, however wide they are


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_what_is_said_is_so(
    case: Case, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The right figure or none, with how it came about."""
    lines = await run(case, monkeypatch, capsys)
    missing = [says for says in case.says if not any(line.startswith(says) for line in lines)]
    assert (missing, lines) == ([], lines)
    assert [never for never in case.never if never in "\n".join(lines)] == []


@pytest.mark.parametrize(
    ("today", "says", "never"),
    [
        # 9.17 of tax fell on April 1st, and 0.99 on March 1st.
        ("2024-04-02", ["Tax $9.17 +$8.18"], ["Tax $9.17 +$8.18 new", "at $9"]),
        ("2024-04-20", ["💰 Current Spend: $19.00 (Mon 1 to Fri 19 Apr 2024)"], ["Tax $9.17 +$8.18 new"]),
    ],
)
async def test_a_recorded_bill(
    today: str,
    says: list[str],
    never: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A small account with tax on the 1st, many zeros and a cluster that is switched on in April."""
    recorded = json.loads(RECORDED.read_text())
    day = date.fromisoformat(today)
    days = {date.fromisoformat(one): services for one, services in recorded["days"].items() if one < today}
    options = {**MONTH, "metric": Metric.UNBLENDED, "threshold": Threshold(Decimal(1000))}
    case = Case(Account(ACCOUNT, days, recorded["currency"]), says, never, 0, day, options)
    await test_what_is_said_is_so(case, monkeypatch, capsys)
