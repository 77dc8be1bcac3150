"""What every vault must do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.vault import AesGcmVault
from application.errors import TickUnreadable
from application.ports.vault import Vault
from tests.doubles.fakes.vault import FakeVault

SECRET = b"https://ping.telex.im/v1/return/1\n[]"

Maker = Callable[[str], Vault]


def aes_gcm(key: str) -> Vault:
    """The real vault, with a key made from a word."""
    return AesGcmVault([key.encode().ljust(32)])


every_vault = pytest.mark.parametrize("make", [aes_gcm, FakeVault])


@every_vault
@given(secret=st.binary(max_size=200), context=st.text(st.characters(exclude_categories=["Cs"])))
def test_what_was_sealed_comes_back(make: Maker, secret: bytes, context: str) -> None:
    """Any bytes under any context come back as they were."""
    vault = make("a")
    assert secret == vault.open(vault.seal(secret, context), context)


@every_vault
def test_sealed_bytes_show_nothing(make: Maker) -> None:
    """Neither the secret nor any telling part of it can be read in what rests."""
    sealed = make("a").seal(SECRET, "t-1")
    assert [start for start in range(len(SECRET) - 4) if SECRET[start : start + 4] in sealed] == []


@every_vault
def test_sealing_twice_gives_different_bytes(make: Maker) -> None:
    """Equal secrets cannot be told from what rests."""
    vault = make("a")
    assert len({vault.seal(SECRET, "t-1") for _ in range(100)}) == 100


@every_vault
def test_another_context_does_not_open(make: Maker) -> None:
    """A sealed payload that is moved to another tick stays shut."""
    vault = make("a")
    with pytest.raises(TickUnreadable):
        vault.open(vault.seal(SECRET, "t-1"), "t-2")


@every_vault
def test_another_key_does_not_open(make: Maker) -> None:
    """A vault with other keys cannot open what rests."""
    with pytest.raises(TickUnreadable):
        make("b").open(make("a").seal(SECRET, "t-1"), "t-1")


@every_vault
def test_any_tampered_byte_is_noticed(make: Maker) -> None:
    """Whichever byte is changed, the result does not open."""
    vault = make("a")
    sealed = vault.seal(SECRET, "t-1")
    for n, byte in enumerate(sealed):
        with pytest.raises(TickUnreadable):
            vault.open(sealed[:n] + bytes([byte ^ 1]) + sealed[n + 1 :], "t-1")


@every_vault
def test_any_truncation_is_noticed(make: Maker) -> None:
    """However much is cut off, down to nothing, the rest does not open."""
    vault = make("a")
    sealed = vault.seal(SECRET, "t-1")
    for length in range(len(sealed)):
        with pytest.raises(TickUnreadable):
            vault.open(sealed[:length], "t-1")


@every_vault
def test_error_texts_hold_no_secret(make: Maker) -> None:
    """What does not open is not described by its content."""
    vault = make("a")
    sealed = vault.seal(SECRET, "t-1")
    with pytest.raises(TickUnreadable) as caught:
        vault.open(sealed, "t-2")
    assert not any(word in repr(caught.value) for word in ("telex", sealed.hex(), repr(sealed)))


@every_vault
@given(parts=st.lists(st.text(st.characters()) | st.binary(max_size=50), max_size=4))
def test_fingerprints_are_32_hexadecimal_digits(make: Maker, parts: list[str | bytes]) -> None:
    """Any parts, broken surrogates included, give a name of one form, and the same name again."""
    name = make("a").fingerprint(*parts)
    assert name == make("a").fingerprint(*parts)
    assert len(name) == 32
    assert set("0123456789abcdef") >= set(name)


@every_vault
def test_borders_between_parts_count(make: Maker) -> None:
    """Parts that only read the same when joined have different names."""
    vault = make("a")
    parts: list[tuple[str | bytes, ...]] = [
        ("ab", "c"),
        ("a", "bc"),
        ("abc",),
        ("abc", ""),
        ("", "abc"),
        ("a", "b", "c"),
        (),
        ("",),
    ]
    assert len(parts) == len({vault.fingerprint(*each) for each in parts})


@every_vault
def test_fingerprints_depend_on_the_key(make: Maker) -> None:
    """Without the key nobody can test a guess of what a fingerprint stands for."""
    assert make("a").fingerprint("channel", "x") != make("b").fingerprint("channel", "x")
