"""The service as an issuer: its keys, and what it publishes of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from adapters.issuer import Issuer, load_or_create_signing_keys, parse_signing_keys
from tests.doubles.fakes.clock import FixedClock
from tests.doubles.sts import SIGNING_KEYS

PEM = SIGNING_KEYS[0].as_pem(private=True).decode()
EC = (
    generate_private_key(SECP256R1())
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)
SHORT = (
    rsa.generate_private_key(65537, 1024)  # noqa: S505  # it is what is refused
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)


def test_the_key_file_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    """Mode 0600, RSA of 2,048 bits; the next start reads the same."""
    path = tmp_path / "spend-monitor.db.signing.pem"
    first, second = load_or_create_signing_keys(path), load_or_create_signing_keys(path)
    assert (path.stat().st_mode & 0o777, first[0].kid) == (0o600, second[0].kid)
    assert first[0].raw_value.key_size == 2048


def test_two_keys_in_one_file_are_both_published() -> None:
    """One behind the other, as they are while they rotate; the first signs."""
    keys = parse_signing_keys(f"{PEM}\n{PEM}")
    assert [key.kid for key in keys] == [SIGNING_KEYS[0].kid] * 2


def test_only_the_public_half_is_published() -> None:
    """Neither the key set, nor the discovery document, nor the issuer's repr holds a private number."""
    issuer = Issuer(SIGNING_KEYS, "https://spend.example", FixedClock())
    (published,) = issuer.jwks()["keys"]
    assert published.keys() == {"kty", "n", "e", "kid", "use", "alg"}
    private = SIGNING_KEYS[0].as_dict(private=True)["d"]
    assert str(private) not in json.dumps([issuer.jwks(), issuer.discovery(), repr(issuer)])


def test_discovery_says_what_aws_reads() -> None:
    """The five fields that AWS asks for, under the issuer's own name."""
    found = Issuer(SIGNING_KEYS, "https://spend.example/base", FixedClock()).discovery()
    assert found["issuer"] == "https://spend.example/base"
    assert found["jwks_uri"] == "https://spend.example/base/.well-known/jwks.json"
    assert found["response_types_supported"] == ["id_token"]
    assert found["subject_types_supported"] == ["public"]
    assert found["id_token_signing_alg_values_supported"] == ["RS256"]


@pytest.mark.parametrize(
    "text",
    ["", "canary", PEM.replace("A", "!"), PEM[: len(PEM) // 2], EC, SHORT],
    ids=["none", "word", "torn", "half", "ec", "short"],
)
def test_what_is_no_key_is_named_without_a_word_of_it(text: str) -> None:
    """The error says what is accepted, and repeats nothing."""
    with pytest.raises(ValueError, match="openssl genrsa 2048") as caught:
        parse_signing_keys(text)
    assert "canary" not in str(caught.value)
    assert not any(line in str(caught.value) for line in text.splitlines() if "-----" not in line and line)
    assert caught.value.__cause__ is None


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """As the secret key's is."""
    path = tmp_path / "signing.pem"
    path.write_text(PEM)
    path.chmod(0o644)
    with pytest.raises(ValueError, match="SPEND_MONITOR_SIGNING_KEY"):
        load_or_create_signing_keys(path)
