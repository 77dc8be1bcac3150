"""Values as they come on real machines: mended where one thing is meant, refused in one line where not."""

from __future__ import annotations

import pytest

from entrypoints.config import Config
from entrypoints.environment import ConfigError, cleaned, mend_sdk_variables

DECORATIONS = [
    "{}\n",
    "{}\r\n",
    " {}\t",
    '"{}"',
    "'{}'",
    "“{}”",
    "„{}“",
    "\ufeff{}",
    "{}\u200b",
    "\u00a0{}\u00a0",
    ' "{}"\r\n',
]


@pytest.mark.parametrize("decoration", DECORATIONS)
def test_our_own_variables_are_mended(decoration: str) -> None:
    """What an editor, a secret's file or Docker adds is taken off."""
    given = {"INBOX_LIMIT": "50", "LOG_LEVEL": "debug", "PUBLIC_URL": "https://spend.example"}
    config = Config.from_environment(
        {f"SPEND_MONITOR_{name}": decoration.format(text) for name, text in given.items()}
    )
    assert (config.inbox_limit, config.log_level, config.public_url) == (50, "debug", "https://spend.example")


@pytest.mark.parametrize("decoration", DECORATIONS)
def test_the_sdks_variables_are_mended(decoration: str) -> None:
    """Where the SDK reads them: in the environment itself."""
    wanted = {
        "AWS_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:5000",
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "HTTPS_PROXY": "http://proxy:3128",
    }
    environment = {name: decoration.format(text) for name, text in wanted.items()}
    mend_sdk_variables(environment)
    assert environment == wanted


def test_what_is_others_stays() -> None:
    """A variable that neither we nor the SDK read is none of our business."""
    environment = {"PS1": "'$ '\n", "AWSOME": "x\ny"}
    before = dict(environment)
    mend_sdk_variables(environment)
    assert environment == before


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("AWS_REGION", "us-east-1\nus-west-2", "AWS_REGION: its 19 characters hold a line end"),
        (
            "AWS_REGION",
            "us east 1",
            "AWS_REGION: 'us east 1' is no region; accepted is a name such as us-east-1",
        ),
        ("AWS_DEFAULT_REGION", "https://x", "AWS_DEFAULT_REGION: 'https://x' is no region"),
        ("AWS_ENDPOINT_URL", "localhost:4566", "AWS_ENDPOINT_URL: an address without a scheme"),
        (
            "AWS_ENDPOINT_URL_STS",
            "ce.us-east-1.amazonaws.com",
            "AWS_ENDPOINT_URL_STS: an address without a scheme",
        ),
        ("AWS_ENDPOINT_URL_STS", "http://:5000", "or without a host; accepted is http:// or https://"),
        ("AWS_ENDPOINT_URL", "http://host:99999", "AWS_ENDPOINT_URL: not an address"),
        (
            "AWS_MAX_ATTEMPTS",
            "three",
            "AWS_MAX_ATTEMPTS: 'three' is not accepted; accepted is a whole number",
        ),
        ("AWS_SECRET_ACCESS_KEY", "bait\x00bait", "AWS_SECRET_ACCESS_KEY: its 9 characters hold"),
        ("HTTPS_PROXY", "http://a\nb", "HTTPS_PROXY: its 10 characters hold a line end"),
    ],
)
def test_what_cannot_be_meant_is_refused(name: str, text: str, says: str) -> None:
    """One line, with the variable's name and what is accepted, before the first tick trips over it."""
    with pytest.raises(ConfigError) as refused:
        mend_sdk_variables({name: text})
    line = str(refused.value)
    assert says in line
    assert line.isprintable()
    assert "bait" not in line


@pytest.mark.parametrize("name", ["SECRET_KEY", "STATE_URL", "RETURN_URL_HOSTS"])
def test_a_line_end_within_is_refused(name: str) -> None:
    """Ours too, and nothing of it is repeated."""
    with pytest.raises(
        ConfigError, match=f"^SPEND_MONITOR_{name}: its 9 characters hold a line end"
    ) as refused:
        Config.from_environment({f"SPEND_MONITOR_{name}": "bait\nbait"})
    assert "bait" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "meant"), [('"', '"'), ("'a\"", "'a\""), ('""', ""), ('"a" "b"', 'a" "b'), ("it's", "it's")]
)
def test_odd_quotation_marks(text: str, meant: str) -> None:
    """One pair around the whole goes; whatever else there is stays."""
    assert cleaned(text) == meant
