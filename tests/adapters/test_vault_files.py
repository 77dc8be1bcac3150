"""The real vault's keys: rotation, the environment's text, the key file."""

from __future__ import annotations

import base64
import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.vault import AesGcmVault, load_or_create_key_file, parse_keys
from application.errors import TickUnreadable

OLD, NEW = b"o" * 32, b"n" * 32
keys_of_32_bytes = st.binary(min_size=32, max_size=32)


def standard(key: bytes) -> str:
    """As openssl prints it."""
    return base64.b64encode(key).decode()


def url_safe(key: bytes) -> str:
    """As Python's token functions print it."""
    return base64.urlsafe_b64encode(key).decode()


class TestRotation:
    """A new key comes first, the old one stays behind it for a while."""

    def test_an_added_key_opens_what_the_old_one_sealed(self) -> None:
        """Ticks that wait while the keys are rotated are still answered."""
        sealed = AesGcmVault([OLD]).seal(b"secret", "t-1")
        assert AesGcmVault([NEW, OLD]).open(sealed, "t-1") == b"secret"

    def test_the_first_key_seals(self) -> None:
        """Once the old key is dropped, what was sealed after the rotation still opens."""
        sealed = AesGcmVault([NEW, OLD]).seal(b"secret", "t-1")
        assert AesGcmVault([NEW]).open(sealed, "t-1") == b"secret"
        with pytest.raises(TickUnreadable):
            AesGcmVault([OLD]).open(sealed, "t-1")

    def test_fingerprints_survive_an_added_key(self) -> None:
        """No channel is told anything twice because of a rotation."""
        before, after = AesGcmVault([OLD]), AesGcmVault([NEW, OLD])
        assert before.fingerprint("channel", "x") == after.fingerprint("channel", "x")

    @pytest.mark.parametrize("keys", [[], [b"short"], [OLD, b"x" * 33]])
    def test_unusable_keys_are_refused(self, keys: list[bytes]) -> None:
        """A vault is never made with keys of the wrong strength."""
        with pytest.raises(ValueError, match="32 bytes"):
            AesGcmVault(keys)

    def test_repr_shows_no_key(self) -> None:
        """A vault in a log line gives nothing away."""
        assert repr(AesGcmVault([NEW, OLD])) == "AesGcmVault(<2 keys>)"


class TestKeysFromText:
    """What ``SPEND_MONITOR_SECRET_KEY`` may hold."""

    @given(keys=st.lists(keys_of_32_bytes, min_size=1, max_size=3))
    @pytest.mark.parametrize("encode", [standard, url_safe, lambda key: url_safe(key).rstrip("=")])
    def test_every_spelling_of_base64_is_read(
        self, encode: Callable[[bytes], str], keys: list[bytes]
    ) -> None:
        """Standard or URL-safe, padded or not, with blanks around: the keys come back in order."""
        assert keys == parse_keys(" , ".join(encode(key) for key in keys) + "\n")

    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("", "key 1 of 1 is empty"),
            (standard(OLD) + ",", "key 2 of 2 is empty"),
            (standard(OLD) + "," + standard(b"canary" * 5), "key 2 of 2 is 30 bytes long"),
            ("canary canary!", "key 1 of 1 is 14 characters, not base64"),
            ("cänary", "key 1 of 1 is 6 characters, not base64"),
            ("can=ry==", "key 1 of 1 is 8 characters, not base64"),
            ("canar", "key 1 of 1 is 5 characters, not base64"),
        ],
    )
    def test_a_wrong_key_is_named_by_its_place(self, text: str, complaint: str) -> None:
        """The error says which key is wrong, how, and what is accepted, and repeats none of it."""
        with pytest.raises(ValueError, match=complaint) as caught:
            parse_keys(text)
        assert "openssl rand -base64 32" in str(caught.value)
        pieces = [piece for piece in text.split(",") if piece]
        assert not any(piece in str(caught.value) for piece in pieces)
        assert caught.value.__suppress_context__ or caught.value.__context__ is None


