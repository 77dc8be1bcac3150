"""A scope is a part of the bill: the same key twice is "or", different keys are "and"."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.settings.scopes import read_scope
from domain.scope import WHOLE_BILL, Scope

WORD = (
    st.text("abcXYZ019-_./@+, ", min_size=1, max_size=12)
    .map(lambda text: " ".join(text.split()))
    .filter(bool)
)
SCOPES = st.builds(
    Scope,
    accounts=st.sets(st.from_regex(r"[0-9]{12}", fullmatch=True), max_size=3).map(sorted).map(tuple),
    services=st.sets(WORD, max_size=3).map(sorted).map(tuple),
    regions=st.sets(st.sampled_from(["eu-west-1", "us-east-1", "us-gov-west-1", "global"]))
    .map(sorted)
    .map(tuple),
    tags=st.dictionaries(
        WORD.map(lambda key: key.replace(":", "")), st.sets(WORD, min_size=1, max_size=2), max_size=2
    ).map(lambda tags: tuple((key, tuple(sorted(tags[key]))) for key in sorted(tags))),
)


def test_every_key_is_read() -> None:
    """The example that the errors give."""
    text = 'account:111122223333 service:"Amazon Athena" region:eu-west-1 tag:team=web'
    assert read_scope(text) == Scope(
        ("111122223333",), ("Amazon Athena",), ("eu-west-1",), (("team", ("web",)),)
    )


def test_values_of_one_key_are_gathered_in_order_and_once() -> None:
    """Two ways to write one scope are one scope."""
    text = "tag:team=web region:us-east-1 tag:env=prod region:eu-west-1 tag:team=api REGION:US-EAST-1"
    assert read_scope(text) == Scope(
        regions=("eu-west-1", "us-east-1"), tags=(("env", ("prod",)), ("team", ("api", "web")))
    )


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("service:“Amazon Athena”", Scope(services=("Amazon Athena",))),
        ('"service:Amazon Athena"', Scope(services=("Amazon Athena",))),
        ("  account:1111-2222-3333\n", Scope(accounts=("111122223333",))),
        ("tag:aws:createdBy=me:you", Scope(tags=(("aws:createdBy", ("me:you",)),))),
        ('tag:"cost center"="a = b"', Scope(tags=(("cost center", ("a = b",)),))),
        ("tag:owner=Bob's", Scope(tags=(("owner", ("Bob's",)),))),
        ("tag:path=a\\b#c", Scope(tags=(("path", ("a\\b#c",)),))),
        ("region:NoRegion", Scope(regions=("NoRegion",))),
        ("account:111122223333,444455556666", Scope(accounts=("111122223333", "444455556666"))),
        ("region:eu-west-1, us-east-1", Scope(regions=("eu-west-1", "us-east-1"))),
        ("tag:team=web,api,env=prod", Scope(tags=(("env", ("prod",)), ("team", ("api", "web"))))),
        ("tag:note=“a, b”", Scope(tags=(("note", ("a, b",)),))),
        ("category:Team=web", Scope(categories=(("Team", ("web",)),))),
        ("\u00a0service:\u200bAthenaX", Scope(services=("AthenaX",))),
    ],
)
def test_what_people_type_is_understood(text: str, scope: Scope) -> None:
    """Curly quotation marks of a phone, dashes in an account, quotes around all of it."""
    assert read_scope(text) == scope


def test_a_short_service_name_finds_what_cost_explorer_calls_it() -> None:
    """Its filter matches exact names only, and EC2 is billed under two that hold no "Amazon EC2"."""
    found = ("Amazon EC2", "Amazon Elastic Compute Cloud - Compute", "EC2 - Other")
    assert read_scope('service:"Amazon EC2"').services == found
    assert read_scope("service:S3").services == ("Amazon Simple Storage Service", "S3")


@given(SCOPES)
def test_a_scope_reads_back_from_its_own_text(scope: Scope) -> None:
    """What a message shows can be typed in again."""
    assert read_scope(str(scope)) == scope


def test_only_the_whole_bill_is_no_scope() -> None:
    """Anything named narrows it."""
    assert not WHOLE_BILL
    assert str(WHOLE_BILL) == ""
    assert Scope(regions=("eu-west-1",))
