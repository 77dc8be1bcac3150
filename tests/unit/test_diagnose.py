"""A diagnosis says what works, and how to mend the first thing that does not."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from application.aws_errors import AwsError, AwsUnavailable, CostExplorerOff, PermissionMissing
from application.credentials import AccessKey, Credentials, OwnCredentials
from application.diagnose import Diagnose, Finding
from tests.doubles.fakes.aws import Account, FakeAccess, FakeAws, FakeCostSource, FakeIdentity

TODAY = date(2026, 11, 23)
KEY = AccessKey("AKIAIOSFODNN7EXAMPLE", "canary-secret", "canary-token")
BILL = {TODAY - timedelta(days=n): {"Amazon EC2": "1.50"} for n in range(1, 30)}


class CostsFail(FakeIdentity):
    """Credentials that AWS knows, until Cost Explorer is asked."""

    def __init__(self, aws: FakeAws, error: AwsError) -> None:
        super().__init__(aws)
        self._world, self._error = aws, error

    async def account_id(self, credentials: AccessKey) -> str:
        """Answer, and break what comes after."""
        account_id = await super().account_id(credentials)
        self._world.fail(credentials, self._error)
        return account_id


async def diagnose(aws: FakeAws, credentials: Credentials = KEY) -> list[Finding]:
    """Run the use case on a pretended AWS."""
    return await Diagnose(FakeAccess(), FakeIdentity(aws), FakeCostSource(aws)).execute(credentials, TODAY)


async def test_everything_that_works_is_said_line_by_line() -> None:
    """Good keys of an account with costs: three findings, nothing to mend, one paid request."""
    aws = FakeAws()
    aws.add(KEY, Account("123456789012", BILL))
    findings = await diagnose(aws)
    assert [finding.works for finding in findings] == [True, True, True]
    assert "123456789012" in findings[0].detail
    assert "2026-11-22" in findings[2].detail
    assert not any(finding.remedy for finding in findings)
    assert len(aws.asked) == 1


async def test_an_account_without_costs_is_no_failure() -> None:
    """A new account has nothing to show yet, and is told when it will."""
    aws = FakeAws()
    aws.add(KEY, Account("123456789012"))
    *_, last = await diagnose(aws)
    assert last.works
    assert "24 hours" in last.detail


async def test_wrong_keys_end_the_diagnosis_without_a_paid_request() -> None:
    """What does not get past the door costs nothing and is mended first."""
    aws = FakeAws()
    findings = await diagnose(aws)
    assert [finding.works for finding in findings] == [False]
    assert "access key" in findings[0].detail
    assert "access key ID" in findings[0].remedy
    assert aws.asked == []


@pytest.mark.parametrize("error", [PermissionMissing(), CostExplorerOff(), AwsUnavailable("AWS timed out.")])
async def test_what_cost_explorer_says_is_told_after_the_keys_are_found_valid(error: AwsError) -> None:
    """A refusal, or silence, of Cost Explorer is named with its remedy, next to what did work."""
    aws = FakeAws()
    aws.add(KEY, Account("123456789012", BILL))
    findings = await Diagnose(FakeAccess(), CostsFail(aws, error), FakeCostSource(aws)).execute(KEY, TODAY)
    assert [finding.works for finding in findings] == [True, False]
    assert findings[1].subject == "Cost Explorer"
    assert findings[1].detail == str(error)
    assert findings[1].remedy == error.remedy_at_hand


async def test_no_finding_shows_a_key() -> None:
    """Whatever goes wrong, the lines can be pasted into an issue."""
    aws = FakeAws()
    aws.add(AccessKey(KEY.access_key_id, "another"), Account("123456789012", BILL))
    findings = repr(await diagnose(aws))
    assert "canary" not in findings
    assert KEY.access_key_id not in findings


async def test_a_machine_without_credentials_is_told_so() -> None:
    """``doctor`` on a machine that has none says it, and how to give it some."""
    findings = await diagnose(FakeAws(), OwnCredentials())
    assert [(finding.works, "no AWS credentials" in finding.detail) for finding in findings] == [
        (False, True)
    ]
    assert "AWS_PROFILE" in findings[0].remedy
