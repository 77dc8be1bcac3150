"""How the process reads its environment."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path

import pytest

from application.check_spend import LinkedAccounts
from application.let_in import RoleAccess
from entrypoints.config import Config
from entrypoints.environment import ConfigError
from entrypoints.variables import unknown_variables

KEY = base64.b64encode(bytes(range(32))).decode()


def config(**variables: str) -> Config:
    """Read these variables, named without their prefix."""
    return Config.from_environment({f"SPEND_MONITOR_{name}": text for name, text in variables.items()})


def test_without_variables_one_machine_is_served() -> None:
    """The defaults are those that the README gives."""
    assert config() == Config()
    assert Config().sqlite_path == Path("spend-monitor.db")


def test_a_blank_variable_is_as_good_as_none() -> None:
    """Compose files and charts leave variables empty."""
    assert config(PUBLIC_URL="", INBOX_LIMIT="  ") == Config()


def test_every_variable_is_read() -> None:
    """Each name reaches its field."""
    assert config(
        STATE_URL="sqlite:////var/lib/x.db",
        SECRET_KEY=KEY,
        PUBLIC_URL="https://alerts.example.com/",
        RETURN_URL_HOSTS="ping.telex.im, .example.com",
        ALLOW_PRIVATE_RETURN_URLS="Yes",
        INBOX_LIMIT="5",
        CONCURRENCY="7",
        COST_CACHE_TTL="0",
        MAX_PAID_REQUESTS_PER_DAY="0",
        LINKED_ACCOUNTS="Always",
        RATE_LIMIT="60",
        TRUSTED_PROXIES="10.0.0.0/8,::1",
        NATS_REPLICAS="3",
        REPORT_DAYS="7",
        ADMIN_PORT="9000",
        OPERATOR="Ops, https://ops.example",
        LOG_LEVEL="DEBUG",
        LOG_FORMAT="json",
    ) == Config(
        state_url="sqlite:////var/lib/x.db",
        secret_keys=(bytes(range(32)),),
        public_url="https://alerts.example.com",
        return_url_hosts=("ping.telex.im", ".example.com"),
        allow_private_return_urls=True,
        inbox_limit=5,
        concurrency=7,
        cost_cache_ttl=timedelta(0),
        max_paid_requests_per_day=0,
        linked_accounts=LinkedAccounts.ALWAYS,
        rate_limit=60,
        trusted_proxies=("10.0.0.0/8", "::1"),
        nats_replicas=3,
        report_days=7,
        admin_port=9000,
        operator="Ops, https://ops.example",
        log_level="debug",
        log_format="json",
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("STATE_URL", "mysql://host/db"),
        ("STATE_URL", "sqlite:///"),
        ("STATE_URL", "sqlite:///:memory:"),
        ("STATE_URL", "spend.db"),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "a" * 44),
        ("PUBLIC_URL", "alerts.example.com"),
        ("PUBLIC_URL", "http://alerts.example.com"),
        ("PUBLIC_URL", "https://user:password@alerts.example.com"),
        ("RETURN_URL_HOSTS", "https://ping.telex.im/"),
        ("ALLOW_PRIVATE_RETURN_URLS", "maybe"),
        ("INBOX_LIMIT", "0"),
        ("INBOX_LIMIT", "many"),
        ("CONCURRENCY", "-1"),
        ("COST_CACHE_TTL", "6h"),
        ("MAX_PAID_REQUESTS_PER_DAY", "1.5"),
        ("LINKED_ACCOUNTS", "sometimes"),
        ("RATE_LIMIT", "٣"),
        ("ADMIN_PORT", "0"),
        ("ADMIN_PORT", "65536"),
        ("TRUSTED_PROXIES", "proxy.example.com"),
        ("COST_CACHE_TTL", "1000000000000"),
        ("NATS_REPLICAS", "0"),
        ("NATS_REPLICAS", "6"),
        ("REPORT_DAYS", "-1"),
        ("REPORT_DAYS", "9999999999"),
        ("OPERATOR", "two\nlines"),
        ("OPERATOR", "x" * 201),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_the_variable_and_what_is_accepted(name: str, text: str) -> None:
    """The operator reads what to mend, without a traceback."""
    with pytest.raises(ConfigError) as caught:
        config(**{name: text})
    assert str(caught.value).startswith(f"SPEND_MONITOR_{name}: ")
    assert "accepted is" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "text"), [("SECRET_KEY", "c2VjcmV0"), ("STATE_URL", "redis://user:hunter2@host")]
)
def test_a_value_that_may_hold_a_secret_is_not_repeated(name: str, text: str) -> None:
    """A key or a password does not reach the terminal or the log."""
    with pytest.raises(ConfigError) as caught:
        config(**{name: text})
    assert text not in str(caught.value)


@pytest.mark.parametrize("url", ["nats://localhost:4222", "postgresql://localhost/spend"])
def test_shared_state_needs_a_shared_key(url: str) -> None:
    """A key made by one process would leave the others unable to open its ticks."""
    with pytest.raises(ConfigError, match=r"^SPEND_MONITOR_SECRET_KEY is required"):
        config(STATE_URL=url)


def test_a_hosts_database_is_the_state_unless_the_operator_names_another() -> None:
    """Heroku's add-on sets DATABASE_URL, in a spelling of its own, and a dyno is no hindrance then."""
    host = {
        "DATABASE_URL": "postgres://u:p@db.example.com/d",
        "DYNO": "web.1",
        "SPEND_MONITOR_SECRET_KEY": KEY,
    }
    assert Config.from_environment(host).state_url == "postgresql://u:p@db.example.com/d"
    ours = {**host, "SPEND_MONITOR_STATE_URL": "memory://"}
    assert Config.from_environment(ours).state_url == "memory://"


