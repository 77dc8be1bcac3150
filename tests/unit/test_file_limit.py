from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from entrypoints import serve


@pytest.mark.parametrize(("files", "events"), [(1024, ["few_files"]), (4096, []), (65536, [])])
def test_a_low_limit_of_open_files_is_said(
    files: int, events: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the number, what it means, and what to do; the usual limits are not worth a word."""
    monkeypatch.setattr(serve, "raise_file_limit", lambda: files)
    with capture_logs() as logs:
        assert serve._raise_file_limit() == files
    assert [each["event"] for each in logs] == events
    assert all("512 connections" in each["effect"] and "ulimit -n" in each["effect"] for each in logs)