class TestKeyFile:
    """The key that is made on the first start."""

    def test_it_is_made_private_and_read_again(self, tmp_path: Path) -> None:
        """The first start makes a file for its owner only, later ones read the same key."""
        path = tmp_path / "spend-monitor.key"
        first = load_or_create_key_file(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert first == load_or_create_key_file(path)
        assert [path] == list(tmp_path.iterdir())

    def test_two_files_hold_different_keys(self, tmp_path: Path) -> None:
        """Every installation has its own key."""
        assert load_or_create_key_file(tmp_path / "a") != load_or_create_key_file(tmp_path / "b")

    def test_processes_that_start_at_once_agree(self, tmp_path: Path) -> None:
        """However many create the file at the same moment, all hold one key."""
        path, start = tmp_path / "spend-monitor.key", Barrier(8)

        def load(_: int) -> bytes:
            start.wait()
            return load_or_create_key_file(path)[0]

        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(load, range(8)))) == 1
        assert [path] == list(tmp_path.iterdir())

    def test_it_may_list_several_keys(self, tmp_path: Path) -> None:
        """Rotation works in the file as it does in the environment."""
        path = tmp_path / "spend-monitor.key"
        path.write_text(f"{standard(NEW)},{standard(OLD)}\n")
        path.chmod(0o600)
        assert load_or_create_key_file(path) == [NEW, OLD]

    @pytest.mark.parametrize("content", [b"", b"\xff\xfe", standard(OLD)[:20].encode()])
    def test_a_damaged_file_is_refused_and_left_alone(self, tmp_path: Path, content: bytes) -> None:
        """A key that is lost is said to be lost: a new one would open nothing that waits."""
        path = tmp_path / "spend-monitor.key"
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(ValueError, match=r"spend-monitor.key is damaged .* restore it") as caught:
            load_or_create_key_file(path)
        assert content == path.read_bytes()
        assert not content or content.decode("latin-1") not in str(caught.value)

    @pytest.mark.parametrize("mode", [0o604, 0o644, 0o602])
    def test_a_file_open_to_others_is_refused(self, tmp_path: Path, mode: int) -> None:
        """A key that others can read or change protects nothing; the line says how to mend it."""
        path = tmp_path / "spend-monitor.key"
        load_or_create_key_file(path)
        path.chmod(mode)
        with pytest.raises(ValueError, match="chmod 600"):
            load_or_create_key_file(path)

    @pytest.mark.parametrize("mode", [0o660, 0o640, 0o2660])
    def test_what_the_group_may_is_taken_back(self, tmp_path: Path, mode: int) -> None:
        """Kubernetes lets a volume's group read and write at every start: the file is made private again."""
        path = tmp_path / "spend-monitor.key"
        first = load_or_create_key_file(path)
        path.chmod(mode)
        assert (first, 0o600) == (load_or_create_key_file(path), path.stat().st_mode & 0o777)

    def test_what_the_group_may_is_borne(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A mounted secret belongs to root, and the group is how we are let in."""

        def refuse(*_: object) -> None:
            raise PermissionError(1, "Operation not permitted")

        path = tmp_path / "spend-monitor.key"
        first = load_or_create_key_file(path)
        path.chmod(0o440)
        monkeypatch.setattr(os, "fchmod", refuse)
        assert first == load_or_create_key_file(path)

    def test_a_missing_folder_is_said(self, tmp_path: Path) -> None:
        """Where no file can be made, the line names the file and the cause."""
        with pytest.raises(ValueError, match="nowhere/key can be neither read nor made: No such file"):
            load_or_create_key_file(tmp_path / "nowhere" / "key")

    def test_a_folder_in_its_place_is_said(self, tmp_path: Path) -> None:
        """What is no file is not taken for a missing one."""
        with pytest.raises(ValueError, match="Is a directory"):
            load_or_create_key_file(tmp_path)

    def test_nothing_is_left_when_the_disk_is_full(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A start that fails half-way leaves no half a key behind."""

        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(ValueError, match="No space left"):
            load_or_create_key_file(tmp_path / "key")
        assert list(tmp_path.iterdir()) == []