def test_a_misspelt_variable_is_noticed() -> None:
    """It is named at start; variables of others are none of our business."""
    assert unknown_variables(
        {"SPEND_MONITOR_INBOX_LIMT": "5", "HOME": "/", "SPEND_MONITOR_RATE_LIMIT": "1"}
    ) == ["SPEND_MONITOR_INBOX_LIMT"]


def test_a_configuration_shows_no_key() -> None:
    """It may be printed in an error."""
    assert "secret_keys" not in repr(config(SECRET_KEY=KEY))


@pytest.mark.parametrize(
    ("environment", "public_url"),
    [
        ({"RENDER_EXTERNAL_URL": "https://spend.onrender.com"}, "https://spend.onrender.com"),
        ({"RAILWAY_PUBLIC_DOMAIN": "spend.up.railway.app"}, "https://spend.up.railway.app"),
        ({"FLY_APP_NAME": "spend"}, "https://spend.fly.dev"),
        ({"HEROKU_APP_DEFAULT_DOMAIN_NAME": "spend-1a2b.herokuapp.com"}, "https://spend-1a2b.herokuapp.com"),
        (
            {"FLY_APP_NAME": "spend", "SPEND_MONITOR_PUBLIC_URL": "https://alerts.example.com"},
            "https://alerts.example.com",
        ),
    ],
)
def test_the_public_address_is_what_the_host_says_unless_the_operator_does(
    environment: dict[str, str], public_url: str
) -> None:
    """Who deploys with a button types no address."""
    assert Config.from_environment(environment).public_url == public_url


def test_what_a_host_says_is_checked_and_named_too() -> None:
    """The error names the variable that was read, not ours."""
    with pytest.raises(ConfigError, match=r"^RENDER_EXTERNAL_URL: .*accepted is https://"):
        Config.from_environment({"RENDER_EXTERNAL_URL": "ftp://spend"})


def test_a_secret_may_be_in_a_file(tmp_path: Path) -> None:
    """As Docker, Kubernetes and systemd hand secrets over, with the newline that editors leave."""
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    assert config(SECRET_KEY_FILE=str(file)).secret_keys == (bytes(range(32)),)
    assert not unknown_variables({"SPEND_MONITOR_SECRET_KEY_FILE": str(file)})


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"])
def test_a_secret_file_that_cannot_be_used_is_named(tmp_path: Path, content: bytes | None) -> None:
    """Missing, empty, or no text: one line with the variable."""
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"^SPEND_MONITOR_SECRET_KEY_FILE: .*accepted is the path"):
        config(SECRET_KEY_FILE=str(file))


def test_a_key_may_be_hex() -> None:
    """Heroku's generator gives 64 hex digits."""
    assert config(SECRET_KEY=bytes(range(32)).hex()).secret_keys == (bytes(range(32)),)


def test_sqlite_on_a_dyno_is_refused() -> None:
    """Its disk is gone with the next restart, and with it what was answered 202."""
    with pytest.raises(ConfigError, match="loses its disk"):
        Config.from_environment({"DYNO": "web.1"})
    assert Config.from_environment({"DYNO": "run.1", "SPEND_MONITOR_STATE_URL": "memory://"})


def test_roles_are_off_until_they_are_turned_on() -> None:
    """A deployment takes keys only, unless its operator says how roles are assumed."""
    assert config().role_access is RoleAccess.OFF
    assert config(ROLE_ACCESS="External-ID").role_access is RoleAccess.EXTERNAL_ID
    with pytest.raises(ConfigError, match="off, external-id, web-identity"):
        config(ROLE_ACCESS="yes")


@pytest.mark.parametrize("url", ["", "http://127.0.0.1:8000"])
def test_web_identity_needs_an_address_that_aws_can_reach(url: str) -> None:
    """AWS fetches the issuer's keys over https only."""
    with pytest.raises(ConfigError, match="SPEND_MONITOR_PUBLIC_URL, an https address"):
        config(ROLE_ACCESS="web-identity", PUBLIC_URL=url)


def test_web_identity_needs_one_key_for_all_processes() -> None:
    """Beside SQLite a file holds it; where state is shared it must be given."""
    shared = {"STATE_URL": "nats://n:4222", "SECRET_KEY": KEY, "PUBLIC_URL": "https://spend.example"}
    with pytest.raises(ConfigError, match="SPEND_MONITOR_SIGNING_KEY"):
        config(ROLE_ACCESS="web-identity", **shared)
    assert config(ROLE_ACCESS="web-identity", PUBLIC_URL="https://spend.example").signing_key == ""


def test_a_signing_key_that_is_none_is_refused() -> None:
    """One line, and nothing of it is repeated."""
    with pytest.raises(ConfigError, match=r"^SPEND_MONITOR_SIGNING_KEY: it holds no private key") as caught:
        config(SIGNING_KEY="canary")
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite:////var/lib/x.db", "SQLite at /var/lib/x.db"),
        ("memory://", "memory"),
        ("nats://ann:bait@a:4222,b:4222?creds=/bait", "nats at a:4222,b:4222"),
        ("postgresql://ann:bait@db:5432/spend?password=bait", "postgresql at db:5432/spend"),
    ],
)
def test_where_the_state_is(url: str, says: str) -> None:
    """It can be logged: nothing secret is in it."""
    assert Config(state_url=url).state_name == says
