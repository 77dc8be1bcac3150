"""Settings are a stranger's bytes until they have been read."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.settings.form import TelexSettingsReader
from application.errors import SettingsRejected

LABELS = (
    "aws_access_key_id",
    "aws_secret_access_key",
    "threshold",
    "frequency",
    "interval",
    "metric",
    "scope",
)

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
settings_lists = st.lists(
    st.fixed_dictionaries({"label": st.sampled_from(LABELS) | json_values, "default": json_values})
)


@settings(max_examples=200, deadline=None)
@given(raw=st.binary() | (json_values | settings_lists).map(lambda value: json.dumps(value).encode()))
def test_no_settings_crash_their_reader(raw: bytes) -> None:
    """A monitor, or a refusal in words: what was let in can always be answered."""
    with suppress(SettingsRejected):
        TelexSettingsReader().read(raw)
