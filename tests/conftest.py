"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# On a busy machine any example may take long; that alone is no failure.
settings.register_profile("any-machine", deadline=None)
settings.load_profile("any-machine")
